//! What is answered to kubectl, and what merging keeps.

use std::collections::BTreeMap;

use document::{RenderStyle, Source};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::{
    ApiVersion, Authority, ClusterEndpoint, ExecEntry, ExecPlugin, InteractiveMode, OtherFiles, exec_credential,
    exec_info, merge, read_cluster, read_webhook, render, webhook,
};

mod convert;
mod kuberc;
mod merging;
mod other_files;

fn entry(name: &str) -> ExecEntry {
    ExecEntry {
        context: name.to_owned(),
        cluster: name.to_owned(),
        user: name.to_owned(),
        endpoint: ClusterEndpoint {
            server: "https://api.example.com".to_owned(),
            authority: Authority::Pem("PEM\n".to_owned()),
            other: BTreeMap::new(),
        },
        namespace: Some("dev".to_owned()),
        exec: ExecPlugin {
            command: "cluster-auth".to_owned(),
            args: ["token", "-i", name].map(str::to_owned).to_vec(),
            env: vec![("AWS_PROFILE".to_owned(), "no".to_owned())],
            api_version: ApiVersion::V1,
            install_hint: Some("Ask: somebody".to_owned()),
            interactive_mode: InteractiveMode::IfAvailable,
            provide_cluster_info: false,
        },
    }
}

fn source(text: &str) -> Source {
    Source::new("config", text)
}

fn merged(text: &str, name: &str) -> String {
    let source = source(text);
    match merge(&source, &OtherFiles::default(), &entry(name), true) {
        Ok(merged) => merged.text,
        Err(problems) => document::render(&source, &problems, RenderStyle::Plain),
    }
}

/// The kubeconfig as data, to compare what it means.
fn data(text: &str) -> Vec<(String, Vec<String>)> {
    let source = source(text);
    let root = document::parse(&source, &document::Limits::default()).expect("readable").expect("not empty");
    let entries = root.as_mapping().expect("a mapping");
    let strip = |node: &document::Node| format!("{:?}", bare(node));
    entries
        .iter()
        .map(|entry| {
            let items = entry
                .value
                .as_sequence()
                .map_or_else(|| vec![strip(&entry.value)], |list| list.iter().map(strip).collect());
            (entry.key.text.to_string(), items)
        })
        .collect()
}

/// A node without its places and styles.
fn bare(node: &document::Node) -> serde_json::Value {
    match &node.value {
        document::Value::Scalar(scalar) => scalar.text.to_string().into(),
        document::Value::Sequence(nodes, _) => nodes.iter().map(bare).collect(),
        document::Value::Mapping(entries, _) => entries
            .iter()
            .map(|entry| (entry.key.text.to_string(), bare(&entry.value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

#[test]
fn kubectl_is_answered_in_the_version_it_asks_for() {
    let info = |version: &str| {
        format!(
            "{{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/{version}\",\"spec\":{{\"interactive\":true}}}}"
        )
    };
    let rows = [
        (None, ApiVersion::V1Beta1, false, 0),
        (Some(info("v1")), ApiVersion::V1, true, 0),
        (Some(info("v1beta1")), ApiVersion::V1Beta1, true, 0),
        (Some(info("v1alpha1")), ApiVersion::V1Alpha1, true, 1),
        (Some(info("v9")), ApiVersion::V1Beta1, false, 1),
        (Some("{}".to_owned()), ApiVersion::V1Beta1, false, 1),
        (Some("not JSON".to_owned()), ApiVersion::V1Beta1, false, 1),
    ];
    for (text, version, interactive, notes) in rows {
        let info = exec_info(text.as_deref());
        assert_eq!((info.api_version, info.interactive, info.notes.len()), (version, interactive, notes), "{text:?}");
    }
}

#[test]
fn the_answer_is_one_line_in_the_existing_order() {
    let at = "2026-01-02T03:18:05.9Z".parse().expect("a time");
    assert_snapshot!(exec_credential(ApiVersion::V1, "k8s-aws-v1.x", at), @r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false},"status":{"expirationTimestamp":"2026-01-02T03:18:05Z","token":"k8s-aws-v1.x"}}"#);
}

#[test]
fn a_new_kubeconfig() {
    assert_snapshot!(render(&entry("prod.example.com")));
}

const EXISTING: &str = "# mine\napiVersion: v1\nkind: Config\nclusters:\n  - name: other   # keep\n    cluster:\n      server: https://other\n\
contexts:\n- context: {cluster: other, user: other}\n  name: other\n# users follow\nusers:\n- name: other\n  user:\n    token: |\n      secret\n\n\
current-context: other # was here\npreferences: {}\n";

#[test]
fn an_entry_is_added_and_everything_else_stays() {
    assert_snapshot!(merged(EXISTING, "new"));
}

#[test]
fn a_merge_twice_is_a_merge_once() {
    let once = merged(EXISTING, "new");
    assert_eq!(merged(&once, "new"), once);
}

#[test]
fn same_named_entries_are_replaced_where_they_stand() {
    assert_snapshot!(merged(EXISTING, "other"));
}

#[test]
fn lists_may_be_missing_empty_or_json() {
    for text in [
        "",
        "# nothing\n",
        "apiVersion: v1\n",
        "clusters: []\nusers: null\ncontexts:\n",
        "{}",
        "{\"clusters\": [], \"kind\": \"Config\"}",
        "current-context: \"\"",
    ] {
        let merged = merged(text, "no");
        let endpoint = read_cluster(&source(&merged), None).unwrap_or_else(|_| panic!("{text:?} became\n{merged}"));
        assert_eq!(endpoint.authority, Authority::Pem("PEM\n".to_owned()), "{merged}");
        assert_eq!(self::merged(&merged, "no"), merged, "{text:?} twice");
    }
}

#[test]
fn what_is_no_kubeconfig_is_said() {
    assert_snapshot!(merged("clusters: 5\nusers: [{name: [a], user: {}}]\n", "x"));
    assert_snapshot!(merged("- a\n", "x"));
}

#[test]
fn the_webhook_file_can_be_read_back_and_so_can_the_existing_programs() {
    let ours = read_webhook(&source(&webhook("https://127.0.0.1:21362/authenticate", "PEM"))).expect("readable");
    assert_eq!((&*ours.server, &*ours.certificate_authority_pem), ("https://127.0.0.1:21362/authenticate", "PEM"));
    let theirs = "\nclusters:\n  - name: aws-iam-authenticator\n    cluster:\n      certificate-authority-data: UEVN\n      server: https://localhost:21362/authenticate\nusers:\n  - name: apiserver\ncurrent-context: webhook\ncontexts:\n- name: webhook\n  context:\n    cluster: aws-iam-authenticator\n    user: apiserver\n";
    assert_eq!(read_webhook(&source(theirs)).expect("readable").certificate_authority_pem, "PEM");
}

proptest! {
    /// Whatever the names, the result means the old file and the new entry.
    #[test]
    fn a_merge_keeps_every_other_entry(
        names in prop::collection::btree_set("[a-z0-9:# -]{1,8}|no|0123|~", 0..4),
        new in "[a-z0-9:#@ -]{1,8}|yes|null",
        indent in 0_usize..3,
    ) {
        let pad = " ".repeat(indent);
        let quote = |name: &str| serde_json::Value::from(name).to_string();
        let list = |key: &str, inner: &str| {
            let items: String = names.iter().map(|name| format!("{pad}- name: {}\n{pad}  {inner}: {{server: x}}\n", quote(name))).collect();
            format!("{key}:{}\n{items}", if names.is_empty() { " []" } else { "" })
        };
        let text = format!("# c\n{}{}{}kind: Config\n", list("clusters", "cluster"), list("users", "user"), list("contexts", "context"));
        let merged = merged(&text, &new);
        let (before, after) = (data(&text), data(&merged));
        for (key, items) in before {
            let now = &after.iter().find(|(other, _)| *other == key).expect("the key stays").1;
            let name = format!("\"name\": String({new:?})");
            for item in items.iter().filter(|item| !item.contains(&name)) {
                prop_assert!(now.contains(item), "{key} lost {item} in\n{merged}");
            }
        }
        prop_assert!(read_cluster(&source(&merged), Some(&new)).is_ok(), "{merged}");
    }
}

#[test]
fn a_file_whose_first_document_is_empty_is_left_as_it_is_where_it_has_more() {
    let more = "apiVersion: v1\nkind: Config\nusers:\n- name: secret\n  user: {token: abc}\n";
    for before in ["---\n---\n", "# mine\n---\n# c2\n---\n", "null\n---\n", "---\n# nothing\n---\n"] {
        let said = merged(&format!("{before}{more}"), "it");
        assert!(said.contains("kubectl reads only the first document, which is empty"), "{before}: {said}");
    }
    let said = merged("# mine\n---\n# c2\n---\n", "it");
    assert!(said.contains("and more follows"), "{said}");
    for before in ["", "# mine\n", "---\n# mine\n", "# mine\nnull\n"] {
        let text = merged(before, "it");
        assert!(
            text.contains("kind: Config") && text.contains("# mine") == before.contains("# mine"),
            "{before}: {text}"
        );
        assert!(!text.contains("null"), "{text}");
    }
}
