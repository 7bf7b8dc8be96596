//! A generated world of roles and bindings, and questions about it.

use e2e::random::Random;
use rbac::{Request, ResourceRequest, User};
use serde_json::{Value, json};

/// What the names of everything generated begin with.
pub(crate) const PREFIX: &str = "fz-";

pub(crate) const NAMESPACES: [&str; 3] = ["fz-a", "fz-b", "fz-c"];
const VERBS: [&str; 9] = ["get", "list", "create", "update", "delete", "impersonate", "bind", "approve", "*"];
const GROUPS: [&str; 5] = ["", "apps", "certificates.k8s.io", "rbac.authorization.k8s.io", "*"];
const RESOURCES: [&str; 16] = [
    "pods",
    "pods/log",
    "pods/exec",
    "deployments",
    "deployments/scale",
    "*/scale",
    "*/*",
    "widgets",
    "secrets",
    "*",
    "users",
    "userextras/scopes",
    "signers",
    "serviceaccounts/token",
    "roles",
    "nodes/proxy",
];
const ASKED: [&str; 16] = [
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
    "users",
    "userextras/scopes",
    "signers",
    "serviceaccounts/token",
    "roles",
    "nodes/proxy",
];
const NAMES: [&str; 3] = ["one", "example.com/two", "three"];
const URLS: [&str; 6] = ["/metrics", "/healthz", "/healthz/*", "/apis/*", "/fz", "*"];
const PATHS: [&str; 7] = ["/metrics", "/healthz", "/healthz/etcd", "/apis", "/apis/apps/v1", "/fz", "/fz/x"];
pub(crate) const PEOPLE: [&str; 5] =
    ["fz-ann", "fz-ben", "fz-cem", "system:serviceaccount:fz-a:bot", "system:serviceaccount:fz-b:bot"];
pub(crate) const TEAMS: [&str; 7] = [
    "fz-red",
    "fz-green",
    "fz-blue",
    "system:serviceaccounts",
    "system:serviceaccounts:fz-a",
    "system:authenticated",
    "system:unauthenticated",
];

pub(crate) fn objects(random: &mut Random) -> Vec<Value> {
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
pub(crate) struct Question {
    pub(crate) user: User,
    pub(crate) request: Request<'static>,
}

impl Question {
    pub(crate) fn spec(&self) -> Value {
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

pub(crate) fn question(random: &mut Random) -> Question {
    Question { user: user(random), request: request(random) }
}

pub(crate) fn user(random: &mut Random) -> User {
    match random.below(12) {
        0 => User::anonymous(),
        1 => User::service_account(random.one(&NAMESPACES), "bot"),
        2 => User::authenticated("fz-root", ["system:masters"]),
        // Groups as they are given: nothing is added to them.
        3 => User { name: random.one(&PEOPLE).to_owned(), groups: Vec::new() },
        _ => {
            let teams = random.some(&TEAMS[..3], 2).into_iter().take(random.below(3));
            User::authenticated(random.one(&PEOPLE), teams)
        }
    }
}

pub(crate) fn request(random: &mut Random) -> Request<'static> {
    let verb = random.one(&VERBS);
    if random.below(6) == 0 {
        return Request::Url { verb, path: random.one(&PATHS) };
    }
    let asked = random.one(&ASKED);
    let (resource, subresource) = asked.split_once('/').unwrap_or((asked, ""));
    let namespace = if random.below(4) == 0 { "" } else { random.one(&NAMESPACES) };
    let name = if random.below(2) == 0 { "" } else { random.one(&NAMES) };
    let api_group = random.one(&GROUPS);
    Request::Resource(ResourceRequest { verb, api_group, resource, subresource, name, namespace })
}
