//! Dumps of all objects of a kind, and of some of them.

use identity::Partition;
use serde_json::json;

use super::given;
use crate::{Dump, Inputs, MappingTarget, Unseen, tests::now};

/// What a real API server has before anybody has made anything, as far as it shows that a list is whole.
pub(super) const STANDARD: [(&str, (&str, &str)); 13] = [
    ("Namespace", ("", "default")),
    ("Namespace", ("", "kube-system")),
    ("ClusterRole", ("", "cluster-admin")),
    ("ClusterRole", ("", "view")),
    ("ClusterRole", ("", "system:kube-controller-manager")),
    ("ClusterRoleBinding", ("", "cluster-admin")),
    ("ClusterRoleBinding", ("", "system:kube-controller-manager")),
    ("ClusterRoleBinding", ("", "system:kube-scheduler")),
    ("Role", ("kube-public", "system:controller:bootstrap-signer")),
    ("Role", ("kube-system", "extension-apiserver-authentication-reader")),
    ("RoleBinding", ("kube-public", "system:controller:bootstrap-signer")),
    ("RoleBinding", ("kube-system", "system::extension-apiserver-authentication-reader")),
    ("ConfigMap", ("kube-system", "extension-apiserver-authentication")),
];

/// `kubectl get clusterrole/a clusterrolebinding/b`, and any `-l`, print a list like that of all.
#[test]
fn a_dump_of_some_by_name_or_selector_is_not_one_of_all() {
    let object = |kind: &str, (namespace, name): (&str, &str)| {
        let version = if ["Namespace", "ConfigMap"].contains(&kind) { "v1" } else { "rbac.authorization.k8s.io/v1" };
        let metadata = json!({"name": name, "namespace": namespace, "resourceVersion": "1"});
        json!({"apiVersion": version, "kind": kind, "metadata": metadata, "roleRef": {"kind": "ClusterRole", "name": "view"}})
    };
    let list =
        |objects: &[serde_json::Value]| json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let whole: Vec<_> = STANDARD.iter().map(|(kind, id)| object(kind, *id)).collect();
    let said = |texts: &[String]| -> Vec<String> {
        let mut given = Inputs::default();
        for (at, text) in texts.iter().enumerate() {
            assert!(given.read(&format!("{at}.json"), text.as_bytes()).expect("readable"));
        }
        let gaps = given.dump.observed(MappingTarget::ConfigMap, Partition::Aws, now()).unseen;
        gaps.iter().map(Unseen::to_string).collect()
    };
    assert_eq!(said(&[list(&whole)]), [""; 0]);
    // In lists of their own, and after a selection, all of it is all of it.
    let (first, second) = whole.split_at(5);
    assert_eq!(said(&[list(first), list(second), list(&[object("ClusterRole", ("", "x"))])]), [""; 0]);
    for (at, (kind, (namespace, name))) in STANDARD.iter().enumerate() {
        let resources = format!("{}s", kind.to_lowercase());
        let what = if *kind == "ConfigMap" { "the ConfigMaps of kube-system" } else { &*resources };
        let id = if namespace.is_empty() { (*name).to_owned() } else { format!("{namespace}/{name}") };
        let who = if *kind == "ConfigMap" { "nearly every cluster" } else { "every cluster" };
        let lacks = format!(
            "{what}: the dumps look like a selection (by names or `-l`): they lack the {kind} {id}, which {who} has; \
             `kubectl get {resources} -A -o json` prints all"
        );
        // Another one is there in its place, as whoever names one gets it, or has labels that are asked for.
        let mut some = whole.clone();
        some[at] = object(kind, (namespace, "mine"));
        assert_eq!(said(&[list(&some)]), [&*lacks], "{kind} {id}");
        // Written by hand, it says nothing of what a cluster has.
        let mut written = some[at].clone();
        written["metadata"].as_object_mut().expect("an object").remove("resourceVersion");
        some[at] = written;
        let is_alone = STANDARD.iter().filter(|(of, _)| of == kind).count() == 1;
        assert_eq!(said(&[list(&some)]).is_empty(), is_alone, "{kind} {id}");
        // What the cluster itself lists is all of it, whatever is given beside that.
        let mut live = listed(&list(&[object(kind, (namespace, "live"))]));
        live.extend(given(&list(&[object(kind, (namespace, "mine"))])).expect("readable").1.dump);
        let unseen = live.observed(MappingTarget::ConfigMap, Partition::Aws, now()).unseen;
        assert!(!unseen.iter().any(|gap| gap.why.contains("selection")), "{kind} {id}: {unseen:?}");
    }
}

fn listed(json: &str) -> Dump {
    let mut dump = Dump::default();
    dump.read(json.as_bytes()).expect("readable");
    dump
}
