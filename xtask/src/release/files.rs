//! What a release has besides programs: the chart, the Terraform module, the schema, the dashboard and the alerts.

use std::{fs, path::Path};

use anyhow::Context as _;

use super::{Release, archive};
use crate::{run, tools};

/// Writes all of them.
pub(crate) fn write(release: &Release) -> anyhow::Result<()> {
    chart(release)?;
    terraform(release)?;
    let copies = [
        ("docs/access-file.schema.json", "access-file.schema.json"),
        ("monitoring/dashboard.json", "grafana-dashboard.json"),
    ];
    for (from, name) in copies {
        fs::copy(run::root().join(from), release.folder.join(name)).with_context(|| from.to_owned())?;
    }
    Ok(fs::write(release.folder.join("prometheus-alerts.yaml"), alerts()?)?)
}

/// The chart as `helm push` takes it. `helm package` would put the time of now into it.
fn chart(release: &Release) -> anyhow::Result<()> {
    let staged = release.work.join("cluster-auth");
    stage("chart/cluster-auth", &staged)?;
    let packed = archive::pack(&staged, &release.work, archive::Kind::TarGz, release.commit.seconds)?;
    fs::rename(packed, release.folder.join(chart_file(release)))?;
    Ok(())
}

/// The chart's file, as `helm package` calls it.
pub(crate) fn chart_file(release: &Release) -> String {
    format!("cluster-auth-{}.tgz", release.version)
}

/// The Terraform module, laid out as a registry wants it: what a registry calls terraform-PROVIDER-NAME, with the module at its top,
/// others below `modules`, and examples.
fn terraform(release: &Release) -> anyhow::Result<()> {
    let staged = release.work.join(format!("terraform-aws-cluster-auth-{}", release.version));
    stage("terraform", &staged)?;
    fs::copy(run::root().join("LICENSE"), staged.join("LICENSE"))?;
    archive::pack(&staged, &release.folder, archive::Kind::TarGz, release.commit.seconds).map(drop)
}

/// Copies the files of a folder that git knows.
fn stage(folder: &str, to: &Path) -> anyhow::Result<()> {
    for file in run::output(run::command("git").args(["ls-files", folder]))?.lines() {
        let path = to.join(Path::new(file).strip_prefix(folder)?);
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        fs::copy(run::root().join(file), path).with_context(|| file.to_owned())?;
    }
    Ok(())
}

/// The chart's alerts for a Prometheus without its operator: what the PrometheusRule has in its specification.
fn alerts() -> anyhow::Result<String> {
    let mut helm = run::command(tools::helm()?);
    helm.args(["template", "cluster-auth", "chart/cluster-auth", "--namespace=kube-system"]);
    helm.args(["--show-only=templates/monitoring.yaml", "--set=clusterID=any,prometheusRule.enabled=true"]);
    let rule = run::output(&mut helm)?;
    let groups = rule.split("\nspec:\n").nth(1).context("the chart's PrometheusRule has a specification")?;
    let lines: Vec<&str> = groups.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    Ok(format!("# Alerts on cluster-auth's servers: `rule_files` of prometheus.yml.\n{}\n", lines.join("\n")))
}
