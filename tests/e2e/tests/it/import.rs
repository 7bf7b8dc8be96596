//! `import`: planned on the untouched cluster, the file changes nothing for anybody; what it cannot say is reported.

mod careful;
mod dumps;

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, Output},
    random::{Random, SEED, say, seed},
    test_cluster::TestCluster,
    world::World,
};
use serde_json::{Value, json};

use self::dumps::{Dump, cluster};
use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("import::of_a_live_cluster_changes_nothing_for_anybody", live),
    ("import::of_clusters_made_by_hand_says_what_is_not_in_the_file", by_hand),
    ("import::of_generated_clusters_changes_nothing_for_anybody", generated),
    ("import::of_a_2018_release_reads_the_config_map_that_is_named", of_2018),
    ("import::of_kops_reads_its_identity_mappings", kops),
    ("import::of_what_cannot_be_looked_at_writes_nothing", gaps),
    ("import::what_is_said_to_be_careful_about_is_what_apply_does", careful::holds),
];

const OBJECTS: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: dev}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [configmaps, services], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: devs, namespace: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: bob-by-name}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: bob}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-iam-authenticator, namespace: kube-system}
data:
  config.yaml: |
    clusterID: live.example.com
    server:
      mapUsers:
      - {userARN: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: [developers]}
      - {userARN: 'arn:aws:iam::111122223333:user/ops/bob', username: bob, groups: [developers]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - rolearn: arn:aws:iam::111122223333:role/ci/Deployer
      username: deployer
      groups: [developers]
    - rolearn: arn:aws:iam::111122223333:role/Node
      username: system:node:{{EC2PrivateDNSName}}
      groups: [system:bootstrappers, system:nodes]
  mapUsers: |
    - {userarn: 'arn:aws:iam::111122223333:user/carol', username: carol, groups: ['system:masters']}
";

fn live(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "import-live", OBJECTS)?;
    let before = managed.dump()?;
    let imported = managed.run(&["import"])?;
    let superseded = imported.stderr.lines().filter(|line| line.starts_with("superseded"));
    ensure!(superseded.eq(["superseded once the file is applied: RoleBinding dev/devs"]), "{imported:?}");
    ensure!(imported.stderr.contains("`cluster-auth plan --mapping configmap`"), "{imported:?}");
    let file = imported.success()?;
    ensure!(file.starts_with("clusterID: live.example.com\naccount: \"111122223333\"\n"), "{file}");
    managed.file(&file)?;
    managed.run(&["check", "--live"])?.success()?;
    for mapping in ["configmap", "aws-auth", "access-file", "crd", "none"] {
        unchanged(&managed.plan(&["--mapping", mapping])?).with_context(|| mapping.to_owned())?;
    }
    ensure!(managed.dump()? == before, "an import writes nothing to the cluster");
    let other = managed.run(&["import", "-i", "other.example.com"])?;
    let said = "note: --cluster-id other.example.com: the authenticator's configuration in the cluster is for `live.example.com`";
    ensure!(other.stderr.contains(said), "{other:?}");
    let other = other.success()?;
    ensure!(other.starts_with("clusterID: other.example.com\n"), "{other}");
    let clash = managed.run(&["import", "--from", "access.yaml"])?.failure()?;
    ensure!(clash.contains("kops get cluster"), "{clash}");
    Ok(())
}

/// Nobody can log in who could not, nobody is somebody else, nobody gains or loses a right.
fn unchanged(plan: &Value) -> anyhow::Result<()> {
    ensure!(plan["complete"] == true, "{}", plan["unseen"]);
    let is_same = |person: &Value| {
        person["before"]["username"] == person["after"]["username"]
            && person["gains"] == json!([])
            && person["losses"] == json!([])
    };
    let people = plan["people"].as_array().context("people")?;
    let changed: Vec<&Value> = people.iter().filter(|person| !is_same(person)).collect();
    ensure!(changed.is_empty(), "changed: {changed:#?}");
    Ok(())
}

fn run(world: &World, folder: &Path, args: &[&str]) -> anyhow::Result<Output> {
    process::run(process::command(&world.parts.cluster_auth, folder).args(args))
}

const FROM: [&str; 6] =
    ["--from", "cluster.json", "--from", "roles-111122223333.json", "--from", "roles-444455556666.json"];

/// Imports a dump, and plans the file on it; the file, and what was said besides.
fn import(world: &World, folder: &Path, more: &[&str], mapping: &str) -> anyhow::Result<(String, String)> {
    let Output { code, stdout, stderr } = run(world, folder, &[&["import"], &FROM[..], more].concat())?;
    ensure!(code == 0, "{stderr}");
    fs::write(folder.join("access.yaml"), &stdout)?;
    let given: Vec<&str> = more.chunks(2).filter(|pair| pair[0] == "--from").flatten().copied().collect();
    let plan = [&["plan", "-o", "json", "--mapping", mapping], &FROM[..], &given].concat();
    let plan = run(world, folder, &plan)?.success();
    let plan: Value = serde_json::from_str(&plan.with_context(|| stdout.clone())?)?;
    unchanged(&plan).with_context(|| stdout.clone())?;
    Ok((stdout, stderr))
}

/// A name, `mapRoles`, `mapUsers` and `mapAccounts` of aws-auth, what the file has, and what is said.
type Row = (&'static str, [&'static str; 3], &'static [&'static str], &'static [&'static str]);

const ROWS: &[Row] = &[
    (
        "an administrator by system:masters",
        ["", "- {userarn: 'arn:aws:iam::111122223333:user/carol', username: carol, groups: ['system:masters']}", ""],
        &["- name: \"system:masters\"\n  users: [carol]\n"],
        &["next: "],
    ),
    (
        "a role of a permission set with its path, which its ARN in aws-auth has not",
        [
            "- {rolearn: 'arn:aws:iam::111122223333:role/AWSReservedSSO_DevAccess_0123456789abcdef', username: 'DevAccess:{{SessionName}}', groups: [devs]}",
            "",
            "",
        ],
        &["  permissionSets: [DevAccess]\n"],
        &["superseded once the file is applied: RoleBinding dev/devs\n"],
    ),
    (
        "the same one with the path, which aws-iam-authenticator lets nobody in by",
        [
            "- {rolearn: 'arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_DevAccess_0123456789abcdef', username: dev, groups: [devs]}",
            "",
            "",
        ],
        &["groups: []\n"],
        &["(cluster.json:1, mapRoles[0] of aws-auth): arn:aws:iam::111122223333:role/aws-reserved/"],
    ),
    (
        "somebody who stands twice: the last entry counts",
        [
            "",
            "- {userarn: 'arn:aws:iam::111122223333:user/dana', username: dana, groups: ['system:masters']}\n- {userarn: 'arn:aws:iam::111122223333:user/dana', username: dana, groups: [devs]}",
            "",
        ],
        &["- name: devs\n  users: [dana]\n"],
        &[
            "(cluster.json:1, mapUsers[0] of aws-auth): arn:aws:iam::111122223333:user/dana is mapped twice, and this entry is not used",
            "next: ",
        ],
    ),
    (
        "two roles with one username: the first keeps its place, the other stays as it is",
        [
            "- {rolearn: 'arn:aws:iam::111122223333:role/A', username: admin, groups: [devs]}\n- {rolearn: 'arn:aws:iam::111122223333:role/B', username: admin, groups: [devs]}",
            "",
            "",
        ],
        &["username: admin"],
        &["not in the file: arn:aws:iam::111122223333:role/", "`admin` would be two principals' username"],
    ),
    (
        "somebody who is bound by name besides",
        ["", "- {userarn: 'arn:aws:iam::111122223333:user/erin', username: erin, groups: [devs]}", ""],
        &["  users: [erin]\n"],
        &["next: "],
    ),
    (
        "usernames with variables, one of which whoever assumes the role chooses whole",
        [
            "- {rolearn: 'arn:aws:iam::111122223333:role/Deployer', username: 'deploy:{{SessionName}}', groups: [devs]}\n- {rolearn: 'arn:aws:iam::111122223333:role/Loose', username: '{{SessionName}}', groups: [devs]}",
            "",
            "",
        ],
        &["- {name: Deployer, username: \"deploy:{{SessionName}}\"}", "needs a colon before it, as EKS has it too"],
        &["not in the file: arn:aws:iam::111122223333:role/Loose (cluster.json:1, mapRoles[1] of aws-auth)"],
    ),
    (
        "a whole account",
        ["", "- {userarn: 'arn:aws:iam::111122223333:user/dana', username: dana, groups: [devs]}", "- '444455556666'"],
        &[
            "# - everybody in 444455556666 (cluster.json:1, mapAccounts of aws-auth): an access file names people, not whole accounts\n",
        ],
        &["not in the file: everybody in 444455556666"],
    ),
    (
        "somebody of another account, and nodes",
        [
            "- {rolearn: 'arn:aws:iam::111122223333:role/Node', username: 'system:node:{{EC2PrivateDNSName}}', groups: ['system:bootstrappers', 'system:nodes']}",
            "- {userarn: 'arn:aws:iam::444455556666:user/x', username: x, groups: [devs]}\n- {userarn: 'arn:aws:iam::111122223333:user/yan', username: yan, groups: [devs, unbound]}",
            "",
        ],
        &["nodes:\n- roles: [Node]\n", "- {name: x, account: \"444455556666\"}"],
        &["not in the file: the group unbound of arn:aws:iam::111122223333:user/yan"],
    ),
];

fn by_hand(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("import-by-hand")?;
    for (name, [roles, users, accounts], in_file, said) in ROWS {
        let mut dump = Dump::new();
        dump.bind("dev", "devs", "ClusterRole/edit", &["Group:devs"]);
        dump.bind("", "erin", "ClusterRole/view", &["User:erin"]);
        dump.config_map("aws-auth", &json!({"mapRoles": roles, "mapUsers": users, "mapAccounts": accounts}));
        dump.write(&folder)?;
        let (file, notes) = import(world, &folder, &["-i", "c"], "aws-auth").with_context(|| (*name).to_owned())?;
        for (text, parts) in [(&file, in_file), (&notes, said)] {
            let missing: Vec<_> = parts.iter().filter(|part| !text.contains(**part)).collect();
            ensure!(missing.is_empty(), "{name}: without {missing:?}:\n{file}\n{notes}");
        }
    }
    // A file without people would say that nobody is to log in.
    let mut dump = Dump::new();
    dump.bind("dev", "devs", "ClusterRole/edit", &["Group:devs"]);
    dump.config_map("aws-auth", &json!({"mapRoles": "", "mapUsers": "[]"}));
    dump.write(&folder)?;
    let nobody = run(world, &folder, &[&["import", "-i", "c"], &FROM[..]].concat())?;
    ensure!(nobody.stdout.is_empty() && nobody.failure()?.contains(NOBODY));
    Ok(())
}

/// What is said where no mapping source names anybody.
const NOBODY: &str = "nothing was imported: neither aws-auth, the authenticator's configuration, an access file nor an \
                      IAMIdentityMapping names anybody; give the file that the server on the control plane has by `-c FILE`";

/// How many clusters are generated.
const CLUSTERS: usize = 40;

fn generated(world: &World) -> anyhow::Result<()> {
    let (folder, seed) = (world.folder("import-generated")?, seed()?);
    say(&format!("{SEED}={seed}"));
    let mut random = Random(seed);
    let (mut members, mut left) = (0, 0);
    for at in 0..CLUSTERS {
        let (mapping, dump) = cluster(&mut random);
        dump.write(&folder)?;
        let imported = import(world, &folder, &["-i", "c"], mapping);
        // A cluster in which nobody is named has no file.
        if imported.as_ref().is_err_and(|error| error.to_string().contains(NOBODY)) {
            continue;
        }
        let (file, notes) = imported.with_context(|| format!("cluster {at} of {SEED}={seed}: {}", json!(dump.0)))?;
        members += file.lines().filter(|line| line.contains("users:") || line.contains("roles:")).count();
        left += notes.matches("not in the file: ").count();
    }
    ensure!(members > CLUSTERS && left > CLUSTERS / 4, "{members} lists of members and {left} left out prove little");
    Ok(())
}

const CONFIG: &str = "clusterID: old.example.com\nserver:\n  mapUsers:\n  - userARN: arn:aws:iam::111122223333:user/alice\n    username: alice\n    groups: [devs]\n";

fn of_2018(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("import-2018")?;
    for name in ["access-config", "aws-auth", "aws-iam-authenticator"] {
        let mut dump = Dump::new();
        dump.bind("dev", "devs", "ClusterRole/edit", &["Group:devs"]);
        dump.config_map(name, &json!({"config.yaml": CONFIG}));
        dump.write(&folder)?;
        let map = format!("kube-system/{name}");
        let (file, notes) = import(world, &folder, &["--config-map", &map], "none")?;
        ensure!(file.starts_with("clusterID: old.example.com\n") && file.contains("  users: [alice]\n"), "{file}");
        ensure!(notes.contains("`cluster-auth plan --mapping none --from cluster.json"), "{notes}");
        // Without the name, only the last of the three is found; the second is too much like one to be passed over.
        let plain = run(world, &folder, &["import", "-i", "c", "--from", "cluster.json"])?;
        match name {
            "access-config" => ensure!(plain.stdout.is_empty() && plain.failure()?.contains(NOBODY)),
            "aws-auth" => ensure!(plain.failure()?.contains("`--config-map kube-system/aws-auth`")),
            _ => ensure!(plain.stdout.contains("  users: [alice]\n"), "{plain:?}"),
        }
    }
    let missing = run(world, &folder, &["import", "--from", "cluster.json", "--config-map", "kube-system/no"])?;
    ensure!(missing.failure()?.contains("there is no ConfigMap kube-system/no"));
    // A file of the control plane.
    fs::write(folder.join("config.yaml"), CONFIG.replace("user/alice", "user/bob"))?;
    let (file, _) = import(world, &folder, &["-c", "config.yaml"], "none")?;
    ensure!(file.contains("  users:\n  - {name: bob, username: alice}\n"), "{file}");
    // A live cluster's, of a namespace that is nobody else's.
    let map =
        "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: old, namespace: dev}\ndata:\n  config.yaml: |\n";
    let config: String = CONFIG.replace("[devs]", "[developers]").lines().map(|line| format!("    {line}\n")).collect();
    let managed = TestCluster::start(world, "import-2018-live", &format!("{OBJECTS}{map}{config}"))?;
    let file = managed.run(&["import", "--config-map", "dev/old"])?.success()?;
    ensure!(file.starts_with("clusterID: old.example.com\n") && !file.contains("bob"), "{file}");
    Ok(())
}

const KOPS: &str = r"apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata:
  name: kops.example.com
spec:
  authentication:
    aws:
      backendMode: CRD
      identityMappings:
      - {arn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: [devs]}
      - arn: arn:aws:iam::111122223333:role/Ops
        username: ops
        groups: ['system:masters']
      - {arn: 'arn:aws:iam::111122223333:group/x', username: x, groups: [devs]}
  kubernetesVersion: 1.34.0
";

fn kops(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("import-kops")?;
    let mut dump = Dump::new();
    dump.bind("dev", "devs", "ClusterRole/edit", &["Group:devs"]);
    dump.write(&folder)?;
    fs::write(folder.join("kops.yaml"), KOPS)?;
    dump.config_map("other", &json!({}));
    dump.write(&folder)?;
    let (file, notes) = import(world, &folder, &["--from", "kops.yaml"], "none")?;
    ensure!(file.starts_with("clusterID: kops.example.com\n"), "{file}");
    ensure!(
        file.contains("- name: devs\n  users: [alice]\n") && file.contains("- {name: Ops, username: ops}"),
        "{file}"
    );
    ensure!(
        notes.contains("identityMappings[2]: `arn:aws:iam::111122223333:group/x` is not the ARN of a user or role"),
        "{notes}"
    );
    ensure!(notes.contains("--> kops.yaml:14:15\n"), "{notes}");
    // Where kops has made its objects, they are what is in force, and the plan compares them.
    for (at, (arn, username, group)) in
        [("user/alice", "alice", "devs"), ("role/Ops", "ops", "system:masters")].into_iter().enumerate()
    {
        let spec = json!({"arn": format!("arn:aws:iam::111122223333:{arn}"), "username": username, "groups": [group]});
        let (version, name) = ("iamauthenticator.k8s.aws/v1alpha1", json!({"name": format!("kops-{at}")}));
        dump.add(version, "IAMIdentityMapping", &name, &json!({"spec": spec}));
    }
    dump.write(&folder)?;
    let (again, notes) = import(world, &folder, &["--from", "kops.yaml"], "crd")?;
    ensure!(
        again == file && notes.contains("`cluster-auth plan --mapping crd --from cluster.json"),
        "{again}\n{notes}"
    );
    for (wrong, said) in [
        (KOPS.replace("kops.k8s.io/v1alpha2", "v1"), "a Cluster of kops"),
        (KOPS.replace("username: ops", "username: [ops]"), "expected text, found a list"),
        (KOPS.replace("groups: ['system:masters']", "groups: admins"), "`groups` must be a list, and is text"),
        (
            format!("{KOPS}---\n{}", KOPS.replace("kops.example", "other.example")),
            "a Cluster of kops (kops.yaml:4) is about the cluster `kops.example.com`, and a Cluster of kops (kops.yaml:20) about \
             `other.example.com`; give files of only one cluster",
        ),
    ] {
        fs::write(folder.join("kops.yaml"), wrong)?;
        let Output { code, stdout, stderr } =
            run(world, &folder, &[&["import"], &FROM[..], &["--from", "kops.yaml"]].concat())?;
        ensure!(code == 1 && stdout.is_empty() && stderr.contains(said), "{said}: {stderr}");
    }
    Ok(())
}

fn gaps(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("import-gaps")?;
    let import = |dump: &Dump, args: &[&str]| -> anyhow::Result<String> {
        dump.write(&folder)?;
        let Output { code, stdout, stderr } = run(world, &folder, &[&["import"], &FROM[..], args].concat())?;
        ensure!(code == 1 && stdout.is_empty(), "{code} {stdout} {stderr}");
        Ok(stderr)
    };
    let user = "- {userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: [devs]}";
    // aws-iam-authenticator takes what it can read of aws-auth, and so does import: the rest is named.
    let broken = [
        ("mapUsers", json!({"mapUsers": "- {userarn: ["})),
        ("mapRoles", json!({"mapUsers": user, "mapRoles": "rolearn: x"})),
        ("mapUsers[1]", json!({"mapUsers": format!("{user}\n- {{userarn: alice, username: a, groups: []}}")})),
        ("mapuser", json!({"mapUsers": user, "mapuser": user})),
    ];
    for (section, data) in broken {
        let mut dump = Dump::new();
        dump.config_map("aws-auth", &data);
        dump.write(&folder)?;
        let Output { code, stdout, stderr } = run(world, &folder, &[&["import", "-i", "c"], &FROM[..]].concat())?;
        let is_named = |text: &str| text.contains(&format!("(cluster.json:1, {section} of aws-auth): "));
        ensure!(code == 0 && is_named(&stdout) && is_named(&stderr), "{section}: {code} {stdout} {stderr}");
    }
    let mut dump = Dump::new();
    dump.config_map("aws-auth", &json!({"mapUsers": user}));
    let said = import(&dump, &[])?;
    ensure!(said.contains("no cluster id: give -i ID"), "{said}");
    for (kind, words) in [("ClusterRoleBinding", "clusterrolebindings"), ("ConfigMap", "the ConfigMaps of kube-system")]
    {
        let without = Dump(dump.0.iter().filter(|object| object["kind"] != kind).cloned().collect());
        let said = import(&without, &["-i", "c"])?;
        ensure!(
            said.starts_with(&format!("error: {words}: the dumps do not have them; give what `kubectl get ")),
            "{said}"
        );
    }
    // Another program's file, and not passed over with `groups: []`.
    fs::write(folder.join("config.yaml"), CONFIG)?;
    let said = import(&dump, &["-i", "c", "--from", "config.yaml"])?;
    ensure!(said.starts_with("error: --from config.yaml: this is the authenticator's configuration; "), "{said}");
    let managed = TestCluster::start(world, "import-forbidden", OBJECTS)?;
    let viewer = managed.user("viewer", &[&["--verb=list", "--resource=namespaces"]])?;
    let refused = process::run(&mut managed.command_as(&viewer, &["import"]))?;
    ensure!(refused.stdout.is_empty(), "{refused:?}");
    let said = refused.failure()?;
    ensure!(said.contains("error: the ConfigMap kube-system/aws-auth: you may not get it\n"), "{said}");
    Ok(())
}
