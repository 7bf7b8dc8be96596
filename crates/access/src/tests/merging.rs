//! Entries put into `ConfigMap`s that others write to as well.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{around, good, now};
use crate::{ConfigMap, Expiry, Facts, OWNED, Options, Target, cluster::Dump, render};

const FILE: &str = "\
- name: developers
  users: [alice]
  roles: [{name: Deployer, username: 'deploy:{{SessionName}}'}]
";

/// What eksctl made, and a person after it.
const NODES: &str = "\
# Made by eksctl. Do not touch!
- rolearn: arn:aws:iam::111122223333:role/NodeInstanceRole   # the nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups: ['system:bootstrappers', \"system:nodes\"]
";

fn with(data: &[(&str, &str)], owned: &str) -> ConfigMap {
    let text = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
    let annotations = BTreeMap::from([(OWNED.to_owned(), owned.to_owned())]);
    ConfigMap {
        resource_version: Some("17".to_owned()),
        annotations: if owned.is_empty() { BTreeMap::new() } else { annotations },
        data: data.iter().map(text).collect(),
        ..ConfigMap::default()
    }
}

fn merged_into(target: Target, groups: &str, current: ConfigMap, adopt: bool) -> Result<String, Vec<String>> {
    let name = target.shared().expect("a target that others write to");
    let facts = Facts { config_maps: Some([(name.to_owned(), current)].into()), ..Facts::default() };
    let options = Options { expiry: Expiry::Refuse, adopt };
    let rendered = render(&good(&around(groups)), &facts, now(), target, options);
    rendered.map(|rendered| rendered.text).map_err(|problems| {
        problems.into_iter().map(|problem| format!("{} {}", problem.code, problem.message)).collect()
    })
}

/// `aws-auth` once more, as the cluster would have it after it was applied.
fn applied(text: &str) -> ConfigMap {
    let json: serde_json::Value = serde_saphyr::from_str(text).expect("YAML");
    let mut facts = Facts::default();
    let mut dump = Dump::default();
    dump.read(json.to_string().as_bytes()).expect("a ConfigMap");
    dump.add_to(&mut facts);
    assert!(facts.config_maps.is_some());
    facts.config_maps.and_then(|maps| maps.into_values().next()).expect("one")
}

#[test]
fn entries_of_others_stay_byte_for_byte() {
    let current = with(&[("mapRoles", NODES), ("mapAccounts", "- \"444455556666\"\n")], "");
    let text = merged_into(Target::AwsAuth, FILE, current, false).expect("merges");
    assert_snapshot!(text, @r#"
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: aws-auth
      namespace: kube-system
      resourceVersion: "17"
      annotations:
        cluster-auth.dev/principals: arn:aws:iam::111122223333:role/deployer,arn:aws:iam::111122223333:user/alice
    data:
      mapAccounts: |
        - "444455556666"
      mapRoles: |
        # Made by eksctl. Do not touch!
        - rolearn: arn:aws:iam::111122223333:role/NodeInstanceRole   # the nodes
          username: system:node:{{EC2PrivateDNSName}}
          groups: ['system:bootstrappers', "system:nodes"]
        - rolearn: arn:aws:iam::111122223333:role/Deployer
          username: deploy:{{SessionName}}
          groups:
          - developers
      mapUsers: |
        - userarn: arn:aws:iam::111122223333:user/alice
          username: alice
          groups:
          - developers
    "#);
    assert!(applied(&text).data["mapRoles"].starts_with(NODES));
}

#[test]
fn what_is_ours_follows_the_file_and_the_second_time_changes_nothing() {
    let current = with(&[("mapRoles", NODES)], "");
    let first = merged_into(Target::AwsAuth, FILE, current, false).expect("merges");
    let again = merged_into(Target::AwsAuth, FILE, applied(&first), false).expect("merges");
    assert_eq!(first, again);
    // A user more, another username, and the role is gone.
    let changed = "- {name: developers, users: [{name: alice, username: al}, bob]}\n";
    let text = merged_into(Target::AwsAuth, changed, applied(&first), false).expect("merges");
    let data = applied(&text).data;
    assert_eq!(data["mapRoles"], NODES);
    assert_snapshot!(data["mapUsers"], @r"
    - userarn: arn:aws:iam::111122223333:user/alice
      username: al
      groups:
      - developers
    - userarn: arn:aws:iam::111122223333:user/bob
      username: bob
      groups:
      - developers
    ");
}

#[test]
fn an_entry_of_somebody_else_is_an_error_until_it_is_adopted() {
    let theirs = "- {userarn: 'arn:aws:iam::111122223333:user/Alice', username: root, groups: [system:masters]}\n\
                  - {userarn: 'arn:aws:iam::111122223333:user/bob', username: bob}\n";
    let current = || with(&[("mapUsers", theirs)], "");
    assert_eq!(
        merged_into(Target::AwsAuth, FILE, current(), false),
        Err(vec![
            "access.foreign-entry the cluster has an entry for arn:aws:iam::111122223333:user/alice that is not ours"
                .to_owned()
        ])
    );
    let adopted = merged_into(Target::AwsAuth, FILE, current(), true).expect("merges");
    assert_snapshot!(applied(&adopted).data["mapUsers"], @r#"
    - {"userarn":"arn:aws:iam::111122223333:user/alice","username":"alice","groups":["developers"]}
    - {userarn: 'arn:aws:iam::111122223333:user/bob', username: bob}
    "#);
}

#[test]
fn a_second_entry_for_ours_goes_because_it_would_count() {
    let twice = "- {rolearn: arn:aws:iam::111122223333:role/Deployer, username: 'deploy:{{SessionName}}', groups: [developers]}\n\
                 - {rolearn: arn:aws:iam::111122223333:role/DEPLOYER, username: x, groups: [system:masters]}\n";
    let text = merged_into(Target::AwsAuth, FILE, with(&[("mapRoles", twice)], ""), true).expect("merges");
    assert!(!text.contains("system:masters"), "{text}");
}

#[test]
fn what_the_reader_takes_for_another_principal_stays() {
    let others = [
        "arn:aws:iam::111122223333:role/path/Deployer",
        "arn:aws:sts::111122223333:assumed-role/Deployer/session",
        "' arn:aws:iam::111122223333:role/Deployer'",
        "arn:aws:iam::111122223333:role/*",
    ];
    for arn in others {
        let entry = format!("- {{rolearn: {arn}, username: x, groups: [system:masters]}}\n");
        for adopt in [false, true] {
            let current = with(&[("mapRoles", &entry)], "");
            let text = merged_into(Target::AwsAuth, FILE, current, adopt).expect("merges");
            assert!(applied(&text).data["mapRoles"].starts_with(&entry), "{arn}, {adopt}: {text}");
        }
    }
}

#[test]
fn what_only_our_server_takes_for_the_same_principal_is_neither_kept_nor_taken_out() {
    let config = "clusterID: c\nserver:\n  mapRoles:\n  - {rolearn: arn:aws:iam::111122223333:role/path/Deployer, username: x}\n";
    for adopt in [false, true] {
        let current = with(&[("config.yaml", config)], "");
        let problems = merged_into(Target::ConfigMap, FILE, current, adopt).expect_err("refused");
        let expected = "access.foreign-entry the cluster has an entry for arn:aws:iam::111122223333:role/path/Deployer, which cluster-auth server takes for arn:aws:iam::111122223333:role/deployer";
        assert_eq!(problems, [expected], "{adopt}");
    }
}

#[test]
fn the_authenticators_own_configuration_keeps_everything_else() {
    let current = "\
# kept
clusterID: c
server:
  port: 21362   # kept too
  mapRoles:
    - rolearn: arn:aws:iam::111122223333:role/Admin
      username: admin
      groups: [system:masters]
  mapUsers: []   # nobody yet
  mapAccounts: [\"444455556666\"]
";
    let text = merged_into(Target::ConfigMap, FILE, with(&[("config.yaml", current)], ""), false).expect("merges");
    assert_snapshot!(applied(&text).data["config.yaml"], @r#"
    # kept
    clusterID: c
    server:
      port: 21362   # kept too
      mapRoles:
        - rolearn: arn:aws:iam::111122223333:role/Admin
          username: admin
          groups: [system:masters]
        - rolearn: arn:aws:iam::111122223333:role/Deployer
          username: deploy:{{SessionName}}
          groups:
          - developers
      mapUsers:
      - userarn: arn:aws:iam::111122223333:user/alice
        username: alice
        groups:
        - developers   # nobody yet
      mapAccounts: ["444455556666"]
    "#);
}

#[test]
fn lists_are_put_where_they_are_missing_in_whatever_style() {
    let rows = [
        ("nothing at all", ""),
        ("no server", "clusterID: c\n"),
        ("no line end", "clusterID: c"),
        ("a server without lists", "clusterID: c\nserver:\n  port: 1\n"),
        ("nothing behind the keys", "clusterID: c\nserver:\n  mapUsers:\n  mapRoles: ~\n"),
        ("JSON", r#"{"clusterID": "c", "server": {"mapUsers": [], "port": 1}}"#),
        ("JSON without a server", r#"{"clusterID": "c"}"#),
        ("other case", "clusterid: c\nserver:\n  mapusers: []\n"),
        (
            "lists in brackets",
            "clusterID: c\nserver:\n  mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/zoe', username: zoe}]\n",
        ),
    ];
    for (name, current) in rows {
        let text = merged_into(Target::ConfigMap, FILE, with(&[("config.yaml", current)], ""), false);
        let text = text.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let config = applied(&text).data["config.yaml"].clone();
        let source = document::Source::new(name, config.clone());
        let read = mapping::authenticator::read_config(&source, &mapping::authenticator::FeatureGates::default());
        let (read, problems) = read.unwrap_or_else(|problems| panic!("{name}: {problems:?}\n{config}"));
        assert!(problems.is_empty(), "{name}: {problems:?}\n{config}");
        assert_eq!(read.cluster_id.as_deref(), Some("c"), "{name}\n{config}");
        let lists = read.server.mounted_file.expect("lists");
        assert_eq!(lists.users.len(), 1 + usize::from(name == "lists in brackets"), "{name}\n{config}");
        assert_eq!(lists.roles.len(), 1, "{name}\n{config}");
        let again = merged_into(Target::ConfigMap, FILE, applied(&text), false).expect("merges");
        assert_eq!(again, text, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_not_merged_into() {
    let rows = [
        (
            "broken",
            "clusterID: c\nserver: [",
            "access.current `config.yaml` of the cluster's ConfigMap cannot be read, at line 2",
        ),
        (
            "another cluster's",
            "clusterID: other\n",
            "access.current `config.yaml` of the cluster's ConfigMap is for the cluster `other`, and this file for `c`",
        ),
        ("nobody's", "server: {}\n", "access.current `config.yaml` of the cluster's ConfigMap has no clusterID"),
        (
            "a text for a list",
            "clusterID: c\nserver: {mapUsers: x}\n",
            "access.current `config.yaml` of the cluster's ConfigMap cannot be read, at line 2, column 20: expected a list",
        ),
    ];
    for (name, current, expected) in rows {
        let problems = merged_into(Target::ConfigMap, FILE, with(&[("config.yaml", current)], ""), true);
        let problems = problems.expect_err(name);
        assert!(problems.len() == 1 && problems[0].starts_with(expected), "{name}: {problems:?}");
    }
}

proptest! {
    /// Whatever the file said before and says now: foreign entries stay, and ours are exactly the file's.
    #[test]
    fn a_merge_after_another_is_the_merge_alone(before in 0_u8..16, after in 0_u8..16, flow in any::<bool>()) {
        let group = |members: u8| {
            let names: Vec<_> = (0..4).filter(|at| members & (1 << at) != 0).map(|at| format!("u{at}")).collect();
            format!("- {{name: developers, users: [{}], roles: [Deployer]}}\n", names.join(", "))
        };
        let foreign = "userarn: arn:aws:iam::111122223333:user/foreign";
        let users = if flow { format!("[{{{foreign}}}]") } else { format!("# theirs\n- {foreign}\n  username: x\n") };
        let current = || with(&[("mapUsers", &users), ("mapRoles", NODES)], "");
        let first = merged_into(Target::AwsAuth, &group(before), current(), false).expect("merges");
        let second = merged_into(Target::AwsAuth, &group(after), applied(&first), false).expect("merges");
        let direct = merged_into(Target::AwsAuth, &group(after), current(), false).expect("merges");
        let (second, direct) = (applied(&second), applied(&direct));
        prop_assert_eq!(&second.annotations, &direct.annotations);
        prop_assert_eq!(&second.data["mapRoles"], &direct.data["mapRoles"]);
        prop_assert!(second.data["mapUsers"].contains(foreign));
        let people = |map: &ConfigMap| {
            let list: Vec<serde_json::Value> = serde_saphyr::from_str(&map.data["mapUsers"]).expect("a list");
            let mut arns: Vec<_> = list.iter().map(|entry| entry["userarn"].as_str().expect("ARN").to_owned()).collect();
            arns.sort();
            arns
        };
        prop_assert_eq!(people(&second), people(&direct));
    }
}
