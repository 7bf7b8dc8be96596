//! What stands in a mapping source and is not, or does not do, what it looks like.

use std::{fmt, sync::Arc};

use document::{
    Severity,
    wildcard::{self, Part},
};

use crate::{BackendMode, RuleSource, key::Key};

/// A mapping that lets nobody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Where it stands.
    pub source: RuleSource,
    /// Its ARN as it is written, or the permission set; empty where it has neither.
    pub written: Box<str>,
    /// The username as it is written.
    pub username: Box<str>,
    /// The groups as they are written.
    pub groups: Vec<Box<str>>,
    /// The ARN that stands in it under a key that nobody reads, or what the role's is like that its `sso` names.
    pub meant: Option<Box<str>>,
    /// Why.
    pub why: Never,
}

/// The reasons why a mapping lets nobody in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Never {
    /// A later entry of the same list has the same principal, and counts.
    Displaced(RuleSource),
    /// An entry of `mapRoles` has the same principal, and is looked at first.
    RolesFirst(RuleSource),
    /// A role's ARN with a path, which the ARN of its sessions does not have.
    RolePath,
    /// The ARN of a session, compared with the ARN of its role.
    AssumedRole,
    /// `*` or `?`, which stand for nothing but themselves.
    Wildcard,
    /// A blank, at an end or in between, which no caller's ARN has.
    Blank,
    /// A letter that no caller's ARN has.
    Character,
    /// The ARN of something that does not log in: a group, an instance profile, a policy.
    NotAPrincipal,
    /// An account that is not twelve digits.
    Account,
    /// A Region, which no caller's ARN has.
    Region,
    /// A partition that there is not.
    Partition,
    /// No ARN at all.
    NotAnArn,
    /// `sso`, which is looked at with the gate `SSORoleMatch` only.
    SsoGate,
    /// `sso` with a partition, from which a pattern is made that matches nothing.
    SsoPartition,
    /// It stands under a key that nobody reads; and the key that is read.
    Unread {
        /// The key as it is written, with the keys that it stands below.
        key: Box<str>,
        /// The one that is read.
        read: Box<str>,
    },
    /// It is not taken at all, in these words.
    Dropped(Box<str>),
}

/// The kinds of defects of a mapping source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefectKind {
    /// A text, or a part of one, cannot be read: nothing of it counts.
    Unreadable,
    /// A value is of another type than its key wants: it counts as absent.
    Type,
    /// A key that nobody reads.
    UnknownKey,
    /// An entry that lets nobody in.
    NoLogin,
    /// Two entries for one principal, of which one counts.
    Duplicate,
    /// Entries that match the same caller, of which any may be taken.
    Undetermined,
    /// Whoever matches has a username without a letter.
    EmptyUsername,
}

/// A defect of a mapping source, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What.
    pub kind: DefectKind,
    /// Of which source.
    pub mode: BackendMode,
    /// The part of it: `mapRoles[2]`, or the key.
    pub section: Box<str>,
    /// The file's name, or what holds the text.
    pub file: Arc<str>,
    /// The line in it, from 1.
    pub line: usize,
    /// The line itself, or what of it matters.
    pub excerpt: Box<str>,
    /// What is wrong, in one sentence without an end.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl DefectKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Unreadable,
        Self::Type,
        Self::UnknownKey,
        Self::NoLogin,
        Self::Duplicate,
        Self::Undetermined,
        Self::EmptyUsername,
    ];

    /// Returns the stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "logins.unreadable",
            Self::Type => "logins.type",
            Self::UnknownKey => "logins.unknown-key",
            Self::NoLogin => "logins.no-login",
            Self::Duplicate => "logins.duplicate",
            Self::Undetermined => "logins.undetermined",
            Self::EmptyUsername => "logins.empty-username",
        }
    }

    /// Returns whether somebody may be let in, or kept out, against what whoever wrote it meant.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Unreadable | Self::Undetermined | Self::EmptyUsername => Severity::Error,
            Self::Type | Self::UnknownKey | Self::NoLogin | Self::Duplicate => Severity::Warning,
        }
    }
}

impl Unused {
    /// Whether whoever wrote it probably meant this caller.
    pub(crate) fn is_meant_for(&self, caller: &Key) -> bool {
        let lower = self.arn().trim().to_lowercase();
        let fields: Vec<&str> = lower.splitn(6, ':').collect();
        let [_, partition, _, _, account, resource] = fields[..] else { return false };
        // Whoever writes an account that is none means one all the same.
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let of = partition == caller.partition.as_str() && (!is_account || account == caller.account.as_str());
        let is_told_otherwise = matches!(self.why, Never::Displaced(_) | Never::RolesFirst(_));
        if !of || is_told_otherwise {
            return false;
        }
        let Some((kind, rest)) = resource.split_once('/') else { return is_like(resource, caller.as_ref().resource) };
        let name = match kind {
            "assumed-role" => rest.split('/').next(),
            _ => rest.rsplit('/').next(),
        };
        name.zip(caller.as_ref().name()).is_some_and(|(name, of_caller)| is_like(name, of_caller))
    }

    /// The ARN as it is written, under whichever key.
    pub(crate) fn arn(&self) -> &str {
        self.meant.as_deref().unwrap_or(&self.written)
    }
}

/// Whether a text is what whoever wrote a pattern with `*` and `?` may have meant.
fn is_like(pattern: &str, text: &str) -> bool {
    let parts = pattern.chars().map(|letter| match letter {
        '*' => Part::Star,
        '?' => Part::Any,
        letter => Part::Letter(letter),
    });
    wildcard::fits(parts, text)
}

impl Never {
    /// Returns what would let in whoever was meant, by the ARN as it is written.
    pub fn hint(&self, written: &str) -> Option<String> {
        let (head, resource) = written.rsplit_once(':')?;
        match self {
            Self::RolePath => {
                let name = resource.rsplit('/').next()?;
                Some(format!("write {head}:role/{name}"))
            }
            Self::AssumedRole => {
                let role = resource.split('/').nth(1)?;
                let head = head.to_ascii_lowercase().replace(":sts:", ":iam:");
                Some(format!("write {head}:role/{role}, which is for every session of the role"))
            }
            Self::Wildcard => Some("write an entry for each of them".to_owned()),
            Self::Blank => Some("write the ARN without spaces".to_owned()),
            Self::SsoPartition => Some("leave `partition` out, which means aws".to_owned()),
            Self::SsoGate => Some("name the permission set's role, without its path, as `rolearn`".to_owned()),
            _ => None,
        }
    }
}

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Displaced(by) => return write!(f, "{by} has the same principal, and the last one is used"),
            Self::RolesFirst(by) => return write!(f, "{by} has the same principal, and mapRoles is read first"),
            Self::Unread { key, read } => {
                return write!(f, "unknown key `{key}`, which is ignored: what is read is `{read}`");
            }
            Self::Dropped(why) => why,
            Self::RolePath => "the ARN of a role's sessions has no path, and ARNs must match exactly",
            Self::AssumedRole => "it is the ARN of a session, and the role's is compared",
            Self::Wildcard => "wildcards have no meaning here",
            Self::Blank => "no caller's ARN contains a space",
            Self::Character => "it has characters that no caller's ARN has",
            Self::NotAPrincipal => "only users, roles, root and federated users log in",
            Self::Account => "an AWS account has 12 digits",
            Self::Region => "the ARN of a user or role has no Region",
            Self::Partition => "there is no such partition",
            Self::NotAnArn => "it is not an ARN",
            Self::SsoGate => "`sso` is read only if the server runs with --feature-gates=SSORoleMatch=true",
            Self::SsoPartition => "with a partition, aws-iam-authenticator makes a pattern that matches nothing",
        })
    }
}

impl Defect {
    /// Returns what it is of, as [`RuleSource`] names entries: `EKSConfigMap mapRoles[2] (aws-auth.yaml:12)`.
    pub fn place(&self) -> String {
        let Self { mode, section, file, line, .. } = self;
        // Those that another program's file is to make stand in that.
        match mode {
            BackendMode::Crd if section.starts_with("items[") => format!("IAMIdentityMapping {file}"),
            BackendMode::Crd => format!("kops {section} ({file}:{line})"),
            _ => format!("{mode} {section} ({file}:{line})"),
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_like;

    /// What a pattern says, letter by letter.
    fn fits(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => (0..=text.len()).any(|at| fits(rest, &text[at..])),
            (Some((wanted, rest)), Some((one, text))) => (wanted == one || *wanted == b'?') && fits(rest, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_what_it_says(pattern in "[ab*?]{0,7}", text in "[ab]{0,8}") {
            prop_assert_eq!(is_like(&pattern, &text), fits(pattern.as_bytes(), text.as_bytes()), "{} {}", pattern, text);
        }
    }

    /// One step too many for each star would not end before the machine does.
    #[test]
    fn a_pattern_of_many_stars_has_an_answer() {
        let (many, long) = ("a*".repeat(40), "a".repeat(64));
        assert!(is_like(&many, &long));
        assert!(!is_like(&format!("{many}b"), &long));
    }
}
