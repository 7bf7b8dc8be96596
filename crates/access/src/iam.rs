//! What IAM says about a file's principals, as facts: the same functions for live answers and for what `aws iam` printed.
//!
//! ```text
//!   Access ─ iam_questions ─► asked by the caller ─► IamAnswer ─ add_iam ──┐
//!                      what `aws iam` printed ─ add_iam_dump ─────────────┴─► Facts
//! ```
//!
//! An answer is taken whole or not at all: whoever is missing from half of one would count as taken out of it.

mod dump;
mod questions;

use std::collections::{BTreeMap, BTreeSet};

use identity::{AccountId, Arn};
use mapping::PermissionSet;

pub use self::{
    dump::IamDumpError,
    questions::{IamAnswer, IamQuestion, IamQuestions, iam_questions},
};
use crate::{Access, AccessPrincipal, Facts, IamAccount, Kind};

/// The path of the roles that IAM Identity Center makes for permission sets. Anybody who may make roles can give one the
/// name of such a role, but not this path.
///
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>.
const PERMISSION_SET_PATH: &str = "aws-reserved/sso.amazonaws.com/";

/// The reasons to reject an answer of IAM.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IamFactError {
    /// Something in it is not of the kind or of the account that was asked about.
    #[error("`{arn}` is not the ARN of {kind} of the account {account}")]
    Foreign {
        /// What it says.
        arn: String,
        /// What it was to be, with its article.
        kind: &'static str,
        /// The account that was asked.
        account: AccountId,
    },
    /// Two roles of one permission set in one account; AWS makes one.
    #[error("the permission set `{0}` has two roles in one account; keep the answer that holds")]
    TwoRoles(String),
    /// Two answers about one group that are not the same.
    #[error("two answers name different users of the IAM group `{0}`; keep the one that holds")]
    TwoGroups(String),
}

impl Access {
    /// Returns the IAM groups of which it is not known who is in them.
    pub fn unknown_iam_groups(&self, facts: &Facts) -> BTreeSet<&str> {
        self.accounts_of_unknown_iam_groups(facts).into_keys().collect()
    }

    /// Returns the IAM groups whose members are not known, with the accounts whose users may be in them.
    pub fn accounts_of_unknown_iam_groups(&self, facts: &Facts) -> BTreeMap<&str, BTreeSet<AccountId>> {
        let mut unknown: BTreeMap<&str, BTreeSet<AccountId>> = BTreeMap::new();
        for group in self.groups.iter().flatten().flat_map(|group| &group.iam_groups) {
            if !facts.iam_groups.contains_key(&(group.account, group.name.to_ascii_lowercase())) {
                unknown.entry(&group.name).or_default().insert(group.account);
            }
        }
        unknown
    }
}

impl Facts {
    /// Adds an answer of IAM. An error leaves the facts unchanged.
    pub fn add_iam(&mut self, whose: IamAccount, answer: &IamAnswer) -> Result<(), IamFactError> {
        match answer {
            IamAnswer::Group { name, users: Some(users) } => self.take_group(whose, name, users),
            IamAnswer::Group { name, users: None } => self.take(whose, Kind::IamGroup, name, None),
            IamAnswer::PermissionSets { names, roles } => {
                self.take_roles(whose, roles)?;
                for name in names {
                    let key = (whose.account, name.to_ascii_lowercase());
                    let role = self.permission_sets.get(&key).map(|role| whose.arn(format!("role/{role}")));
                    self.take(whose, Kind::PermissionSet, name, role.as_ref())?;
                }
                Ok(())
            }
            IamAnswer::User { name, found } => self.take(whose, Kind::User, name, found.as_ref()),
            IamAnswer::Role { name, found } => self.take(whose, Kind::Role, name, found.as_ref()),
        }
    }

    /// Everybody in an IAM group.
    fn take_group(&mut self, whose: IamAccount, name: &str, users: &[Arn]) -> Result<(), IamFactError> {
        for user in users {
            whose.has(user, "user/", "a user")?;
        }
        let users: Vec<String> = users.iter().map(Arn::to_string).collect();
        let key = (whose.account, name.to_ascii_lowercase());
        match self.iam_groups.get(&key) {
            Some(others) if !same(others, &users) => Err(IamFactError::TwoGroups(name.to_owned())),
            Some(_) => Ok(()),
            None => {
                self.iam_groups.insert(key, users);
                Ok(())
            }
        }
    }

    /// Roles, those of permission sets among them.
    fn take_roles(&mut self, whose: IamAccount, roles: &[Arn]) -> Result<(), IamFactError> {
        let mut sets: BTreeMap<_, _> = self.permission_sets.clone();
        for arn in roles {
            whose.has(arn, "role/", "a role")?;
            let role = arn.resource.trim_start_matches("role/");
            let name = role.rsplit('/').next().unwrap_or_default();
            let is_reserved = role.starts_with(PERMISSION_SET_PATH);
            let Some(set) = PermissionSet::of_role(arn.account, name).filter(|_| is_reserved) else { continue };
            match sets.insert((set.account, set.name.clone()), role.to_owned()) {
                Some(other) if other != role => return Err(IamFactError::TwoRoles(set.name)),
                Some(_) | None => {}
            }
        }
        self.permission_sets = sets;
        Ok(())
    }

    /// What IAM has under a name; `None` for nothing.
    fn take(&mut self, whose: IamAccount, kind: Kind, name: &str, found: Option<&Arn>) -> Result<(), IamFactError> {
        if let Some(arn) = found {
            match kind {
                Kind::User => whose.has(arn, "user/", "a user")?,
                Kind::Role | Kind::PermissionSet => whose.has(arn, "role/", "a role")?,
                Kind::IamGroup => whose.has(arn, "group/", "a group")?,
            }
        }
        self.in_iam.insert((kind, whose, name.to_ascii_lowercase()), found.cloned());
        Ok(())
    }
}

impl AccessPrincipal {
    /// Returns name and path of a role as IAM has them, where the file writes no path and IAM was asked.
    pub(crate) fn role_in_iam<'f>(&self, facts: &'f Facts) -> Option<&'f str> {
        if self.kind != Kind::Role || &*self.path != "/" {
            return None;
        }
        let key = (Kind::Role, self.iam_account(), self.name.to_ascii_lowercase());
        facts.in_iam.get(&key)?.as_ref()?.resource.strip_prefix("role/")
    }
}

impl IamAccount {
    fn arn(self, resource: String) -> Arn {
        Arn { partition: self.partition, service: "iam".to_owned(), account: self.account, resource }
    }

    fn has(self, arn: &Arn, beginning: &str, kind: &'static str) -> Result<(), IamFactError> {
        let belongs = arn.service == "iam" && arn.resource.starts_with(beginning) && Self::of(arn) == self;
        let foreign = || IamFactError::Foreign { arn: arn.to_string(), kind, account: self.account };
        if belongs { Ok(()) } else { Err(foreign()) }
    }
}

/// Whether two lists name the same, in whatever order.
fn same(a: &[String], b: &[String]) -> bool {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list
    };
    sorted(a) == sorted(b)
}
