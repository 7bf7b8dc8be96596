//! A log that nobody reads: what is lost of it is counted and said, and no denial is lost uncounted.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, ensure};
use e2e::{
    exchange::Exchange,
    https,
    process::{self, wait_until},
    server::{Server, certificate_authority, token_review},
    world::{CLUSTER_ID, World},
};
use serde_json::Value as Json;

use super::OPTIONS;

/// More grants than there are lines that wait, and than a pipe holds.
const GRANTS: usize = 9_000;

/// Of each of three codes; most of these have no line of their own.
const DENIALS: usize = 700;

const LOST: &str = "cluster_auth_log_lines_lost_total";

const SAID: &str = "lines of this log were lost: its reader is too slow";

struct Unread(Child);

impl Drop for Unread {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn lost(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("faults-lines")?;
    let (config, port) = Server::prepare(&folder, &OPTIONS)?;
    process::run(process::command(&world.parts.cluster_auth, &folder).args(["init", "-i", CLUSTER_ID]))?.success()?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.args(["server", "--log-format=json", "--health-address", "none", "--state-dir", "."]);
    command.arg("--kubeconfig-pregenerated").arg("--config").arg(&config).env("AWS_REGION", "us-west-2");
    command.args(["--sts-connect-to", &world.sts.address.to_string()]).arg("--sts-ca-file").arg(&world.sts.ca_file);
    let mut server = Unread(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?);
    let authority = certificate_authority(&folder)?;
    wait_until("it serves", || Ok(https::request(&authority, port, "GET", "/readyz", "").is_ok()))?;

    let metrics = || Ok::<_, anyhow::Error>(https::request(&authority, port, "GET", "/metrics", "")?.body);
    let mut exchange = Exchange::tls(port, &authority)?;
    let mut review = |token: &str, times: usize, status: u16| {
        let review = token_review("authentication.k8s.io/v1", token);
        for _ in 0..times {
            let answer = exchange.request("POST", "/authenticate", &review)?;
            ensure!(answer.status == status, "{answer:?}");
        }
        Ok(())
    };
    let (alice, mallory) = (world.fresh_token("alice", CLUSTER_ID)?, world.fresh_token("mallory", CLUSTER_ID)?);
    let other = world.fresh_token("alice", "other.example.com")?;
    review(&alice, GRANTS / 2, 200)?;
    for _ in 0..DENIALS / 100 {
        review(&mallory, 100, 403)?;
        review(&other, 100, 403)?;
        review("none of ours", 100, 403)?;
    }
    review(&alice, GRANTS - GRANTS / 2, 200)?;
    wait_until("it is counted that lines were lost", || Ok(value(&metrics()?, LOST)? > 0))?;

    // From here on somebody reads.
    let (lines, read) =
        (BufReader::new(server.0.stderr.take().context("its log")?).lines(), Arc::<Mutex<Vec<Json>>>::default());
    let reading = std::thread::spawn({
        let read = Arc::clone(&read);
        move || -> anyhow::Result<()> {
            for line in lines {
                let line = serde_json::from_str(&line?)?;
                lock(&read).push(line);
            }
            Ok(())
        }
    });
    wait_until("it is said that lines were lost", || Ok(lock(&read).iter().any(|line| line["msg"] == SAID)))?;
    let metrics = metrics()?;
    process::run(std::process::Command::new("kill").arg("-TERM").arg(server.0.id().to_string()))?.success()?;
    server.0.wait()?;
    reading.join().map_err(|_| anyhow::anyhow!("the reader has panicked"))??;
    let lines = lock(&read);

    let (mut own, mut counted, mut said) = (BTreeMap::<String, u64>::new(), BTreeMap::<String, u64>::new(), 0);
    for line in lines.iter() {
        let code = line["code"].as_str().unwrap_or_default().to_owned();
        match line["msg"].as_str().unwrap_or_default() {
            "reviews without a log line of their own" => {
                *counted.entry(code).or_default() += line["count"].as_u64().context("a count")?;
            }
            SAID => said += line["lines"].as_u64().context("a count")?,
            "access granted" | "access denied" => *own.entry(code).or_default() += 1,
            _ => {}
        }
    }
    let lost = value(&metrics, LOST)?;
    let decided = |code: &str| value(&metrics, &format!("cluster_auth_decisions_total{{code=\"{code}\"}}"));
    let mut is_counted = false;
    for code in ["mapping.none", "sts.signature-mismatch", "token.not-aws"] {
        let [own, counted] = [&own, &counted].map(|lines| lines.get(code).copied().unwrap_or_default());
        ensure!(decided(code)? == own + counted, "{code}: {own} lines, {counted} counted, of {}", decided(code)?);
        ensure!(own + counted == DENIALS as u64, "{code}: {own} lines, {counted} counted");
        is_counted |= counted > 0;
    }
    let grants = own.get("granted").copied().unwrap_or_default();
    ensure!(is_counted, "every denial had a line of its own, so that this shows little");
    // Among those that are lost may be some that say so.
    let missing = decided("granted")? - grants;
    ensure!(0 < missing && missing <= lost, "{missing} grants have no line, and {lost} lines are lost");
    ensure!(said == lost, "{said} lines are said to be lost, and {lost} are");
    Ok(())
}

/// The value of one series.
fn value(metrics: &str, series: &str) -> anyhow::Result<u64> {
    let value = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    Ok(value.with_context(|| format!("{series} is not in\n{metrics}"))?.parse()?)
}

fn lock(lines: &Mutex<Vec<Json>>) -> MutexGuard<'_, Vec<Json>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}
