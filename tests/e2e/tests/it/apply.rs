//! `apply` on real clusters: what it does, what it leaves alone, and what stops it.

mod asking;
mod converging;
mod refusals;
mod spine;
mod writing;

use e2e::test_cluster::AUTHENTICATOR;

use crate::Test;

pub(crate) fn tests() -> Vec<Test> {
    [spine::TESTS, refusals::TESTS, converging::TESTS, writing::TESTS, asking::TESTS].concat()
}

/// The file that most of it is about.
pub(crate) const FILE: &str = r#"clusterID: e2e.example.com
account: "111122223333"
groups:
- name: developers
  users: [alice, ops/bob]
  authorization:
  - namespace: dev
    rules:
    - {apiGroups: ["", apps], resources: [pods, deployments, pods/log], verbs: [get, list, create]}
  - {namespace: ops, clusterRole: reader}
- name: release
  users: [alice]
  roles: [Deployer]
  authorization:
  - {namespaces: [dev, ops], clusterRole: reader}
  - rules: [{apiGroups: [""], resources: [nodes], verbs: [get, list]}]
- name: cluster-admin
  users: [carol]
"#;

/// What grants are about.
const OBJECTS: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: dev}
---
apiVersion: v1
kind: Namespace
metadata: {name: ops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [configmaps, services], verbs: [get, list, watch]}]
";

/// What is there before: that, and a server that reads logins wherever they stand.
pub(crate) fn surroundings() -> String {
    format!("{OBJECTS}{AUTHENTICATOR}")
}
