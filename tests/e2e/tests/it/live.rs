//! Access files held against a live cluster.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use e2e::{
    admin::Admin,
    process,
    world::{Flavour, World},
};
use local_cluster::Binaries;
use serde_json::json;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("live::a_cluster_says_the_same_as_its_dump", same_as_dump),
    ("live::whoever_asks_comes_in_by_our_own_plugin", by_plugin),
    ("live::entries_are_merged_into_the_clusters_own_and_the_rest_stays", merges),
    ("live::a_cluster_that_gives_no_answer_is_never_an_empty_one", troubles),
    ("live::what_is_wrong_with_a_connection_is_said_as_kubectl_says_it", connections),
    ("live::how_far_long_work_is_stands_on_a_terminal_and_nowhere_else", progress),
];

const FILE: &str = "clusterID: e2e.example.com
account: '111122223333'
groups:
- name: live-globs
  users: [alice]
  authorization:
  - {namespaces: ['live-*', 'kube-*'], clusterRole: view}
  - {namespaceSelector: {matchLabels: {team: live}}, role: live-existing}
  - {namespace: live-missing, clusterRole: live-no-such}
";

const SURROUNDINGS: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: live-one, labels: {team: live}}
---
apiVersion: v1
kind: Namespace
metadata: {name: live-two}
";

fn same_as_dump(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let folder = world.folder("live")?;
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    let admin = Admin::new(binaries.kubectl()?.to_owned(), &login.cluster, &folder);
    admin.with_file(&["apply"], SURROUNDINGS)?.success()?;
    let dump = admin.kubectl(&["get", "namespaces,roles,clusterroles", "-A", "-o", "json"])?.success()?;
    fs::write(folder.join("cluster.json"), dump)?;
    fs::write(folder.join("access.yaml"), FILE)?;
    let run = |args: &[&str], live: &[&str]| {
        let mut command = process::command(&world.parts.cluster_auth, &folder);
        process::run(command.args(args).args(live))
    };
    let kubeconfig = login.cluster.admin_kubeconfig().display().to_string();
    for args in [&["check"][..], &["check", "-o", "json"], &["render", "--to", "rbac"], &["render", "--to", "access"]] {
        let offline = run(args, &["--from", "cluster.json"])?;
        ensure!(offline.code == 0 && format!("{offline:?}").contains("access.no-"), "{offline:?}");
        let live = run(args, &["--kubeconfig", &kubeconfig])?;
        ensure!(format!("{live:?}") == format!("{offline:?}"), "{args:?}\nlive {live:?}\ndump {offline:?}");
    }
    // --live means the current context of the files that KUBECONFIG lists; one that is not there is passed over.
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.args(["check", "--live"]).env("KUBECONFIG", format!("missing.yaml:{kubeconfig}"));
    let live = process::run(&mut command)?;
    ensure!(live.code == 0 && live.stderr.contains("live-no-such"), "{live:?}");
    // Without a cluster nothing is looked up.
    let offline = run(&["check"], &[])?;
    ensure!(offline.code == 0 && !offline.stderr.contains("live-no-such"), "{offline:?}");
    Ok(())
}

fn by_plugin(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    fs::write(world.folder("live")?.join("access.yaml"), FILE)?;
    let run = |name: &str| -> anyhow::Result<process::Output> {
        let person = login.person(world, name)?;
        let mut command = world.command(name)?;
        command.current_dir(world.folder("live")?);
        process::run(command.args(["check", "--kubeconfig"]).arg(&person.kubeconfig))
    };
    let carol = run("carol")?;
    ensure!(carol.code == 0 && carol.stderr.contains("live-no-such"), "{carol:?}");
    let alice = run("alice")?;
    ensure!(alice.code == 1 && alice.stderr.contains("may not list namespaces"), "{alice:?}");
    let mallory = run("mallory")?;
    ensure!(mallory.code == 1 && mallory.stderr.contains("does not accept the credentials"), "{mallory:?}");
    Ok(())
}

fn merges(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let folder = world.folder("live-merges")?;
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    let admin = Admin::new(binaries.kubectl()?.to_owned(), &login.cluster, &folder);
    let nodes = "# Made by others.\n- rolearn: arn:aws:iam::111122223333:role/Nodes   # all of them\n  \
                 username: system:node:{{EC2PrivateDNSName}}\n  groups: ['system:nodes']\n";
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "aws-auth", "namespace": "kube-system", "labels": {"team": "x"}},
        "data": {"mapRoles": nodes, "mapAccounts": "['444455556666']"}});
    admin.with_file(&["apply"], &theirs.to_string())?.success()?;
    let kubeconfig = login.cluster.admin_kubeconfig().display().to_string();
    let render = |file: &str, args: &[&str]| -> anyhow::Result<process::Output> {
        fs::write(folder.join("access.yaml"), file)?;
        let mut command = process::command(&world.parts.cluster_auth, &folder);
        process::run(command.args(["render", "--to", "aws-auth", "--kubeconfig", &kubeconfig]).args(args))
    };
    let data = |key: &str| -> anyhow::Result<String> {
        let get = ["-n", "kube-system", "get", "configmap", "aws-auth", "-o", &format!("jsonpath={{.{key}}}")]
            .map(str::to_owned);
        admin.kubectl(&get.each_ref().map(String::as_str))?.success()
    };

    let file = "clusterID: c\naccount: '111122223333'\ngroups:\n- {name: g, users: [alice, bob], roles: [Ops]}\n";
    let text = render(file, &[])?.success()?;
    admin.with_file(&["apply"], &text)?.success()?;
    let roles = data("data.mapRoles")?;
    ensure!(roles.starts_with(nodes) && roles.contains("role/Ops"), "{roles}");
    ensure!(data("data.mapUsers")?.contains("user/bob"), "bob is in");
    ensure!(!render(file, &[])?.stderr.contains("takes away"), "merging into the cluster's own takes nothing away");
    // Whoever wrote in between makes the older rendering a conflict.
    let stale = render(file, &[])?.success()?;
    admin.kubectl(&["-n", "kube-system", "annotate", "configmap", "aws-auth", "other=1"])?.success()?;
    let refused = admin.with_file(&["apply"], &stale)?.failure()?;
    ensure!(refused.contains("the object has been modified"), "{refused}");
    // Bob leaves, the role goes, and everything of the others is as it was.
    let fewer = file.replace(", bob]", "]").replace("[Ops]", "[]");
    admin.with_file(&["apply"], &render(&fewer, &[])?.success()?)?.success()?;
    ensure!(data("data.mapRoles")? == nodes, "{}", data("data.mapRoles")?);
    ensure!(data("data.mapAccounts")? == "['444455556666']" && data("metadata.labels.team")? == "x");
    ensure!(!data("data.mapUsers")?.contains("bob"), "bob is out");
    // An entry of theirs is touched by nobody who did not say so.
    let nodes_too = format!("{file}nodes: [{{roles: [Nodes]}}]\n");
    let refused = render(&nodes_too, &[])?;
    ensure!(refused.code == 1 && refused.stdout.is_empty(), "{refused:?}");
    ensure!(
        refused.stderr.contains("access.foreign-entry") && refused.stderr.contains("access.yaml:5:"),
        "{refused:?}"
    );
    let adopted = render(&nodes_too, &["--adopt"])?.success()?;
    admin.with_file(&["apply", "--dry-run=server"], &adopted)?.success()?;
    // Broken by somebody: nothing is printed.
    let patch = json!({"data": {"mapRoles": "- {rolearn: ["}}).to_string();
    admin.kubectl(&["-n", "kube-system", "patch", "configmap", "aws-auth", "--type=merge", "-p", &patch])?.success()?;
    let refused = render(file, &[])?;
    ensure!(refused.code == 1 && refused.stdout.is_empty() && refused.stderr.contains("access.current"), "{refused:?}");
    admin.kubectl(&["-n", "kube-system", "delete", "configmap", "aws-auth"])?.success()?;
    let new = render(file, &[])?;
    ensure!(
        new.code == 0 && !new.stderr.contains("takes away"),
        "one that is not there is known not to be there: {new:?}"
    );
    Ok(())
}

fn troubles(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let folder = world.folder("live-troubles")?;
    fs::write(folder.join("access.yaml"), FILE)?;
    let real = fs::read_to_string(login.cluster.admin_kubeconfig())?;
    // A port that nobody listens on: bound and given back.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let made = |server: &str, user: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n\
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {user}}}]\n"
        )
    };
    let nobody = format!("https://127.0.0.1:{port}");
    let closed = made(&nobody, "{token: SECRET}");
    let plugin = made(
        &nobody,
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false', args: [SECRET], interactiveMode: Never}}",
    );
    let cut_off = made(&half_answers("")?, "{token: SECRET}");
    let half_text = made(&half_answers("0\r\n\r\n")?, "{token: SECRET}");
    let rows: &[(&str, &str, &[&str], &str)] = &[
        ("no file", "", &["--kubeconfig", "missing.yaml"], "there is no kubeconfig at missing.yaml"),
        ("no kubeconfig", "{: SECRET", &["--kubeconfig", "it.yaml"], "cannot be read as a kubeconfig"),
        ("an unknown context", &real, &["--kubeconfig", "it.yaml", "--context", "other"], "has no context `other`"),
        ("nobody there", &closed, &["--kubeconfig", "it.yaml"], "cannot be reached"),
        (
            "a plugin that fails",
            &plugin,
            &["--kubeconfig", "it.yaml"],
            "exec: executable false failed with exit code 1",
        ),
        ("a list that is cut off", &cut_off, &["--kubeconfig", "it.yaml"], "cannot be reached"),
        ("a list whose text is cut off", &half_text, &["--kubeconfig", "it.yaml"], "EOF while parsing a list"),
    ];
    for (name, kubeconfig, args, expected) in rows {
        fs::write(folder.join("it.yaml"), kubeconfig)?;
        for command in [&["check"][..], &["render", "--to", "access"]] {
            let mut program = process::command(&world.parts.cluster_auth, &folder);
            let said = process::run(program.args(command).args(*args))?;
            ensure!(said.code == 1 && said.stdout.is_empty(), "{name}: {said:?}");
            ensure!(said.stderr.contains(expected), "{name}: {said:?}");
            ensure!(!said.stderr.contains("SECRET"), "{name}: what is in a kubeconfig stays there: {said:?}");
        }
    }
    Ok(())
}

fn connections(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let folder = world.folder("live-connections")?;
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    let real = fs::read_to_string(login.cluster.admin_kubeconfig())?;
    let url = login.cluster.server_url();
    let elsewhere = |server: &str| real.replace(&url, server);
    let ca = real.lines().find(|line| line.contains("certificate-authority")).context("an authority")?;
    let indent = &ca[..ca.len() - ca.trim_start().len()];
    // The machine's own authorities know nothing of the cluster's.
    let no_authority = real.replace(&format!("{ca}\n"), "");
    let named = real.replace(ca, &format!("{ca}\n{indent}tls-server-name: other.example.com"));
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let plain = half_answers("")?.replace("http://", "https://");
    let proxied = format!("{ca}\n{indent}proxy-url: http://127.0.0.1:{closed}");
    let proxied = elsewhere("https://api.e2e.invalid:6443").replace(ca, &proxied);
    let missing = "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: 'SERVER'}}]\n\
                   contexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {exec: {apiVersion: \
                   client.authentication.k8s.io/v1, interactiveMode: Never, command: no-such-plugin}}}]\n";
    let missing = missing.replace("SERVER", &url);
    let failing = missing.replace("no-such-plugin", "\"false\"");
    let rows: &[(&str, &str, &str)] = &[
        (
            "nobody listens",
            &elsewhere(&format!("https://127.0.0.1:{closed}")),
            "did you specify the right host or port?",
        ),
        ("no such name", &elsewhere("https://api.e2e.invalid:6443"), "invalid"),
        ("no authority", &no_authority, "x509: certificate signed by unknown authority"),
        ("another name", &named, "not other.example.com"),
        ("plain HTTP", &elsewhere(&plain), "http: server gave HTTP response to HTTPS client"),
        ("no proxy", &proxied, "connection refused"),
        ("no plugin", &missing, "exec: executable no-such-plugin not found"),
        ("a plugin that fails", &failing, "exec: executable false failed with exit code 1"),
    ];
    for (name, kubeconfig, words) in rows {
        fs::write(folder.join("it.yaml"), kubeconfig)?;
        let mut kubectl = process::command(binaries.kubectl()?, &folder);
        let theirs = process::run(kubectl.args(["--kubeconfig", "it.yaml", "get", "namespaces"]))?.failure()?;
        ensure!(theirs.contains(words), "{name}: kubectl says {theirs}");
        let mut ours = process::command(&world.parts.cluster_auth, &folder);
        let ours = process::run(ours.args(["who-can", "get", "pods", "--kubeconfig", "it.yaml"]))?;
        ensure!(ours.code == 1 && ours.stdout.is_empty() && ours.stderr.contains(words), "{name}: {ours:?}");
    }
    Ok(())
}

/// Runs a program at a terminal of its own, and ends as it ends.
const TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// A server that takes its time, and may be looked at by nobody.
fn progress(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("live-progress")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let answer = |mut stream: TcpStream| -> io::Result<()> {
        BufReader::new(&stream).lines().map_while(Result::ok).find(String::is_empty);
        thread::sleep(Duration::from_millis(1500));
        let text = r#"{"kind": "Status", "apiVersion": "v1", "code": 403}"#;
        let head = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: application/json";
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{text}", text.len())
    };
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || drop(answer(stream)));
        }
    });
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: '{url}'}}}}]\n\
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{token: t}}}}]\n"
    );
    fs::write(folder.join("slow.yaml"), kubeconfig)?;
    let args = ["who-can", "get", "pods", "--kubeconfig", "slow.yaml"];
    let line = "looking at the cluster: 0 of 6 lists, 0 MB";
    let at_a_terminal = |ci: &str| -> anyhow::Result<process::Output> {
        let mut command = process::command(world.parts.moto.with_file_name("python"), &folder);
        command.args(["-c", TERMINAL]).arg(&world.parts.cluster_auth).args(args).env("CI", ci);
        process::run(&mut command)
    };
    let shown = at_a_terminal("")?.success()?;
    ensure!(shown.contains(line), "it is shown: {shown:?}");
    let last = &shown[shown.rfind("looking at the cluster").context("it is shown")?..];
    let behind = last.split_once("\r\x1b[K").context("and taken away at the end")?.1;
    ensure!(!behind.contains("looking") && behind.contains("SUBJECT"), "{shown:?}");
    let in_ci = at_a_terminal("true")?.success()?;
    ensure!(!in_ci.contains("looking at the cluster"), "{in_ci}");
    let mut piped = process::command(&world.parts.cluster_auth, &folder);
    let piped = process::run(piped.args(args))?;
    ensure!(piped.code == 0 && !format!("{piped:?}").contains("looking at the cluster"), "{piped:?}");
    Ok(())
}

/// The URL of a server that answers everything with the first half of a list, and ends it as it is told.
fn half_answers(end: &'static str) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let answer = move |mut stream: TcpStream| -> io::Result<()> {
        // The question ends with an empty line.
        BufReader::new(&stream).lines().map_while(Result::ok).find(String::is_empty);
        let text = r#"{"kind": "NamespaceList", "metadata": {}, "items": [{"metadata": {"name": "one"}}"#;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked";
        write!(stream, "{head}\r\n\r\n{:x}\r\n{text}\r\n{end}", text.len())
    };
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(answer(stream))));
    Ok(url)
}
