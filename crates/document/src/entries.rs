//! The entries of one mapping, by the rules of a dialect: keys that stand twice, and `<<`.

use std::collections::HashMap;

use crate::{
    Dialect, Entry, Node, Problem, Scalar, Value,
    go::{self, Resolved},
    repeated,
};

/// How many repeated keys are reported; whoever has more has another problem.
pub(crate) const MAX_REPEATED: usize = 100;

/// What a mapping holds when it has ended, as its dialect has it.
pub(crate) fn settle(
    mut entries: Vec<Entry>,
    text: &str,
    dialect: Dialect,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Vec<Entry> {
    if dialect == Dialect::Kubernetes {
        make_texts_of_keys(&mut entries, problems);
    }
    let has_merge = entries.iter().any(is_merge);
    if has_merge && dialect == Dialect::Strict {
        problems.extend(entries.iter().filter(|entry| is_merge(entry)).map(|entry| {
            let message = "the merge key `<<` is not allowed here, because what it adds is easy to overlook";
            Problem::error("document.merge-key", entry.key_span, message).hint("write out the keys that it stands for")
        }));
    }
    let repeated = repeated::repeated(&entries, Ord::cmp);
    let repeats = !repeated.is_empty();
    if dialect.takes_the_last() {
        warnings.extend(replaced(&repeated));
    } else {
        let repeated = repeated.into_iter().take(MAX_REPEATED);
        problems.extend(repeated.map(|(first, again)| repeated::problem(first, again, "")));
    }
    match dialect {
        Dialect::Kubernetes if has_merge || repeats => overlaid(entries, text, problems, warnings),
        Dialect::Json if repeats => overlaid(entries, text, problems, warnings),
        Dialect::Viper if has_merge => underlaid(entries, text, problems),
        _ => entries,
    }
}

/// In JSON keys are texts: `1` is `"1"`, `0x10` is `"16"`, and `on` is `"true"`.
fn make_texts_of_keys(entries: &mut [Entry], problems: &mut Vec<Problem>) {
    let mut others = Vec::new();
    for (at, entry) in entries.iter_mut().enumerate().filter(|(_, entry)| !entry.key.quoted) {
        let text = match go::resolve(&entry.key.text, true) {
            Resolved::Text | Resolved::Timestamp => continue,
            Resolved::Bool(truth) => truth.to_string(),
            Resolved::Int(int) => int.to_string(),
            Resolved::Float(float) => go::float_key(float),
            Resolved::Null | Resolved::Uint(_) => {
                let message = format!("a key cannot be {}", entry.key.kind());
                problems.push(Problem::error("document.key", entry.key_span, message));
                continue;
            }
        };
        others.push((at, std::mem::replace(&mut entry.key, Scalar::text(text))));
    }
    // `1` and `"1"` are two keys to the YAML library and one in JSON: chance decides which of the two is left.
    let mut written: HashMap<&str, (&Entry, bool)> = HashMap::new();
    let mut others = others.into_iter().peekable();
    if others.peek().is_none() {
        return;
    }
    for (at, entry) in entries.iter().enumerate() {
        let was = others.next_if(|(other, _)| *other == at).map(|(_, key)| key);
        let (first, was_text) = *written.entry(&entry.key.text).or_insert((entry, was.is_none()));
        if was_text != was.is_none() {
            let message = format!(
                "the key `{}` is there twice, once as text and once as another type; either may be used",
                entry.key.text
            );
            problems.push(
                Problem::error("document.duplicate-key", entry.key_span, message).related(first.key_span, "first here"),
            );
        }
    }
}

/// Whether an entry brings in those of other mappings. In quotes `<<` is a key like any other.
fn is_merge(entry: &Entry) -> bool {
    !entry.key.quoted && *entry.key.text == *"<<"
}

/// One warning for each key that stands more than once.
fn replaced(repeated: &[(&Entry, &Entry)]) -> Vec<Problem> {
    let groups = repeated.chunk_by(|(a, _), (b, _)| a.key_span == b.key_span).filter(|group| !is_merge(group[0].0));
    let warning = |group: &[(&Entry, &Entry)]| {
        let (first, last) = (group[0].0, group[group.len() - 1].1);
        let message = format!("the key `{}` is there more than once; the last one is used", last.key.text);
        let earlier = std::iter::once(first).chain(group[..group.len() - 1].iter().map(|(_, again)| *again));
        earlier
            .take(MAX_REPEATED)
            .fold(Problem::warning("document.duplicate-key", last.key_span, message), |warning, entry| {
                warning.related(entry.key_span, "this one is not used")
            })
    };
    groups.take(MAX_REPEATED).map(warning).collect()
}

/// That a list which was handed over element by element stands there once more, or is brought in once more.
pub(crate) fn second_list(entries: &[Entry], key: &str) -> Option<Problem> {
    let brings = |node: &Node| {
        node.get(key).is_some() || node.as_sequence().is_some_and(|all| all.iter().any(|node| node.get(key).is_some()))
    };
    let mut lists = entries.iter().filter(|entry| *entry.key.text == *key || (is_merge(entry) && brings(&entry.value)));
    let (first, again) = (lists.next()?, lists.next()?);
    let message = format!("the key `{key}` is there twice; a document has one list of objects");
    Some(Problem::error("document.duplicate-key", again.key_span, message).related(first.key_span, "first here"))
}

/// What stands later replaces what stood before, and so does what `<<` brings in: go.yaml.in/yaml/v2 sets one key after the
/// other. Of several mappings behind one `<<` the first goes before the others.
fn overlaid(entries: Vec<Entry>, text: &str, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) -> Vec<Entry> {
    let mut settled = Settled::default();
    for entry in entries {
        if !is_merge(&entry) {
            settled.put(entry, true);
            continue;
        }
        let mut said = false;
        for brought in merged_in(&entry, text, problems).into_iter().rev().flatten() {
            let key_span = brought.key_span;
            if let Some((before, true)) = settled.put(brought, false)
                && !std::mem::replace(&mut said, true)
            {
                let message = format!("`<<` replaces the key `{}` before it", before.key.text);
                let warning = Problem::warning("document.merge-key", entry.key_span, message)
                    .related(before.key_span, "this one is not used")
                    .related(key_span, "this one does")
                    .hint("put `<<` first, so that the keys beside it take precedence over the merged ones");
                warnings.push(warning);
            }
        }
    }
    settled.into_entries()
}

/// What is written here goes before what `<<` brings in, and of several mappings behind it the first goes before the others.
fn underlaid(entries: Vec<Entry>, text: &str, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let (merges, written): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_merge);
    let mut settled = Settled::default();
    for entry in written {
        settled.put(entry, true);
    }
    for entry in merges.iter().flat_map(|merge| merged_in(merge, text, problems)).flatten() {
        if !settled.has(&entry.key.text) {
            settled.put(entry, false);
        }
    }
    settled.into_entries()
}

/// The entries of each mapping behind a `<<`.
fn merged_in(merge: &Entry, text: &str, problems: &mut Vec<Problem>) -> Vec<Vec<Entry>> {
    let is_alias = text[merge.value.span.range()].starts_with('*');
    let nodes = match &merge.value.value {
        Value::Mapping(..) => std::slice::from_ref(&merge.value),
        // Of aliases the libraries take those of mappings.
        Value::Sequence(nodes, _) if !is_alias => nodes,
        Value::Sequence(..) | Value::Scalar(_) => &[],
    };
    let mappings: Vec<Vec<Entry>> = nodes.iter().filter_map(Node::as_mapping).map(<[Entry]>::to_vec).collect();
    let is_list = merge.value.as_sequence().is_some() && !is_alias;
    if mappings.len() < nodes.len() || (mappings.is_empty() && !is_list) {
        let message = "after `<<` comes a mapping, or a list of mappings";
        problems.push(Problem::error("document.merge-key", merge.value.span, message));
    }
    mappings
}

/// Entries of which no key stands twice, in the order in which they were put there.
#[derive(Default)]
struct Settled {
    /// Each with whether it is written in the mapping itself.
    entries: Vec<Option<(Entry, bool)>>,
    places: HashMap<Box<str>, usize>,
}

impl Settled {
    /// Puts one there; what had its key goes.
    fn put(&mut self, entry: Entry, written: bool) -> Option<(Entry, bool)> {
        let before = self.places.insert(entry.key.text.clone(), self.entries.len());
        self.entries.push(Some((entry, written)));
        before.and_then(|at| self.entries[at].take())
    }

    fn has(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    fn into_entries(self) -> Vec<Entry> {
        self.entries.into_iter().flatten().map(|(entry, _)| entry).collect()
    }
}
