//! Who may do what in a small world.

use crate::{
    AnyRole, Binding, ClusterRole, Grant, Index, LabelSelector, Objects, Request, ResourceRequest, Role, RoleKind,
    RoleReference, Rule, Subject, User,
};

fn texts(list: &[&str]) -> Vec<Box<str>> {
    list.iter().map(|text| Box::from(*text)).collect()
}

fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> Rule {
    Rule {
        verbs: texts(verbs),
        api_groups: texts(groups),
        resources: texts(resources),
        resource_names: texts(names),
        non_resource_urls: vec![],
    }
}

fn role(namespace: &str, name: &str, rules: Vec<Rule>) -> AnyRole {
    Role { namespace: namespace.into(), name: name.into(), rules: rules.into(), origin: None }.into()
}

fn cluster_role(name: &str, rules: Vec<Rule>) -> ClusterRole {
    ClusterRole { name: name.into(), rules: rules.into(), ..ClusterRole::default() }
}

fn binding(namespace: Option<&str>, kind: RoleKind, role: &str, subject: Subject) -> Binding {
    let name = format!("{role}-binding").into();
    let role = RoleReference { kind, name: role.into() };
    Binding::new(namespace.map(Into::into), name, role, vec![subject], None).expect("a binding that there can be")
}

fn world() -> Index {
    let mut aggregated = cluster_role("all-views", vec![rule(&["delete"], &["*"], &["*"], &[])]);
    let selector = LabelSelector { match_labels: [("view".into(), "yes".into())].into(), ..LabelSelector::default() };
    aggregated.aggregation = Some(vec![selector]);
    let mut chosen = cluster_role("view-widgets", vec![rule(&["get"], &["example.com"], &["widgets"], &[])]);
    chosen.labels = [("view".into(), "yes".into())].into();
    let urls = Rule { verbs: texts(&["get"]), non_resource_urls: texts(&["/healthz", "/apis/*"]), ..Rule::default() };
    let group = |name: &str| Subject::Group(name.into());
    Index::new(Objects {
        roles: vec![
            role("dev", "editor", vec![rule(&["*"], &["", "apps"], &["pods", "*/scale", "pods/log"], &[])]),
            role("dev", "one", vec![rule(&["get"], &[""], &["secrets"], &["mine"])]),
            cluster_role("urls", vec![urls]).into(),
            aggregated.into(),
            chosen.into(),
        ],
        bindings: vec![
            binding(Some("dev"), RoleKind::Role, "editor", group("devs")),
            binding(Some("dev"), RoleKind::Role, "one", Subject::User("alice".into())),
            binding(Some("dev"), RoleKind::Role, "missing", group("devs")),
            binding(None, RoleKind::ClusterRole, "urls", group("system:authenticated")),
            binding(None, RoleKind::ClusterRole, "all-views", group("viewers")),
            binding(
                Some("ops"),
                RoleKind::ClusterRole,
                "view-widgets",
                Subject::ServiceAccount { namespace: None, name: "bot".into() },
            ),
        ],
    })
}

/// `verb group/resource[/subresource][:name]@namespace`, or `verb /path`.
fn parse(text: &str) -> Request<'_> {
    let (verb, rest) = text.split_once(' ').expect("a verb");
    if rest.starts_with('/') && !rest.contains('@') {
        return Request::Url { verb, path: rest };
    }
    let (rest, namespace) = rest.split_once('@').unwrap_or((rest, ""));
    let (rest, name) = rest.split_once(':').unwrap_or((rest, ""));
    let (api_group, rest) = rest.split_once('/').expect("a group");
    let (resource, subresource) = rest.split_once('/').unwrap_or((rest, ""));
    Request::Resource(ResourceRequest { verb, api_group, resource, subresource, name, namespace })
}

#[test]
fn who_may_do_what() {
    let dev = || User::authenticated("carol", ["devs"]);
    let rows = [
        (dev(), "get /pods@dev", true),
        (dev(), "delete /pods:a@dev", true),
        (dev(), "get /pods@prod", false),
        (dev(), "get /pods", false),
        (dev(), "get /pods/log:a@dev", true),
        (dev(), "get /pods/exec:a@dev", false),
        (dev(), "update apps/deployments/scale:a@dev", true),
        (dev(), "update batch/jobs/scale:a@dev", false),
        (dev(), "get /healthz", true),
        (dev(), "get /apis/apps/v1", true),
        (dev(), "get /apis", false),
        (dev(), "post /healthz", false),
        (User::authenticated("alice", [""; 0]), "get /secrets:mine@dev", true),
        (User::authenticated("alice", [""; 0]), "get /secrets:other@dev", false),
        (User::authenticated("alice", [""; 0]), "get /secrets@dev", false),
        (User::authenticated("v", ["viewers"]), "get example.com/widgets@any", true),
        // What stood in the aggregated role before is replaced.
        (User::authenticated("v", ["viewers"]), "delete example.com/widgets@any", false),
        (User::service_account("ops", "bot"), "get example.com/widgets@ops", true),
        (User::service_account("dev", "bot"), "get example.com/widgets@ops", false),
        (User::anonymous(), "get /healthz", false),
        (User::authenticated("root", ["system:masters"]), "delete /nodes", true),
    ];
    let world = world();
    for (user, request, expected) in rows {
        assert_eq!(world.authorize(&user, &parse(request)).is_some(), expected, "{} {request}", user.name);
    }
}

#[test]
fn a_grant_says_what_allows() {
    let world = world();
    let user = User::authenticated("carol", ["devs"]);
    let Some(Grant::Rule { binding, role, .. }) = world.authorize(&user, &parse("get /pods@dev")) else {
        panic!("carol may get pods")
    };
    assert_eq!((binding.name(), role.name()), ("editor-binding", "editor"));
}
