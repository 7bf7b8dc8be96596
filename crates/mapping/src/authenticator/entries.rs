//! `mapRoles`, `mapUsers` and `mapAccounts`.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

use document::{Entry, Fields, KeyCase, Node, Problem, Problems, Span};
use identity::{AccountId, Arn, Partition};

use super::{
    place::{FileLine, Lines},
    values::{self, unknown_key},
};
use crate::{
    List, Mode, PermissionSet, Rule, RulePrincipal, RuleSource,
    rule::{PrincipalError, canonical},
    template,
};

/// Whom an entry is for, and how that is written.
type Written = (RulePrincipal, Option<Box<str>>);

/// Reads the lists of one file, and hands over each rule as it is read.
pub(super) struct Entries<'a> {
    lines: &'a Lines,
    mode: Mode,
    partition: Partition,
    to: &'a mut dyn FnMut(List, Rule),
    /// Where each principal stands, by a hash under a key of chance: a large file's principals are not held twice. That two
    /// different ones share 64 bits does not happen, and would be no more than a warning.
    seen: HashMap<u64, Span>,
    hasher: RandomState,
    /// How many entries of each list were read.
    read: [usize; 2],
}

impl<'a> Entries<'a> {
    pub(super) fn new(lines: &'a Lines, mode: Mode, partition: Partition, to: &'a mut dyn FnMut(List, Rule)) -> Self {
        Self { lines, mode, partition, to, seen: HashMap::new(), hasher: RandomState::new(), read: [0; 2] }
    }

    /// One of the two lists, if it stands in the file's tree.
    pub(super) fn list(&mut self, list: List, node: Option<&Entry>, problems: &mut Problems) {
        let Some(entry) = node else { return };
        if entry.value.as_scalar().is_some() {
            let message = format!("`{}` is a list of entries, found {}", key(list), entry.value.kind());
            problems.push(Problem::error("config.type", entry.value.span, message));
            return;
        }
        for node in values::list(&entry.value, problems) {
            self.entry(list, node, problems);
        }
    }

    /// One entry of one of the lists.
    pub(super) fn entry(&mut self, list: List, node: &Node, problems: &mut Problems) {
        let read = &mut self.read[usize::from(list == List::Users)];
        let index = std::mem::replace(read, *read + 1);
        let mut own = Problems::default();
        let Some(mut fields) = Fields::new(node, KeyCase::Insensitive, &mut own) else {
            own.move_into(problems);
            return;
        };
        let principal = match list {
            List::Roles => self.role(&mut fields, &mut own),
            List::Users => self.user(&mut fields, &mut own),
        };
        let username = fields.text("username", &mut own);
        let groups = fields.take("groups").map(|entry| values::texts(&entry.value, ',', &mut own));
        let groups = groups.unwrap_or_default();
        let templates = username.iter().copied().chain(groups.iter().map(|(group, span)| (group.as_str(), *span)));
        templates.for_each(|(text, span)| check_template(text, span, &mut own));
        let username = username.map(|(text, _)| text.to_owned()).unwrap_or_default();
        if username.is_empty() && !own.has_errors() {
            let message = "the entry has no username, so whoever it names is refused (mapping.empty-username)";
            own.push(Problem::warning("config.no-username", fields.span(), message));
        }
        fields.finish(&mut own, unknown_key);
        own.move_into(problems);
        let Some((principal, written)) = principal else { return };
        // A principal may stand in both lists.
        if let Some(first) = self.seen.insert(self.hasher.hash_one((list, &principal)), node.span) {
            let message = "the same principal is listed twice; the last entry is used";
            problems.push(Problem::warning("config.duplicate", node.span, message).related(first, "first here"));
        }
        let groups = groups.into_iter().map(|(group, _)| group.into()).collect();
        let source = self.rule_source(key(list), index, node.span);
        (self.to)(list, Rule { principal, written, username, groups, source });
    }

    /// `mapAccounts`: a list of accounts.
    pub(super) fn accounts(&self, node: Option<&Entry>, problems: &mut Problems) -> Vec<(AccountId, RuleSource)> {
        let Some(entry) = node else { return Vec::new() };
        let accounts = values::accounts(&entry.value, ',', problems).into_iter().enumerate();
        accounts.map(|(index, (account, span))| (account, self.rule_source("mapAccounts", index, span))).collect()
    }

    /// The principal of an entry of `mapRoles`: `rolearn` or `sso`.
    fn role(&self, fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Written> {
        let arn = fields.text("rolearn", problems);
        let sso = fields.take("sso").and_then(|entry| self.permission_set(&entry.value, problems));
        match (arn, sso) {
            (Some((arn, span)), None) => self.arn(arn, span, problems),
            (None, Some((set, name))) => Some((RulePrincipal::PermissionSet(set), name)),
            (None, None) if problems.has_errors() => None,
            (both, _) => {
                let message =
                    if both.is_some() { "`rolearn` and `sso` exclude each other" } else { "needs `rolearn` or `sso`" };
                problems.push(Problem::error("config.principal", fields.span(), message));
                None
            }
        }
    }

    /// The principal of an entry of `mapUsers`: `userarn`.
    fn user(&self, fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Written> {
        match fields.text("userarn", problems) {
            Some((arn, span)) => self.arn(arn, span, problems),
            None if problems.has_errors() => None,
            None => {
                problems.push(Problem::error("config.principal", fields.span(), "needs `userarn`"));
                None
            }
        }
    }

    fn arn(&self, text: &str, span: Span, problems: &mut Problems) -> Option<Written> {
        // mapUsers of the existing program takes any case, mapRoles does not; taking any is right for both.
        let lower = lower_prefix(text);
        let arn: Arn = match lower.parse() {
            Ok(arn) => arn,
            Err(error) => {
                problems.push(Problem::error("config.arn", span, format!("{text:?}: {error}")));
                return None;
            }
        };
        match canonical(&arn, self.partition) {
            Ok((arn, stripped)) => {
                if stripped {
                    let message = "STS names a role without its path, so the path is left out here";
                    problems.push(
                        Problem::warning("config.role-path", span, message)
                            .hint(format!("write {}", without_path(text))),
                    );
                }
                let written = (arn != text).then(|| text.into());
                Some((RulePrincipal::Arn(arn), written))
            }
            Err(error) => {
                let code = match error {
                    PrincipalError::Wildcard => "config.wildcard",
                    PrincipalError::Kind => "config.arn",
                    PrincipalError::Partition { .. } => "config.partition",
                };
                problems.push(Problem::error(code, span, format!("{text:?}: {error}")));
                None
            }
        }
    }

    fn permission_set(&self, node: &Node, problems: &mut Problems) -> Option<(PermissionSet, Option<Box<str>>)> {
        let mut fields = Fields::new(node, KeyCase::Insensitive, problems)?;
        let name = fields.text("permissionSetName", problems);
        let account = fields.take("accountID").and_then(|entry| values::account(&entry.value, problems));
        let partition = fields.text("partition", problems);
        let span = fields.span();
        fields.finish(problems, unknown_key);
        let partition: Option<Partition> = values::parsed(partition, "config.partition", "an AWS partition", problems);
        if partition.is_some_and(|partition| partition != self.partition) {
            let message = format!("the server's partition is {}", self.partition);
            problems.push(Problem::error("config.partition", span, message));
        }
        let (Some((name, name_span)), Some(account)) = (name, account) else {
            if !problems.has_errors() {
                problems.push(Problem::error("config.sso", span, "needs `permissionSetName` and `accountID`"));
            }
            return None;
        };
        // IAM Identity Center: 1 to 32 of these (API reference, PermissionSet Name).
        let is_name = (1..=32).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
        if !is_name {
            problems.push(Problem::error(
                "config.sso",
                name_span,
                format!("{name:?} is not a valid name of a permission set"),
            ));
            return None;
        }
        let lower = name.to_ascii_lowercase();
        let written = (lower != name).then(|| name.into());
        Some((PermissionSet { account, name: lower }, written))
    }

    fn rule_source(&self, list: &'static str, index: usize, span: Span) -> RuleSource {
        let FileLine { file, line } = self.lines.place(span.start);
        RuleSource { mode: self.mode, list, index, file, line }
    }
}

/// A list's key below `server`.
fn key(list: List) -> &'static str {
    match list {
        List::Roles => "mapRoles",
        List::Users => "mapUsers",
    }
}

/// What a username or group will not do, although it looks as if it did.
fn check_template(text: &str, span: Span, problems: &mut Problems) {
    if template::never_renders(text) {
        let message = "a variable after `system:` lets callers choose; whoever this names is refused";
        let hint = "put a prefix of your own in front of the variable (mapping.templated-system-name)";
        problems.push(Problem::warning("config.templated-system-name", span, message).hint(hint));
    }
    for piece in template::unknown_variables(text) {
        let problem = Problem::warning("config.unknown-variable", span, format!("`{piece}` is no variable, only text"));
        let without_blanks = piece.replace(' ', "");
        problems.push(match document::nearest(&without_blanks, template::VARIABLES) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!("variables are {}", template::VARIABLES.join(", "))),
        });
    }
}

/// The first three fields in lower case; names keep theirs for messages.
fn lower_prefix(arn: &str) -> String {
    let fields: Vec<_> = arn.splitn(4, ':').collect();
    match fields[..] {
        [a, b, c, rest] => format!("{}:{}:{}:{rest}", a.to_lowercase(), b.to_lowercase(), c.to_lowercase()),
        _ => arn.to_owned(),
    }
}

/// `…:role/ops/Admin` as `…:role/Admin`.
fn without_path(arn: &str) -> String {
    let (head, path) = arn.split_once('/').unwrap_or((arn, ""));
    format!("{head}/{}", path.rsplit('/').next().unwrap_or_default())
}
