//! A difference is the evaluator's answers, twice.

use std::collections::BTreeMap;

use inventory::Who;
use proptest::prelude::*;
use rbac::{
    Request, ResourceRequest, User,
    comparison::{Rights, RightsChange},
};

use super::{Contrast, DiffSubject, Difference, World};
use crate::{NamedPrincipal, diff::Person, path::namespace_of, tests::world};

/// A subject, kind and name of a role, and a namespace.
type Bound = (&'static str, (&'static str, &'static str), Option<&'static str>);

/// A cluster in the words of `kubectl get -o json`: bindings of some roles, logins, and EKS access policies.
fn files() -> impl Strategy<Value = [String; 2]> {
    let subject = prop::sample::select(vec![
        r#"{"kind": "Group", "name": "a"}"#,
        r#"{"kind": "Group", "name": "b"}"#,
        r#"{"kind": "Group", "name": "system:authenticated"}"#,
        r#"{"kind": "Group", "name": "system:serviceaccounts:dev"}"#,
        r#"{"kind": "Group", "name": "system:unauthenticated"}"#,
        r#"{"kind": "User", "name": "u"}"#,
        r#"{"kind": "User", "name": "ops:ann"}"#,
        r#"{"kind": "User", "name": "system:serviceaccount:dev:bot"}"#,
        r#"{"kind": "ServiceAccount", "name": "bot", "namespace": "dev"}"#,
    ]);
    let role = prop::sample::select(vec![
        ("ClusterRole", "view"),
        ("ClusterRole", "edit"),
        ("ClusterRole", "all"),
        ("ClusterRole", "named"),
        ("ClusterRole", "missing"),
        ("Role", "local"),
    ]);
    let place = prop::sample::select(vec![None, Some("dev"), Some("ops")]);
    let bindings = prop::collection::vec((subject, role, place), 0..6).prop_map(|bindings| {
        let binding = |(at, (subject, (kind, role), place)): (usize, Bound)| {
            let (of, namespace) = match place {
                Some(place) => ("RoleBinding", format!(r#", "namespace": "{place}""#)),
                None => ("ClusterRoleBinding", String::new()),
            };
            // A ClusterRoleBinding of a Role is not an object that an API server takes.
            let (kind, role) = if place.is_none() && kind == "Role" { ("ClusterRole", "view") } else { (kind, role) };
            format!(
                r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "{of}", "metadata": {{"name": "b{at}"{namespace}}}, "roleRef": {{"kind": "{kind}", "name": "{role}"}},
                   "subjects": [{subject}]}}"#
            )
        };
        bindings.into_iter().enumerate().map(binding).collect::<Vec<_>>()
    });
    let logins = prop::collection::btree_map(
        prop::sample::select(vec!["user/u", "user/v", "role/Ops"]),
        prop::sample::subsequence(vec!["a", "b", "system:masters"], 0..=2),
        0..=3,
    );
    let policies = prop::collection::btree_set(
        prop::sample::select(vec![
            ("AmazonEKSViewPolicy", "namespace\", \"namespaces\": [\"dev\"]"),
            ("AmazonEKSViewPolicy", "cluster\", \"namespaces\": []"),
            ("AmazonEKSSecretReaderPolicy", "namespace\", \"namespaces\": [\"o*\", \"new-*\"]"),
            ("AmazonEKSClusterAdminPolicy", "namespace\", \"namespaces\": [\"dev\"]"),
        ]),
        0..3,
    );
    let has_entry = any::<bool>();
    (bindings, logins, policies, has_entry).prop_map(|(bindings, logins, policies, has_entry)| {
        [cluster(&bindings, &logins), if has_entry { entries(&policies) } else { String::new() }]
    })
}

const ROLES: &str = r#"
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}}, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ops"}},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "view"}, "rules": [
 {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log", "services"]}, {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/apis/*"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "edit"}, "rules": [
 {"verbs": ["*"], "apiGroups": ["apps"], "resources": ["deployments"]}, {"verbs": ["create", "get"], "apiGroups": [""], "resources": ["*"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "all"}, "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "named"}, "rules": [
 {"verbs": ["get", "delete"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"]}, {"verbs": ["update"], "apiGroups": ["apps"], "resources": ["*/scale"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "local", "namespace": "dev"}, "rules": [{"verbs": ["get", "delete"], "apiGroups": ["", "apps"], "resources": ["*"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "local", "namespace": "ops"}, "rules": [{"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}]}"#;

fn cluster(bindings: &[String], logins: &BTreeMap<&str, Vec<&str>>) -> String {
    let list = |kind: &str, arn: &str| {
        let of_kind = logins.iter().filter(|(name, _)| name.starts_with(kind));
        let entry = |(name, groups): (&&str, &Vec<&str>)| {
            let username = if kind == "role" { "ops:{{SessionName}}" } else { &name["user/".len()..] };
            format!("- {{{arn}: 'arn:aws:iam::111122223333:{name}', username: '{username}', groups: {groups:?}}}\n")
        };
        serde_json::to_string(&of_kind.map(entry).collect::<String>()).expect("text")
    };
    let (roles, users) = (list("role", "rolearn"), list("user", "userarn"));
    let bindings: String = bindings.iter().map(|binding| format!(",\n{binding}")).collect();
    format!(
        r#"{{"apiVersion": "v1", "kind": "List", "items": [{ROLES}{bindings},
        {{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "aws-auth", "namespace": "kube-system"}}, "data": {{"mapRoles": {roles}, "mapUsers": {users}}}}}]}}"#
    )
}

fn entries(policies: &std::collections::BTreeSet<(&str, &str)>) -> String {
    let policy = |(name, scope): &(&str, &str)| {
        format!(
            r#"{{"policyArn": "arn:aws:eks::aws:cluster-access-policy/{name}", "accessScope": {{"type": "{scope}}}}}"#
        )
    };
    let policies: Vec<String> = policies.iter().map(policy).collect();
    format!(
        r#"{{"clusterName": "c", "principalArn": "arn:aws:iam::111122223333:role/Ops", "associatedAccessPolicies": [{}]}}"#,
        policies.join(", ")
    )
}

fn joined([cluster, policies]: &[String; 2]) -> World {
    const ENTRY: &str = r#"{"accessEntry": {"clusterName": "c", "principalArn": "arn:aws:iam::111122223333:role/Ops",
        "kubernetesGroups": ["b"], "username": "ops:{{SessionName}}", "type": "STANDARD"}}"#;
    // That there are none is said too: what nobody gave is not compared.
    let mut files = vec![("cluster.json", &**cluster), ("listed.json", r#"{"accessEntries": []}"#)];
    if !policies.is_empty() {
        files.extend([("entry.json", ENTRY), ("policies.json", policies)]);
    }
    world(&files)
}

/// Questions that hit and miss.
fn questions() -> Vec<Request<'static>> {
    let mut questions = Vec::new();
    for verb in ["get", "list", "create", "delete", "update", "impersonate"] {
        for (api_group, resource, subresource, name) in [
            ("", "pods", "", ""),
            ("", "pods", "log", "p"),
            ("", "secrets", "", "one"),
            ("", "secrets", "", "two"),
            ("", "secrets", "", ""),
            ("apps", "deployments", "", ""),
            ("apps", "deployments", "scale", "d"),
            ("batch", "jobs", "", ""),
        ] {
            for namespace in ["", "dev", "ops", "new-1", "elsewhere"] {
                questions.push(Request::Resource(ResourceRequest {
                    verb,
                    api_group,
                    resource,
                    subresource,
                    name,
                    namespace,
                }));
            }
        }
        for path in ["/healthz", "/apis/apps/v1", "/metrics"] {
            questions.push(Request::Url { verb, path });
        }
    }
    questions
}

fn covered(rights: &[Rights], request: &Request<'_>) -> bool {
    rights.iter().any(|rights| rights.cover(request))
}

/// Whether somebody may, by the evaluator and nothing else.
fn may(world: &World, principal: &NamedPrincipal, request: &Request<'_>) -> bool {
    if world.index().authorize(&principal.user().unwrap_or_else(nobody), request).is_some() {
        return true;
    }
    let own = principal.identity.canonical_arn();
    principal.login.is_ok()
        && world.policies().iter().any(|associated| {
            associated.association.principal.eq_ignore_ascii_case(&own)
                && associated.holds_in(namespace_of(request))
                && associated.policy.is_some_and(|policy| policy.rules.iter().any(|rule| rule.allows(request)))
        })
}

fn nobody() -> User {
    User::authenticated("", [""; 0])
}

/// Namespaces that no world knows are those that globs stand for: `new-1` is in the place `new-*`.
fn known(request: &Request<'_>) -> bool {
    namespace_of(request) != "new-1"
}

type Rows = Vec<(String, Vec<Rights>, Vec<Rights>)>;

fn rows(difference: &Difference<'_>) -> [Rows; 2] {
    let row = |who: String, rights: &RightsChange| (who, rights.gains.clone(), rights.losses.clone());
    [
        difference.people.iter().map(|one| row(one.who.to_string(), &one.rights)).collect(),
        difference.subjects.iter().map(|one| row(format!("{:?}", one.subject), &one.rights)).collect(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn gains_and_losses_are_what_the_evaluator_says_of_two_worlds(before in files(), after in files()) {
        let (before, after) = (joined(&before), joined(&after));
        let difference = Difference::between(&before, &after);
        let questions = questions();
        let nothing = RightsChange::default();
        for subject in super::super::worlds::subjects([&before, &after]) {
            let rights = difference.subjects.iter().find(|one| one.subject == subject).map_or(&nothing, |one| &one.rights);
            let user = User::of(&subject);
            for request in &questions {
                let was = before.index().authorize(&user, request).is_some();
                let is = after.index().authorize(&user, request).is_some();
                prop_assert_eq!(covered(&rights.gains, request), !was && is, "{:?} gains {:?}", subject, request);
                prop_assert_eq!(covered(&rights.losses, request), was && !is, "{:?} loses {:?}", subject, request);
            }
        }
        for (who, identity) in super::super::worlds::everybody([&before, &after]) {
            let [old, new] = [&before, &after].map(|world| world.principal(who.clone(), identity.clone()));
            let found = difference.people.iter().find(|person| person.who == who);
            // A session of which nothing is said is as the role is.
            let of_role = || {
                let is_role = |person: &&Person| !matches!(person.who, Who::Session(..));
                difference.people.iter().filter(is_role).find(|person| person.identity.canonical_arn() == identity.canonical_arn())
            };
            let rights = found.or_else(of_role).map_or(&nothing, |person| &person.rights);
            for request in questions.iter().filter(|request| known(request)) {
                let (was, is) = (may(&before, &old, request), may(&after, &new, request));
                prop_assert_eq!(covered(&rights.gains, request), !was && is, "{} gains {:?}", who, request);
                prop_assert_eq!(covered(&rights.losses, request), was && !is, "{} loses {:?}", who, request);
            }
        }
    }

    #[test]
    fn backwards_gains_are_losses(before in files(), after in files()) {
        let (before, after) = (joined(&before), joined(&after));
        let forwards = rows(&Difference::between(&before, &after));
        let backwards = rows(&Difference::between(&after, &before));
        let swapped = forwards.map(|rows| rows.into_iter().map(|(who, gains, losses)| (who, losses, gains)).collect::<Rows>());
        prop_assert_eq!(swapped, backwards);
    }

    #[test]
    fn a_world_does_not_differ_from_itself(files in files()) {
        let (one, same) = (joined(&files), joined(&files));
        prop_assert!(Difference::between(&one, &same).is_empty());
    }

    #[test]
    fn two_of_one_world_are_what_the_evaluator_says_of_both(files in files()) {
        let world = joined(&files);
        let mut asked: Vec<DiffSubject> =
            super::super::worlds::subjects([&world, &world]).into_iter().map(DiffSubject::Subject).collect();
        asked.extend(world.principals().iter().cloned().map(|principal| DiffSubject::Principal(Box::new(principal))));
        let asked_may = |asked: &DiffSubject, request: &Request<'_>| match asked {
            DiffSubject::Subject(subject) => world.index().authorize(&User::of(subject), request).is_some(),
            DiffSubject::Principal(principal) => principal.login.is_ok() && may(&world, principal, request),
        };
        for pair in asked.windows(2) {
            let contrast = Contrast::between(&world, &pair[0], &pair[1]);
            for request in questions().iter().filter(|request| known(request)) {
                let (first, second) = (asked_may(&pair[0], request), asked_may(&pair[1], request));
                prop_assert_eq!(covered(&contrast.rights.gains, request), !first && second, "only {:?}: {:?}", pair[1], request);
                prop_assert_eq!(covered(&contrast.rights.losses, request), first && !second, "only {:?}: {:?}", pair[0], request);
            }
        }
    }
}
