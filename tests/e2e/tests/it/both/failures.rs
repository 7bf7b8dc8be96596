//! What both servers count when something goes wrong: each result of a review, and each metric that only moves then.

use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, ensure};
use e2e::{
    process::wait_until,
    server::ServerOptions,
    sts::now,
    world::{CLUSTER_ID, World},
};
use sandbox::Fault;
use serde_json::json;

use super::{
    servers::{Two, mounted_file, series},
    troubles::NOBODY_THERE,
};

/// What goes wrong, who asks, and what has grown by one then, in both.
type Case = (&'static str, fn(&World), &'static str, &'static [&'static str]);

const LATENCY: &str = "authenticate_latency_seconds_count";

const CASES: &[Case] = &[
    (
        "nothing",
        |_| {},
        "alice",
        &[
            "authenticate_latency_seconds_count{result=\"success\"}",
            "sts_responses_total{ResponseCode=\"200\",StsRegion=\"us-west-2\"}",
        ],
    ),
    (
        "STS wants fewer requests",
        |world| world.sts.faults.set_on("GetCallerIdentity", Fault::Throttle, 0),
        "alice",
        &[
            "authenticate_latency_seconds_count{result=\"sts_throttling\"}",
            "sts_responses_total{ResponseCode=\"400\",StsRegion=\"us-west-2\"}",
            "sts_throttling_total{StsRegion=\"us-west-2\"}",
        ],
    ),
    (
        "STS fails",
        |world| world.sts.faults.set_on("GetCallerIdentity", Fault::ServerError, 0),
        "alice",
        &[
            "authenticate_latency_seconds_count{result=\"sts_error\"}",
            "sts_responses_total{ResponseCode=\"500\",StsRegion=\"us-west-2\"}",
        ],
    ),
    (
        "STS hangs up",
        |world| world.sts.faults.set_on("GetCallerIdentity", Fault::Reset, 0),
        "alice",
        &[
            "authenticate_latency_seconds_count{result=\"sts_error\"}",
            "sts_connection_failures_total{StsRegion=\"us-west-2\"}",
        ],
    ),
    (
        "EC2 has no answer",
        |world| world.sts.faults.set_on("DescribeInstances", Fault::ServerError, 0),
        "node",
        &[
            "authenticate_latency_seconds_count{result=\"uknown_user\"}",
            "sts_responses_total{ResponseCode=\"200\",StsRegion=\"us-west-2\"}",
        ],
    ),
    (
        "a source that may map her was not read",
        |_| {},
        "mallory",
        &[
            "authenticate_latency_seconds_count{result=\"uknown_user\"}",
            "sts_responses_total{ResponseCode=\"200\",StsRegion=\"us-west-2\"}",
        ],
    ),
];

pub(super) fn counted(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-failures")?;
    let kubeconfig = folder.join("kubeconfig");
    fs::write(&kubeconfig, NOBODY_THERE)?;
    let config = format!("  backendMode: [MountedFile, EKSConfigMap]\n  kubeconfig: {}\n", kubeconfig.display());
    let two = Two::start(world, "both-failures-servers", &format!("{config}{}", mounted_file()))?;
    for (what, fails, person, expected) in CASES {
        let token = world.fresh_token(person, CLUSTER_ID)?;
        let before = two.request("GET", "/metrics", "")?;
        fails(world);
        let answers = (two.theirs.review(&token), two.ours.review(&token));
        world.sts.faults.clear();
        let seen = format!("{:?} {:?}", answers.0?.status, answers.1?.status);
        let after = two.request("GET", "/metrics", "")?;
        let (theirs, ours) = (grown(&before.0.body, &after.0.body)?, grown(&before.1.body, &after.1.body)?);
        let expected: BTreeMap<String, f64> = expected.iter().map(|name| ((*name).to_owned(), 1.0)).collect();
        ensure!(theirs == expected && ours == expected, "{what}, answered {seen}: theirs {theirs:?}\nours {ours:?}");
        // A breaker that has seen a failure is no matter of this test.
        wait_until("ours asks STS again", || {
            Ok(two.ours.review(&world.fresh_token("alice", CLUSTER_ID)?)?.status == 200)
        })?;
    }
    let failures = "aws_iam_authenticator_configmap_watch_failures_total";
    wait_until("both have counted that there is no API server", || {
        let (theirs, ours) = two.request("GET", "/metrics", "")?;
        let count = |text: &str| Ok::<_, anyhow::Error>(series(text)?.get(failures).copied().unwrap_or_default());
        Ok(count(&theirs.body)? > 0.0 && count(&ours.body)? > 0.0)
    })
}

/// What has grown of reviews and of questions to STS.
fn grown(before: &str, after: &str) -> anyhow::Result<BTreeMap<String, f64>> {
    let before = series(before)?;
    let grown = series(after)?.into_iter().filter_map(|(name, value)| {
        let by = value - before.get(&name).copied().unwrap_or_default();
        let name = name.strip_prefix("aws_iam_authenticator_")?;
        let is_one = name.starts_with(LATENCY) || name.starts_with("sts_");
        (is_one && by != 0.0).then(|| (name.to_owned(), by))
    });
    Ok(grown.collect())
}

/// How long a file of modes was on its way, and in which buckets that is.
pub(super) fn modes(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-modes-latency")?;
    let modes = folder.join("modes.json");
    let put = |names: &str, written: &str| -> anyhow::Result<()> {
        let text = json!({"backendMode": names, "LastUpdatedDateTime": written, "Version": "1"}).to_string();
        fs::write(modes.with_extension("new"), text)?;
        Ok(fs::rename(modes.with_extension("new"), &modes)?)
    };
    put("MountedFile", "0")?;
    let server = format!("  dynamicBackendModePath: {}\n{}", modes.display(), mounted_file());
    let two = Two::start(world, "both-modes-latency-servers", &server)?;
    let reads = |log: &str| log.matches("BackendMode dynamic file got changed to ").count();
    let is_read = |times: usize| {
        let both = || (reads(&two.theirs.process.log()), reads(&two.ours.process.log()));
        wait_until("both have read it", || Ok(both().0 >= times && both().1 >= times))
            .with_context(|| format!("{:?}\n{}", both(), two.theirs.process.log()))
    };
    is_read(1)?;
    // What was written later than now, or nobody knows when, is counted by neither.
    for (times, written) in [(2, (now().as_second() + 5000).to_string()), (3, "yesterday".to_owned())] {
        put("MountedFile", &written)?;
        is_read(times)?;
    }
    let name = "aws_iam_authenticator_dynamic_e2e_latency_seconds";
    let of = |text: &str| -> anyhow::Result<BTreeMap<String, f64>> {
        let all = series(text)?.into_iter().filter(|(series, _)| series.starts_with(name) && !series.contains("_sum"));
        Ok(all.collect())
    };
    // As long ago as no bucket but the longest holds, with time for a slow machine.
    put("MountedFile", &(now().as_second() - 35).to_string())?;
    let mut seen = (BTreeMap::new(), BTreeMap::new());
    wait_until("both have counted it", || {
        let (theirs, ours) = two.request("GET", "/metrics", "")?;
        seen = (of(&theirs.body)?, of(&ours.body)?);
        Ok(!seen.0.is_empty() && !seen.1.is_empty())
    })
    .with_context(|| format!("{}\n{}", two.theirs.process.log(), two.ours.process.log()))?;
    ensure!(seen.0 == seen.1 && seen.0.len() == 10, "theirs {:?}\nours {:?}", seen.0, seen.1);
    let bucket = |end: &str| seen.0.get(&format!("{name}_bucket{{type=\"dynamic_backend_mode\",le=\"{end}\"}}"));
    ensure!((bucket("30"), bucket("60")) == (Some(&0.0), Some(&1.0)), "{:?}", seen.0);
    Ok(())
}

/// What was no failure to open a watch counts for nothing in ours: a kubeconfig that cannot be read, which ends theirs.
pub(super) fn unreadable(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-failures-unreadable")?;
    let mappings = format!(
        "  backendMode: [MountedFile, EKSConfigMap]\n  kubeconfig: {}\n{}",
        folder.join("missing").display(),
        mounted_file()
    );
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &mappings, args: &[] };
    let ours = e2e::server::Server::start(&world.parts, &world.sts, &folder.join("ours"), &options)?;
    wait_until("it is said", || Ok(ours.process.log().contains("this mapping source cannot be read yet")))?;
    let metrics = ours.request("GET", "/metrics", "")?.body;
    ensure!(metrics.contains("\naws_iam_authenticator_configmap_watch_failures_total 0\n"), "{metrics}");
    Ok(())
}
