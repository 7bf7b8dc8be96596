//! Dumps of all objects of a kind, and of some of them.

use identity::Partition;
use serde_json::json;

use super::given;
use crate::{Dump, Extent, Inputs, MappingTarget, Unseen, tests::now};

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
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": metadata});
        if kind.ends_with("Binding") {
            object["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"});
        }
        object
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

/// A label that all have may be the one that chose them: `-l kubernetes.io/bootstrapping=rbac-defaults` prints all that every cluster
/// has.
#[test]
fn a_list_of_which_all_have_one_label_may_be_a_selection() {
    let object = |kind: &str, (namespace, name): (&str, &str), labels: serde_json::Value| {
        let (version, kind) = match kind {
            "Namespace" | "ConfigMap" => ("v1", kind),
            "IAMIdentityMapping" => ("iamauthenticator.k8s.aws/v1alpha1", kind),
            _ => ("rbac.authorization.k8s.io/v1", kind),
        };
        let metadata = json!({"name": name, "namespace": namespace, "resourceVersion": "1", "labels": labels});
        json!({
            "apiVersion": version, "kind": kind, "metadata": metadata, "roleRef": {"kind": "ClusterRole", "name": "view"},
            "spec": {"arn": "arn:aws:iam::111122223333:role/R", "username": "r", "groups": []}
        })
    };
    let list =
        |objects: &[serde_json::Value]| json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let yaml = |json: &str| {
        format!("---\n# {{resourceVersion}}\n{json}")
            .replace("\"items\"", "\"metadata\": {\"resourceVersion\": \"\"}, \"items\"")
    };
    let default = |of: &dyn Fn(&str) -> bool| -> Vec<_> {
        let label = || json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
        STANDARD.iter().filter(|(kind, _)| of(kind)).map(|(kind, id)| object(kind, *id, label())).collect()
    };
    let all = default(&|kind| !["Namespace", "ConfigMap"].contains(&kind));
    let namespaces = [("", "default"), ("", "kube-system")]
        .map(|id| object("Namespace", id, json!({"kubernetes.io/metadata.name": id.1})));
    let mine = object("ClusterRoleBinding", ("", "mine"), json!({"team": "x"}));
    let dev = |kind: &str, name: &str, labels: serde_json::Value| object(kind, ("dev", name), labels);
    let mapping = |labels: serde_json::Value| object("IAMIdentityMapping", ("", "r"), labels);
    let read = |texts: &[String]| {
        let mut given = Inputs::default();
        for (at, text) in texts.iter().enumerate() {
            assert!(given.read(&format!("{at}.json"), text.as_bytes()).expect("readable"));
        }
        given.dump
    };
    let may_be = |texts: &[String]| -> Vec<String> {
        let gaps = read(texts).observed(MappingTarget::ConfigMap, Partition::Aws, now()).unseen;
        gaps.iter().filter(|gap| gap.why.contains("may be a selection")).map(|gap| gap.what.to_string()).collect()
    };
    let kinds = ["roles", "clusterroles", "rolebindings", "clusterrolebindings"];
    assert_eq!(may_be(&[list(&all)]), kinds);
    assert_eq!(may_be(&[yaml(&list(&all))]), kinds, "one by one");
    let gaps = read(&[list(&all)]).observed(MappingTarget::ConfigMap, Partition::Aws, now()).unseen;
    let of_roles = gaps.iter().find(|gap| &*gap.what == "clusterroles").expect("a gap");
    assert_eq!(
        &*of_roles.why,
        "the dumps may be a selection (by `-l`): all that they hold has the label kubernetes.io/bootstrapping; `kubectl get \
         namespaces,clusterroles -A -o json` prints what shows that it is all"
    );
    // What has no such label shows that nobody asked for it; a list of something else, or of a namespace, does not.
    assert_eq!(may_be(&[list(&[&all[..], &namespaces].concat())]), [""; 0]);
    assert_eq!(may_be(&[list(&[all.clone(), vec![mine.clone()]].concat())]), [""; 0]);
    assert_eq!(may_be(&[list(&all), list(&namespaces)]), kinds);
    assert_eq!(may_be(&[list(&all), list(&[mine])]), kinds);
    // A second list of one kind that has it all.
    let of_one = default(&|kind| kind == "ClusterRole");
    let plain = [of_one.clone(), vec![object("ClusterRole", ("", "x"), json!({}))]].concat();
    assert_eq!(may_be(&[list(&all), list(&plain)]), ["roles", "rolebindings", "clusterrolebindings"]);
    // Mappings, of which no cluster has any by itself.
    assert_eq!(may_be(&[list(&[mapping(json!({"team": "x"}))])]), ["IAMIdentityMappings"]);
    assert!(!read(&[list(&[mapping(json!({"team": "x"}))])]).knows_mapping_objects());
    assert!(read(&[list(&[mapping(json!({}))])]).knows_mapping_objects());
    // In one namespace.
    let extent = |texts: &[String]| read(texts).knowledge().role_bindings;
    let team = || json!({"team": "x"});
    let chosen = list(&[dev("RoleBinding", "a", team()), dev("Role", "a", team())]);
    let whole = list(&[dev("RoleBinding", "a", team()), dev("ConfigMap", "kube-root-ca.crt", json!({}))]);
    let of = |names: &[&str]| Extent::In(names.iter().map(|name| (*name).into()).collect());
    assert_eq!(extent(std::slice::from_ref(&chosen)), of(&[]));
    assert_eq!(extent(std::slice::from_ref(&whole)), of(&["dev"]));
    assert_eq!(extent(&[chosen.clone(), whole]), of(&["dev"]));
    let gaps = read(&[chosen]).observed(MappingTarget::ConfigMap, Partition::Aws, now()).unseen;
    let said = "the dumps have only those of dev (perhaps a selection by `-l`: all in one dump has the label team), but every cluster \
                has some in kube-public and kube-system; `kubectl get -A` prints all";
    assert_eq!(gaps.iter().filter(|gap| &*gap.why == said).count(), 2, "{gaps:?}");
}

fn listed(json: &str) -> Dump {
    let mut dump = Dump::default();
    dump.read(json.as_bytes()).expect("readable");
    dump
}
