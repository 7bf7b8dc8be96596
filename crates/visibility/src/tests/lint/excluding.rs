//! What is excluded, for how long, and what is wrong with exclusions themselves.

use document::{RenderStyle, Source, Sources};
use insta::assert_snapshot;

use super::{cluster, now, said};
use crate::{
    World,
    lint::{lint, read_exclusions},
};

const CLUSTER: &str = "bind admins cluster-admin Group:admins User:carol
                       role start = create pods
                       bind kube-system/start start Group:developers
                       bind kube-public/start start Group:developers
                       bind kube-node-lease/start start Group:developers";

/// Findings, and how many things are excluded.
fn left(exclusions: &str) -> String {
    let exclusions = read_exclusions(&Source::new("lint.yaml", exclusions)).expect("readable");
    let world = cluster(CLUSTER);
    let report = lint(&world, &exclusions, now());
    format!("{}{} excluded\n", said(&report.findings), report.excluded)
}

#[test]
fn what_is_excluded_is_gone_and_counted() {
    let rows = [
        "",
        "exclusions: [{check: cluster-admin, subject: Group admins, reason: the platform team}]",
        "exclusions: [{check: [cluster-admin, pods], reason: known}]",
        "exclusions: [{check: cluster-admin, subject: 'Group *', reason: known, expires: 2026-06-01}]",
        "exclusions: [{check: pods, namespace: 'kube-*e', reason: known}]",
        "exclusions: [{check: pods, namespace: 'kube-*', reason: known}]",
    ];
    let all = rows.map(|row| format!("# {row}\n{}", left(row)));
    assert_snapshot!(all.join("\n"), @"
    # 
    danger [cluster-admin] User carol can do everything, as cluster-admin does
    danger [cluster-admin] Group admins can do everything, as cluster-admin does
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-node-lease and kube-public, and so run there as any service account, with the node's files in reach
    0 excluded

    # exclusions: [{check: cluster-admin, subject: Group admins, reason: the platform team}]
    danger [cluster-admin] User carol can do everything, as cluster-admin does
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-node-lease and kube-public, and so run there as any service account, with the node's files in reach
    1 excluded

    # exclusions: [{check: [cluster-admin, pods], reason: known}]
    5 excluded

    # exclusions: [{check: cluster-admin, subject: 'Group *', reason: known, expires: 2026-06-01}]
    danger [cluster-admin] User carol can do everything, as cluster-admin does
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-node-lease and kube-public, and so run there as any service account, with the node's files in reach
    1 excluded

    # exclusions: [{check: pods, namespace: 'kube-*e', reason: known}]
    danger [cluster-admin] User carol can do everything, as cluster-admin does
    danger [cluster-admin] Group admins can do everything, as cluster-admin does
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-public, and so run there as any service account, with the node's files in reach
    1 excluded

    # exclusions: [{check: pods, namespace: 'kube-*', reason: known}]
    danger [cluster-admin] User carol can do everything, as cluster-admin does
    danger [cluster-admin] Group admins can do everything, as cluster-admin does
    3 excluded
    ");
}

#[test]
fn an_exclusion_that_ended_or_excludes_nothing_is_found() {
    let rows = [
        "exclusions: [{check: cluster-admin, reason: known, expires: 2026-05-31}]",
        "exclusions: [{check: cluster-admin, reason: known, expires: 2026-06-01T12:00:00Z}]",
        "exclusions: [{check: secrets, reason: they are backed up}]",
    ];
    let all = rows.map(|row| {
        let of_itself = left(row);
        let of_itself = of_itself.lines().filter(|line| line.contains("[exclusion-")).collect::<Vec<_>>();
        of_itself.join("\n")
    });
    assert_snapshot!(all.join("\n"), @"
    warning [exclusion-expired] the exclusion of cluster-admin (known) ended at 2026-06-01T00:00:00Z
    warning [exclusion-expired] the exclusion of cluster-admin (known) ended at 2026-06-01T12:00:00Z
    info [exclusion-unused] the exclusion of secrets (they are backed up) excludes nothing
    ");
}

#[test]
fn a_file_with_mistakes_excludes_nothing() {
    let text = "\
exclusions:
- check: cluster-admn
  reason: the platform team
- subject: admins
  chek: secrets
  reason: ' '
  expires: tomorrow
- {check: secrets, subject: group admins, reason: x}
exclusion: []
";
    let mut sources = Sources::default();
    let source = sources.add("lint.yaml", text);
    let problems = read_exclusions(source).expect_err("mistakes");
    assert_snapshot!(document::render(&sources, &problems, RenderStyle::Plain), @"
    error[lint.value]: there is no check `cluster-admn`
     --> lint.yaml:2:10
      |
    2 | - check: cluster-admn
      |          ^^^^^^^^^^^^
      |
      = help: did you mean `cluster-admin`?

    error[lint.missing]: an exclusion names its `check`
     --> lint.yaml:4:3
      |
    4 | - subject: admins
      |   ^^^^^^^^^^^^^^^
      |
      = help: a code, or a list of them; docs/lint.md has them all

    error[lint.missing]: an exclusion says its `reason`
     --> lint.yaml:4:3
      |
    4 | - subject: admins
      |   ^^^^^^^^^^^^^^^
      |
      = help: whoever reads it next must be able to tell whether it still holds

    error[lint.value]: `admins` does not begin with a kind of subject
     --> lint.yaml:4:12
      |
    4 | - subject: admins
      |            ^^^^^^
      |
      = help: write `Group developers`, `User alice` or `ServiceAccount ci/deployer`

    error[lint.unknown-key]: there is no key `chek` here
     --> lint.yaml:5:3
      |
    5 |   chek: secrets
      |   ^^^^
      |
      = help: did you mean `check`?

    error[lint.value]: `tomorrow` is neither a date nor a time
     --> lint.yaml:7:12
      |
    7 |   expires: tomorrow
      |            ^^^^^^^^
      |
      = help: write 2026-12-31 (through that day, UTC) or 2026-12-31T18:00:00Z

    error[lint.value]: `group admins` does not begin with a kind of subject
     --> lint.yaml:8:29
      |
    8 | - {check: secrets, subject: group admins, reason: x}
      |                             ^^^^^^^^^^^^
      |
      = help: write `Group developers`, `User alice` or `ServiceAccount ci/deployer`

    error[lint.unknown-key]: there is no key `exclusion` here
     --> lint.yaml:9:1
      |
    9 | exclusion: []
      | ^^^^^^^^^
      |
      = help: did you mean `exclusions`?
    ");
}

/// What the page shows can be written.
#[test]
fn the_pages_example_is_readable() {
    let page = include_str!("../../../../../docs/lint.md");
    let (_, block) = page.split_once("```yaml\n").expect("an example");
    let (example, _) = block.split_once("```").expect("its end");
    let exclusions = read_exclusions(&Source::new("lint.yaml", example)).expect("readable");
    let shown: Vec<_> = exclusions.iter().map(|one| (one.subject.as_deref(), one.expires.is_some())).collect();
    assert_eq!(shown, [(Some("Group kubeadm:cluster-admins"), false), (Some("ServiceAccount ci/*"), true)]);
}

/// What an access file accepts is its own matter: of the same group somebody else's grant is found all the same.
#[test]
fn what_an_access_file_accepts_of_its_own_grants_is_not_found() {
    let file = "\
clusterID: c
account: '111122223333'
groups:
- name: admins
  accept: {access.too-broad: the platform team}
  users: [carol]
  authorization: [{clusterRole: cluster-admin}]
- name: robots
  users: [robot]
  authorization:
  - {namespace: kube-system, accept: {access.escalates: it deploys there}, rules: [{apiGroups: [''], resources: [pods], verbs: [create]}]}
  - {namespace: kube-public, rules: [{apiGroups: [''], resources: [pods], verbs: [create]}]}
";
    let by_hand = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: by-hand, namespace: kube-system}\n\
                   roleRef: {kind: ClusterRole, name: edit}\nsubjects: [{kind: Group, name: robots}]\n";
    let mut all = String::new();
    for files in [vec![("access.yaml", file)], vec![("access.yaml", file), ("by-hand.yaml", by_hand)]] {
        let mut given = access::cluster::Given::default();
        for (name, text) in files {
            assert!(given.read(name, text.as_bytes()).expect("readable"));
        }
        let world = World::new(given, None, now()).expect("readable");
        let report = lint(&world, &[], now());
        all.push_str(&format!("{}{} excluded\n", said(&report.findings), report.excluded));
    }
    assert_snapshot!(all, @"
    warning [pods] Group robots can start pods under any service account in kube-public, and so run there as any service account, with the node's files in reach
    2 excluded
    danger [aws-auth] Group robots can change who logs in, and so log in as a member of system:masters
    danger [impersonate] Group robots can act as others in kube-system, and so act as the service accounts of Kubernetes' own controllers there
    danger [secrets] Group robots can read secrets in kube-system, and so use every token that is kept in one
    warning [pods] Group robots can start pods under any service account in kube-public, and so run there as any service account, with the node's files in reach
    info [flood] Group robots can make any number of objects in kube-system, and so fill the API server's storage until nobody can write
    info [networkpolicies] Group robots can change network policies in kube-system, and so reach what was kept from their pods
    info [traffic] Group robots can send others' traffic elsewhere in kube-system, and so read what others send, tokens included
    1 excluded
    ");
}
