//! What kubectl or the API server refuses is a gap that names the object, and nothing else is one.

use std::fs;

use super::unexpected;
use anyhow::ensure;
use e2e::{process, test_cluster::TestCluster, world::World};

/// What every case begins with where it says nothing else.
const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: it, namespace: default}\n";
const CLUSTER_ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: it}\n";
const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
                       metadata: {name: it, namespace: default}\n";
const CLUSTER_BINDING: &str =
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: it}\n";

/// What begins the manifest, and what follows.
const CASES: &[(&str, &str)] = &[
    // Taken.
    (ROLE, "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]\n"),
    (ROLE, ""),
    (ROLE, "rules: []\n"),
    (BINDING, "roleRef: {kind: Role, name: missing}\n"),
    (CLUSTER_BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: a}]\n"),
    (CLUSTER_ROLE, "aggregationRule: {clusterRoleSelectors: [{}]}\n"),
    (CLUSTER_ROLE, "rules: [{verbs: [get], nonResourceURLs: ['*']}]\n"),
    (CLUSTER_ROLE, "rules: [{verbs: [''], apiGroups: [''], resources: ['']}]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: 'a:b c'}\nsubjects: [{kind: User, name: ' '}]\n"),
    // Roles.
    (ROLE, "rules: [{apiGroups: [''], resources: [pods]}]\n"),
    (ROLE, "rules: [{apiGroups: [''], resources: [pods], verbs: []}]\n"),
    (ROLE, "rules: [{apiGroups: [''], verbs: [get]}]\n"),
    (ROLE, "rules: [{resources: [pods], verbs: [get]}]\n"),
    (ROLE, "rules: [{}]\n"),
    (ROLE, "rules: [null]\n"),
    (ROLE, "rules: [{verbs: [get], nonResourceURLs: [/x]}]\n"),
    (CLUSTER_ROLE, "rules: [{verbs: [get], nonResourceURLs: [/x], resources: [pods], apiGroups: ['']}]\n"),
    (CLUSTER_ROLE, "aggregationRule: {}\n"),
    (CLUSTER_ROLE, "aggregationRule: {clusterRoleSelectors: []}\n"),
    (CLUSTER_ROLE, "aggregationRule: {clusterRoleSelectors: [null]}\n"),
    (CLUSTER_ROLE, "aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: a, operator: In}]}]}\n"),
    (
        CLUSTER_ROLE,
        "aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: a, operator: Like, values: [b]}]}]}\n",
    ),
    (
        CLUSTER_ROLE,
        "aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: a, operator: Exists, values: [b]}]}]}\n",
    ),
    (CLUSTER_ROLE, "aggregationRule: {clusterRoleSelectors: [{matchLabels: {'a b': c}}]}\n"),
    (CLUSTER_ROLE, "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: 'b c'}}]}\n"),
    (ROLE, "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}\n"),
    // Bindings.
    (BINDING, "subjects: []\n"),
    (BINDING, "roleRef: {kind: ClusterRole}\n"),
    (BINDING, "roleRef: {name: view}\n"),
    (BINDING, "roleRef: {kind: clusterrole, name: view}\n"),
    (BINDING, "roleRef: {apiGroup: rbac.authorization.k8s.io/v1, kind: ClusterRole, name: view}\n"),
    (CLUSTER_BINDING, "roleRef: {kind: Role, name: view}\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: a/b}\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: ..}\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User}]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [null]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: user, name: a}]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: a, apiGroup: v1}]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: A}]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: a, apiGroup: v1}]\n"),
    (CLUSTER_BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: a}]\n"),
    // Types.
    (ROLE, "rules: {}\n"),
    (ROLE, "rules: [{apiGroups: '', resources: [pods], verbs: [get]}]\n"),
    (ROLE, "rules: [{apiGroups: [''], resources: [pods], verbs: get}]\n"),
    (ROLE, "rules: [{apiGroups: [''], resources: [pods], verbs: [get, 1]}]\n"),
    (ROLE, "rules: [{apiGroups: [''], resources: [pods], verbs: [get, yes]}]\n"),
    (ROLE, "rules: [{apiGroups: [''], resources: [[pods]], verbs: [get]}]\n"),
    (ROLE, "rules: [{apiGroups: [''], resources: [pods], verbs: [get], resourceNames: [8080]}]\n"),
    (BINDING, "roleRef: view\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: {kind: User, name: a}\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [alice]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: 1234}]\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: 1, namespace: default}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: it\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: it, labels: {a: 1}}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: it, labels: [a]}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: it, annotations: {a: true}}\n"),
    // Metadata.
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a/b}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'a b:C'}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: it, labels: {'a b': c}}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: it, labels: {a: 'b c'}}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: it, namespace: 'a b'}\n"),
    // Kinds.
    ("", "kind: ClusterRole\nmetadata: {name: it}\n"),
    ("", "apiVersion: v1\nkind: ClusterRole\nmetadata: {name: it}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1beta1\nkind: ClusterRole\nmetadata: {name: it}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: clusterrole\nmetadata: {name: it}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: it}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoles\nmetadata: {name: it}\n"),
    // Fields that there are not.
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubject: [{kind: User, name: a}]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nSubjects: [{kind: User, name: a}]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view, namespace: default}\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nroleref: {kind: ClusterRole, name: view}\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: a, group: b}]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: a, Name: b}]\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nrules: []\n"),
    (BINDING, "roleRef: {kind: ClusterRole, name: view}\nspec: {}\n"),
    (ROLE, "rules: [{apiGroups: [''], resources: [pods], verbs: [get], verb: [list]}]\n"),
    (ROLE, "rules: [{apiGroups: [''], resource: [pods], resources: [pods], verbs: [get]}]\n"),
    (ROLE, "rules: [{apiGroup: [''], apiGroups: [''], resources: [pods], verbs: [get]}]\n"),
    (ROLE, "rules: [{apiGroups: [''], resources: [pods], verbs: [get], nonResourceUrls: [/x]}]\n"),
    (ROLE, "rule: []\n"),
    (ROLE, "x-rules: []\n"),
    (CLUSTER_ROLE, "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}], clusterRoleSelector: []}\n"),
    (CLUSTER_ROLE, "aggregationRule: {clusterRoleSelectors: [{matchLabel: {a: b}}]}\n"),
    (
        CLUSTER_ROLE,
        "aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: a, operator: Exists, value: b}]}]}\n",
    ),
    (CLUSTER_ROLE, "status: {}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: it, label: {a: b}}\n"),
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: it, clusterName: x}\n"),
    // Lists.
    ("", "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: []}]\n"),
    ("", "apiVersion: v1\nkind: List\nitems: [{metadata: {name: it}}]\n"),
    ("", "apiVersion: v1\nkind: List\nitems: [null]\n"),
    (
        "",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleList\nitems: [{metadata: {name: it}, rule: []}]\n",
    ),
    // What an API server keeps itself.
    ("", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: it, resourceVersion: '5'}\n"),
    (
        "",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: it, uid: x, generation: 7, creationTimestamp: null, selfLink: /x, managedFields: []}\n",
    ),
];

pub(super) fn cases(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "manifests-refused", "")?;
    let mut wrong = Vec::new();
    for (at, (beginning, rest)) in CASES.iter().enumerate() {
        let file = format!("case-{at}.yaml");
        let text = format!("{beginning}{rest}");
        fs::write(managed.folder.join(&file), &text)?;
        let path = managed.folder.join(&file).display().to_string();
        let theirs = managed.admin.kubectl(&["create", "--dry-run=server", "-f", &path])?;
        let mut command = managed.command(&["who-can", "get", "pods", "-A", "-o", "json", "--from", &file]);
        let ours = process::run(&mut command)?;
        let gaps = match ours.code {
            0 => unexpected(&serde_json::from_str(&ours.stdout)?, &[]),
            _ => vec![ours.stderr.clone()],
        };
        if (theirs.code != 0) == gaps.is_empty() {
            wrong.push(format!("{text}kubectl: {}{}\nwe: {gaps:#?}\n", theirs.stdout, theirs.stderr));
        }
    }
    ensure!(wrong.is_empty(), "{} of {} cases\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
    Ok(())
}
