//! One entry more at the end of `mapUsers` or `mapRoles`, in `aws-auth` or in a configuration: what `add` writes.
//!
//! ```text
//!   texts ─ as aws-iam-authenticator reads them ─► entries ─ one of them is it already ─► refused, with its place
//!     edited text ─ read again by the same reader: the same entries, and the new one behind them; or nothing is written
//! ```
//!
//! What that program's `add` refuses is refused: lists that it cannot read as a whole, and keys that are there. It writes the whole
//! data anew (`EncodeMap` of `pkg/mapper/configmap/configmap.go`); here everything else keeps its bytes.

mod file;

use std::collections::{BTreeMap, BTreeSet};

use document::{Limits, Node, Problem, Source, plain_or_quoted};
use identity::{AccountId, Partition};
use mapping::{
    DefectKind, Never, PermissionSet, RulePrincipal, RuleSource, Unused,
    aws_iam_authenticator::{self, Standing, aws_auth, mounted_file},
};
use serde_json::{Value as Json, json};

pub use file::add_to_file;

use super::{
    Shape, compared, entries,
    list::{Fate, Item, List},
    parse,
    people::{self, People},
};

/// The principal of an entry to add, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// An ARN in `mapUsers`.
    User(String),
    /// An ARN in `mapRoles`.
    Role(String),
    /// A permission set of IAM Identity Center, in `mapRoles`.
    PermissionSet {
        /// Its name.
        name: String,
        /// The account that its role is in.
        account: AccountId,
        /// Left out where it is AWS's first one: with any partition, aws-iam-authenticator makes a pattern that matches nobody.
        partition: Partition,
    },
}

/// An entry to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Whom it is for.
    pub who: Whom,
    /// The username, or its template.
    pub username: String,
    /// The groups.
    pub groups: Vec<String>,
}

/// The changed texts, with the entry added.
#[derive(Debug)]
pub struct Added {
    /// All texts, of which one has changed.
    pub data: BTreeMap<String, String>,
    /// Where the entry stands in it.
    pub place: RuleSource,
    /// Why nobody is let in by it all the same, and what would.
    pub never: Option<(Never, Option<String>)>,
    /// Whether a text of a file that was a block (`|`, `>`) stands in quotes now, because it could not hold the entry as it was written.
    pub in_quotes: bool,
}

/// The reasons to add no entry.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It does not read as a whole what is there, so that its `add` would refuse, and its server does not start or lacks entries.
    #[error("{}", .0.join("; "))]
    Unreadable(Vec<String>),
    /// An entry for the same principal is there.
    #[error("{place} is for it already: username {username:?}, groups {groups:?}")]
    There {
        /// What aws-iam-authenticator compares entries by.
        key: String,
        /// Where.
        place: RuleSource,
        /// Its username.
        username: Box<str>,
        /// Its groups.
        groups: Vec<Box<str>>,
    },
    /// The text cannot be edited so that everything else keeps its meaning.
    #[error("{0}")]
    Unchanged(String),
}

/// Adds an entry to the texts of a `ConfigMap`, or to those of a file.
///
/// `standing` says where the text of a key stands.
///
/// # Errors
///
/// Nothing is to be written then.
pub fn add(
    shape: Shape<'_>,
    data: &BTreeMap<String, String>,
    standing: impl Fn(&str) -> Standing,
    addition: &Addition,
) -> Result<Added, Refused> {
    let seen = |data: &BTreeMap<String, String>| seen(shape, data, &standing);
    let before = seen(data).map_err(Refused::Unreadable)?;
    if let Some(there) = before.entries.iter().find(|there| addition.is_for_whom(there)) {
        return Err(there.refused(addition));
    }
    let key = match shape {
        Shape::AwsAuth => addition.list(),
        Shape::Config(_) => "config.yaml",
    };
    let text = data.get(key).map_or("", String::as_str);
    let mut changed = data.clone();
    let text = appended(shape, key, text, addition, &standing(key)).map_err(Refused::Unchanged)?;
    changed.insert(key.to_owned(), text);

    let otherwise = |why: &str| Refused::Unchanged(format!("nothing was changed: {why}"));
    let after = seen(&changed).map_err(|why| otherwise(&format!("after this change, {}", why.join("; "))))?;
    let mut others = after.entries;
    let new = others.iter().rposition(|one| one.is_in(addition.list()) && addition.is_written_in(one));
    let new = others.remove(new.ok_or_else(|| otherwise("the entry would not be read back"))?);
    // By keys of its own the program would put the new entry in place of another one.
    if let Some(there) = others.iter().find(|one| one.never == Some(Never::Displaced(new.place.clone()))) {
        return Err(there.refused(addition));
    }
    let same =
        others.len() == before.entries.len() && others.iter().zip(&before.entries).all(|(one, other)| one.says(other));
    if !same || after.accounts != before.accounts {
        return Err(otherwise("other entries would be read otherwise"));
    }
    if let Shape::Config(_) = shape {
        // `cluster-auth server` reads the same file, by stricter rules.
        let wanted = addition.people();
        let principals = wanted.principals();
        people::check(shape, data, &changed, &principals.iter().map(String::as_str).collect(), &wanted)
            .map_err(|why| otherwise(&why))?;
    }
    let hint = |never: Never| {
        let hint = never.hint(&new.written);
        (never, hint)
    };
    Ok(Added { data: changed, place: new.place, never: new.never.map(hint), in_quotes: false })
}

/// The text of a list, or of a configuration, with the entry behind the last of its list; or why not, with its place.
fn appended(
    shape: Shape<'_>,
    name: &str,
    text: &str,
    addition: &Addition,
    standing: &Standing,
) -> Result<String, String> {
    let is_nothing = matches!(shape, Shape::AwsAuth) && entries::is_nothing(text);
    let source = Source::new(name, if is_nothing { "" } else { text });
    let located = |cannot: &str, problem: &Problem| {
        let line = standing.line_of(source.line(problem.span.start));
        format!("{}:{line}: `{name}` cannot be {cannot}: {}", standing.file, problem.message)
    };
    let keys: &[&'static str] = match shape {
        Shape::AwsAuth => &[],
        Shape::Config(_) => &["server", addition.list()],
    };
    let root = document::parse_as(&source, &Limits::default(), shape.dialect());
    let root = root.map_err(|problems| problems.first().map(|first| located("read", first)).unwrap_or_default())?.root;
    let root = root.as_ref();
    let list = List::find(root, keys).map_err(|problem| located("read", &problem))?;
    let kept: Vec<Fate<'_, Addition>> = list.nodes().iter().map(|_: &Node| Fate::Kept).collect();
    let added = std::slice::from_ref(addition);
    let changed = list.rewritten(&source, shape.dialect(), root, keys, &kept, added);
    changed.map_err(|problem| located("edited", &problem))
}

/// What aws-iam-authenticator sees in texts.
struct EntriesRead {
    /// In the order of their places.
    entries: Vec<Login>,
    accounts: Vec<AccountId>,
}

/// An entry as it has it.
struct Login {
    place: RuleSource,
    /// None where it matches nobody.
    principal: Option<RulePrincipal>,
    written: Box<str>,
    username: Box<str>,
    groups: Vec<Box<str>>,
    never: Option<Never>,
}

/// Reads texts; or why its `add` would not.
fn seen(
    shape: Shape<'_>,
    data: &BTreeMap<String, String>,
    standing: &impl Fn(&str) -> Standing,
) -> Result<EntriesRead, Vec<String>> {
    let options = aws_iam_authenticator::Options { sso_role_match: true, ..Default::default() };
    let read = match shape {
        Shape::AwsAuth => {
            let texts = data.iter().map(|(key, text)| (key.as_str(), text.as_str()));
            aws_auth(texts, standing, options)
        }
        Shape::Config(_) => {
            let text = data.get("config.yaml").map(String::as_str).unwrap_or_default();
            let read = mounted_file(text, standing("config.yaml"), options);
            read.map_err(|read| read.defects.iter().map(ToString::to_string).collect::<Vec<_>>())?
        }
    };
    let is_dropped = |unused: &&Unused| matches!(unused.why, Never::Dropped(_));
    let refused = read.defects.iter().filter(|defect| matches!(defect.kind, DefectKind::Unreadable | DefectKind::Type));
    let refused = refused.map(ToString::to_string);
    let dropped = read.unused.iter().filter(is_dropped).map(|unused| format!("{}: {}", unused.source, unused.why));
    let why: BTreeSet<String> = refused.chain(dropped).chain(unreadable_account(shape, data)).collect();
    if matches!(shape, Shape::AwsAuth) && !why.is_empty() {
        return Err(why.into_iter().collect());
    }
    let mut entries: Vec<Login> = read.roles.into_iter().chain(read.users).map(Login::of_rule).collect();
    entries.extend(read.unused.into_iter().map(Login::of_unused));
    entries.sort_by(|one, other| (one.place.list, one.place.index).cmp(&(other.place.list, other.place.index)));
    Ok(EntriesRead { entries, accounts: read.accounts.into_iter().map(|(account, _)| account).collect() })
}

/// An account that is not a string, which the library for that list refuses; as a login it would only be nobody's.
fn unreadable_account(shape: Shape<'_>, data: &BTreeMap<String, String>) -> Option<String> {
    let text = data.get("mapAccounts").filter(|_| matches!(shape, Shape::AwsAuth))?;
    let root = parse(&Source::new("mapAccounts", text.as_str()), shape.dialect()).ok()??;
    let index = root.as_sequence()?.iter().position(|node| node.as_scalar().is_none())?;
    Some(format!("EKSConfigMap mapAccounts[{index}]: it is {}, and no account", root.as_sequence()?[index].kind()))
}

impl Login {
    fn of_rule(rule: mapping::Rule) -> Self {
        Self {
            place: rule.source,
            principal: Some(rule.principal),
            written: rule.written.unwrap_or_default(),
            username: rule.username.into(),
            groups: rule.groups.into_iter().map(|membership| membership.group.into()).collect(),
            never: None,
        }
    }

    fn of_unused(unused: Unused) -> Self {
        let Unused { source, written, username, groups, meant: _, why } = unused;
        Self { place: source, principal: None, written, username, groups, never: Some(why) }
    }

    /// Whether it stands in a list, and not under a key that nobody reads.
    fn is_in(&self, list: &str) -> bool {
        self.place.list == list && !matches!(self.never, Some(Never::Unread { .. }))
    }

    /// Whether it is the same as before the change. Lines may be others by now.
    fn says(&self, other: &Self) -> bool {
        let of = |one: &Self| (one.place.list, one.place.index);
        let said = |one: &Self| (one.written.clone(), one.username.clone(), one.groups.clone());
        of(self) == of(other) && self.principal == other.principal && said(self) == said(other)
    }

    fn refused(&self, addition: &Addition) -> Refused {
        let (place, username, groups) = (self.place.clone(), self.username.clone(), self.groups.clone());
        Refused::There { key: addition.key(), place, username, groups }
    }
}

impl Addition {
    /// Returns the list that it belongs into.
    pub fn list(&self) -> &'static str {
        match self.who {
            Whom::User(_) => "mapUsers",
            Whom::Role(_) | Whom::PermissionSet { .. } => "mapRoles",
        }
    }

    /// Returns what aws-iam-authenticator compares entries by, as its `add` names it (`Key` of `pkg/config/mapper.go`).
    pub fn key(&self) -> String {
        match &self.who {
            Whom::User(arn) => arn.clone(),
            Whom::Role(arn) => arn.to_lowercase(),
            Whom::PermissionSet { name, account, partition } => {
                let partition = if *partition == Partition::Aws { "aws" } else { "" };
                format!("arn:{partition}:iam::{account}:role/awsreservedsso_{name}_*").to_lowercase()
            }
        }
    }

    /// Whether an entry is for the same principal. aws-iam-authenticator compares users by each letter, and would then take any of
    /// the two.
    fn is_for_whom(&self, there: &Login) -> bool {
        if !there.is_in(self.list()) {
            return false;
        }
        match &self.who {
            Whom::User(arn) | Whom::Role(arn) => there.written.to_lowercase() == arn.to_lowercase(),
            Whom::PermissionSet { .. } => self.permission_set().map(RulePrincipal::PermissionSet) == there.principal,
        }
    }

    /// The permission set, as it is matched.
    fn permission_set(&self) -> Option<PermissionSet> {
        match &self.who {
            Whom::PermissionSet { account, name, .. } => {
                Some(PermissionSet { account: *account, name: name.to_ascii_lowercase() })
            }
            Whom::User(_) | Whom::Role(_) => None,
        }
    }

    /// Whether an entry that was read is this one.
    fn is_written_in(&self, read: &Login) -> bool {
        let written = match &self.who {
            Whom::User(arn) | Whom::Role(arn) => arn,
            Whom::PermissionSet { name, .. } => name,
        };
        *read.written == **written
            && *read.username == *self.username
            && read.groups.iter().map(|group| &**group).eq(self.groups.iter().map(String::as_str))
    }

    /// Who is let in by it as whom where `cluster-auth server` reads it.
    fn people(&self) -> People {
        let principal = match &self.who {
            Whom::User(arn) | Whom::Role(arn) => compared(arn),
            Whom::PermissionSet { .. } => {
                self.permission_set().map(|set| RulePrincipal::PermissionSet(set).to_string())
            }
        };
        let user = || (self.username.clone(), self.groups.iter().cloned().collect());
        People::of(principal.into_iter().map(|principal| (principal, user())))
    }
}

impl Item for Addition {
    fn block(&self) -> String {
        let who = match &self.who {
            Whom::User(arn) => format!("userarn: {}", plain_or_quoted(arn)),
            Whom::Role(arn) => format!("rolearn: {}", plain_or_quoted(arn)),
            Whom::PermissionSet { name, account, partition } => {
                let partition = unless_default(*partition).map(|partition| format!("\n    partition: {partition}"));
                let (name, account) = (plain_or_quoted(name), plain_or_quoted(account.as_str()));
                let partition = partition.unwrap_or_default();
                format!("sso:\n    permissionSetName: {name}\n    accountID: {account}{partition}")
            }
        };
        let groups: String = self.groups.iter().map(|group| format!("\n  - {}", plain_or_quoted(group))).collect();
        format!("- {who}\n  username: {}\n  groups:{groups}\n", plain_or_quoted(&self.username))
    }

    fn json(&self) -> Json {
        let (username, groups) = (&self.username, &self.groups);
        match &self.who {
            Whom::User(arn) => json!({"userarn": arn, "username": username, "groups": groups}),
            Whom::Role(arn) => json!({"rolearn": arn, "username": username, "groups": groups}),
            Whom::PermissionSet { name, account, partition } => {
                let mut sso = json!({"permissionSetName": name, "accountID": account.as_str()});
                if let Some(partition) = unless_default(*partition) {
                    sso["partition"] = partition.as_str().into();
                }
                json!({"sso": sso, "username": username, "groups": groups})
            }
        }
    }

    fn flow(&self) -> String {
        self.json().to_string()
    }
}

/// A partition as it is written.
fn unless_default(partition: Partition) -> Option<Partition> {
    (partition != Partition::Aws).then_some(partition)
}
