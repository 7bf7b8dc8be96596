//! Changing our entries in a list that others write to as well: every byte of theirs stays.

use std::collections::{BTreeMap, BTreeSet};

use document::{Edits, Limits, Node, Source};
use serde::Serialize;

use crate::merge::list::{self, Fate, List};

/// Why a text is left alone.
pub(super) type Unmergeable = &'static str;

/// What happens to one list.
#[derive(Debug, Default)]
pub(super) struct ListChange<'a> {
    /// Entries that become others, by their place in the list.
    pub(super) replace: BTreeMap<usize, Item<'a>>,
    /// Entries that go, by their place in the list.
    pub(super) remove: BTreeSet<usize>,
    /// Entries that come, behind all others.
    pub(super) add: Vec<Item<'a>>,
}

/// One entry, as the existing authenticator reads it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Item<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rolearn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) userarn: Option<&'a str>,
    pub(super) username: &'a str,
    pub(super) groups: &'a [String],
}

/// A text that is one list, as the values of `aws-auth` are; nothing at all counts as an empty one.
pub(super) fn list(text: &str, change: &ListChange<'_>) -> Result<String, Unmergeable> {
    // Two more spellings of nothing, as the existing authenticator has them.
    let text = if matches!(text.trim(), "\"\"" | "''" | "``") { "" } else { text };
    changed(text, &[], change)
}

/// The existing authenticator's configuration: lists below `server`.
pub(super) fn config(text: &str, changes: &[(&'static str, ListChange<'_>)]) -> Result<String, Unmergeable> {
    // One after the other: what one list brings along, the next one finds.
    changes.iter().try_fold(text.to_owned(), |text, (key, change)| changed(&text, &["server", key], change))
}

impl ListChange<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.replace.is_empty() && self.remove.is_empty() && self.add.is_empty()
    }
}

fn changed(text: &str, keys: &[&'static str], change: &ListChange<'_>) -> Result<String, Unmergeable> {
    let source = Source::new("", text);
    let root = document::parse(&source, &Limits::default()).map_err(|_| "it is not readable as YAML")?;
    let root = root.filter(|root: &Node| !root.is_null());
    let list = List::find(root.as_ref(), keys).map_err(|_| "there is something else in place of a list")?;
    let fates: Vec<Fate<'_, Item<'_>>> = (0..list.nodes().len())
        .map(|at| match change.replace.get(&at) {
            Some(item) => Fate::Replaced(item),
            None if change.remove.contains(&at) => Fate::Removed,
            None => Fate::Kept,
        })
        .collect();
    let mut edits = Edits::new(&source);
    list.change(source.text(), &fates, &change.add, &mut edits);
    let changed = edits.apply();
    let still_read = document::parse(&Source::new("", changed.as_str()), &Limits::default()).is_ok();
    if still_read { Ok(changed) } else { Err("the change would not be readable") }
}

impl list::Item for Item<'_> {
    fn block(&self) -> String {
        crate::render::yaml(&[self])
    }

    fn flow(&self) -> String {
        serde_json::to_string(self).expect("plain data can be written")
    }
}
