//! The chart is pushed, pulled and rendered: the same objects as from the repository.

use std::{path::Path, process::Command};

use anyhow::ensure;

use super::registry::Registry;
use crate::{
    release::{Release, files},
    run, tools,
};

/// Looks at it.
pub(super) fn check(release: &Release, registry: &Registry, work: &Path) -> anyhow::Result<()> {
    let helm = |args: &[&str]| -> anyhow::Result<String> {
        let mut helm = Command::new(tools::helm()?);
        run::output(helm.args(args).current_dir(work).env("HELM_CACHE_HOME", work.join("helm")))
    };
    let packed = release.folder.join(files::chart_file(release));
    let repository = format!("oci://{}/charts", registry.address);
    helm(&["push", &packed.to_string_lossy(), &repository, "--plain-http"])?;
    let chart = format!("{repository}/cluster-auth");
    let shown = helm(&["show", "chart", &chart, "--version", &release.version, "--plain-http"])?;
    for annotation in ["artifacthub.io/license: Apache-2.0", "artifacthub.io/category: security"] {
        ensure!(shown.contains(annotation), "the chart has no {annotation}: {shown}");
    }
    let values = "clusterID=prod.example.com,prometheusRule.enabled=true";
    let template = ["template", "cluster-auth", "--namespace", "kube-system", "--set", values];
    let pulled = helm(&[&template[..], &[&chart, "--version", &release.version, "--plain-http"]].concat())?;
    let here = run::root().join("chart/cluster-auth");
    let ours = helm(&[&template[..], &[&here.to_string_lossy()]].concat())?;
    ensure!(pulled == ours && ours.contains("kind: DaemonSet"), "the chart that is pulled makes other objects");
    let image = format!("cluster-auth/cluster-auth:{}", release.version);
    ensure!(ours.contains(&image), "the chart does not run {image}");
    Ok(())
}
