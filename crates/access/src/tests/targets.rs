//! What consumers get.

use insta::assert_snapshot;

use super::{around, good, now};
use crate::{Expiry, Facts, Kind, RenderTarget, compile, render};

const FILE: &str = "\
- name: developers
  users: [alice, ops/bob]
  roles: [{name: path/Deployer, username: 'deploy:{{SessionName}}'}]
  authorization:
  - {namespace: dev, rules: [{apiGroups: ['', apps], resources: [pods], verbs: ['*']}]}
  - {namespace: dev, rules: [{apiGroups: [''], resources: [services], verbs: [get]}]}
  - {namespace: dev, clusterRole: view}
  - {namespace: dev, role: release}
  - {clusterRole: view}
  - {rules: [{apiGroups: [''], resources: [nodes], verbs: [get]}]}
- name: ops
  users: [alice]
nodes: [{roles: [Node]}]
";

fn rendered(target: RenderTarget) -> String {
    render(&good(&around(FILE)), &Facts::default(), now(), target, Expiry::Refuse).expect("renders").text
}

#[test]
fn the_authenticators_configuration() {
    assert_snapshot!(rendered(RenderTarget::Config), @"
    clusterID: c
    server:
      mapUsers:
      - userarn: arn:aws:iam::111122223333:user/alice
        username: alice
        groups:
        - developers
        - ops
      - userarn: arn:aws:iam::111122223333:user/ops/bob
        username: bob
        groups:
        - developers
      mapRoles:
      - rolearn: arn:aws:iam::111122223333:role/Deployer
        username: deploy:{{SessionName}}
        groups:
        - developers
      - rolearn: arn:aws:iam::111122223333:role/Node
        username: system:node:{{EC2PrivateDNSName}}
        groups:
        - system:bootstrappers
        - system:nodes
    ");
}

#[test]
fn aws_auth() {
    assert_snapshot!(rendered(RenderTarget::AwsAuth), @"
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: aws-auth
      namespace: kube-system
      annotations:
        cluster-auth.dev/principals: >-
          arn:aws:iam::111122223333:role/deployer,arn:aws:iam::111122223333:role/node,arn:aws:iam::111122223333:user/alice,arn:aws:iam::111122223333:user/ops/bob
    data:
      mapRoles: |
        - rolearn: arn:aws:iam::111122223333:role/Deployer
          username: deploy:{{SessionName}}
          groups:
          - developers
        - rolearn: arn:aws:iam::111122223333:role/Node
          username: system:node:{{EC2PrivateDNSName}}
          groups:
          - system:bootstrappers
          - system:nodes
      mapUsers: |
        - userarn: arn:aws:iam::111122223333:user/alice
          username: alice
          groups:
          - developers
          - ops
        - userarn: arn:aws:iam::111122223333:user/ops/bob
          username: bob
          groups:
          - developers
    ");
}

#[test]
fn mapping_objects() {
    assert_snapshot!(rendered(RenderTarget::Crd), @"
    ---
    apiVersion: iamauthenticator.k8s.aws/v1alpha1
    kind: IAMIdentityMapping
    metadata:
      name: cluster-auth.111122223333.user.alice
    spec:
      arn: arn:aws:iam::111122223333:user/alice
      username: alice
      groups:
      - developers
      - ops
    ---
    apiVersion: iamauthenticator.k8s.aws/v1alpha1
    kind: IAMIdentityMapping
    metadata:
      name: cluster-auth.111122223333.user.ops.bob
    spec:
      arn: arn:aws:iam::111122223333:user/ops/bob
      username: bob
      groups:
      - developers
    ---
    apiVersion: iamauthenticator.k8s.aws/v1alpha1
    kind: IAMIdentityMapping
    metadata:
      name: cluster-auth.111122223333.role.x44eployer
    spec:
      arn: arn:aws:iam::111122223333:role/Deployer
      username: deploy:{{SessionName}}
      groups:
      - developers
    ---
    apiVersion: iamauthenticator.k8s.aws/v1alpha1
    kind: IAMIdentityMapping
    metadata:
      name: cluster-auth.111122223333.role.x4eode
    spec:
      arn: arn:aws:iam::111122223333:role/Node
      username: system:node:{{EC2PrivateDNSName}}
      groups:
      - system:bootstrappers
      - system:nodes
    ");
}

#[test]
fn roles_and_bindings() {
    assert_snapshot!(rendered(RenderTarget::Rbac), @r#"
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: cluster-auth:developers
    rules:
    - verbs:
      - get
      apiGroups:
      - ""
      resources:
      - nodes
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: developers
      namespace: dev
    rules:
    - verbs:
      - "*"
      apiGroups:
      - ""
      - apps
      resources:
      - pods
    - verbs:
      - get
      apiGroups:
      - ""
      resources:
      - services
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: cluster-auth:developers
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: cluster-auth:developers
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: Group
      name: developers
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: cluster-auth:developers:view
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: view
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: Group
      name: developers
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: ops-binding
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: ops
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: Group
      name: ops
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: cluster-auth:developers:release
      namespace: dev
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: release
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: Group
      name: developers
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: cluster-auth:developers:view
      namespace: dev
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: view
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: Group
      name: developers
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: developers-binding
      namespace: dev
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: developers
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: Group
      name: developers
    "#);
}

#[test]
fn access_entries() {
    assert_snapshot!(rendered(RenderTarget::AccessEntries), @"
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: c
    accessConfig:
      accessEntries:
      - principalARN: arn:aws:iam::111122223333:user/alice
        type: STANDARD
        kubernetesUsername: alice
        kubernetesGroups:
        - developers
        - ops
      - principalARN: arn:aws:iam::111122223333:user/ops/bob
        type: STANDARD
        kubernetesUsername: bob
        kubernetesGroups:
        - developers
      - principalARN: arn:aws:iam::111122223333:role/path/Deployer
        type: STANDARD
        kubernetesUsername: deploy:{{SessionName}}
        kubernetesGroups:
        - developers
      - principalARN: arn:aws:iam::111122223333:role/Node
        type: EC2_LINUX
    ");
    assert_snapshot!(rendered(RenderTarget::AccessEntriesTerraform), @r#"
    {
      "resource": {
        "aws_eks_access_entry": {
          "principal_111122223333_role_Node": {
            "cluster_name": "c",
            "principal_arn": "arn:aws:iam::111122223333:role/Node",
            "type": "EC2_LINUX"
          },
          "principal_111122223333_role_path_Deployer": {
            "cluster_name": "c",
            "kubernetes_groups": [
              "developers"
            ],
            "principal_arn": "arn:aws:iam::111122223333:role/path/Deployer",
            "type": "STANDARD",
            "user_name": "deploy:{{SessionName}}"
          },
          "principal_111122223333_user_alice": {
            "cluster_name": "c",
            "kubernetes_groups": [
              "developers",
              "ops"
            ],
            "principal_arn": "arn:aws:iam::111122223333:user/alice",
            "type": "STANDARD",
            "user_name": "alice"
          },
          "principal_111122223333_user_ops_bob": {
            "cluster_name": "c",
            "kubernetes_groups": [
              "developers"
            ],
            "principal_arn": "arn:aws:iam::111122223333:user/ops/bob",
            "type": "STANDARD",
            "user_name": "bob"
          }
        }
      }
    }
    "#);
}

#[test]
fn terraform_variables() {
    assert_snapshot!(rendered(RenderTarget::Terraform), @r#"
    {
      "users": [
        {
          "arn": "arn:aws:iam::111122223333:user/alice",
          "groups": [
            "developers",
            "ops"
          ]
        },
        {
          "arn": "arn:aws:iam::111122223333:user/ops/bob",
          "groups": [
            "developers"
          ]
        }
      ]
    }
    "#);
}

#[test]
fn what_a_consumer_cannot_carry_is_refused_until_it_is_resolved() {
    let text = "- {name: a, permissionSets: [Dev], iamGroups: [G], expires: 2026-12-31, authorization: [{namespaces: ['t-*'], clusterRole: view}]}";
    let access = good(&around(text));
    let refused = |target, facts: &Facts, expiry| {
        render(&access, facts, now(), target, expiry).map_err(|problems| problems.len()).err().unwrap_or_default()
    };
    let none = Facts::default();
    let rows = [
        (RenderTarget::Config, 3),
        (RenderTarget::AwsAuth, 3),
        (RenderTarget::Crd, 3),
        (RenderTarget::Rbac, 2),
        (RenderTarget::Terraform, 1),
        (RenderTarget::Access, 0),
    ];
    for (target, problems) in rows {
        assert_eq!(refused(target, &none, Expiry::Refuse), problems, "{target:?}");
    }
    let account = "111122223333".parse().expect("an account");
    let facts = Facts {
        iam_groups: [((account, "g".to_owned()), vec!["arn:aws:iam::111122223333:user/p/zoe".to_owned()])].into(),
        permission_sets: [((account, "dev".to_owned()), "AWSReservedSSO_Dev_0123456789abcdef".to_owned())].into(),
        namespaces: Some(vec![crate::Namespace { name: "t-1".into(), labels: rbac::Labels::new() }]),
        ..Facts::default()
    };
    for target in RenderTarget::ALL {
        assert_eq!(refused(target, &facts, Expiry::AtNextApply), 0, "{target:?}");
    }
    assert_snapshot!(render(&access, &facts, now(), RenderTarget::Access, Expiry::Refuse).expect("renders").text, @r#"
    clusterID: c
    groups:
    - name: a
      users:
      - name: p/zoe
        account: "111122223333"
      roles:
      - name: AWSReservedSSO_Dev_0123456789abcdef
        account: "111122223333"
        username: Dev:{{SessionName}}
      expires: "2027-01-01T00:00:00Z"
      authorization:
      - namespaces:
        - t-1
        clusterRole: view
    "#);
    assert_snapshot!(render(&access, &facts, now(), RenderTarget::Config, Expiry::AtNextApply).expect("renders").text, @"
    clusterID: c
    server:
      mapUsers:
      - userarn: arn:aws:iam::111122223333:user/p/zoe
        username: zoe
        groups:
        - a
      mapRoles:
      - rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef
        username: Dev:{{SessionName}}
        groups:
        - a
    ");
}

#[test]
fn what_eks_would_refuse_is_refused_before() {
    let users: Vec<String> = (0..3_001).map(|at| format!("u{at}")).collect();
    let text = around(&format!("- {{name: a, users: [{}]}}", users.join(", ")));
    let render =
        |text: &str| render(&good(text), &Facts::default(), now(), RenderTarget::AccessEntries, Expiry::Refuse);
    assert!(
        render(&text)
            .expect_err("too many")
            .iter()
            .any(|p| p.message.contains("3001 access entries; an EKS cluster takes 3000"))
    );
    assert!(render(&around("- {name: a, users: [{name: x, username: 'aws:x'}]}")).is_err());
    let masters = "- {name: 'system:masters', users: [x], accept: {access.system-name: imported}}";
    assert!(render(&around(masters)).expect("a policy").text.contains("AmazonEKSClusterAdminPolicy"));
}

#[test]
fn an_ended_group_is_never_rendered_and_still_means_what_it_means() {
    let access = good(&around("- {name: a, users: [x], expires: 2026-05-01}\n- {name: b, users: [x]}"));
    let (desired, _) = compile(&access, &Facts::default(), now());
    assert_eq!(desired.objects.bindings.len(), 1);
    let people = desired.at(now()).people;
    assert_eq!(people.len(), 1);
    assert_eq!(people[0].groups.keys().map(|group| &**group).collect::<Vec<_>>(), ["b"]);
    assert_eq!(people[0].principal.kind, Kind::User);
}

#[test]
fn resolving_never_widens_what_reaches_nothing() {
    let grants = "[{namespaces: ['t-*'], clusterRole: view}, {namespace: gone, clusterRole: view}]";
    let access = good(&around(&format!("- {{name: a, users: [x], authorization: {grants}}}")));
    let resolved = |namespaces: &[&str]| {
        let namespace = |name: &&str| crate::Namespace { name: (*name).into(), labels: rbac::Labels::new() };
        let facts = Facts { namespaces: Some(namespaces.iter().map(namespace).collect()), ..Facts::default() };
        render(&access, &facts, now(), RenderTarget::Access, Expiry::Refuse).expect("renders").text
    };
    let some = resolved(&["t-1"]);
    assert!(some.contains("- t-1") && !some.contains("gone") && !some.contains("t-*"), "{some}");
    let none = resolved(&[]);
    assert!(none.contains("t-*") && none.contains("gone"), "{none}");
}

#[test]
fn the_file_without_ends_has_nobody_who_has_left() {
    let text = "- {name: gone, users: [alice], expires: 2026-05-31}\n\
                - {name: going, users: [{name: bob, expires: 2026-05-31}, {name: carol, expires: 2026-12-31}], expires: 2027-01-01}\n\
                nodes: [{roles: [{name: Old, expires: 2026-05-31}, {name: New, expires: 2027-01-01}]}]\n";
    let access = good_but_for_ends(&around(text));
    let rendered =
        |expiry| render(&access, &Facts::default(), now(), RenderTarget::Access, expiry).expect("renders").text;
    assert!(rendered(Expiry::Refuse).contains("expires"), "the file as it is keeps them");
    assert_snapshot!(rendered(Expiry::AtNextApply), @r#"
    clusterID: c
    groups:
    - name: going
      users:
      - name: carol
        account: "111122223333"
    nodes:
    - roles:
      - name: New
        account: "111122223333"
    "#);
}

/// What has ended is worth a warning, and is not an error.
fn good_but_for_ends(text: &str) -> crate::Access {
    crate::read(&super::sources(&[text]), &document::Limits::default()).access
}

/// Helm takes the resolved file for the written one: what only the chart knows is in it, and what others wrote for themselves.
#[test]
fn the_resolved_file_has_what_others_read() {
    let text = r#"
x-rules: &pods [{apiGroups: [""], resources: [pods], verbs: [get]}]
x-mode: "0644"
clusterID: c
account: '111122223333'
nameOverride: "no"
authenticator:
  image: example.com/authenticator
  tag: "1e3"
  reads: config.yaml
  resources: {limits: {memory: 40Mi, cpu: 0.5}}
  tolerations: [{operator: Exists}]
  x-why: meant
rbac: {create: true}
groups:
- name: a
  x-owner: team a
  users: [{name: x, accept: {access.username-twice: meant}, x-since: 2018}, z]
  authorization:
  - {namespace: dev, rules: *pods, x-ticket: [OPS-1, null]}
"#;
    let rendered = |text: &str| {
        let access = good(text);
        render(&access, &Facts::default(), now(), RenderTarget::Access, Expiry::Refuse).expect("renders").text
    };
    let first = rendered(text);
    assert_snapshot!(first, @r#"
    clusterID: c
    groups:
    - name: a
      users:
      - name: x
        account: "111122223333"
        accept:
          access.username-twice: meant
        x-since: 2018
      - name: z
        account: "111122223333"
      authorization:
      - namespaces:
        - dev
        rules:
        - verbs:
          - get
          apiGroups:
          - ""
          resources:
          - pods
        x-ticket:
        - OPS-1
        - null
      x-owner: team a
    authenticator:
      image: example.com/authenticator
      reads: config.yaml
      resources:
        limits:
          cpu: 0.5
          memory: 40Mi
      tag: "1e3"
      tolerations:
      - operator: Exists
      x-why: meant
    nameOverride: "no"
    rbac:
      create: true
    x-mode: "0644"
    x-rules:
    - apiGroups:
      - ""
      resources:
      - pods
      verbs:
      - get
    "#);
    // It is read again as it was written, and by the server without what is not for it.
    assert_eq!(rendered(&first), first);
    let access = good(text);
    assert_snapshot!(crate::render::access_file(&access, &Facts::default()), @r#"
    clusterID: c
    groups:
    - name: a
      users:
      - name: x
        account: "111122223333"
        accept:
          access.username-twice: meant
      - name: z
        account: "111122223333"
      authorization:
      - namespaces:
        - dev
        rules:
        - verbs:
          - get
          apiGroups:
          - ""
          resources:
          - pods
    "#);
}

#[test]
fn the_charts_keys_stand_in_one_file() {
    let files = ["clusterID: c\nauthenticator: {tag: a}\nx-a: 1\n", "groups: []\nauthenticator: {tag: b}\nx-a: 2\n"];
    let read = crate::read(&super::sources(&files), &document::Limits::default());
    let said: Vec<&str> = read.problems.iter().map(|problem| &*problem.message).collect();
    assert_eq!(said, ["`authenticator` is set twice; all files together have it once"]);
}

/// Helm reads what is the chart's, by YAML 1.1: written anew it has to mean the same to Helm. `helm template` was asked what each is.
#[test]
fn what_helm_reads_is_the_same_written_anew() {
    let rows = [
        ("yes", "true"),
        ("0o14", "12"),
        ("014", "12"),
        ("1_000", "1000"),
        ("0x1F", "31"),
        ("0b11", "3"),
        ("+1", "1"),
        (".5", "0.5"),
        ("~", "null"),
        ("y", "true"),
        ("\"yes\"", "\"yes\""),
        ("12:30:45", "\"12:30:45\""),
        ("2024-01-01", "\"2024-01-01\""),
        ("{on: off}", "\n        \"true\": false"),
    ];
    for (written, expected) in rows {
        let file = around(&format!(
            "- {{name: a, users: [u]}}\nauthenticator: {{enabled: true, resources: {{limits: {{k: {written}}}}}}}\n"
        ));
        let text = render(&good(&file), &Facts::default(), now(), RenderTarget::Access, Expiry::Refuse);
        let text = text.expect(written).text;
        let space = if expected.starts_with('\n') { "" } else { " " };
        assert!(text.contains(&format!("      k:{space}{expected}\n")), "{written}: {text}");
    }
}

/// What stands beside the roles of machines holds for each of them.
#[test]
fn what_stands_in_an_entry_of_nodes_is_kept() {
    let file = "- {name: a, users: [u]}\nnodes:\n- x-why: it\n  accept: {access.expired: known}\n  roles:\n  \
                - {name: Old, expires: 2001-01-01, x-own: 1, accept: {access.duplicate: d}}\n  - Other\n";
    let access = good(&around(file));
    assert_eq!(crate::check(&access, &Facts::default(), now()), [], "its finding is accepted");
    let text = render(&access, &Facts::default(), now(), RenderTarget::Access, Expiry::Refuse).expect("renders").text;
    for (kept, count) in [("x-why: it", 2), ("access.expired: known", 2), ("access.duplicate: d", 1), ("x-own: 1", 1)] {
        assert_eq!(text.matches(kept).count(), count, "{kept}: {text}");
    }
}
