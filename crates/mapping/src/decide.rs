//! The decision.

use std::collections::BTreeMap;

use identity::Identity;
use jiff::Timestamp;

use crate::{
    Refusal, Snapshot, User,
    key::Key,
    snapshot::Found,
    template::{Unrendered, Variables},
};

/// What the mapping says about a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// May log in, as this user.
    Permit(User),
    /// May not.
    Refuse(Refusal),
    /// Cannot be said without this; ask again with it.
    Needs(Fact),
}

/// Something that only AWS knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The private DNS name of an instance.
    PrivateDnsName {
        /// `i-…`.
        instance_id: String,
    },
}

/// What is known so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Private DNS names by instance id; `None` where EC2 says that there is none.
    pub private_dns_names: BTreeMap<String, Option<String>>,
}

/// Decides about an identity. The first source that knows the caller decides; a rule found but unusable refuses, so that
/// a later source cannot give what an earlier one withholds.
///
/// A rule whose groups have all ended at `now` refuses; one without groups never ends.
pub fn decide(
    snapshot: &Snapshot,
    identity: &Identity,
    access_key_id: &str,
    facts: &Facts,
    now: Timestamp,
) -> Decision {
    if identity.partition != snapshot.partition {
        return Decision::Refuse(Refusal::OtherPartition);
    }
    let key = Key::of(identity);
    let scrubbed = snapshot.scrubbed_accounts.contains(&identity.account);
    let variables = Variables { identity, access_key_id, facts };
    for source in &snapshot.sources {
        let Some(found) = source.find(identity, &key) else { continue };
        let (username, groups, rule_source) = match found {
            Found::Account(rule_source) => (Ok(identity.canonical_arn()), Ok(Vec::new()), rule_source),
            Found::Rule(rule) => {
                let holding: Vec<_> = rule.groups.iter().filter(|membership| membership.holds(now)).collect();
                if holding.is_empty() && !rule.groups.is_empty() {
                    return Decision::Refuse(Refusal::Ended);
                }
                let groups = holding.into_iter().map(|membership| variables.render(&membership.group)).collect();
                (variables.render(&rule.username), groups, &*rule.source)
            }
        };
        let (username, groups) = match username.and_then(|username| Ok((username, groups?))) {
            Ok(rendered) => rendered,
            Err(Unrendered::Refuse(refusal)) => return Decision::Refuse(refusal),
            Err(Unrendered::Needs(fact)) => return Decision::Needs(fact),
        };
        if username.is_empty() {
            return Decision::Refuse(Refusal::EmptyUsername);
        }
        if source.reserved_prefixes.iter().any(|prefix| username.starts_with(prefix.as_str())) {
            return Decision::Refuse(Refusal::ReservedPrefix);
        }
        return Decision::Permit(User::new(username, groups, identity, access_key_id, rule_source.clone(), scrubbed));
    }
    Decision::Refuse(Refusal::NotMapped)
}
