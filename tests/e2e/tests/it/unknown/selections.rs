//! What kubectl prints of names, or by a selector.

use anyhow::{Context as _, ensure};
use e2e::{test_cluster::TestCluster, world::World};
use serde_json::Value;

use super::bindings;

/// What kubectl prints of some objects is a list like that of all.
pub(super) fn selections(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "unknown-selections", &bindings(2))?;
    managed.admin.kubectl(&["-n", "kube-system", "create", "configmap", "coredns"])?.success()?;
    let write = |name: &str, args: &[&str]| -> anyhow::Result<()> {
        let text = managed.admin.kubectl(&[&["get"][..], args, &["-o", "json"]].concat())?.success()?;
        Ok(std::fs::write(managed.folder.join(name), text)?)
    };
    let gaps = |files: &[&str]| -> anyhow::Result<Vec<String>> {
        let from = files.iter().flat_map(|file| ["--from", file]);
        let args: Vec<&str> = ["matrix", "-o", "json"].into_iter().chain(from).collect();
        let shown: Value = serde_json::from_str(&managed.run(&args)?.success()?)?;
        let gaps = shown["gaps"].as_array().context("gaps")?.iter();
        let why = |gap: &Value| gap["why"].as_str().is_some_and(|why| why.contains("look like a selection"));
        Ok(gaps.filter(|gap| why(gap)).filter_map(|gap| gap["what"].as_str().map(str::to_owned)).collect())
    };
    let all = "namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps";
    write("all.json", &[all, "-A"])?;
    ensure!(gaps(&["all.json"])?.is_empty(), "a real server's whole lists lack something");
    let some = ["namespaces", "roles", "clusterroles", "rolebindings", "clusterrolebindings", "configmaps"];
    let rows: &[(&[&str], &[&str])] = &[
        (
            &["clusterrole/cluster-admin", "clusterrole/reader", "clusterrolebinding/cluster-admin"],
            &["clusterroles", "clusterrolebindings"],
        ),
        (&["clusterroles", "-l", "rbac.authorization.k8s.io/aggregate-to-view=true"], &["clusterroles"]),
        (&["namespaces", "-l", "kubernetes.io/metadata.name in (shop,default)"], &["namespaces"]),
        (
            &["-n", "kube-system", "cm/coredns", "cm/kube-apiserver-legacy-service-account-token-tracking"],
            &["the ConfigMaps of kube-system"],
        ),
    ];
    for (selection, expected) in rows {
        write("selection.json", selection)?;
        // Everything else is known.
        let is_selected = |kind: &&str| expected.iter().any(|gap| gap.to_lowercase().contains(*kind));
        let rest: Vec<&str> = some.into_iter().filter(|kind| !is_selected(kind)).collect();
        write("rest.json", &[&rest.join(","), "-A"])?;
        let mut found = gaps(&["rest.json", "selection.json"])?;
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        ensure!(found == expected, "{selection:?}: {found:?} and not {expected:?}");
        // Whoever gives the whole beside it has given the whole.
        ensure!(gaps(&["all.json", "selection.json"])?.is_empty(), "{selection:?}");
    }
    // A right that is not in a selection is no right that nobody has.
    write("named.json", &["clusterrole/view", "clusterrole/edit", "clusterrolebinding/cluster-admin"])?;
    write("rest.json", &["namespaces,roles,rolebindings,configmaps", "-A"])?;
    let said = managed.run(&["who-can", "delete", "nodes", "--from", "rest.json", "--from", "named.json"])?;
    ensure!(said.stderr.contains("others may also be allowed by what could not be read"), "{said:?}");
    Ok(())
}
