//! What Helm makes of an access file is what we make of it, object by object and entry by entry, over a corpus of files: the
//! examples, files written for the chart, and generated ones, good and bad.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, Output},
    random::{Random, say, seed},
    world::World,
};
use serde_json::{Value, json};

use super::{helms, object, objects, repository, template};
use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("chart::makes_of_examples_what_render_makes", examples),
    ("chart::makes_of_generated_files_what_render_makes", generated),
    ("chart::hands_every_key_of_the_file_on", every_key),
    ("chart::is_the_same_by_both_versions_of_helm", both_helms),
];

/// What becomes of one file.
#[derive(Debug, PartialEq, Eq)]
enum Made {
    /// The same by Helm and by us.
    Same,
    /// Helm refuses, and names the command that resolves it.
    Refused,
    /// Both refuse.
    Wrong,
}

/// Compares all that the chart makes of a file with `render`.
fn compare(world: &World, helm: &Path, folder: &Path, text: &str) -> anyhow::Result<Made> {
    fs::write(folder.join("access.yaml"), text)?;
    let render = |to: &str, file: &str| {
        process::run(process::command(&world.parts.cluster_auth, folder).args(["render", "--to", to, file]))
    };
    let by_helm = |reads: &str| {
        let reads = format!("authenticator.reads={reads}");
        let image = ["--set", "authenticator.image=example.com/authenticator,authenticator.tag=v1"];
        template(helm, folder, &[&["--values", "access.yaml", "--set", &reads][..], &image].concat())
    };
    let ours = by_helm("access.yaml")?;
    let made = verdict(&ours, &render("rbac", "access.yaml")?)?;
    if made == Made::Same {
        let made = objects(&ours.stdout)?;
        let (theirs, rendered) = (rbac(made.clone()), rbac(objects(&render("rbac", "access.yaml")?.success()?)?));
        ensure!(theirs == rendered, "Helm {theirs:#?}\nwe {rendered:#?}");
        let map = object(&made, "ConfigMap", "cluster-auth-access")?;
        fs::write(folder.join("mounted.yaml"), map["data"]["access.yaml"].as_str().context("access.yaml")?)?;
        let (mounted, written) = (render("access", "mounted.yaml")?, render("access", "access.yaml")?);
        // What only Helm reads the server does not get.
        let of_access = |text: &str| -> anyhow::Result<Value> {
            let mut file: Value = serde_saphyr::from_str(text)?;
            let is_key = |name: &str| access::keys::Object::File.key(name).is_some_and(|key| !key.of_chart);
            file.as_object_mut().context("a mapping")?.retain(|name, _| is_key(name));
            Ok(file)
        };
        let written = written.success()?;
        ensure!(
            of_access(&mounted.success()?)? == of_access(&written)?,
            "the server reads something else than was written"
        );
        // Whoever goes on with the resolved file gets the same of Helm, the chart's settings included.
        fs::write(folder.join("access.yaml"), &written)?;
        let (before, after) = (settled(made), settled(objects(&by_helm("access.yaml")?.success()?)?));
        ensure!(before == after, "of the file {before:#?}\nof the resolved file {after:#?}");
        fs::write(folder.join("access.yaml"), text)?;
    }
    let theirs = by_helm("config.yaml")?;
    let ours = render("config", "access.yaml")?;
    if verdict(&theirs, &ours)? == Made::Same {
        let made = objects(&theirs.stdout)?;
        let text = object(&made, "ConfigMap", "cluster-auth-access")?["data"]["config.yaml"].as_str();
        let theirs = entries(text.context("config.yaml")?)?;
        let ours = entries(&ours.success()?)?;
        ensure!(theirs == ours, "Helm {theirs:#?}\nwe {ours:#?}");
    }
    Ok(made)
}

/// Helm takes no file that we refuse, and what it refuses alone has a command that resolves it.
fn verdict(helm: &Output, ours: &Output) -> anyhow::Result<Made> {
    match (helm.code, ours.code) {
        (0, 0) => Ok(Made::Same),
        (0, _) => anyhow::bail!("Helm takes what we refuse:\n{}", ours.stderr),
        (_, 0) => {
            ensure!(helm.stderr.contains("`cluster-auth render --to access"), "no command: {}", helm.stderr);
            Ok(Made::Refused)
        }
        _ => Ok(Made::Wrong),
    }
}

/// All objects but for the file itself, and what is made of its text.
fn settled(mut objects: Vec<Value>) -> Vec<Value> {
    objects.retain(|object| object["kind"] != "ConfigMap" || object["metadata"]["name"] != "cluster-auth-access");
    for object in &mut objects {
        if let Some(annotations) = object.pointer_mut("/spec/template/metadata/annotations") {
            annotations["checksum/config"] = Value::Null;
        }
    }
    objects
}

/// The roles and bindings of the groups, by kind, namespace and name.
fn rbac(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let is_rbac = |object: &Value| object["apiVersion"] == "rbac.authorization.k8s.io/v1";
    let of_groups = objects.into_iter().filter(is_rbac);
    of_groups
        .map(|object| {
            let metadata = &object["metadata"];
            (format!("{} {} {}", object["kind"], metadata["namespace"], metadata["name"]), object)
        })
        .collect()
}

/// The entries of a configuration, by ARN: lists of both are sorted otherwise.
fn entries(text: &str) -> anyhow::Result<BTreeMap<String, Value>> {
    let config: Value = serde_saphyr::from_str(text)?;
    let lists = ["mapUsers", "mapRoles"].map(|list| config["server"][list].as_array().cloned().unwrap_or_default());
    let mut entries: BTreeMap<String, Value> = BTreeMap::new();
    for entry in lists.into_iter().flatten() {
        let arn = entry["userarn"].as_str().or(entry["rolearn"].as_str()).context("an ARN")?.to_owned();
        ensure!(entries.insert(arn.clone(), entry).is_none(), "{arn} twice");
    }
    entries.insert("clusterID".to_owned(), config["clusterID"].clone());
    Ok(entries)
}

/// Everything that an access file for Helm can say.
pub(super) const WHOLE: &str = r#"
x-rules: &pods [{apiGroups: ["", apps], resources: [pods, deployments], verbs: ["*"]}]
clusterID: "1e3"
account: "012345678901"
groups:
- name: developers
  users: [alice, /ops/bob, {name: eve, account: "444455556666", username: eve-of-other}, "arn:aws:iam::444455556666:user/x/zoe"]
  roles: [path/Deployer, {arn: "arn:aws-cn:iam::444455556666:role/a/b/Chinese", username: "cn:{{SessionName}}"}]
  authorization:
  - {namespace: dev, rules: *pods}
  - {namespace: dev, rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [a, b], verbs: [get]}], x-why: because}
  - {namespaces: [dev, dev, test], rules: *pods}
  - {namespaces: [dev, test], clusterRole: edit}
  - {namespace: test, role: release}
  - {clusterRole: view, accept: {access.escalates: "meant"}}
  - {clusterRole: view}
  - rules: [{nonResourceURLs: [/metrics, "/logs/*"], verbs: [get]}]
  - rules: [{apiGroups: [""], resources: [nodes], verbs: [get, list]}]
- name: "no"
  users: [alice]
  authorization: [{namespace: "0755", clusterRole: "y"}]
- name: developers
  permissionSets:
  authentication: {account: "111122223333"}
- name: cluster-admin
  users: [carol, Alice]
  roles: [Operator]
- name: system:masters
  users: [carol]
  accept: {access.system-name: "the break-glass group"}
nodes:
- roles: [Node, {name: Other, account: "444455556666"}]
"#;

/// The guide's values as they were written in 2018, with more of its shapes.
const OF_2018: &str = r#"
authenticator: {enabled: true, image: gcr.io/heptio-images/authenticator, tag: v0.1.0}
nameOverride: ""
fullnameOverride:
clusterID: my-cluster
groups:
- name: developers
  users: [a, b]
  authentication: {account: "111122223333"}
  authorization:
  - namespace: one
    rules:
    - apiGroups: ["", "extensions", "apps"]
      resources: ["*"]
      verbs: ["*"]
    - apiGroups: ["batch"]
      resources: ["jobs", "cronjobs"]
      verbs: ["*"]
  - namespace: two
    rules: [{apiGroups: [""], resources: [pods/log], verbs: [get]}]
- name: empty
  users:
  authentication: {account: "111122223333"}
  authorization: [{namespace: one, rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}]
- name: cluster-admin
  users: [c, a]
  authentication: {account: "111122223333"}
"#;

fn examples(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("chart-examples")?;
    let example = |name: &str| fs::read_to_string(repository().join("examples").join(name));
    let dumps = folder.join("dumps");
    fs::create_dir_all(&dumps)?;
    fs::write(dumps.join("namespaces.json"), namespaces(&["team-a", "team-b"]).to_string())?;
    let (group, user) = ("arn:aws:iam::111122223333:group/Platform", "arn:aws:iam::111122223333:user/dana");
    let platform =
        json!({"Group": {"GroupName": "Platform", "Arn": group}, "Users": [{"UserName": "dana", "Arn": user}]});
    fs::write(dumps.join("group.json"), platform.to_string())?;
    let resolved = |paths: &[&str]| {
        let mut render = process::command(&world.parts.cluster_auth, &repository().join("examples"));
        let args = ["render", "--to", "access", "--expiry", "at-next-apply"];
        process::run(render.args(args).args(paths).arg("--from").arg(&dumps))?.success()
    };
    let files = [
        ("the guide", example("guide.yaml")?, Made::Same),
        ("2018", OF_2018.to_owned(), Made::Same),
        ("all that Helm can carry", WHOLE.to_owned(), Made::Same),
        ("nobody", "clusterID: c\ngroups: []\n".to_owned(), Made::Same),
        ("no groups", "clusterID: c\n".to_owned(), Made::Same),
        ("the example, with ends", example("access.yaml")?, Made::Wrong),
        ("the example, resolved", resolved(&["access.yaml"])?, Made::Same),
        ("many files, resolved", resolved(&["grown-up/base", "grown-up/clusters/staging.yaml"])?, Made::Same),
        ("the tests' file", crate::access::FILE.to_owned(), Made::Same),
        ("that of apply", crate::apply::FILE.to_owned(), Made::Same),
    ];
    for helm in helms(world) {
        for (name, text, expected) in &files {
            let made = compare(world, helm, &folder, text).with_context(|| format!("{name}:\n{text}"))?;
            ensure!(made == *expected, "{name}: {made:?}");
        }
    }
    Ok(())
}

/// As kubectl prints them.
fn namespaces(names: &[&str]) -> Value {
    let item = |name: &&str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    json!({"apiVersion": "v1", "kind": "List", "items": names.iter().map(item).collect::<Vec<_>>()})
}

/// A key that the server is to see, and the template does not hand on, would be lost.
fn every_key(_: &World) -> anyhow::Result<()> {
    let template = fs::read_to_string(super::chart().join("templates/configmap.yaml"))?;
    let keys = access::keys::Object::File.keys().iter().filter(|key| !key.of_chart);
    let keys: String = keys.map(|key| format!(" \"{}\"", key.name)).collect();
    ensure!(template.contains(&format!("pick .Values{keys})")), "the template does not pick{keys}");
    Ok(())
}

fn both_helms(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("chart-both")?;
    fs::write(folder.join("values.yaml"), WHOLE)?;
    let everything = "serviceMonitor.enabled=true,prometheusRule.enabled=true,authenticator.address=0.0.0.0";
    let render = |helm| {
        let output = template(helm, &folder, &["--values", "values.yaml", "--set", everything])?;
        objects(&output.success()?)
    };
    let [four, three] = helms(world).map(render);
    let (four, three) = (four?, three?);
    ensure!(four == three && four.len() > 15, "Helm 4 {four:#?}\nHelm 3 {three:#?}");
    Ok(())
}

/// How many files are generated.
const GENERATED: usize = 60;

fn generated(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("chart-generated")?;
    let seed = seed()?;
    say(&format!("chart: CLUSTER_AUTH_SEED={seed}"));
    let mut random = Random(seed);
    let mut counts = [0; 3];
    for at in 0..GENERATED {
        let text = format!("{:#}", file(&mut random));
        let helm = helms(world)[at % 2];
        let made =
            compare(world, helm, &folder, &text).with_context(|| format!("CLUSTER_AUTH_SEED={seed}:\n{text}"))?;
        counts[made as usize] += 1;
    }
    say(&format!("chart: same, refused and wrong: {counts:?}"));
    ensure!(counts.iter().all(|count| *count > 0), "same, refused and wrong: {counts:?}");
    Ok(())
}

/// Names that make objects collide, now and then.
const GROUPS: [&str; 8] = ["dev", "ops", "a", "a:view", "cluster-auth:a", "on", "view", "system:masters"];
const PEOPLE: [&str; 7] = ["alice", "Bob", "ops/carol", "/x/y/dave", "//erin", "a+b=c,d.e@f_g-h", "no"];
const ROLES: [&str; 4] = ["view", "edit", "a", "on"];
const NAMESPACES: [&str; 5] = ["dev", "test", "kube-system", "1e3", "x-1"];

/// An access file as JSON, which is YAML: mostly good.
fn file(random: &mut Random) -> Value {
    let mut file = json!({"clusterID": random.one(&["c", "1e3", "a: b # c"])});
    if random.below(20) > 0 {
        file["account"] = random.one(&["111122223333", "012345678901"]).into();
    }
    // Each once, mostly: of two fragments with one key nothing is made.
    let (first, twice) = (random.below(GROUPS.len()), random.below(10) == 0);
    let name = |at| GROUPS[(first + if twice { 0 } else { at }) % GROUPS.len()];
    file["groups"] = (0..=random.below(3)).map(|at| group(random, name(at))).collect();
    if random.below(4) == 0 {
        file["nodes"] = json!([{"roles": [random.one(&["Node", "path/Node", "Deployer"])]}]);
    }
    file
}

fn group(random: &mut Random, name: &str) -> Value {
    let mut group = json!({"name": name});
    if random.below(4) > 0 {
        group["users"] = (0..=random.below(2)).map(|_| principal(random, "user")).collect();
    }
    if random.below(3) == 0 {
        group["roles"] = (0..=random.below(2)).map(|_| principal(random, "role")).collect();
    }
    match random.below(16) {
        0 | 1 => group["iamGroups"] = json!(["Developers"]),
        2 => group["expires"] = "2030-01-01".into(),
        3 => group["permissionSets"] = json!(["DevAccess"]),
        4 => group["users"] = Value::Null,
        _ => {}
    }
    if random.below(20) == 0 {
        group["authentication"] = json!({"account": "444455556666"});
    }
    if name == "system:masters" {
        group["accept"] = json!({"access.system-name": "meant"});
    } else if random.below(5) > 0 {
        group["authorization"] = (0..=random.below(3)).map(|_| grant(random)).collect();
    }
    match random.below(40) {
        0 => group["authorization"] = json!([]),
        1 => group["authorization"] = Value::Null,
        _ => {}
    }
    group
}

fn principal(random: &mut Random, kind: &str) -> Value {
    let name = random.one(&PEOPLE);
    let mut principal = match random.below(40) {
        0 => json!({"arn": format!("arn:aws:iam::111122223333:{kind}/{}", name.trim_start_matches('/'))}),
        1 => json!({"name": name, "account": "444455556666"}),
        2 => json!({"name": name, "partition": "aws-us-gov"}),
        3..12 => json!({"name": name}),
        _ => return name.into(),
    };
    match random.below(20) {
        0 => principal["username"] = "somebody".into(),
        1 => principal["username"] = format!("{}:{{{{SessionName}}}}", name.replace('/', "-")).into(),
        2 => {
            let usernames = [
                "arn:aws:sts::111122223333:assumed-role/Ops/{{SessionName}}",
                "{{AccountID}}:{{SessionNameRaw}}",
                "{{AccessKeyID}}",
                "{{AccountID}}-{{SessionName}}",
                "{{SessionName}}:f",
            ];
            principal["username"] = random.one(&usernames).into();
        }
        3 => principal["expires"] = "2030-01-01T00:00:00Z".into(),
        _ => {}
    }
    principal
}

fn grant(random: &mut Random) -> Value {
    let mut grant = json!({});
    match random.below(16) {
        0 => grant["namespaces"] = json!(["team-*", "dev"]),
        1 => grant["namespaceSelector"] = json!({"matchLabels": {"owner": "dev"}}),
        2..6 => grant["namespace"] = random.one(&NAMESPACES).into(),
        6..9 => grant["namespaces"] = random.some(&NAMESPACES, 2).into(),
        _ => {}
    }
    match random.below(4) {
        0 => grant["clusterRole"] = random.one(&ROLES).into(),
        // A Role is somewhere, but for one of the mistakes below.
        1 if grant != json!({}) => {
            grant["role"] = random.one(&ROLES).into();
        }
        _ => grant["rules"] = (0..=random.below(2)).map(|_| rule(random)).collect(),
    }
    match random.below(100) {
        0 => grant["clusterRole"] = "edit".into(),
        1 => grant["namespace"] = Value::Null,
        2 => grant["rules"] = json!([]),
        3 => grant["namespaces"] = json!([]),
        4 => grant["role"] = "a/b".into(),
        5 => grant["namespace"] = "Dev".into(),
        6 => grant = json!({"role": "a"}),
        _ => {}
    }
    grant
}

fn rule(random: &mut Random) -> Value {
    let verbs = random.some(&["get", "list", "*", "no"], 2);
    match random.below(60) {
        0 => json!({"nonResourceURLs": ["/metrics"], "verbs": verbs}),
        1 => json!({"apiGroups": [""], "resources": ["pods"]}),
        2 => json!({"resources": ["pods"], "verbs": verbs}),
        3 => json!({"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["1e3"], "verbs": verbs}),
        4 => json!({"apiGroups": [""], "resources": ["pods"], "resourceNames": [], "verbs": verbs}),
        _ => {
            json!({"apiGroups": random.some(&["", "apps"], 1), "resources": random.some(&["pods", "*"], 1), "verbs": verbs})
        }
    }
}
