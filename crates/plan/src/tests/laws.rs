//! What holds for every cluster and every file.

use inventory::{Login, MappingTarget, Observed};
use proptest::prelude::*;
use rbac::{Index, Request, ResourceRequest, User};

use super::world::{Scenario, after, applied, cluster, logins, map};
use crate::{Action, Plan, Refusal, Stage};

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
        // A ClusterRoleBinding of a Role is not an object that an API server takes.
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
    observed.mappings.push(map(MappingTarget::ConfigMap, &[("config.yaml", mapping)], &["user/w"]));
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
            let said = [&person.known_rights().gains, &person.known_rights().losses]
                .map(|rights| rights.iter().any(|rights| rights.cover(&question)));
            let expected = [allowed == [false, true], allowed == [true, false]];
            prop_assert_eq!(said, expected, "{} {:?} {:?}", person.who, question, person.rights);
        }
    }
    Ok(())
}

proptest! {
    // Each case is many clusters; what they found was found by running thousands.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_plan_says_who_gains_and_loses_what(lines in lines(), file in file(), mapping in mapping(), target in target()) {
        let observed = world(&lines, &mapping);
        let plan = Scenario::new(&file, target, &observed).plan(&observed);
        let after = applied(&observed, &plan);
        says_what_changes(&observed, &after, &plan)?;
    }

    #[test]
    fn after_a_plan_there_is_nothing_to_do(lines in lines(), file in file(), mapping in mapping(), target in target()) {
        let observed = world(&lines, &mapping);
        let asked = Scenario::new(&file, target, &observed);
        let after = applied(&observed, &asked.plan(&observed));
        let again = Scenario::new(&file, target, &after).plan(&after);
        prop_assert!(again.is_empty(), "{:?} {:?}", again.objects, again.logins);
        prop_assert!(again.steps.is_empty(), "{:?}", again.steps);
        prop_assert!(again.people.is_empty(), "{:?}", again.people);
    }

    #[test]
    fn interrupted_anywhere_the_next_plan_finishes(
        lines in lines(), file in file(), mapping in mapping(), target in target(), failing in any::<u32>(),
    ) {
        let observed = world(&lines, &mapping);
        let plan = Scenario::new(&file, target, &observed).plan(&observed);
        let works: Vec<usize> = (0..plan.steps.len()).filter(|at| failing >> (at % 32) & 1 == 0).collect();
        let half = after(&observed, &plan, &works);
        let second = Scenario::new(&file, target, &half).plan(&half);
        let done = applied(&half, &second);
        let third = Scenario::new(&file, target, &done).plan(&done);
        prop_assert!(third.steps.is_empty(), "{:?}", third.steps);
        // What is there is what there would have been without the interruption.
        let whole = applied(&observed, &plan);
        prop_assert_eq!(everything(&done), everything(&whole));
        // Nothing that was ours is taken for somebody else's in the second run. How many logins would end may be less, and
        // who is an administrator half-way is not who was one before.
        let said = |refusal: &Refusal| match refusal {
            Refusal::LosesCaller { .. } | Refusal::LosesLastAdmin { .. } => true,
            Refusal::Nobody { .. } => plan.refusals.iter().any(|other| other.code() == refusal.code()),
            _ => plan.refusals.contains(refusal),
        };
        prop_assert!(second.refusals.iter().all(said), "{:?}", second.refusals);
    }

    #[test]
    fn whoever_keeps_a_right_has_it_at_every_moment(
        lines in lines(), file in file(), mapping in mapping(), target in target(),
    ) {
        let observed = world(&lines, &mapping);
        let plan = Scenario::new(&file, target, &observed).plan(&observed);
        let whole = applied(&observed, &plan);
        let (first, last) = (Index::new(observed.objects()), Index::new(whole.objects()));
        let (old, new) = (logins(&observed), logins(&whole));
        let kept: Vec<_> = old.iter().zip(&new).filter_map(|(old, new)| Some((old.as_ref()?, new.as_ref()?))).map(|(old, new)| {
            let (old, new) = (user(Some(old)), user(Some(new)));
            let both = |question: &Request<'_>| {
                first.authorize(&old, question).is_some() && last.authorize(&new, question).is_some()
            };
            let kept: Vec<_> = questions().into_iter().filter(both).collect();
            (old, new, kept)
        }).collect();
        let login_steps = plan.steps.iter().filter(|step| step.stage == Stage::Logins).count();
        for done in 0..=plan.steps.len() {
            let steps: Vec<usize> = (0..done).collect();
            let state = Index::new(after(&observed, &plan, &steps).objects());
            let so_far = &plan.steps[..done];
            let written = so_far.iter().filter(|step| step.stage == Stage::Logins).count();
            let settled = so_far.iter().any(|step| step.action == Action::Settle);
            for (old, new, kept) in &kept {
                for question in kept {
                    // Until caches have settled, some are still who they were.
                    if !settled || login_steps == 0 {
                        prop_assert!(state.authorize(old, question).is_some(), "{done}: {old:?} {question:?}");
                    }
                    if written > 0 {
                        prop_assert!(state.authorize(new, question).is_some(), "{done}: {new:?} {question:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_one_plan_gives_the_plan_back_takes(
        lines in lines(), files in (file(), file()), mapping in mapping(), target in target(),
    ) {
        // From a cluster that one file rules to the other's, and back.
        let start = world(&lines, &mapping);
        let zero = applied(&start, &Scenario::new(&files.1, target, &start).plan(&start)); // Adopts what it finds.
        let one = applied(&zero, &Scenario::new(&files.0, target, &zero).plan(&zero));
        let there = Scenario::new(&files.1, target, &one).plan(&one);
        let two = applied(&one, &there);
        let back = Scenario::new(&files.0, target, &two).plan(&two);
        let changes = |plan: &Plan, back: bool| {
            let mut all = Vec::new();
            for person in &plan.people {
                let rights = person.known_rights();
                let [gains, losses] = if back { [&rights.losses, &rights.gains] } else { [&rights.gains, &rights.losses] };
                let [before, after] = if back { [&person.after, &person.before] } else { [&person.before, &person.after] };
                // Mappings are compared in lower case, so whoever goes is called that way.
                let who = person.who.to_string().to_lowercase();
                all.push(format!("{who} {before:?} {after:?} {gains:?} {losses:?}"));
            }
            all.sort();
            all
        };
        prop_assert_eq!(changes(&there, false), changes(&back, true));
    }
}

/// All that a cluster says, in order, without versions.
fn everything(observed: &Observed) -> Vec<String> {
    let roles = observed.roles.iter().map(|seen| format!("{:?} {:?}", seen.object, seen.owner));
    let bindings = observed.bindings.iter().map(|seen| format!("{:?} {:?}", seen.object, seen.owner));
    let mut all: Vec<String> = roles.chain(bindings).collect();
    all.extend(logins(observed).into_iter().map(|login| format!("{login:?}")));
    all.push(format!("{:?}", observed.record.as_ref().map(|seen| &seen.object)));
    all.sort();
    all
}
