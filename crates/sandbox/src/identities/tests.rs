//! The identities file: what it means, and every mistake in it.

use document::{RenderStyle, Source, render};

use super::{EXAMPLE_IDENTITIES, Identities};

fn problems(text: &str) -> String {
    let source = Source::new("identities.yaml", text);
    let problems = Identities::read(&source).err().expect("problems");
    render(&source, &problems, RenderStyle::Plain)
}

/// Code and message of each problem, one per line.
fn messages(text: &str) -> String {
    let problems = Identities::read(&Source::new("identities.yaml", text)).err().expect("problems");
    problems.iter().map(|problem| format!("{}: {}\n", problem.code, problem.message)).collect()
}

#[test]
fn the_example_knows_everybody_by_their_arns() {
    let example = Identities::example();
    let rows = [
        ("alice", "arn:aws:iam::111122223333:user/alice"),
        ("bob", "arn:aws:iam::111122223333:user/ops/bob"),
        ("carol", "arn:aws:iam::111122223333:user/carol"),
        ("mallory", "arn:aws:iam::111122223333:user/mallory"),
        ("deployer", "arn:aws:sts::111122223333:assumed-role/Deployer/build-17"),
        ("expired", "arn:aws:sts::111122223333:assumed-role/Deployer/build-1"),
        ("node", "arn:aws:sts::111122223333:assumed-role/Node/i-0123456789abcdef0"),
        ("dave", "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_DevAccess_0123456789abcdef/dave@example.com"),
        ("federated", "arn:aws:sts::111122223333:federated-user/federated"),
        ("root", "arn:aws:iam::111122223333:root"),
    ];
    for (name, arn) in rows {
        assert_eq!(example.arn(name).as_deref(), Some(arn), "{name}");
    }
    assert_eq!(example.arn("nobody"), None);
    assert!(example.credentials("nobody").is_none());
}

#[test]
fn the_examples_keys_look_like_aws_keys_and_are_obviously_none() {
    let directory = Identities::example().into_directory();
    assert!(directory.keys.len() >= 11);
    for key in directory.keys.values() {
        let holder = &key.holder;
        assert_eq!((key.access_key_id.len(), key.secret_access_key.len()), (20, 40), "{holder}");
        assert!(key.access_key_id[4..].starts_with("SANDBOX"), "{holder}");
        assert!(key.secret_access_key.starts_with("sandbox/"), "{holder}");
        let temporary = key.access_key_id.starts_with("ASIA");
        assert_eq!(key.session_token.is_some(), temporary, "{holder}");
        // What STS would say about them is what our own reader takes.
        let (arn, account) = (key.arn.to_string(), key.arn.account);
        let read = identity::Identity::from_answer(&arn, account.as_str(), &key.user_id);
        assert!(read.is_ok(), "{holder}: {read:?}");
    }
}

#[test]
fn accounts_and_partitions_can_differ() {
    let text = "
account: '111122223333'
partition: aws-cn
users:
- {name: here, accessKeyId: AKIA0000000000000001, secretAccessKey: x}
- {name: there, account: '444455556666', accessKeyId: AKIA0000000000000002, secretAccessKey: x}
- {name: elsewhere, partition: aws-us-gov, accessKeyId: AKIA0000000000000003, secretAccessKey: x}
";
    let identities = Identities::read(&Source::new("identities.yaml", text)).expect("identities");
    assert_eq!(identities.arn("here").as_deref(), Some("arn:aws-cn:iam::111122223333:user/here"));
    assert_eq!(identities.arn("there").as_deref(), Some("arn:aws-cn:iam::444455556666:user/there"));
    assert_eq!(identities.arn("elsewhere").as_deref(), Some("arn:aws-us-gov:iam::111122223333:user/elsewhere"));
}

#[test]
fn the_example_is_documented_in_its_own_words() {
    for word in
        ["users:", "roles:", "permissionSets:", "federatedUsers:", "root:", "groups:", "instances:", "assumableBy:"]
    {
        assert!(EXAMPLE_IDENTITIES.contains(word), "{word}");
    }
}

#[test]
fn problems_are_shown_where_they_are() {
    let text = "\
account: \"111122223333\"
users:
- {name: alice, accessKeyId: AKIA0000000000000001, secretAccesKey: x}
- {name: bob, path: ops, accessKeyId: AKIA0000000000000001, secretAccessKey: y}
";
    insta::assert_snapshot!(problems(text), @r"
    error[identities.entry]: needs `secretAccessKey`
     --> identities.yaml:3:3
      |
    3 | - {name: alice, accessKeyId: AKIA0000000000000001, secretAccesKey: x}
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[identities.unknown-key]: unknown key `secretAccesKey`
     --> identities.yaml:3:52
      |
    3 | - {name: alice, accessKeyId: AKIA0000000000000001, secretAccesKey: x}
      |                                                    ^^^^^^^^^^^^^^
      |
      = help: did you mean `secretAccessKey`?

    error[identities.duplicate]: the access key `AKIA0000000000000001` stands twice
     --> identities.yaml:4:3
      |
    3 | - {name: alice, accessKeyId: AKIA0000000000000001, secretAccesKey: x}
      |   ------------------------------------------------------------------- first here
    4 | - {name: bob, path: ops, accessKeyId: AKIA0000000000000001, secretAccessKey: y}
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[identities.entry]: `path` has another form: / or visible characters between slashes, such as /ops/
     --> identities.yaml:4:21
      |
    4 | - {name: bob, path: ops, accessKeyId: AKIA0000000000000001, secretAccessKey: y}
      |                     ^^^
    ");
}

#[test]
fn every_mistake_of_a_file_is_found_in_one_run() {
    let text = "
account: 12
partition: aws-mars
users:
- {name: 'a b', accessKeyId: ASIA0000000000000001, secretAccessKey: '', denied: [sts:AssumeRole]}
- alice
roles:
- name: Deployer
  path: ci
  assumableBy: [nobody, Deployer]
  maxSessionDuration: 60
  sessions:
  - {name: s, sessionName: x, accessKeyId: AKIA0000000000000001, secretAccessKey: x, expires: tomorrow}
- {name: Deployer, assumableBy: bob}
permissionSets:
- {name: Dev, suffix: XYZ}
federatedUsers: {}
groups:
- {name: 'a/b', account: '444455556666', users: [nobody]}
- {name: Ops, account: '444455556666', users: [nobody]}
- {name: Ops, account: '444455556666'}
instances:
- {id: i-1, privateDnsName: x}
- {id: i-00000001, privateDnsName: x}
- {id: i-00000001, privateDnsName: y}
sessions: []
";
    insta::assert_snapshot!(messages(text), @r"
    document.type: expected text, found a number
    identities.entry: unknown AWS partition; known are aws, aws-cn, aws-us-gov, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f, aws-eusc
    identities.entry: `name` has another form: 1 to 64 of A-Z a-z 0-9 _+=,.@-
    identities.entry: `accessKeyId` has another form: AKIA and 16 of A-Z 0-9
    identities.entry: `secretAccessKey` has another form: visible ASCII characters
    identities.entry: `sts:AssumeRole` is not an action that can be denied: iam:GetGroup, iam:GetRole, iam:GetUser, iam:ListRoles
    document.type: expected a mapping (keys and values), found text
    identities.entry: `path` has another form: / or visible characters between slashes, such as /ops/
    identities.entry: nobody and no role in this file is called `nobody`
    identities.entry: `maxSessionDuration` is 3600 to 43200 seconds
    identities.entry: needs `sessionToken`
    identities.entry: `sessionName` has another form: 2 to 64 of A-Z a-z 0-9 _+=,.@-
    identities.entry: `accessKeyId` has another form: ASIA and 16 of A-Z 0-9
    identities.entry: `expires` has another form: a time such as 2030-01-01T00:00:00Z
    identities.duplicate: the name `Deployer` stands twice
    identities.entry: `assumableBy` is a list, found text
    identities.entry: `suffix` has another form: 16 hexadecimal digits in lower case
    identities.entry: `federatedUsers` is a list, found a mapping
    identities.entry: `name` has another form: 1 to 128 of A-Z a-z 0-9 _+=,.@-
    identities.entry: no user of the group's account is called `nobody`
    identities.duplicate: the group `Ops` stands twice
    identities.entry: `id` has another form: i- and 8 or 17 hexadecimal digits
    identities.duplicate: the instance `i-00000001` stands twice
    identities.unknown-key: unknown key `sessions`
    ");
}

/// A certificate authority in another form than ours is there all the same.
#[test]
fn an_endpoint_has_an_authority() {
    let cluster = |rest: &str| {
        messages(&format!(
            "account: '111122223333'\nclusters: [{{name: a, region: us-west-2, endpoint: 'https://a'{rest}}}]\n"
        ))
    };
    let together = "identities.entry: `endpoint` and `certificateAuthority` go together\n";
    assert_eq!(cluster(""), together);
    let form = "identities.entry: `certificateAuthority` has another form: a certificate as PEM\n";
    assert_eq!(cluster(", certificateAuthority: LS0tLS1CRUdJTg=="), form);
}

#[test]
fn an_account_is_needed_somewhere() {
    let text = "users: [{name: a, accessKeyId: AKIA0000000000000001, secretAccessKey: x}]";
    assert_eq!(messages(text), "identities.entry: needs `account`, here or at the top of the file\n");
}
