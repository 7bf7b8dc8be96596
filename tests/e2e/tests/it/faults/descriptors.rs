//! Not one file more may be opened: whoever is connected is served, the others wait, and the server tries again at leisure.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, wait_until},
    server::{Server, token_review},
    world::{CLUSTER_ID, World},
};

use super::OPTIONS;

const SAID: &str = "cannot accept a connection";

pub(super) fn used_up(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("faults-no-descriptors")?;
    let server = Server::start(&world.parts, &world.sts, &folder, &OPTIONS)?;
    let review = token_review("authentication.k8s.io/v1", &world.fresh_token("alice", CLUSTER_ID)?);
    let mut connected = server.exchange()?;
    ensure!(connected.request("POST", "/authenticate", &review)?.status == 200);

    let pid = server.process.id().to_string();
    let limit = |most: &str| {
        let mut prlimit = process::command("prlimit", &folder);
        process::run(prlimit.args(["--pid", &pid, &format!("--nofile={most}:")]))?.success()
    };
    let before = fs::read_to_string(format!("/proc/{pid}/limits"))?;
    let before = before.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next());
    let before = before.unwrap_or_default().to_owned();
    // A new file has the lowest number that is free, which has to be below the limit.
    let names = fs::read_dir(format!("/proc/{pid}/fd"))?.filter_map(|fd| fd.ok()?.file_name().to_str()?.parse().ok());
    let open: BTreeSet<u32> = names.collect();
    let free = (0..=u32::MAX).find(|number| !open.contains(number)).context("every number is taken")?;
    limit(&free.to_string())?;
    let start = Instant::now();
    let mut waiting = Vec::new();
    wait_until("no descriptor is left", || {
        waiting.push(TcpStream::connect(("127.0.0.1", server.port))?);
        Ok(server.process.log().contains(SAID))
    })?;
    // Each request would be an occasion to try again.
    for _ in 0..500 {
        ensure!(connected.request("POST", "/authenticate", &review)?.status == 200);
    }
    std::thread::sleep(Duration::from_millis(500));
    let tried = server.process.log().matches(SAID).count();
    let most = 2 + usize::try_from(start.elapsed().as_millis())? / 100;
    ensure!(tried <= most, "it has tried {tried} times, and not more than {most} were to be expected");

    limit(&before)?;
    drop(waiting);
    ensure!(server.review(&world.fresh_token("bob", CLUSTER_ID)?)?.status == 200);
    Ok(())
}
