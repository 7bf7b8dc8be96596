//! The Helm chart, by real Helm: what it makes, on a real cluster, and with our server in place of the kubelet's pods.

mod install;
mod pods;
mod refusals;
mod same;
mod sources;
mod upgrade;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use e2e::{
    process::{self, Output},
    world::World,
};
use serde_json::Value;

use crate::Test;

pub(crate) fn tests() -> Vec<Test> {
    [same::TESTS, refusals::TESTS, install::TESTS, upgrade::TESTS, pods::TESTS, sources::TESTS].concat()
}

/// The chart.
fn chart() -> PathBuf {
    repository().join("chart/cluster-auth")
}

pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A release of the 2018 chart, in the revision that wrote into `aws-auth`, beside machines.
pub(crate) fn release_of_2018() -> String {
    upgrade::release("aws-auth", true)
}

/// `helm template` of the chart, for a release of the documentation's name.
fn template(helm: &Path, folder: &Path, args: &[&str]) -> anyhow::Result<Output> {
    let mut command = process::command(helm, folder);
    command.arg("template").arg("cluster-auth").arg(chart()).args(["--namespace", "kube-system"]).args(args);
    process::run(&mut command)
}

/// The objects of a text of YAML documents.
fn objects(text: &str) -> anyhow::Result<Vec<Value>> {
    let documents = text.split("\n---\n").map(|text| text.trim_start_matches("---\n"));
    let parsed = documents.map(|text| serde_saphyr::from_str::<Value>(text).with_context(|| text.to_owned()));
    parsed.filter(|object| !object.as_ref().is_ok_and(Value::is_null)).collect()
}

/// The object of a kind, the only one or the one of a name.
fn object<'a>(objects: &'a [Value], kind: &str, name: &str) -> anyhow::Result<&'a Value> {
    let found = objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.with_context(|| format!("no {kind} {name}"))
}

/// Both versions of Helm.
fn helms(world: &World) -> [&Path; 2] {
    [&world.parts.helm, &world.parts.helm3]
}
