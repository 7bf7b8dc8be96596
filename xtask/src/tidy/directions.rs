//! Which crate may depend on which: the arrows of ARCHITECTURE.md, as a table.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde_json::Value;

/// Every crate with those that it may depend on. A new arrow is drawn in ARCHITECTURE.md first.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("access", &["codes", "document", "identity", "mapping", "rbac"]),
    ("aws", &["document", "identity", "reading", "tls", "token"]),
    (
        "cli",
        &[
            "access",
            "aws",
            "document",
            "identity",
            "inventory",
            "kops",
            "kubeconfig",
            "kubernetes",
            "local_cluster",
            "mapping",
            "plan",
            "rbac",
            "reading",
            "report",
            "sandbox",
            "tls",
            "token",
            "visibility",
            "webhook",
        ],
    ),
    ("codes", &[]),
    ("document", &[]),
    ("identity", &[]),
    ("inventory", &["access", "document", "identity", "mapping", "rbac"]),
    ("kops", &["document", "identity", "kubeconfig"]),
    ("kubeconfig", &["document"]),
    ("kubernetes", &["document", "kubeconfig", "rbac", "reading", "tls"]),
    ("local_cluster", &["oci_image", "tls"]),
    ("mapping", &["codes", "document", "identity"]),
    ("oci_image", &[]),
    ("plan", &["access", "codes", "document", "identity", "inventory", "mapping", "rbac", "report"]),
    ("rbac", &["document"]),
    ("reading", &[]),
    ("report", &["document", "identity", "inventory", "rbac"]),
    ("sandbox", &["document", "identity", "tls"]),
    ("tls", &["reading"]),
    ("token", &["codes", "identity"]),
    ("visibility", &["access", "codes", "document", "identity", "inventory", "mapping", "rbac", "report", "token"]),
    ("webhook", &["aws", "codes", "identity", "mapping", "tls", "token"]),
];

/// Compares the table with what `cargo metadata` says, tests' own dependencies apart.
pub(super) fn directions(metadata: &Value, problems: &mut Vec<String>) -> anyhow::Result<()> {
    let packages = metadata["packages"].as_array().context("cargo metadata lists packages")?;
    let in_crates = |package: &&Value| package["manifest_path"].as_str().is_some_and(|path| path.contains("/crates/"));
    let name = |package: &Value| package["name"].as_str().map(|name| name.replace('-', "_"));
    let ours: BTreeSet<String> = packages.iter().filter(in_crates).filter_map(name).collect();
    for package in packages.iter().filter(in_crates) {
        let name = name(package).context("a package has a name")?;
        let dependencies = package["dependencies"].as_array().context("a package has dependencies")?;
        let dependencies = dependencies.iter().filter(|dependency| dependency["kind"].is_null());
        let found: BTreeSet<String> = dependencies
            .filter_map(|dependency| dependency["name"].as_str())
            .map(|dependency| dependency.replace('-', "_"))
            .filter(|dependency| ours.contains(dependency))
            .collect();
        let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(of, _)| *of == name) else {
            problems.push(format!("{name}: say in xtask/src/tidy/directions.rs what it may depend on"));
            continue;
        };
        for dependency in found.iter().filter(|dependency| !allowed.contains(&dependency.as_str())) {
            problems.push(format!("{name} must not depend on {dependency}: ARCHITECTURE.md draws no such arrow"));
        }
        for missing in allowed.iter().filter(|allowed| !found.contains(**allowed)) {
            problems.push(format!("{name} does not depend on {missing} any more: take the arrow out of the table"));
        }
    }
    Ok(())
}
