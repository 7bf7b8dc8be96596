//! Everybody explained: who they are to AWS, what names them, what they may do, and what to do where it is a no.

use document::Source;
use insta::assert_snapshot;
use inventory::Inputs;
use mapping::{Decision, Facts, Reader};
use proptest::prelude::*;
use rbac::{Request, User};

use super::{now, resource, whole as world};
use crate::{
    World,
    explain::{BindingRights, Caller, Explanation, Question, Verdict, code_named, code_report, codes},
    print,
};

pub(super) const CLUSTER: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}}, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "test"}},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "view"}, "rules": [
 {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods", "services"]},
 {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["deployments"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:discovery"}, "rules": [{"verbs": ["get"], "nonResourceURLs": ["/api"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "deployer", "namespace": "dev"}, "rules": [{"verbs": ["*"], "apiGroups": ["apps"], "resources": ["*"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "system:discovery"}, "roleRef": {"kind": "ClusterRole", "name": "system:discovery"},
 "subjects": [{"kind": "Group", "name": "system:authenticated"}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "viewers"}, "roleRef": {"kind": "ClusterRole", "name": "view"},
 "subjects": [{"kind": "Group", "name": "viewers"}, {"kind": "User", "name": "carol"}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "deployers", "namespace": "dev"}, "roleRef": {"kind": "Role", "name": "deployer"},
 "subjects": [{"kind": "Group", "name": "viewers"}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "lost", "namespace": "test"}, "roleRef": {"kind": "Role", "name": "gone"},
 "subjects": [{"kind": "Group", "name": "viewers"}]},
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {
 "mapRoles": "- {rolearn: 'arn:aws:iam::111122223333:role/Ops', username: 'ops:{{SessionName}}', groups: [viewers]}\n- {rolearn: 'arn:aws:iam::111122223333:role/AWSReservedSSO_Old_fedcba9876543210', username: 'old:{{SessionName}}', groups: [viewers]}\n- {rolearn: 'arn:aws:iam::111122223333:role/Node', username: 'system:node:{{EC2PrivateDNSName}}', groups: ['system:nodes']}",
 "mapUsers": "- {userarn: 'arn:aws:iam::111122223333:user/carol', username: carol, groups: ['system:masters']}\n- {userarn: 'arn:aws:iam::111122223333:user/alice', username: second, groups: []}",
 "mapAccounts": "['999988887777']"}}
]}"#;

pub(super) const FILE: &str = "clusterID: c
account: '111122223333'
groups:
- name: developers
  users: [alice, ops/bob, {name: erin, expires: 2026-05-31}]
  roles: [ci/Deployer, {name: Elsewhere, account: '444455556666'}]
  permissionSets: [Dev]
  authorization:
  - {namespaces: [dev, test], clusterRole: view}
- name: release
  users: [alice, {name: erin, expires: 2026-05-30}]
  expires: 2026-12-31
  authorization:
  - {namespace: dev, role: deployer}
";

fn everything() -> World {
    world(&[("cluster.json", CLUSTER), ("access.yaml", FILE)])
}

pub(super) fn caller(arn: &str) -> Caller {
    match Question::read(arn) {
        Ok(Question::Caller(caller)) => *caller,
        _ => panic!("{arn} is somebody"),
    }
}

fn text(explanation: &Explanation<'_>, world: &World) -> String {
    let report = explanation.report(Some(world));
    report::text_of(&report).iter().map(|segment| segment.text().to_owned()).collect()
}

/// One line: who, as whom or why not, and what was nearly right.
pub(super) fn verdict(explanation: &Explanation<'_>) -> String {
    match &explanation.verdict {
        Verdict::LetIn => {
            let person = explanation.person.as_ref().expect("somebody");
            let user = person.user.as_ref().expect("let in");
            format!("{} [{}] by {}", user.username, user.groups.join(", "), print::rule(&user.source))
        }
        Verdict::Refused(denial) => {
            let near = denial.nearest.as_ref().map(|near| format!("; {}", near.words)).unwrap_or_default();
            format!("{}{near}", denial.code.code)
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn everybody_is_let_in_or_refused_as_the_server_would() {
    let world = everything();
    let rows = [
        ("a user of the access file", "arn:aws:iam::111122223333:user/alice"),
        ("a user with a path", "arn:aws:iam::111122223333:user/ops/bob"),
        ("in other letters", "arn:aws:iam::111122223333:user/Alice"),
        ("without the path", "arn:aws:iam::111122223333:user/bob"),
        ("ended", "arn:aws:iam::111122223333:user/erin"),
        ("a role", "arn:aws:iam::111122223333:role/Deployer"),
        ("a role with a path", "arn:aws:iam::111122223333:role/other/path/Deployer"),
        ("a session", "arn:aws:sts::111122223333:assumed-role/Deployer/build-17"),
        ("the role of another account", "arn:aws:iam::111122223333:role/Elsewhere"),
        ("a user called as a role", "arn:aws:iam::111122223333:user/Deployer"),
        (
            "a permission set",
            "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef",
        ),
        (
            "a session of one",
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/dave@example.com",
        ),
        ("one whose name begins alike", "arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_Admin_0123456789abcdef"),
        ("one of another account", "arn:aws:iam::444455556666:role/AWSReservedSSO_Dev_0123456789abcdef"),
        ("one mapped by its role of before", "arn:aws:iam::111122223333:role/AWSReservedSSO_Old_0123456789abcdef"),
        ("a role of aws-auth", "arn:aws:iam::111122223333:role/Ops"),
        ("a user of aws-auth", "arn:aws:iam::111122223333:user/carol"),
        ("a machine's role", "arn:aws:iam::111122223333:role/Node"),
        ("a machine", "arn:aws:sts::111122223333:assumed-role/Node/i-0123456789abcdef0"),
        ("a person with a machine's role", "arn:aws:sts::111122223333:assumed-role/Node/alice"),
        ("anybody of an account", "arn:aws:iam::999988887777:user/anybody"),
        ("root", "arn:aws:iam::111122223333:root"),
        ("a federated user", "arn:aws:sts::111122223333:federated-user/fred"),
        ("another partition", "arn:aws-cn:iam::111122223333:user/alice"),
        ("nobody", "arn:aws:iam::111122223333:user/mallory"),
    ];
    let lines: Vec<String> =
        rows.iter().map(|(name, arn)| format!("{name}: {}", verdict(&world.explain(caller(arn))))).collect();
    assert_snapshot!(lines.join("\n"), @"
    a user of the access file: alice [developers, release] by access.yaml:5
    a user with a path: bob [developers] by access.yaml:5
    in other letters: alice [developers, release] by access.yaml:5
    without the path: mapping.none; the user ops/bob is mapped, and this is the user bob (access.yaml:5)
    ended: mapping.ended
    a role: Deployer:<session> [developers] by access.yaml:6
    a role with a path: Deployer:<session> [developers] by access.yaml:6
    a session: Deployer:build-17 [developers] by access.yaml:6
    the role of another account: mapping.none; the role Elsewhere is mapped in account 444455556666, not in 111122223333 (access.yaml:6)
    a user called as a role: mapping.none; the role Deployer is mapped, and this is the user Deployer (access.yaml:6)
    a permission set: Dev:<session> [developers] by access.yaml:7
    a session of one: Dev:dave-example.com [developers] by access.yaml:7
    one whose name begins alike: mapping.none; the permission set Dev is mapped, and this is the permission set Dev_Admin: names must match exactly (access.yaml:7)
    one of another account: mapping.none; the permission set Dev is mapped in account 111122223333, not in 444455556666 (access.yaml:7)
    one mapped by its role of before: mapping.none; the role AWSReservedSSO_Old_fedcba9876543210 is mapped, from before AWS made the role anew with another suffix (mapRoles[1] of ConfigMap kube-system/aws-auth (cluster.json:17))
    a role of aws-auth: ops:<session> [viewers] by mapRoles[0] of ConfigMap kube-system/aws-auth (cluster.json:17)
    a user of aws-auth: carol [system:masters] by mapUsers[0] of ConfigMap kube-system/aws-auth (cluster.json:18)
    a machine's role: system:node:<private-dns-name> [system:nodes] by mapRoles[2] of ConfigMap kube-system/aws-auth (cluster.json:17)
    a machine: system:node:<private-dns-name> [system:nodes] by mapRoles[2] of ConfigMap kube-system/aws-auth (cluster.json:17)
    a person with a machine's role: mapping.session-name-not-instance
    anybody of an account: arn:aws:iam::999988887777:user/anybody [] by mapAccounts[0] of ConfigMap kube-system/aws-auth (cluster.json:19)
    root: mapping.none
    a federated user: mapping.none
    another partition: mapping.other-partition
    nobody: mapping.none
    ");
}

#[test]
fn what_a_text_is_is_seen_by_its_form() {
    let rows = [
        ("", "nothing to explain"),
        ("alice", "not an ARN"),
        ("mapping.nope", "unknown code; did you mean mapping.none? docs/denials.md lists all of them"),
        ("server.xxxxxxxxxxxxxx", "unknown code; docs/denials.md lists all of them"),
        (
            "plan.not-ours",
            "`plan.not-ours` is a code of `plan` and `apply`, and docs/plan.md explains those; here are those of logins: give one of docs/denials.md",
        ),
        (
            "access.account",
            "`access.account` is a code of `check`, and docs/access-problems.md explains those; here are those of logins: give one of docs/denials.md",
        ),
        ("arn:aws:iam::111122223333:group/Developers", "an IAM group cannot log in"),
        ("arn:aws:iam::111122223333:instance-profile/Node", "an instance profile logs in as its role"),
        ("arn:aws:sso:::permissionSet/ssoins-1/ps-1", "a permission set logs in as the role"),
        ("arn:aws:iam::1111:user/alice", "not the ARN of a person or role: "),
        ("arn:aws:iam::111122223333:policy/Admin", "that ARN names neither a user"),
        ("arn:aws:iam::111122223333:role/ops/", "that ARN names neither a user"),
        ("{\"kind\": \"TokenReview\", \"status\": {}}", "the JSON holds no token"),
        ("{\"kind\": ", "not valid JSON"),
    ];
    for (text, expected) in rows {
        match Question::read(text) {
            Err(error) => assert!(error.to_string().starts_with(expected), "{text}: {error}"),
            Ok(_) => panic!("{text} is something"),
        }
    }
    let review = r#"{"kind": "TokenReview", "spec": {"token": "one"}, "status": {"user": {}}}"#;
    let credential = r#"{"kind": "ExecCredential", "spec": {}, "status": {"token": "two"}}"#;
    for (text, expected) in [(review, "one"), (credential, "two"), (" k8s-aws-v1.three\n", "k8s-aws-v1.three")] {
        match Question::read(text) {
            Ok(Question::Token(token)) => assert_eq!(token.as_str(), expected),
            _ => panic!("a token"),
        }
    }
}

#[test]
fn somebody_let_in_is_followed_from_aws_to_verbs() {
    let world = everything();
    assert_snapshot!(text(&world.explain(caller("arn:aws:iam::111122223333:user/alice")), &world), @"
    arn:aws:iam::111122223333:user/alice is let in as alice

    Who AWS says it is
      the IAM user alice of account 111122223333

    Who that is in the cluster
      the access file (6 entries): access.yaml:5 names it
      ConfigMap kube-system/aws-auth (6 entries): not reached, though mapUsers[1] of ConfigMap kube-system/aws-auth (cluster.json:18) names it
      + username alice
      + group developers
      + group release until 2027-01-01T00:00:00Z

    What they may do
      + in dev, test, by RoleBinding cluster-auth:developers:view → ClusterRole view (access.yaml:9), to Group developers
        get, list, watch on pods, services, deployments.apps
      + in dev, by RoleBinding cluster-auth:release:deployer → Role deployer (access.yaml:14), to Group release
        every verb on everything of apps
      and what every authenticated user may do (system:discovery)
    ");
    let session = "arn:aws:sts::111122223333:assumed-role/Ops/ann";
    assert_snapshot!(text(&world.explain(caller(session)), &world), @"
    arn:aws:sts::111122223333:assumed-role/Ops/ann is let in as ops:ann

    Who AWS says it is
      the session ann of the IAM role Ops of account 111122223333
      mappings compare it as arn:aws:iam::111122223333:role/Ops

    Who that is in the cluster
      the access file (6 entries): does not name it
      ConfigMap kube-system/aws-auth (6 entries): mapRoles[0] of ConfigMap kube-system/aws-auth (cluster.json:17) names it
      + username ops:ann
      + group viewers

    What they may do
      + everywhere, by ClusterRoleBinding viewers → ClusterRole view, to Group viewers
        get, list, watch on pods, services, deployments.apps
      + in dev, by RoleBinding deployers → Role deployer, to Group viewers
        every verb on everything of apps
      ! RoleBinding lost in test grants nothing: the Role gone does not exist
      and what every authenticated user may do (system:discovery)
    ");
    assert_snapshot!(text(&world.explain(caller("arn:aws:iam::111122223333:user/carol")), &world), @"
    arn:aws:iam::111122223333:user/carol is let in as carol

    Who AWS says it is
      the IAM user carol of account 111122223333

    Who that is in the cluster
      the access file (6 entries): does not name it
      ConfigMap kube-system/aws-auth (6 entries): mapUsers[0] of ConfigMap kube-system/aws-auth (cluster.json:18) names it
      + username carol
      + group system:masters

    What they may do
      ! everywhere: everything; the API server allows them everything, as a member of system:masters
      + everywhere, by ClusterRoleBinding viewers → ClusterRole view, to User carol
        get, list, watch on pods, services, deployments.apps
      and what every authenticated user may do (system:discovery)
    ");
}

/// Carol is a member of `system:masters`, and anybody can have a user carol in an account of their own.
#[test]
fn whoever_has_nearly_the_name_of_a_master_is_offered_no_mastership() {
    let world = everything();
    let said = text(&world.explain(caller("arn:aws:iam::222233334444:user/carol")), &world);
    let fix = said.split("What to do").nth(1).expect("what to do");
    assert_snapshot!(fix, @r#"
    make sure that account 222233334444 is one of yours; then add to the access file, and see what it gives by `cluster-auth plan`
      groups:
      - name: GROUP
        users: ["arn:aws:iam::222233334444:user/carol"]
    Add the principal to a group of the access file, or to mapUsers or mapRoles. The log line shows the nearest mapping where one differs only in account, path or case.
    "#);
}

/// aws-iam-authenticator 0.7.18 reads `sso` behind a gate alone: what is advised must let them in, as whom they were.
#[test]
fn whoever_has_another_suffix_is_offered_what_the_reader_matches() {
    let config = |entries: &str| {
        let text = format!("clusterID: c\nserver:\n  mapRoles:\n{entries}");
        serde_json::json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "aws-iam-authenticator", "namespace": "kube-system"},
            "data": {"config.yaml": text}})
        .to_string()
    };
    let fix = |entries: &str, reader| {
        let mut given = inventory::Inputs::default();
        given.dump.read_by(reader);
        given.read("config.json", config(entries).as_bytes()).expect("a ConfigMap");
        let world = World::new(given, None, now()).expect("readable");
        let verdict =
            world.explain(caller("arn:aws:iam::111122223333:role/AWSReservedSSO_DevAccess_0123456789abcdef")).verdict;
        match verdict {
            Verdict::Refused(denial) => denial.fix.expect("a fix").lines.join("\n"),
            Verdict::NotKnown(not_known) => {
                not_known.seen.and_then(|denial| denial.fix).map_or("let in".to_owned(), |fix| fix.lines.join("\n"))
            }
            _ => "let in".to_owned(),
        }
    };
    let old = "  - {rolearn: 'arn:aws:iam::111122223333:role/AWSReservedSSO_DevAccess_fedcba9876543210', username: 'dev:{{SessionName}}', groups: [developers, 'system:masters', oncall]}\n";
    let sso = "  - {sso: {permissionSetName: DevAccess, accountID: '111122223333'}, username: 'dev:{{SessionName}}', groups: [developers]}\n";
    let by_arn = |groups: &str| {
        format!(
            "- {{rolearn: \"arn:aws:iam::111122223333:role/AWSReservedSSO_DevAccess_0123456789abcdef\", username: \"dev:{{{{SessionName}}}}\", groups: [{groups}]}}"
        )
    };
    let by_set = "- {sso: {permissionSetName: DevAccess, accountID: \"111122223333\"}, username: \"dev:{{SessionName}}\", groups: [\"developers\", \"oncall\"]}";
    let theirs = Reader::AwsIamAuthenticator;
    assert_eq!(fix(old, theirs), by_arn("\"developers\", \"oncall\""));
    assert_eq!(fix(sso, theirs), by_arn("\"developers\""), "the gate is off");
    assert_eq!(fix(old, Reader::ClusterAuth), by_set);
    // Whoever does what is advised is let in.
    for (reader, before) in [(theirs, old), (theirs, sso), (Reader::ClusterAuth, old)] {
        let added = format!("{before}  {}\n", fix(before, reader));
        assert_eq!(fix(&added, reader), "let in", "{added}");
    }
}

#[test]
fn what_was_added_to_everybodys_own_role_is_said() {
    let added = CLUSTER.replace(
        r#"[{"verbs": ["get"], "nonResourceURLs": ["/api"]}]"#,
        r#"[{"verbs": ["get"], "nonResourceURLs": ["/api"]}, {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}]"#,
    );
    let world = world(&[("cluster.json", &added), ("access.yaml", FILE)]);
    let said = text(&world.explain(caller("arn:aws:iam::111122223333:user/alice")), &world);
    let held = said.split("What they may do").nth(1).expect("what they may do");
    assert_snapshot!(held, @"
    + everywhere, by ClusterRoleBinding system:discovery → ClusterRole system:discovery, to Group system:authenticated
      get on secrets, /api
    + in dev, test, by RoleBinding cluster-auth:developers:view → ClusterRole view (access.yaml:9), to Group developers
      get, list, watch on pods, services, deployments.apps
    + in dev, by RoleBinding cluster-auth:release:deployer → Role deployer (access.yaml:14), to Group release
      every verb on everything of apps
    ");
}

#[test]
fn a_denial_says_what_was_nearly_right_and_the_lines_that_let_somebody_in() {
    let world = everything();
    assert_snapshot!(text(&world.explain(caller("arn:aws:iam::111122223333:role/Elsewhere")), &world), @r#"
    arn:aws:iam::111122223333:role/Elsewhere is not let in: no mapping names this principal [mapping.none]

    Who AWS says it is
      a session of the IAM role Elsewhere of account 111122223333
      whoever assumes it chooses the session name, written as <session> here

    Who that is in the cluster
      the access file (6 entries): does not name it
      ConfigMap kube-system/aws-auth (6 entries): does not name it
      ~ nearest: the role Elsewhere is mapped in account 444455556666, not in 111122223333 (access.yaml:6)

    Where it shows
      the caller: error: You must be logged in to the server (Unauthorized)
      the server's log: "access denied" with the code mapping.none
      the API server: status 403, not cached (except with --deny-with-200), so a retry is checked anew

    What to do
      add to the access file, and see what it gives by `cluster-auth plan`
        groups:
        - name: developers
          roles: ["arn:aws:iam::111122223333:role/Elsewhere"]
      Add the principal to a group of the access file, or to mapUsers or mapRoles. The log line shows the nearest mapping where one differs only in account, path or case.
    "#);
    assert_snapshot!(text(&world.explain(caller("arn:aws:iam::111122223333:user/erin")), &world), @r#"
    arn:aws:iam::111122223333:user/erin is not let in: access of this principal has expired [mapping.ended]

    Who AWS says it is
      the IAM user erin of account 111122223333

    Who that is in the cluster
      the access file (6 entries): access.yaml:5 names it
      ConfigMap kube-system/aws-auth (6 entries): not reached
      - group developers expired 2026-06-01T00:00:00Z
      - group release expired 2026-05-31T00:00:00Z

    Where it shows
      the caller: error: You must be logged in to the server (Unauthorized)
      the server's log: "access denied" with the code mapping.ended
      the API server: status 403, not cached (except with --deny-with-200), so a retry is checked anew

    What to do
      change access.yaml:5
      Set a later `expires` for the group or the principal, or remove it.
    "#);
    assert_snapshot!(text(&world.explain(caller("arn:aws-cn:iam::111122223333:user/alice")), &world), @r#"
    arn:aws-cn:iam::111122223333:user/alice is not let in: the caller is of another AWS partition than the server [mapping.other-partition]

    Who AWS says it is
      the IAM user alice of account 111122223333

    Who that is in the cluster
      no mapping source is asked: all mappings are of another partition

    Where it shows
      the caller: error: You must be logged in to the server (Unauthorized)
      the server's log: "access denied" with the code mapping.other-partition
      the API server: status 403, not cached (except with --deny-with-200), so a retry is checked anew

    What to do
      aws-cn is the caller's partition, and aws the one of everybody who is mapped
      Use credentials of the cluster's partition, or set server.partition.
    "#);
}

#[test]
fn every_source_has_its_own_words_for_what_to_add() {
    let map = |name: &str, data: &str| {
        format!(
            r#"{{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {{"name": "{name}", "namespace": "kube-system"}}, "data": {{{data}}}}}"#
        )
    };
    let aws_auth =
        map("aws-auth", r#""mapUsers": "- {userarn: 'arn:aws:iam::111122223333:user/x', username: x, groups: [g]}""#);
    let config = map(
        "aws-iam-authenticator",
        r#""config.yaml": "clusterID: c\nserver:\n  mapUsers:\n  - {userarn: 'arn:aws:iam::111122223333:user/x', username: x, groups: [g]}\n""#,
    );
    let object = r#"{"kind": "IAMIdentityMapping", "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "metadata": {"name": "x"}, "spec": {"arn": "arn:aws:iam::111122223333:user/x", "username": "x", "groups": ["g"]}}"#;
    let entry = r#"{"accessEntry": {"principalArn": "arn:aws:iam::111122223333:user/x", "kubernetesGroups": ["g"], "username": "x", "type": "STANDARD"}}"#;
    let people = [
        "arn:aws:iam::444455556666:user/x",
        "arn:aws:iam::111122223333:role/ci/Deployer",
        "arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef",
        "arn:aws:iam::111122223333:root",
    ];
    let mut lines = Vec::new();
    for (name, given) in [
        ("nothing.json", r#"{"kind": "NamespaceList", "apiVersion": "v1", "items": []}"#),
        ("aws-auth.json", &aws_auth),
        ("config.json", &config),
        ("object.json", object),
        ("entry.json", entry),
    ] {
        let world = world(&[(name, given)]);
        for arn in people {
            let verdict = world.explain(caller(arn)).verdict;
            let denial = match verdict {
                Verdict::Refused(denial) => Some(denial),
                // Nothing says that a server reads the configuration.
                Verdict::NotKnown(not_known) if name == "config.json" => not_known.seen,
                other => panic!("{name}: {arn}: {other:?}"),
            };
            let fix = denial.expect("a denial").fix.expect("something to do");
            lines.push(format!("{name}: {}: {}", fix.text, fix.lines.join(" | ")));
        }
    }
    assert_snapshot!(lines.join("\n"), @r#"
    nothing.json: add to the access file, and see what it gives by `cluster-auth plan`: groups: | - name: GROUP |   users: ["arn:aws:iam::444455556666:user/x"]
    nothing.json: add to the access file, and see what it gives by `cluster-auth plan`: groups: | - name: GROUP |   roles: ["arn:aws:iam::111122223333:role/Deployer"]
    nothing.json: add to the access file, and see what it gives by `cluster-auth plan`: groups: | - name: GROUP |   permissionSets: [{name: Dev, account: "111122223333"}]
    nothing.json: log in as a user or with a role: an access file names neither root nor federated users: 
    aws-auth.json: make sure that account 444455556666 is one of yours; then add to mapUsers of the ConfigMap kube-system/aws-auth: - {userarn: "arn:aws:iam::444455556666:user/x", username: "x", groups: ["g"]}
    aws-auth.json: add to mapRoles of the ConfigMap kube-system/aws-auth: - {rolearn: "arn:aws:iam::111122223333:role/Deployer", username: "Deployer:{{SessionName}}", groups: ["GROUP"]}
    aws-auth.json: add to mapRoles of the ConfigMap kube-system/aws-auth: - {rolearn: "arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef", username: "Dev:{{SessionName}}", groups: ["GROUP"]}
    aws-auth.json: add to mapUsers of the ConfigMap kube-system/aws-auth: - {userarn: "arn:aws:iam::111122223333:root", username: "root", groups: ["GROUP"]}
    config.json: make sure that account 444455556666 is one of yours; then add to mapUsers of the authenticator's configuration: - {userarn: "arn:aws:iam::444455556666:user/x", username: "x", groups: ["g"]}
    config.json: add to mapRoles of the authenticator's configuration: - {rolearn: "arn:aws:iam::111122223333:role/Deployer", username: "Deployer:{{SessionName}}", groups: ["GROUP"]}
    config.json: add to mapRoles of the authenticator's configuration (with `--feature-gates=SSORoleMatch=true` aws-iam-authenticator matches `sso: {permissionSetName: Dev, accountID: "111122223333"}` as well, whatever suffix the role has): - {rolearn: "arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef", username: "Dev:{{SessionName}}", groups: ["GROUP"]}
    config.json: add to mapUsers of the authenticator's configuration: - {userarn: "arn:aws:iam::111122223333:root", username: "root", groups: ["GROUP"]}
    object.json: make sure that account 444455556666 is one of yours; then create an IAMIdentityMapping: apiVersion: iamauthenticator.k8s.aws/v1alpha1 | kind: IAMIdentityMapping | metadata: {name: NAME} | spec: {arn: "arn:aws:iam::444455556666:user/x", username: "x", groups: ["g"]}
    object.json: create an IAMIdentityMapping: apiVersion: iamauthenticator.k8s.aws/v1alpha1 | kind: IAMIdentityMapping | metadata: {name: NAME} | spec: {arn: "arn:aws:iam::111122223333:role/Deployer", username: "Deployer:{{SessionName}}", groups: ["GROUP"]}
    object.json: create an IAMIdentityMapping: apiVersion: iamauthenticator.k8s.aws/v1alpha1 | kind: IAMIdentityMapping | metadata: {name: NAME} | spec: {arn: "arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef", username: "Dev:{{SessionName}}", groups: ["GROUP"]}
    object.json: create an IAMIdentityMapping: apiVersion: iamauthenticator.k8s.aws/v1alpha1 | kind: IAMIdentityMapping | metadata: {name: NAME} | spec: {arn: "arn:aws:iam::111122223333:root", username: "root", groups: ["GROUP"]}
    entry.json: make sure that account 444455556666 is one of yours; then make an access entry: aws eks create-access-entry --cluster-name CLUSTER --principal-arn arn:aws:iam::444455556666:user/x --kubernetes-groups g
    entry.json: make an access entry: aws eks create-access-entry --cluster-name CLUSTER --principal-arn arn:aws:iam::111122223333:role/Deployer --kubernetes-groups GROUP
    entry.json: make an access entry: aws eks create-access-entry --cluster-name CLUSTER --principal-arn arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef --kubernetes-groups GROUP
    entry.json: make an access entry: aws eks create-access-entry --cluster-name CLUSTER --principal-arn arn:aws:iam::111122223333:root --kubernetes-groups GROUP
    "#);
}

#[test]
fn an_authenticators_file_counts_in_place_of_what_the_cluster_has_of_it() {
    let text = "clusterID: c\nserver:\n  backendMode: [MountedFile, EKSConfigMap]\n  mapUsers:\n  - {userarn: 'arn:aws:iam::111122223333:user/dora', username: dora, groups: [viewers]}\n";
    let source = Source::new("config.yaml", text);
    let mut given = Inputs::default();
    given.configure(source);
    assert!(given.read("cluster.json", CLUSTER.as_bytes()).expect("a dump"));
    let world = World::new(given, None, now()).expect("readable");
    let line = |arn| verdict(&world.explain(caller(arn)));
    assert_eq!(line("arn:aws:iam::111122223333:user/dora"), "dora [viewers] by config.yaml:5");
    assert_eq!(
        line("arn:aws:iam::111122223333:role/Ops"),
        "ops:<session> [viewers] by mapRoles[0] of ConfigMap kube-system/aws-auth (cluster.json:17)"
    );
}

#[test]
fn sessions_that_nothing_names_have_the_policies_of_their_access_entry() {
    let entry = r#"{"accessEntry": {"principalArn": "arn:aws:iam::111122223333:role/eng/Admin", "kubernetesGroups": [], "username": "admin:{{SessionName}}", "type": "STANDARD"}}"#;
    let policies = r#"{"clusterName": "c", "principalArn": "arn:aws:iam::111122223333:role/eng/Admin", "associatedAccessPolicies": [
        {"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSSecretReaderPolicy", "accessScope": {"type": "namespace", "namespaces": ["team-*"]}}]}"#;
    let world = world(&[("cluster.json", CLUSTER), ("e.json", entry), ("p.json", policies)]);
    let explanation = world.explain(caller("arn:aws:sts::111122223333:assumed-role/Admin/ann"));
    assert_snapshot!(text(&explanation, &world), @"
    arn:aws:sts::111122223333:assumed-role/Admin/ann is let in as admin:ann

    Who AWS says it is
      the session ann of the IAM role Admin of account 111122223333
      mappings compare it as arn:aws:iam::111122223333:role/Admin

    Who that is in the cluster
      EKS access entries (1 entry, as AWS's documentation has them): the access entry of arn:aws:iam::111122223333:role/eng/Admin names it
      ConfigMap kube-system/aws-auth (6 entries): not reached
      + username admin:ann
      no groups but system:authenticated

    What they may do
      + in team-*, by EKS access policy AmazonEKSSecretReaderPolicy
        get, list, watch on secrets
      and what every authenticated user may do (system:discovery)
    ");
}

#[test]
fn codes_are_explained_without_anybody() {
    let code = code_named("upstream.throttled").expect("a code");
    let text: String = report::text_of(&code_report(&code)).iter().map(|segment| segment.text().to_owned()).collect();
    assert_snapshot!(text, @r#"
    upstream.throttled: STS asks for fewer requests
      AWS limits how often an account and a Region may ask STS, and the limit is reached.

    Where it shows
      the caller: error: You must be logged in to the server (Unauthorized)
      the server's log: "no answer for now" with the code upstream.throttled
      the API server: status 429, no decision and not cached; the API server retries by itself

    What to do
      Usually it passes by itself. If not, find who logs in so often: the log names the callers; a client that makes a new token for every request is the common cause.
    "#);
    let mut names: Vec<&str> = codes().map(|code| code.code).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "no code stands for two things");
    assert_eq!(code_named("mapping.none").map(|code| code.answered_with()), Some(403));
    assert_eq!(code_named("server.not-loaded").map(|code| code.answered_with()), Some(503));
}

#[test]
fn programs_get_everything_and_no_secret() {
    let world = everything();
    let explanation = world.explain(caller("arn:aws:iam::111122223333:user/erin"));
    let out: serde_json::Value = serde_json::from_str(&print::json(&explanation.out(Some(&world)))).expect("JSON");
    assert_eq!(out["code"], "mapping.ended");
    assert_eq!(out["letIn"], false);
    assert_eq!(out["reason"]["status"], 403);
    assert_eq!(out["sources"][0]["entry"]["groups"][0]["ended"], true);
    let explanation = world.explain(caller("arn:aws:iam::111122223333:user/alice"));
    let out: serde_json::Value = serde_json::from_str(&print::json(&explanation.out(Some(&world)))).expect("JSON");
    assert_eq!(out["groups"], serde_json::json!(["developers", "release"]));
    assert_eq!(out["rights"][0]["words"], serde_json::json!(["get on /api"]));
    assert_eq!(out["sources"][1]["asked"], false);
}

/// Whether one of the rights allows a request.
fn allows(held: &[BindingRights<'_>], request: &Request<'_>) -> bool {
    let namespace = match request {
        Request::Resource(request) => request.namespace,
        Request::Url { .. } => "",
    };
    held.iter().any(|held| {
        let is_here = held.namespaces.is_empty() || held.namespaces.contains(&namespace);
        is_here && (matches!(held.path, crate::Path::Masters) || held.rules.iter().any(|rule| rule.allows(request)))
    })
}

/// A cluster of generated bindings and logins.
fn generated() -> impl Strategy<Value = String> {
    let role = prop_oneof![
        Just(("ClusterRole", "view")),
        Just(("ClusterRole", "all")),
        Just(("Role", "local")),
        Just(("ClusterRole", "gone"))
    ];
    let subjects = prop::collection::vec("(Group:[abs]|User:(u|R:x|v)|Group:system:authenticated)", 1..3);
    let binding = (role, subjects, prop_oneof![Just(""), Just("dev"), Just("ops")], "[pq]");
    let entry = (
        "user/[uvw]|role/[RQ]",
        "u|v|R:\\{\\{SessionName\\}\\}|system:\\{\\{SessionName\\}\\}",
        prop::collection::vec("a|b|s|system:masters", 0..3),
    );
    (prop::collection::vec(binding, 0..6), prop::collection::vec(entry, 0..5)).prop_map(|(bindings, entries)| {
        let rule = |verbs: &str, resources: &str| serde_json::json!([{"verbs": [verbs], "apiGroups": [""], "resources": [resources]}]);
        let mut items = vec![
            serde_json::json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "view"}, "rules": rule("get", "pods")}),
            serde_json::json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "all"}, "rules": rule("*", "*")}),
            serde_json::json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "local", "namespace": "dev"}, "rules": rule("list", "pods")}),
            serde_json::json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "local", "namespace": "ops"}, "rules": rule("create", "secrets")}),
        ];
        for ((kind, role), subjects, namespace, name) in bindings {
            let subjects: Vec<_> = subjects.iter().map(|subject| {
                let (kind, name) = subject.split_once(':').expect("a kind");
                serde_json::json!({"kind": kind, "name": name})
            }).collect();
            let mut binding = serde_json::json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name, "namespace": namespace},
                "roleRef": {"kind": kind, "name": role}, "subjects": subjects});
            if namespace.is_empty() {
                if kind == "Role" { continue; }
                binding["kind"] = "ClusterRoleBinding".into();
                binding["metadata"] = serde_json::json!({"name": name});
            }
            items.push(binding);
        }
        let mut lists = [String::new(), String::new()];
        for (arn, username, groups) in entries {
            let (list, key) = if arn.starts_with("role") { (0, "rolearn") } else { (1, "userarn") };
            let groups = groups.iter().map(|group| format!("'{group}'")).collect::<Vec<_>>().join(", ");
            lists[list] += &format!("- {{{key}: 'arn:aws:iam::111122223333:{arn}', username: '{username}', groups: [{groups}]}}\n");
        }
        let [roles, users] = lists;
        items.push(serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
            "data": {"mapRoles": roles, "mapUsers": users}}));
        serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
    })
}

proptest! {
    #[test]
    fn explain_says_what_decide_decides_and_its_rights_are_the_evaluators(cluster in generated()) {
        let world = world(&[("cluster.json", &cluster)]);
        for arn in ["user/u", "user/v", "user/w", "user/x", "assumed-role/R/x", "assumed-role/Q/y", "assumed-role/S/z"] {
            let service = if arn.starts_with("user") { "iam" } else { "sts" };
            let caller = caller(&format!("arn:aws:{service}::111122223333:{arn}"));
            let decision = mapping::decide(world.snapshot(), &caller.identity, "<access-key-id>", &Facts::default(), now());
            let explanation = world.explain(caller);
            let person = explanation.person.as_ref().expect("somebody");
            match decision {
                Decision::Permit(user) => {
                    prop_assert_eq!(&explanation.verdict, &Verdict::LetIn);
                    prop_assert_eq!(person.user.as_ref(), Some(&user));
                    let decided = person.asked.iter().find_map(|asked| asked.entries.first()).expect("an entry");
                    prop_assert_eq!(&decided.source, &user.source);
                    let user = User::authenticated(user.username, user.groups);
                    for namespace in ["", "dev", "ops", "other"] {
                        for (verb, what) in [("get", "pods"), ("list", "pods"), ("create", "secrets"), ("delete", "nodes")] {
                            let request = resource(verb, "", what, namespace);
                            let allowed = world.index().authorize(&user, &request).is_some();
                            prop_assert_eq!(allows(&person.held, &request), allowed, "{} {:?}", arn, request);
                        }
                    }
                }
                Decision::Refuse(refusal) => {
                    prop_assert_eq!(explanation.code(), Some(refusal.code()));
                    prop_assert!(person.held.is_empty() && person.user.is_none());
                }
                Decision::Needs(_) => prop_assert!(false, "nobody here is a machine"),
                Decision::Undetermined(_) => prop_assert!(false, "nothing here is left to chance"),
            }
        }
    }
}
