//! rbac-manager's `RBACDefinition`: the bindings that it makes.
//!
//! Source: FairwindsOps/rbac-manager, `pkg/reconciler/parser.go`, `pkg/apis/rbacmanager/v1beta1/rbacdefinition_types.go`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use access::Namespace;
use document::{Node, Problems, Source, Span};
use rbac::{Binding, LabelSelector, Operator, Requirement, RoleKind, RoleReference, Subject};

use super::{
    FileFormat, Foreign,
    fields::{self, is_mapping, key_span, list, not_taken, plain, text, texts, unreadable, value},
};

/// The one version that there is.
pub(super) const VERSION: &str = "rbacmanager.reactiveops.io/v1beta1";
/// Its kind.
pub(super) const KIND: &str = "RBACDefinition";
/// The fields of a definition, and of its parts; the API server has all of them in its schema.
const ROOT: [&str; 5] = ["apiVersion", "kind", "metadata", "rbacBindings", "status"];
const BINDING: [&str; 4] = ["name", "subjects", "clusterRoleBindings", "roleBindings"];
const SUBJECT: [&str; 6] =
    ["kind", "name", "namespace", "apiGroup", "imagePullSecrets", "automountServiceAccountToken"];
const CLUSTER_ROLE_BINDING: [&str; 1] = ["clusterRole"];
const ROLE_BINDING: [&str; 4] = ["clusterRole", "role", "namespace", "namespaceSelector"];
/// Where those stand that say who may do something.
const PLACES: [(&str, &str); 4] = [
    ("rbacBindings", "at the top level of the object"),
    ("subjects", "in an entry of `rbacBindings`"),
    ("clusterRoleBindings", "in an entry of `rbacBindings`"),
    ("roleBindings", "in an entry of `rbacBindings`"),
];

/// An RBACDefinition, from which rbac-manager creates bindings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RbacDefinition {
    /// Its name.
    pub name: Box<str>,
    /// The file that it stands in.
    pub file: Arc<str>,
    /// The line of it, from 1.
    pub line: usize,
    grants: Vec<Grant>,
}

/// What a definition grants in namespaces that it chooses by their labels.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// What the bindings are called.
    pub binding: &'a str,
    /// What they grant.
    pub role: &'a RoleReference,
    /// To whom.
    pub subjects: &'a [Subject],
    /// Where.
    pub selector: &'a LabelSelector,
    /// The line of it in the definition's file.
    pub line: usize,
}

/// One binding of a definition, or several that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    name: Box<str>,
    role: RoleReference,
    subjects: Vec<Subject>,
    place: BindingScope,
    span: Span,
    line: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum BindingScope {
    Cluster,
    Namespace(Box<str>),
    Selector(LabelSelector),
}

impl RbacDefinition {
    /// Returns the bindings that rbac-manager makes where these namespaces are. Of two with one name the first is made.
    pub fn bindings(&self, namespaces: &[Namespace]) -> Vec<Binding> {
        let mut made: BTreeSet<(Option<Box<str>>, Box<str>)> = BTreeSet::new();
        let is_new = |binding: &Binding| made.insert((binding.namespace().map(Into::into), binding.name().into()));
        self.asked(namespaces).map(|(binding, _)| binding).filter(is_new).collect()
    }

    /// Every binding that is asked for where these namespaces are, in the order in which rbac-manager makes them, with its line
    /// in the definition's file. Several may have one name.
    pub(crate) fn asked(&self, namespaces: &[Namespace]) -> impl Iterator<Item = (Binding, usize)> {
        let mut bindings = Vec::new();
        for Grant { name, role, subjects, place, span, line } in &self.grants {
            let places: Vec<Option<Box<str>>> = match place {
                BindingScope::Cluster => vec![None],
                BindingScope::Namespace(namespace) => vec![Some(namespace.clone())],
                BindingScope::Selector(selector) => {
                    let chosen = namespaces.iter().filter(|namespace| selector.matches(&namespace.labels));
                    chosen.map(|namespace| Some(namespace.name.clone())).collect()
                }
            };
            for namespace in places {
                let (name, role, subjects) = (name.clone(), role.clone(), subjects.clone());
                let binding = Binding::new(namespace, name, role, subjects, Some(*span));
                bindings.extend(binding.map(|binding| (binding, *line)));
            }
        }
        bindings.into_iter()
    }

    /// Whether another one asks for the same.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let said = |of: &Self| -> Vec<_> {
            let grants = of.grants.iter().cloned();
            grants.map(|grant| (grant.name, grant.role, grant.subjects, grant.place)).collect()
        };
        said(self) == said(other)
    }

    /// Returns what it grants by labels. Where several bindings would have one name and other subjects, rbac-manager makes the
    /// first.
    pub fn chosen(&self) -> impl Iterator<Item = Chosen<'_>> {
        let is_clear = |of: &Grant| self.grants.iter().all(|one| one.name != of.name || one.subjects == of.subjects);
        let of_labels = move |grant: &'_ Grant| is_clear(grant);
        self.grants.iter().filter(move |grant| of_labels(grant)).filter_map(|grant| match &grant.place {
            BindingScope::Selector(selector) if *selector != LabelSelector::default() => Some(Chosen {
                binding: &grant.name,
                role: &grant.role,
                subjects: &grant.subjects,
                selector,
                line: grant.line,
            }),
            BindingScope::Selector(_) | BindingScope::Cluster | BindingScope::Namespace(_) => None,
        })
    }

    /// Takes in where it stands.
    pub(super) fn stands(&mut self, source: &Source, span: Span) {
        (self.file, self.line) = (source.name().into(), source.position(span.start).line);
        self.grants.iter_mut().for_each(|grant| grant.line = source.position(grant.span.start).line);
    }

    /// Returns whether it chooses namespaces by their labels, which the cluster knows alone.
    pub fn chooses_namespaces(&self) -> bool {
        self.grants.iter().any(|grant| matches!(grant.place, BindingScope::Selector(_)))
    }
}

/// What is meant to be a definition, and is none.
pub(super) fn misnamed(root: &Node) -> Foreign {
    let problems = fields::misnamed(root, "rbac-manager", (VERSION, KIND));
    Foreign { format: FileFormat::RbacDefinition, problems, ..Foreign::default() }
}

fn known(node: &Node, of: &str, keys: &[&str], problems: &mut Problems) {
    let why = "unknown field: kubectl refuses the object; here it counts without that field";
    fields::known(node, (of, why), keys, &PLACES, problems);
}

pub(super) fn read(root: &Node) -> Foreign {
    let mut problems = Problems::default();
    known(root, "", &ROOT, &mut problems);
    let name = value(root, "metadata").map_or("", |metadata| text(metadata, "name", &mut problems));
    let mut definition = RbacDefinition { name: name.into(), ..RbacDefinition::default() };
    let mut parts = Problems::default();
    if value(root, "rbacBindings").is_none() {
        let span = key_span(root, "spec").unwrap_or(root.span);
        let message = format!("the RBACDefinition {name} has no rbacBindings, so rbac-manager creates nothing from it");
        problems
            .push(not_taken(span, message).hint("rbacBindings is a key of the object itself and not of its `spec`"));
    }
    for node in list(root, "rbacBindings", &mut parts) {
        if is_mapping(node, "an RBAC binding", &mut parts) {
            binding(name, node, &mut definition.grants, &mut parts, &mut problems);
        }
    }
    let mut seen: BTreeMap<(&str, &BindingScope), &Grant> = BTreeMap::new();
    for grant in &definition.grants {
        let first = seen.entry((&grant.name, &grant.place)).or_insert(grant);
        if (&first.subjects, &first.role) != (&grant.subjects, &grant.role) {
            let message =
                format!("the RBACDefinition {name} makes two bindings {}; the API server has the first", grant.name);
            problems.push(not_taken(grant.span, message).related(first.span, "the first"));
        }
    }
    // The first thing that is wrong ends it: rbac-manager then makes nothing of the whole definition.
    if parts.has_errors() {
        definition.grants.clear();
    }
    parts.move_into(&mut problems);
    let definition = Some(definition);
    Foreign { format: FileFormat::RbacDefinition, definition, problems: problems.into_sorted(), ..Foreign::default() }
}

fn binding(of: &str, node: &Node, grants: &mut Vec<Grant>, problems: &mut Problems, left: &mut Problems) {
    let name = text(node, "name", problems);
    let of_part = format!("{of}, {name}: ");
    known(node, &of_part, &BINDING, left);
    let prefix = format!("{of}-{name}");
    let mut others = 0;
    let mut subjects = Vec::new();
    for subject in list(node, "subjects", problems) {
        known(subject, &of_part, &SUBJECT, left);
        let [kind, name, namespace] = ["kind", "name", "namespace"].map(|key| text(subject, key, problems));
        subjects.push(match kind {
            "Group" => Subject::Group(name.into()),
            "User" => Subject::User(name.into()),
            "ServiceAccount" => {
                let namespace = Some(namespace.into()).filter(|_| !namespace.is_empty());
                Subject::ServiceAccount { namespace, name: name.into() }
            }
            _ => {
                problems.push(unreadable(
                    subject.span,
                    format!("a subject of the kind `{kind}`; rbac-manager takes Group, User and ServiceAccount"),
                ));
                continue;
            }
        });
        others += usize::from(kind != "Group");
    }
    if others > 0 {
        let message = format!(
            "the RBACDefinition {of}, {name}: {others} of its subjects are not groups; an access file grants to groups"
        );
        left.push(not_taken(node.span, message));
    }
    let mut add = |name: String, kind, role: &str, place, span| {
        let role = RoleReference { kind, name: role.into() };
        grants.push(Grant { name: name.into(), role, subjects: subjects.clone(), place, span, line: 0 });
    };
    for node in list(node, "clusterRoleBindings", problems) {
        known(node, &of_part, &CLUSTER_ROLE_BINDING, left);
        let role = text(node, "clusterRole", problems);
        if role.is_empty() {
            problems.push(unreadable(node.span, "`clusterRole` is missing"));
        }
        add(format!("{prefix}-{role}"), RoleKind::ClusterRole, role, BindingScope::Cluster, node.span);
    }
    for node in list(node, "roleBindings", problems) {
        known(node, &of_part, &ROLE_BINDING, left);
        let [cluster_role, role, namespace] = ["clusterRole", "role", "namespace"].map(|key| text(node, key, problems));
        let (kind, role, suffix) = match (cluster_role, role) {
            ("", "") => {
                problems.push(unreadable(node.span, "`clusterRole` or `role` is missing"));
                continue;
            }
            ("", role) => (RoleKind::Role, role, format!("{role}-{namespace}")),
            (role, _) => (RoleKind::ClusterRole, role, role.to_owned()),
        };
        let place = match value(node, "namespaceSelector").and_then(|node| selector(node, problems)) {
            Some(selector) => {
                if selector == LabelSelector::default() {
                    let span = key_span(node, "namespaceSelector").unwrap_or(node.span);
                    let message = format!(
                        "{of_part}`namespaceSelector` chooses every namespace, later ones too; taken are those that there are now"
                    );
                    let hint =
                        "write `namespaces: ['*']` in place of these namespaces below `authorization` in the file";
                    left.push(not_taken(span, message).hint(hint));
                }
                BindingScope::Selector(selector)
            }
            None if namespace.is_empty() => {
                problems.push(unreadable(node.span, "`namespace` or `namespaceSelector` is missing"));
                continue;
            }
            None => BindingScope::Namespace(namespace.into()),
        };
        add(format!("{prefix}-{suffix}"), kind, role, place, node.span);
    }
}

/// A selector that says something; `matchLabels: {}` chooses every namespace.
fn selector(node: &Node, problems: &mut Problems) -> Option<LabelSelector> {
    let labels = value(node, "matchLabels");
    let mut match_labels = BTreeMap::new();
    for entry in labels.and_then(Node::as_mapping).unwrap_or_default() {
        if let Some((text, _)) = entry.value.text(problems) {
            match_labels.insert((&*entry.key.text).into(), text.into());
        }
    }
    let mut match_expressions = Vec::new();
    for node in list(node, "matchExpressions", problems) {
        let operator = match value(node, "operator").and_then(plain) {
            Some("In") => Operator::In,
            Some("NotIn") => Operator::NotIn,
            Some("Exists") => Operator::Exists,
            Some("DoesNotExist") => Operator::DoesNotExist,
            _ => {
                problems.push(unreadable(node.span, "`operator` must be In, NotIn, Exists or DoesNotExist"));
                continue;
            }
        };
        let (key, values) = (text(node, "key", problems).into(), texts(node, "values", problems));
        if values.is_empty() == matches!(operator, Operator::In | Operator::NotIn) {
            problems.push(unreadable(node.span, "In and NotIn take values, Exists and DoesNotExist none"));
        }
        match_expressions.push(Requirement { key, operator, values });
    }
    (labels.is_some() || !match_expressions.is_empty()).then_some(LabelSelector { match_labels, match_expressions })
}
