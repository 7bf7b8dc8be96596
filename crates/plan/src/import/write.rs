//! The draft as text.

use std::collections::BTreeSet;

use access::Kind;
use document::{Span, quoted, visible};
use identity::Partition;
use jiff::Timestamp;
use rbac::{LabelSelector, Requirement};

use super::{
    Left,
    draft::{Draft, Group, Member},
    places::{Id, Places},
    right::Right,
    scope::Scope,
};

/// How many characters of names stand on one line.
const LINE: usize = 90;

/// The lists of a group, in the order of the documentation.
const LISTS: [(&str, Kind); 3] =
    [("users", Kind::User), ("roles", Kind::Role), ("permissionSets", Kind::PermissionSet)];

pub(super) fn write(draft: &Draft) -> (String, Places) {
    let mut writer = Writer { draft, text: String::new(), places: Places::default(), named: BTreeSet::new() };
    writer.file();
    (writer.text, writer.places)
}

struct Writer<'a> {
    draft: &'a Draft,
    text: String,
    places: Places,
    /// Those whose username stands already.
    named: BTreeSet<&'a Id>,
}

impl<'a> Writer<'a> {
    fn file(&mut self) {
        let draft = self.draft;
        self.line(&format!("clusterID: {}", scalar(&draft.cluster_id)));
        if let Some(account) = draft.account {
            self.line(&format!("account: \"{account}\""));
        }
        self.line("");
        self.line(if draft.groups.is_empty() { "groups: []" } else { "groups:" });
        for (name, group) in &draft.groups {
            self.group(name, group);
        }
        if !draft.nodes.is_empty() {
            self.line("");
            self.line("nodes:");
            let nodes = draft.nodes.iter().map(|(id, node)| (id, node.ends));
            self.list("- roles:", &nodes.collect::<Vec<_>>());
        }
        let left = draft.all_left();
        if !left.is_empty() {
            self.line("");
            self.line("# Not in this file:");
            for Left { what, why } in left {
                self.line(&format!("# - {}: {}", visible(&what.to_string()), visible(&why)));
            }
        }
    }

    fn group(&mut self, name: &str, group: &'a Group) {
        let start = self.text.len();
        self.line(&format!("- name: {}", scalar(name)));
        for (list, kind) in LISTS {
            let members = group.members.iter().filter(|((of, ..), _)| *of == kind);
            let members: Vec<(&'a Id, Option<Timestamp>)> = members.map(|(id, ends)| (id, *ends)).collect();
            if !members.is_empty() {
                self.list(&format!("  {list}:"), &members);
            }
        }
        if name == "system:masters" {
            self.line("  accept: {access.system-name: \"imported: nothing can take this group's rights away\"}");
        } else if !group.is_default {
            self.line("  authorization:");
            for (right, places) in &group.grants {
                let start = self.text.len();
                self.grant(right, places);
                self.places.grants.push((self.since(start), (name.to_owned(), right.clone())));
            }
        }
        self.places.groups.push((self.since(start), name.to_owned()));
    }

    /// Members on one line where they are a few names, or one on each.
    fn list(&mut self, key: &str, members: &[(&'a Id, Option<Timestamp>)]) {
        let names: usize = members.iter().map(|(id, _)| self.all(id).name.len() + 2).sum();
        let is_short = names <= LINE && members.iter().all(|(id, ends)| self.keys(id, *ends).is_empty());
        if !is_short {
            self.line(key);
            for (id, ends) in members {
                self.text.push_str("  - ");
                self.member(id, *ends);
                self.text.push('\n');
            }
            return;
        }
        self.text.push_str(&format!("{key} ["));
        for (at, (id, ends)) in members.iter().enumerate() {
            if at > 0 {
                self.text.push_str(", ");
            }
            self.member(id, *ends);
        }
        self.text.push_str("]\n");
    }

    fn all(&self, id: &Id) -> &'a Member {
        let draft = self.draft;
        draft.members.get(id).or_else(|| draft.nodes.get(id)).expect("everybody in a list is a member or a node")
    }

    /// What is said about somebody besides the name.
    fn keys(&self, id: &Id, ends: Option<Timestamp>) -> Vec<String> {
        let member = self.all(id);
        let mut keys = Vec::new();
        if Some(member.account) != self.draft.account {
            keys.push(format!("account: \"{}\"", member.account));
        }
        if member.partition != Partition::Aws {
            keys.push(format!("partition: {}", member.partition));
        }
        let is_node = self.draft.nodes.contains_key(id);
        if !is_node && member.username != member.default_username() && !self.named.contains(id) {
            keys.push(format!("username: {}", scalar(&member.username)));
        }
        keys.extend(ends.map(|ends| format!("expires: {}", quoted(&ends.to_string()))));
        keys
    }

    fn member(&mut self, id: &'a Id, ends: Option<Timestamp>) {
        let (start, keys, name) = (self.text.len(), self.keys(id, ends), scalar(&self.all(id).name));
        self.text.push_str(&if keys.is_empty() { name } else { format!("{{name: {name}, {}}}", keys.join(", ")) });
        self.named.insert(id);
        self.places.members.push((self.since(start), id.clone()));
    }

    fn grant(&mut self, right: &Right, places: &BTreeSet<Scope>) {
        // The whole cluster is a grant of its own.
        let name = |scope: &'_ Scope| match scope {
            Scope::Namespace(name) => Some(name.clone()),
            Scope::Cluster | Scope::Selector(_) => None,
        };
        let namespaces: Vec<Box<str>> = places.iter().filter_map(name).collect();
        let of_cluster = places.contains(&Scope::Cluster).then_some(String::new());
        let by_labels = places.iter().filter_map(|scope| match scope {
            Scope::Selector(selector) => Some(format!("namespaceSelector: {{{}}}", selector_keys(selector))),
            Scope::Cluster | Scope::Namespace(_) => None,
        });
        let of_namespaces = match &namespaces[..] {
            [] => None,
            // A glob stands in a list alone.
            [one] if !one.contains('*') => Some(format!("namespace: {}", scalar(one))),
            many => {
                let many: Vec<String> = many.iter().map(|one| scalar(one)).collect();
                Some(format!("namespaces: [{}]", many.join(", ")))
            }
        };
        for scope in [of_cluster, of_namespaces].into_iter().flatten().chain(by_labels) {
            let comma = if scope.is_empty() { "" } else { ", " };
            match right {
                Right::ClusterRole(role) => self.line(&format!("  - {{{scope}{comma}clusterRole: {}}}", scalar(role))),
                Right::Role(role) => self.line(&format!("  - {{{scope}{comma}role: {}}}", scalar(role))),
                Right::Rules(rules) => {
                    let (first, next) = if scope.is_empty() { ("  - ", "") } else { ("  - ", "    ") };
                    if !scope.is_empty() {
                        self.line(&format!("{first}{scope}"));
                    }
                    self.line(&format!("{}rules:", if next.is_empty() { first } else { next }));
                    for rule in rules {
                        self.line(&format!("    - {{{}}}", rule_keys(rule)));
                    }
                }
            }
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn since(&self, start: usize) -> Span {
        Span { start, end: self.text.len() }
    }
}

fn selector_keys(LabelSelector { match_labels, match_expressions }: &LabelSelector) -> String {
    let labels: Vec<String> =
        match_labels.iter().map(|(key, value)| format!("{}: {}", scalar(key), scalar(value))).collect();
    let expression = |Requirement { key, operator, values }: &Requirement| {
        let list: Vec<String> = values.iter().map(|value| scalar(value)).collect();
        let values = if list.is_empty() { String::new() } else { format!(", values: [{}]", list.join(", ")) };
        format!("{{key: {}, operator: {operator:?}{values}}}", scalar(key))
    };
    let expressions: Vec<String> = match_expressions.iter().map(expression).collect();
    let of_labels = (!labels.is_empty()).then(|| format!("matchLabels: {{{}}}", labels.join(", ")));
    let of_expressions = (!expressions.is_empty()).then(|| format!("matchExpressions: [{}]", expressions.join(", ")));
    of_labels.into_iter().chain(of_expressions).collect::<Vec<_>>().join(", ")
}

fn rule_keys(rule: &rbac::Rule) -> String {
    let lists = [
        ("apiGroups", &rule.api_groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.resource_names),
        ("nonResourceURLs", &rule.non_resource_urls),
        ("verbs", &rule.verbs),
    ];
    let list = |(key, list): (&str, &Vec<Box<str>>)| {
        let items: Vec<String> = list.iter().map(|item| scalar(item)).collect();
        format!("{key}: [{}]", items.join(", "))
    };
    lists.into_iter().filter(|(_, list)| !list.is_empty()).map(list).collect::<Vec<_>>().join(", ")
}

/// A text as YAML of every version reads it: plain where that is certain.
fn scalar(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = document::Scalar::plain(text, document::Dialect::Strict);
    let means_a_text = !plain.is_null() && plain.as_bool().is_none() && !plain.is_number();
    if begins && text.chars().all(is_plain) && means_a_text && plain.surprises_yaml_1_1().is_none() {
        return text.to_owned();
    }
    quoted(text)
}
