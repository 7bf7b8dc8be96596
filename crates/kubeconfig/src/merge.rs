//! An entry put into an existing kubeconfig.
//!
//! ```text
//!   existing ─ read as kubectl reads it ─► names that take nothing from anybody ─► changes, and what they are to mean
//!                                                                                   └─ read again: the same, or no change
//! ```

mod changes;
mod names;

use document::{Dialect, Limits, Problem, Source, Value, parse_as};

use self::{changes::Changes, names::Names};
use crate::{
    ExecEntry,
    entry::{Kind, render, render_beside},
    read::unloadable,
};

/// A kubeconfig with an entry in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The kubeconfig.
    pub text: String,
    /// What is no longer as it was, or is called otherwise than asked: one sentence each.
    pub notes: Vec<String>,
}

/// The kubeconfig with the entry in it, and everything else byte for byte as it was.
///
/// A context of the entry's name gets the entry's cluster and user and keeps its namespace, unless the entry says one. A cluster
/// of its name keeps whatever the entry does not say, and one that other contexts use for another server stays as it is: the
/// entry's is called otherwise. So is its user where the one of that name has credentials that are not this program's.
pub fn merge(existing: &Source, entry: &ExecEntry, set_current: bool) -> Result<Merged, Vec<Problem>> {
    let read = parse_as(existing, &Limits::default(), Dialect::Kubernetes)?;
    let Some(root) = read.root.filter(|root| !root.is_null()) else {
        return Ok(Merged { text: begun(existing, entry, set_current), notes: Vec::new() });
    };
    let Value::Mapping(..) = &root.value else {
        let message = format!("a kubeconfig is a mapping, found {}", root.kind());
        return Err(vec![Problem::error("kubeconfig.shape", root.span, message)]);
    };
    let mut changes = Changes::new(existing, &root);
    let mut problems: Vec<Problem> =
        Kind::ALL.iter().filter_map(|kind| changes.check(*kind).err().map(|problem| *problem)).collect();
    problems.extend(unloadable(&root));
    if !problems.is_empty() {
        return Err(problems);
    }
    let Names { cluster, user, mut notes } = Names::of(&root.to_json(), entry);
    let entry = &ExecEntry { cluster, user, ..entry.clone() };
    for kind in Kind::ALL {
        changes.put(entry, kind, &mut notes);
    }
    if set_current {
        changes.set_current(&entry.context, &mut notes);
    }
    let text = changes.apply().map_err(|problem| vec![problem.hint(unedited(existing))])?;
    Ok(Merged { text, notes })
}

/// What to do where a text cannot be changed as it stands.
pub(crate) fn unedited(source: &Source) -> &'static str {
    let mut words = source.text().split(|c: char| c.is_whitespace() || "[{,".contains(c));
    if words.any(|word| word.len() > 1 && word.starts_with(['&', '*'])) {
        "anchors tie places together; `kubectl config view --raw` prints the same kubeconfig without them"
    } else {
        "`kubectl config view --raw` prints the same kubeconfig as kubectl itself writes it"
    }
}

/// A kubeconfig where there was none yet: comments stay, which are all that may stand in a file that says nothing.
fn begun(existing: &Source, entry: &ExecEntry, set_current: bool) -> String {
    let is_comment = |line: &str| line.is_empty() || line.starts_with('#') || line == "---";
    let comments = existing.text().lines().all(|line| is_comment(line.trim()));
    let before = if comments { existing.text() } else { "" };
    let line_end = if before.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { line_end };
    let new = if set_current { render(entry) } else { render_beside(entry) };
    format!("{}{before}{gap}{}", existing.prefix(), new.replace('\n', line_end))
}
