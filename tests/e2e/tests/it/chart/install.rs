//! The chart on real API servers, by real Helm. There are no kubelets, so no pod starts; everything else is as it is.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, Output},
    test_cluster::TestCluster,
    world::World,
};
use serde_json::Value;

use super::{chart, helms, object, objects, repository, same::WHOLE, template};
use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("chart::is_valid_to_the_letter", strict),
    ("chart::installs_the_guides_file_unchanged_upgrades_and_goes", install),
];

pub(super) const NAMESPACES: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: dev}
---
apiVersion: v1
kind: Namespace
metadata: {name: test}
";

/// The Prometheus operator's kinds, as far as the API server needs to know them to take objects of them.
const MONITORING: &str = r"
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: servicemonitors.monitoring.coreos.com}
spec:
  group: monitoring.coreos.com
  scope: Namespaced
  names: {plural: servicemonitors, kind: ServiceMonitor}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: prometheusrules.monitoring.coreos.com}
spec:
  group: monitoring.coreos.com
  scope: Namespaced
  names: {plural: prometheusrules, kind: PrometheusRule}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
";

/// Helm, as the cluster's administrator.
pub(super) fn helm(helm: &Path, managed: &TestCluster, args: &[&str]) -> anyhow::Result<Output> {
    let mut command = process::command(helm, &managed.folder);
    command.env("KUBECONFIG", managed.cluster.admin_kubeconfig()).args(["--namespace", "kube-system"]).args(args);
    process::run(&mut command)
}

fn strict(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "chart-strict", &format!("{NAMESPACES}{MONITORING}"))?;
    for name in ["0755", "x"] {
        managed.admin.kubectl(&["create", "namespace", name])?.success()?;
    }
    // Without a controller-manager no namespace gets one, and pods need it.
    managed.admin.kubectl(&["create", "serviceaccount", "default", "-n", "kube-system"])?.success()?;
    fs::write(managed.folder.join("whole.yaml"), WHOLE)?;
    let monitoring = "serviceMonitor.enabled=true,prometheusRule.enabled=true,authenticator.address=0.0.0.0";
    let another = "authenticator.reads=config.yaml,authenticator.image=a/b,authenticator.tag=v1,\
                   authenticator.backendMode={EKSConfigMap,CRD},authenticator.pullSecrets={one},authenticator.testSecret=two";
    let files = "authenticator.backendMode={DynamicFile,MountedFile},authenticator.dynamicFile=/etc/logins/logins.json,\
                 authenticator.backendModeFile=/etc/modes/modes.json";
    let keys = "authenticator.backendMode={DynamicFile},authenticator.dynamicFile=logins.json,\
                authenticator.backendModeFile=modes.json,authenticator.filesFrom=logins";
    let sets = [
        files,
        keys,
        "authenticator.pullPolicy=Always",
        monitoring,
        another,
        "authenticator.enabled=false",
        "access.create=false,rbac.create=false",
    ];
    for helm in helms(world) {
        let mut lint = process::command(helm, &managed.folder);
        process::run(lint.args(["lint", "--strict", "--values", "whole.yaml"]).arg(chart()))?.success()?;
    }
    for set in sets {
        let text =
            template(&world.parts.helm, &managed.folder, &["--values", "whole.yaml", "--set", set])?.success()?;
        let kinds: Vec<Value> = objects(&text)?.iter().map(|object| object["kind"].clone()).collect();
        let args = ["create", "--dry-run=server", "--validate=strict", "-o", "name"];
        managed.admin.with_file(&args, &text)?.success().with_context(|| format!("{set}: {kinds:?}"))?;
    }
    Ok(())
}

fn install(world: &World) -> anyhow::Result<()> {
    for (at, program) in helms(world).into_iter().enumerate() {
        let managed = TestCluster::start(world, &format!("chart-install-{at}"), NAMESPACES)?;
        let chart = chart().display().to_string();
        let guide = repository().join("examples/guide.yaml").display().to_string();
        let before = managed.dump()?;
        let said = helm(program, &managed, &["install", "cluster-auth", &chart, "--values", &guide])?.success()?;
        for line in [
            "2 groups may log in to prod.example.com",
            "gcr.io/heptio-images/authenticator, is the 2018 guide's and no longer to be had",
            "rollout status daemonset cluster-auth",
            "/srv/kubernetes/heptio-authenticator-aws/aws-iam-authenticator.kubeconfig",
            "helm test cluster-auth",
        ] {
            ensure!(said.contains(line), "`{line}` is not in\n{said}");
        }
        // What is in the cluster now is what `plan` would make of the same file, object by object.
        let plan = managed.run(&["plan", "--mapping", "none", "-o", "json", &guide])?;
        let plan: Value = serde_json::from_str(&plan.success()?)?;
        let changes = plan["objects"].as_array().context("objects")?;
        let is_there = |change: &Value| change["change"] == "mark" && change["before"] == change["after"];
        ensure!(plan["complete"] == true && changes.len() == 3 && changes.iter().all(is_there), "{plan:#}");
        ensure!(allowed(&managed, "developers", &["delete", "pods", "-n", "dev"])?);
        ensure!(!allowed(&managed, "developers", &["delete", "pods", "-n", "test"])?);
        ensure!(allowed(&managed, "cluster-admin", &["delete", "nodes"])?);

        // Another file: what it drops is gone, and the selector stays what it is.
        let file = "clusterID: prod.example.com\naccount: '111122223333'\ngroups:\n- name: developers\n  users: [alice]\n  \
                    authorization: [{namespace: test, clusterRole: view}]\nauthenticator: {stateDir: \
                    /srv/kubernetes/heptio-authenticator-aws}\n";
        fs::write(managed.folder.join("values.yaml"), file)?;
        helm(program, &managed, &["upgrade", "cluster-auth", &chart, "--values", "values.yaml"])?.success()?;
        ensure!(!allowed(&managed, "developers", &["delete", "pods", "-n", "dev"])?);
        let list =
            managed.admin.kubectl(&["get", "daemonset,configmap", "-n", "kube-system", "-o", "json"])?.success()?;
        let list: Value = serde_json::from_str(&list)?;
        let list = list["items"].as_array().context("items")?;
        let map = object(list, "ConfigMap", "cluster-auth-access")?;
        ensure!(!map["data"]["access.yaml"].as_str().unwrap_or_default().contains("carol"), "{map:#}");
        let server = object(list, "DaemonSet", "cluster-auth")?;
        ensure!(server["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"] == 0, "{server:#}");

        helm(program, &managed, &["uninstall", "cluster-auth"])?.success()?;
        let names = |dump: &[Value]| -> Vec<String> {
            dump.iter().map(|object| format!("{} {}", object["kind"], object["metadata"]["name"])).collect()
        };
        ensure!(names(&before) == names(&managed.dump()?), "something of the release is left");
    }
    Ok(())
}

/// Whether somebody in a group may do something.
fn allowed(managed: &TestCluster, group: &str, what: &[&str]) -> anyhow::Result<bool> {
    let group = format!("--as-group={group}");
    let args = [&["auth", "can-i", "--as=somebody", &group], what].concat();
    Ok(managed.admin.kubectl(&args)?.stdout.trim() == "yes")
}
