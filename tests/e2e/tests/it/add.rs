//! `add user` and `add role`: beside the real aws-iam-authenticator on a real API server, and what both servers make of what was added.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context as _, ensure};
use e2e::{
    authenticator::{GoOptions, GoServer},
    process::{self, Output, wait_until},
    world::{CLUSTER_ID, World},
};
use serde_json::Value;

use crate::{
    Test,
    modes::{Api, WATCH_AWS_AUTH, becomes},
};

pub(crate) const TESTS: &[Test] = &[
    ("add::what_is_typed_and_asked_is_answered_as_by_aws_iam_authenticator", answers),
    ("add::whoever_is_added_logs_in_at_both_servers", logins),
    ("add::everything_else_of_the_map_keeps_its_bytes", bytes),
    ("add::words_that_would_become_others_are_refused", words),
    ("add::many_at_once_lose_nothing", many),
    ("add::a_kubeconfig_that_cannot_be_used_leads_to_no_other_cluster", unusable),
    ("add::a_file_is_edited_or_left_as_it_is", files),
];

const ALICE: [&str; 7] =
    ["user", "--userarn", "arn:aws:iam::111122223333:user/alice", "--username", "alice", "--groups", "g1,g2"];

const MAP: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system, labels: {team: ops}, annotations: {why: because}}
data:
  notes: |
    # nobody but us reads this
  mapRoles: |
    # nodes
    - rolearn: arn:aws:iam::111122223333:role/Node   # of the group blue
      username: system:node:{{EC2PrivateDNSName}}
      groups: ['system:bootstrappers', \"system:nodes\"]
      since: 2018
    # end
  mapAccounts: '[\"444455556666\"]'
";

fn start(world: &World, name: &str) -> anyhow::Result<Api> {
    let api = Api::start(world, name, WATCH_AWS_AUTH)?;
    api.admin.with_file(&["apply"], MAP)?.success()?;
    Ok(api)
}

/// A program with words behind `add`, and the administrator's kubeconfig.
fn add(program: &Path, api: &Api, words: &[&str]) -> Command {
    let mut command = process::command(program, &api.folder);
    command.arg("add").args(words).arg("--kubeconfig").arg(api.cluster.admin_kubeconfig());
    command
}

/// Runs it with something on its standard input.
fn told(command: &mut Command, answer: &str) -> anyhow::Result<Output> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("it starts")?;
    // One that does not ask may have ended already.
    let _ = child.stdin.take().context("its input")?.write_all(answer.as_bytes());
    let output = child.wait_with_output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Output { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) })
}

fn answers(world: &World) -> anyhow::Result<()> {
    let api = start(world, "add-answers")?;
    let role = ["role", "--rolearn", "arn:aws:iam::111122223333:role/NODE", "--username", "x", "--groups", "y"];
    let with = |more: &[&'static str]| [&ALICE[..], more].concat();
    let rows: [(&str, Vec<&str>, &str); 21] = [
        ("yes", with(&[]), "y\n"),
        ("in other letters", with(&[]), "  YES \n"),
        ("no", with(&[]), "n\n"),
        ("nothing", with(&[]), "\n"),
        ("something else", with(&[]), "yes please\n"),
        ("the end", with(&[]), ""),
        ("the end behind a yes", with(&[]), "y"),
        ("not asked", with(&["--prompt=false"]), ""),
        ("asked", with(&["--prompt"]), "n\n"),
        ("what has to be quoted", vec!["user", "--userarn", "a\"b\\", "--username", "u", "--groups", "g"], "n\n"),
        ("a duplicate", [&role[..], &["--prompt=false"]].concat(), ""),
        ("no ARN", vec!["user", "--username", "u", "--groups", "g"], ""),
        ("no username", vec!["user", "--userarn", "a", "--groups", "g,h"], ""),
        ("no groups", vec!["role", "--rolearn", "a", "--username", "u"], ""),
        ("both", [&role[..], &["--sso", "permissionSetName=D,accountID=111122223333"]].concat(), ""),
        ("permission sets want a name", sso("accountID=111122223333"), ""),
        ("and an account", sso("permissionSetName=D"), ""),
        ("groups one by one", with(&["--groups", "g3"]), "n\n"),
        (
            "values that begin with a hyphen",
            vec!["user", "--userarn", "-a", "--username", "-u", "--groups", "-g,--h"],
            "n\n",
        ),
        ("a context", with(&["--kubeconfig-context", "local", "--prompt=false"]), ""),
        ("globals beside it", with(&["-i", "x", "--log-format", "json", "--prompt=false"]), ""),
    ];
    for (name, words, answer) in rows {
        let mut outputs = Vec::new();
        for program in [&world.parts.go_authenticator, &world.parts.cluster_auth] {
            api.admin.with_file(&["replace"], MAP)?.success()?;
            outputs.push((told(&mut add(program, &api, &words), answer)?, map(&api)?["data"].clone()));
        }
        let [(theirs, theirs_left), (ours, ours_left)] = &outputs[..] else { anyhow::bail!("two programs") };
        let head =
            |output: &Output| output.stdout.split("updated configmap:\n\n").next().unwrap_or_default().to_owned();
        let shown = format!("{name}:\n{theirs:?}\n{ours:?}");
        // With a permission set it falls over before it can ask or refuse.
        ensure!(theirs.code == ours.code && head(theirs) == head(ours), "{shown}");
        ensure!(theirs.stdout.contains("updated configmap:") == ours.stdout.contains("updated configmap:"), "{shown}");
        let has_alice = |left: &Value| left["mapUsers"].as_str().is_some_and(|users| users.contains("user/alice"));
        ensure!(has_alice(theirs_left) == has_alice(ours_left), "{shown}");
        if ours.stdout.contains("updated configmap:") {
            let printed = |output: &Output| -> anyhow::Result<Value> {
                let (_, yaml) = output.stdout.split_once("updated configmap:\n\n").context("the map")?;
                Ok(serde_saphyr::from_str(yaml)?)
            };
            let keys = |map: &Value| map["metadata"].as_object().map(|all| all.keys().cloned().collect::<Vec<_>>());
            let (theirs, ours) = (printed(theirs)?, printed(ours)?);
            ensure!(ours["data"] == *ours_left && keys(&ours) == keys(&theirs), "{shown}");
            ensure!(ours.get("kind").is_none() && theirs.get("kind").is_none(), "{shown}");
        }
    }
    // It says where the other entry is.
    let said = told(&mut add(&world.parts.cluster_auth, &api, &[&role[..], &["--prompt=false"]].concat()), "")?;
    ensure!(said.stderr.contains("mapRoles[0] (aws-auth mapRoles:2) is for it already"), "{said:?}");
    // Without a kubeconfig, and without a map.
    api.admin.kubectl(&["delete", "configmap", "aws-auth", "-n", "kube-system"])?.success()?;
    for program in [&world.parts.go_authenticator, &world.parts.cluster_auth] {
        let gone = told(&mut add(program, &api, &with(&["--prompt=false"])), "")?;
        ensure!((gone.code, &*gone.stdout) == (1, "configmaps \"aws-auth\" not found\n"), "{gone:?}");
        let nowhere = told(process::command(program, &api.folder).arg("add").args(with(&["--prompt=false"])), "")?;
        ensure!((nowhere.code, &*nowhere.stdout) == (1, "empty kubeconfig\n"), "{nowhere:?}");
    }
    Ok(())
}

fn sso(value: &'static str) -> Vec<&'static str> {
    vec!["role", "--sso", value, "--username", "u", "--groups", "g", "--prompt=false"]
}

/// The map as the API server has it.
fn map(api: &Api) -> anyhow::Result<Value> {
    let json = api.admin.kubectl(&["get", "configmap", "aws-auth", "-n", "kube-system", "-o", "json"])?.success()?;
    Ok(serde_json::from_str(&json)?)
}

fn logins(world: &World) -> anyhow::Result<()> {
    let api = start(world, "add-logins")?;
    let ours = api.server(world, "  backendMode: [EKSConfigMap]\n")?;
    let kubeconfig = api.cluster.admin_kubeconfig().display().to_string();
    let server = format!("  backendMode: [EKSConfigMap]\n  kubeconfig: {kubeconfig}\n");
    let options = GoOptions {
        cluster_id: CLUSTER_ID,
        server: &server,
        features: &["SSORoleMatch"],
        args: &[],
        environment: Vec::new(),
    };
    let theirs = GoServer::start_with(&world.parts, &world.sts, &api.folder.join("go"), options)?;
    let rows: [(&str, &str, Vec<&str>); 3] = [
        ("alice", "alice", ALICE.to_vec()),
        (
            "deployer",
            "deploy:build-17",
            vec![
                "role",
                "--rolearn",
                "arn:aws:iam::111122223333:role/Deployer",
                "--username",
                "deploy:{{SessionName}}",
                "--groups",
                "deployers",
            ],
        ),
        // Here the existing program ends with a panic.
        ("dave", "dev:dave-example.com", {
            let sso = "permissionSetName=DevAccess,accountID=111122223333";
            vec!["role", "--sso", sso, "--username", "dev:{{SessionName}}", "--groups", "developers"]
        }),
    ];
    for (person, username, words) in rows {
        becomes(world, &ours, person, "403")?;
        let added = process::run(add(&world.parts.cluster_auth, &api, &words).arg("--prompt=false"))?;
        ensure!(added.code == 0 && added.stderr.is_empty(), "{added:?}");
        // Permission sets are looked at in aws-auth where the gate is on.
        if person != "dave" {
            becomes(world, &ours, person, username)?;
        }
        let token = world.token(person, CLUSTER_ID)?;
        wait_until(&format!("the Go server takes {person} for {username}"), || {
            let answer = theirs.review(&token)?;
            let review: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            Ok(answer.status == 200 && review["status"]["user"]["username"] == username)
        })?;
    }
    let panics = process::run(
        add(&world.parts.go_authenticator, &api, &sso("permissionSetName=X,accountID=111122223333"))
            .arg("--prompt=false"),
    )?;
    ensure!(panics.code == 2 && panics.stderr.contains("nil pointer dereference"), "{panics:?}");
    Ok(())
}

fn bytes(world: &World) -> anyhow::Result<()> {
    let api = start(world, "add-bytes")?;
    let before = map(&api)?;
    let role = [
        "role",
        "--rolearn",
        "arn:aws:iam::111122223333:role/New",
        "--username",
        "new",
        "--groups",
        "a,b",
        "--prompt=false",
    ];
    process::run(&mut add(&world.parts.cluster_auth, &api, &role))?.success()?;
    process::run(add(&world.parts.cluster_auth, &api, &ALICE).arg("--prompt=false"))?.success()?;
    let after = map(&api)?;
    let text = |map: &Value, key: &str| map["data"][key].as_str().unwrap_or_default().to_owned();
    let new = "- rolearn: arn:aws:iam::111122223333:role/New\n  username: new\n  groups:\n  - a\n  - b\n";
    let (kept, end) = ("# end\n", text(&before, "mapRoles"));
    let expected = end.replace(kept, &format!("{new}{kept}"));
    ensure!(text(&after, "mapRoles") == expected, "{after:#}");
    for key in ["notes", "mapAccounts"] {
        ensure!(text(&after, key) == text(&before, key) && !text(&before, key).is_empty(), "{after:#}");
    }
    for key in ["labels", "annotations", "uid"] {
        ensure!(after["metadata"][key] == before["metadata"][key], "{after:#}");
    }
    // Of all that theirs leaves nothing but the entries.
    api.admin.with_file(&["replace"], MAP)?.success()?;
    process::run(&mut add(&world.parts.go_authenticator, &api, &role))?.success()?;
    let theirs = map(&api)?;
    ensure!(theirs["data"]["notes"].is_null() && text(&theirs, "mapRoles").contains("role/New"), "{theirs:#}");
    for lost in ["# nodes", "# of the group blue", "since: 2018"] {
        ensure!(text(&before, "mapRoles").contains(lost) && !text(&theirs, "mapRoles").contains(lost), "{theirs:#}");
    }
    api.admin.with_file(&["replace"], MAP)?.success()?;
    // An entry that lets nobody in is written, as asked for, and that is said.
    let path = [
        "role",
        "--rolearn",
        "arn:aws:iam::111122223333:role/ops/Path",
        "--username",
        "p",
        "--groups",
        "q",
        "--prompt=false",
    ];
    let said = process::run(&mut add(&world.parts.cluster_auth, &api, &path))?;
    let hint = "write arn:aws:iam::111122223333:role/Path";
    ensure!(said.code == 0 && said.stderr.starts_with("warning: ") && said.stderr.contains(hint), "{said:?}");
    // A list that cannot be read is nobody's to write into.
    api.admin
        .with_file(&["replace"], &MAP.replace("- rolearn: arn:aws:iam::111122223333:role/Node", "- name: x"))?
        .success()?;
    let before = map(&api)?;
    for program in [&world.parts.go_authenticator, &world.parts.cluster_auth] {
        let refused = process::run(add(program, &api, &ALICE).arg("--prompt=false"))?;
        ensure!(refused.code == 1 && refused.stdout.starts_with("failed to parse configmap "), "{refused:?}");
        ensure!(map(&api)? == before);
    }
    Ok(())
}

/// What 0.7.18 takes for something else than was typed.
fn words(world: &World) -> anyhow::Result<()> {
    let api = start(world, "add-words")?;
    let role =
        ["role", "--rolearn", "arn:aws:iam::111122223333:role/New", "--username", "n", "--prompt=false", "--groups"];
    let sso = sso("permissionSetName=D,accountID=111122223333,nope=1");
    // Words, what it adds or how it ends, and what ours says.
    let rows: [(Vec<&str>, i32, &str, &str); 3] = [
        ([&role[..], &["\"a,b\""]].concat(), 0, "  - a,b\n", "a group with a quotation mark cannot be added"),
        ([&role[..], &["a,,b"]].concat(), 0, "  - a\n  - \"\"\n  - b\n", "invalid empty value"),
        (sso, 2, "", "there is no key 'nope'"),
    ];
    for (words, code, adds, said) in rows {
        api.admin.with_file(&["replace"], MAP)?.success()?;
        let before = map(&api)?["data"].clone();
        let ours = process::run(&mut add(&world.parts.cluster_auth, &api, &words))?;
        ensure!(ours.code == 1 && format!("{}{}", ours.stdout, ours.stderr).contains(said), "{words:?}: {ours:?}");
        ensure!(map(&api)?["data"] == before, "{words:?}");
        let theirs = process::run(&mut add(&world.parts.go_authenticator, &api, &words))?;
        let after = map(&api)?["data"]["mapRoles"].as_str().unwrap_or_default().to_owned();
        ensure!(theirs.code == code && after.contains(adds), "{words:?}: {theirs:?}\n{after}");
    }
    Ok(())
}

fn many(world: &World) -> anyhow::Result<()> {
    const AT_ONCE: usize = 8;
    let api = start(world, "add-many")?;
    let before = map(&api)?["data"]["mapRoles"].clone();
    let arn = |number: usize| format!("arn:aws:iam::111122223333:user/u{number}");
    let outputs: Vec<anyhow::Result<Output>> = thread::scope(|scope| {
        let each = (0..AT_ONCE).map(|number| {
            let arn = arn(number);
            let words = ["user", "--userarn", &arn, "--username", "u", "--groups", "g", "--prompt=false"];
            let mut command = add(&world.parts.cluster_auth, &api, &words);
            scope.spawn(move || process::run(&mut command))
        });
        let each: Vec<_> = each.collect();
        each.into_iter().map(|one| one.join().unwrap_or_else(|_| anyhow::bail!("a thread panicked"))).collect()
    });
    let after = map(&api)?;
    let users = after["data"]["mapUsers"].as_str().unwrap_or_default();
    let mut added = 0;
    for (number, output) in outputs.into_iter().enumerate() {
        let output = output?;
        ensure!(users.contains(&format!("{}\n", arn(number))) == (output.code == 0), "{output:?}\n{users}");
        added += usize::from(output.code == 0);
        // Five tries, as Go's client makes, may not be enough for everybody.
        ensure!(
            output.code == 0 || output.stderr.contains("was changed by somebody else at the same time"),
            "{output:?}"
        );
    }
    ensure!(added > 0 && users.matches("userarn:").count() == added, "{users}");
    ensure!(after["data"]["mapRoles"] == before);
    Ok(())
}

fn unusable(world: &World) -> anyhow::Result<()> {
    let api = start(world, "add-unusable")?;
    let (_proxy, address) = api.admin.proxy()?;
    let before = map(&api)?;
    for (name, text) in [("missing", None), ("broken", Some("{")), ("empty", Some("kind: Config\n"))] {
        let path = api.folder.join(name);
        if let Some(text) = text {
            fs::write(&path, text)?;
        }
        // The cluster to which the existing program would turn.
        let mut command = process::command(&world.parts.cluster_auth, &api.folder);
        command.env("KUBERNETES_MASTER", format!("http://{address}")).env("KUBECONFIG", api.cluster.admin_kubeconfig());
        let refused =
            process::run(command.arg("add").args(ALICE).arg("--prompt=false").arg("--kubeconfig").arg(&path))?;
        ensure!(refused.code == 1 && refused.stderr.starts_with("error: "), "{name}: {refused:?}");
        ensure!(map(&api)? == before, "{name}");
    }
    // It does turn there.
    let mut command = process::command(&world.parts.go_authenticator, &api.folder);
    command.env("KUBERNETES_MASTER", format!("http://{address}"));
    let theirs = process::run(command.arg("add").args(ALICE).args(["--prompt=false", "--kubeconfig", "broken"]))?;
    ensure!(theirs.code == 0 && map(&api)? != before, "{theirs:?}");
    Ok(())
}

fn files(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("add-files")?;
    let run =
        |words: &[&str]| process::run(process::command(&world.parts.cluster_auth, &folder).arg("add").args(words));
    let alice = |file: &'static str| [&ALICE[..], &["--prompt=false", "--file", file]].concat();
    fs::write(folder.join("aws-auth.yaml"), MAP)?;
    let said = run(&alice("aws-auth.yaml"))?.success()?;
    ensure!(said == "added EKSConfigMap mapUsers[0] (aws-auth.yaml:17)\n", "{said}");
    let text = fs::read_to_string(folder.join("aws-auth.yaml"))?;
    let new = "  mapUsers: |\n    - userarn: arn:aws:iam::111122223333:user/alice\n      username: alice\n      groups:\n      - g1\n      - g2\n";
    ensure!(text == format!("{MAP}{new}"), "{text}");
    let again = run(&alice("aws-auth.yaml"))?;
    ensure!(again.code == 1 && again.stdout.starts_with("cannot add duplicate user ARN"), "{again:?}");
    ensure!(again.stderr.contains("mapUsers[0] (aws-auth.yaml:17) is for it already: username \"alice\""), "{again:?}");
    ensure!(fs::read_to_string(folder.join("aws-auth.yaml"))? == text);

    // A configuration, which both servers take behind that.
    let config = fs::read_to_string(pages::repository().join("examples/config.yaml"))?;
    fs::write(folder.join("config.yaml"), &config)?;
    let carol = [
        "user",
        "--userarn",
        "arn:aws:iam::111122223333:user/new",
        "--username",
        "new",
        "--groups",
        "g",
        "--prompt=false",
        "--file",
        "config.yaml",
    ];
    run(&carol)?.success()?;
    let changed = fs::read_to_string(folder.join("config.yaml"))?;
    let rest: Vec<&str> = config.lines().filter(|line| !changed.lines().any(|other| other == *line)).collect();
    ensure!(rest.is_empty() && changed.contains("user/new"), "{changed}");

    for (name, text, expected) in [
        ("missing.yaml", None, "there is no file missing.yaml"),
        ("other.yaml", Some("kind: Secret\n"), "none is the ConfigMap"),
        ("broken.yaml", Some("server: {mapUsers: ["), "cannot be read"),
    ] {
        if let Some(text) = text {
            fs::write(folder.join(name), text)?;
        }
        let words = [&ALICE[..], &["--prompt=false", "--file", name]].concat();
        let refused = run(&words)?;
        let said = format!("{}{}", refused.stdout, refused.stderr);
        ensure!(
            refused.code == 1 && (said.contains(expected) || said.contains("does not start")),
            "{name}: {refused:?}"
        );
        let now = fs::read_to_string(folder.join(name)).ok();
        ensure!(now.as_deref() == text && !folder.join(format!("{name}.lock")).exists(), "{name}: {now:?}");
    }
    let both = run(&[&ALICE[..], &["--file", "config.yaml", "--kubeconfig", "x"]].concat())?;
    ensure!(both.code == 1 && both.stderr.contains("cannot be used with"), "{both:?}");
    Ok(())
}
