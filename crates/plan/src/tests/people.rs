//! Person by person: who they are, whatever names them, and what is said of them.

use inventory::{LiveMapping, MappingTarget, Observed, Reading, Unseen};
use mapping::Reader;
use rbac::comparison::Rights;

use super::world::{Scenario, cluster, map};
use crate::{
    Allowed, Plan,
    print::text,
    tests::{around, now},
};

fn live(lines: &str, config: &str, owned: &[&str]) -> Observed {
    let mut observed = cluster(lines);
    let config = format!("clusterID: c\nserver:\n{config}");
    observed.mappings.push(map(MappingTarget::ConfigMap, &[("config.yaml", &config)], owned));
    observed
}

fn plan(groups: &str, target: MappingTarget, observed: &Observed) -> Plan {
    Scenario::new(&around(groups), target, observed).plan(observed)
}

/// `who: before → after`, each as `username [groups]`.
fn people(plan: &Plan) -> Vec<String> {
    let login = |login: &Option<inventory::Login>| match login {
        None => "nobody".to_owned(),
        Some(login) => format!("{} {:?}", login.username, login.groups).replace('"', ""),
    };
    let person =
        |person: &crate::PersonChange| format!("{}: {} → {}", person.who, login(&person.before), login(&person.after));
    plan.people.iter().map(person).collect()
}

const ROLE: &str = "arn:aws:iam::111122223333:role";
const SSO: &str = "AWSReservedSSO_Dev_0123456789abcdef";

#[test]
fn everybody_is_found_by_whatever_names_them() {
    let nothing = "- {name: a, users: [x], authorization: [{clusterRole: view}]}";
    let rows = [
        ("a user who comes", nothing, "  port: 1".to_owned(), vec!["user x: nobody → x [a]"]),
        (
            "a user who gets another name, by the path that STS says",
            "- {name: a, users: [ops/Bob], authorization: [{clusterRole: view}]}",
            "  mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/ops/bob', username: bobby, groups: [a]}]"
                .to_owned(),
            vec!["user ops/Bob: bobby [a] → Bob [a]"],
        ),
        (
            "a role whose mapping has a path, which STS leaves out",
            "- {name: a, roles: [ops/R], authorization: [{clusterRole: view}]}",
            format!("  mapRoles: [{{rolearn: '{ROLE}/ops/R', username: 'R:{{{{SessionName}}}}', groups: [b]}}]"),
            vec!["role R: R:<session> [b] → R:<session> [a]"],
        ),
        (
            "a permission set that was mapped by the role that AWS made for it",
            "- {name: a, permissionSets: [Dev], authorization: [{clusterRole: view}]}",
            format!("  mapRoles: [{{rolearn: '{ROLE}/{SSO}', username: dev, groups: [b]}}]"),
            vec!["permission set Dev: dev [b] → Dev:<session> [a]"],
        ),
        (
            "everybody in an account",
            nothing,
            "  mapAccounts: ['444455556666']\n  mapUsers: [{userarn: 'arn:aws:iam::444455556666:user/y', username: y}]"
                .to_owned(),
            vec!["user x: nobody → x [a]"],
        ),
        (
            "machines, by what EC2 would call them",
            "- {name: a, users: [x], authorization: [{clusterRole: view}]}\nnodes: [{roles: [Node]}]",
            "  port: 1".to_owned(),
            vec![
                "user x: nobody → x [a]",
                "role Node: nobody → system:node:<private-dns-name> [system:bootstrappers, system:nodes]",
            ],
        ),
    ];
    for (what, groups, config, expected) in rows {
        let observed = live("role view = get pods", &config, &[]);
        let plan = plan(groups, MappingTarget::AccessFile, &observed);
        assert_eq!(people(&plan), expected, "{what}");
    }
}

/// Machines are no people, and whoever only gets another name or group is in one of the numbers.
#[test]
fn everybody_is_in_one_number_at_the_head() {
    let role = format!(
        "  mapRoles: [{{rolearn: '{ROLE}/Node', username: 'system:node:{{{{EC2PrivateDNSName}}}}', groups: [system:bootstrappers, system:nodes]}}]\n"
    );
    let user = "  mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/x', username: GROUPS}]\n";
    let file = "- {name: a, users: [x], authorization: [{clusterRole: view}]}\nnodes: [{roles: [Node]}]";
    let bound = "role view = get pods\nbinding cluster-auth:a:view = ClusterRole view > group:a [ours]";
    let rows = [
        (role.clone(), "1 person gains, 0 lose; 0 people unchanged; roles of machines: 1 unchanged"),
        (String::new(), "1 person gains, 0 lose; 0 people unchanged; roles of machines: 1 changed"),
        (
            format!("{role}{}", user.replace("GROUPS", "x, groups: [a]")),
            "0 people gain, 0 lose; 1 person unchanged; roles of machines: 1 unchanged",
        ),
        (
            format!("{role}{}", user.replace("GROUPS", "x, groups: [a, unbound]")),
            "0 people gain, 0 lose; 1 changes name or groups alone; 0 people unchanged; roles of machines: 1 unchanged",
        ),
        (
            format!("{role}{}", user.replace("GROUPS", "other, groups: [a]")),
            "0 people gain, 0 lose; 1 changes name or groups alone; 0 people unchanged; roles of machines: 1 unchanged",
        ),
    ];
    let alone = "0 people gain, 0 lose; 2 get or lose a login alone; 0 people unchanged";
    let without = (
        "- {name: a, users: [x, z], authorization: [{clusterRole: absent}]}",
        "role view = get pods",
        String::new(),
        alone,
    );
    let rows = rows.into_iter().map(|(config, expected)| (file, bound, config, expected)).chain([without]);
    for (file, bound, config, expected) in rows {
        let config = if config.is_empty() { "  port: 1".to_owned() } else { config };
        let plan = plan(file, MappingTarget::ConfigMap, &live(bound, &config, &[]));
        let text = crate::print::text(&plan, &crate::Allowed::default());
        let said: String = text.iter().map(|segment| segment.text().to_owned()).collect();
        let line = said.lines().find_map(|line| line.trim().strip_prefix("rights: ")).unwrap_or_default();
        assert_eq!(line, expected, "{config}");
    }
}

/// JSON names principals in the letters in which somebody wrote them, as the text does.
#[test]
fn json_keeps_the_case_of_principals() {
    let file = "- {name: a, users: [Alice, team/Bob], authorization: [{clusterRole: view}]}";
    let plan = plan(file, MappingTarget::ConfigMap, &live("role view = get pods", "  port: 1", &[]));
    let json: serde_json::Value = serde_json::from_str(&crate::print::json(&plan)).expect("JSON");
    let logins = json["logins"].as_array().expect("logins").iter();
    let named: Vec<&str> = logins.filter_map(|login| login["principal"].as_str()).collect();
    assert_eq!(named, ["arn:aws:iam::111122223333:user/Alice", "arn:aws:iam::111122223333:user/team/Bob"]);
}

#[test]
fn leaving_system_masters_is_losing_everything() {
    let observed = live(
        "role view = get pods\nbinding cluster-auth:a:view = ClusterRole view > group:a [ours]",
        "  mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/x', username: x, groups: [system:masters]}]",
        &["user/x"],
    );
    let away =
        plan("- {name: a, users: [x], authorization: [{clusterRole: view}]}", MappingTarget::ConfigMap, &observed);
    let [Rights { rights, .. }] = &away.people[0].known_rights().losses[..] else { panic!("{:?}", away.people) };
    assert_eq!(rights.len(), 2, "every verb on everything, and on every URL");
    assert_eq!(rights.iter().flat_map(|right| right.except.iter()).count(), 1, "but for what view grants");

    let observed = live("role view = get pods", "  port: 1", &[]);
    let groups = "- {name: 'system:masters', users: [x], accept: {access.system-name: test}}";
    let into = plan(groups, MappingTarget::ConfigMap, &observed);
    let said: String = text(&into, &Allowed::default()).iter().map(|segment| segment.text().to_owned()).collect();
    assert!(said.contains("! user x may do everything, by the group system:masters"), "{said}");
}

#[test]
fn what_others_grant_is_marked() {
    let observed = live(
        "role view = get,list pods; get services
         binding cluster-auth:a:view = ClusterRole view > group:a [ours]
         binding dev/theirs = ClusterRole view > group:a group:b
         binding theirs = ClusterRole view > user:x",
        "  mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/x', username: x, groups: [a]}]",
        &["user/x"],
    );
    let groups = "- {name: b, users: [x], authorization: [{namespace: ops, clusterRole: view}]}";
    let plan = plan(groups, MappingTarget::ConfigMap, &observed);
    let still: Vec<String> = plan.people[0]
        .known_rights()
        .still
        .iter()
        .map(|still| format!("{} {}", still.by, still.rights.len()))
        .collect();
    assert_eq!(still, ["ClusterRoleBinding theirs 3"]);
    assert!(plan.people[0].known_rights().is_empty(), "{:?}", plan.people[0].known_rights());
}

#[test]
fn a_mapping_that_cannot_be_read_was_not_seen() {
    let rows = [
        (MappingTarget::ConfigMap, "config.yaml", "server: {mapUsers: 1}", Some("line 1: ")),
        (MappingTarget::AccessFile, "access.yaml", "groups: [{nme: a}]", Some("line 1: ")),
        // aws-auth is read key by key and entry by entry, and what cannot be read lets nobody in.
        (MappingTarget::AwsAuth, "mapUsers", "- {userarn: x, username: y}", None),
        (MappingTarget::AwsAuth, "mapRoles", "x: [", None),
        (MappingTarget::AwsAuth, "mapUsers", "", None),
        (MappingTarget::AwsAuth, "mapUsers", "''", None),
        (MappingTarget::AwsAuth, "mapUsers", "``", None),
        (MappingTarget::AwsAuth, "other", "whatever", None),
        (MappingTarget::ConfigMap, "config.yaml", "", None),
    ];
    let reading = Reading { reader: Reader::ClusterAuth, ..Reading::default() };
    for (target, key, value, expected) in rows {
        let map =
            access::ConfigMap { data: [(key.to_owned(), value.to_owned())].into(), ..access::ConfigMap::default() };
        let read = LiveMapping::of_config_map(target, map, &reading, now());
        match (read, expected) {
            (Ok(live), None) => assert!(live.source.roles.is_empty() && live.source.users.is_empty()),
            (Err(Unseen { what, why, .. }), Some(begins)) => {
                assert!(*what == *target.title() && why.starts_with(begins), "{key}: {value}: {why}");
            }
            (read, _) => panic!("{key}: {value}: {read:?}"),
        }
    }
}

#[test]
fn people_whom_only_iam_knows_are_missed() {
    let observed = cluster("role view = get pods");
    let groups = "- {name: a, users: [x], iamGroups: [Platform], authorization: [{clusterRole: view}]}";
    let said: Vec<String> =
        plan(groups, MappingTarget::None, &observed).warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("the IAM group `Platform`") && said[1].starts_with("mappings are neither"), "{said:?}");
}

#[test]
fn whoever_leaves_a_group_that_becomes_dangerous_is_named() {
    let observed = live(
        "role cluster-admin = * *.*\nrole view = get pods",
        "  mapUsers:
  - {userarn: 'arn:aws:iam::111122223333:user/x', username: x, groups: [a]}
  - {userarn: 'arn:aws:iam::111122223333:user/z', username: z, groups: [a]}",
        &["user/x", "user/z"],
    );
    let groups = "- {name: a, users: [z], authorization: [{namespace: kube-system, rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]}]}";
    let plan = plan(groups, MappingTarget::ConfigMap, &observed);
    let said: String = text(&plan, &Allowed::default()).iter().map(|segment| segment.text().to_owned()).collect();
    assert!(said.contains("! user z can read secrets in kube-system\n"), "{said}");
    assert!(said.contains("! user x can read secrets in kube-system until logins change\n"), "{said}");
}

/// EKS asks access entries and `aws-auth`: whoever stands elsewhere gains nothing by it, and has nothing by it.
#[test]
fn what_eks_does_not_ask_lets_nobody_in_before_or_after() {
    let role = "role view = get pods\n";
    let group = "- {name: a, users: [x], authorization: [{clusterRole: view}]}";
    let of_eks = |observed: Observed| Observed { is_eks: true, ..observed };
    for target in [MappingTarget::ConfigMap, MappingTarget::Crd, MappingTarget::AccessFile] {
        assert_eq!(people(&plan(group, target, &cluster(role))), ["user x: nobody → x [a]"], "{target:?}");
        let on_eks = plan(group, target, &of_eks(cluster(role)));
        assert_eq!(people(&on_eks), [""; 0], "{target:?}");
        let said: Vec<String> = on_eks.warnings.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|said| said.contains("user x")), "{target:?}: {said:?}");
    }
    assert_eq!(people(&plan(group, MappingTarget::AwsAuth, &of_eks(cluster(role)))), ["user x: nobody → x [a]"]);
    let admin = "  mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/z', username: z, groups: ['system:masters']}]";
    let powerful = |observed: &Observed| plan(group, MappingTarget::AwsAuth, observed).all_powerful.len();
    assert_eq!(powerful(&live(role, admin, &[])), 1);
    assert_eq!(powerful(&of_eks(live(role, admin, &[]))), 0);
}
