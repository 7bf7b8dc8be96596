//! AWS's principals, and who each of them is in the cluster.

use std::collections::HashMap;

use identity::{Arn, Identity};
use inventory::{Login, Named, Who, decide};
use jiff::Timestamp;
use mapping::{Decision, Refusal, RulePrincipal, RuleSource, Snapshot};
use rbac::{Index, User};

/// A principal that a mapping, an access entry or an access file names.
#[derive(Clone, Debug)]
pub struct NamedPrincipal {
    /// Who, in AWS's terms.
    pub who: Who,
    /// As STS would name them; the session's name, where it is not known, is [`inventory::SESSION`].
    pub identity: Identity,
    /// Who they are in the cluster, or why they are nobody there.
    pub login: Result<Login, Refusal>,
    /// The rule that says so.
    pub source: Option<RuleSource>,
    /// Whether this is one of several logins, of which their reader takes any: each of them is a principal of its own.
    pub is_by_chance: bool,
}

impl NamedPrincipal {
    /// Returns the ARN that mappings name: the role's, for its sessions; of one session that bindings name, the session's.
    pub fn arn(&self) -> String {
        match self.who {
            Who::Session(..) => self.identity.arn(),
            _ => self.identity.canonical_arn(),
        }
    }

    /// Returns the user that authorizers see, built-in groups included; `None` if they cannot log in.
    pub fn user(&self) -> Option<User> {
        let login = self.login.as_ref().ok()?;
        Some(User::authenticated(login.username.clone(), login.groups.iter().cloned()))
    }

    /// What mappings make of somebody.
    pub(crate) fn of(who: Who, identity: Identity, snapshot: &Snapshot, now: Timestamp) -> Self {
        let decision = decide(snapshot, &identity, now);
        let is_by_chance = matches!(decision, Decision::Undetermined(_));
        let (login, source) = match decision {
            Decision::Permit(user) => {
                let source = user.source.clone();
                (Ok(user.into()), Some(source))
            }
            Decision::Refuse(refusal) => (Err(refusal), None),
            Decision::Undetermined(undetermined) => match undetermined.users().next().cloned() {
                Some(user) => {
                    let source = user.source.clone();
                    (Ok(user.into()), Some(source))
                }
                None => (Err(Refusal::NotMapped), None),
            },
            // `decide` has an answer to what there is to ask.
            Decision::Needs(_) => (Err(Refusal::NoPrivateDnsName), None),
        };
        Self { who, identity, login, source, is_by_chance }
    }
}

/// Everybody, in the order of who they are, with the sessions of roles that bindings name one by one.
pub(crate) fn principals(
    everybody: Vec<(Who, Identity)>,
    spelled: &[Arn],
    snapshot: &Snapshot,
    index: &Index,
    now: Timestamp,
) -> Vec<NamedPrincipal> {
    let spelled: HashMap<String, &Arn> = spelled
        .iter()
        .filter_map(|arn| match RulePrincipal::of_arn(arn)? {
            RulePrincipal::Arn(lower) => Some((lower, arn)),
            RulePrincipal::PermissionSet(_) | RulePrincipal::UniqueId(_) => None,
        })
        .collect();
    let named = Named::of([index]);
    let of_accounts = named.of_accounts(&everybody);
    let mut principals = Vec::new();
    for (who, identity) in everybody.into_iter().chain(of_accounts) {
        let arn = spelled.get(&identity.canonical_arn()).copied();
        let (who, identity) = match arn {
            Some(arn) => as_spelled(who, identity, arn),
            None => (who, identity),
        };
        let principal = NamedPrincipal::of(who, identity, snapshot, now);
        for (who, identity) in named.sessions(&principal.identity, snapshot, now) {
            let session = NamedPrincipal::of(who, identity, snapshot, now);
            principals.extend(others(&session, snapshot, now));
            principals.push(session);
        }
        principals.extend(others(&principal, snapshot, now));
        principals.push(principal);
    }
    principals.sort_by(|a, b| a.who.cmp(&b.who));
    principals
}

/// The other logins that somebody may have, where the reader of a mapping takes any of several entries.
fn others(principal: &NamedPrincipal, snapshot: &Snapshot, now: Timestamp) -> Vec<NamedPrincipal> {
    let Decision::Undetermined(undetermined) = decide(snapshot, &principal.identity, now) else { return Vec::new() };
    let other = |user: &mapping::User| NamedPrincipal {
        login: Ok(user.clone().into()),
        source: Some(user.source.clone()),
        ..principal.clone()
    };
    undetermined.users().skip(1).map(other).collect()
}

/// Somebody in the letters of the ARN that was written. Mappings compare in lower case, and people do not.
fn as_spelled(who: Who, identity: Identity, arn: &Arn) -> (Who, Identity) {
    let (account, partition) = (identity.account, identity.partition);
    let name = arn.resource.rsplit('/').next().unwrap_or_default();
    match who {
        Who::Role(..) => {
            let who = Who::Role(account, name.into());
            let identity = who.identity(partition);
            (who, identity)
        }
        // The role is AWSReservedSSO_<set>_<16 digits>.
        Who::PermissionSet(..) => {
            let set = name.get("AWSReservedSSO_".len()..name.len().saturating_sub(17)).unwrap_or(name);
            (Who::PermissionSet(account, set.into()), Who::Role(account, name.into()).identity(partition))
        }
        Who::User(..) | Who::FederatedUser(..) => match Who::of_arn(arn) {
            Some(who) => {
                let identity = who.identity(partition);
                (who, identity)
            }
            None => (who, identity),
        },
        Who::Session(..) | Who::Root(_) | Who::AnybodyIn(_) => (who, identity),
    }
}

/// Principals by what authorizers see of them.
#[derive(Debug, Default)]
pub(crate) struct ByUser {
    pub(crate) names: HashMap<String, Vec<usize>>,
    pub(crate) groups: HashMap<String, Vec<usize>>,
    pub(crate) arns: HashMap<String, Vec<usize>>,
}

impl ByUser {
    pub(crate) fn new(principals: &[NamedPrincipal]) -> Self {
        let mut by = Self::default();
        for (at, principal) in principals.iter().enumerate() {
            by.arns.entry(principal.identity.canonical_arn().to_ascii_lowercase()).or_default().push(at);
            let Some(User { name, groups }) = principal.user() else { continue };
            by.names.entry(name).or_default().push(at);
            for group in groups {
                by.groups.entry(group).or_default().push(at);
            }
        }
        by
    }
}
