//! `lint` on real clusters: what it finds is what the API server allows, and the worst of it is done for real.

mod performed;

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use e2e::{
    process::wait_until,
    random::{Random, SEED, say, seed},
    someone::Someone,
    test_cluster::TestCluster,
    world::World,
};
use local_cluster::Options;
use rbac::{Rule, escalation::Need};
use serde_json::{Value, json};
use visibility::lint::checks;

use crate::{Test, generated};

pub(crate) const TESTS: &[Test] = &[
    ("lint::a_fresh_cluster_has_nothing_to_find", fresh),
    ("lint::every_way_is_found_where_the_api_server_allows_it", every_way),
    ("lint::a_generated_world_has_no_finding_that_the_api_server_refuses", of_generated),
    ("lint::what_is_found_can_be_done", performed::performed),
    ("lint::exclusions_exit_codes_and_formats", command_line),
];

/// A cluster with the controllers that make tokens and fill roles.
fn cluster(world: &World, name: &str, objects: &str) -> anyhow::Result<TestCluster> {
    let options = Options { controller_manager: true, ..Options::default() };
    let managed = TestCluster::start_with(world, name, objects, &options)?;
    wait_until("the aggregated roles are filled in", || {
        let admin = managed.admin.kubectl(&["get", "clusterrole", "admin", "-o", "json"])?.success()?;
        Ok(admin.contains("localsubjectaccessreviews"))
    })?;
    Ok(managed)
}

/// Everything that is found, as JSON.
fn lint(managed: &TestCluster, args: &[&str]) -> anyhow::Result<Value> {
    let text = managed.run(&[&["lint", "-o", "json"], args].concat())?.success()?;
    serde_json::from_str(&text).with_context(|| format!("findings in JSON: {text}"))
}

fn findings(report: &Value) -> anyhow::Result<&Vec<Value>> {
    report["findings"].as_array().context("findings")
}

/// What Kubernetes installs is not a finding, and is what we take it for where no cluster is asked.
fn fresh(world: &World) -> anyhow::Result<()> {
    let managed = cluster(world, "lint-fresh", "")?;
    let report = lint(&managed, &[])?;
    ensure!(findings(&report)?.is_empty(), "{report:#}");
    for ours in visibility::built_in_roles() {
        let theirs = managed.admin.kubectl(&["get", "clusterrole", &ours.name, "-o", "json"])?.success()?;
        let theirs: Vec<Rule> = serde_json::from_value(serde_json::from_str::<Value>(&theirs)?["rules"].take())?;
        ensure!(atoms(&ours.rules) == atoms(&theirs), "{}: {:#?}", ours.name, atoms(&theirs));
    }
    // The API server keeps what is added to its own, and so does nobody who looks at labels only see it.
    let extra = r#"[{"op": "add", "path": "/rules/-", "value": {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}}]"#;
    managed
        .admin
        .kubectl(&["patch", "clusterrole", "system:controller:ttl-controller", "--type=json", "-p", extra])?
        .success()?;
    let more = r#"[{"op": "add", "path": "/subjects/-", "value": {"kind": "User", "name": "mallory", "apiGroup": "rbac.authorization.k8s.io"}}]"#;
    managed.admin.kubectl(&["patch", "clusterrolebinding", "cluster-admin", "--type=json", "-p", more])?.success()?;
    let report = lint(&managed, &[])?;
    let found: Vec<_> =
        findings(&report)?.iter().map(|one| (one["code"].clone(), one["subject"]["name"].clone())).collect();
    let expected = [(json!("cluster-admin"), json!("mallory")), (json!("secrets"), json!("ttl-controller"))];
    ensure!(found == expected, "{report:#}");
    Ok(())
}

/// Verb, group and thing one by one.
fn atoms(rules: &[Rule]) -> BTreeSet<(String, String, String)> {
    let mut atoms = BTreeSet::new();
    for rule in rules {
        for verb in &rule.verbs {
            let pairs = rule.api_groups.iter().flat_map(|group| rule.resources.iter().map(move |one| (group, one)));
            atoms.extend(pairs.map(|(group, one)| (verb.to_string(), group.to_string(), one.to_string())));
            atoms.extend(rule.non_resource_urls.iter().map(|url| (verb.to_string(), String::new(), url.to_string())));
        }
    }
    atoms
}

/// A role for every way of the table and a group that holds it: found, and allowed by the API server.
fn every_way(world: &World) -> anyhow::Result<()> {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let mut items = Vec::new();
    let mut codes = BTreeSet::new();
    for row in checks().filter_map(|check| check.escalation) {
        codes.insert(row.code);
        let rules: Vec<Value> = row
            .needs
            .iter()
            .chain(row.also)
            .map(|alternatives| {
                let need = &alternatives[0];
                let names: Vec<&str> = Some(need.name).filter(|name| !name.is_empty()).into_iter().collect();
                json!({"verbs": [need.verbs[0]], "apiGroups": [need.api_group], "resources": [need.resources[0]], "resourceNames": names})
            })
            .collect();
        let name = format!("way-{}", row.code);
        let meta = json!({"name": name});
        items.push(
            json!({"apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRole", "metadata": meta, "rules": rules}),
        );
        items.push(json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRoleBinding", "metadata": meta,
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": GROUP, "kind": "Group", "name": name}],
        }));
    }
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let managed = cluster(world, "lint-ways", &objects)?;
    let report = lint(&managed, &[])?;
    let reviewed = review(&managed, &report)?;
    for code in &codes {
        let group = format!("way-{code}");
        let found = findings(&report)?.iter().find(|one| one["code"] == *code && one["subject"]["name"] == *group);
        let found = found.with_context(|| format!("{code} is not found: {report:#}"))?;
        ensure!(found["reference"].as_str().is_some_and(|url| url.starts_with("https://")), "{found}");
    }
    ensure!(reviewed >= codes.len(), "{reviewed} questions for {} ways", codes.len());
    say(&format!("{} ways, {reviewed} questions, all allowed", codes.len()));
    Ok(())
}

/// Asks the API server for everything that findings say is allowed; how many questions that were.
fn review(managed: &TestCluster, report: &Value) -> anyhow::Result<usize> {
    let (mut specs, mut messages) = (Vec::new(), Vec::new());
    let found: Vec<&Value> =
        findings(report)?.iter().filter(|finding| finding["subject"]["kind"].is_string()).collect();
    let someone = found.iter().map(|finding| Someone::of(&finding["subject"])).collect::<anyhow::Result<Vec<_>>>()?;
    for (finding, user) in found.iter().zip(managed.users(&someone)?) {
        for request in finding["paths"].as_array().into_iter().flatten().map(|path| &path["request"]) {
            if !request.is_null() {
                specs.push(json!({"user": user.name, "groups": user.groups, "resourceAttributes": request}));
                messages.push(format!("{}: {request}", finding["message"]));
            }
        }
    }
    let answers = managed.admin.allowed(&specs)?;
    for (message, allowed) in messages.iter().zip(answers) {
        ensure!(allowed, "the API server refuses what is found: {message}");
    }
    Ok(specs.len())
}

fn of_generated(world: &World) -> anyhow::Result<()> {
    let seed = seed()?;
    let items = generated::objects(&mut Random(seed));
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let namespaces =
        generated::NAMESPACES.map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    let namespaces = json!({"apiVersion": "v1", "kind": "List", "items": namespaces}).to_string();
    let managed = cluster(world, "lint-generated", &namespaces)?;
    managed.admin.with_file(&["create"], &objects)?.success()?;
    managed.admin.with_file(&["create"], &dangerous(&mut Random(seed)))?.success()?;
    managed.let_everybody_ask()?;
    let report = lint(&managed, &[])?;
    let reviewed = review(&managed, &report)?;
    let said = format!("{SEED}={seed}: {} findings, {reviewed} questions, all allowed", findings(&report)?.len());
    say(&said);
    ensure!(reviewed > 100, "{said}: the world is too dull to prove anything");
    Ok(())
}

/// Roles that are parts of ways, bound here and there to this one and that.
fn dangerous(random: &mut Random) -> String {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let needs: Vec<&Need> = checks()
        .filter_map(|check| check.escalation)
        .flat_map(|row| row.needs.iter().chain(row.also))
        .copied()
        .flatten()
        .collect();
    let mut items = Vec::new();
    for at in 0..240 {
        let rules: Vec<Value> = (0..=random.below(3))
            .map(|_| {
                let need = random.one(&needs);
                let names = [need.name, "one", "system:masters"];
                let names: Vec<&str> = if random.below(3) == 0 { vec![random.one(&names)] } else { vec![need.name] };
                let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
                json!({
                    "verbs": random.some(need.verbs, 2), "apiGroups": [need.api_group],
                    "resources": random.some(need.resources, 2), "resourceNames": names,
                })
            })
            .collect();
        let namespace = random.one(&["", "", "kube-system", "default", generated::NAMESPACES[0]]);
        let kind = if namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" };
        let name = format!("danger-{at}");
        let subject = match random.below(3) {
            0 => {
                json!({"kind": "ServiceAccount", "name": random.one(&["bot", "web"]), "namespace": generated::NAMESPACES[0]})
            }
            1 => json!({"apiGroup": GROUP, "kind": "User", "name": format!("danger-user-{}", random.below(60))}),
            _ => json!({"apiGroup": GROUP, "kind": "Group", "name": format!("danger-team-{}", random.below(60))}),
        };
        let version = format!("{GROUP}/v1");
        items.push(json!({"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}));
        items.push(json!({
            "apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace},
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name}, "subjects": [subject],
        }));
    }
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

const TEAM: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: starter}
rules: [{apiGroups: [''], resources: [pods], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: team, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: starter}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
";

fn command_line(world: &World) -> anyhow::Result<()> {
    let managed = cluster(world, "lint-command", TEAM)?;
    let text = managed.run(&["lint"])?.success()?;
    let sentence = "Group developers can start pods under any service account in kube-system, and so act as ServiceAccount \
                    kube-system/clusterrole-aggregation-controller, which can write roles with permissions that they lack";
    ensure!(text.contains(sentence), "{text}");
    ensure!(!text.contains('\u{1b}'), "colours in a pipe: {text}");
    for (args, code) in [
        (&["--fail-on", "danger"][..], 2),
        (&["--fail-on", "info", "-o", "sarif"], 2),
        (&["-o", "yaml"], 0),
        (&["--fail-on", "worst"], 1),
    ] {
        let output = managed.run(&[&["lint"], args].concat())?;
        ensure!(output.code == code, "{args:?}: {output:?}");
    }
    let sarif: Value = serde_json::from_str(&managed.run(&["lint", "-o", "sarif"])?.success()?)?;
    ensure!(sarif["runs"][0]["results"][0]["ruleId"] == "pods", "{sarif}");
    // Code hosts take no file in which one of them is nowhere.
    let file = |result: &Value| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
    let results = sarif["runs"][0]["results"].as_array().context("results")?;
    ensure!(
        results.iter().all(|result| file(result).as_str().is_some_and(|uri| uri.starts_with("cluster/"))),
        "{sarif}"
    );

    // What is excluded fails nothing, until it ends.
    let exclusion = |expires: &str| {
        let text = format!(
            "exclusions:\n- {{check: pods, subject: Group developers, reason: they run the network, expires: {expires}}}\n"
        );
        std::fs::write(managed.folder.join("lint.yaml"), text)
    };
    let excluding = ["lint", "--exclusions", "lint.yaml", "--fail-on", "warning"];
    exclusion("2099-12-31")?;
    let output = managed.run(&excluding)?;
    ensure!(output.code == 0 && output.stdout.contains("1 excluded"), "{output:?}");
    exclusion("2020-12-31")?;
    let output = managed.run(&excluding)?;
    ensure!(output.code == 2 && output.stdout.contains("[exclusion-expired]"), "{output:?}");
    ensure!(output.stdout.contains("lint.yaml:2"), "{output:?}");
    std::fs::write(managed.folder.join("lint.yaml"), "exclusions: [{check: podz, reason: x}]\n")?;
    let output = managed.run(&excluding)?;
    ensure!(output.code == 1 && output.stderr.contains("did you mean `pods`?"), "{output:?}");

    // A baseline: nothing is left, until something is new; and nobody's reasons are written over.
    let written = managed.run(&["lint", "--write-exclusions", "baseline.yaml"])?;
    ensure!(written.code == 0 && written.stdout.is_empty(), "{written:?}");
    ensure!(written.stderr.contains("fill in each reason"), "{written:?}");
    let again = ["lint", "--exclusions", "baseline.yaml", "--fail-on", "info"];
    let output = managed.run(&again)?;
    ensure!(output.code == 0 && output.stdout.starts_with("0 danger, 0 warning, 0 info; "), "{output:?}");
    ensure!(output.stdout.contains("no reason yet"), "{output:?}");
    let kept = managed.run(&["lint", "--write-exclusions", "baseline.yaml"])?.failure()?;
    ensure!(kept.contains("baseline.yaml exists already, so nothing was written"), "{kept}");
    let new = ["create", "clusterrolebinding", "new", "--clusterrole=cluster-admin", "--user=mallory"];
    managed.admin.kubectl(&new)?.success()?;
    let output = managed.run(&again)?;
    ensure!(output.code == 2 && output.stdout.contains("User mallory has every permission"), "{output:?}");
    let more = managed.run(&["lint", "--exclusions", "baseline.yaml", "--write-exclusions", "-"])?.success()?;
    ensure!(more.matches("- check:").count() == 1 && more.contains("User mallory"), "{more}");
    managed.admin.kubectl(&["delete", "clusterrolebinding", "new"])?.success()?;

    // Files say what the cluster says, and manifests where.
    let kinds = "namespaces,roles,clusterroles,rolebindings,clusterrolebindings,serviceaccounts,configmaps";
    let dump = managed.admin.kubectl(&["get", kinds, "-A", "-o", "json"])?.success()?;
    std::fs::write(managed.folder.join("cluster.json"), dump)?;
    let (live, offline) = (lint(&managed, &[])?, lint(&managed, &["--from", "cluster.json"])?);
    ensure!(live["findings"] == offline["findings"], "live {live:#}\nfrom the dump {offline:#}");
    std::fs::write(managed.folder.join("rbac.yaml"), TEAM)?;
    let manifest = lint(&managed, &["--from", "rbac.yaml"])?;
    let written = &manifest["findings"][0]["written"];
    ensure!(written["file"] == "rbac.yaml" && written["line"] == 7, "{manifest:#}");
    let failed = managed.run(&["lint", "--from", "rbac.yaml", "--fail-on", "danger"])?;
    ensure!(failed.code == 2, "{failed:?}");

    // Nobody takes what they may not look at for clean.
    let blind = managed.user("blind", &[&["--verb=list", "--resource=namespaces"]])?;
    let output = e2e::process::run(&mut managed.command_as(&blind, &["lint", "--fail-on", "danger"]))?;
    ensure!(
        output.code == 1 && output.stderr.contains("it is not known whether there is such a finding: clusterroles: "),
        "{output:?}"
    );
    // Whoever takes a finding that is gone for one that is mended has to know.
    let sarif = e2e::process::run(&mut managed.command_as(&blind, &["lint", "-o", "sarif"]))?.success()?;
    let sarif: Value = serde_json::from_str(&sarif)?;
    ensure!(sarif["runs"][0]["invocations"][0]["executionSuccessful"] == false, "{sarif}");
    Ok(())
}
