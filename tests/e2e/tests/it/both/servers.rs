//! Both servers beside each other, on the same logins in each mode and for the same callers: what they answer, count and log.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    authenticator::{GoOptions, GoServer},
    https::Answer,
    people::environment,
    process::{self, Background, wait_until},
    server::{Server, ServerOptions},
    test_cluster::TestCluster,
    world::{CLUSTER_ID, World},
};
use serde_json::{Value, json};

use crate::access::DEFINITION;

/// Who may log in: an ARN, the username, and groups, with every variable that there is.
const LOGINS: &[(&str, &str, &[&str])] = &[
    ("user/alice", "alice-{{AccountID}}", &["developers", "key:{{AccessKeyID}}", "in:{{AccountID}}"]),
    ("user/ops/bob", "bob{{SessionName}}", &["ops"]),
    ("root", "root", &[]),
    ("role/Deployer", "deploy:{{SessionName}}", &["raw:{{SessionNameRaw}}", "of:{{AccountID}}"]),
    ("role/AWSReservedSSO_DevAccess_0123456789abcdef", "dev:{{SessionName}}", &["mail:{{SessionNameRaw}}"]),
    ("role/Node", "system:node:{{EC2PrivateDNSName}}", &["system:bootstrappers", "system:nodes"]),
];

/// Who asks: every kind of caller, mapped and not.
const CALLERS: [&str; 9] = ["alice", "bob", "carol", "dave", "deployer", "federated", "mallory", "node", "root"];

/// Who is let in of them, as whom.
const LET_IN: [(&str, &str); 6] = [
    ("alice", "alice-111122223333"),
    ("bob", "bob"),
    ("dave", "dev:dave-example.com"),
    ("deployer", "deploy:build-17"),
    ("node", "system:node:ip-10-0-0-17.us-west-2.compute.internal"),
    ("root", "root"),
];

/// The messages of lines that say what came of a login.
const DECISIONS: [&str; 2] = ["access granted", "access denied"];

/// The two, with the same configuration.
pub(super) struct Two {
    pub(super) theirs: GoServer,
    pub(super) ours: Server,
}

impl Two {
    pub(super) fn start(world: &World, name: &str, server: &str) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        // Credentials to ask EC2 with, and the way there.
        let environment: Vec<_> =
            environment(&world.sts.credentials("alice")?).into_iter().chain(world.sts.proxy_environment()).collect();
        let environment: Vec<_> =
            environment.into_iter().chain([("NO_PROXY", "127.0.0.1,localhost".to_owned())]).collect();
        let json = ["--log-format=json"];
        let options =
            GoOptions { cluster_id: CLUSTER_ID, server, features: &[], args: &json, environment: environment.clone() };
        let theirs = GoServer::start_with(&world.parts, &world.sts, &folder.join("theirs"), options)?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: server, args: &[] };
        let ours = Server::start_in(&world.parts, &world.sts, &folder.join("ours"), &options, environment)?;
        Ok(Self { theirs, ours })
    }

    /// How long both logs are.
    pub(super) fn logged(&self) -> (usize, usize) {
        (self.theirs.process.log().len(), self.ours.process.log().len())
    }

    /// The lines about a login in both, of what was logged since then.
    pub(super) fn decision(&self, since: (usize, usize)) -> anyhow::Result<(Value, Value)> {
        let is_one = |line: &Value| line["msg"].as_str().is_some_and(|message| DECISIONS.contains(&message));
        self.line(since, &is_one)
    }

    /// The first such line of each, once it is there.
    pub(super) fn line(
        &self,
        (theirs, ours): (usize, usize),
        is_it: &dyn Fn(&Value) -> bool,
    ) -> anyhow::Result<(Value, Value)> {
        let found = |process: &Background, from: usize| -> anyhow::Result<Value> {
            let mut found = None;
            wait_until("the line is written", || {
                let log = process.log();
                found = log[from..].lines().filter_map(|line| serde_json::from_str(line).ok()).find(is_it);
                Ok(found.is_some())
            })
            .with_context(|| process.log())?;
            found.context("a line")
        };
        Ok((found(&self.theirs.process, theirs)?, found(&self.ours.process, ours)?))
    }

    /// One request to both.
    pub(super) fn request(&self, method: &str, path: &str, body: &str) -> anyhow::Result<(Answer, Answer)> {
        Ok((self.theirs.request(method, path, body)?, self.ours.request(method, path, body)?))
    }
}

pub(super) fn compared(world: &World) -> anyhow::Result<()> {
    let cluster = TestCluster::start(world, "both-servers", "")?;
    cluster.admin.kubectl(&["get", "namespace", "kube-system"])?.success()?;
    cluster.admin.with_file(&["apply"], DEFINITION)?.success()?;
    cluster.admin.with_file(&["apply"], &aws_auth())?.success()?;
    wait_until("the resource is served", || Ok(cluster.admin.with_file(&["apply"], &objects())?.code == 0))?;
    let kubeconfig = format!("  kubeconfig: {}\n", cluster.cluster.admin_kubeconfig().display());
    let file = cluster.folder.join("logins.json");
    fs::write(&file, dynamic_file().to_string())?;
    let dynamic = format!("  dynamicfilepath: {}\n", file.display());
    let modes = [
        ("MountedFile", mounted_file()),
        ("EKSConfigMap", kubeconfig.clone()),
        ("CRD", kubeconfig.clone()),
        ("DynamicFile", dynamic.clone()),
        // The first that names a caller decides, and an account only in the last.
        ("CRD, DynamicFile, EKSConfigMap", format!("{kubeconfig}{dynamic}")),
    ];
    let mut wrong = String::new();
    for (mode, config) in modes {
        let server = format!("  backendMode: [{mode}]\n{config}");
        let name = format!("both-servers-{}", mode.replace(", ", "-"));
        let two = Two::start(world, &name, &server)?;
        for difference in compare(world, &two, mode)? {
            wrong.push_str(&format!("{mode}: {difference}\n"));
        }
    }
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

fn compare(world: &World, two: &Two, mode: &str) -> anyhow::Result<Vec<String>> {
    // The sources are there; each program reads them when it gets to it.
    let last = world.fresh_token("root", CLUSTER_ID)?;
    wait_until("both have read the logins", || {
        Ok(two.theirs.review(&last)?.status == 200 && two.ours.review(&last)?.status == 200)
    })
    .with_context(|| format!("{mode}\n{}\n{}", two.theirs.process.log(), two.ours.process.log()))?;
    let mut found = Vec::new();
    let before = two.request("GET", "/metrics", "")?;
    let logged = two.logged();
    for caller in CALLERS {
        let token = world.fresh_token(caller, CLUSTER_ID)?;
        let (theirs, ours) = (two.theirs.review(&token)?, two.ours.review(&token)?);
        let expected = LET_IN.iter().find(|(name, _)| *name == caller).map(|(_, username)| *username);
        let said = answer(&theirs)?;
        ensure!(said["user"]["username"].as_str() == expected, "{mode}, {caller}: the Go server says {theirs:?}");
        if (theirs.status, &said) != (ours.status, &answer(&ours)?) {
            found.push(format!("{caller} is answered\n  theirs {theirs:?}\n  ours   {ours:?}"));
        }
    }
    for (what, method, path, body) in REQUESTS {
        let (theirs, ours) = two.request(method, path, body)?;
        let (seen, expected) = (shape(&ours)?, shape(&theirs)?);
        if seen != expected {
            found.push(format!("{what}\n  theirs {expected:?}\n  ours   {seen:?}"));
        }
    }
    found.extend(metrics(&before, &two.request("GET", "/metrics", "")?)?);
    found.extend(lines(two, logged)?);
    Ok(found)
}

/// What is not a login, and the port's other pages.
const REQUESTS: &[(&str, &str, &str, &str)] = &[
    ("no POST", "GET", "/authenticate", ""),
    ("PUT", "PUT", "/authenticate", "{}"),
    ("an empty body", "POST", "/authenticate", ""),
    ("no JSON", "POST", "/authenticate", "token"),
    ("a list", "POST", "/authenticate", "[]"),
    ("a token that is a number", "POST", "/authenticate", r#"{"spec":{"token":5}}"#),
    ("no token", "POST", "/authenticate", "{}"),
    ("null", "POST", "/authenticate", "null"),
    ("a token of another kind", "POST", "/authenticate", r#"{"spec":{"token":"eyJhbGciOiJSUzI1NiJ9"}}"#),
    ("keys in capitals", "POST", "/authenticate", r#"{"SPEC":{"TOKEN":"x"}}"#),
    ("healthz", "GET", "/healthz", ""),
    ("healthz by POST", "POST", "/healthz", ""),
    ("a slash behind it", "GET", "/healthz/", ""),
    ("no such page", "GET", "/nope", ""),
    ("the first page", "GET", "/", ""),
];

/// What an API server acts on, without the keys that only we add.
pub(super) fn answer(answer: &Answer) -> anyhow::Result<Value> {
    let mut review: Value = serde_json::from_str(&answer.body).with_context(|| format!("{answer:?}"))?;
    let status = review.get_mut("status").context("a TokenReview has a status")?;
    if let Some(extra) = status.pointer_mut("/user/extra").and_then(Value::as_object_mut) {
        extra.retain(|key, _| !key.starts_with("cluster-auth.dev/"));
    }
    Ok(status.take())
}

/// Status, kind of content and text of an answer; of a TokenReview its status.
pub(super) fn shape(of: &Answer) -> anyhow::Result<(u16, String, String)> {
    let kind =
        of.head.lines().filter_map(|line| line.split_once(": ")).find_map(|(name, value)| {
            name.eq_ignore_ascii_case("content-type").then(|| value.trim().to_ascii_lowercase())
        });
    let kind = kind.unwrap_or_default().replace("; charset=utf-8", "");
    let text = if kind == "application/json" { answer(of)?.to_string() } else { of.body.trim_end().to_owned() };
    Ok((of.status, kind, text))
}

/// Series of aws-iam-authenticator's that are not the same, and how much each has grown by the same requests.
fn metrics((theirs, ours): &(Answer, Answer), after: &(Answer, Answer)) -> anyhow::Result<Vec<String>> {
    let grown = |before: &Answer, after: &Answer| -> anyhow::Result<BTreeMap<String, String>> {
        let before = series(&before.body)?;
        let grown = series(&after.body)?.into_iter().map(|(name, value)| {
            let by = value - before.get(&name).copied().unwrap_or_default();
            // How long something took is another time each time.
            let is_time = name.contains("_sum") || name.contains("_bucket");
            (name, if is_time { "some".to_owned() } else { by.to_string() })
        });
        Ok(grown.collect())
    };
    let (theirs, ours) = (grown(theirs, &after.0)?, grown(ours, &after.1)?);
    ensure!(theirs.len() > 30, "{theirs:?}");
    let mut found = Vec::new();
    for (name, value) in &theirs {
        match ours.get(name) {
            Some(same) if same == value => {}
            other => found.push(format!("{name} has grown by {value} there, by {other:?} here")),
        }
    }
    found.extend(ours.keys().filter(|name| !theirs.contains_key(*name)).map(|name| format!("{name} is only here")));
    Ok(found)
}

/// By name and labels.
pub(super) fn series(text: &str) -> anyhow::Result<BTreeMap<String, f64>> {
    let lines = text.lines().filter(|line| line.starts_with("aws_iam_authenticator_"));
    let each = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').context("a value")?;
        Ok((name.to_owned(), value.parse::<f64>()?))
    });
    each.collect()
}

/// What theirs says in a line of a decision and ours does not say.
fn lines(two: &Two, (theirs_from, ours_from): (usize, usize)) -> anyhow::Result<Vec<String>> {
    let read = |log: &str, from: usize| -> anyhow::Result<Vec<Value>> {
        let lines = log[from..].lines().filter(|line| line.starts_with('{'));
        let lines = lines.map(|line| serde_json::from_str::<Value>(line).with_context(|| line.to_owned()));
        lines.collect()
    };
    wait_until("the log has every decision", || {
        Ok(two.ours.process.log()[ours_from..].matches("\"msg\":\"access ").count() >= CALLERS.len())
    })?;
    let ours_log = two.ours.process.log();
    let not_json = ours_log.lines().find(|line| !line.starts_with('{'));
    ensure!(not_json.is_none(), "not every line of our log is JSON: {not_json:?}");
    let (theirs, ours) = (read(&two.theirs.process.log(), theirs_from)?, read(&ours_log, ours_from)?);
    let of_decisions = |lines: &[Value]| -> Vec<Value> {
        let is_one = |line: &&Value| line["msg"].as_str().is_some_and(|message| DECISIONS.contains(&message));
        lines.iter().filter(is_one).take(CALLERS.len()).cloned().collect()
    };
    let answers: Vec<&Value> = theirs.iter().filter(|line| line["msg"] == "STS response").collect();
    let (theirs, ours) = (of_decisions(&theirs), of_decisions(&ours));
    ensure!(theirs.len() == CALLERS.len() && ours.len() == CALLERS.len(), "{theirs:?}\n{ours:?}");
    let mut found = Vec::new();
    for (caller, (theirs, ours)) in CALLERS.iter().zip(theirs.iter().zip(&ours)) {
        if ours["code"] == "mapping.none" && ours["error"] != theirs["error"] {
            found.push(format!("{caller}: {} in their line, {} in ours", theirs["error"], ours["error"]));
        }
        // Each has its own time, connection and words for why not.
        let varies = ["time", "client", "error"];
        let fields = theirs.as_object().into_iter().flatten().filter(|(key, _)| !varies.contains(&key.as_str()));
        for (key, value) in fields {
            if ours[key] != *value {
                found.push(format!("{caller}: {key} is {value} in their line, {} in ours", ours[key]));
            }
        }
        for key in varies {
            ensure!(theirs.get(key).is_none() || ours[key].is_string(), "{caller}: {key} is not in {ours}");
        }
    }
    // Their line about AWS's answer is none of its own here: its fields stand in the decision's.
    let renamed = [("arn", "caller")];
    for (line, ours) in answers.iter().zip(&ours) {
        let fields = line.as_object().into_iter().flatten();
        for (key, value) in fields.filter(|(key, _)| !["time", "client", "level", "msg"].contains(&key.as_str())) {
            let here = renamed.iter().find(|(theirs, _)| theirs == key).map_or(key.as_str(), |(_, ours)| *ours);
            let same = ours[here] == *value || (value == "" && ours.get(here).is_none());
            if !same {
                found.push(format!("{key} of STS's answer is {value} in their line, {here} {} in ours", ours[here]));
            }
        }
    }
    ensure!(answers.len() == CALLERS.len(), "{answers:?}");
    Ok(found)
}

/// The first words of both, on either stream, in text: scripts wait for them.
pub(super) fn said_at_the_start(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-said")?;
    let said = |program: &Path, name: &str, format: &str| -> anyhow::Result<String> {
        let folder = folder.join(format!("{name}-{format}"));
        fs::create_dir_all(&folder)?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &mounted_file(), args: &[] };
        let (config, _) = Server::prepare(&folder, &options)?;
        let mut command = process::command(program, &folder);
        command.args(["server", "--log-format", format, "--config"]).arg(&config).arg("--state-dir").arg(&folder);
        command.arg("--generate-kubeconfig").arg(folder.join("webhook.kubeconfig")).env("AWS_REGION", "us-west-2");
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        let mut process = Background::start(&mut command, folder.join("server.log"))?;
        wait_until("it says that it listens", || Ok(process.log().contains("reconfigure your apiserver")))
            .with_context(|| process.log())?;
        // Neither is ended by a signal that means nothing to it: what ends it is the one after that.
        process::run(std::process::Command::new("kill").arg("-USR1").arg(process.id().to_string()))?.success()?;
        let log = process.log();
        if name == "ours" {
            ensure!(process.terminate()?.success(), "SIGUSR1 has ended it: {}", process.log());
        }
        Ok(log)
    };
    for (name, program) in [("theirs", &world.parts.go_authenticator), ("ours", &world.parts.cluster_auth)] {
        let log = said(program, name, "text")?;
        for words in [
            "Authenticator Version: \"",
            "level=info msg=\"listening on 127.0.0.1:",
            "msg=\"reconfigure your apiserver with `--authentication-token-webhook-config-file=",
        ] {
            ensure!(log.contains(words), "{name}: {words} is not in\n{log}");
        }
        let first = log.lines().next().unwrap_or_default();
        ensure!(first.starts_with("Authenticator Version: ") && first.matches('"').count() == 4, "{name}: {first}");
    }
    let log = said(&world.parts.cluster_auth, "ours", "json")?;
    let is_json = |line: &str| serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object());
    ensure!(log.lines().all(is_json), "from the first line to the last: {log}");
    Ok(())
}

fn arn(resource: &str) -> String {
    // A role's path is not in the ARN by which its sessions are known.
    format!("arn:aws:iam::111122223333:{resource}")
}

/// `mapRoles` and `mapUsers`, as every reader of lists has them.
fn lists() -> (Vec<Value>, Vec<Value>) {
    let entry = |key: &str, (resource, username, groups): &(&str, &str, &[&str])| json!({key: arn(resource), "username": username, "groups": groups});
    let (roles, users): (Vec<_>, Vec<_>) = LOGINS.iter().partition(|(resource, ..)| resource.starts_with("role/"));
    let entries = |key: &str, logins: Vec<&_>| logins.into_iter().map(|login| entry(key, login)).collect();
    (entries("rolearn", roles), entries("userarn", users))
}

pub(super) fn mounted_file() -> String {
    let (roles, users) = lists();
    format!("  mapRoles: {}\n  mapUsers: {}\n", Value::from(roles), Value::from(users))
}

fn aws_auth() -> String {
    let (roles, users) = lists();
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
        "data": {"mapRoles": Value::from(roles).to_string(), "mapUsers": Value::from(users).to_string()},
    })
    .to_string()
}

fn dynamic_file() -> Value {
    let (roles, users) = lists();
    json!({"LastUpdatedDateTime": "1700000000", "Version": "1", "mapRoles": roles, "mapUsers": users})
}

fn objects() -> String {
    let objects = LOGINS.iter().enumerate().map(|(at, (resource, username, groups))| {
        json!({
            "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping",
            "metadata": {"name": format!("m-{at}")},
            "spec": {"arn": arn(resource), "username": username, "groups": groups},
        })
    });
    json!({"apiVersion": "v1", "kind": "List", "items": objects.collect::<Vec<_>>()}).to_string()
}
