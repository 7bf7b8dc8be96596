//! `apply` on real clusters: what it does, what it leaves alone, and what stops it.

mod asking;
mod converging;
mod refusals;
mod spine;
mod writing;

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

/// What is there before.
pub(crate) const SURROUNDINGS: &str = r"
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
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: aws-iam-authenticator, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: aws-iam-authenticator}}
  template:
    metadata: {labels: {k8s-app: aws-iam-authenticator}}
    spec:
      containers:
      - name: server
        image: 602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon/aws-iam-authenticator:v0.7.18
        args: [server, '--backend-mode=MountedFile,EKSConfigMap,CRD']
        volumeMounts: [{name: config, mountPath: /etc/aws-iam-authenticator}]
      volumes:
      - {name: config, configMap: {name: aws-iam-authenticator}}
";
