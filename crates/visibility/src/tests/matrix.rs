//! Everybody × every place.

use insta::assert_snapshot;

use super::{now, world};
use crate::{
    Resources, World,
    matrix::{
        Options, matrix,
        print::{Heading, text},
    },
};

/// What Kubernetes brings along, as far as it matters here.
const ROLES: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cluster-admin}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
- {nonResourceURLs: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules:
- {apiGroups: [""], resources: [pods, pods/log, services, configmaps, persistentvolumeclaims, endpoints], verbs: [get, list, watch]}
- {apiGroups: [apps], resources: [deployments, statefulsets, daemonsets], verbs: [get, list, watch]}
- {apiGroups: [batch], resources: [jobs, cronjobs], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules:
- {apiGroups: [""], resources: [pods, services, configmaps, persistentvolumeclaims, secrets], verbs: [get, list, watch, create, update, patch, delete]}
- {apiGroups: [apps], resources: [deployments, statefulsets, daemonsets], verbs: [get, list, watch, create, update, patch, delete]}
- {apiGroups: [batch], resources: [jobs, cronjobs], verbs: [get, list, watch, create, update, patch, delete]}
- {apiGroups: [""], resources: [pods/exec], verbs: [get, create]}
- {apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:basic-user"}
rules:
- {apiGroups: [authorization.k8s.io], resources: [selfsubjectaccessreviews, selfsubjectrulesreviews], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:basic-user"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:basic-user"}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}]
---
apiVersion: v1
kind: NamespaceList
items:
- metadata: {name: default}
- metadata: {name: dev}
- metadata: {name: kube-system}
- metadata: {name: staging}
- metadata: {name: team-a}
- metadata: {name: team-b}
"#;

const EXAMPLE: &str = include_str!("../../../../examples/access.yaml");

fn example() -> World {
    world(&[("cluster.yaml", ROLES), ("access.yaml", EXAMPLE)])
}

fn shown(world: &World, options: &Options, width: usize) -> String {
    let heading = Heading { cluster: "prod.example.com", now: now() };
    text(&matrix(world, &Resources::well_known(), options), &heading, width).into_iter().map(|segment| segment.text).collect()
}

#[test]
fn people_by_places_in_a_grid() {
    assert_snapshot!(shown(&example(), &Options::default(), 120), @"");
}

#[test]
fn people_by_places_in_blocks() {
    assert_snapshot!(shown(&example(), &Options::default(), 20), @"");
}
