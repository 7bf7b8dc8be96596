//! What scripts read in both servers' logs: how values are quoted, what is left out of scrubbed accounts, and the words by which
//! denials and requests that are none are told apart.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    authenticator::{GoOptions, GoServer},
    process::{self, Background, wait_until},
    server::{Server, ServerOptions, free_port},
    shell::TERMINAL,
    sts::now,
    world::{CLUSTER_ID, World},
};
use serde_json::{Value, json};

use super::servers::{Two, answer, mounted_file};

/// Who logs in as whom, as YAML has it: everything that could need quotation marks.
const ODD: &str = r#"  mapUsers:
  - {userarn: "arn:aws:iam::111122223333:user/alice", username: "a \"b\" \\c", groups: ["x y", "é😀", "a=b", "it's"]}
  - {userarn: "arn:aws:iam::111122223333:user/ops/bob", username: "nbsp\u00a0zero\u200bwidth", groups: ["e\u0301"]}
  - {userarn: "arn:aws:iam::111122223333:root", username: "日本", groups: []}
  mapRoles:
  - {rolearn: "arn:aws:iam::111122223333:role/Deployer", username: "plain-._/@^+", groups: [one, "two:{{SessionName}}"]}
"#;

pub(super) fn quoted(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-quoted")?;
    let options = GoOptions { cluster_id: CLUSTER_ID, server: ODD, features: &[], args: &[], environment: Vec::new() };
    let theirs = GoServer::start_with(&world.parts, &world.sts, &folder.join("theirs"), options)?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: ODD, args: &["--log-format=text"] };
    let ours = Server::start(&world.parts, &world.sts, &folder.join("ours"), &options)?;
    let mut wrong = String::new();
    for (person, message) in [
        ("alice", "access granted"),
        ("bob", "access granted"),
        ("root", "access granted"),
        ("deployer", "access granted"),
        ("mallory", "access denied"),
    ] {
        let token = world.fresh_token(person, CLUSTER_ID)?;
        let before = (theirs.process.log().len(), ours.process.log().len());
        theirs.review(&token)?;
        ours.review(&token)?;
        let line = |log: &dyn Fn() -> String, from: usize| -> anyhow::Result<BTreeMap<String, String>> {
            let mut found = None;
            wait_until("the line is written", || {
                let log = log();
                let mut lines = log[from..].lines();
                found = lines.find(|line| line.contains(&format!("msg=\"{message}\""))).map(str::to_owned);
                Ok(found.is_some())
            })?;
            let line = found.context("a line")?;
            fields(&line).with_context(|| line.clone())
        };
        let theirs = line(&|| theirs.process.log(), before.0)?;
        let ours = line(&|| ours.process.log(), before.1)?;
        ensure!(theirs.len() > 6, "{theirs:?}");
        for (key, value) in theirs.iter().filter(|(key, _)| !["time", "client"].contains(&key.as_str())) {
            if ours.get(key) != Some(value) {
                wrong.push_str(&format!("{person}: {key}={value} in theirs, {:?} in ours\n", ours.get(key)));
            }
        }
    }
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

/// The fields of a line, as they stand there.
fn fields(line: &str) -> Option<BTreeMap<String, String>> {
    let mut fields = BTreeMap::new();
    let mut rest = line;
    while let Some((key, behind)) = rest.split_once('=') {
        let end = if behind.starts_with('"') {
            let mut is_escaped = false;
            let closing = behind.char_indices().skip(1).find(|(_, character)| {
                let is_end = *character == '"' && !is_escaped;
                is_escaped = *character == '\\' && !is_escaped;
                is_end
            });
            closing?.0 + 1
        } else {
            behind.find(' ').unwrap_or(behind.len())
        };
        fields.insert(key.to_owned(), behind[..end].to_owned());
        rest = behind[end..].trim_start();
    }
    Some(fields)
}

/// What only somebody's lines may have.
const PERSONAL: [&str; 7] = ["arn", "caller", "session", "principalid", "userid", "accountid", "accesskeyid"];

pub(super) fn scrubbed(world: &World) -> anyhow::Result<()> {
    let server = format!("  scrubbedAccounts: ['111122223333']\n{}", mounted_file());
    let two = Two::start(world, "both-scrubbed", &server)?;
    let mut wrong = String::new();
    for person in ["alice", "dave", "node", "root", "mallory", "federated"] {
        let token = world.fresh_token(person, CLUSTER_ID)?;
        let before = two.logged();
        let (theirs, ours) = (two.theirs.review(&token)?, two.ours.review(&token)?);
        if (theirs.status, answer(&theirs)?) != (ours.status, answer(&ours)?) {
            wrong.push_str(&format!("{person}\n  theirs {theirs:?}\n  ours   {ours:?}\n"));
        }
        let (theirs, ours) = two.decision(before)?;
        compare(person, &theirs, &ours, &mut wrong);
        let left: Vec<&&str> =
            PERSONAL.iter().filter(|key| !ours[**key].is_null() || !theirs[**key].is_null()).collect();
        if !left.is_empty() {
            wrong.push_str(&format!("{person}: {left:?} stand in {theirs} or {ours}\n"));
        }
    }
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

pub(super) fn denied(world: &World) -> anyhow::Result<()> {
    let two = Two::start(world, "both-denied", &mounted_file())?;
    let long_ago = now() - jiff::SignedDuration::from_mins(20);
    let tokens = [
        ("no token", String::new()),
        ("of a service account", "eyJhbGciOiJSUzI1NiJ9".to_owned()),
        ("no base64", "k8s-aws-v1.%%".to_owned()),
        ("no URL", "k8s-aws-v1.eA".to_owned()),
        ("too long", format!("k8s-aws-v1.{}", "x".repeat(5000))),
        ("expired", world.token_of("alice", CLUSTER_ID, long_ago)?),
        ("for another cluster", world.fresh_token("alice", "other")?),
        ("of nobody who is mapped", world.fresh_token("mallory", CLUSTER_ID)?),
    ];
    let mut wrong = String::new();
    for (what, token) in &tokens {
        let before = two.logged();
        two.theirs.review(token)?;
        two.ours.review(token)?;
        let (theirs, ours) = two.decision(before)?;
        compare(what, &theirs, &ours, &mut wrong);
        let begins = |line: &Value| line["error"].as_str().unwrap_or_default().split(": ").next().map(str::to_owned);
        if begins(&theirs) != begins(&ours) {
            wrong.push_str(&format!("{what}: {} in theirs, {} in ours\n", theirs["error"], ours["error"]));
        }
    }
    let requests = [
        ("GET", "", "unexpected request method"),
        ("PUT", "{}", "unexpected request method"),
        ("POST", "", "could not parse request body"),
        ("POST", "[]", "could not parse request body"),
        ("POST", r#"{"spec":{"token":5}}"#, "could not parse request body"),
    ];
    for (method, body, message) in requests {
        let before = two.logged();
        two.request(method, "/authenticate", body)?;
        let (theirs, ours) = two.line(before, &|line| line["level"] == "error")?;
        ensure!(theirs["msg"] == message, "{theirs}");
        compare(&format!("{method} {body}"), &theirs, &ours, &mut wrong);
    }
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

/// Which lines each `-v` lets through: a login, a denial, and what is no request.
pub(super) fn levels(world: &World) -> anyhow::Result<()> {
    let server = mounted_file();
    for level in ["panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"] {
        let folder = world.folder(&format!("both-levels-{level}"))?;
        let words = ["-v", level, "--log-format=json"];
        let options =
            GoOptions { cluster_id: CLUSTER_ID, server: &server, features: &[], args: &words, environment: Vec::new() };
        let theirs = GoServer::start_with(&world.parts, &world.sts, &folder.join("theirs"), options)?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &server, args: &words[..2] };
        let ours = Server::start(&world.parts, &world.sts, &folder.join("ours"), &options)?;
        for person in ["alice", "mallory"] {
            let token = world.fresh_token(person, CLUSTER_ID)?;
            ensure!(theirs.review(&token)?.status == ours.review(&token)?.status, "{person}");
        }
        theirs.request("GET", "/authenticate", "")?;
        ours.request("GET", "/authenticate", "")?;
        let lines = |log: &str| {
            ["access granted", "access denied", "unexpected request method"]
                .map(|message| log.contains(&format!("\"msg\":\"{message}\"")))
        };
        // Theirs has written them before it answers; ours writes behind the answer. Errors are none of what these two levels let
        // through there, and are here.
        let theirs = lines(&theirs.process.log());
        let expected = match level {
            "panic" | "fatal" => {
                ensure!(theirs == [false; 3], "{level}: {theirs:?}");
                [false, false, true]
            }
            _ => theirs,
        };
        let mut seen = [false; 3];
        wait_until("ours has written its lines", || {
            seen = lines(&ours.process.log());
            Ok(seen == expected)
        })
        .with_context(|| format!("{level}: expected {expected:?}, ours {seen:?}\n{}", ours.process.log()))?;
    }
    Ok(())
}

/// Who is mapped, and the whole of a dynamic file, stand in theirs alone; and what time a line has.
pub(super) fn mapped(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-mapped")?;
    let file = folder.join("logins.json");
    let entry = json!({"userarn": "arn:aws:iam::111122223333:user/carol", "username": "of-the-file"});
    fs::write(&file, json!({"mapUsers": [entry], "note": "whatever-else-stands-there"}).to_string())?;
    let server = format!(
        "  backendMode: [MountedFile, DynamicFile]\n  dynamicfilepath: {}\n  mapAccounts: ['444455556666']\n{}",
        file.display(),
        mounted_file()
    );
    let two = Two::start(world, "both-mapped-servers", &server)?;
    let carol = world.fresh_token("carol", CLUSTER_ID)?;
    wait_until("both have read the file", || {
        Ok(two.theirs.review(&carol)?.status == 200 && two.ours.review(&carol)?.status == 200)
    })?;
    let (theirs, ours) = (two.theirs.process.log(), two.ours.process.log());
    for words in [
        "\"mapping IAM role\"",
        "\"mapping IAM user\"",
        "\"mapping IAM Account\"",
        "alice-{{AccountID}}",
        "whatever-else-stands-there",
    ] {
        ensure!(theirs.contains(words) && !ours.contains(words), "{words}\n{theirs}\n{ours}");
    }
    let time = |log: &str| -> anyhow::Result<String> {
        let line = log.lines().find(|line| line.contains("listening on ")).context("it listens")?;
        let line: Value = serde_json::from_str(line)?;
        Ok(line["time"].as_str().context("a time")?.to_owned())
    };
    let (theirs, ours) = (time(&theirs)?, time(&ours)?);
    ensure!(theirs.parse::<jiff::Timestamp>()?.subsec_nanosecond() == 0, "theirs is in seconds: {theirs}");
    ensure!(ours.ends_with('Z') && ours.parse::<jiff::Timestamp>().is_ok(), "ours is in UTC: {ours}");
    Ok(())
}

/// Everything of a line but when it was, who asked, and the words for why.
fn compare(what: &str, theirs: &Value, ours: &Value, wrong: &mut String) {
    let fields = theirs.as_object().into_iter().flatten();
    for (key, value) in fields.filter(|(key, _)| !["time", "client", "error"].contains(&key.as_str())) {
        if ours[key] != *value {
            wrong.push_str(&format!("{what}: {key} is {value} in {theirs}, {} in {ours}\n", ours[key]));
        }
    }
}

/// Its log has other lines at a terminal; ours has the same as in a file.
pub(super) fn at_a_terminal(world: &World) -> anyhow::Result<()> {
    let says = |name: &str, program: &Path| -> anyhow::Result<String> {
        let folder = world.folder(&format!("both-terminal-{name}"))?;
        fs::write(folder.join("c.yaml"), format!("clusterID: c\nserver: {{port: {}}}\n", free_port()?))?;
        let mut command = process::command(world.parts.moto.with_file_name("python"), &folder);
        command.args(["-c", TERMINAL]).arg(program);
        command.args(["server", "-c", "c.yaml", "--state-dir=.", "--generate-kubeconfig=k"]);
        if name == "ours" {
            command.arg("--health-address=none");
        }
        command.env("AWS_REGION", "us-west-2").env("AWS_EC2_METADATA_DISABLED", "true").env("TERM", "xterm");
        let process = Background::start(&mut command, folder.join("log"))?;
        wait_until("it listens", || Ok(process.log().contains("to enable"))).with_context(|| process.log())?;
        Ok(process.log())
    };
    let theirs = says("theirs", &world.parts.go_authenticator)?;
    ensure!(theirs.contains("\u{1b}[36mINFO\u{1b}[0m[") && !theirs.contains("level=info"), "{theirs}");
    let ours = says("ours", &world.parts.cluster_auth)?;
    ensure!(ours.contains("level=info msg=") && !ours.contains('\u{1b}'), "{ours}");
    Ok(())
}
