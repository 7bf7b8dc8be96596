//! What comes later than the server, or is there twice: permissions, the resource itself, a second server, and an account that is to be
//! scrubbed.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use e2e::{
    process::wait_until,
    random::say,
    server::{Server, ServerOptions},
    world::{CLUSTER_ID, World},
};
use serde_json::{Value, json};

use super::{ACCOUNT, Api, WATCH_AWS_AUTH, WATCH_OBJECTS, aws_auth_of, becomes, login, ready, user};
use crate::access::DEFINITION;

/// How many objects two servers look at.
const OBJECTS: usize = 20;

fn object(name: &str, resource: &str, username: &str) -> Value {
    json!({
        "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping", "metadata": {"name": name},
        "spec": {"arn": format!("arn:aws:iam::111122223333:{resource}"), "username": username, "groups": ["g"]},
    })
}

/// A server that is started before anybody has given it a permission refuses nobody, and begins when it has one.
pub(super) fn rights(world: &World) -> anyhow::Result<()> {
    // Nothing but the account is there.
    let api = Api::start(world, "modes-rights", ACCOUNT)?;
    api.admin.with_file(&["apply"], DEFINITION)?.success()?;
    api.admin.with_file(&["apply"], &aws_auth_of(&user("alice", "of-aws-auth")))?.success()?;
    let bob = object("bob", "user/ops/bob", "of-an-object").to_string();
    wait_until("the resource is served", || Ok(api.admin.with_file(&["apply"], &bob)?.code == 0))?;
    let server = api.server(world, "  backendMode: [EKSConfigMap, CRD]\n")?;
    for words in ["the server's user may not watch configmaps", "EKSConfigMap: not read yet", "CRD: not read yet"] {
        wait_until(words, || Ok(ready(&server)?.contains(words))).with_context(|| server.process.log())?;
    }
    ensure!(login(world, &server, "alice")? == "503" && login(world, &server, "bob")? == "503");
    api.admin.with_file(&["apply"], WATCH_AWS_AUTH)?.success()?;
    becomes(world, &server, "alice", "of-aws-auth")?;
    ensure!(login(world, &server, "bob")? == "503", "the other place has a permission of its own");
    api.admin.with_file(&["apply"], WATCH_OBJECTS)?.success()?;
    becomes(world, &server, "bob", "of-an-object")?;
    becomes(world, &server, "mallory", "403")
}

/// Two servers, as there are on two control plane nodes, write each status once between them.
pub(super) fn replicas(world: &World) -> anyhow::Result<()> {
    let api = Api::start(world, "modes-replicas", WATCH_OBJECTS)?;
    api.admin.with_file(&["apply"], DEFINITION)?.success()?;
    let all = (0..OBJECTS).map(|at| object(&format!("m-{at}"), &format!("role/Role-{at}"), "x"));
    let mut list = vec![object("alice", "user/alice", "alice")];
    list.extend(all);
    let list = json!({"apiVersion": "v1", "kind": "List", "items": list}).to_string();
    wait_until("the resource is served", || Ok(api.admin.with_file(&["apply"], &list)?.code == 0))?;
    let options = ServerOptions {
        cluster_id: CLUSTER_ID,
        mappings: "  backendMode: [CRD]\n",
        args: &["--kubeconfig", &api.kubeconfig.display().to_string()],
    };
    let start = |name: &str| -> anyhow::Result<Server> {
        let folder = api.folder.join(name);
        let (config, port) = Server::prepare(&folder, &options)?;
        let webhook = folder.join("webhook.kubeconfig").display().to_string();
        let args = [options.args, &["--generate-kubeconfig", &webhook]].concat();
        Server::start_prepared(&world.parts, &world.sts, &folder, &config, port, &args)
    };
    let servers = [start("one")?, start("other")?];
    let statuses = || -> anyhow::Result<BTreeSet<String>> {
        let path = "jsonpath={range .items[*]}{.status.canonicalARN}{'\\n'}{end}";
        let written = api.admin.kubectl(&["get", "iamidentitymappings", "-o", path])?.success()?;
        Ok(written.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
    };
    wait_until("every status is written", || Ok(statuses()?.len() == OBJECTS + 1))?;
    for server in &servers {
        becomes(world, server, "alice", "alice")?;
    }
    // Behind an edit both have seen everything before it.
    api.admin.with_file(&["apply"], &object("alice", "user/alice", "later").to_string())?.success()?;
    for server in &servers {
        becomes(world, server, "alice", "later")?;
    }
    let (written, refused) = (writes(&api, "200")?, writes(&api, "409")?);
    say(&format!("two servers wrote {written} statuses of {} objects, and were too late for {refused}", OBJECTS + 1));
    ensure!(written == OBJECTS + 1, "each status is written once: {written}");
    Ok(())
}

/// How many writes of statuses the API server has answered so.
fn writes(api: &Api, code: &str) -> anyhow::Result<usize> {
    let metrics = api.admin.kubectl(&["get", "--raw", "/metrics"])?.success()?;
    let is_one = |line: &&str| {
        ["apiserver_request_total{", "resource=\"iamidentitymappings\"", "subresource=\"status\"", "verb=\"PUT\""]
            .iter()
            .all(|part| line.contains(part))
            && line.contains(&format!("code=\"{code}\""))
    };
    let counts = metrics.lines().filter(is_one).filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok());
    Ok(counts.sum())
}

/// An account whose details are to be kept out of logs from now on, and no longer.
pub(super) fn scrubbed(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("modes-scrubbed")?;
    let plain = format!("  mapUsers:\n  {}", user("alice", "alice"));
    let scrubbed = format!("  scrubbedAccounts: ['111122223333']\n{plain}");
    let options = |mappings| ServerOptions { cluster_id: CLUSTER_ID, mappings, args: &[] };
    let server = Server::start(&world.parts, &world.sts, &folder, &options(&plain))?;
    let uid = || -> anyhow::Result<String> {
        let review: Value = serde_json::from_str(&server.review(&world.token("alice", CLUSTER_ID)?)?.body)?;
        let user = &review["status"]["user"];
        let uid = user["uid"].as_str().context("a uid")?.to_owned();
        ensure!(user["extra"].is_null() == uid.contains(":administrative:"), "{review}");
        Ok(uid)
    };
    ensure!(uid()?.starts_with("aws-iam-authenticator:111122223333:"), "{}", uid()?);
    server.reconfigure(&options(&scrubbed))?;
    wait_until("it is scrubbed", || Ok(uid()? == "aws-iam-authenticator:administrative:alice"))?;
    let from = server.process.log().len();
    uid()?;
    wait_until("it is logged", || Ok(server.process.log()[from..].contains("access granted")))?;
    ensure!(!server.process.log()[from..].contains("111122223333"), "{}", &server.process.log()[from..]);
    server.reconfigure(&options(&plain))?;
    wait_until("it is shown again", || Ok(uid()?.starts_with("aws-iam-authenticator:111122223333:")))
}
