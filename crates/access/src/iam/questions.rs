//! What a file needs to know of one account's IAM.

use std::collections::BTreeSet;

use identity::Arn;

use crate::{Access, AccessPrincipal, IamAccount, Kind};

/// A question to IAM. Names are IAM's, without paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IamQuestion {
    /// Who is in this group? `iam:GetGroup`.
    Group(String),
    /// Which roles do these permission sets have? One `iam:ListRoles` for all of them.
    PermissionSets(BTreeSet<String>),
    /// Is there such a user? `iam:GetUser`.
    User(String),
    /// Is there such a role? `iam:GetRole`.
    Role(String),
}

/// An answer of IAM, with the name that was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IamAnswer {
    /// Who is in a group.
    Group {
        /// Its name.
        name: String,
        /// Everybody in it; `None` where there is no such group.
        users: Option<Vec<Arn>>,
    },
    /// The roles of permission sets.
    PermissionSets {
        /// The sets' names.
        names: BTreeSet<String>,
        /// Every role under the path of IAM Identity Center, of whatever set.
        roles: Vec<Arn>,
    },
    /// What the account has under the name of a user.
    User {
        /// The name.
        name: String,
        /// The user with its path; `None` where there is none.
        found: Option<Arn>,
    },
    /// What the account has under the name of a role.
    Role {
        /// The name.
        name: String,
        /// The role with its path; `None` where there is none.
        found: Option<Arn>,
    },
}

/// All questions that a file has for IAM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IamQuestions {
    /// Of the account that can be asked: each thing once, groups first.
    pub questions: Vec<IamQuestion>,
    /// The accounts of principals that have to be asked for elsewhere, in their order.
    pub elsewhere: BTreeSet<IamAccount>,
}

/// Returns what has to be asked, by somebody whose credentials are those of one account.
pub fn iam_questions(access: &Access, whose: IamAccount) -> IamQuestions {
    let groups = access.groups.iter().flatten();
    let principals = groups.flat_map(|group| group.iam_groups.iter().chain(&group.members)).chain(&access.nodes);
    let (mut questions, mut sets, mut elsewhere) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for principal in principals {
        if principal.iam_account() != whose {
            elsewhere.insert(principal.iam_account());
        } else if let Some(question) = question(principal) {
            questions.insert(question);
        } else {
            sets.insert(principal.name.to_string());
        }
    }
    if !sets.is_empty() {
        questions.insert(IamQuestion::PermissionSets(sets));
    }
    IamQuestions { questions: questions.into_iter().collect(), elsewhere }
}

/// Permission sets have none of their own.
fn question(principal: &AccessPrincipal) -> Option<IamQuestion> {
    let name = principal.name.to_string();
    match principal.kind {
        Kind::IamGroup => Some(IamQuestion::Group(name)),
        Kind::User => Some(IamQuestion::User(name)),
        Kind::Role => Some(IamQuestion::Role(name)),
        Kind::PermissionSet => None,
    }
}
