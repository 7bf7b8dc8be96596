//! What a merge neither hides nor is hidden by: what kubectl merges from the other files of `KUBECONFIG`.

use document::Source;
use serde_json::{Value, json};

use super::entry;
use crate::{ExecEntry, Merged, OtherFile, OtherFiles, merge};

/// As kops writes it: cluster, user and context have one name.
const ADMIN: &str = "clusters: [{name: prod, cluster: {server: 'https://api.example.com', certificate-authority-data: UEVNCg==}}]\n\
    users: [{name: prod, user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}}]\n\
    contexts: [{name: prod, context: {cluster: prod, user: prod, namespace: shop}}]\n\
    current-context: prod\n";

fn other(text: &str) -> OtherFile {
    OtherFile::read(&Source::new("admin.yaml", text)).expect("readable")
}

fn after(text: &str) -> OtherFiles {
    OtherFiles { after: vec![other(text)], ..OtherFiles::default() }
}

fn before(text: &str) -> OtherFiles {
    OtherFiles { before: vec![other(text)], ..OtherFiles::default() }
}

fn merging(text: &str, beside: &OtherFiles, entry: &ExecEntry) -> Merged {
    merge(&Source::new("config", text), beside, entry, true).expect("merged")
}

/// Cluster and user of a context, and its own name.
fn context(merged: &Merged) -> (String, Value) {
    let read = document::parse(&Source::new("config", &*merged.text), &document::Limits::default());
    let config = read.expect("readable").expect("not empty").to_json();
    let contexts = config["contexts"].as_array().expect("contexts");
    let it = contexts.iter().find(|context| context["name"] == merged.context).expect("the context");
    (merged.context.clone(), it["context"].clone())
}

#[test]
fn an_administrator_of_the_second_file_is_not_hidden() {
    for text in ["", "kind: Config\n", "# mine\n"] {
        let merged = merging(text, &after(ADMIN), &entry("prod"));
        let expected = json!({"cluster": "prod", "user": "prod-cluster-auth", "namespace": "dev"});
        assert_eq!(context(&merged), ("prod-cluster-auth".to_owned(), expected), "{text:?}");
        assert_eq!(
            merged.notes,
            [
                "the user prod of admin.yaml is another one and stays as it is; the new one is called prod-cluster-auth",
                "the context prod of admin.yaml is another one and stays as it is; the new one is called prod-cluster-auth",
                "the current context was prod (admin.yaml) and is prod-cluster-auth now; `kubectl config use-context prod` changes it back",
            ],
            "{text:?}"
        );
        let again = merging(&merged.text, &after(ADMIN), &entry("prod"));
        assert_eq!((again.text, again.notes.len()), (merged.text, 2), "{text:?}");
    }
}

#[test]
fn what_the_first_file_has_is_not_written_into_the_second_in_vain() {
    let merged = merging("", &before(ADMIN), &entry("prod"));
    assert_eq!(context(&merged).0, "prod-cluster-auth");
    assert!(!merged.text.contains("current-context"), "{}", merged.text);
    assert_eq!(
        merged.notes[2],
        "the current context stays prod (admin.yaml), which kubectl reads first; `kubectl config use-context prod-cluster-auth` changes it"
    );
    // Even where the second has them already: kubectl does not see them.
    let again = merging(&merging("", &OtherFiles::default(), &entry("prod")).text, &before(ADMIN), &entry("prod"));
    assert_eq!(context(&again).0, "prod-cluster-auth");
}

#[test]
fn what_is_the_same_or_stands_in_the_changed_file_keeps_its_name() {
    let ours = merging("", &OtherFiles::default(), &entry("prod")).text;
    for beside in [after(&ours), before(&ours), after("kind: Config\n"), after("")] {
        let merged = merging("", &beside, &entry("prod"));
        assert_eq!((context(&merged).0, merged.notes), ("prod".to_owned(), Vec::<String>::new()), "{beside:?}");
    }
    // It hides theirs already, and changing it takes nothing from anybody.
    let merged = merging(&ours, &after(ADMIN), &entry("prod"));
    assert_eq!((context(&merged).0, merged.text), ("prod".to_owned(), ours));
}

#[test]
fn each_kind_is_compared_alone_and_with_what_it_means() {
    let rows = [
        ("clusters: [{name: prod, cluster: {server: 'https://old'}}]", "prod-cluster-auth", "prod", "prod"),
        ("clusters: [{name: prod, cluster: {server: 'https://api.example.com'}}]", "prod-cluster-auth", "prod", "prod"),
        ("users: [{name: prod, user: {token: t}}]", "prod", "prod-cluster-auth", "prod"),
        (
            "users: [{name: prod, user: {exec: {command: cluster-auth, args: [token, -i, old]}}}]",
            "prod",
            "prod-cluster-auth",
            "prod",
        ),
        ("contexts: [{name: prod, context: {cluster: prod, user: me}}]", "prod", "prod", "prod-cluster-auth"),
        ("contexts: [{name: prod, context: {cluster: prod, user: prod}}]", "prod", "prod", "prod-cluster-auth"),
        (
            "users: [{name: prod, user: {}}, {name: prod-cluster-auth, user: {token: t}}]",
            "prod",
            "prod-cluster-auth-2",
            "prod",
        ),
    ];
    for (text, cluster, user, name) in rows {
        let merged = merging("", &after(text), &entry("prod"));
        let expected = json!({"cluster": cluster, "user": user, "namespace": "dev"});
        assert_eq!(context(&merged), (name.to_owned(), expected), "{text}");
    }
}

#[test]
fn a_cluster_that_contexts_of_other_files_use_stays() {
    let ours = "clusters: [{name: prod, cluster: {server: 'https://old'}}]\n";
    let theirs = "contexts: [{name: theirs, context: {cluster: prod, user: me}}]\n";
    let merged = merging(ours, &after(theirs), &entry("prod"));
    assert_eq!(context(&merged).1["cluster"], "prod-cluster-auth");
    assert_eq!(
        merged.notes,
        [
            "the cluster prod is another server, which theirs uses, and stays as it is; the new one is called prod-cluster-auth"
        ]
    );
}

#[test]
fn what_kubectl_does_not_load_is_refused() {
    for text in ["x: [", "kind: Pod\n", "users: [{name: a}, {name: a}]\n"] {
        assert!(OtherFile::read(&Source::new("bad.yaml", text)).is_err(), "{text}");
    }
}
