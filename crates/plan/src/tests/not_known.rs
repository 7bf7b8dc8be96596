//! What was not seen is never stated as absent: whatever of a cluster could not be read, a plan says nothing that a
//! plan of all of it does not say.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use inventory::{About, Extent, MappingTarget, ObjectKind, Observed, Unseen};
use proptest::prelude::*;
use rbac::{AnyRole, LabelSelector};

use super::{
    printing::{FILE, observed},
    world::Scenario,
};
use crate::{
    Allowed, Plan, Refusal, Warning,
    print::{json, markdown, text},
};

/// What somebody may not be allowed to look at.
const PARTS: [&str; 8] = [
    "namespaces",
    "roles",
    "clusterroles",
    "rolebindings",
    "clusterrolebindings",
    "aws-auth",
    "aws-iam-authenticator",
    "rolebindings of others than dev",
];

fn without(mut observed: Observed, part: &str) -> Observed {
    let known = &mut observed.knowledge;
    let mut what = part.to_owned();
    match part {
        "namespaces" => {
            observed.namespaces.clear();
            known.namespaces = false;
        }
        "roles" => {
            observed.roles.retain(|seen| seen.object.namespace().is_none());
            known.roles = Extent::default();
        }
        "clusterroles" => {
            observed.roles.retain(|seen| seen.object.namespace().is_some());
            known.cluster_roles = false;
        }
        "rolebindings" => {
            observed.bindings.retain(|seen| seen.object.namespace().is_none());
            known.role_bindings = Extent::default();
        }
        "rolebindings of others than dev" => {
            observed.bindings.retain(|seen| seen.object.namespace().is_none_or(|namespace| namespace == "dev"));
            known.role_bindings = match &known.role_bindings {
                Extent::All => Extent::In(["dev".into()].into()),
                Extent::In(some) => Extent::In(some.clone()),
            };
            what = "rolebindings".to_owned();
        }
        "clusterrolebindings" => {
            observed.bindings.retain(|seen| seen.object.namespace().is_some());
            known.cluster_role_bindings = false;
        }
        map => {
            let of_map = |target: MappingTarget| target.config_map() == Some(map);
            observed.mappings.retain(|live| !of_map(live.target));
            what = format!("the ConfigMap kube-system/{map}");
        }
    }
    let kinds = [ObjectKind::Namespaces].into_iter().chain(ObjectKind::OF_RBAC);
    let of_kind = kinds.into_iter().find(|kind| kind.in_words() == what).map(About::Kind);
    let about = of_kind.or_else(|| Some(About::Source(MappingTarget::in_config_map(part)?)));
    observed.unseen.push(Unseen::new(what, "you may not look").about(about.expect("something that is asked for")));
    observed
}

fn plan(observed: &Observed, target: MappingTarget) -> Plan {
    Scenario::new(FILE, target, observed).plan(observed)
}

/// Every fact that a plan states, one a line.
fn facts(plan: &Plan) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for person in &plan.people {
        let (who, before, after) = (&person.who, &person.before, &person.after);
        if before != after {
            facts.insert(format!("{who}: {before:?}, then {after:?}"));
        }
        facts.extend(
            person.rights.iter().filter(|rights| !rights.is_empty()).map(|rights| format!("{who}: {rights:?}")),
        );
        facts.extend(person.meanwhile.iter().map(|gained| format!("{who}: {gained:?}")));
    }
    facts.extend(plan.objects.iter().map(|change| format!("{change:?}")));
    facts.extend(plan.logins.iter().map(|change| format!("{change:?}")));
    facts.extend(plan.all_powerful.iter().map(ToString::to_string));
    let warnings = plan.warnings.iter();
    let is_fact = |warning: &&Warning| !matches!(warning, Warning::UnknownRole { .. });
    facts.extend(warnings.filter(is_fact).map(ToString::to_string));
    let refusals = plan.refusals.iter().filter(|refusal| !matches!(refusal, Refusal::Incomplete(_)));
    facts.extend(refusals.map(Refusal::summary));
    facts
}

fn parts() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(PARTS.to_vec(), 0..=PARTS.len())
}

proptest! {
    #[test]
    fn nothing_is_stated_that_a_look_at_everything_does_not_state(
        parts in parts(),
        target in proptest::sample::select(vec![MappingTarget::AwsAuth, MappingTarget::ConfigMap]),
    ) {
        let whole = plan(&observed(), target);
        let cut = parts.iter().fold(observed(), |observed, part| without(observed, part));
        let plan = plan(&cut, target);
        let (stated, true_facts) = (facts(&plan), facts(&whole));
        let wrong: Vec<&String> = stated.difference(&true_facts).collect();
        prop_assert!(wrong.is_empty(), "without {:?} it is stated that {:#?}", parts, wrong);
        prop_assert!(parts.is_empty() == plan.unseen.is_empty());
        // What is left out is said to be left out.
        let ids: BTreeSet<_> = plan.objects.iter().map(|change| change.id.clone())
            .chain(plan.not_known.objects.iter().map(crate::Object::id)).collect();
        for change in whole.objects.iter().filter(|change| change.after.is_some()) {
            prop_assert!(ids.contains(&change.id), "without {:?} nothing is said of {}", parts, change.id);
        }
        let people: BTreeSet<_> = plan.people.iter().map(|person| &person.who)
            .chain(&plan.not_known.logins).chain(&plan.not_known.rights).collect();
        for person in whole.people.iter().filter(|person| person.after.is_some()) {
            prop_assert!(people.contains(&person.who), "without {:?} nothing is said of {}", parts, person.who);
        }
    }
}

#[test]
fn whoever_may_look_at_nothing_is_told_what_is_not_known_in_every_form() {
    let cut = PARTS[..7].iter().fold(observed(), |observed, part| without(observed, part));
    let plan = plan(&cut, MappingTarget::AwsAuth);
    let shown: String = text(&plan, &Allowed::default()).iter().map(|segment| segment.text().to_owned()).collect();
    assert_snapshot!(shown.replace(plan.digest.as_str(), "(digest)"), @"
    Plan for c: logins in ConfigMap kube-system/aws-auth
      files: 0.yaml
      ! incomplete: not all of the cluster could be read
      no change is seen in what could be read

    What stops apply
      ! plan.incomplete
        clusterrolebindings could not be read: you may not look
        clusterroles could not be read: you may not look
        namespaces could not be read: you may not look
        rolebindings could not be read: you may not look
        roles could not be read: you may not look
        the ConfigMap kube-system/aws-auth could not be read: you may not look
        the ConfigMap kube-system/aws-iam-authenticator could not be read: you may not look
        help: give what is missing, or have somebody plan who may read all of it: the ClusterRole `access-planner` of docs/change-access.md is enough

    Not known
      whether, and as whom, these can log in: users alice, carol, ops/bob; role Deployer
      whose rights change: clusterrolebindings, namespaces, rolebindings, the ClusterRole cluster-admin, the ClusterRole edit, the ClusterRole view, the Role ops/missing could not be read
      whether ClusterRoleBinding cluster-admin-binding of ClusterRole cluster-admin to cluster-admin is there
      whether ClusterRoleBinding cluster-auth:developers:view of ClusterRole view to developers is there
      whether RoleBinding cluster-auth:developers:edit is there in dev, ops
      whether RoleBinding cluster-auth:operators:missing is there in ops
      whether RoleBinding developers-binding is there in dev
      whether RoleBinding operators-binding is there in kube-system
      whether Role developers is there in dev
      whether Role operators is there in kube-system

    Warnings
      not known: what ClusterRoleBinding cluster-admin-binding grants; the ClusterRole `cluster-admin` could not be read
      not known: what ClusterRoleBinding cluster-auth:developers:view grants; the ClusterRole `view` could not be read
      not known: what RoleBinding dev/cluster-auth:developers:edit grants; the ClusterRole `edit` could not be read
      not known: what RoleBinding ops/cluster-auth:developers:edit grants; the ClusterRole `edit` could not be read
      not known: what RoleBinding ops/cluster-auth:operators:missing grants; the Role `missing` could not be read

    Digest, for `apply --expect`
      (digest)
    ");
    let written = markdown(&plan);
    for line in shown.lines().skip_while(|line| *line != "Not known").skip(1).take_while(|line| !line.is_empty()) {
        let line = line.trim().split(": ").next().unwrap_or_default();
        assert!(written.contains(line), "{line}: {written}");
    }
    let out: serde_json::Value = serde_json::from_str(&json(&plan)).expect("JSON");
    let empty = ["people", "objects", "logins"].iter().all(|key| out[key].as_array().is_some_and(Vec::is_empty));
    assert!(empty && out["complete"] == false, "{out:#}");
    let counts = ["logins", "objects", "entries"].map(|key| out["notKnown"][key].as_array().map_or(0, Vec::len));
    assert_eq!(counts, [4, plan.not_known.objects.len(), 4], "{out:#}");
}

#[test]
fn what_is_known_is_said_all_the_same() {
    let cut = without(observed(), "rolebindings");
    let plan = plan(&cut, MappingTarget::AwsAuth);
    let shown: String = text(&plan, &Allowed::default()).iter().map(|segment| segment.text().to_owned()).collect();
    assert_snapshot!(shown.replace(plan.digest.as_str(), "(digest)"), @"
    Plan for c: logins in ConfigMap kube-system/aws-auth
      files: 0.yaml
      ! incomplete: not all of the cluster could be read
      logins: 2 added, 1 removed
      rights: it is not known whose change; 0 people unchanged
      objects, as far as could be read: 2 to create, 2 to change, 0 to remove; 0 unchanged; 5 not known

    What stops apply
      ! plan.incomplete
        rolebindings could not be read: you may not look
        help: give what is missing, or have somebody plan who may read all of it: the ClusterRole `access-planner` of docs/change-access.md is enough

    Who can log in
      + user carol as carol, in cluster-admin, operators
      + role Deployer as Deployer:<session>, in developers
      ~ user ops/bob, joins operators
      ~ user alice, leaves guests
      - user dave as dave, was in developers, guests
      ~ user ops/bob is called bob instead of bobby
        bindings and audit logs know the old name

    Bindings of the whole cluster
      + create cluster-admin-binding of ClusterRole cluster-admin to cluster-admin
      ~ replace cluster-auth:developers:view of ClusterRole view instead of ClusterRole edit to developers

    Objects
      + create Role operators in kube-system
      ~ change Role developers in dev

    Not known
      whose rights change: rolebindings could not be read
      whether RoleBinding cluster-auth:developers:edit is there in dev, ops
      whether RoleBinding cluster-auth:operators:missing is there in ops
      whether RoleBinding developers-binding is there in dev
      whether RoleBinding operators-binding is there in kube-system

    Warnings
      RoleBinding ops/cluster-auth:operators:missing grants nothing: there is no Role `missing`

    Digest, for `apply --expect`
      (digest)
    ");
}

#[test]
fn what_roles_allow_that_aggregate_each_other_is_not_known() {
    let mut observed = observed();
    for seen in &mut observed.roles {
        let AnyRole::ClusterRole(role) = &mut seen.object else { continue };
        let (own, chosen) = match &*role.name {
            "view" => ("one", "two"),
            "edit" => ("two", "one"),
            _ => continue,
        };
        let labels = |name: &str| [(name.into(), "x".into())].into();
        role.labels = labels(own);
        role.aggregation = Some(vec![LabelSelector { match_labels: labels(chosen), ..LabelSelector::default() }]);
    }
    let plan = Scenario::new(FILE, MappingTarget::AwsAuth, &observed).plan(&observed);
    let unseen: Vec<&str> = plan.unseen.iter().map(|gap| &*gap.what).collect();
    assert_eq!(unseen, ["what the ClusterRole edit allows", "what the ClusterRole view allows"]);
    assert!(json(&plan).contains("\"complete\": false"), "{}", json(&plan));
}
