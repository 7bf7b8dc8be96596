//! STS down, slow, throttling or lying: never a grant, never a denial that anybody remembers.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use e2e::{
    process::wait_until,
    world::{Flavour, World},
};
use sandbox::Fault;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("trouble::sts_failing_is_neither_a_grant_nor_a_denial", every_fault),
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
