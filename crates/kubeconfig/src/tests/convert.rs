//! What turning users to this program changes, and what it leaves.

use document::{RenderStyle, Source};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::{Converted, convert};

/// This program takes everything but one word.
fn accepts(words: &[String]) -> Result<(), String> {
    if words.iter().any(|word| word == "--debug") { Err("--debug is not known".to_owned()) } else { Ok(()) }
}

fn converted(text: &str) -> Converted {
    let source = Source::new("config", text);
    convert(&source, "cluster-auth", "Ask: somebody", accepts)
        .unwrap_or_else(|problems| panic!("{}", document::render(&source, &problems, RenderStyle::Plain)))
}

const BY_THE_AWS_CLI: &str = "\
# mine
users:
- name: prod # keep
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --region
      - eu-west-1
      - eks
      - get-token
      - --cluster-name
      - prod
      - --role
      - arn:aws:iam::111122223333:role/Admin # the admin's
      command: aws # v1
      env:
      - name: AWS_PROFILE
        value: work
      provideClusterInfo: false
- name: other
  user:
    token: secret
current-context: prod
";

#[test]
fn what_the_aws_cli_wrote() {
    let Converted { text, users, left, .. } = converted(BY_THE_AWS_CLI);
    assert_snapshot!(text);
    assert_eq!(users[0].name, "prod");
    assert_eq!(
        (users[0].before.as_str(), users[0].after.as_str()),
        (
            "aws --region eu-west-1 eks get-token --cluster-name prod --role arn:aws:iam::111122223333:role/Admin",
            "cluster-auth --region eu-west-1 eks get-token --cluster-name prod --role arn:aws:iam::111122223333:role/Admin",
        )
    );
    assert_eq!((users.len(), left.len()), (1, 0));
}

#[test]
fn programs_are_known_wherever_they_lie() {
    let rows = [
        ("aws", "eks, get-token", true),
        ("/usr/local/bin/aws", "eks, get-token", true),
        ("\"C:\\\\Tools\\\\aws.exe\"", "eks, get-token", true),
        ("heptio-authenticator-aws", "token", true),
        ("./aws-iam-authenticator", "token", true),
        ("cluster-auth", "token", false),
        ("awsx", "eks, get-token", false),
        ("gke-gcloud-auth-plugin", "token", false),
        ("''", "token", false),
    ];
    for (command, words, is_known) in rows {
        let text = format!("users:\n- name: x\n  user:\n    exec:\n      command: {command}\n      args: [{words}]\n");
        assert_eq!(converted(&text).users.len() == 1, is_known, "{command}");
        assert_eq!(converted(&text).text == text, !is_known, "{command}");
    }
}

#[test]
fn versions_that_kubectl_has_dropped_and_hints_of_other_programs_go() {
    let text = "users:\n- name: x\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1alpha1\n      \
                command: heptio-authenticator-aws\n      args: [token]\n      interactiveMode: Never # no\n      installHint: |\n        Install\n        that.\n\n# end\n";
    assert_snapshot!(converted(text).text, @r#"
    users:
    - name: x
      user:
        exec:
          apiVersion: client.authentication.k8s.io/v1
          command: cluster-auth
          args: [token]
          interactiveMode: Never # no
          installHint: "Ask: somebody"

    # end
    "#);
}

#[test]
fn json_stays_json() {
    let text = r#"{"users": [{"name": "x", "user": {"exec": {"command": "aws", "args": ["eks", "get-token"]}}}]}"#;
    assert_snapshot!(converted(text).text, @r#"{"users": [{"name": "x", "user": {"exec": {"command": "cluster-auth", "args": ["eks", "get-token"], "apiVersion": "client.authentication.k8s.io/v1", "installHint": "Ask: somebody", "interactiveMode": "IfAvailable"}}}]}"#);
}

#[test]
fn a_user_with_unknown_words_stays() {
    let text = "users:\n- {name: x, user: {exec: {command: aws, args: [--debug, eks, get-token]}}}\n";
    let Converted { text: after, users, left, .. } = converted(text);
    assert_eq!((after.as_str(), users.len()), (text, 0));
    assert_eq!(
        (left[0].command_line.as_str(), left[0].why.as_str()),
        ("aws --debug eks get-token", "--debug is not known")
    );
}

#[test]
fn what_two_users_share_is_turned_once() {
    let text = "users:\n- name: a\n  user: &shared\n    exec: {command: aws, args: [eks, get-token]}\n- name: b\n  user: *shared\n";
    let Converted { text, users, .. } = converted(text);
    assert_eq!(users.len(), 2);
    assert_eq!(text.matches("cluster-auth").count(), 1, "{text}");
}

#[test]
fn what_an_anchor_names_is_turned_for_all_who_have_it() {
    let flow = "users:\n- name: a\n  user:\n    exec: &x {apiVersion: client.authentication.k8s.io/v1beta1, command: aws, args: [eks, get-token]}\n- name: b\n  user:\n    exec: *x\n";
    let block = "users:\n- name: a\n  user:\n    exec: &x\n      apiVersion: client.authentication.k8s.io/v1alpha1\n      command: aws-iam-authenticator # c\n      args: [token, -i, p]\n- name: b\n  user:\n    exec: *x\n";
    for text in [flow, block] {
        let Converted { text, users, .. } = converted(text);
        assert_eq!(users.len(), 2, "{text}");
        assert_eq!(
            text.matches("command: \"cluster-auth\"").count() + text.matches("command: cluster-auth").count(),
            1,
            "{text}"
        );
        assert_eq!(text.matches("interactiveMode").count(), 1, "{text}");
        assert_eq!(converted(&text).text, text);
    }
}

#[test]
fn a_merge_key_that_only_one_of_two_is_turned_by_changes_nothing() {
    // Another program that has the section too would run ours.
    let text = "users:\n- name: a\n  user:\n    exec: &x\n      command: aws\n      args: [eks, get-token]\n- name: b\n  user:\n    exec:\n      <<: *x\n      args: [--debug]\n";
    let source = Source::new("config", text);
    let problems = convert(&source, "cluster-auth", "Ask: somebody", accepts).expect_err("b would be changed too");
    let said = document::render(&source, &problems, RenderStyle::Plain);
    assert!(said.contains("nothing was changed") && said.contains("users[1]"), "{said}");
}

#[test]
fn a_program_in_front_stays_in_front() {
    let text = "users:\n- name: a\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1alpha1\n      command: aws-vault\n      args:\n      - exec\n      - prod\n      - --\n      - aws # v2\n      - eks\n      - get-token\n";
    let Converted { text, users, left, .. } = converted(text);
    assert_eq!((users.len(), left.len()), (1, 0));
    assert_eq!(users[0].after, "aws-vault exec prod -- cluster-auth eks get-token");
    assert!(text.contains("command: aws-vault\n") && text.contains("- cluster-auth # v2\n"), "{text}");
    assert!(
        text.contains("apiVersion: client.authentication.k8s.io/v1\n") && text.contains("interactiveMode: IfAvailable"),
        "{text}"
    );
    assert!(!text.contains("installHint"), "the hint is about the program in front: {text}");
    assert_eq!(converted(&text).text, text);
}

#[test]
fn what_cannot_be_turned_is_named() {
    let rows = [
        (
            "{command: sh, args: [-c, aws eks get-token --cluster-name demo]}",
            "sh runs the program that makes the tokens, and is not converted: where it runs `aws eks get-token`",
        ),
        ("{command: ./eks-token.sh}", "eks-token.sh is not known here, and what it runs is not seen"),
        (
            "{command: /usr/local/bin/get-token-wrapper, args: [demo]}",
            "make the user anew by `cluster-auth kubeconfig --eks NAME --merge`",
        ),
        ("{command: bash, args: [-c, ./token]}", "bash runs a script, and what it runs is not seen"),
        ("{command: aws-vault, args: [exec, prod, --, ./token]}", "aws-vault is not known here"),
        (
            "{command: /opt/aws-iam-authenticator-wrapper, args: [token]}",
            "aws-iam-authenticator-wrapper runs the program",
        ),
        ("{command: aws-vault, args: [exec, p, --, aws, --debug, eks, get-token]}", "--debug is not known"),
        ("{command: aws, args: [token, -i, demo]}", "these words are not a command of the AWS CLI that makes a token"),
        ("{command: aws-vault, args: [exec, p, --, aws, token, -i, demo]}", "(`aws eks get-token` is)"),
        ("{command: aws}", "these words are not a command of the AWS CLI"),
        (
            "{command: aws-iam-authenticator, args: [eks, get-token, --cluster-name, demo]}",
            "these words are not a command of aws-iam-authenticator that makes a token (`token` is)",
        ),
    ];
    for (exec, why) in rows {
        let text = format!("users:\n- {{name: x, user: {{exec: {exec}}}}}\n");
        let Converted { text: after, users, left, .. } = converted(&text);
        assert_eq!((after, users.len(), left.len()), (text, 0, 1), "{exec}");
        assert!(left[0].why.contains(why), "{}", left[0].why);
    }
}

#[test]
fn nothing_to_turn_is_no_mistake() {
    for text in ["", "# only this\n", "users:\n", "users: []\n", "kind: Config\n", "users:\n- name: x\n"] {
        assert_eq!(converted(text).text, text);
    }
}

#[test]
fn what_kubectl_does_not_load_is_refused_where_it_stands() {
    let rows = [
        ("{user: {exec: aws eks get-token}}", "`exec` is not a mapping"),
        ("{user: {exec: {command: aws, args: eks get-token}}}", "`args` is not a list"),
        (
            "{user: {exec: {command: aws, args: [eks, get-token], env: [{name: AWS_PROFILE, value: {PROFILE}}]}}}",
            "`value` is not a string",
        ),
        ("5", "`users[0]` is not a mapping"),
    ];
    for (user, why) in rows {
        let source = Source::new("config", format!("users:\n- {user}\n"));
        let problems = convert(&source, "cluster-auth", "Ask: somebody", accepts).expect_err(user);
        let said = document::render(&source, &problems, RenderStyle::Plain);
        assert!(said.contains(&format!("{why} to kubectl, which does not load such a kubeconfig")), "{user}: {said}");
    }
}

/// kubectl runs no plugin that says no version.
#[test]
fn a_version_that_kubectl_wants_is_written() {
    for version in ["", "      apiVersion: client.authentication.k8s.io/v1alpha1\n"] {
        let text = format!(
            "users:\n- name: a\n  user:\n    exec:\n{version}      command: aws\n      args: [eks, get-token]\n"
        );
        let Converted { text, .. } = converted(&text);
        assert!(text.contains("apiVersion: client.authentication.k8s.io/v1\n"), "{text}");
    }
}

proptest! {
    /// Once is enough, whatever there is, and everything is still readable.
    #[test]
    fn turning_twice_is_turning_once(
        users in prop::collection::vec(("[a-z]{1,6}", "aws|cluster-auth|x/aws-iam-authenticator", any::<bool>(), any::<bool>()), 0..4),
        indent in 0_usize..3,
        ends in any::<bool>(),
    ) {
        let pad = " ".repeat(indent);
        let mut text = String::from("users:\n");
        for (at, (name, command, in_flow, has_hint)) in users.iter().enumerate() {
            // kubectl loads no file in which a name stands twice.
            let name = format!("{name}{at}");
            let hint = if *has_hint { "old hint" } else { "null" };
            let words = if command == "aws" { ["eks", "get-token"].as_slice() } else { &["token"] };
            text.push_str(&if *in_flow {
                format!("{pad}- {{name: {name}, user: {{exec: {{command: {command}, args: [{}], installHint: {hint}}}}}}} # c\n", words.join(", "))
            } else {
                let args: String = words.iter().map(|word| format!("{pad}      - {word} # t\n")).collect();
                format!("{pad}- name: {name}\n{pad}  user:\n{pad}    exec:\n{pad}      command: {command}\n{pad}      args:\n{args}")
            });
        }
        let text = if ends { text } else { text.trim_end().to_owned() };
        let once = converted(&text);
        prop_assert_eq!(&converted(&once.text).text, &once.text);
        prop_assert!(!once.text.contains("command: aws") && !once.text.contains("authenticator"), "{}", once.text);
    }
}

#[test]
fn a_second_document_is_said_and_left() {
    let first = "users:\n- name: a\n  user:\n    exec: {command: aws-iam-authenticator, args: [token, -i, a]}\n";
    let other = "---\nusers:\n- name: b\n  user:\n    exec: {command: aws-iam-authenticator, args: [token, -i, b]}\n";
    let Converted { text, users, unread, .. } = converted(&format!("{first}{other}"));
    assert_eq!((users.len(), unread), (1, vec![5]));
    assert!(text.ends_with(other), "{text}");
    assert_eq!(converted(first).unread, [0usize; 0]);
}
