//! `plan` on real clusters: what it announces is what the API server then says.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    server::{Server, ServerOptions},
    test_cluster::TestCluster,
    world::{CLUSTER_ID, World},
};
use rbac::User;
use serde_json::{Value, json};

use crate::{
    Test,
    apply::{FILE, surroundings},
};

pub(crate) const TESTS: &[Test] = &[
    ("plan::what_it_announces_is_what_the_api_server_then_says", announced),
    ("plan::dumps_give_the_plan_that_the_cluster_gives", offline),
    ("plan::whoever_is_taken_out_of_the_file_and_logs_in_all_the_same_is_named", taken_out),
];

/// People of the sandbox, and how a plan calls them.
const PEOPLE: [(&str, &str); 5] = [
    ("alice", "user alice"),
    ("bob", "user ops/bob"),
    ("carol", "user carol"),
    ("erin", "user erin"),
    ("deployer", "role Deployer"),
];

const MORE: &str = r"
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writer}
rules:
- {apiGroups: [''], resources: [configmaps], verbs: ['*']}
- {apiGroups: ['', apps], resources: ['*/scale', secrets], verbs: [get, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: by-hand, namespace: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
";

/// Somebody comes, somebody goes, somebody changes groups; roles widen and narrow, a binding is replaced.
fn next() -> String {
    FILE.replace("users: [alice, ops/bob]", "users: [alice, erin]")
        .replace(
            "resources: [pods, deployments, pods/log], verbs: [get, list, create]",
            "resources: [pods, pods/log], verbs: ['*']",
        )
        .replace("{namespace: ops, clusterRole: reader}", "{namespace: ops, clusterRole: writer}")
        .replace("users: [alice]\n  roles: [Deployer]", "users: [carol]\n  roles: [Deployer]")
        .replace("resources: [nodes]", "resources: ['*'], resourceNames: [one]")
}

fn announced(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "plan-announced", &(surroundings() + MORE))?;
    managed.file(FILE)?;
    let first = managed.plan(&["--mapping", "configmap"])?;
    let (nobody, before_all) = (vec![nobody(); PEOPLE.len()], matrix());
    let without = allowed(&managed, &nobody, &before_all)?;
    managed.apply(&["--mapping", "configmap"])?.success()?;
    let people = people(world, &managed, "plan-server-1")?;
    let before = allowed(&managed, &people, &before_all)?;
    compare(&first, &before_all, &without, &before)?;

    managed.file(&next())?;
    let plan = managed.plan(&[])?;
    managed.apply(&[])?.success()?;
    let people = self::people(world, &managed, "plan-server-2")?;
    let after = allowed(&managed, &people, &before_all)?;
    let (gained, lost) = compare(&plan, &before_all, &before, &after)?;
    ensure!(gained > 50 && lost > 50, "{gained} gained and {lost} lost prove little");
    Ok(())
}

struct Question {
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    name: &'static str,
    namespace: &'static str,
}

fn matrix() -> Vec<Question> {
    let mut questions = Vec::new();
    for verb in ["get", "list", "watch", "create", "update", "delete", "impersonate"] {
        for (group, resource) in [
            ("", "pods"),
            ("", "pods/log"),
            ("", "configmaps"),
            ("", "services"),
            ("", "secrets"),
            ("", "nodes"),
            ("", "replicationcontrollers/scale"),
            ("apps", "deployments"),
            ("apps", "deployments/scale"),
            ("rbac.authorization.k8s.io", "clusterroles"),
        ] {
            for namespace in ["", "dev", "ops", "kube-system"] {
                for name in ["", "one"] {
                    questions.push(Question { verb, group, resource, name, namespace });
                }
            }
        }
    }
    questions
}

/// Whoever logs in and is in no group.
fn nobody() -> User {
    User::authenticated("nobody", [""; 0])
}

/// Who people are to a server of ours with the mapping of the cluster's `ConfigMap`.
fn people(world: &World, managed: &TestCluster, name: &str) -> anyhow::Result<Vec<User>> {
    let map = ["-n", "kube-system", "get", "configmap", "aws-iam-authenticator", "-o", "json"];
    let map: Value = serde_json::from_str(&managed.admin.kubectl(&map)?.success()?)?;
    let config = map["data"]["config.yaml"].as_str().context("a configuration")?;
    let (_, mappings) = config.split_once("server:\n").context("a server section")?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings, args: &[] };
    let server = Server::start(&world.parts, &world.sts, &world.folder(name)?, &options)?;
    let user = |person: &str| -> anyhow::Result<User> {
        let answer = server.review(&world.fresh_token(person, CLUSTER_ID)?)?;
        let review: Value = serde_json::from_str(&answer.body)?;
        if review["status"]["authenticated"] != true {
            return Ok(nobody());
        }
        let user = &review["status"]["user"];
        let groups = user["groups"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Ok(User::authenticated(user["username"].as_str().context("a username")?, groups))
    };
    PEOPLE.iter().map(|(person, _)| user(person)).collect()
}

/// The API server's answers, person by person.
fn allowed(managed: &TestCluster, people: &[User], questions: &[Question]) -> anyhow::Result<Vec<Vec<bool>>> {
    let spec = |user: &User, question: &Question| {
        let (resource, subresource) = question.resource.split_once('/').unwrap_or((question.resource, ""));
        json!({"user": user.name, "groups": user.groups, "resourceAttributes": {
            "verb": question.verb, "group": question.group, "resource": resource, "subresource": subresource,
            "name": question.name, "namespace": question.namespace,
        }})
    };
    let specs: Vec<Value> =
        people.iter().flat_map(|user| questions.iter().map(move |question| spec(user, question))).collect();
    let answers = managed.admin.allowed(&specs)?;
    Ok(answers.chunks(questions.len()).map(<[bool]>::to_vec).collect())
}

/// What the plan announced beside what became of it; how many rights were gained and lost.
fn compare(
    plan: &Value,
    questions: &[Question],
    before: &[Vec<bool>],
    after: &[Vec<bool>],
) -> anyhow::Result<(usize, usize)> {
    let (mut gained, mut lost) = (0, 0);
    for (at, (_, who)) in PEOPLE.iter().enumerate() {
        let people = plan["people"].as_array().context("people")?;
        let person = people.iter().find(|person| person["who"] == *who);
        for (question, (before, after)) in questions.iter().zip(before[at].iter().zip(&after[at])) {
            for (list, happened) in [("gains", !before && *after), ("losses", *before && !after)] {
                let announced = person.is_some_and(|person| says(&person[list], question));
                let Question { verb, group, resource, name, namespace } = question;
                ensure!(
                    announced == happened,
                    "{who} {list} {verb} {resource}.{group} {name} in {namespace:?}: announced {announced}, is {happened}\n{person:#?}"
                );
            }
            gained += usize::from(!before && *after);
            lost += usize::from(*before && !after);
        }
    }
    Ok((gained, lost))
}

/// Whether a list of rights has a question's.
fn says(list: &Value, question: &Question) -> bool {
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let is_here = |namespaces: &Value| namespaces.is_null() || array(namespaces).contains(&json!(question.namespace));
    let covers = |atom: &Value| {
        let is = |value: &Value, what: &str| *value == "*" || *value == what;
        let (_, sub) = question.resource.split_once('/').unwrap_or_default();
        let any_sub = !sub.is_empty() && atom["resource"] == format!("*/{sub}");
        let named = atom["name"].is_null() || (!question.name.is_empty() && atom["name"] == question.name);
        is(&atom["verb"], question.verb)
            && is(&atom["apiGroup"], question.group)
            && (any_sub || is(&atom["resource"], question.resource))
            && named
    };
    array(list).iter().filter(|rights| is_here(&rights["namespaces"])).any(|rights| {
        let excepted = array(&rights["except"])
            .iter()
            .any(|part| is_here(&part["namespaces"]) && array(&part["rights"]).iter().any(covers));
        !excepted
            && array(&rights["rights"]).iter().any(|right| covers(right) && !array(&right["except"]).iter().any(covers))
    })
}

fn offline(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "plan-offline", &(surroundings() + MORE))?;
    managed.file(FILE)?;
    managed.apply(&["--mapping", "aws-auth"])?.success()?;
    managed.file(&next())?;
    let live = managed.plan(&[])?;
    let kinds = "namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps";
    let dump = managed.admin.kubectl(&["get", &format!("{kinds},deployments"), "-A", "-o", "json"])?.success()?;
    fs::write(managed.folder.join("cluster.json"), dump)?;
    // kubectl lists no kind that the cluster does not know.
    let none = r#"{"kind": "IAMIdentityMappingList", "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "items": []}"#;
    fs::write(managed.folder.join("none.json"), none)?;
    let offline = managed.plan(&["--from", "cluster.json", "--from", "none.json"])?;
    // Who asks is known only where somebody asks: without that, nothing is said of their own rights.
    ensure!(offline == live, "live {live:#}\ndump {offline:#}");
    for kind in kinds.split(',') {
        let others: Vec<&str> = kinds.split(',').filter(|other| *other != kind).collect();
        let dump = managed.admin.kubectl(&["get", &others.join(","), "-A", "-o", "json"])?.success()?;
        fs::write(managed.folder.join("part.json"), dump)?;
        let part = managed.plan(&["--from", "part.json", "--mapping", "aws-auth"])?;
        ensure!(
            part["complete"] == false && part["unseen"].as_array().is_some_and(|gaps| gaps.len() == 1),
            "{kind}: {part}"
        );
    }
    let markdown = managed.run(&["plan", "--from", "cluster.json", "-o", "markdown", "--exit-code"])?;
    ensure!(markdown.code == 2 && markdown.stdout.starts_with("## Plan for e2e.example.com"), "{markdown:?}");
    let both = managed.run(&["plan", "--from", "cluster.json", "--context", "local"])?.failure()?;
    ensure!(both.contains("give only one of them"), "{both}");
    Ok(())
}

/// Logins that EKS keeps: what `aws-auth` says, and what `aws eks` prints.
const KEPT: &str = r"
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapUsers: |
    - {userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: [developers]}
  mapRoles: |
    - {rolearn: 'arn:aws:iam::111122223333:role/OldAdmin', username: old-admin, groups: ['system:masters']}
";

/// Where mappings are not written the file takes nothing from whoever is taken out of it, and the plan says so.
fn taken_out(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "plan-taken-out", &(surroundings() + KEPT))?;
    let file = |users: &str| {
        format!(
            "clusterID: e2e.example.com\naccount: '111122223333'\ngroups:\n- name: developers\n  users: [{users}]\n  \
             roles: [Deployer]\n  authorization: [{{namespace: dev, clusterRole: reader}}]\n"
        )
    };
    managed.file(&file("alice, carol"))?;
    managed.apply(&["--mapping", "none"])?.success()?;
    managed.file(&file("carol"))?;
    let kubectl = ["auth", "can-i", "list", "services", "-n", "dev", "--as", "alice", "--as-group", "developers"];
    let can = managed.admin.kubectl(&kubectl)?.success()?;
    ensure!(can.trim() == "yes", "{can}");

    // Of a cluster that is none of EKS no login is read, and whoever was taken out is known by what was applied.
    let elsewhere = managed.plan(&[])?;
    let said = elsewhere["warnings"].to_string();
    ensure!(said.contains("user alice is not in the file any more, and may still log in"), "{said}");
    let masters = elsewhere["allPowerful"].to_string();
    ensure!(masters.contains("role/OldAdmin"), "{elsewhere:#}");

    let deployer = "arn:aws:iam::111122223333:role/Deployer";
    let entries = [
        ("list.json", json!({"accessEntries": [deployer]})),
        (
            "entry.json",
            json!({"accessEntry": {"clusterName": CLUSTER_ID, "principalArn": deployer, "kubernetesGroups": ["deployers"],
            "username": "deployer", "type": "STANDARD"}}),
        ),
        ("policies.json", json!({"clusterName": CLUSTER_ID, "principalArn": deployer, "associatedAccessPolicies": []})),
        (
            "cluster.json",
            json!({"cluster": {"name": CLUSTER_ID, "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"}}}),
        ),
    ];
    fs::create_dir(managed.folder.join("entries"))?;
    for (name, answer) in entries {
        fs::write(managed.folder.join("entries").join(name), answer.to_string())?;
    }
    let given = ["--from", "entries", "--context", "local"];
    let on_eks = managed.run(&[&["plan", "--exit-code"], &given[..]].concat())?;
    let expected = [
        "  nothing changes; who logs in otherwise than the files say stands below Warnings\n",
        "  user alice is not in the file any more and still logs in, as alice in developers, by EKSConfigMap mapUsers[0] (ConfigMap \
         kube-system/aws-auth:1); they have what the file gives that group until they are taken out there\n",
        "  role Deployer logs in as deployer in deployers, by their EKS access entry, and not as Deployer:<session> in developers, \
         as the file says\n",
        "  1 person of the file cannot log in, by any mapping: user carol\n",
        "role/OldAdmin is in system:masters",
    ];
    // As for whoever of the file cannot log in: nothing would change by it.
    let missing: Vec<&str> = expected.into_iter().filter(|line| !on_eks.stdout.contains(line)).collect();
    ensure!(on_eks.code == 0 && missing.is_empty(), "{missing:#?}: {on_eks:?}");
    let arn = "arn:aws:iam::111122223333:user/alice";
    let explained = managed.run(&[&["explain", arn, "--from", "access.yaml"], &given[..]].concat())?.success()?;
    ensure!(explained.contains("developers"), "{explained}");
    Ok(())
}
