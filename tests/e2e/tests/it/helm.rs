//! Access files as Helm reads them: YAML 1.1, with its own ideas of numbers and truth.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use document::{Limits, Source};
use e2e::{process, world::World};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("helm::what_is_rendered_is_read_by_helm_as_by_us", rendered),
    ("helm::whatever_helm_reads_otherwise_is_reported", reported),
];

/// A chart that shows the values it was given.
const CHART: &str = "apiVersion: v2\nname: shown\nversion: 1.0.0\n";
const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shown}\ndata:\n  \
                        values: {{ toJson .Values | quote }}\n";

/// The values of a file, by Helm.
fn by_helm(world: &World, folder: &Path, values: &str) -> anyhow::Result<Value> {
    let chart = folder.join("chart");
    fs::create_dir_all(chart.join("templates"))?;
    fs::write(chart.join("Chart.yaml"), CHART)?;
    fs::write(chart.join("templates/shown.yaml"), TEMPLATE)?;
    fs::write(folder.join("values.yaml"), values)?;
    let mut helm = process::command(&world.parts.helm, folder);
    let shown = process::run(helm.args(["template", "x", "chart", "-f", "values.yaml"]))?.success()?;
    let manifest: Value = serde_saphyr::from_str(shown.trim_start_matches("---\n"))?;
    Ok(serde_json::from_str(manifest["data"]["values"].as_str().context("values")?)?)
}

/// The same by our reader, to which every scalar is the text that was written.
fn by_us(text: &str) -> anyhow::Result<Value> {
    fn value(node: &document::Node) -> Value {
        match &node.value {
            document::Value::Scalar(scalar) => Value::from(&*scalar.text),
            document::Value::Sequence(nodes, _) => nodes.iter().map(value).collect(),
            document::Value::Mapping(entries, _) => {
                entries.iter().map(|entry| (entry.key.text.to_string(), value(&entry.value))).collect()
            }
        }
    }
    let tree = document::parse(&Source::new("values", text), &Limits::default());
    Ok(value(&tree.map_err(|problems| anyhow::anyhow!("{problems:?}"))?.context("a tree")?))
}

/// Texts that a number, a truth value, nothing or a time would be, if they were not quoted.
const TRICKY: [&str; 24] = [
    "no",
    "NO",
    "on",
    "off",
    "y",
    "n",
    "yes",
    "true",
    "False",
    "null",
    "0755",
    "0o17",
    "1e3",
    "1E400",
    "0x1F",
    "1_000",
    "012345678901",
    "1.0",
    ".5",
    "-1",
    "+1",
    "2026-12-31",
    "=",
    ".inf",
];

fn rendered(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("helm-rendered")?;
    let examples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples"));
    let guide = fs::read_to_string(examples.join("guide.yaml"))?;
    let (theirs, ours) = (by_helm(world, &folder, &guide)?, by_us(&guide)?);
    ensure!(theirs["clusterID"] == ours["clusterID"] && theirs["groups"] == ours["groups"], "{theirs}\n{ours}");
    let quoted: Vec<String> = TRICKY.iter().map(|text| format!("'{text}'")).collect();
    let tricky = format!(
        "clusterID: '1e3'\naccount: '012345678901'\ngroups:\n- {{name: 'on', users: [{}], roles: [{{name: 'no', \
         username: '0x1F:{{{{SessionName}}}}'}}], authorization: [{{namespace: '0755', clusterRole: 'y'}}]}}\n",
        quoted.join(", ")
    );
    let file = |paths: &[&str]| -> Vec<String> {
        paths.iter().map(|path| examples.join(path).display().to_string()).collect()
    };
    fs::write(folder.join("tricky.yaml"), tricky)?;
    let files = [
        file(&["guide.yaml"]),
        file(&["access.yaml"]),
        file(&["grown-up/base", "grown-up/clusters/prod.yaml"]),
        file(&["grown-up/base", "grown-up/clusters/staging.yaml"]),
        vec!["tricky.yaml".to_owned()],
    ];
    for paths in files {
        let mut render = process::command(&world.parts.cluster_auth, &folder);
        let text = process::run(render.args(["render", "--to", "access"]).args(&paths))?.success()?;
        let (theirs, mut ours) = (by_helm(world, &folder, &text)?, by_us(&text)?);
        // The chart's own settings are of all types, as YAML has them.
        let mut typed: Value = serde_saphyr::from_str(&text)?;
        for (key, value) in ours.as_object_mut().context("a file")? {
            if !["clusterID", "groups", "nodes"].contains(&key.as_str()) {
                *value = typed[key.as_str()].take();
            }
        }
        ensure!(theirs == ours, "{paths:?}\nHelm {theirs}\nwe   {ours}\n{text}");
    }
    Ok(())
}

fn reported(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("helm-reported")?;
    let plain = ["alice", "x1", "1x", "a.b", "e3", "0b2", "nope", "1.2.3", "Nan", "ja", "+", "under_score", "a=b", "t"];
    // JSON has no infinity, so Helm refuses a file with one as a whole.
    let tricky = TRICKY.into_iter().filter(|scalar| !matches!(*scalar, ".inf" | "1E400"));
    let scalars: Vec<&str> = tricky.chain(plain).collect();
    let users: String = scalars.iter().map(|scalar| format!("  - {scalar}\n")).collect();
    let text = format!("clusterID: c\naccount: '111122223333'\ngroups:\n- name: g\n  users:\n{users}");
    let values = by_helm(world, &folder, &text)?;
    fs::write(folder.join("access.yaml"), &text)?;
    let mut check = process::command(&world.parts.cluster_auth, &folder);
    let said: Value = serde_json::from_str(&process::run(check.args(["check", "-o", "json"]))?.stdout)?;
    let problems = said["problems"].as_array().context("problems")?;
    let mut otherwise = 0;
    for (at, scalar) in scalars.iter().enumerate() {
        let line = at + 6;
        let codes: Vec<&str> = problems
            .iter()
            .filter(|problem| problem["line"] == line)
            .filter_map(|problem| problem["code"].as_str())
            .collect();
        let theirs = &values["groups"][0]["users"][at];
        let is_same = theirs == scalar;
        otherwise += usize::from(!is_same);
        ensure!(is_same || !codes.is_empty(), "Helm reads `{scalar}` as {theirs}, and nothing says so");
        ensure!(!is_same || !codes.contains(&"access.yaml-1.1"), "Helm reads `{scalar}` as text, and it is reported");
    }
    ensure!(otherwise > 15 && otherwise < scalars.len() - 10, "{otherwise} of {}", scalars.len());
    Ok(())
}
