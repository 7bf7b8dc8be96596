//! Keys that stand twice.

use std::cmp::Ordering;

use crate::{Entry, Problem};

/// Entries whose key stood before: the first entry and the repetition, in the order of the first ones. No text is copied
/// and nothing is quadratic, for mappings may be long.
pub(crate) fn repeated(entries: &[Entry], order: impl Fn(&str, &str) -> Ordering) -> Vec<(&Entry, &Entry)> {
    let is_new = |at: usize| entries[..at].iter().all(|entry| order(&entry.key.text, &entries[at].key.text).is_ne());
    // Nearly all mappings are of a few keys, none of them twice.
    if entries.len() <= 8 && (1..entries.len()).all(is_new) {
        return Vec::new();
    }
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    // Stable, so that the first of a group is the first in the text.
    sorted.sort_by(|a, b| order(&a.key.text, &b.key.text));
    let groups = sorted.chunk_by(|a, b| order(&a.key.text, &b.key.text).is_eq());
    groups.flat_map(|group| group[1..].iter().map(|again| (group[0], *again))).collect()
}

/// The problem that a key stands twice: `how` says what sets the two apart, if anything does.
pub(crate) fn problem(first: &Entry, again: &Entry, how: &str) -> Problem {
    let message = format!("the key `{}` is there twice{how}", again.key.text);
    Problem::error("document.duplicate-key", again.key_span, message).related(first.key_span, "first here")
}
