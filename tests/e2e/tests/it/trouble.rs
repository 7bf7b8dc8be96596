//! STS down, slow, throttling or lying: never a grant, never a denial that anybody remembers.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use e2e::{
    process::wait_until,
    server::{Server, ServerOptions, free_port},
    world::{CLUSTER_ID, Flavour, MAPPINGS, World},
};
use sandbox::Fault;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("trouble::sts_failing_is_neither_a_grant_nor_a_denial", every_fault),
    ("trouble::nobody_answering_at_sts_is_502", nobody_there),
    ("trouble::the_api_server_recovers_by_itself_when_sts_does", recovery),
    ("trouble::no_log_and_no_metric_holds_a_signature", no_secrets),
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
    ensure!(server.process.log().contains("upstream.unreachable"), "{}", server.process.log());
    Ok(())
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

fn no_secrets(world: &World) -> anyhow::Result<()> {
    for flavour in [Flavour::V1Beta1Generated, Flavour::V1WithAudiencesAndInit] {
        let login = world.login(flavour)?;
        let metrics = login.server.request("GET", "/metrics", "")?.body;
        for (what, text) in [("log", login.server.process.log()), ("metrics", metrics)] {
            for secret in ["X-Amz-Signature", "k8s-aws-v1.", "X-Amz-Security-Token"] {
                ensure!(!text.contains(secret), "the {what} contains {secret}");
            }
        }
    }
    Ok(())
}
