//! A cell says a word exactly when the evaluator allows the requests that define it.

use std::collections::BTreeSet;

use proptest::{prelude::*, sample::select};
use rbac::{
    Grant, Request, ResourceRequest, Rule, User,
    escalation::{Scope, escalations},
};
use serde_json::{Value, json};

use crate::{
    Resources, World,
    matrix::{By, Cell, Column, Known, Level, Levels, Matrix, MatrixResource, Member, Options, matrix},
};

const NAMESPACES: [&str; 4] = ["dev", "kube-system", "kube-public", "shop"];
const USERS: [&str; 3] = ["ann", "ben", "cem"];
const GROUPS: [&str; 6] =
    ["red", "blue", "system:masters", "system:authenticated", "system:serviceaccounts", "system:serviceaccounts:dev"];
const VERBS: [&str; 9] = ["get", "list", "watch", "create", "update", "patch", "delete", "impersonate", "*"];
const RESOURCES: [&str; 9] =
    ["pods", "pods/exec", "secrets", "deployments", "roles", "rolebindings", "serviceaccounts", "*", "*/scale"];
const API_GROUPS: [&str; 4] = ["", "apps", "rbac.authorization.k8s.io", "*"];

fn rule() -> impl Strategy<Value = Value> {
    let some = |list: &'static [&'static str], most: usize| prop::collection::vec(select(list), 1..=most);
    let names = prop::option::weighted(0.2, select(&["one", "two"][..]));
    let free = (some(&VERBS, 4), some(&API_GROUPS, 2), some(&RESOURCES, 3), names).prop_map(|(verbs, groups, resources, name)| {
        json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": name.into_iter().collect::<Vec<_>>()})
    });
    // Whole levels, which chance alone would hardly make, and nearly whole ones.
    let level = (select(&Level::EACH[..]), prop::option::of(any::<prop::sample::Index>())).prop_map(|(level, without)| {
        let mut questions = level.questions();
        if let Some(without) = without {
            questions.remove(without.index(questions.len()));
        }
        let rule = |question: ResourceRequest<'_>| {
            json!({"verbs": [question.verb], "apiGroups": [question.api_group], "resources": [question.resource]})
        };
        json!({"rules": questions.into_iter().map(rule).collect::<Vec<_>>()})
    });
    prop_oneof![3 => free, 2 => level]
}

/// A role's rules, flat.
fn rules() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(rule(), 0..4).prop_map(|rules| {
        let flat = |rule: Value| match rule.get("rules") {
            Some(Value::Array(rules)) => rules.clone(),
            _ => vec![rule],
        };
        rules.into_iter().flat_map(flat).collect()
    })
}

fn generated() -> impl Strategy<Value = String> {
    let subject = prop_oneof![
        select(&USERS[..]).prop_map(|name| json!({"kind": "User", "name": name})),
        select(&GROUPS[..]).prop_map(|name| json!({"kind": "Group", "name": name})),
        Just(json!({"kind": "ServiceAccount", "name": "bot", "namespace": "dev"})),
        Just(json!({"kind": "User", "name": "system:serviceaccount:dev:bot"})),
    ];
    let binding =
        (prop::option::weighted(0.7, select(&NAMESPACES[..3])), 0..6_usize, prop::collection::vec(subject, 1..3));
    let mapped = prop::collection::vec(prop::collection::vec(select(&GROUPS[..3]), 0..3), USERS.len());
    (prop::collection::vec(rules(), 5), prop::collection::vec(binding, 0..10), mapped).prop_map(|(roles, bindings, mapped)| {
        let mut items: Vec<Value> = NAMESPACES.map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).into();
        items.extend(roles.into_iter().enumerate().map(|(at, rules)| {
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": format!("r{at}")}, "rules": rules})
        }));
        for (at, (namespace, role, subjects)) in bindings.into_iter().enumerate() {
            let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
            let mut metadata = json!({"name": format!("b{at}")});
            if let Some(namespace) = namespace {
                metadata["namespace"] = namespace.into();
            }
            let role = json!({"kind": "ClusterRole", "name": format!("r{role}")});
            items.push(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata, "roleRef": role, "subjects": subjects}));
        }
        let users: Vec<Value> = (USERS.iter().zip(mapped))
            .map(|(name, groups)| json!({"userarn": format!("arn:aws:iam::111122223333:user/{name}"), "username": name, "groups": groups}))
            .collect();
        let data = json!({"mapUsers": Value::from(users).to_string()});
        items.push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": data}));
        json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
    })
}

fn world(json: &str) -> World {
    super::super::world(&[("cluster.json", json)])
}

/// Somebody of a row, as authorizers see them.
fn user(member: &Member<'_>) -> User {
    match member {
        Member::Everybody => User::authenticated("", [""; 0]),
        Member::Anonymous => User::anonymous(),
        Member::Principal(Known(principal)) => principal.user().expect("logs in"),
        Member::Subject(rbac::Subject::User(name)) if **name == *"system:serviceaccount:dev:bot" => {
            User::service_account("dev", "bot")
        }
        Member::Subject(rbac::Subject::User(name)) => User::authenticated(&**name, [""; 0]),
        Member::Subject(rbac::Subject::Group(name)) if **name == *"system:serviceaccounts:dev" => {
            User::authenticated("", ["system:serviceaccounts", name])
        }
        Member::Subject(rbac::Subject::Group(name)) => User::authenticated("", [&**name]),
        Member::Subject(rbac::Subject::ServiceAccount { namespace, name }) => {
            User::service_account(namespace.as_deref().expect("resolved"), name)
        }
    }
}

/// Everybody in every place, with the cell that says what they may do there; `""` is the whole cluster.
fn each(
    matrix: &Matrix<'_>,
    mut see: impl FnMut(User, &str, &Cell) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for column in &matrix.columns {
        let namespaces: Vec<&str> = match column {
            Column::Cluster => vec![""],
            Column::Namespaces(names) | Column::Others(names) => names.iter().map(|name| &**name).collect(),
        };
        seen.extend(namespaces.iter().map(|name| (*name).to_owned()));
        for row in &matrix.rows {
            for namespace in &namespaces {
                for member in &row.members {
                    see(user(member), namespace, matrix.cell(row, column))?;
                }
            }
        }
    }
    let all: BTreeSet<String> = NAMESPACES.iter().copied().chain([""]).map(str::to_owned).collect();
    prop_assert_eq!(seen, all);
    Ok(())
}

fn by(by: u8) -> By {
    [By::People, By::Groups, By::Subjects][usize::from(by % 3)]
}

static EVERYTHING: std::sync::LazyLock<Rule> = std::sync::LazyLock::new(|| {
    let any = || vec![Box::from("*")];
    Rule { verbs: any(), api_groups: any(), resources: any(), ..Rule::default() }
});

fn held<'a>(world: &'a World, user: &'a User, namespace: Option<&'a str>) -> Vec<&'a Rule> {
    let rule = |grant| match grant {
        Grant::Rule { rule, .. } => rule,
        Grant::Masters => &*EVERYTHING,
    };
    let masters = (user.is_master() && namespace.is_none()).then_some(&*EVERYTHING);
    world.index().grants(user, namespace).map(rule).chain(masters).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_level_is_said_when_all_its_questions_are_allowed_and_a_right_when_the_table_says_so(json in generated(), rows in 0..3_u8) {
        let (world, resources, options) = (world(&json), Resources::well_known(), Options { by: by(rows), ..Options::default() });
        each(&matrix(&world, &resources, &options), |user, namespace, cell| {
            let Cell::Levels(levels) = cell.known() else { panic!("levels were asked for") };
            let may = |level: &Level| level.questions().into_iter().all(|question| {
                let request = Request::Resource(ResourceRequest { namespace, ..question });
                world.index().authorize(&user, &request).is_some()
            });
            prop_assert_eq!(levels.level, Level::EACH.into_iter().rfind(may), "{:?} in {:?}", user, namespace);

            let scope = if namespace.is_empty() { Scope::Cluster } else { Scope::Namespace(namespace) };
            let here = if namespace.is_empty() { Vec::new() } else { held(&world, &user, Some(namespace)) };
            let codes: BTreeSet<&str> =
                escalations(&held(&world, &user, None), &here, scope).into_iter().map(|one| one.code).collect();
            let said: BTreeSet<&str> =
                levels.rights.iter().filter(|right| right.is_dangerous).map(|right| right.escalation.code).collect();
            prop_assert!(said.is_subset(&codes), "{:?} in {:?}: {:?} of {:?}", user, namespace, said, codes);
            // What is not said for itself is in the level, which is marked, or comes with starting pods.
            let is_left = levels.level.is_none() || levels.level == Some(Level::View);
            prop_assert!(!is_left || said == codes, "{:?} in {:?}: {:?} of {:?}", user, namespace, said, codes);
            prop_assert!(codes.is_empty() || cell.is_dangerous() || levels.level >= Some(Level::Edit));
            Ok(())
        })?;
    }

    #[test]
    fn a_verb_is_said_when_it_is_allowed(json in generated(), rows in 0..3_u8) {
        const ASKED: [&str; 6] = ["pods", "pods/exec", "secrets", "deployments.apps", "deployments.apps/scale", "roles"];
        let (world, known) = (world(&json), Resources::well_known());
        let resources: Vec<MatrixResource> =
            ASKED.iter().map(|text| MatrixResource::parse(&known, text).expect("a resource").0).collect();
        let options = Options { by: by(rows), resources: resources.clone(), ..Options::default() };
        each(&matrix(&world, &known, &options), |user, namespace, cell| {
            let Cell::Verbs(verbs) = cell.known() else { panic!("verbs were asked for") };
            for (asked, said) in resources.iter().zip(verbs) {
                let MatrixResource { api_group, resource, subresource } = asked;
                for verb in VERBS {
                    let may = |name| {
                        let request = ResourceRequest { verb, api_group, resource, subresource, name, namespace };
                        world.index().authorize(&user, &Request::Resource(request)).is_some()
                    };
                    let is_said = said.verbs.contains("*") || said.verbs.contains(verb);
                    prop_assert_eq!(is_said, may(""), "{:?} in {:?}: {} {}", user, namespace, verb, asked);
                    for name in ["one", "two"] {
                        let is_named = |verb: &str| said.named.get(verb).is_some_and(|names| names.contains(name));
                        let is_said = is_said || is_named(verb) || is_named("*");
                        prop_assert_eq!(is_said, may(name), "{:?} in {:?}: {} {} {}", user, namespace, verb, asked, name);
                    }
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn nothing_is_said_of_whoever_may_no_more_than_everybody(json in generated()) {
        let (world, resources, options) = (world(&json), Resources::well_known(), Options::default());
        let everybody = User::authenticated("", [""; 0]);
        each(&matrix(&world, &resources, &options), |user, namespace, cell| {
            let rules = |user: &User| -> BTreeSet<Rule> { held(&world, user, None).into_iter().cloned().collect() };
            let own = world.index().grants(&user, Some(namespace)).next().is_some();
            if rules(&user).is_subset(&rules(&everybody)) && !own && user.name != "system:anonymous" && !user.name.is_empty() {
                let Cell::Levels(Levels { writes, reads, others, .. }) = cell.known() else { panic!("levels were asked for") };
                prop_assert!(writes.is_empty() && reads.is_empty() && !others, "{:?} in {:?}", user, namespace);
            }
            Ok(())
        })?;
    }
}
