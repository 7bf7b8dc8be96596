//! kubectl's own preferences, the kuberc: which programs kubectl runs for credentials.
//!
//! ```text
//!   existing ─ the document that kubectl takes ─► its policy ─► what is to be added ─► edits ─ read again ─► text
//! ```
//!
//! Source: Kubernetes 1.37, `kubectl/pkg/kuberc` and `client-go/plugin/pkg/client/auth/exec` (`ValidatePluginPolicy` and what
//! follows it).

mod edit;
mod path;
mod policy;
mod preference;

use document::{Edits, Limits, Node, Problem, SEVERAL, Source, parse_documents};
use serde_json::Value as Json;

pub use self::path::{Platform, command_of, is_searched_for};
use self::{policy::Standing, preference::Preference};

/// What is asked of a kuberc: commands as kubectl compares them, which [`command_of`] makes of a kubeconfig's.
pub struct Wanted<'a> {
    /// The program that is to run.
    pub ours: &'a [String],
    /// All other commands by which somebody logs in.
    pub others: &'a [String],
    /// Which file a command is, where there is one: kubectl takes two names of one file for the same.
    pub resolve: &'a dyn Fn(&str) -> Option<String>,
}

/// A kuberc by which kubectl runs what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted {
    /// The kuberc. Every byte is as it was but for what had to be another.
    pub text: String,
    /// Whether any program could run before, so that only those of the list can from now on.
    pub was_open: bool,
    /// Commands that were put into the list, in their order; none where nothing had to change.
    pub added: Vec<String>,
    /// Those of the others that the list leaves out, as it did before.
    pub left_out: Vec<String>,
    /// The lines, from 1, of documents that kubectl does not take.
    pub unread: Vec<usize>,
}

/// Puts a program into the list of those that kubectl may run.
///
/// Where any could run, the others that somebody logs in by get into the list as well, so that none stops working. Where there is
/// a list already, only ours is added: what it leaves out, somebody left out. A policy by which nothing runs stays.
pub fn permit(existing: &Source, wanted: &Wanted<'_>) -> Result<Permitted, Vec<Problem>> {
    let documents = parse_documents(existing, &Limits::default());
    let line = |span: document::Span| existing.position(span.start).line;
    let preference = preference::taken(&documents)?;
    let mut unread: Vec<usize> = documents
        .iter()
        .filter(|document| preference.as_ref().is_some_and(|taken| taken.number != document.number))
        .filter_map(|document| Some(line(document.root()?.span)))
        .collect();
    let further = documents.iter().filter_map(|document| document.read.as_ref().ok()).flat_map(|read| &read.warnings);
    unread.extend(further.filter(|warning| warning.code == SEVERAL).map(|warning| line(warning.span)));
    let Some(Preference { root, number }) = preference else {
        let added = wanted.all(Vec::new());
        let text = edit::begun(existing, &added);
        return Ok(Permitted { text, was_open: true, added, left_out: Vec::new(), unread });
    };
    let standing = policy::standing(root).map_err(|problem| vec![*problem])?;
    let (was_open, added, left_out) = match &standing {
        Standing::Open => (true, wanted.all(Vec::new()), Vec::new()),
        Standing::Listed(listed) => {
            let added = wanted.missing(listed.clone(), wanted.ours);
            let left_out = wanted.missing([&listed[..], &added].concat(), wanted.others);
            (false, added, left_out)
        }
    };
    let mut expected = meaning(existing);
    let mut edits = Edits::new(existing);
    if !added.is_empty() {
        edit::put(&mut edits, root, &added, &mut expected[number]);
    }
    let text =
        edits.apply_by(|again| Some(meaning(again)), &expected).map_err(|problem| vec![problem.hint(FLATTENED)])?;
    Ok(Permitted { text, was_open, added, left_out, unread })
}

/// What to do where a text cannot be changed as it stands.
const FLATTENED: &str = "write out what anchors (`&`, `*`, `<<`) share, and try again";

/// What each of the documents means; those that cannot be read mean nothing.
fn meaning(source: &Source) -> Json {
    let documents = parse_documents(source, &Limits::default());
    let all = documents.iter().map(|document| document.root().map_or(Json::Null, Node::to_json));
    Json::Array(all.collect())
}

impl Wanted<'_> {
    /// Those that a list lacks.
    fn all(&self, listed: Vec<String>) -> Vec<String> {
        let ours = self.missing(listed, self.ours);
        let others = self.missing(ours.clone(), self.others);
        [ours, others].concat()
    }

    /// Those of these commands that kubectl would not run by a list.
    fn missing(&self, mut listed: Vec<String>, commands: &[String]) -> Vec<String> {
        let mut missing = Vec::new();
        for command in commands {
            if !policy::runs(&listed, command, self.resolve) {
                listed.push(command.clone());
                missing.push(command.clone());
            }
        }
        missing
    }
}
