//! The dashboard and the alerts, by a real Prometheus that looks at a real server.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, Background, wait_until},
    server::{Server, ServerOptions, free_port},
    world::{CLUSTER_ID, World},
};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("monitoring::every_alert_fires_when_it_should_and_not_before", alerts),
    ("monitoring::every_query_of_the_dashboard_has_an_answer", dashboard),
];

/// The rules of the chart's PrometheusRule, as promtool reads them, with the cases of monitoring/alerts.test.yaml.
fn alerts(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("alerts")?;
    let chart = pages::repository().join("chart/cluster-auth");
    let mut helm = process::command(&world.parts.helm, &folder);
    helm.args(["template", "cluster-auth", "--namespace=kube-system", "--show-only=templates/monitoring.yaml"]);
    let made = process::run(helm.arg("--set=clusterID=any,prometheusRule.enabled=true").arg(chart))?.success()?;
    let rule: Value = serde_saphyr::from_str(made.trim_start_matches("---\n"))?;
    // JSON is YAML.
    fs::write(folder.join("alerts.yaml"), rule["spec"].to_string())?;
    let cases = pages::repository().join("monitoring/alerts.test.yaml");
    let text = fs::read_to_string(&cases)?;
    for rule in rule["spec"]["groups"][0]["rules"].as_array().context("rules")? {
        let name = rule["alert"].as_str().context("a name")?;
        // Each is there where nothing is wrong, and where something is.
        ensure!(text.matches(&format!("alertname: {name}")).count() >= 2, "no case has {name}");
    }
    fs::copy(&cases, folder.join("alerts.test.yaml"))?;
    let promtool = |args: &[&str]| process::run(process::command("promtool", &folder).args(args))?.success();
    promtool(&["check", "rules", "alerts.yaml"])?;
    promtool(&["test", "rules", "alerts.test.yaml"]).map(drop)
}

/// Prometheus' configuration for one server.
fn configuration(port: u16) -> String {
    format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: cluster-auth\n  scheme: https\n  \
         tls_config: {{insecure_skip_verify: true}}\n  \
         static_configs: [{{targets: [\"127.0.0.1:{port}\"], labels: {{cluster: prod}}}}]\n"
    )
}

fn dashboard(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("dashboard")?;
    let mappings = "  mapUsers:\n  - {userARN: 'arn:aws:iam::111122223333:user/alice', username: alice}\n";
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings, args: &[] };
    let mut server = Server::start(&world.parts, &world.sts, &folder.join("server"), &options)?;
    let port = free_port()?;
    fs::write(folder.join("prometheus.yml"), configuration(server.port))?;
    let mut prometheus = process::command("prometheus", &folder);
    prometheus.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn"]);
    prometheus.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let mut prometheus = Background::start(&mut prometheus, folder.join("prometheus.log"))?;

    let board = fs::read_to_string(pages::repository().join("monitoring/dashboard.json"))?;
    let board: Value = serde_json::from_str(&board)?;
    let variables: Vec<&str> = board["templating"]["list"]
        .as_array()
        .context("variables")?
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    ensure!(variables == ["datasource", "cluster", "job"], "{variables:?}");
    let mut queries = Vec::new();
    for panel in board["panels"].as_array().context("panels")? {
        for target in panel["targets"].as_array().context("a panel has queries")? {
            ensure!(target["datasource"]["uid"] == "${datasource}", "{target}");
            let query = target["expr"].as_str().context("a query")?;
            queries.push(query.replace("$cluster", "prod").replace("$job", ".*"));
        }
    }
    ensure!(queries.len() > 15, "{queries:?}");
    // Logins go on while Prometheus looks: rates are of two looks at least.
    let mut left = queries;
    wait_until("every query has an answer", || {
        ensure!(server.review(&world.token("alice", CLUSTER_ID)?)?.status == 200, "alice is let in");
        ensure!(server.review(&world.token("mallory", CLUSTER_ID)?)?.status == 403, "mallory is not");
        let mut without = Vec::new();
        for query in left.drain(..) {
            if answer(&folder, port, &query)?.is_empty() {
                without.push(query);
            }
        }
        left = without;
        Ok(left.is_empty())
    })
    .with_context(|| format!("without an answer: {left:#?}"))?;
    let logins = answer(&folder, port, "sum(cluster_auth_decisions_total{code=\"granted\"}) > 0")?;
    ensure!(!logins.is_empty(), "Prometheus has seen no login");
    ensure!(prometheus.terminate()?.success(), "{}", prometheus.log());
    ensure!(server.process.terminate()?.success(), "{}", server.process.log());
    Ok(())
}

/// What Prometheus says to a query, as soon as it listens; a query that it does not understand is an error.
fn answer(folder: &Path, port: u16, query: &str) -> anyhow::Result<String> {
    let mut promtool = process::command("promtool", folder);
    let said = process::run(promtool.args(["query", "instant", &format!("http://127.0.0.1:{port}"), query]))?;
    if said.code != 0 && said.stderr.contains("connection refused") {
        return Ok(String::new());
    }
    said.success()
}
