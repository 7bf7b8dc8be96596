//! An entry put into an existing kubeconfig.
//!
//! ```text
//!   existing ─ read as kubectl reads it ─► names that take nothing from anybody ─► changes, and what they are to mean
//!                                                                                   └─ read again: the same, or no change
//! ```

mod changes;
mod names;
mod other_files;

use document::{Dialect, Limits, Node, Problem, Read, SEVERAL, Source, parse_as};

pub use self::other_files::{OtherFile, OtherFiles};
use self::{changes::Changes, names::EntryNames};
use crate::{
    ExecEntry,
    entry::{Kind, render, render_beside},
};

/// The result of a merge: the changed kubeconfig, with notes on each change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The kubeconfig.
    pub text: String,
    /// What the entry's context is called.
    pub context: String,
    /// What is no longer as it was, or is called otherwise than asked: one sentence each.
    pub notes: Vec<String>,
}

/// Returns the kubeconfig with the entry in it, and everything else byte for byte as it was.
///
/// A context of the entry's name gets the entry's cluster and user and keeps its namespace, unless the entry says one. A cluster
/// of its name keeps whatever the entry does not say, and one that other contexts use for another server stays as it is: the
/// entry's is called otherwise. So is its user where the one of that name has credentials that are not this program's, and
/// whatever would hide, or be hidden by, something else of its name in a file beside.
pub fn merge(
    existing: &Source,
    beside: &OtherFiles,
    entry: &ExecEntry,
    set_current: bool,
) -> Result<Merged, Vec<Problem>> {
    let Read { root, warnings } = parse_as(existing, &Limits::default(), Dialect::Kubernetes)?;
    let root = root.filter(|root| !root.is_null());
    let changes = root.as_ref().map(|root| Changes::of(existing, root)).transpose()?;
    let before = root.as_ref().map(Node::to_json).unwrap_or_default();

    let EntryNames { context, cluster, user, mut notes } = EntryNames::of(&before, beside, entry);
    let entry = &ExecEntry { context, cluster, user, ..entry.clone() };
    let context = entry.context.clone();
    let Some(mut changes) = changes else {
        // A new text takes the place of the empty document, and would take that of what nobody reads and somebody wrote.
        if let Some(second) = warnings.iter().find(|warning| warning.code == SEVERAL) {
            let message = "kubectl reads only the first document, which is empty, and more follows";
            let problem = Problem::error(SEVERAL, second.span, message);
            return Err(vec![problem.hint("remove the empty document, or name another file")]);
        }
        let set_current = set_current && beside.becomes_current(&before, &context, &mut notes);
        return Ok(Merged { text: begun(existing, entry, set_current), context, notes });
    };
    for kind in Kind::ALL {
        changes.put(entry, kind, beside, &mut notes);
    }
    if set_current && beside.becomes_current(&before, &context, &mut notes) {
        changes.set_current(&context);
    }
    let text = changes.apply().map_err(|problem| vec![problem.hint(unedited(existing))])?;
    Ok(Merged { text, context, notes })
}

/// What to do where a text cannot be changed as it stands.
pub(crate) fn unedited(source: &Source) -> &'static str {
    let mut words = source.text().split(|c: char| c.is_whitespace() || "[{,".contains(c));
    if words.any(|word| word.len() > 1 && word.starts_with(['&', '*'])) {
        "anchors connect several places; `kubectl config view --raw` prints the same kubeconfig without them"
    } else {
        "`kubectl config view --raw` prints the same kubeconfig as kubectl itself writes it"
    }
}

/// A kubeconfig where there was none yet: comments stay, which are all that may stand in a file that says nothing.
fn begun(existing: &Source, entry: &ExecEntry, set_current: bool) -> String {
    let is_comment = |line: &&str| ["", "---"].contains(&line.trim()) || line.trim().starts_with('#');
    let before: String = existing.text().split_inclusive('\n').filter(is_comment).collect();
    let line_end = if before.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { line_end };
    let new = if set_current { render(entry) } else { render_beside(entry) };
    format!("{}{before}{gap}{}", existing.prefix(), new.replace('\n', line_end))
}
