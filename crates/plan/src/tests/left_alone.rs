//! Logins that no plan writes: whoever the cluster lets in all the same is whom it says, and not whom the file says.

use inventory::{AccessEntries, ClusterObject, File, MappingTarget, Observed, Record};

use super::{
    around,
    world::{Scenario, cluster, map},
};
use crate::{Allowed, Plan, print::text};

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

fn said_of(plan: &Plan) -> String {
    text(plan, &Allowed::default()).iter().map(|segment| segment.text().to_owned()).collect()
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
        let said = said_of(&plan);
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
    let said = said_of(&plan);
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
    let said = said_of(&plan);
    assert!(said.contains("mappings are neither read nor written (mapping: none)"), "{said}");
    assert!(said.contains("\n  rights: 2 people gain, 0 lose; 0 people unchanged\n"), "{said}");
}

/// What was applied last: this file.
fn recorded(observed: Observed, file: &str) -> Observed {
    let files = vec![File { name: "0.yaml".into(), text: around(file).into() }];
    let object = Record { cluster_id: "c".into(), files, target: MappingTarget::None };
    Observed { record: Some(ClusterObject { object, ..ClusterObject::default() }), ..observed }
}

/// What of the file's bindings is there already, so that nothing changes.
fn bound(observed: Observed) -> Observed {
    let there = cluster(
        "role view = get pods
         binding cluster-auth:a:view = ClusterRole view > group:a [ours]",
    );
    Observed { roles: there.roles, bindings: there.bindings, ..observed }
}

fn warnings(plan: &Plan) -> Vec<String> {
    plan.warnings.iter().filter(|warning| warning.is_of_login()).map(ToString::to_string).collect()
}

#[test]
fn whoever_is_taken_out_of_the_file_and_logs_in_all_the_same_is_named() {
    const CAROL: &str = "user carol is not in the file and logs in all the same, as carol in a, system:masters, by EKSConfigMap mapUsers[1] \
                         (ConfigMap kube-system/aws-auth:3); they have what the file gives these groups until they are taken out there";
    const ALICE: &str = "user alice is not in the file any more and still logs in, as al in a, by EKSConfigMap mapUsers[0] \
                         (ConfigMap kube-system/aws-auth:2); they have what the file gives that group until they are taken out there";
    let without_alice = "- {name: a, users: [zoe], authorization: [{clusterRole: view}]}";
    let now_empty = "- {name: b, users: [zoe], authorization: [{clusterRole: view}]}";
    let ended =
        "- {name: a, users: [zoe, {name: alice, expires: 2026-01-01T00:00:00Z}], authorization: [{clusterRole: view}]}";
    let in_entries = |names: &[&str]| {
        let mut observed = on_eks();
        observed.add_entries(entries("API_AND_CONFIG_MAP", names));
        observed
    };
    let rows = [
        ("by aws-auth", in_entries(&["zoe"]), FILE, without_alice, vec![ALICE, CAROL]),
        ("where entries were not given", on_eks(), FILE, without_alice, vec![ALICE, CAROL]),
        (
            "by an entry",
            in_entries(&["alice", "zoe"]),
            FILE,
            without_alice,
            vec![
                "user alice is not in the file any more and still logs in, as by-entry in a, by their EKS access entry",
                CAROL,
            ],
        ),
        ("whose time is over", in_entries(&["zoe"]), ended, ended, vec![ALICE, CAROL]),
        (
            "in a group that the file has no more",
            in_entries(&["zoe"]),
            FILE,
            now_empty,
            vec![
                "user alice is not in the file any more and still logs in, as al in a, by EKSConfigMap mapUsers[0] \
                  (ConfigMap kube-system/aws-auth:2); take them out there, too",
            ],
        ),
        (
            "who was not in what was applied",
            in_entries(&["zoe"]),
            without_alice,
            without_alice,
            vec![
                "user alice is not in the file and logs in all the same, as al in a, by EKSConfigMap mapUsers[0]",
                CAROL,
            ],
        ),
    ];
    for (what, observed, before, now, expected) in rows {
        let observed = bound(recorded(observed, before));
        let plan = Scenario::new(&around(now), MappingTarget::None, &observed).plan(&observed);
        let said = warnings(&plan);
        let of_them: Vec<&String> = said.iter().filter(|said| said.contains("not in the file")).collect();
        assert_eq!(of_them.len(), expected.len(), "{what}: {said:#?}");
        let all_are = of_them.iter().zip(&expected).all(|(said, expected)| said.starts_with(expected));
        assert!(all_are, "{what}: {of_them:#?}");
        assert!(!said_of(&plan).contains("is as the files say"), "{what}");
    }
}

#[test]
fn whoever_is_out_of_the_file_may_log_in_where_nothing_of_logins_was_read() {
    let without_alice = "- {name: a, users: [zoe], authorization: [{clusterRole: view}]}";
    let observed = bound(recorded(cluster(""), FILE));
    let plan = Scenario::new(&around(without_alice), MappingTarget::None, &observed).plan(&observed);
    let [said] = &warnings(&plan)[..] else { panic!("{:#?}", plan.warnings) };
    assert!(said.starts_with("user alice is not in the file any more, and may still log in: "), "{said}");
    let printed = said_of(&plan);
    assert!(
        printed.contains("\n  nothing changes; who logs in otherwise than the files say stands below Warnings\n"),
        "{printed}"
    );
    // Whoever is in it is not asked about.
    let observed = bound(recorded(cluster(""), FILE));
    let same = Scenario::new(&around(FILE), MappingTarget::None, &observed).plan(&observed);
    assert_eq!(warnings(&same), [""; 0]);
    assert!(said_of(&same).contains("nothing changes: the cluster is as the files say"));
}

#[test]
fn whoever_logs_in_otherwise_than_the_file_says_is_named() {
    let mut observed = on_eks();
    observed.add_entries(entries("API_AND_CONFIG_MAP", &["zoe"]));
    let file = "- {name: b, users: [alice, zoe], authorization: [{clusterRole: view}]}";
    let plan = |target| Scenario::new(&around(file), target, &observed).plan(&observed);
    let zoe = "user zoe logs in as by-entry in a, by their EKS access entry";
    let found = warnings(&plan(MappingTarget::None));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(
        found[0],
        "user alice logs in as al in a, by EKSConfigMap mapUsers[0] (ConfigMap kube-system/aws-auth:2), and not as alice in b, as the file says"
    );
    assert!(found[1].starts_with(zoe) && found[1].ends_with(", and not as zoe in b, as the file says"), "{found:#?}");
    // What is written does not change what goes before it.
    let found = warnings(&plan(MappingTarget::AwsAuth));
    assert!(found.len() == 1 && found[0].starts_with(zoe), "{found:#?}");
}

/// What `render --to access-entries` makes of the file is as the file says, and who is in an IAM group that nobody asked about is not known to be out.
#[test]
fn nothing_is_said_of_whoever_logs_in_as_the_file_says_or_may_be_in_it() {
    let mut observed = on_eks();
    let mut entries = entries("API", &[]);
    let arn = "arn:aws:iam::111122223333:role/ci/Deployer";
    for answer in [
        serde_json::json!({"accessEntries": [arn]}),
        serde_json::json!({"accessEntry": {
            "principalArn": arn, "kubernetesGroups": ["a"], "username": "Deployer:{{SessionName}}", "type": "STANDARD",
        }}),
        serde_json::json!({"associatedAccessPolicies": [], "principalArn": arn}),
    ] {
        entries.read(answer.to_string().as_bytes()).expect("an answer of EKS");
    }
    observed.add_entries(entries);
    let of = |observed: &Observed, file: &str| {
        warnings(&Scenario::new(&around(file), MappingTarget::None, observed).plan(observed))
    };
    let file = "- {name: a, roles: [ci/Deployer], authorization: [{clusterRole: view}]}";
    assert_eq!(of(&observed, file), [""; 0]);
    let in_group = "- {name: a, users: [zoe], iamGroups: [Platform], authorization: [{clusterRole: view}]}";
    let found = of(&bound(recorded(on_eks(), FILE)), in_group);
    assert_eq!(found, [""; 0], "alice and carol may be in it");
}

/// A server of one's own may read what lies in the cluster, too.
#[test]
fn cluster_admins_are_looked_for_where_no_login_is_taken_from() {
    let admins = map(MappingTarget::AwsAuth, &[("mapUsers", AWS_AUTH)], &[]);
    let observed = Observed { left_aside: vec![admins.source], ..cluster("role view = get pods") };
    let plan = plan(&observed);
    let [one] = &plan.all_powerful[..] else { panic!("{:#?}", plan.all_powerful) };
    assert!(
        one.to_string().starts_with("arn:aws:iam::111122223333:user/carol is in system:masters, as carol"),
        "{one}"
    );
    assert_eq!(gains(&plan), ["user alice as alice", "user zoe as zoe"]);
}
