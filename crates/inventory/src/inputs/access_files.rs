//! Access files among what was given.

use access::keys::Object;
use document::{Limits, Node, Problem, Severity, Source, Sources, Value, nearest};

use super::{Inputs, Unseen};

impl Inputs {
    /// Returns the access files that were given, as they are read and located, or `None`.
    pub fn access_files(&self) -> Option<Sources> {
        let is_one = |source: &Source| self.access_files.contains(&source.base());
        (!self.access_files.is_empty()).then(|| self.sources.only(is_one))
    }

    /// Returns how many access files were given so far.
    pub fn access_file_count(&self) -> usize {
        self.access_files.len()
    }

    /// Takes out the access files that cannot be read, but for the `first` ones: files in a folder that only look like
    /// access files, since other programs have `groups` and `users` too. Each becomes a gap. The one with the most
    /// errors goes first, since another one may be right without it.
    pub fn settle_access_files(&mut self, first: usize) {
        while let Some(files) = self.access_files() {
            let access::Read { problems, .. } = access::read(&files, &Limits::default());
            let errors: Vec<&Problem> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
            let is_in = |problem: &Problem, base: usize| {
                files.of(problem.span.start).is_some_and(|source| source.base() == base)
            };
            let counted = self.access_files.iter().enumerate().skip(first).map(|(at, base)| {
                let of_it: Vec<&Problem> = errors.iter().copied().filter(|problem| is_in(problem, *base)).collect();
                (at, of_it)
            });
            let Some((at, of_it)) = counted.max_by_key(|(_, of_it)| of_it.len()).filter(|(_, of_it)| !of_it.is_empty())
            else {
                return;
            };
            // What is wrong with it by itself says more than what is wrong beside others.
            let base = self.access_files[at];
            let alone = access::read(&self.sources.only(|source| source.base() == base), &Limits::default()).problems;
            let first = alone.iter().find(|problem| problem.severity == Severity::Error).unwrap_or(of_it[0]);
            if let Some((file, place)) = files.locate(first.span.start) {
                let what = format!("{file}:{}", place.line);
                let why = format!("it looks like an access file, and cannot be read as one: {}", first.message);
                self.dump.lacks(Unseen::new(what, why));
            }
            self.access_files.remove(at);
        }
    }
}

/// Keys of a group that hardly any other program's `groups` have.
const OF_OURS: [&str; 5] = ["users", "roles", "permissionSets", "iamGroups", "authorization"];

/// Whether a text of a folder that has keys of an access file is one, or was meant to be: Prometheus' rules have `groups`
/// too. Whoever reads what was meant to be one says what is wrong with it.
pub(super) fn is_access(source: &Source) -> bool {
    let root = document::parse(source, &Limits::default()).ok().flatten();
    let Some(root) = root else {
        let is_ours = |line: &str| ["clusterID:", "groups:"].iter().any(|key| line.starts_with(key));
        return source.text().lines().any(is_ours);
    };
    let has_our_keys_alone = has_keys_of(&root, Object::File);
    let has_ours = |node: &Node| OF_OURS.iter().any(|key| node.get(key).is_some());
    let is_group = |group: &Node| has_keys_of(group, Object::Group) || is_nearly_group(group);
    let are_groups = match root.get("groups").map(|groups| &groups.value) {
        Some(Value::Sequence(groups, _)) => {
            groups.is_empty() || groups.iter().any(|group| has_ours(group) || (has_our_keys_alone && is_group(group)))
        }
        // Groups by their names, which nobody reads.
        Some(Value::Mapping(groups, _)) => has_our_keys_alone && groups.iter().any(|entry| has_ours(&entry.value)),
        _ => false,
    };
    let nodes = root.get("nodes").and_then(Node::as_sequence).unwrap_or_default();
    let are_nodes = has_our_keys_alone && nodes.iter().any(|node| node.get("roles").is_some());
    root.get("clusterID").is_some() || are_groups || are_nodes
}

/// Whether it is a mapping of nothing but keys that the access file knows there.
fn has_keys_of(node: &Node, object: Object) -> bool {
    let is_ours = |key: &str| object.key(key).is_some() || key.starts_with("x-");
    node.as_mapping().is_some_and(|entries| entries.iter().all(|entry| is_ours(&entry.key.text)))
}

/// Whether a key of it is one of a group's, misspelt. Prometheus' `rules` are near to `roles`.
fn is_nearly_group(group: &Node) -> bool {
    let keys = group.as_mapping().unwrap_or_default().iter().map(|entry| &*entry.key.text);
    group.get("rules").is_none() && keys.into_iter().any(|key| nearest(key, OF_OURS).is_some())
}

/// Whether a text's outermost keys are an access file's. Those of others are found by reading them.
pub(super) fn looks_like_access(text: &str) -> bool {
    let mut keys = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()));
    let of_access = |line: &str| ["groups:", "clusterID:", "nodes:"].iter().any(|key| line.starts_with(key));
    let of_object = |line: &str| ["apiVersion:", "kind:"].iter().any(|key| line.starts_with(key));
    keys.find_map(|line| (of_access(line) || of_object(line)).then(|| of_access(line))).unwrap_or_default()
}
