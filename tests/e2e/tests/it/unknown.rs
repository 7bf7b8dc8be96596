//! Unknown is not no: people who may look at a part of a real cluster, and what they are told.

use anyhow::{Context as _, ensure};
use e2e::{managed::Managed, process, world::World};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] =
    &[("unknown::explain_says_what_could_not_be_looked_at_and_never_a_no_for_it", explain)];

const OBJECTS: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-iam-authenticator, namespace: kube-system}
data:
  config.yaml: |
    clusterID: prod.example.com
    server:
      mapUsers:
      - {userARN: 'arn:aws:iam::111122223333:user/bob', username: bob, groups: [developers]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapUsers: |
    - {userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: [developers]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: developers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
";

/// What looking at everything takes, one right a line: as `kubectl create clusterrole` takes it.
const RIGHTS: &[(&str, &[&str])] = &[
    ("namespaces", &["--verb=list", "--resource=namespaces"]),
    ("roles", &["--verb=list", "--resource=roles"]),
    ("clusterroles", &["--verb=list", "--resource=clusterroles"]),
    ("rolebindings", &["--verb=list", "--resource=rolebindings"]),
    ("clusterrolebindings", &["--verb=list", "--resource=clusterrolebindings"]),
    ("mappings", &["--verb=list", "--resource=iamidentitymappings.iamauthenticator.k8s.aws"]),
    ("aws-auth", &["--verb=get", "--resource=configmaps", "--resource-name=aws-auth"]),
    ("configuration", &["--verb=get", "--resource=configmaps", "--resource-name=aws-iam-authenticator"]),
    ("ours", &["--verb=get", "--resource=configmaps", "--resource-name=cluster-auth-access"]),
    ("record", &["--verb=get", "--resource=configmaps", "--resource-name=cluster-auth"]),
];

const BOB: &str = "letIn bob";
const ALICE: &str = "letIn alice";
const NOBODY: &str = "refused mapping.none";
const AS_BOB: &str = "notKnown bob";
const AS_ALICE: &str = "notKnown alice";
const NOT_KNOWN: &str = "notKnown";

fn explain(world: &World) -> anyhow::Result<()> {
    let managed = Managed::start(world, "unknown-explain", OBJECTS)?;
    // The kind is there, so that it matters whether its objects may be listed.
    managed.admin.with_file(&["create"], crate::access::DEFINITION)?.success()?;
    let missing = ["--for=condition=Established", "crd/iamidentitymappings.iamauthenticator.k8s.aws", "--timeout=60s"];
    managed.admin.kubectl(&[&["wait"][..], &missing].concat())?.success()?;
    let rows = [
        ("nothing", [BOB, ALICE, NOBODY], 1, ""),
        ("namespaces", [BOB, ALICE, NOBODY], 1, "namespaces"),
        ("roles", [BOB, ALICE, NOBODY], 1, "roles"),
        ("clusterroles", [BOB, ALICE, NOBODY], 1, "clusterroles"),
        ("rolebindings", [BOB, ALICE, NOBODY], 0, "rolebindings"),
        ("clusterrolebindings", [BOB, ALICE, NOBODY], 1, "clusterrolebindings"),
        ("mappings", [BOB, ALICE, NOT_KNOWN], 1, "IAMIdentityMappings"),
        ("aws-auth", [BOB, NOT_KNOWN, NOT_KNOWN], 1, "the ConfigMap kube-system/aws-auth"),
        ("configuration", [NOT_KNOWN, AS_ALICE, NOT_KNOWN], 0, "the ConfigMap kube-system/aws-iam-authenticator"),
        ("ours", [AS_BOB, AS_ALICE, NOT_KNOWN], 1, "the ConfigMap kube-system/cluster-auth-access"),
        ("everything", [NOT_KNOWN, NOT_KNOWN, NOT_KNOWN], 0, "the ConfigMap kube-system/aws-auth"),
    ];
    for (without, expected, rights, gap) in rows {
        let kept = RIGHTS.iter().filter(|(name, _)| without != "everything" && *name != without);
        let roles: Vec<&[&str]> = kept.map(|(_, args)| *args).collect();
        let somebody = managed.user(&format!("without-{without}"), &roles)?;
        for (name, expected) in ["bob", "alice", "mallory"].into_iter().zip(expected) {
            let arn = format!("arn:aws:iam::111122223333:user/{name}");
            let shown =
                process::run(&mut managed.command_as(&somebody, &["explain", &arn, "-o", "json"]))?.success()?;
            let shown: Value = serde_json::from_str(&shown).with_context(|| shown.clone())?;
            let what = [&shown["username"], &shown["code"]].into_iter().filter_map(Value::as_str);
            let verdict = shown["verdict"].as_str().context("a verdict")?;
            let said =
                [verdict].into_iter().chain(what.filter(|what| *what != "granted")).collect::<Vec<_>>().join(" ");
            ensure!(said == expected, "without {without}, {name} is said to be {said}, and not {expected}: {shown}");
            let let_in = match verdict {
                "letIn" => Value::Bool(true),
                "refused" => Value::Bool(false),
                _ => Value::Null,
            };
            ensure!(shown["letIn"] == let_in, "{shown}");
            let gaps: Vec<&str> =
                shown["gaps"].as_array().context("gaps")?.iter().filter_map(|gap| gap["what"].as_str()).collect();
            ensure!(
                shown["incomplete"] == !gaps.is_empty() && (gap.is_empty() || gaps.contains(&gap)),
                "{without}: {shown}"
            );
            let own = shown["rights"].as_array().context("rights")?.iter().filter(|right| right["everybody"] == false);
            ensure!(name != "bob" || own.count() == rights, "without {without}, {name} holds something else: {shown}");
        }
    }
    // Whoever may see nothing is not told that somebody has nothing.
    let nobody = managed.folder.join("without-everything.kubeconfig").display().to_string();
    for (name, command) in [("explain", vec!["explain"]), ("matrix", vec!["matrix"])] {
        let args = [&command[..], &["arn:aws:iam::111122223333:user/bob"]].concat();
        let said = process::run(&mut managed.command_as(&nobody, &args))?;
        let text = format!("{}{}", said.stdout, said.stderr);
        ensure!(text.contains("not known") && !text.contains("nothing of their own"), "{name}: {text}");
    }
    Ok(())
}
