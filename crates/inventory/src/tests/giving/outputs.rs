//! What the AWS CLI prints, in whatever form it was kept.

use crate::{AuthenticationMode, How, Inputs};

const LISTED: &str = r#"{"accessEntries": ["arn:aws:iam::111122223333:role/A", "arn:aws:iam::111122223333:user/b"]}"#;
const ENTRY: &str = r#"{"accessEntry": {"clusterName": "demo", "principalArn": "arn:aws:iam::111122223333:role/A", "kubernetesGroups": ["g"],
    "accessEntryArn": "arn:aws:eks:eu-west-1:111122223333:access-entry/demo/role/111122223333/A/1", "createdAt": 1700000000.5, "tags": {}, "username": "a", "type": "STANDARD"}}"#;
const POLICIES: &str = r#"{"associatedAccessPolicies": [{"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    "accessScope": {"type": "namespace", "namespaces": ["dev"]}}], "clusterName": "demo", "principalArn": "arn:aws:iam::111122223333:role/A"}"#;
const CLUSTER: &str =
    r#"{"cluster": {"name": "demo", "version": "1.33", "accessConfig": {"authenticationMode": "API"}}}"#;
const GROUP: &str = r#"{"Users": [], "Group": {"Arn": "arn:aws:iam::111122223333:group/G"}, "IsTruncated": false}"#;

/// `aws eks … --output yaml` (AWS CLI 2).
const YAML: [&str; 4] = [
    "accessEntries:\n- arn:aws:iam::111122223333:role/A\n- arn:aws:iam::111122223333:user/b\n",
    "accessEntry:\n  accessEntryArn: arn:aws:eks:eu-west-1:111122223333:access-entry/demo/role/111122223333/A/1\n  clusterName: demo\n  \
     createdAt: '2023-11-14T22:13:20.500000+00:00'\n  kubernetesGroups:\n  - g\n  principalArn: arn:aws:iam::111122223333:role/A\n  tags: {}\n  \
     type: STANDARD\n  username: a\n",
    "associatedAccessPolicies:\n- accessScope:\n    namespaces:\n    - dev\n    type: namespace\n  associatedAt: '2023-11-14T22:13:20.500000+00:00'\n  \
     policyArn: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy\nclusterName: demo\nprincipalArn: arn:aws:iam::111122223333:role/A\n",
    "cluster:\n  accessConfig:\n    authenticationMode: API\n  name: demo\n  version: '1.33'\n",
];

/// Entries by name, policies, mode and gaps.
fn known(given: &Inputs) -> String {
    let entries: Vec<String> = given
        .entries
        .described()
        .map(|entry| format!("{} {} {}", entry.principal, entry.username, entry.groups.join(",")))
        .collect();
    let policies: Vec<String> = given
        .entries
        .associations()
        .iter()
        .map(|one| format!("{} {} {:?}", one.principal, one.policy, one.namespaces))
        .collect();
    let gaps: Vec<String> = given.entries.unseen().iter().map(|gap| gap.what.to_string()).collect();
    format!("{entries:?} {policies:?} {:?} {gaps:?}", given.entries.mode())
}

#[test]
fn answers_are_read_however_they_were_kept() {
    let second =
        |text: &str| text.replace("role/A", "user/b").replace("username: a", "username: b").replace(r#""a""#, r#""b""#);
    let json = [LISTED, ENTRY, POLICIES, CLUSTER].map(str::to_owned);
    let json: Vec<String> = json.into_iter().chain([second(ENTRY), second(POLICIES)]).collect();
    let yaml: Vec<String> = YAML.map(str::to_owned).into_iter().chain([second(YAML[1]), second(YAML[2])]).collect();
    let stream: Vec<String> =
        yaml.iter().map(|text| format!("- {}", text.trim_end().replace('\n', "\n  ")) + "\n").collect();
    let bare = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON")["accessEntry"].to_string();
    let by_query = [&json[0], &bare(&json[1]), &json[2], &json[3], &bare(&json[4]), &json[5]].map(String::clone);
    let array = format!("[{}]", json.join(",\n"));
    let rows = [
        ("one in each file", json.clone()),
        ("one after another", vec![json.join("\n")]),
        ("an array", vec![array]),
        ("an array in each file", json.iter().map(|text| format!("[{text}]")).collect()),
        ("entries alone, as --query leaves them", by_query.to_vec()),
        ("those one after another", vec![by_query.join("\n")]),
        ("YAML", yaml.clone()),
        ("YAML one after another", vec![yaml.concat()]),
        ("YAML between markers", vec![yaml.join("---\n")]),
        ("a stream of YAML", stream.clone()),
        ("streams one after another", vec![stream.concat()]),
        ("both", vec![json[..3].join("\n"), yaml[3..].concat()]),
    ];
    let expected = format!(
        "{:?} {:?} {:?} []",
        ["arn:aws:iam::111122223333:role/A a g", "arn:aws:iam::111122223333:user/b b g"],
        ["role/A", "user/b"].map(|who| format!("arn:aws:iam::111122223333:{who} AmazonEKSViewPolicy Some([\"dev\"])")),
        Some(AuthenticationMode::Api),
    );
    for (name, texts) in rows {
        for is_of_folder in [false, true] {
            let mut given = Inputs::default();
            for text in &texts {
                let how = How { is_of_folder, ..How::default() };
                assert!(given.read_as("it", text.as_bytes(), how).expect(name), "{name}");
            }
            assert_eq!(known(&given), expected, "{name}");
            assert!(given.dump.is_empty() && given.dump.unread().is_empty(), "{name}");
        }
    }
}

/// Whoever logs in by OpenID Connect is nobody of AWS, and all the same may do something.
#[test]
fn identity_providers_are_gaps_beside_a_cluster_however_they_were_kept() {
    let none = r#"{"identityProviderConfigs": []}"#;
    let listed = r#"{"identityProviderConfigs": [{"type": "oidc", "name": "dex"}]}"#;
    let one = r#"{"identityProviderConfig": {"oidc": {"identityProviderConfigName": "dex", "clusterName": "demo", "issuerUrl": "https://dex.example.com",
        "identityProviderConfigArn": "arn:aws:eks:eu-west-1:111122223333:identityproviderconfig/demo/oidc/dex/1"}}}"#;
    let (yaml_list, yaml_one) = (
        "identityProviderConfigs:\n- name: dex\n  type: oidc\n",
        "identityProviderConfig:\n  oidc:\n    clusterName: demo\n    issuerUrl: https://dex.example.com\n",
    );
    let of_list = |line: usize| {
        format!(
            "it:{line} identityProviderConfigs[0]: whoever logs in through OpenID Connect (dex) is not an AWS principal, and is not named here"
        )
    };
    let of_one = |line: usize| {
        format!(
            "it:{line} identityProviderConfig: whoever logs in through OpenID Connect of https://dex.example.com is not an AWS principal, and is not named here"
        )
    };
    let rows = [
        ("none", none.to_owned(), vec![]),
        ("a list", listed.to_owned(), vec![of_list(1)]),
        ("one", one.to_owned(), vec![of_one(1)]),
        ("both, and an entry", format!("{ENTRY}\n{listed}\n{one}"), vec![of_list(3), of_one(4)]),
        ("an array", format!("[{CLUSTER},\n{listed},\n{one}]"), vec![of_list(2), of_one(3)]),
        ("YAML", format!("{yaml_list}---\n{yaml_one}"), vec![of_list(2), of_one(6)]),
        ("YAML one after another", format!("{}{yaml_list}{yaml_one}", YAML[0]), vec![of_list(4), of_one(7)]),
    ];
    for (name, text, expected) in rows {
        for is_of_folder in [false, true] {
            let mut given = Inputs::default();
            assert!(
                given.read_as("it", text.as_bytes(), How { is_of_folder, ..How::default() }).expect(name),
                "{name}"
            );
            let gaps: Vec<String> = given.dump.unread().iter().map(|gap| format!("{} {}", gap.what, gap.why)).collect();
            assert_eq!(gaps, expected, "{name}");
            assert!(given.dump.is_empty(), "{name}: a cluster stands beside it");
        }
    }
    let mut given = Inputs::default();
    given.read("it", one.as_bytes()).expect("readable");
    let which = given.dump.which_cluster(&given.entries);
    assert_eq!(
        which.other_than("prod").map(|(said, id)| format!("{said}: {id}")).collect::<Vec<_>>(),
        ["what `aws eks` printed (it:1): demo"]
    );
}

#[test]
fn answers_of_iam_are_read_in_these_forms_too() {
    let yaml = "Group:\n  Arn: arn:aws:iam::111122223333:group/G\nUsers: []\n";
    let other = GROUP.replace("group/G", "group/H");
    for text in [
        yaml.to_owned(),
        format!("[{GROUP}]"),
        format!("{GROUP}\n{other}"),
        format!("{yaml}{}", yaml.replace("group/G", "group/H")),
        format!("{ENTRY}\n{GROUP}"),
    ] {
        let (known, given) = super::given(&text).expect(&text);
        assert!(known, "{text}");
        let count = 1 + usize::from(text.contains("group/H"));
        assert_eq!(given.facts.iam_groups.len(), count, "{text}");
    }
}

#[test]
fn what_is_half_says_so_with_its_line() {
    let half = r#"{"accessEntry": {"username": "x"}}"#;
    let more = r#"{"accessEntries": [], "nextToken": "x"}"#;
    let rows = [
        (format!("{ENTRY}\n{half}"), "line 3: it is not the whole output of `aws eks"),
        (format!("{LISTED}\n{more}"), "line 2: it is only a part of what AWS answers"),
        ("accessEntry:\n  username: x\n".to_owned(), "it is not the whole output of `aws eks"),
        (
            format!("{}{}", YAML[0], "accessEntries: []\nnextToken: x\n"),
            "line 4: it is only a part of what AWS answers",
        ),
    ];
    for (text, expected) in rows {
        let error = super::given(&text).expect_err(&text);
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    // Others have such words for their own.
    for text in ["cluster: {name: x}\n", "Roles: {a: b}\n", r#"{"accessEntry": {"username": "x"}}"#] {
        let mut given = Inputs::default();
        let read = given.read_as("it", text.as_bytes(), How { is_of_folder: true, ..How::default() });
        assert!(matches!(read, Ok(false)), "{text}: {read:?}");
    }
}

/// Files that others keep per cluster, Argo CD's generator of git files among them, say nothing about which cluster this is.
#[test]
fn a_cluster_of_others_is_no_answer_of_eks() {
    for text in [
        r#"{"cluster": {"name": "engineering-dev", "owner": "x"}}"#,
        r#"{"cluster": {"name": "a", "address": "https://k"}, "nextToken": "x"}"#,
        r#"{"clusterName": "a", "principalArn": "arn:aws:iam::111122223333:role/A"}"#,
        r#"{"associatedAccessPolicies": [], "clusterName": "a"}"#,
        r#"{"cluster": {"name": "a"}, "principalArn": "arn:aws:iam::111122223333:role/A"}"#,
    ] {
        let mut given = Inputs::default();
        let known = given.read_as("it", text.as_bytes(), How { is_of_folder: true, ..How::default() }).expect(text);
        assert!(!known && given.entries.cluster_claims().is_empty() && given.dump.unread().is_empty(), "{text}");
    }
    let mut given = Inputs::default();
    let refused = given.read("it", br#"{"cluster": {"name": "engineering-dev"}}"#);
    assert!(refused.is_err() && given.entries.cluster_claims().is_empty());
}
