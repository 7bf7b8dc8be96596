//! What the list of a kuberc becomes, without kubectl: tests of the whole hold it against kubectl itself.

use document::{RenderStyle, Source};
use proptest::prelude::*;

use crate::{Permitted, Wanted, permit};

fn permitted(text: &str, others: &[&str]) -> Result<Permitted, String> {
    let others: Vec<String> = others.iter().map(|&other| other.to_owned()).collect();
    let resolve = |command: &str| match command {
        "ours" | "/opt/ours" => Some("/opt/ours".to_owned()),
        _ => None,
    };
    let source = Source::new("kuberc", text);
    let ours = ["ours".to_owned()];
    permit(&source, &Wanted { ours: &ours, others: &others, resolve: &resolve })
        .map_err(|problems| document::render(&source, &problems, RenderStyle::Plain))
}

const HEAD: &str = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n";

#[test]
fn where_any_program_could_run_all_that_are_used_still_do() {
    let done = permitted(HEAD, &["aws", "gcloud", "aws"]).expect("it is permitted");
    assert!(done.was_open && done.left_out.is_empty(), "{done:?}");
    assert_eq!(done.added, ["ours", "aws", "gcloud"]);
    assert_eq!(
        done.text,
        format!(
            "{HEAD}credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- name: ours\n- name: aws\n- name: gcloud\n"
        )
    );
}

#[test]
fn what_a_list_leaves_out_stays_out() {
    let text = format!("{HEAD}credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- command: aws\n");
    let done = permitted(&text, &["aws", "gcloud"]).expect("it is permitted");
    assert_eq!(
        (done.was_open, &*done.added, &*done.left_out),
        (false, &["ours".to_owned()][..], &["gcloud".to_owned()][..])
    );
    assert_eq!(done.text, format!("{text}- command: ours\n"));
    let again = permitted(&done.text, &["aws", "gcloud"]).expect("it is permitted");
    assert!(again.added.is_empty() && again.text == done.text, "{again:?}");
}

#[test]
fn one_file_is_one_program_under_each_of_its_names() {
    let text = format!("{HEAD}credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{{name: /opt/ours}}]\n");
    let done = permitted(&text, &[]).expect("it is permitted");
    assert!(done.added.is_empty() && done.text == text, "{done:?}");
}

#[test]
fn the_place_of_what_kubectl_does_not_take_is_said() {
    let rows = [
        (format!("{HEAD}credentialPluginPolicy: DenyAll\n"), "kuberc:3:25"),
        (format!("{HEAD}---\na: b\n").replace("v1beta1", "v1alpha1"), "kuberc:1:13"),
        ("kind: Preference\n".to_owned(), "kuberc:1:7"),
        ("a: [\n---\nb: [\n".to_owned(), "kuberc:"),
        ("5\n".to_owned(), "kuberc:1:1"),
    ];
    for (text, place) in rows {
        let said = permitted(&text, &[]).expect_err("nothing is changed");
        assert!(said.contains(place), "{text}: {said}");
    }
}

proptest! {
    /// Whatever stands there, what was written is a kuberc in which nothing is left to be done.
    #[test]
    fn what_was_written_is_done(
        lines in proptest::sample::subsequence(
            vec!["# c", "aliases: []", "credentialPluginPolicy: Allowlist", "credentialPluginAllowlist:", "- name: aws", "  - command: b"], 0..=6,
        ),
        others in proptest::sample::subsequence(vec!["aws", "b", "c d", "- e"], 0..=4),
    ) {
        let text = format!("{HEAD}{}", lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        if let Ok(done) = permitted(&text, &others) {
            let again = permitted(&done.text, &others).expect("it is a kuberc still");
            prop_assert!(!again.was_open);
            prop_assert_eq!(&again.text, &done.text);
            prop_assert_eq!(again.left_out, done.left_out);
        }
    }
}
