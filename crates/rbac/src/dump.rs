//! What `kubectl get … -o json` prints, read straight into the slim types.

use serde::Deserialize;

use crate::{Binding, LabelSelector, Labels, Objects, Role, RoleKind, RoleReference, Rule, Subject};

/// What dumps say about a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dump {
    /// Roles and bindings.
    pub objects: Objects,
    /// Namespaces with their labels.
    pub namespaces: Vec<(Box<str>, Labels)>,
    /// Whether it held roles of namespaces at all, so that a missing one is missing.
    pub has_roles: bool,
    /// Whether it held roles of the cluster at all.
    pub has_cluster_roles: bool,
    /// Whether it held namespaces at all.
    pub has_namespaces: bool,
}

/// Why a dump cannot be used.
#[derive(Debug)]
pub enum DumpError {
    /// Not JSON, or not of Kubernetes' shape.
    Syntax(serde_json::Error),
    /// Only the first part of a list (`metadata.continue` is set): what is not in it would count as absent.
    Partial,
}

impl std::fmt::Display for DumpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "it is not what `kubectl get … -o json` prints: {error}"),
            Self::Partial => f.write_str("it is only the first part of a list (metadata.continue is set)"),
        }
    }
}

impl std::error::Error for DumpError {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    kind: Option<Box<str>>,
    #[serde(default)]
    metadata: Metadata,
    items: Option<Vec<Raw>>,
    rules: Option<Vec<Rule>>,
    aggregation_rule: Option<AggregationRule>,
    role_ref: Option<RawRoleRef>,
    subjects: Option<Vec<RawSubject>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: Box<str>,
    namespace: Option<Box<str>>,
    labels: Option<Labels>,
    #[serde(rename = "continue")]
    more: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AggregationRule {
    cluster_role_selectors: Option<Vec<LabelSelector>>,
}

#[derive(Deserialize)]
struct RawRoleRef {
    kind: RoleKind,
    name: Box<str>,
}

#[derive(Deserialize)]
struct RawSubject {
    kind: Box<str>,
    name: Box<str>,
    namespace: Option<Box<str>>,
}

impl Dump {
    /// Adds what a text holds: a list, a typed list, or one object. Kinds that are not about access are left out.
    pub fn read(&mut self, json: &[u8]) -> Result<(), DumpError> {
        let raw: Raw = serde_json::from_slice(json).map_err(DumpError::Syntax)?;
        self.add(raw, None)
    }

    fn add(&mut self, raw: Raw, list_kind: Option<&str>) -> Result<(), DumpError> {
        let kind = raw.kind.as_deref().or(list_kind).unwrap_or_default().to_owned();
        if raw.metadata.more.as_deref().is_some_and(|more| !more.is_empty()) {
            return Err(DumpError::Partial);
        }
        if let Some(items) = raw.items {
            let of = kind.strip_suffix("List").filter(|of| !of.is_empty());
            self.has_roles |= of == Some("Role");
            self.has_cluster_roles |= of == Some("ClusterRole");
            self.has_namespaces |= of == Some("Namespace");
            return items.into_iter().try_for_each(|item| self.add(item, of));
        }
        let Metadata { name, namespace, labels, .. } = raw.metadata;
        let labels = labels.unwrap_or_default();
        match kind.as_str() {
            "Namespace" => {
                self.has_namespaces = true;
                self.namespaces.push((name, labels));
            }
            "Role" | "ClusterRole" => {
                self.has_roles |= kind == "Role";
                self.has_cluster_roles |= kind == "ClusterRole";
                let aggregation = raw.aggregation_rule.map(|rule| rule.cluster_role_selectors.unwrap_or_default());
                let rules = raw.rules.unwrap_or_default();
                self.objects.roles.push(Role { namespace, name, rules, labels, aggregation, origin: None });
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                let Some(RawRoleRef { kind, name: role }) = raw.role_ref else { return Ok(()) };
                let subjects = raw.subjects.unwrap_or_default().into_iter().filter_map(RawSubject::subject).collect();
                let role = RoleReference { kind, name: role };
                self.objects.bindings.push(Binding { namespace, name, role, subjects, origin: None });
            }
            _ => {}
        }
        Ok(())
    }
}

impl RawSubject {
    fn subject(self) -> Option<Subject> {
        let Self { kind, name, namespace } = self;
        match &*kind {
            "User" => Some(Subject::User(name)),
            "Group" => Some(Subject::Group(name)),
            "ServiceAccount" => Some(Subject::ServiceAccount { namespace, name }),
            _ => None,
        }
    }
}
