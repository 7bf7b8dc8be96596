//! What a cluster says, and what it leaves unsaid.

use access::{Facts, Owner};
use identity::Partition;
use inventory::{Dump, MappingTarget, Observed};
use serde_json::{Value, json};

use crate::tests::now;

fn object(kind: &str, name: &str, rest: &Value) -> Value {
    let api_version = match kind {
        "Namespace" | "ConfigMap" => "v1",
        "IAMIdentityMapping" => "iamauthenticator.k8s.aws/v1alpha1",
        _ => "rbac.authorization.k8s.io/v1",
    };
    let mut object = json!({"apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "namespace": "kube-system", "resourceVersion": "7"}});
    let (object_map, rest) =
        (object.as_object_mut().expect("an object"), rest.as_object().cloned().unwrap_or_default());
    object_map.extend(rest);
    object
}

fn everything() -> Vec<Value> {
    let role_ref = json!({"roleRef": {"kind": "ClusterRole", "name": "view"}, "subjects": null});
    vec![
        object("Namespace", "dev", &json!({})),
        object("Role", "r", &json!({"rules": []})),
        object("ClusterRole", "view", &json!({"rules": null})),
        object("RoleBinding", "b", &role_ref),
        object("ClusterRoleBinding", "b", &role_ref),
        object("ConfigMap", "kube-root-ca.crt", &json!({"data": {}})),
    ]
}

fn observed(items: &[Value], target: MappingTarget) -> Observed {
    let mut dump = Dump::default();
    dump.read(json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string().as_bytes()).expect("readable");
    dump.observed(target, Partition::Aws, now())
}

fn gaps(observed: &Observed) -> Vec<String> {
    observed.unseen.iter().map(|unseen| format!("{}: {}", unseen.what, unseen.why)).collect()
}

#[test]
fn what_a_dump_lacks_is_a_gap_and_never_empty() {
    let rows = [
        ("Namespace", "namespaces"),
        ("Role", "roles"),
        ("ClusterRole", "clusterroles"),
        ("RoleBinding", "rolebindings"),
        ("ClusterRoleBinding", "clusterrolebindings"),
        ("ConfigMap", "the ConfigMaps of kube-system"),
    ];
    assert_eq!(gaps(&observed(&everything(), MappingTarget::AwsAuth)), [""; 0], "a whole dump");
    for (kind, said) in rows {
        let items: Vec<Value> = everything().into_iter().filter(|item| item["kind"] != kind).collect();
        assert_eq!(gaps(&observed(&items, MappingTarget::AwsAuth)), [format!("{said}: the dumps do not have them")]);
    }
    let crd = observed(&everything(), MappingTarget::Crd);
    assert_eq!(gaps(&crd), ["IAMIdentityMappings: the dumps do not have them"]);
}

#[test]
fn what_may_not_be_looked_at_is_a_gap_where_it_matters() {
    let rows = [
        ("aws-auth", MappingTarget::ConfigMap, &["the ConfigMap kube-system/aws-auth: no"][..]),
        ("aws-auth", MappingTarget::None, &[]),
        ("cluster-auth", MappingTarget::None, &["the ConfigMap kube-system/cluster-auth: no"]),
        (Dump::MAPPING_KIND, MappingTarget::AwsAuth, &["IAMIdentityMappings: no"]),
        ("RoleBinding", MappingTarget::None, &["rolebindings: no"]),
    ];
    for (what, target, expected) in rows {
        let mut dump = Dump::default();
        dump.read(json!({"apiVersion": "v1", "kind": "List", "items": everything()}).to_string().as_bytes())
            .expect("readable");
        dump.could_not_see(what, "no");
        assert_eq!(gaps(&dump.observed(target, Partition::Aws, now())), expected, "{what}, {target:?}");
    }
}

/// EKS has two mapping sources, so whoever writes none looks at them all the same.
#[test]
fn without_a_place_to_write_to_aws_auth_is_looked_at_on_eks_alone() {
    let aws_auth = object("ConfigMap", "aws-auth", &json!({"data": {"mapUsers": "[]"}}));
    let config = object("ConfigMap", "aws-iam-authenticator", &json!({"data": {"config.yaml": "server: ["}}));
    let all: Vec<Value> = everything().into_iter().chain([aws_auth, config]).collect();
    for (is_eks, expected) in [(false, vec![]), (true, vec![MappingTarget::AwsAuth])] {
        let mut dump = Dump::default();
        dump.read(json!({"apiVersion": "v1", "kind": "List", "items": all}).to_string().as_bytes()).expect("readable");
        if is_eks {
            dump.is_said_to_be_eks();
        }
        let looked_at = dump.clone().observed(MappingTarget::None, Partition::Aws, now());
        let targets: Vec<MappingTarget> = looked_at.mappings.iter().map(|live| live.target).collect();
        assert_eq!((targets, gaps(&looked_at)), (expected, vec![]), "{is_eks}");
        dump.could_not_see("aws-auth", "no");
        dump.could_not_see("cluster-auth-access", "no");
        let cut = dump.observed(MappingTarget::None, Partition::Aws, now());
        let expected: &[&str] = if is_eks { &["the ConfigMap kube-system/aws-auth: no"] } else { &[] };
        assert_eq!(gaps(&cut), expected, "{is_eks}");
    }
}

#[test]
fn a_mapping_or_record_that_cannot_be_read_was_not_seen() {
    let config = "the authenticator's configuration, ConfigMap kube-system/aws-iam-authenticator";
    let rows = [
        ("aws-iam-authenticator", json!({"data": {"config.yaml": "server: {mapRoles: ["}}), config),
        ("cluster-auth", json!({"data": {"record.json": "{}"}}), "what was applied last"),
    ];
    for (name, data, expected) in rows {
        let mut items = everything();
        items.push(object("ConfigMap", name, &data));
        let gaps = gaps(&observed(&items, MappingTarget::AwsAuth));
        assert!(gaps.len() == 1 && gaps[0].starts_with(expected), "{name}: {gaps:?}");
    }
}

#[test]
fn marks_are_read_from_every_kind() {
    let marked = json!({"metadata": {"name": "x", "resourceVersion": "9", "namespace": "kube-system",
        "labels": {"app.kubernetes.io/managed-by": "cluster-auth"},
        "annotations": {"cluster-auth.dev/cluster-id": "c", "cluster-auth.dev/file": "a.yaml",
            "kubectl.kubernetes.io/last-applied-configuration": "{}"}},
        "spec": {"arn": "arn:aws:iam::111122223333:user/x", "username": "x"},
        "roleRef": {"kind": "ClusterRole", "name": "view"}});
    let mut items = everything();
    items.extend(["Role", "RoleBinding", "IAMIdentityMapping"].map(|kind| object(kind, "x", &marked)));
    let observed = observed(&items, MappingTarget::Crd);
    assert_eq!(gaps(&observed), [""; 0]);
    let is_ours = |owner: &Owner, version: &str| owner.mark_of("c").is_some() && version == "9";
    assert_eq!(observed.roles.iter().filter(|seen| is_ours(&seen.owner, &seen.version)).count(), 1);
    assert_eq!(observed.bindings.iter().filter(|seen| is_ours(&seen.owner, &seen.version)).count(), 1);
    let inventory::LoginStore::Objects(objects) = &observed.mappings[0].holder else { panic!("objects") };
    assert!(is_ours(&objects[0].owner, &objects[0].version), "{objects:?}");
    assert_eq!(&*objects[0].object.arn, "arn:aws:iam::111122223333:user/x");
}

#[test]
fn of_half_a_list_the_rest_is_not_known() {
    let mut dump = Dump::default();
    let part = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBindingList", "metadata": {"continue": "x"}, "items": []}).to_string();
    dump.read(part.as_bytes()).expect("what is there is read");
    let gaps = dump.observed(MappingTarget::ConfigMap, Partition::Aws, now()).unseen;
    let gap = gaps.iter().find(|gap| &*gap.what == "rolebindings").expect("a gap");
    assert_eq!(&*gap.why, "the list is only a part (metadata.continue or remainingItemCount is set)");
}

#[test]
fn only_what_is_known_becomes_a_fact() {
    let mut dump = Dump::default();
    dump.read(json!({"apiVersion": "v1", "kind": "List", "items": everything()}).to_string().as_bytes())
        .expect("readable");
    dump.could_not_see("Namespace", "no");
    let mut facts = Facts::default();
    dump.add_to(&mut facts);
    assert!(facts.namespaces.is_none() && facts.roles.is_some());
}
