//! What `aws eks` prints is of one cluster.

use crate::AccessEntries;

const OPS: &str = "arn:aws:iam::111122223333:role/Ops";

fn entry(cluster: &str, region: &str) -> String {
    format!(
        r#"{{"accessEntry": {{"clusterName": "{cluster}", "principalArn": "{OPS}", "kubernetesGroups": [], "username": "u", "type": "STANDARD",
            "accessEntryArn": "arn:aws:eks:{region}:111122223333:access-entry/{cluster}/role/111122223333/Ops/x"}}}}"#
    )
}

fn policies(cluster: &str) -> String {
    format!(r#"{{"clusterName": "{cluster}", "principalArn": "{OPS}", "associatedAccessPolicies": []}}"#)
}

fn cluster(name: &str, region: &str) -> String {
    format!(
        r#"{{"cluster": {{"name": "{name}", "arn": "arn:aws:eks:{region}:111122223333:cluster/{name}",
            "accessConfig": {{"authenticationMode": "API"}}}}}}"#
    )
}

#[test]
fn of_another_cluster_nothing_is_taken() {
    let mut entries = AccessEntries::default();
    entries.read(entry("prod", "eu-west-1").as_bytes()).expect("an entry");
    let other = entry("staging", "eu-west-1").replace(OPS, "arn:aws:iam::111122223333:role/Others");
    entries.read(other.as_bytes()).expect("readable");
    let described: Vec<&str> = entries.described().map(|entry| entry.principal).collect();
    assert_eq!((described, entries.cluster_claims().len()), (vec![OPS], 2));
}

#[test]
fn who_is_listed_and_not_described_is_not_known() {
    let mut entries = AccessEntries::default();
    entries.read(entry("prod", "eu-west-1").as_bytes()).expect("an entry");
    entries.read(format!(r#"{{"accessEntries": ["{OPS}", "{OPS}2"]}}"#).as_bytes()).expect("a list");
    let undescribed: Vec<String> = entries.undescribed().into_iter().map(|gap| gap.what.to_string()).collect();
    assert_eq!(undescribed, [format!("the EKS access entry of {OPS}2")]);
}

#[test]
fn policies_without_their_entry_and_entries_without_their_policies_are_not_known() {
    let what = |gaps: Vec<crate::Unseen>| gaps.into_iter().map(|gap| gap.what.to_string()).collect::<Vec<_>>();
    let mut entries = AccessEntries::default();
    entries.read(policies("prod").as_bytes()).expect("policies");
    assert_eq!(what(entries.undescribed()), [format!("the EKS access entry of {OPS}")]);
    entries.read(entry("prod", "eu-west-1").as_bytes()).expect("an entry");
    assert_eq!((what(entries.undescribed()), what(entries.without_policies())), (vec![], vec![]));
    let mut entries = AccessEntries::default();
    entries.read(entry("prod", "eu-west-1").as_bytes()).expect("an entry");
    assert_eq!(what(entries.undescribed()), [""; 0]);
    assert_eq!(what(entries.without_policies()), [format!("the EKS access policies of {OPS}")]);
}

#[test]
fn answers_that_contradict_each_other_are_not_taken() {
    let (one, arn) = ("eu-west-1", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy");
    let policy = format!(r#"[{{"policyArn": "{arn}", "accessScope": {{"type": "cluster"}}}}]"#);
    let rows = [
        (entry("prod", one), entry("prod", one).replace("[]", r#"["devs"]"#), format!("the EKS access entry of {OPS}")),
        (policies("prod"), policies("prod").replace("[]", &policy), format!("the EKS access policies of {OPS}")),
        (cluster("prod", one), cluster("prod", one).replace("API", "CONFIG_MAP"), "the authentication mode".to_owned()),
    ];
    for (first, second, of) in rows {
        let mut entries = AccessEntries::default();
        entries.read(first.as_bytes()).expect("an answer");
        entries.read(first.as_bytes()).expect("the same again");
        let refused = entries.read(second.as_bytes()).expect_err("another answer").to_string();
        assert!(refused.starts_with(&format!("it contradicts an answer about {of}")), "{refused}");
    }
}

#[test]
fn a_second_configuration_is_told_from_what_is_wrong_in_itself() {
    let configuration = "clusterID: c\nserver:\n  mapRoles: []\n".to_owned();
    let rows = [
        (configuration.clone(), configuration, true),
        (cluster("prod", "eu-west-1"), cluster("prod", "eu-west-1").replace("API", "CONFIG_MAP"), true),
        (policies("prod"), "a: [".to_owned(), false),
    ];
    for (first, second, is_beside) in rows {
        let mut given = crate::Inputs::default();
        given.read("a.yaml", first.as_bytes()).expect("readable");
        let refused = given.read("b.yaml", second.as_bytes()).expect_err("refused");
        assert_eq!(refused.is_beside_another(), is_beside, "{refused}");
    }
}

#[test]
fn the_partition_of_a_cluster_is_the_one_of_its_arn() {
    for (arn, expected) in [("arn:aws:eks", "aws"), ("arn:aws-cn:eks", "aws-cn"), ("arn:aws-us-gov:eks", "aws-us-gov")]
    {
        for answer in [cluster("prod", "r"), entry("prod", "r")] {
            let mut entries = AccessEntries::default();
            entries.read(answer.replace("arn:aws:eks", arn).as_bytes()).expect("an answer");
            assert_eq!(entries.partition().map(|partition| partition.to_string()).as_deref(), Some(expected));
        }
    }
    let mut entries = AccessEntries::default();
    entries.read(policies("prod").as_bytes()).expect("policies");
    assert_eq!(entries.partition(), None, "without an ARN of its own nobody knows");
}
