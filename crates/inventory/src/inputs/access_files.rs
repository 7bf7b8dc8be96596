//! Access files among what was given.

use document::{Limits, Node, Problem, Severity, Source, Sources};

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

/// Whether a text of a folder that has keys of an access file is one: Prometheus' rules have `groups` too.
pub(super) fn is_access(source: &Source) -> bool {
    let root = document::parse(source, &Limits::default()).ok().flatten();
    let Some(root) = root else { return source.text().lines().any(|line| line.starts_with("clusterID:")) };
    let ours = ["users", "roles", "permissionSets", "iamGroups", "authorization"];
    let is_group = |group: &Node| ours.iter().any(|key| group.get(key).is_some());
    let groups = root.get("groups").and_then(Node::as_sequence);
    root.get("clusterID").is_some() || groups.is_some_and(|groups| groups.is_empty() || groups.iter().any(is_group))
}

/// Whether a text's outermost keys are an access file's. Those of others are found by reading them.
pub(super) fn looks_like_access(text: &str) -> bool {
    let mut keys = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()));
    let of_access = |line: &str| ["groups:", "clusterID:", "nodes:"].iter().any(|key| line.starts_with(key));
    let of_object = |line: &str| ["apiVersion:", "kind:"].iter().any(|key| line.starts_with(key));
    keys.find_map(|line| (of_access(line) || of_object(line)).then(|| of_access(line))).unwrap_or_default()
}
