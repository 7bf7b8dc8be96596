//! `explain` and `whoami` held against the servers themselves: the same codes, the same people, the same rights.

use std::{collections::BTreeSet, fs, process::Stdio};

use anyhow::{Context as _, ensure};
use e2e::{
    admin::Admin,
    process::{self, Output},
    server::{Server, ServerOptions},
    world::{CLUSTER_ID, Flavour, Login, World},
};
use local_cluster::Binaries;
use rbac::{Request, ResourceRequest, Rule};
use sandbox::Fault;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("explain::gives_every_token_the_code_that_the_server_gives_it", codes),
    ("explain::a_token_is_never_printed_and_warned_about_on_the_command_line", secrets),
    ("explain::people_have_the_names_and_rights_that_the_api_server_gives_them", people),
    ("explain::whoami_is_what_the_cluster_says", whoami),
    ("explain::whoami_names_the_line_for_the_administrator_where_the_cluster_says_unauthorized", unauthorized),
];

/// One of each reason that a mapping can have.
const MAPPINGS: &str = r#"  mapUsers:
  - {userarn: "arn:aws:iam::111122223333:user/alice", username: alice, groups: [developers]}
  - {userarn: "arn:aws:iam::111122223333:user/ops/bob", username: ""}
  - {userarn: "arn:aws:iam::111122223333:user/carol", username: "reserved:carol"}
  mapRoles:
  - {rolearn: "arn:aws:iam::111122223333:role/Deployer", username: "{{SessionName}}", groups: ["system:{{SessionName}}"]}
  - {sso: {permissionSetName: DevAccess, accountID: "111122223333"}, username: "system:node:{{EC2PrivateDNSName}}"}
  reservedPrefixConfig:
  - {backendMode: MountedFile, usernamePrefixReserveList: ["reserved:"]}
"#;

const ACCESS: &str = r#"clusterID: e2e.example.com
account: "111122223333"
groups:
- name: gone
  users: [{name: erin, expires: 2020-01-01}]
  authorization:
  - {namespace: dev, clusterRole: view}
"#;

/// What to change in a good URL, and the code of that.
const EDITS: &[(&str, &str, &str)] = &[
    ("token.url", "https://", ""),
    ("token.scheme", "https", "http"),
    ("token.host", "amazonaws.com", "amazonaws.com.example.com"),
    ("token.path", ".com/?", ".com/latest/?"),
    ("token.query", "%2Faws4_request", "/aws4_request"),
    ("token.parameter-unknown", "Version=", "Vers=1&Version="),
    ("token.parameter-repeated", "Version=", "action=GetUser&Version="),
    ("token.parameter-missing", "Version=2011-06-15&", ""),
    ("token.action", "GetCallerIdentity", "GetUser"),
    ("token.version", "2011-06-15", "2011-06-16"),
    ("token.algorithm", "HMAC-SHA256", "HMAC-SHA512"),
    ("token.signed-headers", "host%3Bx-k8s-aws-id", "host"),
    ("token.expires", "X-Amz-Expires=60", "X-Amz-Expires=901"),
    ("token.date", "X-Amz-Date=2", "X-Amz-Date=x2"),
    ("token.credential", "X-Amz-Credential=", "X-Amz-Credential=%2F"),
    ("token.scope", "%2Fsts%2F", "%2Fs3%2F"),
    ("token.partition", "amazonaws.com", "amazonaws.com.cn"),
    ("sts.unknown-access-key", "AKIASANDBOXALICE0000", "AKIASANDBOXNOBODY000"),
];

fn codes(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("explain-codes")?;
    fs::write(folder.join("access.yaml"), ACCESS)?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };
    let server = Server::start(&world.parts, &world.sts, &folder, &options)?;
    let good = world.fresh_token("alice", CLUSTER_ID)?;
    let url = url_of(&good)?;
    let signature = url.rsplit_once('=').context("a signature")?.1;
    let mut tokens: Vec<(&str, String)> = EDITS
        .iter()
        .map(|(code, from, to)| {
            ensure!(url.contains(from), "{code}: there is nothing to replace");
            let url = url.replacen(from, to, 1);
            // A host of another partition is signed for a Region of it.
            let url = if *code == "token.partition" { url.replace("us-west-2", "cn-north-1") } else { url };
            Ok((*code, token::wrap(&url)))
        })
        .collect::<anyhow::Result<_>>()?;
    let old = e2e::sts::now() - jiff::SignedDuration::from_mins(20);
    let ahead = e2e::sts::now() + jiff::SignedDuration::from_mins(5);
    tokens.extend([
        ("token.not-aws", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln".to_owned()),
        ("token.too-long", format!("{}{}", token::PREFIX, "A".repeat(4_096))),
        ("token.encoding", format!("{good}!")),
        ("token.signature", token::wrap(&url.replace(signature, "0123"))),
        (
            "token.security-token",
            token::wrap(&url.replace("&X-Amz-SignedHeaders", "&X-Amz-Security-Token=&X-Amz-SignedHeaders")),
        ),
        ("token.expired", world.token_of("alice", CLUSTER_ID, old)?),
        ("token.future", world.token_of("alice", CLUSTER_ID, ahead)?),
        ("sts.signature-mismatch", world.fresh_token("alice", "another.example.com")?),
        ("granted", world.fresh_token("alice", CLUSTER_ID)?),
        ("mapping.none", world.fresh_token("mallory", CLUSTER_ID)?),
        ("mapping.ended", world.fresh_token("erin", CLUSTER_ID)?),
        ("mapping.empty-username", world.fresh_token("bob", CLUSTER_ID)?),
        ("mapping.reserved-prefix", world.fresh_token("carol", CLUSTER_ID)?),
        ("mapping.templated-system-name", world.fresh_token("deployer", CLUSTER_ID)?),
        ("mapping.session-name-not-instance", world.fresh_token("dave", CLUSTER_ID)?),
    ]);
    for (code, token) in &tokens {
        same(world, &server, code, token).with_context(|| (*code).to_owned())?;
    }
    let faults = [
        ("upstream.throttled", Fault::Throttle),
        ("upstream.server-error", Fault::ServerError),
        ("upstream.unreadable", Fault::Garbage),
        ("upstream.redirect", Fault::Redirect),
        ("upstream.too-large", Fault::HugeBody),
        ("upstream.inconsistent", Fault::OtherAccount),
        ("upstream.unreachable", Fault::Reset),
    ];
    for (code, fault) in faults {
        let token = world.fresh_token("alice", CLUSTER_ID)?;
        world.sts.faults.set(fault);
        let done = same(world, &server, code, &token);
        world.sts.faults.clear();
        done.with_context(|| code.to_owned())?;
    }
    Ok(())
}

/// What the server answered and logged is what `explain` says, and that it would.
fn same(world: &World, server: &Server, code: &str, token: &str) -> anyhow::Result<()> {
    let before = decisions(server).len();
    let answer = server.review(token)?;
    process::wait_until("the decision is in the log", || Ok(decisions(server).len() > before))?;
    let logged = decisions(server).pop().context("a decision")?;
    ensure!(logged["code"] == code, "the server says {logged}");
    let config = server.folder.join("config.yaml").display().to_string();
    let review = json!({"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "spec": {"token": token}});
    let shown =
        explain(world, &["-", "--aws", "-c", &config, "--reader", "cluster-auth", "-o", "json"], &review.to_string())?
            .success()?;
    let shown: Value = serde_json::from_str(&shown)?;
    ensure!(shown["code"] == code, "explain says {shown}");
    let let_in = match answer.status {
        200 => Value::Bool(true),
        403 => Value::Bool(false),
        _ => Value::Null,
    };
    ensure!(shown["letIn"] == let_in, "{shown}");
    if code == "granted" {
        ensure!(shown["username"] == "alice" && shown["groups"] == json!(["developers"]), "{shown}");
        return Ok(());
    }
    ensure!(shown["reason"]["status"] == answer.status, "the server answered {}: {shown}", answer.status);
    ensure!(shown["reason"]["logMessage"] == logged["msg"], "{logged}: {shown}");
    // Without AWS everything is the same that AWS is not needed for.
    if code.starts_with("token.") {
        let local = explain(world, &["-", "-o", "json"], &review.to_string())?.success()?;
        ensure!(serde_json::from_str::<Value>(&local)?["code"] == code, "{local}");
    }
    Ok(())
}

fn decisions(server: &Server) -> Vec<Value> {
    let log = server.process.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["code"].is_string()).collect()
}

fn url_of(token: &str) -> anyhow::Result<String> {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let encoded = token.strip_prefix(token::PREFIX).context("a token")?;
    Ok(String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(encoded)?)?)
}

fn explain(world: &World, args: &[&str], stdin: &str) -> anyhow::Result<Output> {
    let mut command = world.anonymous();
    command.arg("explain").args(args);
    if args.contains(&"--aws") {
        command.args(["--sts-connect-to", &world.sts.address.to_string()]).arg("--sts-ca-file").arg(&world.sts.ca_file);
    }
    let file = world.folder("explain-stdin")?.join("stdin");
    fs::write(&file, stdin)?;
    process::run(command.stdin(Stdio::from(fs::File::open(&file)?)))
}

fn secrets(world: &World) -> anyhow::Result<()> {
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    let url = url_of(&token)?;
    let signature = url.rsplit_once('=').context("a signature")?.1;
    for (args, stdin, warns) in
        [(vec![token.as_str()], "", true), (vec!["-"], token.as_str(), false), (vec!["-", "-o", "yaml"], &token, false)]
    {
        let Output { code, stdout, stderr } = explain(world, &args, stdin)?;
        ensure!(code == 0, "{stdout}{stderr}");
        for secret in [token.as_str(), signature] {
            ensure!(!stdout.contains(secret) && !stderr.contains(secret), "it prints the token: {stdout}{stderr}");
        }
        ensure!(stdout.contains("AKIASANDBOXALICE0000"), "{stdout}");
        ensure!(stderr.contains("warning: a token on the command line") == warns, "{stderr}");
    }
    let refused = explain(world, &[&token[1..]], "")?.failure()?;
    ensure!(!refused.contains(signature) && !refused.contains(&token[20..40]), "{refused}");
    Ok(())
}

/// Who the people of the tests are to AWS.
const PEOPLE: &[(&str, &str)] = &[
    ("alice", "arn:aws:iam::111122223333:user/alice"),
    ("bob", "arn:aws:iam::111122223333:user/ops/bob"),
    ("carol", "arn:aws:iam::111122223333:user/carol"),
    ("root", "arn:aws:iam::111122223333:root"),
    ("federated", "arn:aws:sts::111122223333:federated-user/federated"),
    ("deployer", "arn:aws:sts::111122223333:assumed-role/Deployer/build-17"),
    ("dave", "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_DevAccess_0123456789abcdef/dave@example.com"),
];

fn people(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    let admin = Admin::new(binaries.kubectl()?.to_owned(), &login.cluster, &world.folder("explain-admin")?);
    let mut compared = 0;
    for (name, arn) in PEOPLE {
        let shown = explained(world, login, arn)?;
        let review = login.person(world, name)?.kubectl(&["auth", "whoami", "-o", "json"])?.success()?;
        let theirs: Value = serde_json::from_str(&review)?;
        let user = &theirs["status"]["userInfo"];
        ensure!(shown["username"] == user["username"], "{name}: {shown} {user}");
        let groups = |list: &Value| -> BTreeSet<String> {
            let names = list.as_array().into_iter().flatten().filter_map(Value::as_str);
            names.filter(|name| *name != "system:authenticated").map(str::to_owned).collect()
        };
        ensure!(groups(&shown["groups"]) == groups(&user["groups"]), "{name}: {shown} {user}");
        ensure!(shown["incomplete"] == false, "{name}: {}", shown["gaps"]);
        let mut specs = Vec::new();
        for namespace in ["", "dev", "kube-system", "default"] {
            for verb in ["get", "list", "create", "delete", "watch"] {
                for (group, resource) in [("", "pods"), ("", "secrets"), ("apps", "deployments"), ("", "nodes")] {
                    specs.push((namespace, verb, group, resource));
                }
            }
        }
        let reviews: Vec<Value> = specs
            .iter()
            .map(|(namespace, verb, group, resource)| {
                json!({"user": user["username"], "groups": user["groups"],
                    "resourceAttributes": {"namespace": namespace, "verb": verb, "group": group, "resource": resource}})
            })
            .collect();
        for ((namespace, verb, group, resource), allowed) in specs.iter().zip(admin.allowed(&reviews)?) {
            let request = Request::Resource(ResourceRequest {
                verb,
                api_group: group,
                resource,
                namespace,
                ..ResourceRequest::default()
            });
            let ours = allows(&shown["rights"], &request, namespace)?;
            ensure!(ours == allowed, "{name}: {request:?}: we say {ours}, the API server {allowed}");
            compared += 1;
        }
    }
    let refused = explained(world, login, "arn:aws:iam::111122223333:user/mallory")?;
    ensure!(refused["code"] == "mapping.none" && refused["rights"] == json!([]), "{refused}");
    e2e::random::say(&format!("{compared} questions about {} people, no differences", PEOPLE.len()));
    Ok(())
}

fn explained(world: &World, login: &Login, arn: &str) -> anyhow::Result<Value> {
    let config = login.server.folder.join("config.yaml").display().to_string();
    let kubeconfig = login.cluster.admin_kubeconfig().display().to_string();
    let shown = explain(
        world,
        &[arn, "-c", &config, "--reader", "cluster-auth", "--kubeconfig", &kubeconfig, "-o", "json"],
        "",
    )?
    .success()?;
    serde_json::from_str(&shown).with_context(|| shown.clone())
}

/// Whether what was printed allows a request.
fn allows(rights: &Value, request: &Request<'_>, namespace: &str) -> anyhow::Result<bool> {
    for right in rights.as_array().context("rights")? {
        let is_here = right["everywhere"] == true
            || right["allNamespaces"].as_array().context("namespaces")?.iter().any(|name| name == namespace);
        if !is_here {
            continue;
        }
        if right["by"] == "systemMasters" {
            return Ok(true);
        }
        for rule in right["rules"].as_array().context("rules")? {
            if Rule::deserialize(rule)?.allows(request) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn whoami(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    for name in ["alice", "carol", "dave"] {
        let shown: Value = serde_json::from_str(&who(world, login, name, &["-n", "dev", "-o", "json"])?.success()?)?;
        let review = login.person(world, name)?.kubectl(&["auth", "whoami", "-o", "json"])?.success()?;
        let theirs: Value = serde_json::from_str(&review)?;
        let user = &theirs["status"]["userInfo"];
        ensure!(shown["username"] == user["username"] && shown["groups"] == user["groups"], "{shown} {user}");
        ensure!(shown["aws"]["arn"] == user["extra"]["arn"][0], "{shown} {user}");
        ensure!(shown["cluster"]["id"] == CLUSTER_ID && shown["letIn"] == true, "{shown}");
    }
    let alice: Value = serde_json::from_str(
        &who(world, login, "alice", &["-n", "dev", "-o", "yaml"])?
            .success()
            .and_then(|text| Ok(serde_saphyr::from_str::<Value>(&text)?.to_string()))?,
    )?;
    let in_dev = json!({"everywhere": false, "namespaces": ["dev"], "words": ["get, list, watch on pods"]});
    ensure!(alice["rights"].as_array().is_some_and(|rights| rights.contains(&in_dev)), "{alice}");
    ensure!(alice["incomplete"] == true, "she may not list namespaces: {alice}");
    let carol = who(world, login, "carol", &[])?.success()?;
    ensure!(carol.contains("+ everywhere\n    every verb on everything, every URL\n"), "{carol}");
    ensure!(!carol.contains("Incomplete"), "{carol}");
    let nope = who(world, login, "carol", &["-n", "nope", "-i", CLUSTER_ID])?;
    ensure!(
        nope.code == 0 && nope.stderr.contains("note: there is no namespace `nope`; the answer is for"),
        "{nope:?}"
    );
    ensure!(!who(world, login, "carol", &["-n", "dev"])?.stderr.contains("there is no namespace"));
    let other = who(world, login, "carol", &["-i", "other"])?.failure()?;
    ensure!(other.contains(&format!("--cluster-id other: this context's tokens are for `{CLUSTER_ID}`")), "{other}");
    shown_in_the_documentation(login, "whoami", &who(world, login, "alice", &["-n", "dev"])?.stdout)?;
    // As kubectl's plugin.
    let plugins = world.folder("explain-plugins")?;
    std::os::unix::fs::symlink(&world.parts.cluster_auth, plugins.join("kubectl-cluster_auth"))?;
    let alice = login.person(world, "alice")?;
    let mut command = process::command(&alice.kubectl, alice.home);
    command.envs(e2e::people::environment(&alice.credentials)).env("KUBECONFIG", &alice.kubeconfig);
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", plugins.display()));
    command.args(["cluster-auth", "whoami", "--sts-connect-to", &world.sts.address.to_string(), "--sts-ca-file"]);
    let shown = process::run(command.arg(&world.sts.ca_file))?.success()?;
    ensure!(shown.starts_with("arn:aws:iam::111122223333:user/alice is alice in e2e.example.com\n"), "{shown}");
    // Whom the AWS CLI trusts is trusted here, too.
    let mut command = world.command("alice")?;
    command.arg("whoami").env("KUBECONFIG", &alice.kubeconfig).env("AWS_CA_BUNDLE", &world.sts.ca_file);
    let shown = process::run(command.args(["--sts-connect-to", &world.sts.address.to_string()]))?.success()?;
    ensure!(shown.starts_with("arn:aws:iam::111122223333:user/alice is alice in e2e.example.com\n"), "{shown}");
    Ok(())
}

/// What the page shows behind a comment is what was printed, but for the cluster's address.
fn shown_in_the_documentation(login: &Login, comment: &str, printed: &str) -> anyhow::Result<()> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/whoami.md"))?;
    let begin = format!("<!-- {comment} -->\n```text\n");
    let text = page.split_once(&begin).and_then(|(_, rest)| rest.split_once("```\n")).context("a block")?.0;
    let printed = printed.replace(&login.cluster.server_url(), "https://api.e2e.example.com");
    ensure!(text == printed, "docs/whoami.md shows something else behind {comment}; it is now:\n{printed}");
    Ok(())
}

/// `whoami` with somebody's credentials and the kubeconfig that everybody shares.
fn who(world: &World, login: &Login, name: &str, args: &[&str]) -> anyhow::Result<Output> {
    let person = login.person(world, name)?;
    let mut command = world.command(name)?;
    command.arg("whoami").args(args).env("KUBECONFIG", &person.kubeconfig);
    command.args(["--sts-connect-to", &world.sts.address.to_string()]).arg("--sts-ca-file").arg(&world.sts.ca_file);
    process::run(&mut command)
}

fn unauthorized(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let Output { code, stdout, stderr } = who(world, login, "mallory", &[])?;
    ensure!(code == 1 && stderr.is_empty(), "{code} {stderr}");
    let line = "cluster-auth explain arn:aws:iam::111122223333:user/mallory";
    ensure!(stdout.contains(line) && stdout.contains("cluster id e2e.example.com"), "{stdout}");
    shown_in_the_documentation(login, "whoami refused", &stdout)?;
    // What the administrator then sees.
    let shown = explained(world, login, "arn:aws:iam::111122223333:user/mallory")?;
    ensure!(shown["fix"]["lines"][0].as_str().is_some_and(|line| line.contains("user/mallory")), "{shown}");
    let out: Value = serde_json::from_str(&who(world, login, "mallory", &["-o", "json"])?.stdout)?;
    ensure!(out["letIn"] == false && out["lineForTheAdministrator"] == line, "{out}");
    // Without credentials it is the error that kubectl would show, too.
    let mut command = world.anonymous();
    command.args(["whoami", "--kubeconfig"]).arg(login.person(world, "alice")?.kubeconfig);
    let refused = process::run(command.env("AWS_EC2_METADATA_DISABLED", "true"))?.failure()?;
    let mut command = world.anonymous();
    command.args(["token", "-i", CLUSTER_ID]).env("AWS_EC2_METADATA_DISABLED", "true");
    // OtherFiles it there is which Region `token` takes, which is not said twice.
    let token = process::run(&mut command)?.failure()?;
    ensure!(token.lines().last() == refused.lines().last(), "{refused}\n{token}");
    Ok(())
}
