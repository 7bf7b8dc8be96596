//! What both servers' metrics count otherwise than each other: the rows of docs/differences.md, "In metrics".

use std::{collections::BTreeSet, fs};

use anyhow::{Context as _, ensure};
use e2e::{
    https::{self, Answer},
    process::wait_until,
    server::certificate_authority,
    world::{CLUSTER_ID, World},
};
use serde_json::json;

use super::servers::{Two, mounted_file, series};

/// Whose metrics are compared.
#[derive(Clone, Copy)]
enum Whose {
    Theirs,
    Ours,
}

use Whose::{Ours, Theirs};

fn metrics(two: &Two, whose: Whose) -> anyhow::Result<Answer> {
    match whose {
        Theirs => two.theirs.request("GET", "/metrics", ""),
        Ours => two.ours.request("GET", "/metrics", ""),
    }
}

/// A series' value, as it is written.
fn value(two: &Two, whose: Whose, name: &str) -> anyhow::Result<String> {
    Ok(series(&metrics(two, whose)?.body)?.get(name).copied().unwrap_or_default().to_string())
}

fn both(two: &Two, name: &str) -> anyhow::Result<[String; 2]> {
    Ok([value(two, Theirs, name)?, value(two, Ours, name)?])
}

/// A token that is asked about again: theirs asks STS each time, ours remembers. And a Region that is only a caller's word.
pub(super) fn remembered(world: &World) -> anyhow::Result<()> {
    let two = Two::start(world, "both-remembered", &mounted_file())?;
    let refused = world.fresh_token("alice", "another.example.com")?;
    ensure!(two.theirs.review(&refused)?.status == 403 && two.ours.review(&refused)?.status == 403);
    for (whose, region) in [(Theirs, "us-west-2"), (Ours, "unconfirmed")] {
        let name = format!("aws_iam_authenticator_sts_responses_total{{ResponseCode=\"403\",StsRegion=\"{region}\"}}");
        ensure!(value(&two, whose, &name)? == "1", "{name}: {}", metrics(&two, whose)?.body);
    }
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    for _ in 0..3 {
        ensure!(two.theirs.review(&token)?.status == 200 && two.ours.review(&token)?.status == 200);
    }
    let responses = "aws_iam_authenticator_sts_responses_total{ResponseCode=\"200\",StsRegion=\"us-west-2\"}";
    let reviews = "aws_iam_authenticator_authenticate_latency_seconds_count{result=\"success\"}";
    for (name, expected) in [(responses, ["3", "1"]), (reviews, ["3", "3"])] {
        let seen = both(&two, name)?;
        ensure!(seen == expected, "{name}: {seen:?}");
    }
    Ok(())
}

/// Which metrics there are besides the authenticator's own, and in which formats.
pub(super) fn others(world: &World) -> anyhow::Result<()> {
    let two = Two::start(world, "both-metrics", &mounted_file())?;
    let families = |answer: &Answer| -> BTreeSet<String> {
        let names = answer.body.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let is_own = |name: &&str| name.starts_with("aws_iam_authenticator_") || name.starts_with("cluster_auth_");
        names.filter(|name| !is_own(name)).map(str::to_owned).collect()
    };
    let (theirs, ours) = (families(&metrics(&two, Theirs)?), families(&metrics(&two, Ours)?));
    // Of Go's run time, of its library, and of the network alone.
    let is_listed = |name: &&String| {
        ["go_", "promhttp_"].iter().any(|prefix| name.starts_with(prefix))
            || ["process_network_receive_bytes_total", "process_network_transmit_bytes_total"].contains(&name.as_str())
            || *name == "process_virtual_memory_max_bytes"
    };
    let lacking: Vec<&String> = theirs.difference(&ours).filter(|name| !is_listed(name)).collect();
    ensure!(lacking.is_empty() && theirs.iter().filter(is_listed).count() > 10, "{lacking:?} of {theirs:?}");
    for name in
        ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds"]
    {
        ensure!(theirs.contains(name) && ours.contains(name), "{name}: {ours:?}");
    }
    let asked = |accept: &str| format!("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{accept}\r\n\r\n");
    // What is compressed is no text: its head says enough.
    let gzip = asked("Accept-Encoding: gzip");
    let head = two.theirs.raw(&gzip.replace("GET", "HEAD"))?;
    ensure!(head.field("content-encoding") == Some("gzip"), "{head:?}");
    let ours = two.ours.raw(&gzip)?;
    ensure!(ours.field("content-encoding").is_none() && ours.body.starts_with("# HELP "), "{ours:?}");
    // Prometheus' own head of a request.
    let prometheus =
        asked("Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
    for answer in [two.theirs.raw(&prometheus)?, two.ours.raw(&prometheus)?] {
        ensure!(
            answer.field("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")),
            "{answer:?}"
        );
    }
    let port = two.ours.port;
    let ca = certificate_authority(&two.ours.folder)?;
    ensure!(https::request(&ca, port, "HEAD", "/metrics", "")?.body.is_empty());
    Ok(())
}

/// A dynamic file that changes, breaks and goes, and what is counted of it.
pub(super) fn dynamic_file(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-dynamic")?;
    let file = folder.join("logins.json");
    let logins = |username: &str| {
        let entry = json!({"userarn": "arn:aws:iam::111122223333:user/alice", "username": username, "groups": []});
        json!({"LastUpdatedDateTime": "1700000000", "Version": "1", "mapUsers": [entry]}).to_string()
    };
    let put = |text: &str| -> anyhow::Result<()> {
        fs::write(folder.join("new"), text)?;
        Ok(fs::rename(folder.join("new"), &file)?)
    };
    put(&logins("first"))?;
    let server = format!("  backendMode: [DynamicFile]\n  dynamicfilepath: {}\n", file.display());
    let two = Two::start(world, "both-dynamic-servers", &server)?;
    let becomes = |username: &str| -> anyhow::Result<()> {
        let token = world.fresh_token("alice", CLUSTER_ID)?;
        let says = format!("\"username\":\"{username}\"");
        let (theirs, ours) = (|| two.theirs.review(&token), || two.ours.review(&token));
        wait_until(&format!("both say {username}"), || {
            Ok(theirs()?.body.contains(&says) && ours()?.body.contains(&says))
        })
        .with_context(|| format!("{}\n{}", two.theirs.process.log(), two.ours.process.log()))
    };
    becomes("first")?;
    let latency = "aws_iam_authenticator_dynamic_e2e_latency_seconds_count{type=\"dynamic_file\"}";
    let failures = "aws_iam_authenticator_dynamicfile_failures_total";
    let counted = || -> anyhow::Result<[[String; 2]; 2]> { Ok([both(&two, latency)?, both(&two, failures)?]) };
    let is = |expected: [[&str; 2]; 2], when: &str| -> anyhow::Result<()> {
        let seen = counted()?;
        ensure!(seen == expected, "{when}: {seen:?}");
        Ok(())
    };
    is([["0", "0"], ["0", "0"]], "the first time counts for nothing")?;
    put(&logins("second"))?;
    becomes("second")?;
    is([["1", "1"], ["0", "0"]], "a change")?;
    // Theirs counts a watcher that fails, ours that the file could not be taken.
    put("{")?;
    wait_until("ours has seen it", || Ok(value(&two, Ours, failures)? != "0"))?;
    wait_until("theirs has seen it", || Ok(two.theirs.process.log().contains("could not unmarshal dynamic file")))?;
    is([["1", "1"], ["0", "1"]], "a file that is broken")?;
    put(&logins("third"))?;
    becomes("third")?;
    is([["2", "2"], ["0", "1"]], "one that is mended")
}

/// What a file that names the modes leaves in the gauges when it is gone.
pub(super) fn gauges(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-gauges")?;
    let (file, modes) = (folder.join("logins.json"), folder.join("modes.json"));
    fs::write(&file, json!({"mapUsers": []}).to_string())?;
    let name =
        |names: &str| json!({"backendMode": names, "LastUpdatedDateTime": "1700000000", "Version": "1"}).to_string();
    fs::write(&modes, name("DynamicFile"))?;
    let server = format!(
        "  backendMode: [MountedFile, DynamicFile]\n  dynamicfilepath: {}\n  dynamicBackendModePath: {}\n{}",
        file.display(),
        modes.display(),
        mounted_file()
    );
    let two = Two::start(world, "both-gauges-servers", &server)?;
    let gauges = ["aws_iam_authenticator_dynamic_file_enabled", "aws_iam_authenticator_dynamic_file_only"];
    let seen = || -> anyhow::Result<[[String; 2]; 2]> { Ok([both(&two, gauges[0])?, both(&two, gauges[1])?]) };
    wait_until("both have read it", || Ok(seen()? == [["0", "0"], ["1", "1"]]))
        .with_context(|| format!("{:?}", seen().ok()))?;
    fs::write(&modes, name("MountedFile DynamicFile"))?;
    // Theirs never takes one back.
    wait_until("both have read the other", || Ok(seen()? == [["1", "1"], ["1", "0"]]))
        .with_context(|| format!("{:?}", seen().ok()))?;
    fs::remove_file(&modes)?;
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    wait_until("both ask what is configured", || {
        Ok(two.theirs.review(&token)?.status == 200 && two.ours.review(&token)?.status == 200)
    })?;
    wait_until("ours has them back", || Ok(seen()? == [["1", "0"], ["1", "0"]]))
        .with_context(|| format!("{:?}", seen().ok()))
}
