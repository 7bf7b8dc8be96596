//! Both servers when something goes wrong: rows of docs/differences.md, "When things go wrong".

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    authenticator::{GoOptions, GoServer},
    https,
    process::{self, Background, wait_until},
    server::{Server, ServerOptions, free_port},
    test_cluster::TestCluster,
    world::{CLUSTER_ID, World},
};
use sandbox::Fault;
use serde_json::json;

use super::servers::{Two, mounted_file};
use crate::access::DEFINITION;

/// A kubeconfig of an API server that is not there.
pub(super) const NOBODY_THERE: &str = "{apiVersion: v1, kind: Config, current-context: c, \
    clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}], contexts: [{name: c, context: {cluster: c, user: u}}], \
    users: [{name: u, user: {token: x}}]}\n";

/// The two, with a configuration of which alice's username is the only login.
fn of_alice(username: &str) -> String {
    format!("  mapUsers: [{{userarn: 'arn:aws:iam::111122223333:user/alice', username: {username}}}]\n")
}

/// Waits until both answer somebody with these statuses, theirs first.
fn becomes(world: &World, two: &Two, person: &str, expected: (u16, u16)) -> anyhow::Result<()> {
    let mut seen = (0, 0);
    wait_until(&format!("{person} is answered {expected:?}"), || {
        seen = statuses(world, two, person)?;
        Ok(seen == expected)
    })
    .with_context(|| format!("{seen:?}\n{}\n{}", two.theirs.process.log(), two.ours.process.log()))
}

fn statuses(world: &World, two: &Two, person: &str) -> anyhow::Result<(u16, u16)> {
    let token = world.fresh_token(person, CLUSTER_ID)?;
    Ok((two.theirs.review(&token)?.status, two.ours.review(&token)?.status))
}

/// STS fails: theirs says no, ours that it does not know.
pub(super) fn sts(world: &World) -> anyhow::Result<()> {
    let two = Two::start(world, "both-sts", &mounted_file())?;
    let faults = [
        (Fault::Throttle, (429, 429)),
        (Fault::ServerError, (403, 502)),
        (Fault::Reset, (403, 502)),
        (Fault::Garbage, (403, 502)),
    ];
    for (fault, expected) in faults {
        let token = world.fresh_token("alice", CLUSTER_ID)?;
        world.sts.faults.set(fault.clone());
        let answers = (two.theirs.review(&token), two.ours.review(&token));
        world.sts.faults.clear();
        let seen = (answers.0?.status, answers.1?.status);
        ensure!(seen == expected, "{fault:?}: {seen:?}");
        wait_until("ours asks STS again", || Ok(two.ours.review(&token)?.status == 200))?;
    }
    Ok(())
}

/// A source that was not read yet, and no Region to ask EC2 in.
pub(super) fn not_known_yet(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-not-yet")?;
    let kubeconfig = folder.join("kubeconfig");
    fs::write(&kubeconfig, NOBODY_THERE)?;
    let server = format!(
        "  backendMode: [MountedFile, EKSConfigMap]\n  kubeconfig: {}\n{}",
        kubeconfig.display(),
        mounted_file()
    );
    let two = Two::start(world, "both-not-yet-servers", &server)?;
    ensure!(statuses(world, &two, "alice")? == (200, 200), "an earlier source maps her");
    let seen = statuses(world, &two, "mallory")?;
    ensure!(seen == (403, 503), "{seen:?}");
    drop(two);

    let without_region = vec![("AWS_REGION", String::new()), ("AWS_EC2_METADATA_DISABLED", "true".to_owned())];
    let mappings = mounted_file();
    let options = GoOptions {
        cluster_id: CLUSTER_ID,
        server: &mappings,
        features: &[],
        args: &[],
        environment: without_region.clone(),
    };
    let theirs = GoServer::start_with(&world.parts, &world.sts, &folder.join("theirs"), options)?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &mappings, args: &[] };
    let ours = Server::start_in(&world.parts, &world.sts, &folder.join("ours"), &options, without_region)?;
    let node = world.fresh_token("node", CLUSTER_ID)?;
    let seen = (theirs.review(&node)?.status, ours.review(&node)?.status);
    ensure!(seen == (403, 502), "a machine's name: {seen:?}");
    let alice = world.fresh_token("alice", CLUSTER_ID)?;
    ensure!((theirs.review(&alice)?.status, ours.review(&alice)?.status) == (200, 200), "nobody else is kept out");
    Ok(())
}

/// What becomes of a configuration that changes, and of one that breaks.
pub(super) fn changes(world: &World) -> anyhow::Result<()> {
    let two = Two::start(world, "both-changes", &of_alice("first"))?;
    let says = |username: &str| -> anyhow::Result<(bool, bool)> {
        let token = world.fresh_token("alice", CLUSTER_ID)?;
        let says = format!("\"username\":\"{username}\"");
        Ok((two.theirs.review(&token)?.body.contains(&says), two.ours.review(&token)?.body.contains(&says)))
    };
    ensure!(says("first")? == (true, true));
    let folder = two.ours.folder.parent().context("a folder")?;
    let write = |text: &str| -> anyhow::Result<()> {
        for name in ["theirs", "ours"] {
            let file = folder.join(name).join("config.yaml");
            let before = fs::read_to_string(&file)?;
            let head = before.split("  mapUsers").next().unwrap_or_default();
            fs::write(file.with_extension("new"), format!("{head}{text}"))?;
            fs::rename(file.with_extension("new"), &file)?;
        }
        Ok(())
    };
    write(&of_alice("second"))?;
    wait_until("ours has taken it", || Ok(says("second")? == (false, true)))?;
    write("  mapUsers: [\n")?;
    wait_until("ours says that it is bad", || {
        Ok(two.ours.process.log().contains("the last good version stays in use"))
    })?;
    ensure!(says("first")? == (true, false) && says("second")? == (false, true), "theirs reads it once, ours keeps it");
    Ok(())
}

/// Lists that cannot be read, objects whose ARN is none, and a deletion that nobody could watch.
pub(super) fn in_the_cluster(world: &World) -> anyhow::Result<()> {
    let mut cluster = TestCluster::start(world, "both-in-cluster", "")?;
    cluster.admin.kubectl(&["get", "namespace", "kube-system"])?.success()?;
    cluster.admin.with_file(&["apply"], DEFINITION)?.success()?;
    let aws_auth = |users: &str| {
        let metadata = json!({"name": "aws-auth", "namespace": "kube-system"});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mapUsers": users}}).to_string()
    };
    let object = |arn: &str| {
        json!({
            "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping", "metadata": {"name": "m"},
            "spec": {"arn": arn, "username": "deployer", "groups": []},
        })
        .to_string()
    };
    let alice = "[{userarn: 'arn:aws:iam::111122223333:user/alice', username: alice}]";
    cluster.admin.with_file(&["apply"], &aws_auth(alice))?.success()?;
    let deployer = "arn:aws:iam::111122223333:role/Deployer";
    wait_until("the resource is served", || Ok(cluster.admin.with_file(&["apply"], &object(deployer))?.code == 0))?;
    let server =
        format!("  backendMode: [EKSConfigMap, CRD]\n  kubeconfig: {}\n", cluster.cluster.admin_kubeconfig().display());
    let two = Two::start(world, "both-in-cluster-servers", &server)?;
    let becomes = |person: &str, expected: (u16, u16)| becomes(world, &two, person, expected);
    becomes("alice", (200, 200))?;
    becomes("deployer", (200, 200))?;
    cluster.admin.with_file(&["apply"], &object("none"))?.success()?;
    becomes("deployer", (200, 403)).context("an ARN that is none")?;
    cluster.admin.with_file(&["apply"], &aws_auth("- {userarn: ["))?.success()?;
    becomes("alice", (403, 200)).context("a list that cannot be read")?;
    // A map that is made anew with one such list: theirs takes the others and locks out whoever stands in it.
    cluster.admin.kubectl(&["delete", "configmap", "aws-auth", "-n", "kube-system"])?.success()?;
    becomes("alice", (403, 403)).context("there is no aws-auth")?;
    let role = |name: &str| {
        format!(
            "[{{rolearn: 'arn:aws:iam::111122223333:role/AWSReservedSSO_DevAccess_0123456789abcdef', username: {name}}}]"
        )
    };
    let two_lists = |roles: &str, users: &str| {
        let metadata = json!({"name": "aws-auth", "namespace": "kube-system"});
        let data = json!({"mapRoles": roles, "mapUsers": users});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}).to_string()
    };
    let put = |roles: &str, users: &str| cluster.admin.with_file(&["apply"], &two_lists(roles, users))?.success();
    put(&role("dave"), "- {userarn: [")?;
    becomes("dave", (200, 200)).context("who stands in the good list")?;
    becomes("alice", (403, 503)).context("who may stand in the one that cannot be read")?;
    put(&role("dave"), alice)?;
    becomes("alice", (200, 200))?;
    put("[]", "- {userarn: [")?;
    becomes("dave", (403, 403)).context("who is taken out of the good list")?;
    becomes("alice", (403, 200)).context("the last good version of the list")?;
    put(&role("dave"), "- {userarn: [")?;
    becomes("dave", (200, 200)).context("who is put into the good list")?;
    cluster.admin.with_file(&["apply"], &aws_auth(alice))?.success()?;
    becomes("alice", (200, 200))?;
    // Theirs pauses for five seconds before it watches again.
    cluster.cluster.stop_api_server();
    wait_until("theirs has lost it", || Ok(two.theirs.process.log().contains("Unable to re-establish watch")))?;
    cluster.cluster.start_api_server()?;
    cluster.admin.kubectl(&["delete", "configmap", "aws-auth", "-n", "kube-system"])?.success()?;
    becomes("alice", (200, 403)).context("a deletion that nobody saw")
}

/// A dynamic file behind a link, and behind two, as kubelet mounts one.
pub(super) fn links(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-links")?;
    let logins = |username: &str| {
        let entry = json!({"userarn": "arn:aws:iam::111122223333:user/alice", "username": username});
        json!({"LastUpdatedDateTime": "1", "Version": "1", "mapUsers": [entry]}).to_string()
    };
    let put = |name: &str, username: &str| -> anyhow::Result<()> {
        fs::create_dir_all(folder.join(name))?;
        Ok(fs::write(folder.join(name).join("logins.json"), logins(username))?)
    };
    // One step, as kubelet does it.
    let lead = |to: &str| -> anyhow::Result<()> {
        std::os::unix::fs::symlink(to, folder.join("..data_tmp"))?;
        Ok(fs::rename(folder.join("..data_tmp"), folder.join("..data"))?)
    };
    put("..1", "first")?;
    lead("..1")?;
    std::os::unix::fs::symlink("..data/logins.json", folder.join("logins.json"))?;
    let file = folder.join("logins.json");
    let server = format!("  backendMode: [DynamicFile]\n  dynamicfilepath: {}\n", file.display());
    let two = Two::start(world, "both-links-servers", &server)?;
    let becomes = |expected: (&str, &str)| -> anyhow::Result<()> {
        let token = world.fresh_token("alice", CLUSTER_ID)?;
        let says = |body: &str, username: &str| body.contains(&format!("\"username\":\"{username}\""));
        wait_until(&format!("they say {expected:?}"), || {
            let (theirs, ours) = (two.theirs.review(&token)?, two.ours.review(&token)?);
            Ok(says(&theirs.body, expected.0) && says(&ours.body, expected.1))
        })
        .with_context(|| format!("{}\n{}", two.theirs.process.log(), two.ours.process.log()))
    };
    becomes(("first", "first"))?;
    put("..2", "second")?;
    lead("..2")?;
    // Theirs watches the file that the link led to.
    becomes(("first", "second"))?;
    fs::remove_dir_all(folder.join("..1"))?;
    becomes(("second", "second"))
}

/// A file that names modes which cannot be.
pub(super) fn odd_modes(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-odd-modes")?;
    let modes = folder.join("modes.json");
    let name = |names: &str| fs::write(&modes, json!({"backendMode": names}).to_string());
    name("MountedFile")?;
    let server = format!("  dynamicBackendModePath: {}\n{}", modes.display(), of_alice("alice"));
    let two = Two::start(world, "both-odd-modes-servers", &server)?;
    ensure!(statuses(world, &two, "alice")? == (200, 200));
    name("MountedFile MountedFile")?;
    wait_until("theirs takes it", || Ok(two.theirs.process.log().matches("starting mapper").count() >= 3))
        .with_context(|| two.theirs.process.log())?;
    wait_until("ours does not", || Ok(two.ours.process.log().contains("each once")))?;
    name("DynamicFile")?;
    let mut seen = (0, 0);
    wait_until("theirs locks everybody out", || {
        seen = statuses(world, &two, "alice")?;
        Ok(seen == (403, 200))
    })
    .with_context(|| format!("{seen:?}"))?;
    wait_until("ours says why not", || {
        Ok(two.ours.process.log().contains("the configuration has no dynamicfilepath"))
    })?;
    // A mode by its name of before.
    name("File")?;
    wait_until("both take it", || {
        seen = statuses(world, &two, "alice")?;
        let readyz = two.ours.request("GET", "/readyz", "")?.body;
        Ok(seen == (200, 200) && !readyz.contains("backend-mode"))
    })
    .with_context(|| format!("{seen:?}\n{}", two.ours.process.log()))
}

/// A file that names other modes while the API server is away: theirs forgets what it has read, and reads it anew.
pub(super) fn other_modes(world: &World) -> anyhow::Result<()> {
    let mut cluster = TestCluster::start(world, "both-other-modes", "")?;
    cluster.admin.kubectl(&["get", "namespace", "kube-system"])?.success()?;
    let metadata = json!({"name": "aws-auth", "namespace": "kube-system"});
    let users = "[{userarn: 'arn:aws:iam::111122223333:user/alice', username: alice}]";
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mapUsers": users}});
    cluster.admin.with_file(&["apply"], &map.to_string())?.success()?;
    let modes = cluster.folder.join("modes.json");
    let name = |names: &str| -> anyhow::Result<()> {
        fs::write(modes.with_extension("new"), json!({"backendMode": names}).to_string())?;
        Ok(fs::rename(modes.with_extension("new"), &modes)?)
    };
    name("EKSConfigMap")?;
    let server = format!(
        "  backendMode: [EKSConfigMap]\n  kubeconfig: {}\n  dynamicBackendModePath: {}\n  \
         mapUsers: [{{userarn: 'arn:aws:iam::111122223333:user/ops/bob', username: bob}}]\n",
        cluster.cluster.admin_kubeconfig().display(),
        modes.display()
    );
    let two = Two::start(world, "both-other-modes-servers", &server)?;
    let becomes = |person: &str, expected: (u16, u16)| becomes(world, &two, person, expected);
    becomes("alice", (200, 200))?;
    cluster.cluster.stop_api_server();
    name("EKSConfigMap MountedFile")?;
    becomes("bob", (200, 200)).context("both ask the other source")?;
    becomes("alice", (403, 200)).context("she stands in what was read before")?;
    cluster.cluster.start_api_server()?;
    becomes("alice", (200, 200))
}

/// What a start does to the kubeconfig that is there, and what SIGTERM does to a server.
pub(super) fn from_start_to_end(world: &World) -> anyhow::Result<()> {
    let started = |name: &str, program: &Path, args: &[&str]| -> anyhow::Result<(Background, bool)> {
        let folder = world.folder(&format!("both-start-to-end-{name}"))?;
        let port = free_port()?;
        fs::write(folder.join("c.yaml"), format!("clusterID: c\nserver: {{port: {port}}}\n"))?;
        let mut command = process::command(program, &folder);
        command.args(["server", "-c", "c.yaml", "--state-dir=.", "--generate-kubeconfig=k"]).args(args);
        command.env("AWS_REGION", "us-west-2").env("AWS_EC2_METADATA_DISABLED", "true");
        let start = |command: &mut std::process::Command| -> anyhow::Result<Background> {
            let process = Background::start(command, folder.join("log"))?;
            wait_until("it listens", || Ok(process.log().contains("to enable"))).with_context(|| process.log())?;
            Ok(process)
        };
        start(&mut command)?.kill()?;
        let noted = format!("# a note\n{}", fs::read_to_string(folder.join("k"))?);
        fs::write(folder.join("k"), noted)?;
        let process = start(&mut command)?;
        Ok((process, fs::read_to_string(folder.join("k"))?.starts_with("# a note\n")))
    };
    let (mut theirs, is_kept) = started("theirs", &world.parts.go_authenticator, &[])?;
    ensure!(!is_kept, "theirs writes it anew");
    // Theirs answers health checks on every address, ours on the one that it is given.
    let is_answered = |address: &str, port: u16| std::net::TcpStream::connect((address, port)).is_ok();
    wait_until("theirs is asked on another address", || Ok(is_answered("127.0.0.2", 21363)))?;
    let health = free_port()?;
    let (of_health, _) =
        started("health", &world.parts.cluster_auth, &["--health-address", &format!("127.0.0.1:{health}")])?;
    wait_until("ours is asked", || Ok(is_answered("127.0.0.1", health)))?;
    ensure!(!is_answered("127.0.0.2", health), "ours is asked nowhere else");
    // Whatever is asked, the answer is that it lives.
    for line in ["GET /", "GET /healthz", "HEAD /", "POST /metrics", "DELETE //x", "BOGUS /a/../b"] {
        let asked = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let (theirs, ours) = (https::plain(21363, &asked)?, https::plain(health, &asked)?);
        let kinds = [&theirs, &ours].map(|answer| answer.field("content-type"));
        ensure!(
            (theirs.status, &theirs.body) == (ours.status, &ours.body) && kinds[0] == kinds[1],
            "{theirs:?}\n{ours:?}"
        );
        ensure!(ours.status == 200, "{line}: {ours:?}");
    }
    drop(of_health);
    let (mut ours, is_kept) = started("ours", &world.parts.cluster_auth, &["--health-address=none"])?;
    ensure!(is_kept, "ours leaves it alone");
    ensure!(ours.terminate()?.success(), "{}", ours.log());
    process::run(std::process::Command::new("kill").arg("-TERM").arg(theirs.id().to_string()))?.success()?;
    wait_until("theirs is asked all the same", || Ok(is_answered("127.0.0.1", 21363)))?;
    ensure!(theirs.ended()?.is_none(), "theirs goes on: {}", theirs.log());
    theirs.kill()?;
    // The same of the signal that a terminal sends.
    let interrupts = |process: &Background| -> anyhow::Result<()> {
        process::run(std::process::Command::new("kill").arg("-INT").arg(process.id().to_string()))?.success().map(drop)
    };
    let (mut theirs, _) = started("theirs", &world.parts.go_authenticator, &[])?;
    wait_until("theirs is asked", || Ok(is_answered("127.0.0.1", 21363)))?;
    interrupts(&theirs)?;
    wait_until("theirs is asked all the same", || Ok(is_answered("127.0.0.1", 21363)))?;
    ensure!(theirs.ended()?.is_none(), "theirs goes on: {}", theirs.log());
    theirs.kill()?;
    let (mut ours, _) = started("ours", &world.parts.cluster_auth, &["--health-address=none"])?;
    interrupts(&ours)?;
    ensure!(ours.wait()?.success(), "{}", ours.log());
    Ok(())
}

/// A caller who may be of another account's file: the right id with another ARN, and the file's `mapAccounts`.
pub(super) fn other_arn(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-other-arn")?;
    let file = folder.join("logins.json");
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    let start = |number: usize| -> anyhow::Result<(GoServer, Server)> {
        let server = format!(
            "  backendMode: [DynamicFile]\n  dynamicfileUserIDStrict: true\n  dynamicfilepath: {}\n",
            file.display()
        );
        let options =
            GoOptions { cluster_id: CLUSTER_ID, server: &server, features: &[], args: &[], environment: Vec::new() };
        let theirs = GoServer::start_with(&world.parts, &world.sts, &folder.join(format!("theirs-{number}")), options)?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &server, args: &[] };
        let ours = Server::start(&world.parts, &world.sts, &folder.join(format!("ours-{number}")), &options)?;
        Ok((theirs, ours))
    };
    // Whoever has an id is known by a login without one.
    let mapped = json!({"mapUsers": [], "mapAccounts": ["111122223333"]});
    fs::write(&file, mapped.to_string())?;
    let (theirs, ours) = start(0)?;
    let mut answer = theirs.review(&token)?;
    wait_until("theirs has read the file", || {
        answer = theirs.review(&token)?;
        Ok(answer.status == 200 && ours.review(&token)?.status == 200)
    })?;
    let review: serde_json::Value = serde_json::from_str(&answer.body)?;
    let id = review["status"]["user"]["extra"]["principalId"][0].as_str().context("an id")?.to_owned();
    drop((theirs, ours));
    let entry = json!({"userarn": "arn:aws:iam::111122223333:user/else", "username": "else", "userid": id});
    for (number, accounts, expected) in [(1, json!([]), (403, 403)), (2, json!(["111122223333"]), (200, 403))] {
        fs::write(&file, json!({"mapUsers": [entry], "mapAccounts": accounts}).to_string())?;
        let (theirs, ours) = start(number)?;
        let mut seen = (0, 0);
        wait_until("both have read the file", || {
            seen = (theirs.review(&token)?.status, ours.review(&token)?.status);
            Ok(seen == expected)
        })
        .with_context(|| format!("{accounts}: {seen:?}"))?;
    }
    Ok(())
}
