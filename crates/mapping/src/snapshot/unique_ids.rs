//! Rules by AWS's unique ids, with the ARN that has to be right as well.

use std::collections::HashMap;

use identity::{AccountId, Identity};

use crate::{
    UNKNOWN_UNIQUE_ID, UniqueId,
    canonical::of_a_caller,
    key::{Key, KeyRef},
};

/// What is found by the unique id of a caller.
#[derive(Debug)]
pub(crate) struct UniqueIds<T>(HashMap<Box<str>, (RequiredArn, T)>);

/// The ARN that a caller has to have beside the unique id.
#[derive(Debug)]
enum RequiredArn {
    /// Whatever it is.
    Any,
    /// This one.
    This(Key),
    /// One that no caller has: whoever has the id is kept out.
    Impossible,
}

/// What there is for the unique id of a caller.
#[derive(Debug)]
pub(crate) enum ById<T> {
    /// This, and the ARN is right.
    Found(T),
    /// Something, for another ARN than the caller's.
    OtherArn,
}

impl<T> Default for UniqueIds<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> UniqueIds<T> {
    /// Puts one in, in the place of the one before with the same id.
    pub(super) fn insert(&mut self, UniqueId { id, arn }: UniqueId, value: T) {
        let arn = match arn.map(|arn| of_a_caller(&arn).ok().and_then(|()| Key::of_rule(&arn))) {
            None => RequiredArn::Any,
            Some(Some(key)) => RequiredArn::This(key),
            Some(None) => RequiredArn::Impossible,
        };
        self.0.insert(id, (arn, value));
    }

    /// Whether one has this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// What there is for a caller whose unique id is known.
    pub(super) fn find(&self, identity: &Identity, key: KeyRef<'_>) -> Option<ById<&T>> {
        let (arn, value) = self.0.get(&*identity.unique_id)?;
        Some(if arn.is_right(key) { ById::Found(value) } else { ById::OtherArn })
    }

    /// What there may be for somebody whom only an ARN names, so that the unique id is not known; nothing for others.
    pub(super) fn possible(&self, identity: &Identity, key: KeyRef<'_>) -> impl Iterator<Item = &T> {
        let is_unknown = identity.unique_id == UNKNOWN_UNIQUE_ID;
        self.0.values().filter(move |(arn, _)| is_unknown && arn.is_right(key)).map(|(_, value)| value)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.values().map(|(_, value)| value)
    }

    /// The accounts, where ARNs say them.
    pub(super) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.0.values().filter_map(|(arn, _)| match arn {
            RequiredArn::This(key) => Some(key.account),
            RequiredArn::Any | RequiredArn::Impossible => None,
        })
    }
}

impl RequiredArn {
    fn is_right(&self, key: KeyRef<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::This(arn) => arn.as_ref() == key,
            Self::Impossible => false,
        }
    }
}
