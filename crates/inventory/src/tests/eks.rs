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
