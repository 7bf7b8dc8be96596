//! A matrix for people and for programs: the same words in five dresses.

mod html;
mod json;
mod markdown;
mod person;
mod text;

use identity::AccountId;
use inventory::Who;
use jiff::Timestamp;
use rbac::Subject;
use report::count;

pub use self::{
    html::html,
    json::MatrixOut,
    markdown::markdown,
    person::{PersonOut, person_html, person_markdown, person_text},
    text::text,
};
use super::{By, Cell, Column, Matrix, Member, Options, Row, rows::Known};
use crate::{NamedPrincipal, print};

/// The heading of a matrix.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// What the cluster is called.
    pub cluster: &'a str,
    /// Where it was looked at: a kubeconfig's context, files.
    pub source: &'a str,
    /// When it was looked at.
    pub now: Timestamp,
}

/// How many of those who are alike are named before the rest is counted.
const MEMBERS: usize = 8;
/// More columns than this are not a table that anybody reads or prints.
const COLUMNS: usize = 12;
/// How many namespaces are.
const NAMESPACES: usize = 3;

impl By {
    /// Returns the name as it is typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Groups => "groups",
            Self::Subjects => "subjects",
        }
    }

    /// One of them, and several.
    const fn nouns(self) -> [&'static str; 2] {
        match self {
            Self::People => ["person", "people"],
            Self::Groups => ["group", "groups"],
            Self::Subjects => ["subject", "subjects"],
        }
    }

    /// Returns what the rows are, as a title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::People => "People",
            Self::Groups => "Groups",
            Self::Subjects => "Subjects",
        }
    }
}

/// The title of what is in no namespace, or holds in all of them.
const CLUSTER: &str = "whole cluster";

impl Matrix<'_> {
    /// What is said of a column: at most so many names, and how many more there are.
    fn title(&self, column: &Column) -> String {
        match column {
            Column::Cluster => CLUSTER.to_owned(),
            Column::Others(names) if !self.is_of_some() => format!("every other namespace ({})", names.len()),
            Column::Namespaces(names) | Column::Others(names) => some(names, NAMESPACES),
        }
    }

    /// What is said of the namespaces that a row does not name.
    fn others(&self) -> &'static str {
        if self.is_of_some() { "every other one asked for" } else { "every other namespace" }
    }

    /// Whether there may be namespaces that were not asked for: nothing is said of them.
    fn is_of_some(&self) -> bool {
        !self.options.namespaces.is_empty()
    }

    /// Each place of a row with what is held there: the whole cluster, namespaces that are alike, the other ones.
    fn row_by_places<'a>(&'a self, row: &Row<'_>) -> Vec<(Vec<&'a str>, &'a Cell)> {
        let cluster = (vec![CLUSTER], self.cell(row, &Column::Cluster));
        let others = self.elsewhere(row).map(|cell| (vec![self.others()], cell));
        std::iter::once(cluster).chain(self.places(row)).chain(others).collect()
    }
}

/// How people are called where most are of one account.
struct RowNames {
    usual: Option<AccountId>,
}

impl RowNames {
    fn of(rows: &[Row<'_>]) -> Self {
        let mut accounts: Vec<AccountId> = Vec::new();
        for member in rows.iter().flat_map(|row| &row.members) {
            if let Member::Principal(Known(principal)) = member {
                accounts.push(principal.who.account());
            }
        }
        accounts.sort_unstable();
        let largest = accounts.chunk_by(|a, b| a == b).max_by_key(|alike| alike.len());
        Self { usual: largest.map(|alike| alike[0]) }
    }

    /// `user ops/bob as bob`, `role Deployer of 444455556666 as deploy:<session>`.
    fn member(&self, member: &Member<'_>) -> String {
        match member {
            Member::Everybody => "everybody who logs in".to_owned(),
            Member::Anonymous => "anybody, without logging in".to_owned(),
            Member::Principal(Known(principal)) => self.principal(principal),
            Member::Subject(Subject::User(name)) => format!("Kubernetes user {name}"),
            Member::Subject(Subject::Group(name)) => format!("group {name}"),
            Member::Subject(Subject::ServiceAccount { namespace, name }) => {
                format!("service account {}/{name}", namespace.as_deref().unwrap_or_default())
            }
        }
    }

    fn principal(&self, principal: &NamedPrincipal) -> String {
        let who = &principal.who;
        let is_said = matches!(who, Who::Root(_) | Who::AnybodyIn(_)) || Some(who.account()) == self.usual;
        let of = if is_said { String::new() } else { format!(" of {}", who.account()) };
        match &principal.login {
            Ok(login) if login.username != who.name() => format!("{who}{of} as {}", print::username(&login.username)),
            Ok(_) | Err(_) => format!("{who}{of}"),
        }
    }
}

/// `dev, staging, team-a +12`.
fn some(names: &[impl AsRef<str>], shown: usize) -> String {
    let first: Vec<&str> = names.iter().take(shown).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(shown) {
        0 => first.join(", "),
        more => format!("{} +{more}", first.join(", ")),
    }
}

/// What is said above and below the rows, each a sentence.
struct Remarks {
    /// What is not known.
    gaps: Vec<String>,
    /// How much was looked at.
    totals: String,
    /// What of it is shown, where that is not all.
    only: Option<String>,
    /// Who has no row.
    left_out: Option<String>,
}

impl Remarks {
    fn of(matrix: &Matrix<'_>) -> Self {
        let gaps = inventory::shown(&matrix.gaps);
        let gaps = gaps.iter().map(ToString::to_string).collect();
        let totals = &matrix.totals;
        let [one, many] = matrix.options.by.nouns();
        let mut parts = vec![
            count(totals.members, one, many),
            count(totals.others, "other user or group", "other users and groups"),
            count(totals.namespaces, "namespace", "namespaces"),
            count(totals.bindings, "binding", "bindings"),
        ];
        parts.retain(|part| !part.starts_with("0 other"));
        if matrix.is_by_levels() {
            parts.push(format!("{} may do everything everywhere", totals.everything));
            parts.push(format!("{} can escalate privileges (!)", totals.dangerous));
        }
        if totals.without_login > 0 {
            parts.push(format!("{} mapped, but cannot log in", totals.without_login));
        }
        let out = &matrix.left_out;
        let left = [
            (out.service_accounts, "service account", "service accounts"),
            (out.built_in, "user or group of Kubernetes itself", "users and groups of Kubernetes itself"),
            (out.users, "Kubernetes user", "Kubernetes users"),
        ];
        let left: Vec<String> = left
            .into_iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, one, many)| count(number, one, many))
            .collect();
        let left_out =
            (!left.is_empty()).then(|| format!("no row for {}: `--by subjects` shows them", left.join(", ")));
        Self { gaps, totals: parts.join(" · "), only: only(matrix.options), left_out }
    }
}

/// What was asked for, where that is not all there is.
fn only(options: &Options) -> Option<String> {
    let [_, members] = options.by.nouns();
    let asked = [(members, &options.who), ("namespaces", &options.namespaces)];
    let asked = asked.into_iter().filter(|(_, patterns)| !patterns.is_empty());
    let asked: Vec<String> = asked.map(|(what, patterns)| format!("only {what} {}", patterns.join(", "))).collect();
    (!asked.is_empty()).then(|| asked.join(" · "))
}
