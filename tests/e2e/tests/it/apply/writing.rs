//! What `apply` writes and what it leaves alone.

use anyhow::{Context as _, ensure};
use e2e::{process, test_cluster::TestCluster, world::World};
use serde_json::{Value, json};

use super::{FILE, OBJECTS, surroundings};
use crate::Test;

pub(super) const TESTS: &[Test] = &[
    ("apply::what_others_made_stays_to_the_byte", others),
    ("apply::a_manual_edit_is_shown_and_mended", drift),
    ("apply::a_dry_run_changes_nothing", dry),
    ("apply::a_right_that_is_missing_is_found_before_anything_is_written", forbidden),
    ("apply::a_policy_that_rejects_is_quoted_and_cancels_only_what_needs_it", rejected),
    ("apply::every_place_for_logins_is_written", targets),
    ("apply::an_access_file_is_in_effect_where_a_server_reads_it", read_by),
];

/// `aws-auth` as others wrote it: nodes, a comment, odd spacing.
const AWS_AUTH: &str = "# Nodes: never touch.\n- rolearn:   arn:aws:iam::111122223333:role/Nodes # all\n  username: \
                        system:node:{{EC2PrivateDNSName}}\n  groups: ['system:bootstrappers', \"system:nodes\"]\n";

/// Objects of other people and programs.
const OTHERS: &str = r"
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: theirs, namespace: dev, labels: {app.kubernetes.io/managed-by: cluster-auth}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: others}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: of-another-cluster
  labels: {app.kubernetes.io/managed-by: cluster-auth}
  annotations: {cluster-auth.dev/cluster-id: another.example.com, cluster-auth.dev/file: access.yaml}
rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]
";

fn aws_auth(managed: &TestCluster) -> anyhow::Result<()> {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system",
        "labels": {"team": "x"}}, "data": {"mapRoles": AWS_AUTH, "mapAccounts": "['444455556666']", "note": "theirs"}});
    managed.admin.with_file(&["create"], &map.to_string())?.success()?;
    Ok(())
}

fn data(managed: &TestCluster, name: &str) -> anyhow::Result<Value> {
    let map = managed.admin.kubectl(&["-n", "kube-system", "get", "configmap", name, "-o", "json"])?.success()?;
    Ok(serde_json::from_str::<Value>(&map)?["data"].take())
}

/// Whose an object is, and which.
fn key(object: &Value) -> String {
    let metadata = &object["metadata"];
    format!("{} {}/{}", object["kind"], metadata["namespace"], metadata["name"])
}

fn is_ours(object: &Value) -> bool {
    object["metadata"]["annotations"]["cluster-auth.dev/cluster-id"] == "e2e.example.com"
}

fn others(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-others", &(surroundings() + OTHERS))?;
    aws_auth(&managed)?;
    managed.file(FILE)?;
    let before = managed.dump()?;
    managed.apply(&[])?.success()?;
    let check = |what: &str| -> anyhow::Result<()> {
        let now = managed.dump()?;
        for object in before.iter().filter(|object| object["metadata"]["name"] != "aws-auth") {
            let same = now.iter().find(|other| key(other) == key(object)).context("it is still there")?;
            ensure!(same == object, "{what}: {object}\nbecame {same}");
        }
        let roles = data(&managed, "aws-auth")?;
        ensure!(roles["mapRoles"].as_str().is_some_and(|text| text.starts_with(AWS_AUTH)), "{what}: {roles}");
        ensure!(roles["mapAccounts"] == "['444455556666']" && roles["note"] == "theirs", "{what}: {roles}");
        Ok(())
    };
    check("after the first run")?;
    let entries = data(&managed, "aws-auth")?;
    ensure!(entries["mapUsers"].as_str().is_some_and(|text| text.contains("user/ops/bob")), "{entries}");
    // Somebody else's entry and somebody else's object for the same group come in between.
    let theirs = "- {userarn: 'arn:aws:iam::111122223333:user/erin', username: erin}\n";
    let users = format!("{}{theirs}", entries["mapUsers"].as_str().unwrap_or_default());
    let patch = json!({"data": {"mapUsers": users}}).to_string();
    managed
        .admin
        .kubectl(&["-n", "kube-system", "patch", "configmap", "aws-auth", "--type=merge", "-p", &patch])?
        .success()?;
    managed.file(&FILE.replace("[alice, ops/bob]", "[alice]").replace("roles: [Deployer]", "roles: []"))?;
    managed.apply(&[])?.success()?;
    check("after bob has gone")?;
    let entries = data(&managed, "aws-auth")?;
    ensure!(entries["mapRoles"] == AWS_AUTH, "{entries}");
    let users = entries["mapUsers"].as_str().unwrap_or_default();
    ensure!(users.ends_with(theirs) && !users.contains("bob") && users.contains("alice"), "{users}");
    // Nobody of ours is left: everything of ours goes, and nothing else.
    managed.file("clusterID: e2e.example.com\ngroups: []\n")?;
    managed.apply(&["--allow-lockout"])?.success()?;
    check("after all have gone")?;
    let left: Vec<_> = managed.dump()?.into_iter().filter(is_ours).map(|object| key(&object)).collect();
    ensure!(left == [r#""ConfigMap" "kube-system"/"cluster-auth""#], "{left:?}");
    let entries = data(&managed, "aws-auth")?;
    ensure!(entries["mapUsers"].as_str().is_some_and(|users| users.trim() == theirs.trim()), "{entries}");
    Ok(())
}

fn drift(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-drift", &surroundings())?;
    managed.file(FILE)?;
    managed.apply(&["--mapping", "configmap"])?.success()?;
    ensure!(managed.run(&["plan", "--exit-code"])?.code == 0);
    let applied = managed.dump()?;
    let subject = r#"[{"op": "add", "path": "/subjects/-", "value":
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "release"}}]"#;
    managed
        .admin
        .kubectl(&["-n", "dev", "patch", "rolebinding", "developers-binding", "--type=json", "-p", subject])?
        .success()?;
    managed.admin.kubectl(&["delete", "clusterrolebinding", "cluster-auth:release"])?.success()?;
    let rules = r#"[{"op": "add", "path": "/rules/-", "value": {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}}]"#;
    managed.admin.kubectl(&["-n", "dev", "patch", "role", "developers", "--type=json", "-p", rules])?.success()?;
    let plan = managed.run(&["plan", "--exit-code"])?;
    ensure!(plan.code == 2, "{plan:?}");
    for said in ["secrets", "developers-binding", "cluster-auth:release", "Who loses rights"] {
        ensure!(plan.stdout.contains(said), "{said}: {}", plan.stdout);
    }
    managed.apply(&[])?.success()?;
    let plan = managed.run(&["plan", "--exit-code"])?;
    ensure!(plan.code == 0, "{plan:?}");
    let says = |objects: &[Value]| -> Vec<Value> {
        objects.iter().map(|object| json!([key(object), object["rules"], object["subjects"], object["data"]])).collect()
    };
    ensure!(says(&managed.dump()?) == says(&applied), "what is mended is as it was");
    Ok(())
}

fn dry(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-dry", &surroundings())?;
    aws_auth(&managed)?;
    managed.file(FILE)?;
    let before = managed.dump()?;
    let said = managed.run(&["apply", "--dry-run"])?.success()?;
    ensure!(said.contains("Role dev/developers would be applied") && said.contains("nothing was changed"), "{said}");
    same(&before, &managed.dump()?)?;
    managed.apply(&[])?.success()?;
    // With everything in it: a binding that is replaced, a role that changes, people who go.
    managed.file(
        &FILE
            .replace("{namespace: ops, clusterRole: reader}", "{namespace: ops, clusterRole: view}")
            .replace("[get, list, create]", "[get]")
            .replace("[alice, ops/bob]", "[alice]")
            .replace("users: [carol]", "users: [carol, erin]"),
    )?;
    let before = managed.dump()?;
    managed.run(&["apply", "--dry-run"])?.success()?;
    same(&before, &managed.dump()?)?;
    managed.apply(&[])?.success()?;
    ensure!(managed.run(&["plan", "--exit-code"])?.code == 0);
    Ok(())
}

fn same(before: &[Value], after: &[Value]) -> anyhow::Result<()> {
    for object in after {
        let same = before.iter().find(|other| key(other) == key(object));
        ensure!(same == Some(object), "{object}\nwas {same:?}");
    }
    let gone: Vec<_> = before.iter().map(key).filter(|one| !after.iter().any(|other| key(other) == *one)).collect();
    ensure!(before.len() == after.len(), "gone: {gone:?}");
    Ok(())
}

fn forbidden(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-forbidden", &surroundings())?;
    managed.file(FILE)?;
    let look: &[&str] =
        &["--verb=get,list", "--resource=namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps"];
    let reader = managed.user("reader", &[look])?;
    let run = |kubeconfig: &str, args: &[&str]| process::run(&mut managed.command_as(kubeconfig, args));
    let apply = ["apply", "--yes", "--mapping", "aws-auth", "--settle", "0s"];
    let before = managed.dump()?;
    let refused = run(&reader, &apply)?;
    ensure!(refused.code == 1 && managed.dump()? == before, "{refused:?}");
    for said in
        ["may not create configmaps: kube-system/aws-auth", "may not bind", "may not escalate", "nothing was changed"]
    {
        ensure!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    // Whoever holds rights may give them, without bind and escalate; the API server is of the same opinion.
    let giver = |name: &str, held: &[&[&str]]| {
        let kinds = "roles,clusterroles,rolebindings,clusterrolebindings,configmaps,leases.coordination.k8s.io";
        let write = ["--verb=get,create,patch,update,delete", &format!("--resource={kinds}")].map(str::to_owned);
        managed.user(name, &[&[look, &write.each_ref().map(String::as_str)], held].concat())
    };
    managed.file(&FILE.replace("- name: cluster-admin\n  users: [carol]\n", ""))?;
    let pods: &[&str] = &["--verb=get,list,create", "--resource=pods,deployments.apps,pods/log"];
    let others: &[&str] = &["--verb=get,list,watch", "--resource=configmaps,services,nodes"];
    let some = run(&giver("some", &[pods])?, &apply)?;
    ensure!(some.code == 1 && some.stderr.contains("may not bind clusterroles"), "{some:?}");
    ensure!(!some.stderr.contains("may not create"), "{some:?}");
    // In the file a rule's groups and resources multiply: deployments of the core group are among them.
    let product = r#"[{"op": "add", "path": "/rules/-", "value": {"apiGroups": ["", "apps"],
        "resources": ["pods", "deployments", "pods/log"], "verbs": ["get", "list", "create"]}}]"#;
    let all = giver("all", &[pods, others])?;
    managed.admin.kubectl(&["patch", "clusterrole", "all-2", "--type=json", "-p", product])?.success()?;
    run(&all, &apply)?.success()?;
    Ok(())
}

/// Rejects every binding in `ops`.
const POLICY: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: frozen}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: [rbac.authorization.k8s.io], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [rolebindings]}
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ops}}
  validations:
  - expression: "false"
    message: "ops is frozen:\u001b[31m ask the\tchange board"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: frozen}
spec: {policyName: frozen, validationActions: [Deny]}
"#;

fn rejected(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-rejected", &surroundings())?;
    managed.file(FILE)?;
    managed.admin.with_file(&["create"], POLICY)?.success()?;
    let probe = ["-n", "ops", "create", "rolebinding", "probe", "--clusterrole=view", "--group=x", "--dry-run=server"];
    process::wait_until("the policy holds", || Ok(managed.admin.kubectl(&probe)?.code != 0))?;
    let refused = managed.apply(&["--mapping", "aws-auth"])?;
    ensure!(refused.code == 1, "{refused:?}");
    ensure!(refused.stderr.contains("ops is frozen: [31m ask the change board"), "one line: {}", refused.stderr);
    ensure!(
        refused.stdout.contains("RoleBinding dev/developers-binding applied"),
        "what does not need it is done: {refused:?}"
    );
    ensure!(refused.stderr.contains("not done: ConfigMap kube-system/cluster-auth"), "{refused:?}");
    ensure!(refused.stdout.contains("2 failed"), "{refused:?}");
    managed.admin.kubectl(&["delete", "validatingadmissionpolicybinding", "frozen"])?.success()?;
    process::wait_until("the policy is off", || Ok(managed.admin.kubectl(&probe)?.code == 0))?;
    managed.apply(&["--mapping", "aws-auth"])?.success()?;
    ensure!(managed.run(&["plan", "--exit-code"])?.code == 0);
    Ok(())
}

fn targets(world: &World) -> anyhow::Result<()> {
    let managed =
        TestCluster::start(world, "apply-targets", &format!("{}---{}", surroundings(), crate::access::DEFINITION))?;
    let crd = "iamidentitymappings.iamauthenticator.k8s.aws";
    managed.admin.kubectl(&["wait", "--for=condition=Established", "crd", crd])?.success()?;
    managed.file(FILE)?;
    let unknown = managed.run(&["plan"])?.failure()?;
    ensure!(unknown.contains("choose where mappings are written"), "{unknown}");
    // From each place to the next one: what is in the old one goes, and a second run has nothing to do.
    for target in ["none", "crd", "aws-auth", "configmap", "access-file", "crd", "access-file"] {
        let applied = managed.apply(&["--mapping", target])?;
        ensure!(applied.stderr.contains("--to access-entries") == (target == "none"), "{target}: {applied:?}");
        applied.success().with_context(|| target)?;
        let plan = managed.run(&["plan", "--exit-code"])?;
        ensure!(plan.code == 0, "{target}: {plan:?}");
        let objects = managed.admin.kubectl(&["get", crd, "-o", "name"])?.success()?;
        ensure!(objects.lines().count() == if target == "crd" { 4 } else { 0 }, "{target}: {objects}");
        for (other, name) in
            [("aws-auth", "aws-auth"), ("configmap", "aws-iam-authenticator"), ("access-file", "cluster-auth-access")]
        {
            let text = data(&managed, name).map(|data| data.to_string()).unwrap_or_default();
            ensure!(text.contains("alice") == (other == target), "after {target}, {name}: {text}");
        }
    }
    let file = data(&managed, "cluster-auth-access")?;
    ensure!(file["access.yaml"].as_str().is_some_and(|file| file.contains("developers")), "{file}");
    Ok(())
}

/// `cluster-auth server` as it runs on hosts, which the kubelet shows, and as the chart runs it.
const ON_HOSTS: &str = r"
apiVersion: v1
kind: Pod
metadata: {name: cluster-auth-master-1, namespace: kube-system, annotations: {kubernetes.io/config.mirror: '1'}}
spec:
  nodeName: master-1
  containers: [{name: server, image: 'example.com/cluster-auth:1', args: [server, --access-file=/etc/cluster-auth/access.yaml]}]
  volumes: [{name: etc, hostPath: {path: /etc/cluster-auth}}]
";
const BY_CHART: &str = r"
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: cluster-auth, namespace: kube-system}
spec:
  selector: {matchLabels: {app: cluster-auth}}
  template:
    metadata: {labels: {app: cluster-auth}}
    spec:
      containers: [{name: server, image: 'example.com/cluster-auth:1', args: [server, --access-file=/etc/cluster-auth/access.yaml]}]
      volumes: [{name: access, configMap: {name: cluster-auth-access}}]
";

/// What nobody reads lets nobody in: it is said by `plan`, by the last line of `apply` and by `explain`, alike.
fn read_by(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-read-by", &format!("{OBJECTS}---{ON_HOSTS}"))?;
    managed.file(FILE)?;
    let place = "the server's access file, ConfigMap kube-system/cluster-auth-access";
    let why = "Pod kube-system/cluster-auth-master-1 does not mount it";
    let who = "arn:aws:iam::111122223333:user/alice";
    let verdict = |flags: &[&str]| -> anyhow::Result<(String, String)> {
        let said = managed.run(&[&["explain", who, "-o", "json"], flags].concat())?.success()?;
        let said: Value = serde_json::from_str(&said)?;
        Ok((said["verdict"].as_str().unwrap_or_default().to_owned(), said["gaps"].to_string()))
    };
    let planned = managed.run(&["plan", "--mapping", "access-file"])?.success()?;
    ensure!(planned.contains(&format!("not known: whether a server reads {place}: {why}")), "{planned}");
    let applied = managed.apply(&["--mapping", "access-file"])?.success()?;
    let last = applied.lines().last().unwrap_or_default();
    ensure!(last.contains("In effect now, except for mappings") && last.ends_with(&format!("{why}.")), "{last}");
    let (said, gaps) = verdict(&[])?;
    ensure!(said == "notKnown" && gaps.contains(why), "{said}: {gaps}");
    let asked = managed.run(&["who-can", "get", "pods", "-n", "dev"])?;
    ensure!(asked.stderr.contains(&format!("incomplete: whether a server reads {place}: {why}")), "{asked:?}");
    // Somebody says so, who carries the file to the hosts.
    let (said, gaps) = verdict(&["--reader", "cluster-auth"])?;
    ensure!(said == "letIn" && gaps == "[]", "{said}: {gaps}");
    // The chart's server reads it.
    managed.admin.kubectl(&["-n", "kube-system", "delete", "--force", "pod", "cluster-auth-master-1"])?.success()?;
    managed.admin.with_file(&["create"], BY_CHART)?.success()?;
    let (said, gaps) = verdict(&[])?;
    ensure!(said == "letIn" && gaps == "[]", "{said}: {gaps}");
    managed.file(&FILE.replace("[alice, ops/bob]", "[alice]"))?;
    let applied = managed.apply(&[])?.success()?;
    ensure!(applied.contains("In effect everywhere by ") && !applied.contains("not known"), "{applied}");
    Ok(())
}
