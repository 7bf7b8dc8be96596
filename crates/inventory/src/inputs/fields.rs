//! Fields that there are not, as `subject` for `subjects`: kubectl refuses an object that has one, and an API server that is not
//! asked to refuse it takes the object without the field.
//!
//! Source: Kubernetes 1.37, `api/rbac/v1/types.go`, `api/core/v1/types.go`, `apimachinery/pkg/apis/meta/v1/types.go`,
//! aws-iam-authenticator 0.7.18's CustomResourceDefinition, and what `kubectl create` says.

use document::{Node, Span, nearest};

use crate::Dump;

/// What may stand somewhere.
enum Shape {
    Anything,
    /// A mapping with these fields.
    Fields(&'static [(&'static str, Shape)]),
    /// A list of such.
    Each(&'static Shape),
}

use Shape::{Anything, Each, Fields};

/// A field that there is not.
pub(super) struct Unknown {
    pub(super) at: Span,
    /// As the API server writes it: `rules[0].verb`.
    pub(super) path: String,
    /// What was probably meant.
    pub(super) meant: Option<&'static str>,
}

const METADATA: Shape = Fields(&[
    ("name", Anything),
    ("generateName", Anything),
    ("namespace", Anything),
    ("selfLink", Anything),
    ("uid", Anything),
    ("resourceVersion", Anything),
    ("generation", Anything),
    ("creationTimestamp", Anything),
    ("deletionTimestamp", Anything),
    ("deletionGracePeriodSeconds", Anything),
    ("labels", Anything),
    ("annotations", Anything),
    ("ownerReferences", Anything),
    ("finalizers", Anything),
    ("managedFields", Anything),
]);
const RULES: Shape = Each(&Fields(&[
    ("verbs", Anything),
    ("apiGroups", Anything),
    ("resources", Anything),
    ("resourceNames", Anything),
    ("nonResourceURLs", Anything),
]));
const SELECTORS: Shape = Each(&Fields(&[
    ("matchLabels", Anything),
    ("matchExpressions", Each(&Fields(&[("key", Anything), ("operator", Anything), ("values", Anything)]))),
]));
const ROLE: Shape = Fields(&[("apiVersion", Anything), ("kind", Anything), ("metadata", METADATA), ("rules", RULES)]);
const CLUSTER_ROLE: Shape = Fields(&[
    ("apiVersion", Anything),
    ("kind", Anything),
    ("metadata", METADATA),
    ("rules", RULES),
    ("aggregationRule", Fields(&[("clusterRoleSelectors", SELECTORS)])),
]);
const BINDING: Shape = Fields(&[
    ("apiVersion", Anything),
    ("kind", Anything),
    ("metadata", METADATA),
    ("roleRef", Fields(&[("apiGroup", Anything), ("kind", Anything), ("name", Anything)])),
    (
        "subjects",
        Each(&Fields(&[("kind", Anything), ("apiGroup", Anything), ("name", Anything), ("namespace", Anything)])),
    ),
]);

const CONFIG_MAP: Shape = Fields(&[
    ("apiVersion", Anything),
    ("kind", Anything),
    ("metadata", METADATA),
    ("data", Anything),
    ("binaryData", Anything),
    ("immutable", Anything),
]);
const IAM_IDENTITY_MAPPING: Shape = Fields(&[
    ("apiVersion", Anything),
    ("kind", Anything),
    ("metadata", METADATA),
    ("spec", Fields(&[("arn", Anything), ("username", Anything), ("groups", Anything)])),
    ("status", Anything),
]);

/// The fields of an object that there are not: of those of RBAC, and of those that say who logs in. Of other objects nothing
/// is known here.
pub(super) fn unknown(object: &Node, api_version: &str, kind: &str, name: &str) -> Vec<Unknown> {
    let mut found = Vec::new();
    let shape = match (api_version, kind) {
        ("rbac.authorization.k8s.io/v1", "Role") => &ROLE,
        ("rbac.authorization.k8s.io/v1", "ClusterRole") => &CLUSTER_ROLE,
        ("rbac.authorization.k8s.io/v1", "RoleBinding" | "ClusterRoleBinding") => &BINDING,
        ("v1", "ConfigMap") if Dump::config_map_names().any(|ours| ours == name) => &CONFIG_MAP,
        ("iamauthenticator.k8s.aws/v1alpha1", "IAMIdentityMapping") => &IAM_IDENTITY_MAPPING,
        _ => &Anything,
    };
    look(object, shape, "", &mut found);
    found
}

fn look(node: &Node, shape: &'static Shape, path: &str, found: &mut Vec<Unknown>) {
    match shape {
        Anything => {}
        Each(shape) => {
            for (at, node) in node.as_sequence().unwrap_or_default().iter().enumerate() {
                look(node, shape, &format!("{path}[{at}]"), found);
            }
        }
        Fields(fields) => {
            let entries = node.as_mapping().unwrap_or_default();
            for (at, entry) in entries.iter().enumerate() {
                let key = &*entry.key.text;
                // Of equal keys the last one counts.
                if entries[at + 1..].iter().any(|later| *later.key.text == *key) {
                    continue;
                }
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                match fields.iter().find(|(name, _)| *name == key) {
                    Some((_, shape)) => look(&entry.value, shape, &path, found),
                    None => {
                        let meant = nearest(key, fields.iter().map(|(name, _)| *name));
                        found.push(Unknown { at: entry.key_span, path, meant });
                    }
                }
            }
        }
    }
}
