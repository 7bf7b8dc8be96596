//! Two subjects of one world.

use identity::{Arn, Identity, Principal as Caller};
use inventory::{Unseen, Who};
use rbac::{
    Subject, User,
    comparison::{Comparison, PolicyRights, RightsChange},
};

use super::sides::{Side, places};
use crate::{NamedPrincipal, World};

/// A subject that is compared.
#[derive(Clone, Debug)]
pub enum DiffSubject {
    /// A subject of Kubernetes, with the groups that everybody of its kind is in, as `kubectl --as` has it.
    Subject(Subject),
    /// Somebody of AWS, as the user and in the groups that they log in as.
    Principal(Box<NamedPrincipal>),
}

/// The permissions that each of two subjects has and the other one lacks.
#[derive(Debug)]
pub struct Contrast<'a> {
    /// Where.
    pub world: &'a World,
    /// Who.
    pub asked: [&'a DiffSubject; 2],
    /// From the first to the second: its gains are what only the second may do, its losses what only the first may.
    pub rights: RightsChange,
    /// The other way round, for the first one's privilege escalations.
    pub reverse: RightsChange,
}

impl DiffSubject {
    /// Returns the principal that an ARN of IAM or STS names, whether or not a mapping names it; `None` if the ARN names no principal.
    pub fn of_arn(world: &World, arn: &Arn) -> Option<Self> {
        let who = match Caller::from_arn(arn) {
            Some(Caller::AssumedRole { role, session }) => {
                Who::Session(arn.account, format!("{role}/{session}").into())
            }
            Some(_) => Who::of_arn(arn)?,
            // STS leaves out the path of a role.
            None => match Who::of_arn(arn)? {
                Who::Role(account, role) => {
                    let role = role.rsplit('/').next().filter(|role| !role.is_empty())?;
                    Who::Role(account, role.into())
                }
                _ => return None,
            },
        };
        let identity = who.identity(arn.partition);
        let arn = identity.canonical_arn();
        // A role is not one of its sessions, nor the other way round.
        let is_session = |who: &Who| matches!(who, Who::Session(..));
        let known = world.named(&arn).find(|known| !is_session(&known.who) && !is_session(&who));
        let principal = known.cloned().unwrap_or_else(|| world.principal(who, identity));
        Some(Self::Principal(Box::new(principal)))
    }

    /// Somebody of AWS who cannot log in holds nothing at all.
    fn user(&self) -> User {
        match self {
            Self::Subject(subject) => User::of(subject),
            Self::Principal(principal) => principal.user().unwrap_or(User { name: String::new(), groups: Vec::new() }),
        }
    }

    fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Principal(principal) if principal.login.is_ok() => Some(&principal.identity),
            Self::Principal(_) | Self::Subject(_) => None,
        }
    }
}

impl<'a> Contrast<'a> {
    /// Compares two subjects of one world.
    pub fn between(world: &'a World, first: &'a DiffSubject, second: &'a DiffSubject) -> Self {
        let (side, places) = (Side::new(world), places([world]));
        let index = world.index();
        let mut comparison = Comparison::new(index, index, places.iter().map(|place| &**place));
        let asked = [first, second];
        let users = asked.map(DiffSubject::user);
        let beside: [Vec<PolicyRights<'a>>; 2] =
            asked.map(|one| one.identity().map(|identity| side.held_by(identity, &places)).unwrap_or_default());
        let [one, other] = [0, 1].map(|at| (&users[at], &*beside[at]));
        let rights = comparison.change_with_policies(one, other);
        let reverse = comparison.change_with_policies(other, one);
        Self { world, asked, rights, reverse }
    }

    /// Returns the places that may say otherwise of one of the two who is known from none: whether they log in is not known.
    pub fn unseen_logins(&self) -> Vec<Unseen> {
        let refused = self.asked.into_iter().filter_map(|asked| match asked {
            DiffSubject::Principal(principal) if principal.login.is_err() => Some(&principal.identity),
            DiffSubject::Principal(_) | DiffSubject::Subject(_) => None,
        });
        refused.flat_map(|identity| self.world.may_say_otherwise(identity)).map(|place| place.gap.clone()).collect()
    }

    /// Returns whether they may do the same.
    pub fn is_empty(&self) -> bool {
        self.rights.is_empty()
    }
}
