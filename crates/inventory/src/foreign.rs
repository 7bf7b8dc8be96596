//! Files of other programs that say who may log in, or what somebody may do: each read as its own program reads it.
//!
//! ```text
//!   a document ─ read ─► Foreign: logins, access entries, what is bound; and a problem for each thing of it that no access
//!                        file can say, or that the program itself would refuse
//! ```
//!
//! Nothing of these files is dropped in silence: what is not among the parts of a [`Foreign`] has a problem with its place.

mod access_entries;
mod chart;
mod eksctl;
mod fields;
mod identity_mappings;
pub(crate) mod identity_providers;
mod kops;
mod rbac_manager;
mod terraform;

use std::sync::Arc;

use document::{Node, Problem, Source, Span};
use mapping::BackendMode;

pub use crate::format::FileFormat;

pub use self::{
    access_entries::{AccessEntry, Association, EntryType},
    rbac_manager::{Chosen, RbacDefinition},
};
use access::Access;

use crate::{AuthenticationMode, ClusterClaim, Unseen, text::placeholder::is_placeholder};

/// The access that a file of another program declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreign {
    /// Which program's file it is.
    pub format: FileFormat,
    /// The file's name.
    pub file: Arc<str>,
    /// Where the whole of it stands.
    pub span: Span,
    /// Which cluster it is about, as often as it says so.
    pub clusters: Vec<ClusterClaim>,
    /// Who logs in as whom, in the order in which it is written.
    pub logins: Vec<Login>,
    /// Accounts everybody of whom may log in.
    pub accounts: Vec<Account>,
    /// EKS access entries.
    pub entries: Vec<AccessEntry>,
    /// Which logins EKS looks at.
    pub mode: Option<AuthenticationMode>,
    /// What rbac-manager makes bindings of.
    pub definition: Option<RbacDefinition>,
    /// What groups are granted, as an access file in which nobody is.
    pub access: Option<Box<Access>>,
    /// What cannot be read (errors), and what was read and is in none of the parts (warnings).
    pub problems: Vec<Problem>,
}

/// A mapping, as written in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The principal's ARN.
    pub arn: Box<str>,
    /// The username, possibly with variables.
    pub username: Box<str>,
    /// The groups.
    pub groups: Vec<Box<str>>,
    /// The list that it is in, and which entry of it, from 0.
    pub at: (&'static str, usize),
    /// Where it stands.
    pub span: Span,
    /// The line of that, from 1.
    pub line: usize,
}

/// A mapping of every principal in an AWS account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The account, as it is written.
    pub account: Box<str>,
    /// The list that it is in, and which entry of it, from 0.
    pub at: (&'static str, usize),
    /// Where it stands.
    pub span: Span,
    /// The line of that, from 1.
    pub line: usize,
}

/// What the file's own program would not read either.
pub(crate) const UNREADABLE: &str = "import.unreadable";
/// What was read, and no access file can say.
pub(crate) const NOT_TAKEN: &str = "import.not-taken";
/// A login that is written, and of which the file's own program makes nothing.
pub(crate) const NO_LOGIN: &str = "import.no-login";
/// A login in which another program fills something in: it is not known yet whose it is.
pub(crate) const UNFILLED: &str = "import.unfilled";
/// What was read, by which somebody may log in whom the file does not name.
pub(crate) const NOT_KNOWN: &str = "import.not-known";

impl Foreign {
    /// Returns what tokens for the cluster are bound to.
    pub fn cluster_id(&self) -> Option<&str> {
        self.clusters.iter().find_map(|said| said.id.as_deref())
    }

    /// Takes in which cluster it is about, and where it says so. What another program fills in says nothing.
    fn is_about(&mut self, source: &Source, node: Option<&Node>, said: ClusterClaim) {
        let ClusterClaim { by, id, name, region, account, uid, .. } = said;
        let said_by_itself = |text: Option<Box<str>>| text.filter(|text| !text.is_empty() && !is_placeholder(text));
        let [id, name, region, account] = [id, name, region, account].map(said_by_itself);
        let Some(node) = node.filter(|_| id.is_some() || name.is_some()) else { return };
        let place = Some((source.name().into(), source.position(node.span.start).line));
        let said = ClusterClaim { by, place, id, name, region, account, uid };
        if !self.clusters.iter().any(|before| before.says_the_same_as(&said)) {
            self.clusters.push(said);
        }
    }

    /// Returns the logins that are written and say of nobody who is let in, and where they would stand; `true` where the file's
    /// own program makes nothing of them, and `false` where another program fills something in first.
    pub fn without_login(&self) -> impl Iterator<Item = (BackendMode, &Problem, bool)> {
        let mode = if self.format == FileFormat::Kops { BackendMode::Crd } else { BackendMode::EksConfigMap };
        let of_nobody = self.problems.iter().filter(|problem| [NO_LOGIN, UNFILLED].contains(&problem.code));
        of_nobody.map(move |problem| (mode, problem, problem.code == NO_LOGIN))
    }
}

/// What is wrong with a file, as something that is not known.
pub(crate) fn gap(problem: &Problem, file: &str, line: usize) -> Unseen {
    let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    Unseen::new(format!("{file}:{line}"), format!("{}{hint}", problem.message))
}

/// Returns whether objects of an API version and kind are among these files, or are meant to be.
pub fn is_of(version: &str, kind: &str) -> bool {
    let group = version.split('/').next().unwrap_or_default();
    GROUPS.contains(&group) || is_definition(version, kind)
}

/// Whether this is rbac-manager's, or meant to be: nobody else calls a kind that.
fn is_definition(version: &str, kind: &str) -> bool {
    let is_ours = version.starts_with("rbacmanager.reactiveops.io/");
    kind.eq_ignore_ascii_case(rbac_manager::KIND) || (is_ours && is_nearly(kind, rbac_manager::KIND))
}

/// The groups of their API versions. kops still takes the name that it had until 1.11.
const GROUPS: [&str; 4] = ["kops.k8s.io", "kops", "eksctl.io", "rbacmanager.reactiveops.io"];

/// Whether a kind is meant to be another: its own program takes it in its own letters alone.
fn is_nearly(kind: &str, right: &str) -> bool {
    !kind.ends_with("List") && document::nearest(kind, [right]).is_some()
}

/// Reads a document that is another program's; `None` where it is none of those.
pub fn read(source: &Source, root: &Node) -> Option<Foreign> {
    let text = |key: &str| root.get(key).and_then(fields::plain);
    let (version, kind) = (text("apiVersion").unwrap_or_default(), text("kind").unwrap_or_default());
    let group = version.split('/').next().unwrap_or_default();
    let foreign = match (group, kind) {
        ("kops.k8s.io" | "kops", "Cluster") => kops::read(source, root),
        ("eksctl.io", "ClusterConfig") => eksctl::read(source, root),
        _ if (version, kind) == (rbac_manager::VERSION, rbac_manager::KIND) => rbac_manager::read(root),
        _ if is_definition(version, kind) => rbac_manager::misnamed(root),
        ("eksctl.io", kind) if is_nearly(kind, "ClusterConfig") => eksctl::misnamed(root),
        ("", "") if chart::is_first(root) => chart::read(source, root),
        ("", "") if identity_providers::are(root) => identity_providers::read(source, root),
        ("", "") if identity_mappings::are(root) => identity_mappings::read(root),
        ("", "") if eksctl::are_entries(root) => eksctl::read_entries(root),
        ("", "") if terraform::are_entries(root) => terraform::read_entries(source, root),
        ("", "") if terraform::are_users(root) => terraform::read_users(root),
        _ => return None,
    };
    let mut foreign = Foreign { span: root.span, file: source.name().into(), ..foreign };
    let line = |span: Span| source.position(span.start).line;
    foreign.logins.iter_mut().for_each(|login| login.line = line(login.span));
    foreign.accounts.iter_mut().for_each(|account| account.line = line(account.span));
    foreign.definition.iter_mut().for_each(|definition| definition.stands(source, root.span));
    Some(foreign)
}
