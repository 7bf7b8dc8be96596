//! Plans of large clusters, and applying two thousand objects to a real API server.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Context as _;

use super::{access, proc};
use crate::{run, tools};

/// Namespaces of the clusters that are planned for; each has a binding of every group.
const NAMESPACES: [usize; 3] = [125, 250, 500];

/// Groups, with 25 people each.
const GROUPS: usize = 200;
const PEOPLE: usize = 25;

/// Namespaces and groups of what is applied: a Role and a RoleBinding for each pair.
const APPLIED: [usize; 2] = [100, 10];

/// Prints both tables.
pub(super) fn bench(ours: &Path) -> anyhow::Result<()> {
    let folder = run::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    println!("\n## Plans\n");
    let mut paths = Vec::new();
    for namespaces in NAMESPACES {
        let path = folder.join(format!("cluster-{namespaces}"));
        fs::create_dir_all(&path)?;
        let cluster = cluster(namespaces);
        println!("- {} bindings: {} KB of JSON", namespaces * GROUPS, cluster.len() / 1_000);
        fs::write(path.join("cluster.json"), cluster)?;
        fs::write(path.join("access.yaml"), file(namespaces))?;
        paths.push(path);
    }
    access::head(NAMESPACES.map(|namespaces| namespaces * GROUPS), "bindings");
    access::row("plan --from, reading included", &paths, |path| {
        let mut plan = Command::new(ours);
        plan.args(["plan", "--mapping", "none", "--from"]).arg(path.join("cluster.json")).arg(path.join("access.yaml"));
        access::median(&plan)
    })?;
    apply(ours, &folder)
}

/// Every group's binding in every namespace, ours, and the role that they grant.
fn cluster(namespaces: usize) -> String {
    let mut text = String::from("{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [");
    let rule = r#"{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}"#;
    let _ = write!(
        text,
        r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {{"name": "edit"}}, "rules": [{rule}]}}"#
    );
    let _ = write!(
        text,
        r#",{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {{"name": "x", "namespace": "app-000"}}, "rules": []}}"#
    );
    let _ = write!(
        text,
        r#",{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {{"name": "x"}}, "roleRef": {{"kind": "ClusterRole", "name": "edit"}}}}"#
    );
    for namespace in 0..namespaces {
        let _ = write!(
            text,
            r#",{{"apiVersion": "v1", "kind": "Namespace", "metadata": {{"name": "app-{namespace:03}"}}}}"#
        );
        for group in 0..GROUPS {
            let _ = write!(
                text,
                ",\n{{\"apiVersion\": \"rbac.authorization.k8s.io/v1\", \"kind\": \"RoleBinding\", \"metadata\": {{\
                 \"name\": \"cluster-auth:team-{group:03}:edit\", \"namespace\": \"app-{namespace:03}\", \
                 \"uid\": \"00000000-0000-4000-8000-{:012}\", \"resourceVersion\": \"{}\", \
                 \"creationTimestamp\": \"2026-01-01T00:00:00Z\", \
                 \"labels\": {{\"app.kubernetes.io/managed-by\": \"cluster-auth\"}}, \"annotations\": {{\
                 \"cluster-auth.dev/cluster-id\": \"bench.example.com\", \"cluster-auth.dev/file\": \"access.yaml\"}}}}, \
                 \"roleRef\": {{\"apiGroup\": \"rbac.authorization.k8s.io\", \"kind\": \"ClusterRole\", \"name\": \"edit\"}}, \
                 \"subjects\": [{{\"apiGroup\": \"rbac.authorization.k8s.io\", \"kind\": \"Group\", \"name\": \"team-{group:03}\"}}]}}",
                namespace * GROUPS + group,
                namespace * GROUPS + group + 1,
            );
        }
    }
    text + "]}\n"
}

/// The file for such a cluster, in which one group gets more and one less.
fn file(namespaces: usize) -> String {
    let mut text = String::from("clusterID: bench.example.com\naccount: \"111122223333\"\ngroups:\n");
    for group in 0..GROUPS {
        let people: Vec<_> = (0..PEOPLE).map(|person| format!("person-{:04}", group * PEOPLE + person)).collect();
        // One group loses half of its namespaces, and one has another role besides.
        let namespaces = if group == 1 { namespaces / 2 } else { namespaces };
        let names: Vec<_> = (0..namespaces).map(|namespace| format!("app-{namespace:03}")).collect();
        let _ = write!(text, "- name: team-{group:03}\n  users: [{}]\n  authorization:\n", people.join(", "));
        let _ = writeln!(text, "  - {{clusterRole: edit, namespaces: [{}]}}", names.join(", "));
        if group == 0 {
            text.push_str("  - {clusterRole: view}\n");
        }
    }
    text
}

/// Two thousand objects, and then nothing, to a real API server.
fn apply(ours: &Path, folder: &Path) -> anyhow::Result<()> {
    let [namespaces, groups] = APPLIED;
    let mut text = String::from("clusterID: bench.example.com\naccount: \"111122223333\"\ngroups:\n");
    let names: Vec<_> = (0..namespaces).map(|namespace| format!("app-{namespace:03}")).collect();
    for group in 0..groups {
        let _ = write!(text, "- name: team-{group:03}\n  users: [person-{group:03}]\n  authorization:\n");
        let rule = "{apiGroups: [\"\"], resources: [pods], verbs: [get, list]}";
        let _ = writeln!(text, "  - {{namespaces: [{}], rules: [{rule}]}}", names.join(", "));
    }
    let file = folder.join("apply.yaml");
    fs::write(&file, text)?;
    with_cluster(&names, |pid, kubeconfig| measure_apply(ours, &file, pid, kubeconfig))
}

/// Starts a real API server with namespaces for as long as something is done with it, which is told the API server's process
/// id and its administrator's kubeconfig.
pub(super) fn with_cluster(
    namespaces: &[String],
    work: impl FnOnce(u32, &Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    run::check(run::cargo().args(["build", "--locked", "--release", "--package", "e2e", "--bin", "bench-cluster"]))?;
    let mut cluster = Command::new(run::root().join("target/release/bench-cluster"))
        .args(namespaces)
        .env("KUBEBUILDER_ASSETS", tools::ensure()?.kubernetes)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start bench-cluster")?;
    let mut line = String::new();
    BufReader::new(cluster.stdout.take().context("its output")?).read_line(&mut line)?;
    let (pid, kubeconfig) = line.trim().split_once(' ').context("bench-cluster says where the cluster is")?;
    let done = work(pid.parse()?, Path::new(kubeconfig));
    drop(cluster.stdin.take()); // The cluster ends with its input.
    cluster.wait()?;
    done
}

fn measure_apply(ours: &Path, file: &Path, pid: u32, kubeconfig: &Path) -> anyhow::Result<()> {
    println!("\n| apply | s | our CPU s | the API server's CPU s | our peak MiB |\n|---|---|---|---|---|");
    let [namespaces, groups] = APPLIED;
    for row in [format!("{} objects", 2 * namespaces * groups), "the same again: nothing to do".to_owned()] {
        let before = proc::cpu_seconds(pid)?;
        let mut apply = Command::new(ours);
        apply.args(["apply", "--yes", "--mapping", "none", "--kubeconfig"]).arg(kubeconfig).arg(file);
        let used = proc::used(&apply)?;
        let theirs = proc::cpu_seconds(pid)? - before;
        let proc::Used { wall_seconds, cpu_seconds, peak_mib } = used;
        println!("| {row} | {wall_seconds:.2} | {cpu_seconds:.2} | {theirs:.2} | {peak_mib:.0} |");
    }
    Ok(())
}
