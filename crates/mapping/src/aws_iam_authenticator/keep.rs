//! What the program keeps of its entries: one map for each list, in which the last of equal keys stays.

use std::collections::HashMap;

use identity::{AccountId, Partition};

use super::{
    Options,
    decode::{Entry, Kind, Sso},
    text::Text,
};
use crate::{
    DefectKind, Membership, Never, PermissionSet, Rule, RulePrincipal, RuleSource, Source, UniqueId, Unused,
    canonical::{fold, lower, of_a_caller},
};

/// An entry on its way into a map.
pub(super) struct Kept {
    /// Its key in the map.
    pub(super) key: String,
    /// Whom it matches; or why nobody.
    pub(super) principal: Result<RulePrincipal, Never>,
    pub(super) written: Box<str>,
    pub(super) username: String,
    pub(super) groups: Vec<String>,
    pub(super) place: RuleSource,
    /// The byte that it begins at.
    pub(super) at: usize,
}

/// `Validate` of a role: why it is not taken.
pub(super) fn invalid_role(entry: &Entry) -> Option<String> {
    let Entry { arn, sso, .. } = entry;
    match (arn.is_empty(), sso) {
        (true, None) => Some("it has neither `rolearn` nor `sso`".to_owned()),
        (false, Some(_)) => Some("`rolearn` and `sso` exclude each other".to_owned()),
        (false, None) => None,
        (true, Some(Sso { permission_set_name, account_id, partition })) => {
            let is_name = (1..=32).contains(&permission_set_name.len())
                && permission_set_name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
            match () {
                () if account_id.parse::<AccountId>().is_err() => {
                    Some(format!("{account_id:?} is not an account: `sso.accountID` takes 12 digits, in quotes"))
                }
                () if !is_name => Some(format!("{permission_set_name:?} is not a valid name of a permission set")),
                () if !partition.is_empty() && partition.parse::<Partition>().is_err() => {
                    Some(format!("{partition:?} is not a partition"))
                }
                () => None,
            }
        }
    }
}

/// `Validate` of a user.
pub(super) fn invalid_user(entry: &Entry) -> Option<String> {
    entry.arn.is_empty().then(|| "it has no `userarn`".to_owned())
}

/// The key of a role in the map, and whom it matches.
pub(super) fn role_key(arn: &str, sso: Option<&Sso>, options: Options) -> (String, Result<RulePrincipal, Never>) {
    let Some(Sso { permission_set_name, account_id, partition }) = sso else {
        return (lower(arn), matching(&fold(arn)));
    };
    let name = permission_set_name.to_ascii_lowercase();
    let part = if partition.is_empty() { "aws" } else { "" };
    let key = format!("arn:{part}:iam::{account_id}:role/awsreservedsso_{name}_*");
    let principal = match account_id.parse() {
        _ if !partition.is_empty() => Err(Never::SsoPartition),
        _ if !options.sso_role_match => Err(Never::SsoGate),
        Ok(account) => Ok(RulePrincipal::PermissionSet(PermissionSet { account, name })),
        Err(_) => Err(Never::Account),
    };
    (key, principal)
}

/// Whom a text matches that is compared as a whole.
pub(super) fn matching(text: &str) -> Result<RulePrincipal, Never> {
    of_a_caller(text).map(|()| RulePrincipal::Arn(text.to_owned()))
}

/// An entry that is not taken at all: once for each ARN in it, and at least once.
pub(super) fn dropped(text: &mut Text<'_>, kind: Kind, index: usize, entry: &Entry, why: &str) -> Vec<Unused> {
    let place = text.place(kind.list(), index, entry.at);
    let message = format!("the entry is refused: {}", with_misplaced(why, entry));
    text.say_of(DefectKind::NoLogin, &place, entry.at, message, None);
    let unused = |why: String, meant: Option<&str>| Unused {
        source: place.clone(),
        written: if entry.arn.is_empty() { named(entry.sso.as_ref()) } else { entry.arn.as_str().into() },
        username: entry.username.as_str().into(),
        groups: entry.groups.as_slice().iter().map(|group| group.as_str().into()).collect(),
        meant: meant.map(Into::into),
        why: Never::Dropped(why.into()),
    };
    let misplaced = entry.misplaced.iter().map(|(words, arn)| unused(format!("{why}; {words}"), Some(arn)));
    let misplaced: Vec<Unused> = misplaced.collect();
    if misplaced.is_empty() { vec![unused(why.to_owned(), None)] } else { misplaced }
}

/// Why an entry is not taken, and where in it an ARN stands that nobody reads.
pub(super) fn with_misplaced(why: &str, entry: &Entry) -> String {
    match entry.misplaced.first() {
        Some((words, _)) => format!("{why}; {words}"),
        None => why.to_owned(),
    }
}

/// How a permission set is written.
pub(super) fn named(sso: Option<&Sso>) -> Box<str> {
    sso.map(|sso| sso.permission_set_name.as_str()).unwrap_or_default().into()
}

/// Puts entries into the map of their list, and says what comes of each.
///
/// Without `is_map` all of them stay, as objects of their own.
pub(super) fn keep(source: &mut Source, text: &mut Text<'_>, kind: Kind, entries: Vec<Kept>, is_map: bool) {
    let mut last: HashMap<String, usize> = HashMap::new();
    if is_map {
        last.extend(entries.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)));
    }
    let counting: Vec<Option<RuleSource>> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| {
            let counts = last.get(&entry.key).copied().unwrap_or(at);
            (counts != at).then(|| entries[counts].place.clone())
        })
        .collect();
    let first: HashMap<String, RuleSource> = match kind {
        Kind::User => source.roles.iter().map(|rule| (looked_up(&rule.principal), rule.source.clone())).collect(),
        Kind::Role => HashMap::new(),
    };
    let mut rules = Vec::with_capacity(entries.len());
    for (entry, by) in entries.into_iter().zip(counting) {
        let Kept { key, principal, written, username, groups, place, at } = entry;
        let why = match (by, &principal) {
            (_, Err(why)) => why.clone(),
            (Some(by), Ok(_)) => Never::Displaced(by),
            (None, Ok(principal)) => match first.get(&looked_up(principal)) {
                Some(role) => Never::RolesFirst(role.clone()),
                None => {
                    if username.is_empty() {
                        nameless(text, &place, at, &groups);
                    }
                    let groups = groups.into_iter().map(Membership::from).collect();
                    let written = Some(written);
                    let principal = principal.clone();
                    rules.push((at, Rule { principal, written, username, groups, source: place }));
                    continue;
                }
            },
        };
        let (kind, message) = match &why {
            Never::Displaced(_) | Never::RolesFirst(_) => {
                (DefectKind::Duplicate, format!("{written} is mapped twice, and this entry is not used: {why}"))
            }
            _ if written.is_empty() => (DefectKind::NoLogin, format!("an entry without an ARN lets nobody in: {why}")),
            _ => (DefectKind::NoLogin, format!("{written} lets nobody in: {why}")),
        };
        text.say_of(kind, &place, at, message, why.hint(&written));
        let (username, groups) = (username.into(), groups.into_iter().map(Into::into).collect());
        // Whose role it would be, with a suffix of AWS'.
        let meant = (why == Never::SsoGate).then(|| key.replace('*', &"?".repeat(16)).into());
        source.unused.push(Unused { source: place, written, username, groups, meant, why });
    }
    chances(text, &rules);
    let list = if kind == Kind::Role { &mut source.roles } else { &mut source.users };
    list.extend(rules.into_iter().map(|(_, rule)| rule));
}

/// What is looked up: of a unique id the ARN beside it comes second.
fn looked_up(principal: &RulePrincipal) -> String {
    match principal {
        RulePrincipal::UniqueId(UniqueId { id, .. }) => id.to_string(),
        RulePrincipal::Arn(_) | RulePrincipal::PermissionSet(_) => principal.to_string(),
    }
}

fn nameless(text: &mut Text<'_>, place: &RuleSource, at: usize, groups: &[String]) {
    let in_groups = match groups {
        [] => String::new(),
        groups => format!(", in {}", groups.join(", ")),
    };
    let message = format!("it has no username: whoever it names logs in as a user without a name{in_groups}");
    text.say_of(DefectKind::EmptyUsername, place, at, message, Some("give it a username".to_owned()));
}

/// Rules of one list that match the same caller, of which any is taken.
fn chances(text: &mut Text<'_>, rules: &[(usize, Rule)]) {
    let mut by_arn: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, (_, rule)) in rules.iter().enumerate() {
        if let RulePrincipal::Arn(arn) = &rule.principal {
            by_arn.entry(arn).or_default().push(number);
        }
    }
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for alike in by_arn.values() {
        pairs.extend(alike[1..].iter().map(|other| (alike[0], *other)));
    }
    let sets = rules.iter().enumerate().filter_map(|(number, (_, rule))| match &rule.principal {
        RulePrincipal::PermissionSet(set) => Some((number, set)),
        RulePrincipal::Arn(_) | RulePrincipal::UniqueId(_) => None,
    });
    let sets: Vec<(usize, &PermissionSet)> = sets.collect();
    for (number, set) in &sets {
        let begins = format!("{}_", set.name);
        let arn = format!("arn:aws:iam::{}:role/awsreservedsso_{begins}", set.account);
        let longer = sets.iter().filter(|(_, other)| other.account == set.account && other.name.starts_with(&begins));
        pairs.extend(longer.map(|(other, _)| (*number, *other)));
        let roles = by_arn.iter().filter(|(role, _)| role.starts_with(&arn)).flat_map(|(_, numbers)| numbers);
        pairs.extend(roles.map(|other| (*number, *other)));
    }
    pairs.sort_unstable();
    for (one, other) in pairs {
        let ((_, one), (at, other)) = (&rules[one], &rules[other]);
        let (kind, message) = if alike(one, other) {
            (
                DefectKind::Duplicate,
                format!("{} matches the same callers, with the same username and groups", one.source),
            )
        } else {
            let message =
                format!("{} matches the same callers, and aws-iam-authenticator may use either of the two", one.source);
            (DefectKind::Undetermined, message)
        };
        text.say_of(kind, &other.source, *at, message, Some("remove one of them".to_owned()));
    }
}

/// Whether it makes no difference which of two is taken.
fn alike(one: &Rule, other: &Rule) -> bool {
    let groups = |rule: &Rule| {
        let mut groups: Vec<String> = rule.groups.iter().map(|membership| membership.group.clone()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    };
    one.username == other.username && groups(one) == groups(other)
}
