//! What the policies of EKS allow, and that all ways of asking agree.

use proptest::prelude::*;
use rbac::{Request, ResourceRequest};

use super::{resource, world};
use crate::policy;

#[test]
fn policies_of_eks_allow_what_their_page_says() {
    let rows = [
        ("AmazonEKSViewPolicy", ["get", "", "pods", ""], true),
        ("AmazonEKSViewPolicy", ["get", "", "pods", "log"], true),
        ("AmazonEKSViewPolicy", ["get", "", "secrets", ""], false),
        ("AmazonEKSViewPolicy", ["create", "", "pods", ""], false),
        ("AmazonEKSViewPolicy", ["get", "rbac.authorization.k8s.io", "roles", ""], false),
        ("AmazonEKSEditPolicy", ["get", "", "secrets", ""], true),
        ("AmazonEKSEditPolicy", ["create", "", "pods", "exec"], true),
        ("AmazonEKSEditPolicy", ["impersonate", "", "serviceaccounts", ""], true),
        ("AmazonEKSEditPolicy", ["create", "rbac.authorization.k8s.io", "roles", ""], false),
        ("AmazonEKSEditPolicy", ["update", "apps", "deployments", "scale"], true),
        ("AmazonEKSEditPolicy", ["delete", "", "endpoints", ""], false),
        ("AmazonEKSAdminPolicy", ["create", "rbac.authorization.k8s.io", "rolebindings", ""], true),
        ("AmazonEKSAdminPolicy", ["create", "rbac.authorization.k8s.io", "clusterroles", ""], false),
        ("AmazonEKSAdminPolicy", ["create", "authorization.k8s.io", "localsubjectaccessreviews", ""], true),
        ("AmazonEKSAdminPolicy", ["update", "", "resourcequotas", ""], false),
        ("AmazonEKSAdminViewPolicy", ["list", "", "secrets", ""], true),
        ("AmazonEKSAdminViewPolicy", ["delete", "", "pods", ""], false),
        ("AmazonEKSClusterAdminPolicy", ["bind", "rbac.authorization.k8s.io", "clusterroles", ""], true),
        ("AmazonEKSSecretReaderPolicy", ["watch", "", "secrets", ""], true),
        ("AmazonEKSSecretReaderPolicy", ["watch", "", "configmaps", ""], false),
    ];
    for (name, [verb, api_group, resource, subresource], expected) in rows {
        let request = ResourceRequest { verb, api_group, resource, subresource, ..ResourceRequest::default() };
        let allowed = policy(name).expect(name).rules.iter().any(|rule| rule.allows(&Request::Resource(request)));
        assert_eq!(allowed, expected, "{name}: {verb} {resource}/{subresource}");
    }
    let url = Request::Url { verb: "get", path: "/metrics" };
    let reads = |name: &str| policy(name).expect(name).rules.iter().any(|rule| rule.allows(&url));
    assert!(reads("AmazonEKSClusterAdminPolicy") && !reads("AmazonEKSAdminViewPolicy"));
    assert!(policy("AmazonEKSAutoNodePolicy").is_none(), "its rules are not published");
}

const WORDS: [&str; 5] = ["get", "list", "pods", "secrets", "*"];

proptest! {
    /// Whoever is in the answer may, by every other way of asking, and nobody else.
    #[test]
    fn all_ways_of_asking_agree(
        rules in prop::collection::vec((0..5_usize, 0..5_usize, 0..3_usize), 1..6),
        bindings in prop::collection::vec((0..6_usize, 0..4_usize, 0..3_usize), 1..12),
        asked in (0..2_usize, 2..4_usize, 0..3_usize),
    ) {
        let namespaces = ["", "dev", "ops"];
        let subjects = [
            r#"{"kind": "User", "name": "alice"}"#, r#"{"kind": "Group", "name": "devs"}"#,
            r#"{"kind": "Group", "name": "system:authenticated"}"#, r#"{"kind": "ServiceAccount", "name": "bot"}"#,
        ];
        let mut items = vec![r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {
            "mapUsers": "[{userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: [devs]}, {userarn: 'arn:aws:iam::111122223333:user/bob', username: bob, groups: [others]}]"}}"#.to_owned()];
        for (at, (verb, resource, _)) in rules.iter().enumerate() {
            items.push(format!(
                r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {{"name": "r{at}"}}, "rules": [{{"verbs": ["{}"], "apiGroups": ["", "*"], "resources": ["{}"]}}]}}"#,
                WORDS[*verb], WORDS[*resource]
            ));
        }
        for (at, (role, subject, namespace)) in bindings.iter().enumerate() {
            let (kind, of) = match namespaces[*namespace] {
                "" => ("ClusterRoleBinding", String::new()),
                name => ("RoleBinding", format!(r#", "namespace": "{name}""#)),
            };
            items.push(format!(
                r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "{kind}", "metadata": {{"name": "b{at}", "resourceVersion": "1"{of}}}, "roleRef": {{"kind": "ClusterRole", "name": "r{role}"}}, "subjects": [{}]}}"#,
                subjects[*subject]
            ));
        }
        let dump = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{}]}}"#, items.join(","));
        let world = world(&[("cluster.json", &dump)]);
        let request = resource(WORDS[asked.0], "", WORDS[asked.1], namespaces[asked.2]);
        let answer = world.who_can(&request);
        for principal in world.principals() {
            let user = principal.user().expect("they log in");
            let allowed = world.index().authorize(&user, &request).is_some();
            prop_assert_eq!(answer.covers(&user), allowed);
            prop_assert_eq!(answer.principals.iter().any(|reached| reached.principal.who == principal.who), allowed);
            prop_assert_eq!(world.allows(principal, &request).is_some(), allowed);
            let held = world.held_by(principal);
            let by_rule = held.iter().any(|path| {
                path.holds_in(namespaces[asked.2]) && path.rule().is_none_or(|rule| rule.allows(&request))
            });
            prop_assert_eq!(by_rule, allowed);
        }
        // Wherever it holds somewhere, it holds there.
        for holder in &world.who_can_anywhere(&request).subjects {
            for path in &holder.paths {
                let there = namespaces.iter().any(|namespace| path.holds_in(namespace));
                prop_assert!(there);
            }
        }
    }
}
