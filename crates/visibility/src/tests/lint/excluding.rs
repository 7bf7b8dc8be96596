//! What is excluded, for how long, and what is wrong with exclusions themselves.

use document::{RenderStyle, Source, Sources};
use insta::assert_snapshot;

use super::{cluster, now, said};
use crate::{
    World,
    lint::{baseline, lint, read_exclusions},
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
    format!("{}{} excluded, {} unexplained\n", said(&report.findings), report.excluded, report.unexplained)
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
        "exclusions: [{check: pods, namespace: [kube-public, kube-system], reason: known}]",
        "exclusions: [{check: [pods, cluster-admin], everywhere: true, reason: known}]",
        "exclusions: [{check: pods, severity: warning, reason: known}]",
        "exclusions: [{check: cluster-admin, binding: ClusterRoleBinding others, reason: known}]",
        "exclusions: [{check: cluster-admin, binding: 'ClusterRoleBinding *', reason: 'TODO: ask them'}]",
    ];
    let all = rows.map(|row| format!("# {row}\n{}", left(row)));
    assert_snapshot!(all.join("\n"), @"
    # 
    danger [cluster-admin] User carol has every permission, like ClusterRole cluster-admin
    danger [cluster-admin] Group admins has every permission, like ClusterRole cluster-admin
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-node-lease and kube-public, and so run there as any service account, with the node's files in reach
    0 excluded, 0 unexplained

    # exclusions: [{check: cluster-admin, subject: Group admins, reason: the platform team}]
    danger [cluster-admin] User carol has every permission, like ClusterRole cluster-admin
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-node-lease and kube-public, and so run there as any service account, with the node's files in reach
    1 excluded, 0 unexplained

    # exclusions: [{check: [cluster-admin, pods], reason: known}]
    5 excluded, 0 unexplained

    # exclusions: [{check: cluster-admin, subject: 'Group *', reason: known, expires: 2026-06-01}]
    danger [cluster-admin] User carol has every permission, like ClusterRole cluster-admin
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-node-lease and kube-public, and so run there as any service account, with the node's files in reach
    1 excluded, 0 unexplained

    # exclusions: [{check: pods, namespace: 'kube-*e', reason: known}]
    danger [cluster-admin] User carol has every permission, like ClusterRole cluster-admin
    danger [cluster-admin] Group admins has every permission, like ClusterRole cluster-admin
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-public, and so run there as any service account, with the node's files in reach
    1 excluded, 0 unexplained

    # exclusions: [{check: pods, namespace: 'kube-*', reason: known}]
    danger [cluster-admin] User carol has every permission, like ClusterRole cluster-admin
    danger [cluster-admin] Group admins has every permission, like ClusterRole cluster-admin
    3 excluded, 0 unexplained

    # exclusions: [{check: pods, namespace: [kube-public, kube-system], reason: known}]
    danger [cluster-admin] User carol has every permission, like ClusterRole cluster-admin
    danger [cluster-admin] Group admins has every permission, like ClusterRole cluster-admin
    warning [pods] Group developers can start pods under any service account in kube-node-lease, and so run there as any service account, with the node's files in reach
    2 excluded, 0 unexplained

    # exclusions: [{check: [pods, cluster-admin], everywhere: true, reason: known}]
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-node-lease and kube-public, and so run there as any service account, with the node's files in reach
    info [exclusion-unused] the exclusion of pods, cluster-admin (known) excludes nothing of pods
    2 excluded, 0 unexplained

    # exclusions: [{check: pods, severity: warning, reason: known}]
    danger [cluster-admin] User carol has every permission, like ClusterRole cluster-admin
    danger [cluster-admin] Group admins has every permission, like ClusterRole cluster-admin
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    2 excluded, 0 unexplained

    # exclusions: [{check: cluster-admin, binding: ClusterRoleBinding others, reason: known}]
    danger [cluster-admin] User carol has every permission, like ClusterRole cluster-admin
    danger [cluster-admin] Group admins has every permission, like ClusterRole cluster-admin
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-node-lease and kube-public, and so run there as any service account, with the node's files in reach
    info [exclusion-unused] the exclusion of cluster-admin (known) excludes nothing
    0 excluded, 0 unexplained

    # exclusions: [{check: cluster-admin, binding: 'ClusterRoleBinding *', reason: 'TODO: ask them'}]
    danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files
    warning [pods] Group developers can start pods under any service account in kube-node-lease and kube-public, and so run there as any service account, with the node's files in reach
    2 excluded, 1 unexplained
    ");
}

#[test]
fn an_exclusion_that_ended_or_excludes_nothing_is_found() {
    let rows = [
        "exclusions: [{check: cluster-admin, reason: known, expires: 2026-05-31}]",
        "exclusions: [{check: cluster-admin, reason: known, expires: 2026-06-01T12:00:00Z}]",
        "exclusions: [{check: secrets, reason: they are backed up}]",
        "exclusions: [{check: [cluster-admin, secrets, pods], reason: known}]",
        "exclusions: [{check: pods, namespace: [kube-public, dev, 'team-*'], reason: known}]",
        "exclusions: [{check: [pods, exec], namespace: [kube-public, dev], reason: known}]",
    ];
    let all = rows.map(|row| {
        let of_itself = left(row);
        let of_itself = of_itself.lines().filter(|line| line.contains("[exclusion-")).collect::<Vec<_>>();
        of_itself.join("\n")
    });
    assert_snapshot!(all.join("\n"), @"
    warning [exclusion-expired] the exclusion of cluster-admin (known) expired at 2026-06-01T00:00:00Z
    warning [exclusion-expired] the exclusion of cluster-admin (known) expired at 2026-06-01T12:00:00Z
    info [exclusion-unused] the exclusion of secrets (they are backed up) excludes nothing
    info [exclusion-unused] the exclusion of cluster-admin, secrets, pods (known) excludes nothing of secrets
    info [exclusion-unused] the exclusion of pods (known) excludes nothing in dev and team-*
    info [exclusion-unused] the exclusion of pods, exec (known) excludes nothing of exec, and nothing in dev
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
- {check: secrets, binding: dev/team, reason: x, everywhere: true, namespace: dev}
- {check: secrets, severity: worst, everywhere: false, reason: x}
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

    error[lint.value]: `dev/team` does not begin with a kind of binding
     --> lint.yaml:9:29
      |
    9 | - {check: secrets, binding: dev/team, reason: x, everywhere: true, namespace: dev}
      |                             ^^^^^^^^
      |
      = help: write `RoleBinding dev/team` or `ClusterRoleBinding admins`

    error[lint.value]: `everywhere` and `namespace` exclude each other
     --> lint.yaml:9:62
      |
    9 | - {check: secrets, binding: dev/team, reason: x, everywhere: true, namespace: dev}
      |                                                              ^^^^
      |
      = help: leave `everywhere` or `namespace` out

    error[lint.value]: there is no severity `worst`
      --> lint.yaml:10:30
       |
    10 | - {check: secrets, severity: worst, everywhere: false, reason: x}
       |                              ^^^^^
       |
       = help: write danger, warning or info

    error[lint.value]: `everywhere` takes only `true`
      --> lint.yaml:10:49
       |
    10 | - {check: secrets, severity: worst, everywhere: false, reason: x}
       |                                                 ^^^^^
       |
       = help: name the namespaces by `namespace`

    error[lint.unknown-key]: there is no key `exclusion` here
      --> lint.yaml:11:1
       |
    11 | exclusion: []
       | ^^^^^^^^^
       |
       = help: did you mean `exclusions`?
    ");
}

/// What the page shows can be written.
#[test]
fn the_pages_example_is_readable() {
    let page = include_str!("../../../../../docs/find-privilege-escalation.md");
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
        let mut given = inventory::Inputs::default();
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
    info [flood] Group robots can create any number of objects in kube-system, and so fill the API server's storage until nobody can write
    info [networkpolicies] Group robots can change network policies in kube-system, and so reach what was kept from their pods
    info [traffic] Group robots can send others' traffic elsewhere in kube-system, and so read what others send, tokens included
    1 excluded
    ");
}

/// A cluster with every kind of thing that is told apart.
const MANY: &str = "bind admins cluster-admin Group:admins User:carol
                    role start = create pods pods/exec
                    bind kube-system/start start Group:developers
                    bind kube-public/start start Group:developers
                    bind kube-node-lease/start start Group:developers
                    role act = impersonate users:root groups:admins
                    bind act act User:dora
                    bind ci/lost lost SA:ci/bot
                    role hello = get pods
                    bind hello hello Group:system:authenticated
                    bind dev/hello hello Group:system:authenticated
                    bind stars cluster-admin User:*
                    account ci/bot arn:aws:iam::111122223333:role/Bot
                    aws-auth arn:aws:iam::111122223333:role/Admin admin:{{SessionName}} system:masters
                    aws-auth arn:aws:iam::111122223333:role/Any {{SessionName}} readers";

#[test]
fn a_baseline_excludes_all_that_is_found_and_says_that_reasons_are_lacking() {
    let world = cluster(MANY);
    let report = lint(&world, &[], now());
    let (text, number) = baseline(&report, now());
    assert_snapshot!(text, @r#"
    # What `cluster-auth lint` found on 2026-06-01, so that only what comes later is reported: give it as `--exclusions`.
    # Fill in each reason; whoever reads it next must be able to tell whether it still holds. Fix what has none.
    exclusions:
    # danger: Group admins has every permission, like ClusterRole cluster-admin
    - check: cluster-admin
      subject: "Group admins"
      everywhere: true
      binding: "ClusterRoleBinding admins"
      severity: danger
      reason: "TODO: why this is so, and until when"
    # danger: Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files; also by exec
    - check: [exec, pods]
      subject: "Group developers"
      namespace: "kube-system"
      binding: "RoleBinding */start"
      severity: danger
      reason: "TODO: why this is so, and until when"
    # danger: User * has every permission, like ClusterRole cluster-admin
    - check: cluster-admin
      subject: "User [*]"
      everywhere: true
      binding: "ClusterRoleBinding stars"
      severity: danger
      reason: "TODO: why this is so, and until when"
    # danger: arn:aws:iam::111122223333:role/Admin logs in as a member of system:masters, by EKSConfigMap mapRoles[0] (cluster.json:1): the API server allows the group everything, and removing bindings has no effect
    - check: masters
      subject: "User admin:<session>"
      principal: "arn:aws:iam::111122223333:role/Admin"
      everywhere: true
      severity: danger
      reason: "TODO: why this is so, and until when"
    # danger: User carol has every permission, like ClusterRole cluster-admin
    - check: cluster-admin
      subject: "User carol"
      everywhere: true
      binding: "ClusterRoleBinding admins"
      severity: danger
      reason: "TODO: why this is so, and until when"
    # danger: User dora can act as Group admins, which has every permission, like ClusterRole cluster-admin
    - check: impersonate
      subject: "User dora"
      target: "Group admins"
      everywhere: true
      binding: "ClusterRoleBinding act"
      severity: danger
      reason: "TODO: why this is so, and until when"
    # warning: whoever assumes arn:aws:iam::111122223333:role/Any is the user `{{SessionName}}`, and so whatever user bindings name (EKSConfigMap mapRoles[1] (cluster.json:1))
    - check: chosen-username
      principal: "arn:aws:iam::111122223333:role/Any"
      target: "{{SessionName}}"
      everywhere: true
      severity: warning
      reason: "TODO: why this is so, and until when"
    # warning: Group developers can start pods under any service account in kube-node-lease and kube-public, and so run there as any service account, with the node's files in reach; also by exec
    - check: [exec, pods]
      subject: "Group developers"
      namespace: ["kube-node-lease", "kube-public"]
      binding: "RoleBinding */start"
      severity: warning
      reason: "TODO: why this is so, and until when"
    # warning: Group system:authenticated holds ClusterRole hello by ClusterRoleBinding hello and one more binding, so everybody of them has it
    - check: everybody
      subject: "Group system:authenticated"
      everywhere: true
      binding: "ClusterRoleBinding hello"
      severity: warning
      reason: "TODO: why this is so, and until when"
    # warning: Group system:authenticated holds ClusterRole hello by ClusterRoleBinding hello and one more binding, so everybody of them has it
    - check: everybody
      subject: "Group system:authenticated"
      namespace: "dev"
      binding: "RoleBinding */hello"
      severity: warning
      reason: "TODO: why this is so, and until when"
    # warning: RoleBinding ci/lost grants ClusterRole lost, which does not exist: whoever creates it decides what is granted
    - check: missing-role
      subject: "ServiceAccount ci/bot"
      namespace: "ci"
      binding: "RoleBinding */lost"
      severity: warning
      reason: "TODO: why this is so, and until when"
    # warning: User * is bound, and no mapping gives this username: whoever is given it inherits its permissions
    - check: unknown-user
      subject: "User [*]"
      everywhere: true
      binding: "ClusterRoleBinding stars"
      severity: warning
      reason: "TODO: why this is so, and until when"
    # info: Group admins is bound, and no mapping gives this group: whoever is put into it inherits its permissions
    - check: unknown-group
      subject: "Group admins"
      everywhere: true
      binding: "ClusterRoleBinding admins"
      severity: info
      reason: "TODO: why this is so, and until when"
    # info: Group developers is bound, and no mapping gives this group: whoever is put into it inherits its permissions
    - check: unknown-group
      subject: "Group developers"
      namespace: ["kube-node-lease", "kube-public", "kube-system"]
      binding: "RoleBinding */start"
      severity: info
      reason: "TODO: why this is so, and until when"
    # info: ServiceAccount ci/bot acts in AWS as arn:aws:iam::111122223333:role/Bot, and so does whoever runs pods as it
    - check: cloud-role
      subject: "ServiceAccount ci/bot"
      target: "arn:aws:iam::111122223333:role/Bot"
      namespace: "ci"
      severity: info
      reason: "TODO: why this is so, and until when"
    "#);
    let exclusions = read_exclusions(&Source::new("lint.yaml", text.as_str())).expect("readable");
    assert_eq!(exclusions.len(), number);
    let again = lint(&world, &exclusions, now());
    assert_eq!(said(&again.findings), "");
    assert_eq!(again.unexplained, number);
    assert_eq!(baseline(&again, now()).1, 0, "nothing is left to exclude");

    let filled = text.replace("TODO: why this is so, and until when", "the platform team, until the move");
    let exclusions = read_exclusions(&Source::new("lint.yaml", filled)).expect("readable");
    assert_eq!(lint(&world, &exclusions, now()).unexplained, 0);
}

/// Whatever is another thing is reported, and what a baseline excludes no more is said.
#[test]
fn what_comes_after_a_baseline_is_found() {
    let world = cluster(MANY);
    let (text, _) = baseline(&lint(&world, &[], now()), now());
    let exclusions = read_exclusions(&Source::new("lint.yaml", text)).expect("readable");
    let with = |from: &str, to: &str| {
        assert!(from.is_empty() || MANY.contains(from), "{from}");
        let lines = if from.is_empty() { format!("{MANY}\n{to}") } else { MANY.replace(from, to) };
        format!("# {}\n{}", to.replace('\n', "; "), said(&lint(&cluster(&lines), &exclusions, now()).findings))
    };
    let rows = [
        with("", "bind new cluster-admin Group:others"),
        with("", "bind new hello Group:system:authenticated"),
        with("", "bind dev/start start Group:developers\nbind dev/deployer cluster-admin SA:dev/deployer"),
        with(
            "",
            "bind kube-public/deployer cluster-admin SA:kube-public/deployer\nbind d cluster-admin SA:kube-public/deployer",
        ),
        with("groups:admins", "groups:admins groups:system:masters"),
        with("User:*", "User:* User:eve"),
        with(
            "role/Any {{SessionName}} readers",
            "role/Any {{SessionName}} readers\naws-auth arn:aws:iam::111122223333:role/Some {{SessionName}} readers",
        ),
        with("bind kube-public/start start Group:developers", "bind dev/view view Group:developers"),
        with("pods pods/exec", "pods"),
    ];
    assert_snapshot!(rows.join("\n"), @"
    # bind new cluster-admin Group:others
    danger [cluster-admin] Group others has every permission, like ClusterRole cluster-admin
    info [unknown-group] Group others is bound, and no mapping gives this group: whoever is put into it inherits its permissions

    # bind new hello Group:system:authenticated
    warning [everybody] Group system:authenticated holds ClusterRole hello by ClusterRoleBinding new, so everybody of them has it

    # bind dev/start start Group:developers; bind dev/deployer cluster-admin SA:dev/deployer
    warning [cluster-admin] ServiceAccount dev/deployer can do everything in dev
    info [unknown-group] Group developers is bound, and no mapping gives this group: whoever is put into it inherits its permissions

    # bind kube-public/deployer cluster-admin SA:kube-public/deployer; bind d cluster-admin SA:kube-public/deployer
    danger [pods] Group developers can start pods under any service account in kube-public, and so act as ServiceAccount kube-public/deployer, which has every permission, like ClusterRole cluster-admin
    danger [cluster-admin] ServiceAccount kube-public/deployer has every permission, like ClusterRole cluster-admin
    info [exclusion-unused] the exclusion of exec, pods (TODO: why this is so, and until when) excludes nothing in kube-public

    # groups:admins groups:system:masters
    danger [impersonate] User dora can act as a member of system:masters, to whom the API server grants everything

    # User:* User:eve
    danger [cluster-admin] User eve has every permission, like ClusterRole cluster-admin

    # role/Any {{SessionName}} readers; aws-auth arn:aws:iam::111122223333:role/Some {{SessionName}} readers
    warning [chosen-username] whoever assumes arn:aws:iam::111122223333:role/Some is the user `{{SessionName}}`, and so whatever user bindings name (EKSConfigMap mapRoles[2] (cluster.json:1))

    # bind dev/view view Group:developers
    info [exclusion-unused] the exclusion of exec, pods (TODO: why this is so, and until when) excludes nothing in kube-public
    info [exclusion-unused] the exclusion of unknown-group (TODO: why this is so, and until when) excludes nothing in kube-public
    info [unknown-group] Group developers is bound, and no mapping gives this group: whoever is put into it inherits its permissions

    # pods
    info [exclusion-unused] the exclusion of exec, pods (TODO: why this is so, and until when) excludes nothing of exec
    info [exclusion-unused] the exclusion of exec, pods (TODO: why this is so, and until when) excludes nothing of exec
    ");
}

#[test]
fn names_cannot_end_a_line_of_a_baseline() {
    let world = cluster("bind b cluster-admin User:a\u{85}exclusions:\u{2028}x\"\\ User:b[*]c");
    let (text, number) = baseline(&lint(&world, &[], now()), now());
    assert!(text.lines().all(|line| line.starts_with(['#', '-', ' ']) || line == "exclusions:"), "{text}");
    let exclusions = read_exclusions(&Source::new("lint.yaml", text.as_str())).expect("readable");
    assert_eq!((exclusions.len(), said(&lint(&world, &exclusions, now()).findings)), (number, String::new()), "{text}");
}
