//! What somebody gains and loses.

use std::{fmt, sync::Arc};

use serde::Serialize;

use super::permissions::{Permission, Right};
use crate::{ObjectId, Request, RoleReference, escalation::Escalation};

/// The permissions that one person gains and loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RightsChange {
    /// What they may do that they could not.
    pub gains: Vec<Rights>,
    /// What they could do and may no more.
    pub losses: Vec<Rights>,
    /// What the file takes away and others' bindings still grant.
    pub still: Vec<Still>,
    /// Privilege escalations that they gain.
    pub escalations: Vec<Gained>,
}

impl RightsChange {
    /// A change of nothing.
    pub const NONE: Self = Self { gains: Vec::new(), losses: Vec::new(), still: Vec::new(), escalations: Vec::new() };
}

/// Permissions in places where they are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Where.
    pub place: Place,
    /// The rights.
    pub rights: Arc<[Right]>,
    /// The roles and policies they come from.
    pub through: Vec<Through>,
    /// Of rights in the whole cluster: the parts that were held (of gains) or are kept (of losses) in some namespaces.
    pub except: Vec<Part>,
}

/// The grant that permissions come from: a role or an EKS access policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum Through {
    /// A role.
    Role(RoleReference),
    /// An EKS access policy.
    Policy(Box<str>),
}

/// Permissions in some namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The namespaces, in the order of their names.
    pub namespaces: Vec<Arc<str>>,
    /// The rights.
    pub rights: Arc<[Permission]>,
}

/// The place in which permissions apply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Everywhere.
    Cluster,
    /// In these namespaces, in the order of their names.
    Namespaces(Vec<Arc<str>>),
}

/// Permissions that remain by bindings of others, although ours are removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Still {
    /// Where.
    pub place: Place,
    /// By which binding that is not of this file.
    pub by: ObjectId,
    /// The role that it grants.
    pub role: RoleReference,
    /// Which of the rights.
    pub rights: Arc<[Permission]>,
}

/// A privilege escalation that is gained, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gained {
    /// Where.
    pub place: Place,
    /// Which.
    pub escalation: &'static Escalation,
}

impl fmt::Display for Through {
    /// `ClusterRole edit`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(RoleReference { kind, name }) => write!(f, "{} {name}", kind.as_str()),
            Self::Policy(name) => write!(f, "EKS access policy {name}"),
        }
    }
}

impl RightsChange {
    /// Returns whether nothing is gained or lost.
    pub fn is_empty(&self) -> bool {
        self.gains.is_empty() && self.losses.is_empty()
    }
}

impl Rights {
    /// Returns whether a request is one of these rights.
    pub fn cover(&self, request: &Request<'_>) -> bool {
        let namespace = match request {
            Request::Resource(request) => request.namespace,
            Request::Url { .. } => "",
        };
        let within = |namespaces: &[Arc<str>]| namespaces.iter().any(|name| **name == *namespace);
        let is_here = match &self.place {
            Place::Cluster => true,
            Place::Namespaces(namespaces) => within(namespaces),
        };
        let one_of =
            |permissions: &[Permission]| permissions.iter().any(|permission| permission.rule().allows(request));
        let is_right = |right: &Right| right.permission.rule().allows(request) && !one_of(&right.except);
        is_here
            && self.rights.iter().any(is_right)
            && !self.except.iter().any(|part| within(&part.namespaces) && one_of(&part.rights))
    }
}
