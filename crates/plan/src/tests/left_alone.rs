//! Logins that no plan writes: whoever the cluster lets in all the same is whom it says, and not whom the file says.

use inventory::{AccessEntries, MappingTarget, Observed};

use super::{
    around,
    world::{Scenario, cluster, map},
};
use crate::{Plan, print::text};

const FILE: &str = "- {name: a, users: [alice, zoe], authorization: [{clusterRole: view}]}";
const AWS_AUTH: &str = "
- {userarn: 'arn:aws:iam::111122223333:user/alice', username: al, groups: [a]}
- {userarn: 'arn:aws:iam::111122223333:user/carol', username: carol, groups: [a, 'system:masters']}
";

fn on_eks() -> Observed {
    let mut observed = Observed { is_eks: true, ..cluster("role view = get pods") };
    observed.mappings.push(map(MappingTarget::AwsAuth, &[("mapUsers", AWS_AUTH)], &[]));
    observed
}

/// What EKS says of its entries: all of them, and which logins it looks at.
fn entries(mode: &str, entries: &[&str]) -> AccessEntries {
    let mut all = AccessEntries::default();
    let arn = |name: &str| format!("arn:aws:iam::111122223333:user/{name}");
    let listed: Vec<String> = entries.iter().map(|name| arn(name)).collect();
    let mut answers = vec![
        serde_json::json!({"accessEntries": listed}),
        serde_json::json!({"cluster": {"name": "c", "accessConfig": {"authenticationMode": mode}}}),
    ];
    for principal in &listed {
        answers.push(serde_json::json!({"accessEntry": {
            "principalArn": principal, "kubernetesGroups": ["a"], "username": "by-entry", "type": "STANDARD",
        }}));
        answers.push(serde_json::json!({"associatedAccessPolicies": [], "principalArn": principal}));
    }
    for answer in answers {
        all.read(answer.to_string().as_bytes()).expect("an answer of EKS");
    }
    all
}

fn plan(observed: &Observed) -> Plan {
    Scenario::new(&around(FILE), MappingTarget::None, observed).plan(observed)
}

fn said(plan: &Plan) -> String {
    text(plan).iter().map(|segment| segment.text().to_owned()).collect()
}

/// Who gains something, as whom.
fn gains(plan: &Plan) -> Vec<String> {
    let gains = plan.people.iter().filter(|person| !person.known_rights().gains.is_empty());
    let login =
        |person: &crate::PersonChange| person.after.as_ref().map_or("nobody", |login| &login.username).to_owned();
    gains.map(|person| format!("{} as {}", person.who, login(person))).collect()
}

#[test]
fn whoever_eks_lets_in_gains_and_nobody_of_the_others_is_said_to_be_let_in() {
    let rows = [
        // Both places were looked at: whoever stands in neither cannot log in.
        (
            "API_AND_CONFIG_MAP",
            &[][..],
            vec!["user alice as al"],
            "1 person of the file cannot log in, by any mapping: user zoe",
        ),
        ("API_AND_CONFIG_MAP", &["zoe"], vec!["user alice as al", "user zoe as by-entry"], ""),
        (
            "API",
            &["zoe"],
            vec!["user zoe as by-entry"],
            "1 person of the file cannot log in, by any mapping: user alice",
        ),
        (
            "CONFIG_MAP",
            &["zoe"],
            vec!["user alice as al"],
            "1 person of the file cannot log in, by any mapping: user zoe",
        ),
    ];
    for (mode, listed, gaining, warning) in rows {
        let mut observed = on_eks();
        observed.add_entries(entries(mode, listed));
        let plan = plan(&observed);
        assert_eq!(gains(&plan), gaining, "{mode} {listed:?}");
        let said = said(&plan);
        assert!(said.contains(warning) && !said.contains("taken to be"), "{mode} {listed:?}: {said}");
        assert_eq!(said.contains("cannot log in"), !warning.is_empty(), "{mode} {listed:?}: {said}");
        let masters = plan.all_powerful.iter().any(|one| one.to_string().contains("user/carol"));
        assert_eq!(masters, mode != "API", "{mode}: {said}");
    }
}

#[test]
fn whom_nothing_names_is_taken_from_the_file_where_nobody_gave_the_entries() {
    let plan = plan(&on_eks());
    assert_eq!(gains(&plan), ["user alice as al", "user zoe as zoe"]);
    let said = said(&plan);
    for expected in [
        "logins are not written (mapping: none): whom nothing names that was looked at is taken to be whom the file says;",
        "rights, as far as could be read: 2 people gain, 0 lose; 1 person unchanged; not known: EKS access entries, the cluster's \
         authentication mode",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    assert!(!said.contains("cannot log in"), "{said}");
}

/// There a server may have files of its own, of which the access file is one.
#[test]
fn elsewhere_everybody_is_taken_to_be_whom_the_file_says() {
    let plan = plan(&cluster("role view = get pods"));
    assert_eq!(gains(&plan), ["user alice as alice", "user zoe as zoe"]);
    let said = said(&plan);
    assert!(said.contains("mappings are neither read nor written (mapping: none)"), "{said}");
    assert!(said.contains("\n  rights: 2 people gain, 0 lose; 0 people unchanged\n"), "{said}");
}
