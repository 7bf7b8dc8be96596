//! The decision.

use std::collections::BTreeMap;

use identity::Identity;
use jiff::Timestamp;

use crate::{
    Fact, Facts, Membership, Reader, Refusal, RuleSource, Snapshot, User,
    key::Key,
    snapshot::{Candidates, Found, Grant, Indexed},
    template::{Dialect, Unrendered, Variables},
};

/// The decision of the mappings about a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// May log in, as this user.
    Permit(User),
    /// May not.
    Refuse(Refusal),
    /// Cannot be said without this; ask again with it.
    Needs(Fact),
    /// One of several answers: aws-iam-authenticator takes any of the entries that match, another one each time, or what it
    /// takes hangs on a unique id that is not known here.
    Undetermined(Undetermined),
}

/// The answers that there may be, each once, at least two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undetermined {
    /// Logins first, in the order of username and groups.
    pub outcomes: Vec<Outcome>,
}

/// One of several possible decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Logs in as this user.
    Permit(User),
    /// Does not.
    Refuse(Refusal),
}

impl Undetermined {
    /// Returns who the caller may be.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Permit(user) => Some(user),
            Outcome::Refuse(_) => None,
        })
    }
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
    if snapshot.server.is_some_and(|server| server != identity.partition) {
        return Outcome::Refuse(Refusal::OtherPartition).into();
    }
    let is_ours = snapshot.partitions.has(identity.partition);
    let asking = Asking {
        identity,
        access_key_id,
        variables: Variables { identity, access_key_id, facts },
        scrubbed: snapshot.scrubbed_accounts.contains(&identity.account),
        now,
    };
    let key = Key::of(identity);
    let mut outcomes = Vec::new();
    for source in &snapshot.sources {
        match source {
            Indexed::NotRead(mode) => return Decision::Needs(Fact::Logins(*mode)),
            Indexed::Ordered(index) => {
                if !is_ours {
                    continue;
                }
                for grant in index.possible(identity, key.as_ref()) {
                    match asking.ordered(&Found::Rule(grant), snapshot.reserved_prefixes(index)) {
                        Ok(outcome) => outcomes.push(outcome),
                        Err(fact) => return Decision::Needs(fact),
                    }
                }
                let Some(found) = index.find(identity, key.as_ref(), snapshot.partitions) else { continue };
                match asking.ordered(&found, snapshot.reserved_prefixes(index)) {
                    Ok(outcome) if outcomes.is_empty() => return outcome.into(),
                    Ok(outcome) => outcomes.push(outcome),
                    Err(fact) => return Decision::Needs(fact),
                }
                return one_of(outcomes);
            }
            Indexed::Unordered(index) => {
                let Candidates { rules, or_none, account } = index.find(identity, &key);
                for grant in &rules {
                    match asking.unordered(grant, &index.reserved_prefixes) {
                        Ok(outcome) => outcomes.push(outcome),
                        Err(fact) => return Decision::Needs(fact),
                    }
                }
                let by_account = account.filter(|_| rules.is_empty() || or_none);
                outcomes.extend(by_account.map(|source| asking.account(source)));
                if by_account.is_some() || (!rules.is_empty() && !or_none) {
                    return one_of(outcomes);
                }
            }
        }
    }
    for index in snapshot.sources.iter().filter_map(Indexed::as_ordered).filter(|_| is_ours) {
        let Some(found) = index.find_by_path(identity) else { continue };
        match asking.ordered(&found, snapshot.reserved_prefixes(index)) {
            Ok(outcome) => outcomes.push(outcome),
            Err(fact) => return Decision::Needs(fact),
        }
        return one_of(outcomes);
    }
    // Others compare ARNs as a whole, of which the partition is a part.
    let compares_partitions =
        |source: &Indexed| matches!(source, Indexed::Ordered(index) if index.reader == Reader::ClusterAuth);
    let is_compared = snapshot.sources.is_empty() || snapshot.sources.iter().any(compares_partitions);
    let is_other = (!is_ours || snapshot.partitions.has_as_guest(identity.partition)) && is_compared;
    outcomes.push(Outcome::Refuse(if is_other { Refusal::OtherPartition } else { Refusal::NotMapped }));
    one_of(outcomes)
}

/// Somebody, and what is known of them.
struct Asking<'a> {
    identity: &'a Identity,
    access_key_id: &'a str,
    variables: Variables<'a>,
    scrubbed: bool,
    now: Timestamp,
}

impl Asking<'_> {
    /// What comes of a rule whose reader keeps an order.
    fn ordered(&self, found: &Found<'_>, reserved_prefixes: &[String]) -> Result<Outcome, Fact> {
        let (user, source) = match found {
            Found::OtherArn => return Ok(Outcome::Refuse(Refusal::OtherArn)),
            Found::Account(source) => (Ok((self.identity.canonical_arn(), Vec::new())), *source),
            Found::Rule(Grant { username, groups, source }) => {
                let holding = groups.iter().copied().filter(|membership| membership.holds(self.now));
                if !groups.is_empty() && holding.clone().next().is_none() {
                    return Ok(Outcome::Refuse(Refusal::Ended));
                }
                (self.rendered(username, holding, Dialect::Careful), source)
            }
        };
        Ok(match user {
            Err(Unrendered::Needs(fact)) => return Err(fact),
            Err(Unrendered::Refuse(refusal)) => Outcome::Refuse(refusal),
            Ok((username, _)) if username.is_empty() => Outcome::Refuse(Refusal::EmptyUsername),
            Ok((username, _)) if is_reserved(&username, reserved_prefixes) => Outcome::Refuse(Refusal::ReservedPrefix),
            Ok((username, groups)) => self.user(username, groups, source),
        })
    }

    /// What aws-iam-authenticator makes of one of its rules (`doMapping` of `pkg/server/server.go`).
    fn unordered(&self, grant: &Grant<'_>, reserved_prefixes: &[String]) -> Result<Outcome, Fact> {
        let Grant { username, groups, source } = grant;
        Ok(match self.rendered(username, groups.iter().copied(), Dialect::Literal) {
            Err(Unrendered::Needs(fact)) => return Err(fact),
            Err(Unrendered::Refuse(refusal)) => Outcome::Refuse(refusal),
            Ok((username, _)) if is_reserved(&username, reserved_prefixes) => Outcome::Refuse(Refusal::ReservedPrefix),
            Ok((username, groups)) => self.user(username, groups, source),
        })
    }

    /// Its `mapAccounts`: nothing is looked at any more.
    fn account(&self, source: &RuleSource) -> Outcome {
        self.user(self.identity.canonical_arn(), Vec::new(), source)
    }

    fn rendered<'m>(
        &self,
        username: &str,
        groups: impl Iterator<Item = &'m Membership>,
        dialect: Dialect,
    ) -> Result<(String, Vec<String>), Unrendered> {
        let username = self.variables.render(username, dialect)?;
        let groups = groups.map(|membership| self.variables.render(&membership.group, dialect));
        Ok((username, groups.collect::<Result<_, _>>()?))
    }

    fn user(&self, username: String, groups: Vec<String>, source: &RuleSource) -> Outcome {
        let source = source.clone();
        Outcome::Permit(User::new(username, groups, self.identity, self.access_key_id, source, self.scrubbed))
    }
}

fn is_reserved(username: &str, prefixes: &[String]) -> bool {
    prefixes.iter().any(|prefix| username.starts_with(prefix.as_str()))
}

/// Answers that are the same to the API server are one.
fn one_of(outcomes: Vec<Outcome>) -> Decision {
    type Answered = (bool, String, Vec<String>);
    let seen = |outcome: &Outcome| -> Answered {
        match outcome {
            Outcome::Permit(user) => {
                let mut groups = user.groups.clone();
                groups.sort_unstable();
                groups.dedup();
                (false, user.username.clone(), groups)
            }
            Outcome::Refuse(refusal) => (true, refusal.code().to_owned(), Vec::new()),
        }
    };
    let mut different: BTreeMap<Answered, Outcome> = BTreeMap::new();
    for outcome in outcomes {
        different.entry(seen(&outcome)).or_insert(outcome);
    }
    let mut outcomes: Vec<Outcome> = different.into_values().collect();
    match outcomes.pop() {
        Some(outcome) if outcomes.is_empty() => outcome.into(),
        last => {
            outcomes.extend(last);
            Decision::Undetermined(Undetermined { outcomes })
        }
    }
}

impl From<Outcome> for Decision {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Permit(user) => Self::Permit(user),
            Outcome::Refuse(refusal) => Self::Refuse(refusal),
        }
    }
}
