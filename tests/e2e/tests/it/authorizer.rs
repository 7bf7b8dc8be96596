//! Our RBAC evaluator and the real API server, asked the same thousands of questions about a generated world.

use anyhow::ensure;
use e2e::{
    admin::Admin,
    process::wait_until,
    random::{Random, SEED, say, seed},
    world::World,
};
use rbac::{Index, Objects, Request, ResourceRequest, Role, User};
use sandbox::cluster::{Binaries, Cluster, Options};
use serde_json::{Value, json};

use crate::Test;

pub(crate) const TESTS: &[Test] =
    &[("authorizer::our_answers_are_the_api_servers_for_a_generated_world", same_answers)];

const QUESTIONS: usize = 20_480;
/// What the names of everything generated begin with.
const PREFIX: &str = "fz-";

const NAMESPACES: [&str; 3] = ["fz-a", "fz-b", "fz-c"];
const VERBS: [&str; 8] = ["get", "list", "create", "update", "delete", "impersonate", "bind", "*"];
const GROUPS: [&str; 5] = ["", "apps", "example.com", "rbac.authorization.k8s.io", "*"];
const RESOURCES: [&str; 10] =
    ["pods", "pods/log", "pods/exec", "deployments", "deployments/scale", "*/scale", "*/*", "widgets", "secrets", "*"];
const NAMES: [&str; 3] = ["one", "two", "three"];
const URLS: [&str; 6] = ["/metrics", "/healthz", "/healthz/*", "/apis/*", "/fz", "*"];
const PATHS: [&str; 7] = ["/metrics", "/healthz", "/healthz/etcd", "/apis", "/apis/apps/v1", "/fz", "/fz/x"];
const PEOPLE: [&str; 5] =
    ["fz-ann", "fz-ben", "fz-cem", "system:serviceaccount:fz-a:bot", "system:serviceaccount:fz-b:bot"];
const TEAMS: [&str; 7] = [
    "fz-red",
    "fz-green",
    "fz-blue",
    "system:serviceaccounts",
    "system:serviceaccounts:fz-a",
    "system:authenticated",
    "system:unauthenticated",
];

fn same_answers(world: &World) -> anyhow::Result<()> {
    let seed = seed()?;
    let folder = world.folder("authorizer")?;
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    let options = Options { controller_manager: true, ..Options::default() };
    let cluster = Cluster::start(&binaries, &options, e2e::sts::now())?;
    let admin = Admin::new(binaries.kubectl()?.to_owned(), &cluster, &folder);

    let mut random = Random(seed);
    let generated = json!({"apiVersion": "v1", "kind": "List", "items": objects(&mut random)}).to_string();
    let namespaces = NAMESPACES.map(|name| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"));
    admin.with_file(&["create"], &namespaces.join("---\n"))?.success()?;
    admin.with_file(&["create"], &generated)?.success()?;

    let mut observed = None;
    wait_until("the aggregated roles are filled in", || {
        let dump = observe(&cluster)?;
        let filled = is_filled(&dump);
        observed = Some(dump);
        Ok(filled)
    })?;
    let observed = observed.unwrap_or_default();

    // What we generated, as it was before any controller saw it, among what the API server brings along.
    let mut own = Objects::default();
    own.read(generated.as_bytes())?;
    let is_theirs = |name: &str| !name.starts_with(PREFIX);
    own.roles.extend(observed.roles.iter().filter(|role| is_theirs(&role.name)).cloned());
    own.bindings.extend(observed.bindings.iter().filter(|one| is_theirs(&one.name)).cloned());
    let indexes = [("as observed", Index::new(observed)), ("as generated", Index::new(own))];

    let questions: Vec<Question> = (0..QUESTIONS).map(|_| question(&mut random)).collect();
    let specs: Vec<Value> = questions.iter().map(Question::spec).collect();
    let theirs = admin.allowed(&specs)?;
    let mut differences = Vec::new();
    for (question, theirs) in questions.iter().zip(&theirs) {
        for (what, index) in &indexes {
            let ours = index.authorize(&question.user, &question.request).is_some();
            if ours != *theirs {
                differences.push(format!("{what}: we say {ours}, the API server {theirs}: {question:?}"));
            }
        }
    }
    let allowed = theirs.iter().filter(|allowed| **allowed).count();
    let said = format!("{SEED}={seed}: {QUESTIONS} questions, {allowed} allowed, {} differences", differences.len());
    say(&said);
    ensure!(differences.is_empty(), "{said}\n{}", differences.join("\n"));
    ensure!((QUESTIONS / 20..QUESTIONS).contains(&allowed), "{said}: the world is too dull to prove anything");
    cluster.stop()?;
    Ok(())
}

fn observe(cluster: &Cluster) -> anyhow::Result<Objects> {
    let mut dump = Objects::default();
    for kind in ["roles", "clusterroles", "rolebindings", "clusterrolebindings"] {
        let answer = cluster.get(&format!("/apis/rbac.authorization.k8s.io/v1/{kind}"))?;
        ensure!(answer.status == 200, "{kind}: {}", answer.body);
        dump.read(answer.body.as_bytes())?;
    }
    Ok(dump)
}

/// Whether the controller has written into every aggregated role what we would.
fn is_filled(dump: &Objects) -> bool {
    let index = Index::new(dump.clone());
    let sorted = |role: &Role| {
        let mut rules = role.rules.to_vec();
        rules.sort();
        rules
    };
    let aggregated = |role: &&Role| role.aggregation.is_some();
    dump.roles.iter().filter(aggregated).all(|written| {
        let ours = index.roles().iter().find(|role| role.name == written.name && role.namespace == written.namespace);
        ours.is_some_and(|ours| sorted(ours) == sorted(written))
    })
}

fn objects(random: &mut Random) -> Vec<Value> {
    let mut objects = Vec::new();
    for at in 0..40 {
        let labels = json!({"fz-tier": random.one(&["x", "y", "z"]), "fz-chain": random.one(&["1", "2"])});
        let rules = rules(random, true);
        objects.push(object("ClusterRole", None, &format!("role-{at}"), json!({"rules": rules}), &labels));
    }
    // Some choose by labels, some choose each other.
    let selectors = [
        json!([{"matchLabels": {"fz-tier": "x"}}]),
        json!([{"matchLabels": {"fz-tier": "y", "fz-chain": "1"}}, {"matchLabels": {"fz-chain": "agg"}}]),
        json!([{"matchExpressions": [{"key": "fz-tier", "operator": "NotIn", "values": ["x", "y"]}, {"key": "fz-chain", "operator": "In", "values": ["2"]}]}]),
        json!([{"matchExpressions": [{"key": "fz-chain", "operator": "Exists"}, {"key": "fz-tier", "operator": "DoesNotExist"}]}]),
    ];
    for (at, selectors) in selectors.into_iter().enumerate() {
        let aggregation = json!({"aggregationRule": {"clusterRoleSelectors": selectors}, "rules": []});
        let labels = json!({"fz-chain": if at == 0 { "agg" } else { "none" }});
        objects.push(object("ClusterRole", None, &format!("agg-{at}"), aggregation, &labels));
    }
    for namespace in NAMESPACES {
        for at in 0..12 {
            let rules = rules(random, false);
            objects.push(object("Role", Some(namespace), &format!("role-{at}"), json!({"rules": rules}), &json!({})));
        }
    }
    for at in 0..24 {
        let body = binding(random, false);
        objects.push(object("ClusterRoleBinding", None, &format!("b-{at}"), body, &json!({})));
    }
    for namespace in NAMESPACES {
        for at in 0..30 {
            let body = binding(random, true);
            objects.push(object("RoleBinding", Some(namespace), &format!("b-{at}"), body, &json!({})));
        }
    }
    objects
}

fn object(kind: &str, namespace: Option<&str>, name: &str, mut body: Value, labels: &Value) -> Value {
    body["apiVersion"] = "rbac.authorization.k8s.io/v1".into();
    body["kind"] = kind.into();
    body["metadata"] = json!({"name": format!("{PREFIX}{name}"), "labels": labels});
    if let Some(namespace) = namespace {
        body["metadata"]["namespace"] = namespace.into();
    }
    body
}

fn rules(random: &mut Random, of_cluster: bool) -> Vec<Value> {
    (0..=random.below(3))
        .map(|_| {
            if of_cluster && random.below(4) == 0 {
                return json!({"verbs": random.some(&VERBS, 3), "nonResourceURLs": random.some(&URLS, 2)});
            }
            let mut rule = json!({
                "verbs": random.some(&VERBS, 3),
                "apiGroups": random.some(&GROUPS, 2),
                "resources": random.some(&RESOURCES, 3),
            });
            if random.below(3) == 0 {
                rule["resourceNames"] = json!(random.some(&NAMES, 2));
            }
            rule
        })
        .collect()
}

fn binding(random: &mut Random, in_namespace: bool) -> Value {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let (kind, name) = match random.below(8) {
        0 => ("ClusterRole", format!("{PREFIX}agg-{}", random.below(4))),
        1 => ("ClusterRole", "view".to_owned()),
        2 => ("ClusterRole", format!("{PREFIX}missing")),
        3..=5 if in_namespace => ("Role", format!("{PREFIX}role-{}", random.below(14))),
        _ => ("ClusterRole", format!("{PREFIX}role-{}", random.below(40))),
    };
    let subject = |random: &mut Random| match random.below(5) {
        0 | 1 => json!({"apiGroup": GROUP, "kind": "Group", "name": random.one(&TEAMS)}),
        2 => json!({"kind": "ServiceAccount", "name": "bot", "namespace": random.one(&NAMESPACES)}),
        _ => json!({"apiGroup": GROUP, "kind": "User", "name": random.one(&PEOPLE)}),
    };
    let subjects: Vec<Value> = (0..random.below(3)).map(|_| subject(random)).collect();
    json!({"roleRef": {"apiGroup": GROUP, "kind": kind, "name": name}, "subjects": subjects})
}

#[derive(Debug)]
struct Question {
    user: User,
    request: Request<'static>,
}

impl Question {
    fn spec(&self) -> Value {
        let mut spec = json!({"user": self.user.name, "groups": self.user.groups});
        match self.request {
            Request::Url { verb, path } => spec["nonResourceAttributes"] = json!({"verb": verb, "path": path}),
            Request::Resource(ResourceRequest { verb, api_group, resource, subresource, name, namespace }) => {
                spec["resourceAttributes"] = json!({
                    "verb": verb, "group": api_group, "resource": resource, "subresource": subresource,
                    "name": name, "namespace": namespace,
                });
            }
        }
        spec
    }
}

fn question(random: &mut Random) -> Question {
    let user = match random.below(12) {
        0 => User::anonymous(),
        1 => User::service_account(random.one(&NAMESPACES), "bot"),
        2 => User::authenticated("fz-root", ["system:masters"]),
        // Groups as they are given: nothing is added to them.
        3 => User { name: random.one(&PEOPLE).to_owned(), groups: Vec::new() },
        _ => {
            let teams = random.some(&TEAMS[..3], 2).into_iter().take(random.below(3));
            User::authenticated(random.one(&PEOPLE), teams)
        }
    };
    let verb = random.one(&VERBS);
    if random.below(6) == 0 {
        return Question { user, request: Request::Url { verb, path: random.one(&PATHS) } };
    }
    let asked = random.one(&[
        "pods",
        "pods/log",
        "pods/exec",
        "deployments",
        "deployments/scale",
        "widgets/scale",
        "widgets",
        "secrets",
        "*",
        "pods/*",
    ]);
    let (resource, subresource) = asked.split_once('/').unwrap_or((asked, ""));
    let namespace = if random.below(4) == 0 { "" } else { random.one(&NAMESPACES) };
    let name = if random.below(2) == 0 { "" } else { random.one(&NAMES) };
    let api_group = random.one(&GROUPS);
    Question {
        user,
        request: Request::Resource(ResourceRequest { verb, api_group, resource, subresource, name, namespace }),
    }
}
