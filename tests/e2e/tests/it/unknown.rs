//! Unknown is not no: people who may look at a part of a real cluster, and what they are told.

mod selections;

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, wait_until},
    test_cluster::{AUTHENTICATOR, TestCluster},
    world::World,
};
use local_cluster::Options;
use serde_json::Value;

use crate::{Test, who_can::settled};

pub(crate) const TESTS: &[Test] = &[
    ("unknown::explain_says_what_could_not_be_looked_at_and_never_a_no_for_it", explain),
    ("unknown::whoever_may_see_one_namespace_gets_the_answer_for_it", one_namespace),
    ("unknown::half_a_list_of_the_real_api_server_is_never_all_of_it", half_a_list),
    ("unknown::what_kubectl_prints_of_names_or_by_a_selector_is_never_all_of_it", selections::selections),
    ("unknown::nothing_is_said_of_what_could_not_be_looked_at_by_any_exit_code", exit_codes),
    ("unknown::a_plan_states_nothing_that_could_not_be_looked_at", plan),
    ("unknown::whatever_odd_rights_somebody_has_no_answer_is_whole_that_is_not", odd_rights),
    ("unknown::what_an_api_group_has_that_does_not_answer_is_not_known", silent_group),
    ("unknown::logins_that_the_api_server_cannot_list_are_not_none", broken_conversion),
];

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

/// What it takes to see who reads the configuration. Without it nothing is missing that a plan needs.
const SERVERS: Args<'_> = &["--verb=list", "--resource=daemonsets,deployments"];

const BOB: &str = "letIn bob";
const ALICE: &str = "letIn alice";
const NOBODY: &str = "refused mapping.none";
const AS_BOB: &str = "notKnown bob";
const AS_ALICE: &str = "notKnown alice";
const NOT_KNOWN: &str = "notKnown";

fn explain(world: &World) -> anyhow::Result<()> {
    // What is in aggregated roles, a controller writes there.
    let options = Options { controller_manager: true, ..Options::default() };
    let managed = TestCluster::start_with(world, "unknown-explain", &format!("{OBJECTS}{AUTHENTICATOR}"), &options)?;
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
        ("servers", [AS_BOB, AS_ALICE, NOT_KNOWN], 1, "the server's own files on the control plane"),
        ("everything", [NOT_KNOWN, NOT_KNOWN, NOT_KNOWN], 0, "the ConfigMap kube-system/aws-auth"),
    ];
    for (without, expected, rights, gap) in rows {
        let kept = RIGHTS.iter().filter(|(name, _)| without != "everything" && *name != without);
        let servers = (!["servers", "everything"].contains(&without)).then_some(SERVERS);
        let roles: Vec<&[&str]> = kept.map(|(_, args)| *args).chain(servers).collect();
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
        ensure!(text.contains("not known") && !text.contains("no permissions of their own"), "{name}: {text}");
    }
    Ok(())
}

/// Somebody may look at a namespace, and nobody at what holds in the whole cluster.
const NAMESPACES: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: other}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: debugger}
rules: [{apiGroups: [''], resources: [secrets, pods/exec], verbs: [get, create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: local, namespace: shop}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: admins, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: admin-of-shop}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: getter-of-shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: viewers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: viewer-of-shop}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: debuggers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: debugger}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: debuggers}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: local, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: local}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: lily}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: gone, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: no-such-role}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: nobody}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: others, namespace: other}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: olga}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: auditors}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: auditors}]
";

/// What nobody of these may look at, in whichever namespace. Each mapping source is named, so that nothing more is said of who
/// logs in.
const NEVER: &[&str] = &[
    "clusterrolebindings",
    "the ConfigMap kube-system/aws-auth",
    "the ConfigMap kube-system/aws-iam-authenticator",
    "the ConfigMap kube-system/cluster-auth",
    "the ConfigMap kube-system/cluster-auth-access",
];

fn one_namespace(world: &World) -> anyhow::Result<()> {
    // What `admin` and `view` allow is filled in by a controller.
    let options = Options { controller_manager: true, ..Options::default() };
    let managed = TestCluster::start_with(world, "unknown-namespace", NAMESPACES, &options)?;
    settled(&managed)?;
    let debugger: &[&str] = &["--verb=get", "--resource=clusterroles", "--resource-name=debugger"];
    let admin = managed.user("admin-of-shop", &[])?;
    let getter = managed.user("getter-of-shop", &[debugger])?;
    let viewer = managed.user("viewer-of-shop", &[])?;
    let nobody = managed.user("has-nothing", &[])?;
    for (who, verb) in [("admin-of-shop", "list"), ("getter-of-shop", "list"), ("viewer-of-shop", "get")] {
        let resource = if verb == "list" { "rolebindings.rbac.authorization.k8s.io" } else { "pods" };
        let asked = ["auth", "can-i", verb, resource, "-n", "shop", "--as", who];
        wait_until("the bindings are known", || Ok(managed.admin.kubectl(&asked)?.code == 0))?;
    }
    let run = |kubeconfig: &str, args: &[&str]| process::run(&mut managed.command_as(kubeconfig, args));
    let json = |kubeconfig: &str, args: &[&str]| -> anyhow::Result<Value> {
        let text = run(kubeconfig, &[args, &["-o", "json"]].concat())?.success()?;
        serde_json::from_str(&text).with_context(|| text.clone())
    };
    let question = ["who-can", "get", "secrets", "-n", "shop"];
    let in_shop = ["User admin-of-shop", "User getter-of-shop", "User lily"];
    let bindings = ["rolebindings"];
    let rows: [(&str, &[&str], &[&str]); 4] = [
        (
            &admin,
            &in_shop,
            &[
                "what the ClusterRole admin allows",
                "what the ClusterRole debugger allows",
                "what the ClusterRole view allows",
            ],
        ),
        (
            &getter,
            &["Group debuggers", "User admin-of-shop", "User getter-of-shop", "User lily"],
            &["what the ClusterRole admin allows", "what the ClusterRole view allows"],
        ),
        (&viewer, &[], &bindings),
        (&nobody, &[], &bindings),
    ];
    for (kubeconfig, expected, gaps) in rows {
        let shown = json(kubeconfig, &question)?;
        let subjects = shown["subjects"].as_array().context("subjects")?.iter();
        let mut who: Vec<String> = subjects
            .filter(|subject| subject["name"] != "system:masters")
            .map(|subject| {
                format!(
                    "{} {}",
                    subject["kind"].as_str().unwrap_or_default(),
                    subject["name"].as_str().unwrap_or_default()
                )
            })
            .collect();
        who.sort();
        ensure!(who == expected, "{kubeconfig}: {shown}");
        let mut found: Vec<&str> =
            shown["gaps"].as_array().context("gaps")?.iter().filter_map(|gap| gap["what"].as_str()).collect();
        found.sort_unstable();
        let mut all = [NEVER, gaps].concat();
        all.sort_unstable();
        ensure!(found == all && shown["incomplete"] == true, "{kubeconfig}: {found:?} and not {all:?}");
        // For people, that there may be more is said.
        let said = run(kubeconfig, &question)?;
        ensure!(
            said.code == 0 && said.stderr.contains("incomplete: clusterrolebindings: you may not list them"),
            "{said:?}"
        );
        ensure!(said.stderr.contains("others may also be allowed by what could not be read"), "{said:?}");
    }
    // The context's namespace is meant where none is named.
    let text = std::fs::read_to_string(&admin)?;
    let own = managed.folder.join("own.kubeconfig");
    std::fs::write(&own, text.replacen("    user:", "    namespace: shop\n    user:", 1))?;
    let own = own.display().to_string();
    let shown = json(&own, &["who-can", "get", "secrets"])?;
    ensure!(
        shown["question"]["namespace"] == "shop" && shown["subjects"].as_array().is_some_and(|all| all.len() == 4),
        "{shown}"
    );
    // In another namespace they may not look, and are not told that nobody can.
    let shown = json(&own, &["who-can", "get", "secrets", "-n", "other"])?;
    let gaps = shown["gaps"].as_array().context("gaps")?;
    ensure!(gaps.iter().any(|gap| gap["what"] == "rolebindings"), "{shown}");

    // A matrix of the namespace has who is bound there, and a question mark where there may be more.
    for args in [&["matrix", "-n", "shop"][..], &["matrix"]] {
        let said = run(&own, args)?;
        let line = |name: &str| said.stdout.lines().find(|line| line.contains(name)).map(str::to_owned);
        ensure!(
            said.code == 0 && line("Kubernetes user lily").is_some_and(|line| line.contains("secrets, ?")),
            "{said:?}"
        );
        ensure!(said.stdout.contains("incomplete: clusterrolebindings"), "{said:?}");
    }
    let shown = json(&own, &["matrix", "-n", "shop", "--who", "lily"])?;
    ensure!(shown["rows"][0]["wholeCluster"]["maybeMore"] == true, "{shown}");
    // Whoever may not look there is not told that there is no such namespace.
    let said = run(&nobody, &["matrix", "-n", "shop"])?.failure()?;
    ensure!(said.contains("no known namespace matches --namespace shop, and others may:"), "{said}");

    // Who they are, and what they may do there, the cluster says.
    for (kubeconfig, name, right) in [
        (&admin, "admin-of-shop", Some("pods/exec")),
        (&viewer, "viewer-of-shop", Some("get, list, watch on bindings")),
        (&nobody, "has-nothing", None),
    ] {
        let shown = json(kubeconfig, &["whoami", "-n", "shop"])?;
        ensure!(shown["username"] == name && shown["incomplete"] == true, "{shown}");
        let rights = shown["rights"].as_array().context("rights")?;
        match right {
            Some(right) => {
                let here =
                    rights.iter().find(|part| part["namespaces"] == serde_json::json!(["shop"])).context("shop")?;
                ensure!(here["words"].to_string().contains(right), "{shown}");
            }
            None => ensure!(rights.is_empty(), "{shown}"),
        }
    }
    Ok(())
}

/// What is bound, so that lists have several pages.
fn bindings(number: usize) -> String {
    let binding = |at: usize| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: b{at:02}, namespace: shop}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: user{at:02}}}]\n"
        )
    };
    let head = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\napiVersion: rbac.authorization.k8s.io/v1\n\
                kind: ClusterRole\nmetadata: {name: reader}\nrules: [{apiGroups: [''], resources: [pods], verbs: [get]}]\n";
    (0..number).map(binding).fold(head.to_owned(), |text, binding| text + &binding)
}

/// Parts of lists as the API server itself makes them, beside everything else.
fn half_a_list(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "unknown-half", &bindings(12))?;
    let raw = |path: &str| -> anyhow::Result<String> {
        managed.admin.kubectl(&["get", "--raw", &format!("/apis/rbac.authorization.k8s.io/v1/{path}")])?.success()
    };
    let write = |name: &str, text: &str| std::fs::write(managed.folder.join(name), text);
    write("cut.json", &raw("rolebindings?limit=5")?)?;
    // The same that is to be YAML, and what has only the number of the rest.
    let cut: Value = serde_json::from_str(&raw("rolebindings?limit=5")?)?;
    ensure!(cut["metadata"]["remainingItemCount"].as_u64().is_some_and(|rest| rest >= 7), "{cut}");
    let mut counted = cut.clone();
    counted["metadata"].as_object_mut().context("metadata")?.remove("continue");
    write("counted.json", &counted.to_string())?;
    write("whole.json", &raw("rolebindings")?)?;
    let rest = "namespaces,roles,clusterroles,clusterrolebindings,configmaps";
    write("rest.json", &managed.admin.kubectl(&["get", rest, "-A", "-o", "json"])?.success()?)?;

    let from = |bindings: &'static str| ["--from", "rest.json", "--from", bindings];
    for file in ["cut.json", "counted.json"] {
        let question = [&["who-can", "get", "pods", "-n", "shop"][..], &from(file)].concat();
        let shown = managed.run(&[&question[..], &["-o", "json"]].concat())?.success()?;
        let shown: Value = serde_json::from_str(&shown)?;
        let gap = shown["gaps"].as_array().and_then(|gaps| gaps.iter().find(|gap| gap["what"] == "rolebindings"));
        let why = gap.and_then(|gap| gap["why"].as_str()).context("a gap")?;
        ensure!(why.starts_with(&format!("the list in {file}")) && why.contains("is only a part"), "{shown}");
        let said = managed.run(&question)?;
        ensure!(said.stderr.contains("others may also be allowed by what could not be read"), "{said:?}");

        let matrix = managed.run(&[&["matrix"][..], &from(file)].concat())?.success()?;
        ensure!(matrix.contains("incomplete: rolebindings: the list in") && matrix.contains('?'), "{matrix}");
        let lint = managed.run(&[&["lint", "--fail-on", "danger"][..], &from(file)].concat())?;
        ensure!(lint.code != 0 && lint.stderr.contains("rolebindings: the list in"), "{lint:?}");
        for sides in [["whole.json", file], [file, "whole.json"], [file, file]] {
            let said = managed.run(&["diff", sides[0], sides[1], "--exit-code"])?;
            ensure!(
                said.code == 1 && said.stdout.is_empty() && said.stderr.contains("nothing was compared"),
                "{said:?}"
            );
        }
        let imported = managed.run(&[&["import", "-i", "c"][..], &from(file)].concat())?.failure()?;
        ensure!(imported.contains("rolebindings: the list in"), "{imported}");
    }
    // All of it is all of it.
    let question = [&["who-can", "get", "pods", "-n", "shop", "-o", "json"][..], &from("whole.json")].concat();
    let shown: Value = serde_json::from_str(&managed.run(&question)?.success()?)?;
    let users = shown["subjects"].as_array().into_iter().flatten().filter(|subject| subject["kind"] == "User");
    let users = users.filter(|user| user["name"].as_str().is_some_and(|name| name.starts_with("user"))).count();
    ensure!(users == 12 && !shown["gaps"].to_string().contains("rolebindings"), "{users}: {shown}");
    let same = managed.run(&["diff", "whole.json", "whole.json", "--exit-code"])?;
    ensure!(same.code == 0, "{same:?}");
    // kubectl without -A prints the list of one namespace, and does not say so.
    write("shop.json", &managed.admin.kubectl(&["get", "rolebindings", "-n", "shop", "-o", "json"])?.success()?)?;
    for (namespace, is_known) in [("shop", true), ("kube-system", false)] {
        let question = [&["who-can", "get", "pods", "-n", namespace, "-o", "json"][..], &from("shop.json")].concat();
        let shown: Value = serde_json::from_str(&managed.run(&question)?.success()?)?;
        let gap = shown["gaps"].as_array().and_then(|gaps| gaps.iter().find(|gap| gap["what"] == "rolebindings"));
        ensure!(gap.is_none() == is_known, "{namespace}: {shown}");
        ensure!(is_known || gap.is_some_and(|gap| gap.to_string().contains("`kubectl get -A` prints all")), "{shown}");
    }
    Ok(())
}

/// What is typed.
type Args<'a> = &'a [&'a str];

const FILE: &str = "clusterID: c\naccount: '111122223333'\ngroups: []\n";

/// Where the exit code is the verdict, somebody who may not look gets neither "none" nor "all gone".
fn exit_codes(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "unknown-exit", &bindings(2))?;
    std::fs::write(managed.folder.join("access.yaml"), FILE)?;
    let dump = "namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps";
    let dump = managed.admin.kubectl(&["get", dump, "-A", "-o", "json"])?.success()?;
    std::fs::write(managed.folder.join("before.json"), dump)?;
    // The cluster knows no mappings of its own.
    let but = |without: &str| -> Vec<&[&str]> {
        RIGHTS.iter().filter(|(name, _)| ![without, "mappings"].contains(name)).map(|(_, args)| *args).collect()
    };
    let sees_all = managed.user("sees-all", &but(""))?;
    let no_bindings = managed.user("no-bindings", &but("rolebindings"))?;
    let no_logins = managed.user("no-logins", &but("aws-auth"))?;
    let nothing = managed.user("sees-nothing", &[])?;
    let rows: [(&str, Args<'_>, [i32; 4]); 6] = [
        ("a file that says what is there", &["plan", "access.yaml", "--mapping", "none", "--exit-code"], [0, 1, 0, 1]),
        ("who gained", &["diff", "before.json", "context:local", "--exit-code"], [2, 1, 1, 1]),
        ("whoever asks no exit code gets none made up either", &["diff", "context:local", "before.json"], [0, 1, 1, 1]),
        ("two groups", &["diff", "group:a", "group:b", "--exit-code"], [0, 1, 1, 1]),
        ("findings of a severity that every cluster has", &["lint", "--fail-on", "info"], [2, 2, 2, 1]),
        ("an answer", &["who-can", "get", "pods", "-n", "shop"], [0, 0, 0, 0]),
    ];
    for (name, args, expected) in rows {
        for (kubeconfig, expected) in [&sees_all, &no_bindings, &no_logins, &nothing].into_iter().zip(expected) {
            let said = process::run(&mut managed.command_as(kubeconfig, args))?;
            ensure!(said.code == expected, "{name}, {kubeconfig}: {} and not {expected}: {said:?}", said.code);
            let claims = ["nothing changes", "both may do the same", "loses", "gains"];
            ensure!(
                expected != 1 || !claims.iter().any(|claim| said.stdout.contains(claim)),
                "{name}, {kubeconfig}: {said:?}"
            );
        }
    }
    Ok(())
}

/// A file of which the cluster has a part: the planner's rights decide what can be said of the rest.
const PLANNED: &str = "clusterID: c
account: '111122223333'
groups:
- name: developers
  users: [alice, bob]
  authorization: [{namespace: shop, clusterRole: reader}, {namespace: shop, clusterRole: no-such-role}]
- name: operators
  users: [dana]
  authorization: [{clusterRole: cluster-admin, accept: {access.all-powerful: they run the cluster}}]
";

/// One planner for each right that is missing, and one who has none: nothing that they are told is otherwise for whoever
/// may look at everything, the digest and the exit code apart.
fn plan(world: &World) -> anyhow::Result<()> {
    let managed =
        TestCluster::start(world, "unknown-plan", &format!("{}---{OBJECTS}", bindings(1).replace("shop", "dev")))?;
    managed.file(PLANNED)?;
    // A part of it is there already, by hand.
    let there = [
        "create",
        "rolebinding",
        "cluster-auth:developers:reader",
        "-n",
        "shop",
        "--clusterrole=reader",
        "--group=developers",
    ];
    managed.admin.kubectl(&there)?.success()?;
    let facts = |plan: &Value| -> BTreeSet<String> {
        let mut facts = BTreeSet::new();
        for key in ["objects", "logins", "allPowerful", "warnings", "refusals"] {
            facts.extend(plan[key].as_array().into_iter().flatten().map(|fact| format!("{key} {fact}")));
        }
        for person in plan["people"].as_array().into_iter().flatten() {
            facts.insert(format!("{}: {} {}", person["who"], person["before"], person["after"]));
            for key in ["gains", "losses", "still", "escalations"] {
                facts.extend(
                    person[key].as_array().into_iter().flatten().map(|fact| format!("{} {fact}", person["who"])),
                );
            }
        }
        facts.retain(|fact| !fact.contains("plan.incomplete") && !fact.contains("not known:"));
        facts
    };
    let whole = managed.plan(&["--mapping", "aws-auth"])?;
    ensure!(whole["complete"] == true && whole["warnings"].to_string().contains("no-such-role"), "{whole:#}");
    let truth = facts(&whole);
    for without in RIGHTS.iter().map(|(name, _)| *name).filter(|name| *name != "mappings").chain(["everything"]) {
        let kept = RIGHTS.iter().filter(|(name, _)| without != "everything" && ![without, "mappings"].contains(name));
        let roles: Vec<&[&str]> = kept.map(|(_, args)| *args).collect();
        let somebody = managed.user(&format!("planner-without-{without}"), &roles)?;
        let run = |args: &[&str]| {
            let args = [&["plan", "--mapping", "aws-auth", "--exit-code"][..], args].concat();
            process::run(&mut managed.command_as(&somebody, &args))
        };
        let [text, markdown, json] = [run(&[])?, run(&["-o", "markdown"])?, run(&["-o", "json"])?];
        ensure!([&text, &markdown, &json].iter().all(|said| said.code == 1), "without {without}: {text:?}");
        let plan: Value = serde_json::from_str(&json.stdout).with_context(|| json.stderr.clone())?;
        let stated = facts(&plan);
        let wrong: Vec<&String> = stated.difference(&truth).collect();
        ensure!(plan["complete"] == false && wrong.is_empty(), "without {without} it is stated that {wrong:#?}");
        let numbers = ["to create", "can log in who could not", "gain rights", "there is no ClusterRole"];
        for said in [&text.stdout, &markdown.stdout] {
            ensure!(said.contains("incomplete: not all of the cluster could be read"), "{said}");
            let claims = numbers.iter().filter(|claim| said.contains(**claim) && !said.contains(&format!("0 {claim}")));
            ensure!(without != "everything" || claims.count() == 0, "{said}");
        }
        ensure!(without != "everything" || text.stdout.contains("\nNot known\n"), "{}", text.stdout);
    }
    // Which right is missing is said where nothing can be planned for want of it.
    let nobody = managed.folder.join("planner-without-everything.kubeconfig").display().to_string();
    let said = process::run(&mut managed.command_as(&nobody, &["plan"]))?.failure()?;
    ensure!(said.contains("you may not `get` the ConfigMaps") && said.contains("`access-planner`"), "{said}");
    ensure!(!said.contains("--mapping"), "what is missing is a right: {said}");
    Ok(())
}

/// Somebody may look at a part that nobody had in mind. Whatever it is, an answer that lacks something says so, in words
/// and for programs.
fn odd_rights(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "unknown-odd", &bindings(2))?;
    std::fs::write(managed.folder.join("access.yaml"), FILE)?;
    let list_bindings: &[&str] = &["--verb=list", "--resource=rolebindings,clusterrolebindings"];
    let one_role: &[&str] = &["--verb=get", "--resource=clusterroles", "--resource-name=reader"];
    let roles: &[&str] = &["--verb=list", "--resource=roles,clusterroles"];
    let namespaces: &[&str] = &["--verb=list", "--resource=namespaces"];
    let get_bindings: &[&str] = &["--verb=get", "--resource=rolebindings,clusterrolebindings,roles,clusterroles"];
    let somebody: [(&str, &[Args<'_>], Args<'_>); 7] = [
        ("bindings-alone", &[list_bindings], &["what the ClusterRole reader allows", "roles"]),
        ("bindings-and-one-role", &[list_bindings, one_role], &["roles"]),
        ("roles-alone", &[roles], &["rolebindings", "clusterrolebindings"]),
        ("namespaces-alone", &[namespaces], &["rolebindings", "clusterrolebindings"]),
        ("gets-and-no-lists", &[get_bindings], &["rolebindings", "clusterrolebindings"]),
        ("in-one-namespace", &[], &["clusterrolebindings"]),
        ("system:anonymous", &[], &["rolebindings", "clusterrolebindings"]),
    ];
    let lister = ["create", "role", "lister", "--verb=list", "--resource=rolebindings,roles", "-n", "shop"];
    managed.admin.kubectl(&lister)?.success()?;
    let bound = ["create", "rolebinding", "lister", "--role=lister", "--user=in-one-namespace", "-n", "shop"];
    managed.admin.kubectl(&bound)?.success()?;
    let arn = "arn:aws:iam::111122223333:user/alice";
    let answers: [Args<'_>; 7] = [
        &["who-can", "get", "pods", "-n", "shop"],
        &["who-can", "get", "pods", "--any-namespace"],
        &["matrix"],
        &["matrix", "user:user00"],
        &["explain", arn],
        &["lint"],
        &["whoami"],
    ];
    let verdicts: [(Args<'_>, &str); 5] = [
        (&["diff", "context:local", "context:local", "--exit-code"], "nothing was compared"),
        (&["diff", "user:user00", "user:user01", "--exit-code"], "nothing was compared"),
        (&["lint", "--fail-on", "danger"], "it is not known whether there is such a finding"),
        (
            &["plan", "access.yaml", "--mapping", "none", "--exit-code"],
            "it is not known whether something would change",
        ),
        (&["import", "-i", "c"], "nothing was imported"),
    ];
    let mut wrong = Vec::new();
    for (name, roles, gaps) in somebody {
        // In KUBECONFIG a colon ends a path.
        let kubeconfig = managed.folder.join(name.replace(':', "-")).display().to_string();
        std::fs::copy(managed.user(name, roles)?, &kubeconfig)?;
        for args in answers {
            // Whoever may list namespaces is told of each what they may do there.
            if (name, args) == ("namespaces-alone", &["whoami"]) {
                continue;
            }
            let said = process::run(&mut managed.command_as(&kubeconfig, args))?;
            let text = format!("{}{}", said.stdout, said.stderr).to_lowercase();
            if said.code != 0 || !text.contains("incomplete") {
                wrong.push(format!("{name}, {args:?}: {said:?}"));
            }
            let json = process::run(&mut managed.command_as(&kubeconfig, &[args, &["-o", "json"]].concat()))?;
            let shown: Value = serde_json::from_str(&json.stdout).unwrap_or_default();
            let found = shown["gaps"].to_string();
            let lacks = |gap: &&&str| args[0] != "whoami" && !found.contains(&format!("\"{gap}\""));
            // Roles that are bound are asked for by their names, so that lists of them matter to nobody but who looks at all.
            let looks_at_all = ["explain", "lint"].contains(&args[0]);
            let missing: Vec<&&str> =
                gaps.iter().filter(lacks).filter(|gap| looks_at_all || **gap != "roles").collect();
            if shown["incomplete"] != true || !missing.is_empty() {
                wrong.push(format!(
                    "{name}, {args:?}: {missing:?} is not a gap of {found}, incomplete {}",
                    shown["incomplete"]
                ));
            }
        }
        for (args, words) in verdicts {
            let said = process::run(&mut managed.command_as(&kubeconfig, args))?;
            if said.code != 1 || !said.stderr.contains(words) {
                wrong.push(format!("{name}, {args:?}: {said:?}"));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What they may see they are told.
    let sees = |name: &str| -> anyhow::Result<String> {
        let kubeconfig = managed.folder.join(name).display().to_string();
        process::run(&mut managed.command_as(&kubeconfig, &["who-can", "get", "pods", "-n", "shop"]))?.success()
    };
    ensure!(sees("bindings-and-one-role")?.contains("User user01"), "the role may be got by its name");
    ensure!(!sees("bindings-alone")?.contains("User user01"), "nobody says what the role allows");
    Ok(())
}

/// An aggregated API server is down.
fn silent_group(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "unknown-silent", &bindings(1))?;
    let service = "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.gone.example.com}\n\
                   spec: {group: gone.example.com, version: v1, groupPriorityMinimum: 100, versionPriority: 100,\n  \
                   insecureSkipTLSVerify: true, service: {name: gone, namespace: shop}}\n";
    managed.admin.with_file(&["create"], service)?.success()?;
    wait_until("the group is known not to answer", || {
        let said = managed.run(&["who-can", "get", "widgets.gone.example.com"])?;
        Ok(said.stderr.contains("its API server does not answer"))
    })?;
    for (args, is_said) in [(["who-can", "get", "widgets"], true), (["who-can", "get", "pods"], false)] {
        let said = managed.run(&args)?;
        let note = "the resources of the API group gone.example.com are not known: its API server does not answer";
        ensure!(said.code == 0 && said.stderr.contains(note) == is_said, "{args:?}: {said:?}");
    }
    let matrix = managed.run(&["matrix"])?;
    ensure!(matrix.code == 0, "what it has plays no part in levels: {matrix:?}");
    Ok(())
}

/// A kind whose objects are stored in a version that a webhook turns into the one that is asked for, and the webhook is down.
const CONVERTED: &str = r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: iamidentitymappings.iamauthenticator.k8s.aws}
spec:
  group: iamauthenticator.k8s.aws
  scope: Cluster
  names: {plural: iamidentitymappings, singular: iamidentitymapping, kind: IAMIdentityMapping}
  conversion:
    strategy: Webhook
    webhook: {conversionReviewVersions: [v1], clientConfig: {url: 'https://127.0.0.1:1/'}}
  versions:
  - name: v1alpha1
    served: true
    storage: false
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
  - name: v1beta1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

fn broken_conversion(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "unknown-conversion", &bindings(1))?;
    managed.admin.with_file(&["create"], CONVERTED)?.success()?;
    let there = ["--for=condition=Established", "crd/iamidentitymappings.iamauthenticator.k8s.aws", "--timeout=60s"];
    managed.admin.kubectl(&[&["wait"][..], &there].concat())?.success()?;
    let mapping = "apiVersion: iamauthenticator.k8s.aws/v1beta1\nkind: IAMIdentityMapping\nmetadata: {name: alice}\n\
                   spec: {arn: 'arn:aws:iam::111122223333:user/alice', username: alice}\n";
    wait_until("the kind is served", || Ok(managed.admin.with_file(&["create"], mapping)?.code == 0))?;
    let said = managed.run(&["who-can", "get", "pods", "-n", "shop"])?;
    let gap = "incomplete: IAMIdentityMappings: the API server cannot list them now (status 500)";
    ensure!(said.code == 0 && said.stdout.contains("User user00") && said.stderr.contains(gap), "{said:?}");
    let explained = managed.run(&["explain", "arn:aws:iam::111122223333:user/alice", "-o", "json"])?.success()?;
    ensure!(serde_json::from_str::<Value>(&explained)?["verdict"] == "notKnown", "{explained}");
    let compared = managed.run(&["diff", "context:local", "context:local", "--exit-code"])?;
    ensure!(compared.code == 1 && compared.stderr.contains("nothing was compared"), "{compared:?}");
    Ok(())
}
