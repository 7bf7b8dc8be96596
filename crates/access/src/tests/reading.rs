//! What cannot be read: each row is a text and what is said about it.

use document::{Limits, RenderStyle};
use insta::assert_snapshot;

use super::{around, codes, sources};
use crate::read;

#[test]
fn what_is_wrong_is_found_where_it_stands() {
    let rows = [
        ("- {name: a, usres: [x]}", vec!["access.unknown-key 0:4:13"]),
        ("- {users: [x]}", vec!["access.missing 0:4:3"]),
        ("- {name: a, users: x}", vec!["access.type 0:4:20"]),
        ("- {name: a, users: [1]}", vec!["access.type 0:4:21"]),
        ("- {name: a, users: [{name: x, arn: 'arn:aws:iam::111122223333:user/x'}]}", vec!["access.conflict 0:4:36"]),
        ("- {name: a, users: [{}]}", vec!["access.missing 0:4:21"]),
        ("- {name: a, users: ['dev*']}", vec!["access.wildcard 0:4:21"]),
        ("- {name: a, roles: ['arn:aws:iam::111122223333:role/*']}", vec!["access.wildcard 0:4:21"]),
        ("- {name: a, users: ['a b']}", vec!["access.name 0:4:21"]),
        ("- {name: a, users: ['arn:aws:iam::1:user/x']}", vec!["access.arn 0:4:21"]),
        ("- {name: a, users: ['arn:aws:iam::111122223333:role/x']}", vec!["access.arn 0:4:21"]),
        ("- {name: a, roles: ['arn:aws:sts::111122223333:assumed-role/x/y']}", vec!["access.arn 0:4:21"]),
        ("- {name: a, permissionSets: [a/b]}", vec!["access.name 0:4:30"]),
        ("- {name: a, users: [{name: x, account: 012345678901}]}", vec!["access.account 0:4:40"]),
        ("- {name: a, users: [{name: x, account: '12345678901'}]}", vec!["access.account 0:4:40"]),
        ("- {name: a, users: [{name: x, account: 111122223333}]}", vec!["access.yaml-1.1 0:4:40"]),
        ("- {name: a, users: [{name: x, partition: aws-mars}]}", vec!["access.partition 0:4:42"]),
        ("- {name: a, users: [on]}", vec!["access.yaml-1.1 0:4:21"]),
        ("- {name: 'system:nodes', users: [x]}", vec!["access.system-name 0:4:10"]),
        ("- {name: 'a/b', users: [x]}", vec!["access.name 0:4:10"]),
        ("- {name: 'a:{{SessionName}}', users: [x]}", vec!["access.name 0:4:10"]),
        ("- {name: a, users: [{name: x, username: 'system:admin'}]}", vec!["access.system-name 0:4:41"]),
        ("- {name: a, roles: [{name: x, username: '{{SessionName}}'}]}", vec!["access.template 0:4:41"]),
        ("- {name: a, roles: [{name: x, username: '{{SessionName}}:f'}]}", vec!["access.template 0:4:41"]),
        ("- {name: a, roles: [{name: x, username: '{{AccountID}}-{{SessionName}}'}]}", vec!["access.template 0:4:41"]),
        ("- {name: a, roles: [{name: x, username: 'dev-{{SessionNameRaw}}'}]}", vec!["access.template 0:4:41"]),
        ("- {name: a, users: [{name: x, username: 'dev:{{AccountID}}'}]}", Vec::new()),
        // EKS' own default, and what AWS alone chooses.
        (
            "- {name: a, roles: [{name: x, username: 'arn:aws:sts::111122223333:assumed-role/x/{{SessionName}}'}]}",
            Vec::new(),
        ),
        ("- {name: a, roles: [{name: x, username: '{{AccessKeyID}}'}]}", Vec::new()),
        ("- {name: a, roles: [{name: x, username: '{{AccountID}}:dev-{{SessionName}}'}]}", Vec::new()),
        ("- {name: a, roles: [{name: x, username: 'x:{{Session}}'}]}", vec!["access.template 0:4:41"]),
        ("- {name: a, users: [x], expires: soon}", vec!["access.expires 0:4:34"]),
        ("- {name: a, users: [x], expires: 2026-13-01}", vec!["access.expires 0:4:34"]),
        ("- {name: a, users: [x], expires: 2026-12-01T10:00:00}", vec!["access.expires 0:4:34"]),
        ("- {name: a, users: [x], authorization: []}", vec!["access.empty-authorization 0:4:40"]),
        ("- {name: a, users: [x], authorization: }", vec!["access.empty-authorization 0:4:39"]),
        ("- {name: a, users: [x], authorization: [{namespace: d}]}", vec!["access.grant 0:4:41"]),
        (
            "- {name: a, users: [x], authorization: [{namespace: d, role: r, clusterRole: r}]}",
            vec!["access.grant 0:4:62"],
        ),
        (
            "- {name: a, users: [x], authorization: [{namespace: d, namespaces: [e], role: r}]}",
            vec!["access.scope 0:4:68"],
        ),
        ("- {name: a, users: [x], authorization: [{namespace: , clusterRole: r}]}", vec!["access.scope 0:4:52"]),
        ("- {name: a, users: [x], authorization: [{role: r}]}", vec!["access.scope 0:4:48"]),
        ("- {name: a, users: [x], authorization: [{namespace: 'd*', role: r}]}", vec!["access.name 0:4:53"]),
        (
            "- {name: a, users: [x], authorization: [{namespaceSelector: {}, clusterRole: r}]}",
            vec!["access.selector 0:4:61"],
        ),
        (
            "- {name: a, users: [x], authorization: [{namespace: d, rules: [{verbs: [get], resources: [pods]}]}]}",
            vec!["access.rule 0:4:64"],
        ),
        ("- {name: a, users: [x], accept: {access.nobdy: why}}", vec!["access.unknown-key 0:4:34"]),
        ("- {name: a, users: [x]}\n- {name: a, users: [z]}", vec!["access.conflict 0:5:20"]),
        ("- {name: a, x-note: [1, 2], users: [x]}", vec![]),
    ];
    for (text, expected) in rows {
        let found = codes(&[&around(text)]);
        let of_reading: Vec<_> = found.iter().filter(|code| !code.contains("access.nobody")).collect();
        assert_eq!(of_reading, expected.iter().collect::<Vec<_>>(), "{text}");
    }
}

/// Who misses an account because it is misspelt has one mistake, and not one more for each principal.
#[test]
fn a_wrong_account_is_said_once() {
    let people = "users: [x, y], roles: [R, {name: S}]";
    let rows = [
        (format!("clusterID: c\naccount: '1111'\ngroups: [{{name: a, {people}}}]\nnodes: [{{roles: [N]}}]"), 1),
        (format!("clusterID: c\ngroups: [{{name: a, {people}, authentication: {{account: '1111'}}}}]"), 1),
        // The file's is not meant by whoever writes another one.
        (
            format!(
                "clusterID: c\naccount: '111122223333'\ngroups: [{{name: a, {people}, authentication: {{account: '1111'}}}}]"
            ),
            1,
        ),
        (
            "clusterID: c\ngroups: [{name: a, users: [{name: x, account: '1111'}, {name: z, account: '2'}]}]"
                .to_owned(),
            2,
        ),
    ];
    for (text, number) in rows {
        let found = codes(&[&text]);
        let wrong = found.iter().filter(|code| code.starts_with("access.account ")).count();
        assert_eq!(wrong, number, "{text}: {found:?}");
        assert!(!found.iter().any(|code| code.contains("no-account")), "{text}: {found:?}");
    }
    // Who writes none at all misses it at each.
    let found = codes(&["clusterID: c\ngroups: [{name: a, users: [x, y]}]"]);
    assert_eq!(found.iter().filter(|code| code.contains("no-account")).count(), 2, "{found:?}");
}

#[test]
fn the_arn_of_a_permission_set_is_one() {
    for (list, hint) in [
        ("permissionSets", "or list the role under `roles`"),
        ("roles", "under `permissionSets`"),
        ("users", "under `permissionSets`"),
    ] {
        let text = format!(
            "clusterID: c\naccount: '111122223333'\ngroups: [{{name: a, {list}: ['arn:aws:sso:::permissionSet/ssoins-1111/ps-2222']}}]"
        );
        let read = crate::read(&super::sources(&[&text]), &document::Limits::default());
        let said: Vec<_> = read
            .problems
            .iter()
            .map(|problem| (&*problem.message, problem.hint.as_deref().unwrap_or_default()))
            .collect();
        assert!(
            matches!(&said[..], [("a permission set is named, not given by an ARN", said)] if said.ends_with(hint)),
            "{list}: {said:?}"
        );
    }
}

#[test]
fn a_principal_needs_an_account_from_somewhere() {
    assert_eq!(codes(&["clusterID: c\ngroups: [{name: a, users: [x]}]"])[0], "access.no-account 0:2:28");
    let from_group = "clusterID: c\ngroups: [{name: a, users: [x], authentication: {account: '111122223333'}}]";
    assert_eq!(codes(&[from_group]), [""; 0]);
}

#[test]
fn files_merge_and_conflicts_show_both_places() {
    let people = "account: '111122223333'\ngroups: [{name: a, users: [x]}]";
    let grants = "clusterID: c\ngroups: [{name: a, authorization: [{clusterRole: view}]}]";
    assert_eq!(codes(&[people, grants]), [""; 0]);
    assert_eq!(codes(&[grants, people]), [""; 0]);
    let both = sources(&[people, grants, "clusterID: d\ngroups: [{name: a, users: [z]}]"]);
    let problems = read(&both, &Limits::default()).problems;
    assert_snapshot!(document::render(&both, &problems, RenderStyle::Plain), @"
    error[access.conflict]: `clusterID` is set twice; all files together have it once
     --> 2.yaml:1:12
      |
    1 | clusterID: d
      |            ^
      |
     ::: 1.yaml:1:12
      |
    1 | clusterID: c
      |            - here too

    error[access.conflict]: `users` is set twice; each key of a group comes from one place
     --> 2.yaml:2:27
      |
    2 | groups: [{name: a, users: [z]}]
      |                           ^^^
      |
     ::: 0.yaml:2:27
      |
    2 | groups: [{name: a, users: [x]}]
      |                           --- here too
    ");
}

#[test]
fn many_problems_are_shown_in_one_run() {
    let text = "clusterId: c\naccount: 12345678901\ngroups:\n- name: devs\n  user: [alice]\n  authorization:\n  - namespace: Dev\n    rules: [{apiGroups: [''], resources: [pods], verb: [get]}]\n";
    let sources = sources(&[text]);
    assert_snapshot!(document::render(&sources, &read(&sources, &Limits::default()).problems, RenderStyle::Plain), @r#"
    error[access.unknown-key]: the file has no key `clusterId`
     --> 0.yaml:1:1
      |
    1 | clusterId: c
      | ^^^^^^^^^
      |
      = help: did you mean `clusterID`?

    error[access.account]: an AWS account id has exactly 12 digits; this has 11
     --> 0.yaml:2:10
      |
    2 | account: 12345678901
      |          ^^^^^^^^^^^
      |
      = help: if leading zeros were lost, write "012345678901"

    error[access.unknown-key]: a group has no key `user`
     --> 0.yaml:5:3
      |
    5 |   user: [alice]
      |   ^^^^
      |
      = help: did you mean `users`?

    error[access.name]: `Dev` is not a valid namespace: at most 63 of a-z, 0-9 and `-`, with no `-` at either end
     --> 0.yaml:7:16
      |
    7 |   - namespace: Dev
      |                ^^^

    error[access.rule]: a rule without verbs
     --> 0.yaml:8:13
      |
    8 |     rules: [{apiGroups: [''], resources: [pods], verb: [get]}]
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[access.unknown-key]: a rule has no key `verb`
     --> 0.yaml:8:50
      |
    8 |     rules: [{apiGroups: [''], resources: [pods], verb: [get]}]
      |                                                  ^^^^
      |
      = help: did you mean `verbs`?
    "#);
}

/// A path in IAM may hold colons, so that an ARN with a slip would be a name behind a path.
#[test]
fn what_is_nearly_an_arn_is_no_name() {
    let code = |principal: &str| -> Option<&'static str> {
        let sources = sources(&[&format!(
            "clusterID: c\naccount: '111122223333'\ngroups:\n- {{name: devs, users: [{principal}]}}\n"
        )]);
        read(&sources, &Limits::default()).problems.first().map(|problem| problem.code)
    };
    for (principal, expected) in [
        ("alice", None),
        ("ops/bob", None),
        ("a:b/bob", None),
        ("'arn:aws:iam::111122223333:user/alice'", None),
        ("' arn:aws:iam::111122223333:user/alice'", Some("access.arn")),
        ("'ARN:aws:iam::111122223333:user/alice'", Some("access.arn")),
        ("{name: 'Arn:aws:iam::111122223333:role/Ops'}", Some("access.arn")),
        ("'bob smith'", Some("access.name")),
        ("'the ops/bob'", Some("access.name")),
        ("' ops/bob'", Some("access.name")),
        ("'öps/bob'", Some("access.name")),
    ] {
        assert_eq!(code(principal), expected, "{principal}");
    }
}

#[test]
fn never_is_no_day() {
    let sources = sources(&[
        "clusterID: c\ngroups:\n- {name: devs, users: ['arn:aws:iam::111122223333:user/a'], expires: 9999-12-31}\n",
    ]);
    let problems = read(&sources, &Limits::default()).problems;
    let said: Vec<_> = problems.iter().map(|problem| (&*problem.message, problem.hint.as_deref())).collect();
    assert_eq!(said, [("this date is too far in the future", Some("leave `expires` out for never"))]);
}

/// What only the server or the API server refused would be granted by nobody, or to everybody whom a stray blank chooses.
#[test]
fn what_kubernetes_or_a_server_refuses_is_refused() {
    let said = |id: &str, selector: &str| -> Vec<String> {
        let sources = sources(&[&format!(
            "clusterID: {id}\ngroups:\n- {{name: devs, users: ['arn:aws:iam::111122223333:user/a'], authorization: [{{clusterRole: view, namespaceSelector: {selector}}}]}}\n"
        )]);
        read(&sources, &Limits::default())
            .problems
            .iter()
            .map(|problem| format!("{}: {}", problem.code, problem.message))
            .collect()
    };
    let good = "{matchLabels: {team: a}}";
    let id = |text: &str| format!("access.name: `{text}` is not a cluster id: visible ASCII characters and blanks");
    let key = |text: &str| {
        format!(
            "access.selector: `{text}` is not the key of a label: 1 to 63 letters, digits, `-`, `_` and `.`, with a domain and `/` before it or not"
        )
    };
    let value = |text: &str| {
        format!(
            "access.selector: `{text}` is not the value of a label: up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
        )
    };
    let no_operator = "access.selector: `in` is none of In, NotIn, Exists and DoesNotExist".to_owned();
    let none = "access.selector: a selector without conditions would choose every namespace".to_owned();
    for (cluster, selector, expected) in [
        ("prod 1", good, vec![]),
        ("''", good, vec![id("")]),
        ("' '", good, vec![id(" ")]),
        ("prod-é", good, vec![id("prod-é")]),
        ("c", "{matchLabels: {example.com/team: a_b.C-1, empty: ''}}", vec![]),
        ("c", "{matchLabels: {te am: x}}", vec![key("te am")]),
        ("c", "{matchLabels: {team: 'x y'}}", vec![value("x y")]),
        ("c", "{matchLabels: {UP/team: x}}", vec![key("UP/team")]),
        ("c", "{matchExpressions: [{key: team, operator: NotIn, values: ['b ']}]}", vec![value("b ")]),
        ("c", "{matchExpressions: [{key: -team, operator: Exists}]}", vec![key("-team")]),
        ("c", "{matchExpressions: [{key: team, operator: in, values: [a]}]}", vec![no_operator]),
        ("c", "{matchLabels: {}}", vec![none]),
    ] {
        assert_eq!(said(cluster, selector), expected, "{cluster}, {selector}");
    }
}

#[test]
fn a_key_that_belongs_elsewhere_is_said_to() {
    let hint = |lines: &str| -> String {
        let sources = sources(&[&format!("clusterID: c\ngroups:\n- name: devs\n{lines}")]);
        let problems = read(&sources, &Limits::default()).problems;
        let unknown = problems.iter().find(|problem| problem.code == "access.unknown-key").expect(lines);
        unknown.hint.clone().unwrap_or_default()
    };
    for (lines, expected) in [
        ("  rules: []\n", "`rules` belongs below a group's `authorization`, in one of the list"),
        ("  role: view\n", "`role` belongs below a group's `authorization`, in one of the list"),
        ("  clusterRole: view\n", "`clusterRole` belongs below a group's `authorization`, in one of the list"),
        ("  namespace: dev\n", "`namespace` belongs below a group's `authorization`, in one of the list"),
        ("  verbs: [get]\n", "`verbs` belongs below `rules` of a group's `authorization`, in one of the list"),
        ("  authorization: [{users: [a]}]\n", "`users` belongs in one of `groups`"),
        (
            "  authorization: [{verbs: [get]}]\n",
            "`verbs` belongs below `rules` of a group's `authorization`, in one of the list",
        ),
        (
            "  authorization: [{expires: 2027-01-01}]\n",
            "`expires` belongs in one of `groups`, or in a principal that is a mapping, such as `{name: alice, username: al}`",
        ),
        // What is nowhere else is a slip of the fingers.
        ("  rols: []\n", "did you mean `roles`?"),
    ] {
        assert_eq!(hint(lines), expected, "{lines}");
    }
}

#[test]
fn a_key_of_the_charts_first_days_names_what_took_its_place() {
    let sources =
        sources(&[&super::around("- {name: devs, users: [alice], authentication: {role: KubernetesAdmin}}\n")]);
    assert_snapshot!(document::render(&sources, &read(&sources, &Limits::default()).problems, RenderStyle::Plain), @r"
    error[access.unknown-key]: authentication has no key `role`
     --> 0.yaml:4:49
      |
    4 | - {name: devs, users: [alice], authentication: {role: KubernetesAdmin}}
      |                                                 ^^^^
      |
      = help: name the role under the group's `roles:`, and whoever may assume it is in the group
    ");
}

#[test]
fn settings_of_the_chart_are_checked_and_mean_nothing_here() {
    let good = "authenticator: {enabled: false, image: a/b, tag: v1, port: 21362, args: [--x], resources: {a: [1]}}\n\
                access: {create: false}\nrbac: {create: true}\nserviceMonitor: {labels: {a: b}}\nglobal: {x: 1}\n";
    let with = |settings: &str| format!("{settings}\n{}", super::around("- {name: devs, users: [alice]}\n"));
    super::good(&with(good));
    let cases = [
        ("a misspelt setting", "authenticator: {imgae: x}", "access.unknown-key 0:1:17"),
        ("a flag that is a text", "rbac: {create: 'no'}", "access.type 0:1:16"),
        ("a port that is none", "authenticator: {port: https}", "access.type 0:1:23"),
        ("a tag that is a number", "authenticator: {tag: 1.0}", "access.type 0:1:22"),
        ("a choice that is none", "authenticator: {reads: acess.yaml}", "access.type 0:1:24"),
        ("arguments that are not a list", "authenticator: {args: --x}", "access.type 0:1:23"),
        ("labels that are not a mapping", "prometheusRule: {labels: [a]}", "access.type 0:1:26"),
        ("a section that is none", "rbac: true", "access.type 0:1:7"),
    ];
    for (name, settings, expected) in cases {
        assert_eq!(codes(&[&with(settings)]), [expected], "{name}");
    }
}
