//! Seeing who may do what in large clusters: from files, and live.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use super::{
    access,
    changes::with_cluster,
    proc::{self, Used},
};
use crate::{run, tools};

/// Namespaces of the clusters in files; each has 199 bindings.
const NAMESPACES: [usize; 3] = [125, 250, 500];
const BINDINGS: usize = 199;

/// Namespaces and groups of the live cluster: a binding for each pair.
const LIVE: [usize; 2] = [500, 100];

/// What is asked of each: a row of the table.
const QUESTIONS: &[&[&str]] = &[
    &["who-can", "get", "secrets", "-n", "app-000"],
    &["who-can", "get", "secrets", "--any-namespace"],
    &["who-can", "list", "pods", "--any-namespace", "-o", "json"],
    &["matrix"],
    &["matrix", "-o", "html"],
    &["lint"],
];

/// How often each is run live; the fastest counts, as nothing else should have been in the way.
const RUNS: usize = 20;

/// Prints both tables.
pub(super) fn bench(ours: &Path) -> anyhow::Result<()> {
    let folder = run::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    println!("\n## Seeing access\n");
    let mut files = Vec::new();
    for namespaces in NAMESPACES {
        let file = folder.join(format!("see-{namespaces}.json"));
        let text = cluster(namespaces);
        println!("- {} bindings: {} MB of JSON", bindings(namespaces), text.len() / 1_000_000);
        fs::write(&file, text)?;
        files.push(file);
    }
    access::head(NAMESPACES.map(bindings), "bindings");
    for question in QUESTIONS {
        access::row(&question.join(" "), &files, |file| {
            access::median(Command::new(ours).args(*question).arg("--from").arg(file))
        })?;
    }
    let [namespaces, _] = LIVE;
    let names: Vec<_> = (0..namespaces).map(|namespace| format!("app-{namespace:03}")).collect();
    with_cluster(&names, |_, kubeconfig| live(ours, &folder, &names, kubeconfig))
}

fn bindings(namespaces: usize) -> usize {
    namespaces * (BINDINGS + 1)
}

/// As kubectl prints it: roles of the cluster, and in each namespace a role and bindings of groups, users and service accounts;
/// as many bindings of the cluster as namespaces; and a thousand people who log in.
fn cluster(namespaces: usize) -> String {
    let mut text = String::from("{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n");
    for role in 0..100 {
        object(&mut text, "ClusterRole", None, &format!("role-{role:03}"), &rules(role));
    }
    for namespace in 0..namespaces {
        let name = format!("app-{namespace:03}");
        let _ = writeln!(
            text,
            "        {{\n            \"apiVersion\": \"v1\",\n            \"kind\": \"Namespace\",\n            \"metadata\": {{\n                \"name\": \"{name}\"\n            }}\n        }},"
        );
        object(&mut text, "Role", Some(&name), "own", &rules(namespace));
        let subject = format!("\"kind\": \"Group\",\n                    \"name\": \"team-{:03}\"", namespace % 200);
        object(
            &mut text,
            "ClusterRoleBinding",
            None,
            &format!("of-{name}"),
            &bound("ClusterRole", "role-000", &subject),
        );
        for binding in 0..BINDINGS {
            let subject = match binding % 3 {
                0 => format!("\"kind\": \"Group\",\n                    \"name\": \"team-{binding:03}\""),
                1 => format!("\"kind\": \"User\",\n                    \"name\": \"person-{binding:03}\""),
                _ => format!(
                    "\"kind\": \"ServiceAccount\",\n                    \"name\": \"bot-{binding:03}\",\n                    \"namespace\": \"{name}\""
                ),
            };
            let (kind, role) = if binding == 0 {
                ("Role", "own".to_owned())
            } else {
                ("ClusterRole", format!("role-{:03}", binding % 100))
            };
            object(
                &mut text,
                "RoleBinding",
                Some(&name),
                &format!("binding-{binding:03}"),
                &bound(kind, &role, &subject),
            );
        }
    }
    let mut users = String::new();
    for person in 0..1_000 {
        let _ = write!(
            users,
            "- userarn: arn:aws:iam::111122223333:user/person-{person:03}\\n  username: person-{person:03}\\n  groups: [team-{:03}]\\n",
            person % 200
        );
    }
    let data = format!("\"data\": {{\n                \"mapUsers\": \"{users}\"\n            }}");
    object(&mut text, "ConfigMap", Some("kube-system"), "aws-auth", &data);
    text.truncate(text.trim_end().len() - 1);
    text + "\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
}

fn object(text: &mut String, kind: &str, namespace: Option<&str>, name: &str, body: &str) {
    let namespace = namespace.map(|name| format!("\n                \"namespace\": \"{name}\",")).unwrap_or_default();
    let _ = writeln!(
        text,
        "        {{
            \"apiVersion\": \"rbac.authorization.k8s.io/v1\",
            \"kind\": \"{kind}\",
            \"metadata\": {{
                \"creationTimestamp\": \"2026-01-01T00:00:00Z\",
                \"name\": \"{name}\",{namespace}
                \"resourceVersion\": \"{}\",
                \"uid\": \"00000000-0000-4000-8000-000000000000\"
            }},
            {body}
        }},",
        text.len()
    );
}

/// One role of ten reads secrets.
fn rules(role: usize) -> String {
    let resource = if role % 10 == 1 { "secrets" } else { "pods" };
    format!(
        "\"rules\": [
                {{
                    \"apiGroups\": [
                        \"\"
                    ],
                    \"resources\": [
                        \"{resource}\"
                    ],
                    \"verbs\": [
                        \"get\",
                        \"list\"
                    ]
                }}
            ]"
    )
}

fn bound(kind: &str, role: &str, subject: &str) -> String {
    format!(
        "\"roleRef\": {{
                \"apiGroup\": \"rbac.authorization.k8s.io\",
                \"kind\": \"{kind}\",
                \"name\": \"{role}\"
            }},
            \"subjects\": [
                {{
                    {subject}
                }}
            ]"
    )
}

/// A question to a live cluster, beside curl fetching the same lists all at once.
fn live(ours: &Path, folder: &Path, names: &[String], kubeconfig: &Path) -> anyhow::Result<()> {
    let [namespaces, groups] = LIVE;
    let mut file = String::from("clusterID: bench.example.com\naccount: \"111122223333\"\ngroups:\n");
    for group in 0..groups {
        let _ = write!(file, "- name: team-{group:03}\n  users: [person-{group:03}]\n  authorization:\n");
        let _ = writeln!(file, "  - {{clusterRole: view, namespaces: [{}]}}", names.join(", "));
    }
    let path = folder.join("see-access.yaml");
    fs::write(&path, file)?;
    let mut apply = Command::new(ours);
    run::output(apply.args(["apply", "--yes", "--mapping", "none", "--kubeconfig"]).arg(kubeconfig).arg(&path))?;
    let lists = lists(folder, kubeconfig)?;
    let mut who_can = Command::new(ours);
    who_can.args(["who-can", "get", "secrets", "--any-namespace", "--kubeconfig"]).arg(kubeconfig);
    println!("\n| {} bindings, live | s | CPU s | peak MiB |\n|---|---|---|---|", namespaces * groups);
    // In turns, so that both see the same machine.
    let pairs =
        (0..RUNS).map(|_| Ok([proc::used(&lists)?, proc::used(&who_can)?])).collect::<anyhow::Result<Vec<_>>>()?;
    let fastest = |at: usize| {
        let runs = pairs.iter().map(|pair| pair[at]);
        runs.min_by(|a, b| a.wall_seconds.total_cmp(&b.wall_seconds)).context("a run")
    };
    let (lists, who_can) = (fastest(0)?, fastest(1)?);
    for (row, Used { wall_seconds, cpu_seconds, peak_mib }) in [("curl: the lists alone", lists), ("who-can", who_can)]
    {
        println!("| {row} | {wall_seconds:.2} | {cpu_seconds:.2} | {peak_mib:.0} |");
    }
    println!("\n{:.2} times as long as the lists alone", who_can.wall_seconds / lists.wall_seconds);
    Ok(())
}

/// curl, fetching what `who-can` lists, at the same time, and the same bytes: to programs that it takes for a person's the
/// API server writes indented JSON, which is longer. A connection for each list is what is fastest here.
fn lists(folder: &Path, kubeconfig: &Path) -> anyhow::Result<Command> {
    let kubectl = tools::ensure()?.kubernetes.join("kubectl");
    let written = |path: &str, name: &str| -> anyhow::Result<PathBuf> {
        let template = format!("go-template={{{{ index {path} | base64decode }}}}");
        let mut view = Command::new(&kubectl);
        view.args(["config", "view", "--raw", "-o", &template, "--kubeconfig"]).arg(kubeconfig);
        let file = folder.join(name);
        fs::write(&file, run::output(&mut view)?)?;
        Ok(file)
    };
    let ca = written("(index .clusters 0).cluster \"certificate-authority-data\"", "ca.pem")?;
    let certificate = written("(index .users 0).user \"client-certificate-data\"", "client.pem")?;
    let key = written("(index .users 0).user \"client-key-data\"", "client-key.pem")?;
    let text = fs::read_to_string(kubeconfig)?;
    let server = text.lines().find_map(|line| line.trim().strip_prefix("server: ")).context("a server")?;
    let server = server.trim_matches(['"', '\'']);
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--fail", "--user-agent", "bench", "--http1.1", "--parallel", "--parallel-immediate"]);
    curl.arg("--cacert").arg(ca).arg("--cert").arg(certificate).arg("--key").arg(key);
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    for path in ["rolebindings", "roles", "clusterrolebindings", "clusterroles"] {
        curl.args(["-o", "/dev/null"]).arg(format!("{server}{rbac}/{path}"));
    }
    curl.args(["-o", "/dev/null"]).arg(format!("{server}/api/v1/namespaces"));
    Ok(curl)
}
