//! What all commands say as JSON in the same shape. Keys are only ever added.

pub use access::render::yaml;
use inventory::Unseen;
use rbac::{Rule, Subject};
use serde::Serialize;

use crate::{GrantPlace, NamedPrincipal, Path, World};

/// Returns a value as JSON, with a line break.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain data can be written") + "\n"
}

/// Something that could not be read.
#[derive(Clone, Debug, Serialize)]
pub struct GapOut<'a> {
    what: &'a str,
    why: &'a str,
}

/// A Kubernetes subject.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectOut<'a> {
    kind: &'static str,
    name: &'a str,
    /// Of service accounts alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

/// An AWS principal, and who they are in the cluster.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrincipalOut<'a> {
    arn: String,
    kind: &'static str,
    name: &'a str,
    account: &'a str,
    /// Why they cannot log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    denied: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<&'a str>,
    /// The rule that says who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapped_by: Option<String>,
    /// Whether it is one of several logins, of which any is taken.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    by_chance: bool,
}

/// The path from a subject to a rule, for programs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathOut<'a> {
    /// Where it holds.
    #[serde(flatten)]
    place: PlaceOut<'a>,
    /// `binding`, `systemMasters` or `accessPolicy`.
    by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    binding: Option<ObjectOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<ObjectOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleOut<'a>>,
    /// Where a person wrote the grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<WrittenOut<'a>>,
}

/// The place in which something applies, for programs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceOut<'a> {
    /// Whether that is the whole cluster.
    everywhere: bool,
    /// Names, or globs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    namespaces: Vec<&'a str>,
}

/// A rule as Kubernetes writes it.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct RuleOut<'a>(pub &'a Rule);

#[derive(Clone, Debug, Serialize)]
struct ObjectOut<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
}

#[derive(Clone, Debug, Serialize)]
struct WrittenOut<'a> {
    file: &'a str,
    line: usize,
    column: usize,
}

impl<'a> From<&'a Unseen> for GapOut<'a> {
    fn from(gap: &'a Unseen) -> Self {
        Self { what: &gap.what, why: &gap.why }
    }
}

impl<'a> From<&'a Subject> for SubjectOut<'a> {
    fn from(subject: &'a Subject) -> Self {
        let (kind, name, namespace) = match subject {
            Subject::User(name) => ("User", name, None),
            Subject::Group(name) => ("Group", name, None),
            Subject::ServiceAccount { namespace, name } => ("ServiceAccount", name, namespace.as_deref()),
        };
        Self { kind, name, namespace }
    }
}

impl<'a> From<&'a NamedPrincipal> for PrincipalOut<'a> {
    fn from(principal: &'a NamedPrincipal) -> Self {
        let login = principal.login.as_ref();
        Self {
            arn: principal.arn(),
            kind: principal.who.kind(),
            name: principal.who.name(),
            account: principal.identity.account.as_str(),
            denied: login.err().map(|refusal| refusal.code()),
            username: login.ok().map(|login| &*login.username),
            groups: login.into_iter().flat_map(|login| &login.groups).map(|group| &**group).collect(),
            mapped_by: principal.source.as_ref().map(ToString::to_string),
            by_chance: principal.is_by_chance,
        }
    }
}

impl<'a> From<GrantPlace<'a>> for PlaceOut<'a> {
    fn from(place: GrantPlace<'a>) -> Self {
        Self { everywhere: place == GrantPlace::Cluster, namespaces: place.namespaces() }
    }
}

impl<'a> PathOut<'a> {
    /// Returns a path without the rule, for those who say all rules beside it.
    pub fn without_rule(world: &'a World, path: &Path<'a>) -> Self {
        Self { rule: None, ..Self::new(world, path) }
    }

    /// Returns a path, with the place where a person wrote the grant.
    pub fn new(world: &'a World, path: &Path<'a>) -> Self {
        let written = world.place(path.origin());
        let written = written.map(|(file, at)| WrittenOut { file, line: at.line, column: at.column });
        let place = path.place().into();
        let rule = path.rule().map(RuleOut);
        match *path {
            Path::Masters => {
                Self { place, by: "systemMasters", binding: None, role: None, policy: None, rule, written }
            }
            Path::Binding { binding, role, .. } => {
                let object = ObjectOut { kind: binding.kind(), namespace: binding.namespace(), name: binding.name() };
                let role = ObjectOut { kind: role.kind().as_str(), namespace: role.namespace(), name: role.name() };
                Self { place, by: "binding", binding: Some(object), role: Some(role), policy: None, rule, written }
            }
            Path::Policy { policy, .. } => {
                let policy = Some(policy.name);
                Self { place, by: "accessPolicy", binding: None, role: None, policy, rule, written }
            }
        }
    }
}
