//! `--deny-with-200` at a real API server: nobody sees a difference but whoever counts the failures of its webhook.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    admin::Admin,
    process::{self, wait_until},
    server::{Server, ServerOptions},
    world::{CLUSTER_ID, MAPPINGS, World},
};
use local_cluster::{Binaries, Cluster, Options, ReviewVersion, Webhook};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("denials::with_200_are_no_failures_of_the_webhook", no_failures),
    ("denials::with_200_are_remembered_by_the_api_server", remembered),
];

/// An API server, with what it remembers for as long as it does by default, and a server behind it.
struct Stage {
    cluster: Cluster,
    admin: Admin,
    server: Server,
}

impl Stage {
    fn set(world: &World, name: &str, mappings: &str, args: &[&str]) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings, args };
        let server = Server::start(&world.parts, &world.sts, &folder.join("server"), &options)?;
        let webhook = Webhook { kubeconfig: server.kubeconfig(), version: ReviewVersion::V1, cache_ttl: None };
        let options = Options { webhook: Some(webhook), ..Options::default() };
        let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
        let cluster = Cluster::start(&binaries, &options, e2e::sts::now())?;
        let admin = Admin::new(binaries.kubectl()?.to_owned(), &cluster, &folder);
        Ok(Self { cluster, admin, server })
    }

    /// Shows the API server a token, in one request.
    fn shows(&self, token: &str) -> anyhow::Result<process::Output> {
        let mut command = process::command(self.admin.program(), &self.server.folder);
        let ca = self.server.folder.join("api-server-ca.pem");
        fs::write(&ca, self.cluster.ca_pem())?;
        command.arg(format!("--server={}", self.cluster.server_url()));
        command.arg(format!("--certificate-authority={}", ca.display()));
        process::run(command.arg(format!("--token={token}")).args(["get", "--raw", "/api"]))
    }

    /// What comes of somebody who must not get in: how often the API server says that its webhook has failed, in its metrics
    /// and in its log, and how often our server was asked.
    fn refused(&self, token: &str) -> anyhow::Result<[usize; 3]> {
        let before = self.seen()?;
        let refused = self.shows(token)?.failure()?;
        ensure!(refused.contains("Unauthorized"), "{refused}");
        let after = self.seen()?;
        Ok([0, 1, 2].map(|at| after[at] - before[at]))
    }

    fn seen(&self) -> anyhow::Result<[usize; 3]> {
        let metrics = self.admin.kubectl(&["get", "--raw", "/metrics"])?.success()?;
        let errors = value(&metrics, "authentication_token_cache_fetch_total{status=\"error\"}")?;
        let log = self.cluster.api_server_log().matches("Failed to make webhook authenticator request").count();
        Ok([errors, log, self.server.process.log().matches("\"access denied\"").count()])
    }
}

/// The value of a counter; none where nothing was counted yet.
fn value(metrics: &str, series: &str) -> anyhow::Result<usize> {
    let value = metrics.lines().find_map(|line| line.strip_prefix(series));
    value.map_or(Ok(0), |value| value.trim().parse().with_context(|| format!("{series} is {value}")))
}

fn no_failures(world: &World) -> anyhow::Result<()> {
    let unread = world.folder("denials-sources")?.join("logins.json");
    let mappings =
        format!("  backendMode: [MountedFile, DynamicFile]\n  dynamicfilepath: {}\n{MAPPINGS}", unread.display());
    let stage = Stage::set(world, "denials-failures", &mappings, &["--deny-with-200"])?;
    // Nobody knows yet whom the file maps: every answer is as without the flag.
    let forged = world.fresh_token("alice", "another.example.com")?;
    let [errors, log, asked] = stage.refused(&forged)?;
    ensure!((errors, log, asked) == (2, 1, 1), "{errors} errors, {log} lines, asked {asked} times");

    fs::write(&unread, r#"{"mapUsers": [], "mapRoles": [], "mapAccounts": []}"#)?;
    wait_until("the file is read", || Ok(!stage.server.request("GET", "/readyz", "")?.body.contains("not read yet")))?;
    for (what, token) in [
        ("another cluster's", world.fresh_token("alice", "another.example.com")?),
        ("nobody's", world.fresh_token("mallory", CLUSTER_ID)?),
        ("no token of AWS", "eyJhbGciOi".to_owned()),
    ] {
        let [errors, log, asked] = stage.refused(&token)?;
        ensure!((errors, log, asked) == (0, 0, 1), "{what}: {errors} errors, {log} lines, asked {asked} times");
    }
    stage.shows(&world.fresh_token("carol", CLUSTER_ID)?)?.success()?;

    // The same without the flag.
    let plain = Stage::set(world, "denials-plain", MAPPINGS, &[])?;
    let [errors, log, _] = plain.refused(&world.fresh_token("mallory", CLUSTER_ID)?)?;
    ensure!((errors, log) == (2, 1), "{errors} errors, {log} lines");
    Ok(())
}

fn remembered(world: &World) -> anyhow::Result<()> {
    let without = MAPPINGS.lines().filter(|line| !line.contains("username: carol,")).collect::<Vec<_>>().join("\n");
    let stage = Stage::set(world, "denials-remembered", &format!("  denyWith200: true\n{without}"), &[])?;
    let token = world.fresh_token("carol", CLUSTER_ID)?;
    let [errors, _, asked] = stage.refused(&token)?;
    ensure!((errors, asked) == (0, 1), "{errors} errors, asked {asked} times");

    stage.server.reconfigure(&ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] })?;
    wait_until("carol is mapped", || {
        Ok(stage.server.review(&token)?.status == 200 && stage.server.review(&token)?.body.contains("carol"))
    })?;
    let [_, _, asked] = stage.refused(&token)?;
    ensure!(asked == 0, "the API server remembers it for two minutes: asked {asked} times");
    stage.shows(&world.fresh_token("carol", CLUSTER_ID)?)?.success().map(drop)
}
