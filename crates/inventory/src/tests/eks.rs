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
fn two_clusters_are_not_mixed() {
    let ireland = "eu-west-1";
    let rows = [
        ([entry("prod", ireland), policies("prod"), cluster("prod", ireland)], Ok("prod (eu-west-1, 111122223333)")),
        ([policies("prod"), policies("prod"), r#"{"accessEntries": []}"#.to_owned()], Ok("prod")),
        (
            [entry("prod", ireland), policies("staging"), cluster("prod", ireland)],
            Err(
                "it is about the EKS cluster staging, and what was read before it about prod (eu-west-1, 111122223333); give what is of one cluster",
            ),
        ),
        (
            [policies("prod"), entry("prod", ireland), cluster("prod", "us-east-1")],
            Err(
                "it is about the EKS cluster prod (us-east-1, 111122223333), and what was read before it about prod (eu-west-1, 111122223333); give what is of one cluster",
            ),
        ),
    ];
    for (texts, expected) in rows {
        let mut entries = AccessEntries::default();
        let read = texts.iter().try_for_each(|text| entries.read(text.as_bytes()));
        let got = read.map(|()| entries.cluster().map(ToString::to_string).unwrap_or_default());
        assert_eq!(
            got.map_err(|error| error.to_string()),
            expected.map(str::to_owned).map_err(str::to_owned),
            "{texts:?}"
        );
    }
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
        assert!(refused.starts_with(&format!("it says of {of} otherwise")), "{refused}");
    }
}

#[test]
fn a_second_configuration_or_cluster_is_told_from_what_is_wrong_in_itself() {
    let configuration = "clusterID: c\nserver:\n  mapRoles: []\n".to_owned();
    let rows = [
        (configuration.clone(), configuration, true),
        (policies("prod"), policies("staging"), true),
        (policies("prod"), "a: [".to_owned(), false),
    ];
    for (first, second, is_beside) in rows {
        let mut given = crate::Given::default();
        given.read("a.yaml", first.as_bytes()).expect("readable");
        let refused = given.read("b.yaml", second.as_bytes()).expect_err("refused");
        assert_eq!(refused.is_beside_another(), is_beside, "{refused}");
    }
}
