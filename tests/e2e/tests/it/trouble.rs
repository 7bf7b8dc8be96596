//! STS down, slow, throttling or lying: never a grant, never a denial that anybody remembers. And a server that ends, or
//! finds things in its machine that are not as they should be.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use e2e::{
    https,
    process::{self, wait_until},
    secrets,
    server::{Server, ServerOptions, certificate_authority, free_port, token_review},
    world::{CLUSTER_ID, Flavour, MAPPINGS, World},
};
use sandbox::Fault;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("trouble::sts_failing_is_neither_a_grant_nor_a_denial", every_fault),
    ("trouble::nobody_answering_at_sts_is_502", nobody_there),
    ("trouble::the_api_server_recovers_by_itself_when_sts_does", recovery),
    ("trouble::a_review_under_way_at_sigterm_is_answered", sigterm),
    ("trouble::a_key_that_others_may_read_is_warned_of", lax_key),
    ("trouble::the_health_check_is_there_when_its_port_comes_free", health_port),
    ("trouble::no_log_and_no_metric_holds_a_signature", no_secrets),
    ("trouble::a_secret_that_any_program_prints_is_found", planted),
];

fn every_fault(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let faults = [
        (Fault::Throttle, 429),
        (Fault::ServerError, 502),
        (Fault::Unavailable, 502),
        (Fault::Reset, 502),
        (Fault::Garbage, 502),
        (Fault::Redirect, 502),
        (Fault::HugeBody, 502),
        (Fault::OtherPartition, 502),
        (Fault::OtherAccount, 502),
        (Fault::Delay(Duration::from_secs(8)), 502),
    ];
    for (fault, status) in faults {
        let token = world.fresh_token("alice", login.cluster_id())?;
        world.sts.faults.set(fault.clone());
        let answer = login.server.review(&token);
        world.sts.faults.clear();
        let answer = answer.with_context(|| format!("{fault:?}"))?;
        ensure!(answer.status == status, "{fault:?}: {answer:?}");
        ensure!(!answer.body.contains("\"authenticated\":true"), "{fault:?}: {answer:?}");
        ensure!(!answer.head.to_ascii_lowercase().contains("retry-after"), "{fault:?}: {answer:?}");
        // The breaker may keep STS out of it for a moment; it is never the token that is remembered.
        wait_until("the same token is good again", || Ok(login.server.review(&token)?.status == 200))
            .with_context(|| format!("after {fault:?}"))?;
    }
    Ok(())
}

fn nobody_there(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("trouble-down")?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };
    let (config, port) = Server::prepare(&folder, &options)?;
    // The last of two flags would be refused, so the one that leads nowhere takes the place of the usual one.
    let nowhere = format!("127.0.0.1:{}", free_port()?);
    let server = Server::start_at(&world.parts, &world.sts, &folder, &config, port, &nowhere)?;
    let answer = server.review(&world.token("alice", CLUSTER_ID)?)?;
    ensure!(answer.status == 502, "{answer:?}");
    wait_until("the log says why", || Ok(server.process.log().contains("upstream.unreachable")))
}

fn recovery(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let token = world.fresh_token("carol", login.cluster_id())?;
    world.sts.faults.set(Fault::ServerError);
    let refused = login.with_token(&token, &["auth", "whoami"]);
    world.sts.faults.clear();
    ensure!(refused?.code != 0, "STS was down, so nobody can have been let in");
    wait_until("the very same token is good", || Ok(login.with_token(&token, &["auth", "whoami"])?.code == 0))
}

fn sigterm(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("trouble-sigterm")?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };
    let mut server = Server::start(&world.parts, &world.sts, &folder, &options)?;
    let (port, authority) = (server.port, certificate_authority(&folder)?);
    let people = ["alice", "bob", "carol", "erin"];
    let tokens = people.map(|person| world.fresh_token(person, CLUSTER_ID));
    let asked = world.sts.faults.requests("GetCallerIdentity");
    world.sts.faults.set(Fault::Delay(Duration::from_secs(2)));
    let reviews = tokens.map(|token| {
        let authority = authority.clone();
        std::thread::spawn(move || {
            let review = token_review("authentication.k8s.io/v1", &token?);
            https::request(&authority, port, "POST", "/authenticate", &review)
        })
    });
    let under_way =
        wait_until("all are under way", || Ok(world.sts.faults.requests("GetCallerIdentity") == asked + people.len()));
    let ended = under_way.and_then(|()| server.process.terminate());
    world.sts.faults.clear();
    for (person, review) in people.into_iter().zip(reviews) {
        let answer = review.join().map_err(|_| anyhow::anyhow!("it panicked"))?.context(person)?;
        ensure!(answer.status == 200 && answer.body.contains(person), "{person}: {answer:?}");
    }
    ensure!(ended?.success(), "{}", server.process.log());
    ensure!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens any more");
    Ok(())
}

fn lax_key(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("trouble-lax-key")?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };
    for (mode, is_said) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
        // The first makes the pair.
        if mode != 0o600 {
            fs::set_permissions(folder.join("key.pem"), fs::Permissions::from_mode(mode))?;
        }
        let mut server = Server::start(&world.parts, &world.sts, &folder, &options)?;
        ensure!(server.process.terminate()?.success(), "{}", server.process.log());
        let log = server.process.log();
        ensure!(log.contains("may read or write the server's key") == is_said, "{mode:o}: {log}");
        ensure!(log.contains(&format!("\"mode\":\"{mode:04o}\"")) == is_said, "{mode:o}: {log}");
    }
    Ok(())
}

fn health_port(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("trouble-health-port")?;
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let address = taken.local_addr()?;
    let args = ["--health-address", &address.to_string()];
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &args };
    let server = Server::start(&world.parts, &world.sts, &folder, &options)?;
    let log = server.process.log();
    ensure!(log.contains("the health check's port is in use"), "{log}");
    drop(taken);
    wait_until("the health check answers", || {
        let Ok(mut stream) = std::net::TcpStream::connect(address) else { return Ok(false) };
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nok"))
    })
}

/// What every program has printed is searched by `process`; here are the servers that all tests share, in the middle of it, and
/// what they tell of themselves otherwise.
fn no_secrets(world: &World) -> anyhow::Result<()> {
    for flavour in [Flavour::V1Beta1Generated, Flavour::V1WithAudiencesAndInit] {
        let login = world.login(flavour)?;
        let before = login.decisions();
        let token = world.fresh_token("dave", CLUSTER_ID)?;
        login.with_token(&token, &["auth", "whoami"])?.success()?;
        ensure!(secrets::knows(&token), "its signature and session token are searched for");
        wait_until("the decision is in the log", || Ok(login.decisions() != before))?;
        secrets::refused("kube-apiserver", &login.cluster.api_server_log())?;
        let metrics = login.server.request("GET", "/metrics", "")?.body;
        for (what, text) in [("log", login.server.process.log()), ("metrics", metrics)] {
            secrets::refused(what, &text)?;
            for secret in ["X-Amz-Signature", "k8s-aws-v1.", "X-Amz-Security-Token"] {
                ensure!(!text.contains(secret), "the {what} contains {secret}");
            }
        }
    }
    Ok(())
}

/// A search that finds nothing is worth as much as what it would find.
fn planted(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("trouble-planted")?;
    let signature = "c93e07a15bd82f640e97b3da816c25f04ad7e9603bf15c82d60a94e7138bf52c";
    let token = secrets::made_up_token(signature)?;
    let (encoded, start) = (&token[token.len() - 40..], &signature[..20]);
    let shell = |script: &str| {
        let mut command = process::command("sh", &folder);
        command.args(["-c", script]);
        command
    };
    process::run(&mut shell(&format!("echo {token}")))?.success()?;
    secrets::plant(&token);
    for (what, secret) in
        [("a token", token.as_str()), ("a signature", signature), ("half", encoded), ("a part", start)]
    {
        for to in ["", " >&2"] {
            let printed = process::run(&mut shell(&format!("echo 'sent [{secret}] to AWS'{to}")));
            let said = printed.err().with_context(|| format!("{what}{to} is not found"))?.to_string();
            ensure!(said.contains("printed a secret"), "{what}{to}: {said}");
        }
        let before = secrets::found_planted().len();
        let mut server = process::Background::start(&mut shell(&format!("echo 'x={secret}'")), folder.join("log"))?;
        server.wait()?;
        drop(server);
        ensure!(secrets::found_planted().len() == before + 1, "{what} in a log is not found");
    }
    // Whose product a token is may print it; what it says beside it is searched.
    let asked = |to| process::run(&mut shell(&format!(": cluster-auth token; echo {token}{to}")));
    ensure!(asked("")?.stdout.trim() == token);
    ensure!(asked(" >&2").is_err(), "what is said beside a token is searched");
    Ok(())
}
