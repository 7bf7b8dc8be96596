//! What an access file says, each part with its place.

use std::sync::Arc;

use document::Span;
use identity::{AccountId, Arn, Partition};
use jiff::Timestamp;
use rbac::{LabelSelector, Rule};
use serde_json::{Map, Value};

/// A value with its place in the source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The thing.
    pub value: T,
    /// Its place.
    pub span: Span,
}

/// An access file, merged from all files given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// What tokens are bound to.
    pub cluster_id: Option<Located<Box<str>>>,
    /// The account of principals without one.
    pub account: Option<Located<AccountId>>,
    /// `groups`, in the order of their names; `None` where no file has the key.
    pub groups: Option<Vec<Group>>,
    /// Roles of machines.
    pub nodes: Vec<AccessPrincipal>,
    /// The Helm chart's keys, and those that begin with `x-`.
    pub carried: Carried,
}

/// Keys that mean nothing here and are others': whoever writes the file anew writes them as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried(Option<Box<Map<String, Value>>>);

/// One Kubernetes group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name.
    pub name: Located<Box<str>>,
    /// Users, roles and permission sets.
    pub members: Vec<AccessPrincipal>,
    /// IAM groups, by name.
    pub iam_groups: Vec<AccessPrincipal>,
    /// When everything about it ends.
    pub expires: Option<Located<Timestamp>>,
    /// What it may do; `None`: the `ClusterRole` of its name.
    pub grants: Option<Vec<Grant>>,
    /// Findings that are meant.
    pub accept: Vec<Accept>,
    /// Keys that begin with `x-`.
    pub carried: Carried,
}

/// The kind of a principal in IAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An IAM user.
    User,
    /// An IAM role.
    Role,
    /// A permission set of IAM Identity Center.
    PermissionSet,
    /// An IAM group.
    IamGroup,
}

/// A principal of an access file: its IAM name, and its own username and expiry if it has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPrincipal {
    /// What it is.
    pub kind: Kind,
    /// The partition.
    pub partition: Partition,
    /// The account.
    pub account: AccountId,
    /// The path, as `/` or `/ops/`.
    pub path: Box<str>,
    /// The name without the path.
    pub name: Box<str>,
    /// The username that was written.
    pub username: Option<Located<Box<str>>>,
    /// When this membership expires.
    pub expires: Option<Located<Timestamp>>,
    /// Findings that are meant.
    pub accept: Vec<Accept>,
    /// Keys that begin with `x-`.
    pub carried: Carried,
    /// Its place.
    pub span: Span,
}

/// An account in a partition: each has an IAM of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IamAccount {
    /// The partition; an account's number says nothing about it.
    pub partition: Partition,
    /// The account.
    pub account: AccountId,
}

/// A grant of an access file: permissions, and the namespaces in which they apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where.
    pub scope: Scope,
    /// What.
    pub right: Right,
    /// Findings that are meant.
    pub accept: Vec<Accept>,
    /// Keys that begin with `x-`.
    pub carried: Carried,
    /// Its place.
    pub span: Span,
}

/// The namespaces in which a grant applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Cluster,
    /// In namespaces, by name or glob.
    Namespaces(Vec<Located<Box<str>>>),
    /// In namespaces, by labels.
    Selector(LabelSelector, Span),
}

/// The permissions of a grant: rules, a ClusterRole or a Role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// What is written here; grants that write the same share it.
    Rules {
        /// The rules.
        rules: Arc<[Rule]>,
        /// The place of each.
        spans: Box<[Span]>,
    },
    /// What a `ClusterRole` allows.
    ClusterRole(Located<Box<str>>),
    /// What a `Role` of the namespace allows.
    Role(Located<Box<str>>),
}

/// A finding that the file accepts, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// Its code.
    pub code: Located<Box<str>>,
    /// Why.
    pub reason: Box<str>,
}

impl Carried {
    /// Returns the keys with what stands under them.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|map| map.iter()).map(|(key, value)| (&**key, value))
    }

    /// Adds more; of a key that is there already the first one stays.
    pub(crate) fn add(&mut self, more: Self) {
        match (&mut self.0, more.0) {
            (Some(map), Some(more)) => {
                for (key, value) in *more {
                    map.entry(key).or_insert(value);
                }
            }
            (empty, more) => *empty = empty.take().or(more),
        }
    }
}

impl FromIterator<(String, Value)> for Carried {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(entries: I) -> Self {
        let map: Map<String, Value> = entries.into_iter().collect();
        Self((!map.is_empty()).then(|| Box::new(map)))
    }
}

impl IamAccount {
    /// Returns the principal that an ARN names.
    pub fn of(arn: &Arn) -> Self {
        Self { partition: arn.partition, account: arn.account }
    }
}

impl AccessPrincipal {
    /// Returns the ARN as mappings compare it: with the path of a user and without that of a role. Permission sets have none.
    pub fn arn(&self) -> Option<Arn> {
        let resource = match self.kind {
            Kind::User => format!("user{}{}", self.path, self.name),
            Kind::Role => format!("role/{}", self.name),
            Kind::IamGroup => format!("group{}{}", self.path, self.name),
            Kind::PermissionSet => return None,
        };
        Some(Arn { partition: self.partition, service: "iam".to_owned(), account: self.account, resource })
    }

    /// Returns whose IAM knows it.
    pub fn iam_account(&self) -> IamAccount {
        IamAccount { partition: self.partition, account: self.account }
    }

    /// Returns the Kubernetes username: what was written, or what the kind's default is.
    pub fn username(&self) -> String {
        match (&self.username, self.kind) {
            (Some(username), _) => username.value.to_string(),
            (None, Kind::User | Kind::IamGroup) => self.name.to_string(),
            (None, Kind::Role | Kind::PermissionSet) => format!("{}:{{{{SessionName}}}}", self.name),
        }
    }

    /// Returns what tells principals apart: STS compares without regard to case, and leaves the path of roles out.
    pub fn identity(&self) -> (Kind, AccountId, String, Partition) {
        let name = match self.kind {
            Kind::User => format!("{}{}", self.path, self.name),
            Kind::Role | Kind::PermissionSet | Kind::IamGroup => self.name.to_string(),
        };
        (self.kind, self.account, name.to_ascii_lowercase(), self.partition)
    }
}

impl<T> Located<T> {
    /// Returns a thing at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}
