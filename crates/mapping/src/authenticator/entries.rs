//! `mapRoles`, `mapUsers` and `mapAccounts`.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

use document::{Entry, Fields, KeyCase, Node, Problem, Problems, Span};
use identity::{AccountId, Arn, Partition, Partitions};

use super::{
    place::{FileLine, Lines},
    values::{self, unknown_key},
};
use crate::{
    BackendMode, List, PermissionSet, Rule, RulePrincipal, RuleSource,
    canonical::{canonicalize, lower, of_a_caller},
    rule::{PrincipalError, canonical},
    template,
};

/// Whom an entry is for, and how that is written.
type Written = (RulePrincipal, Option<Box<str>>);

/// Reads the lists of one file, and hands over each rule as it is read.
pub(super) struct Entries<'a> {
    lines: &'a Lines,
    mode: BackendMode,
    partitions: Partitions,
    to: &'a mut dyn FnMut(List, Rule),
    /// Where each principal stands, by a hash under a key of chance: a large file's principals are not held twice. That two
    /// different ones share 64 bits does not happen, and would be no more than a warning.
    seen: HashMap<u64, Span>,
    /// The same of roles whose entry has a path or has none, in either list.
    roles: HashMap<u64, Span>,
    hasher: RandomState,
    /// How many entries of each list were read.
    read: [usize; 2],
}

impl<'a> Entries<'a> {
    pub(super) fn new(
        lines: &'a Lines,
        mode: BackendMode,
        partitions: Partitions,
        to: &'a mut dyn FnMut(List, Rule),
    ) -> Self {
        let (seen, roles) = (HashMap::new(), HashMap::new());
        Self { lines, mode, partitions, to, seen, roles, hasher: RandomState::new(), read: [0; 2] }
    }

    /// One of the two lists, if it stands in the file's tree.
    pub(super) fn list(&mut self, list: List, node: Option<&Entry>, problems: &mut Problems) {
        let Some(entry) = node else { return };
        if entry.value.as_scalar().is_some_and(|scalar| !scalar.text.is_empty()) {
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
        let username =
            fields.take("username").and_then(|entry| Some((values::mapped(&entry.value, &mut own)?, entry.value.span)));
        let groups = fields.take("groups").map(|entry| values::texts(&entry.value, &mut own)).unwrap_or_default();
        username.iter().chain(&groups).for_each(|(text, span)| check_template(text, *span, &mut own));
        let username = username.map(|(text, _)| text).unwrap_or_default();
        if username.is_empty() && principal.is_some() && !own.has_errors() {
            let message = "the entry has no username, so whoever it names is refused (mapping.empty-username)";
            own.push(Problem::warning("config.no-username", fields.span(), message));
        }
        fields.finish(&mut own, unknown_key);
        own.move_into(problems);
        let Some((principal, written)) = principal else { return };
        let groups = groups.into_iter().map(|(group, _)| group.into()).collect();
        let source = self.rule_source(key(list), index, node.span);
        let rule = Rule { principal, written, username, groups, source };
        self.say_twice(list, &rule, node.span, problems);
        (self.to)(list, rule);
    }

    /// Says which of two entries for one principal counts.
    fn say_twice(&mut self, list: List, rule: &Rule, span: Span, problems: &mut Problems) {
        let is_by_path = rule.is_by_path();
        // A principal may stand in both lists.
        let first = self.seen.insert(self.hasher.hash_one((list, &rule.principal, is_by_path)), span);
        let other = self.roles.get(&self.hasher.hash_one((&rule.principal, !is_by_path))).copied();
        self.roles.insert(self.hasher.hash_one((&rule.principal, is_by_path)), span);
        let (first, message) = match (first, other) {
            (Some(first), _) => (first, "the same principal is listed twice; the last entry is used"),
            (None, Some(other)) => {
                (other, "the same role is listed with a path and without; the entry without a path is used")
            }
            (None, None) => return,
        };
        problems.push(Problem::warning("config.duplicate", span, message).related(first, "first here"));
    }

    /// `mapAccounts`: a list of accounts.
    pub(super) fn accounts(&self, node: Option<&Entry>, problems: &mut Problems) -> Vec<(AccountId, RuleSource)> {
        let Some(entry) = node else { return Vec::new() };
        let accounts = values::accounts(&entry.value, problems).into_iter().enumerate();
        accounts.map(|(index, (account, span))| (account, self.rule_source("mapAccounts", index, span))).collect()
    }

    /// The principal of an entry of `mapRoles`: `rolearn` or `sso`.
    fn role(&self, fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Written> {
        let arn = fields.text("rolearn", problems).filter(|(arn, _)| !arn.is_empty());
        let sso = fields.take("sso");
        let has_sso = sso.is_some();
        let sso = sso.and_then(|entry| self.permission_set(&entry.value, problems));
        match (arn, sso) {
            (Some((arn, span)), None) if !has_sso => self.arn(List::Roles, arn, span, problems),
            (None, Some((set, name))) => Some((RulePrincipal::PermissionSet(set), name)),
            // What is wrong with it, or why it has no effect, was said.
            (None, None) if problems.has_errors() || has_sso => None,
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
        match fields.text("userarn", problems).filter(|(arn, _)| !arn.is_empty()) {
            Some((arn, span)) => self.arn(List::Users, arn, span, problems),
            None if problems.has_errors() => None,
            None => {
                problems.push(Problem::error("config.principal", fields.span(), "needs `userarn`"));
                None
            }
        }
    }

    fn arn(&self, list: List, text: &str, span: Span, problems: &mut Problems) -> Option<Written> {
        // mapUsers of the existing program takes any case of any part, mapRoles takes none; any of the parts that are words of AWS's
        // is right for both.
        let compared = if list == List::Users { lower(text) } else { lower_prefix(text) };
        // What the existing program starts with although no caller ever is that.
        let never = canonicalize(&compared).is_ok();
        let (code, why) = match compared.parse::<Arn>() {
            Ok(arn) => match canonical(&arn, self.partitions) {
                Ok((arn, stripped)) => {
                    if stripped {
                        say_path(text, span, problems);
                    }
                    let written = (arn != text).then(|| text.into());
                    return Some((RulePrincipal::Arn(arn), written));
                }
                Err(error @ PrincipalError::Wildcard) => ("config.wildcard", error.to_string()),
                Err(error @ PrincipalError::Kind) => ("config.arn", error.to_string()),
                Err(error @ PrincipalError::Partition { .. }) => ("config.partition", error.to_string()),
            },
            Err(error) => {
                let why = of_a_caller(&lower(&compared)).err().filter(|_| never);
                ("config.arn", why.map_or_else(|| error.to_string(), |why| why.to_string()))
            }
        };
        problems.push(if never {
            Problem::warning(code, span, format!("{text:?} lets nobody in: {why}"))
        } else {
            Problem::error(code, span, format!("{text:?}: {why}"))
        });
        None
    }

    fn permission_set(&self, node: &Node, problems: &mut Problems) -> Option<(PermissionSet, Option<Box<str>>)> {
        let mut fields = Fields::new(node, KeyCase::Insensitive, problems)?;
        let name = fields.text("permissionSetName", problems);
        let account = fields.take("accountID").and_then(|entry| values::account(&entry.value, problems));
        let partition = fields.text("partition", problems);
        let span = fields.span();
        fields.finish(problems, unknown_key);
        let partition: Option<Partition> = values::parsed(partition, "config.partition", "an AWS partition", problems);
        let other = partition.filter(|partition| !self.partitions.has(*partition));
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
        if let Some(other) = other {
            let message =
                format!("it lets nobody in: the partition is {other}, and the server's is {}", self.partitions.own());
            problems.push(Problem::warning("config.partition", span, message));
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

fn say_path(arn: &str, span: Span, problems: &mut Problems) {
    let message = "STS leaves out the path of a role, so it is ignored here; the entry applies only to callers whom no other entry names";
    let problem = Problem::warning("config.role-path", span, message);
    let is_session = arn.contains(":assumed-role/");
    problems.push(if is_session { problem } else { problem.hint(format!("write {}", without_path(arn))) });
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
        let message = "a variable after `system:` would let the caller choose a name of Kubernetes itself; logins through this entry are refused";
        let hint = "put a prefix of your own in front of the variable (mapping.templated-system-name)";
        problems.push(Problem::warning("config.templated-system-name", span, message).hint(hint));
    }
    for piece in template::unknown_variables(text) {
        let problem =
            Problem::warning("config.unknown-variable", span, format!("`{piece}` is not a variable, only text"));
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
