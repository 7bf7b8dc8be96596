//! What the server's pod takes of its memory with many users.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{node::TestNode, server::token_review, world::World};

use super::{PRODUCTION, guide::LABEL, say};

/// How many reviews make the load.
const REVIEWS: usize = 200;

/// Measures a server with 1,000 users in the chart's 20Mi, and with 20,000 in the 64Mi that reading so many takes (docs/benchmark.md),
/// just started and under load of tokens that no server has seen, and prints it.
pub(super) fn measure(world: &World, machine: &TestNode, folder: &Path) -> anyhow::Result<()> {
    for (users, mebibytes) in [(1_000, 20), (20_000, 64)] {
        let many: String = (0..users).map(|number| format!("u{number:05}, ")).collect();
        let text = format!(
            "clusterID: {PRODUCTION}\naccount: \"111122223333\"\ngroups:\n\
             - name: developers\n  users: [{many}alice]\n  authorization:\n  - {{namespace: dev, clusterRole: view}}\n"
        );
        fs::write(folder.join("many.yaml"), text)?;
        let limit = format!("--set authenticator.resources.limits.memory={mebibytes}Mi");
        let upgrade = "helm upgrade cluster-auth chart/cluster-auth -n kube-system --values many.yaml";
        machine.run(&format!("cd {} && {upgrade} {limit}", folder.display()))?;
        // A pod that starts with them, and not one that has taken them in.
        machine.kubectl(&["-n", "kube-system", "rollout", "restart", "daemonset", "cluster-auth"])?;
        machine.rolled_out("cluster-auth")?;
        let pod = machine.pods(LABEL)?.pop().context("the DaemonSet has a pod")?;
        let running = machine.running(&pod)?;
        let idle = running.memory()?;
        let (answers, logins) = machine.under_logins(world, &["alice"], PRODUCTION, || load(world, machine, folder))?;
        ensure!(logins.turned_away.is_empty(), "{logins:?}");
        ensure!(answers.lines().count() == REVIEWS && answers.lines().all(|status| status == "200"), "{answers}");
        let loaded = running.memory()?;
        ensure!(machine.running(&pod)?.id == running.id, "the server has been started anew: it had too little memory");
        let mib = |bytes: u64| format!("{}.{} MiB", bytes >> 20, ((bytes >> 10) % 1024) * 10 / 1024);
        let [idle, loaded] = [idle, loaded]
            .map(|memory| format!("{} anonymous and {} at most", mib(memory.anonymous), mib(memory.peak)));
        say(&format!(
            "{users} users, of {mebibytes} MiB: {idle} when it has started; {loaded} after {REVIEWS} reviews of as many tokens on 16 connections and {} logins",
            logins.let_in
        ));
    }
    Ok(())
}

/// Asks from all sides at once, about a token of its own each time, and gives the statuses of the answers, one a line.
fn load(world: &World, machine: &TestNode, folder: &Path) -> anyhow::Result<String> {
    let mut transfers = Vec::new();
    for number in 0..REVIEWS {
        let review = token_review("authentication.k8s.io/v1", &world.fresh_token("alice", PRODUCTION)?);
        let file = folder.join(format!("review-{number}.json"));
        fs::write(&file, review)?;
        transfers.push(format!(
            "url = \"https://127.0.0.1:21362/authenticate\"\ninsecure\nhttp1.1\nsilent\noutput = \"/dev/null\"\n\
             write-out = \"%{{http_code}}\\n\"\nheader = \"content-type: application/json\"\ndata = \"@{}\"\n",
            file.display()
        ));
    }
    let config = folder.join("reviews.curl");
    fs::write(&config, transfers.join("next\n"))?;
    machine.run(&format!("curl --parallel --parallel-max 16 --config {}", config.display()))
}
