//! What holds for every cluster and every file.

use proptest::prelude::*;
use rbac::{Index, Request, ResourceRequest, User};

use super::world::{Asked, applied, cluster, map, ours};
use crate::plan::{Login, MappingTarget, Observed, Plan};

/// Roles that exist, some of them ours.
const ROLES: &str = "
    role view = get,list pods services deployments.apps; get pods/log
    role edit = get,list,create pods deployments.apps; * services; update */scale.apps
    role admin = * *.*; * /*
    role named = get secrets:one secrets:two; get /healthz /apis/*
    role all-apps = get,delete *.apps
    role dev/local = get,list pods; create deployments.apps
    role ops/local = get pods
";

/// A binding of one of the roles to one or two groups or users.
fn binding() -> impl Strategy<Value = String> {
    let role = "(ClusterRole (view|edit|admin|named|all-apps|missing)|Role local)";
    let subjects = prop::collection::vec("(group:[abs]|user:(u|v|R:<session>))", 1..3);
    let place = prop_oneof![Just(""), Just("dev/"), Just("ops/")];
    let mark = prop_oneof![Just(""), Just("[ours]"), Just("[other]")];
    (place, role, subjects, mark).prop_map(|(place, role, subjects, mark)| {
        // A ClusterRoleBinding of a Role is no object that an API server takes.
        let role = if place.is_empty() { role.replace("Role local", "ClusterRole view") } else { role };
        let role = role.replace("ClusterClusterRole", "ClusterRole");
        format!("{role} > {} {mark}|{place}", subjects.join(" "))
    })
}

/// A cluster of generated bindings; names are ours where the mark is, so that some of them fit what the file asks for.
fn lines() -> impl Strategy<Value = String> {
    prop::collection::vec((binding(), "[pq]|cluster-auth:[ab]:(view|edit)|[ab]-binding"), 0..7).prop_map(|bindings| {
        let mut seen = std::collections::BTreeSet::new();
        let mut lines = ROLES.to_owned();
        for (text, name) in bindings {
            let (text, place) = text.split_once('|').expect("a place");
            if seen.insert(format!("{place}{name}")) {
                lines.push_str(&format!("binding {place}{name} = {text}\n"));
            }
        }
        lines
    })
}

/// A file with the groups `a` and `b`.
fn file() -> impl Strategy<Value = String> {
    let members = prop::collection::btree_set("u|v|w", 0..3);
    let roles = prop::collection::btree_set("R|S", 0..2);
    let grant = prop_oneof![
        "\\{(namespace: (dev|ops), )?clusterRole: (view|edit|admin|named|all-apps)\\}",
        "\\{(namespace: (dev|ops), )?rules: \\[\\{verbs: \\[(get|create|'\\*')\\], apiGroups: \\[(''|apps|'\\*')\\], \
         resources: \\[(pods|deployments|'\\*'|'\\*/scale')\\]\\}\\]\\}",
        "\\{namespace: (dev|ops), role: local\\}",
    ];
    let group = |name: &'static str| {
        (members.clone(), roles.clone(), prop::collection::vec(grant.clone(), 1..4)).prop_map(
            move |(users, roles, grants)| {
                let list = |names: std::collections::BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
                let grants = grants.join(", ");
                format!(
                    "- {{name: {name}, users: [{}], roles: [{}], authorization: [{grants}]}}\n",
                    list(users),
                    list(roles)
                )
            },
        )
    };
    (group("a"), group("b")).prop_map(|(a, b)| format!("clusterID: c\naccount: '111122223333'\ngroups:\n{a}{b}"))
}

/// Logins of before, in the authenticator's own words.
fn mapping() -> impl Strategy<Value = String> {
    let entry =
        ("user/u|user/w|role/R|role/Q", "u|v|R:\\{\\{SessionName\\}\\}", prop::collection::btree_set("a|b|s", 0..3));
    prop::collection::vec(entry, 0..4).prop_map(|entries| {
        let mut lists = [String::new(), String::new()];
        for (arn, username, groups) in entries {
            let (list, key) = if arn.starts_with("role") { (0, "rolearn") } else { (1, "userarn") };
            let groups: Vec<_> = groups.into_iter().collect();
            lists[list].push_str(&format!(
                "  - {{{key}: 'arn:aws:iam::111122223333:{arn}', username: '{username}', groups: [{}]}}\n",
                groups.join(", ")
            ));
        }
        let [roles, users] = lists;
        let list = |key: &str, text: String| if text.is_empty() { text } else { format!("  {key}:\n{text}") };
        format!("clusterID: c\nserver:\n  port: 1\n{}{}", list("mapRoles", roles), list("mapUsers", users))
    })
}

fn target() -> impl Strategy<Value = MappingTarget> {
    prop::sample::select(MappingTarget::ALL.to_vec())
}

fn world(lines: &str, mapping: &str) -> Observed {
    let mut observed = cluster(lines);
    observed.mappings.push(map(MappingTarget::ConfigMap, &[("config.yaml", mapping)], ours()));
    observed
}

fn user(login: Option<&Login>) -> User {
    match login {
        Some(login) => User::authenticated(login.username.clone(), login.groups.iter().cloned()),
        None => User::authenticated("", [""; 0]),
    }
}

/// Questions that hit and miss.
fn questions() -> Vec<Request<'static>> {
    let mut questions = Vec::new();
    for verb in ["get", "list", "create", "delete", "update", "impersonate"] {
        for (api_group, resource, subresource, name) in [
            ("", "pods", "", ""),
            ("", "pods", "log", "p"),
            ("", "services", "", ""),
            ("", "secrets", "", "one"),
            ("", "secrets", "", ""),
            ("apps", "deployments", "", ""),
            ("apps", "deployments", "scale", ""),
            ("batch", "jobs", "", ""),
        ] {
            for namespace in ["", "dev", "ops", "kube-system"] {
                let request = ResourceRequest { verb, api_group, resource, subresource, name, namespace };
                questions.push(Request::Resource(request));
            }
        }
        for path in ["/healthz", "/apis/apps", "/metrics"] {
            questions.push(Request::Url { verb, path });
        }
    }
    questions
}

/// Whether what changes for everybody is what the evaluator says, question by question.
fn says_what_changes(observed: &Observed, after: &Observed, plan: &Plan) -> Result<(), TestCaseError> {
    let (before, after) = (Index::new(observed.objects()), Index::new(after.objects()));
    for person in &plan.people {
        let (was, will_be) = (user(person.before.as_ref()), user(person.after.as_ref()));
        for question in questions() {
            let allowed = [before.authorize(&was, &question).is_some(), after.authorize(&will_be, &question).is_some()];
            let said = [&person.rights.gains, &person.rights.losses]
                .map(|rights| rights.iter().any(|rights| rights.cover(&question)));
            let expected = [allowed == [false, true], allowed == [true, false]];
            prop_assert_eq!(said, expected, "{} {:?} {:?}", person.who, question, person.rights);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_says_who_gains_and_loses_what(lines in lines(), file in file(), mapping in mapping(), target in target()) {
        let observed = world(&lines, &mapping);
        let plan = Asked::new(&file, target, &observed).plan(&observed);
        let after = applied(&observed, &plan);
        says_what_changes(&observed, &after, &plan)?;
    }

    #[test]
    fn after_a_plan_there_is_nothing_to_do(lines in lines(), file in file(), mapping in mapping(), target in target()) {
        let observed = world(&lines, &mapping);
        let asked = Asked::new(&file, target, &observed);
        let after = applied(&observed, &asked.plan(&observed));
        let again = Asked::new(&file, target, &after).plan(&after);
        prop_assert!(again.is_empty(), "{:?} {:?}", again.objects, again.logins);
        prop_assert!(again.steps.is_empty(), "{:?}", again.steps);
        prop_assert!(again.people.is_empty(), "{:?}", again.people);
    }
}
