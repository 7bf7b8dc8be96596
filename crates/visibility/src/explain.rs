//! Somebody, a token or a code explained: every step from identity to mapping to rights, and what to do where one says no.
//!
//! ```text
//!   what was typed ─► Question ┬ Code ──► what it means, who sees what, what to do
//!                              ├ Token ─► describe, accept ─► (STS) ─► Caller
//!                              └ Caller ─► World::explain ─► Explanation: sources asked, login or Denial, rights
//!                                                              └ report ─► Sections, ExplanationOut
//! ```
//!
//! Whether somebody is let in is [`mapping::decide`]'s word, and the rights are those that `rbac`'s evaluator finds: the
//! steps are only what those two went by.

mod binding_rights;
mod caller;
mod codes;
mod denial;
mod json;
mod question;
mod report;

use inventory::{ACCESS_KEY, NotAsked, Unseen};
use jiff::Timestamp;
use mapping::{Decision, Defect, DefectKind, Fact, Membership, Outcome, Refusal, SourceMatch};
use rbac::{Binding, User};
use token::Description;

pub use ::codes::Code;
pub use caller::{Caller, NotACaller};

pub use self::codes::{code_named, codes};
pub use binding_rights::BindingRights;
pub use denial::{Denial, Fix, Near};
pub use json::{CodeOut, ExplanationOut};
pub use question::{NotAQuestion, Question, Token};
pub use report::code_report;

use crate::{NamedPrincipal, UnseenLogins, World};

/// The result of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are let in.
    LetIn,
    /// They are not.
    Refused(Denial),
    /// One of several answers, another one each time ([`Person::possible`] has all of them), unless a place says otherwise that
    /// could not be read.
    Undetermined(Vec<UnseenLogins>),
    /// Nobody knows: a place that could not be read is asked before the one that decides, or nothing that could
    /// be read names them.
    NotKnown(NotKnown),
    /// Nobody knows: STS gave no answer that says yes or no.
    NoAnswer(Code),
    /// Nobody knows: the token is in order as far as that can be seen without AWS, which was not asked.
    NotAsked,
}

/// The mapping sources that could not be read, so that it is unknown whether the caller is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKnown {
    /// What the places say that could be read: why they let nobody in, if they do not.
    pub seen: Option<Denial>,
    /// The places that may say otherwise, in the order in which they are asked.
    pub places: Vec<UnseenLogins>,
}

/// The explanation of one caller or one token.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// What the token says of itself, where one was given that can be read.
    pub token: Option<Description>,
    /// Who it is; nobody where a token ends before AWS has said so.
    pub person: Option<Person<'a>>,
    /// What came of it.
    pub verdict: Verdict,
    /// What could not be read, so that rights or logins may be missing.
    pub gaps: &'a [Unseen],
    /// Whether it is said of pieces that were given, beside which the cluster may have others.
    pub is_of_pieces: bool,
}

/// A caller, with every step that leads to their permissions.
#[derive(Debug)]
pub struct Person<'a> {
    /// Who, to AWS.
    pub caller: Caller,
    /// The sources of mappings in the order in which they are asked, without those that are empty. The first with an entry
    /// decides.
    pub asked: Vec<SourceMatch<'a>>,
    /// The places that EKS does not ask, each with why not.
    pub left_out: Vec<(SourceMatch<'a>, NotAsked)>,
    /// Who they are in the cluster, as the server would answer.
    pub user: Option<mapping::User>,
    /// What they may do, the whole cluster first; nothing for whoever is not let in.
    pub held: Vec<BindingRights<'a>>,
    /// Bindings for them that lead to a role which does not exist, and so grant nothing.
    pub dangling: Vec<&'a Binding>,
    /// Bindings for them of which it is not known what their role allows.
    pub unknown: Vec<&'a Binding>,
    /// Everything that may come of it, where that is left to chance, in the order of who they may be.
    pub possible: Vec<Possible<'a>>,
    /// What of a mapping source cannot be read, so that they may be named there in vain.
    pub unreadable: Vec<&'a Defect>,
    /// The file that was given as the authenticator's configuration.
    pub configuration: Option<&'a str>,
    /// The moment of all this.
    pub now: Timestamp,
}

/// One of several possible logins, with its permissions.
#[derive(Debug)]
pub struct Possible<'a> {
    /// The answer.
    pub outcome: Outcome,
    /// What they may do then; nothing where they are not let in.
    pub held: Vec<BindingRights<'a>>,
}

/// What stands for the name that only EC2 knows.
const PRIVATE_DNS_NAME: &str = "<private-dns-name>";

impl World {
    /// Explains what the server decides about a caller, and what they may do.
    pub fn explain(&self, caller: Caller) -> Explanation<'_> {
        let snapshot = self.snapshot();
        let identity = &caller.identity;
        let mut asked = snapshot.ask(identity);
        let without_paths = asked.split_off(self.surroundings().logins.len());
        // One that lets nobody in is of interest where something stands in it.
        let sources = asked.into_iter().zip(&self.surroundings().logins);
        let sources = sources.filter(|(asked, source)| asked.rules > 0 || !source.is_blank());
        let asked: Vec<SourceMatch<'_>> = sources.map(|(asked, _)| asked).chain(without_paths).collect();
        let outcomes = self.decide(&caller);
        let (user, denial) = match &outcomes[..] {
            [Outcome::Permit(user)] => (Some(user.clone()), None),
            [Outcome::Refuse(refusal)] => (None, Some(Denial::of_mapping(self, &caller, *refusal, &asked))),
            _ => (None, None),
        };
        let is_undetermined = outcomes.len() > 1;
        let places: Vec<UnseenLogins> = self.may_say_otherwise(identity).into_iter().cloned().collect();
        let verdict = match denial {
            _ if is_undetermined => Verdict::Undetermined(places),
            seen if !places.is_empty() => Verdict::NotKnown(NotKnown { seen, places }),
            Some(denial) => Verdict::Refused(denial),
            None => Verdict::LetIn,
        };
        let of_outcome = |outcome: &Outcome| match outcome {
            Outcome::Permit(user) => self.rights_of(&caller, user),
            Outcome::Refuse(_) => (Vec::new(), Vec::new()),
        };
        let (mut held, mut lost): (Vec<BindingRights<'_>>, Vec<&Binding>) = Default::default();
        let mut possible = Vec::new();
        for outcome in outcomes {
            let (of_it, lost_by_it) = of_outcome(&outcome);
            lost.extend(lost_by_it);
            if is_undetermined {
                possible.push(Possible { outcome, held: of_it });
            } else {
                held = of_it;
            }
        }
        lost.sort_by_key(|binding| binding.id());
        lost.dedup_by_key(|binding| binding.id());
        let (unknown, dangling) = lost.into_iter().partition(|binding| self.lacks_role_of(binding));
        let defects = self.surroundings().logins.iter().flat_map(|source| &source.defects);
        let unreadable = defects.filter(|defect| defect.kind == DefectKind::Unreadable).collect();
        let now = self.now();
        let configuration = self.configuration.as_deref();
        let mut left_out = Vec::new();
        for (snapshot, why) in &self.surroundings().left_out {
            left_out.extend(snapshot.ask(&caller.identity).into_iter().map(|asked| (asked, *why)));
        }
        let person =
            Person { caller, asked, left_out, user, held, dangling, unknown, possible, unreadable, configuration, now };
        let is_of_pieces = !self.is_whole();
        Explanation { token: None, person: Some(person), verdict, gaps: self.gaps(), is_of_pieces }
    }

    /// What somebody may do as a user, and the bindings for them of which the role is not there.
    fn rights_of(&self, caller: &Caller, user: &mapping::User) -> (Vec<BindingRights<'_>>, Vec<&Binding>) {
        let principal = NamedPrincipal {
            who: caller.who.clone(),
            identity: caller.identity.clone(),
            login: Ok(user.clone().into()),
            source: Some(user.source.clone()),
            is_by_chance: false,
        };
        let authenticated = User::authenticated(user.username.clone(), user.groups.iter().cloned());
        let mut lost: Vec<&Binding> = self.index().bindings_of(&authenticated).collect();
        lost.retain(|binding| self.index().role_of(binding).is_none());
        (binding_rights::binding_rights(&self.held_by(&principal), &authenticated), lost)
    }

    /// What mappings decide: more than one answer where it is left to chance. Where only a role is known, the session's name
    /// and the machine's are stood in for.
    fn decide(&self, caller: &Caller) -> Vec<Outcome> {
        let (snapshot, identity, now) = (self.snapshot(), &caller.identity, self.now());
        let key = caller.access_key_id.as_deref().unwrap_or(ACCESS_KEY);
        let mut facts = mapping::Facts::default();
        loop {
            let decision = if caller.has_session() {
                mapping::decide(snapshot, identity, key, &facts, now)
            } else {
                inventory::decide(snapshot, identity, now)
            };
            match decision {
                Decision::Permit(user) => return vec![Outcome::Permit(user)],
                Decision::Refuse(refusal) => return vec![Outcome::Refuse(refusal)],
                Decision::Undetermined(undetermined) => return undetermined.outcomes,
                // What is looked at here was read, or is among the gaps.
                Decision::Needs(Fact::Logins(_)) => return vec![Outcome::Refuse(Refusal::NotMapped)],
                Decision::Needs(Fact::PrivateDnsName { instance_id }) => {
                    let known = facts.private_dns_names.insert(instance_id, Some(PRIVATE_DNS_NAME.to_owned()));
                    if known.is_some() {
                        return vec![Outcome::Refuse(Refusal::NoPrivateDnsName)];
                    }
                }
            }
        }
    }
}

impl Explanation<'_> {
    /// Explains a token that was refused, by the local checks or by STS.
    pub fn refused(token: Option<Description>, refusal: token::Refusal) -> Self {
        let verdict = Verdict::Refused(Denial::of_token(refusal));
        Self { token, person: None, verdict, gaps: &[], is_of_pieces: false }
    }

    /// Explains a valid token about which AWS was not asked.
    pub fn not_asked(token: Description) -> Self {
        Self { token: Some(token), person: None, verdict: Verdict::NotAsked, gaps: &[], is_of_pieces: false }
    }

    /// Explains a token that STS neither confirmed nor refused, asked from the machine of whoever wants to know.
    pub fn no_answer(upstream: token::Upstream) -> Self {
        let verdict = Verdict::NoAnswer(upstream.explain_own());
        Self { token: None, person: None, verdict, gaps: &[], is_of_pieces: false }
    }

    /// Adds the token that led to the explanation.
    #[must_use]
    pub fn with_token(self, token: Option<Description>) -> Self {
        Self { token, ..self }
    }

    /// Returns the code in the server's log: that of the denial or the error, or `granted`; `None` if it is not known.
    pub fn code(&self) -> Option<&'static str> {
        match &self.verdict {
            Verdict::LetIn => Some("granted"),
            Verdict::Refused(denial) => Some(denial.code.code),
            Verdict::NoAnswer(code) => Some(code.code),
            Verdict::Undetermined(_) | Verdict::NotKnown(_) | Verdict::NotAsked => None,
        }
    }
}

impl Verdict {
    /// Returns whether the caller is let in; `None` if that is not known.
    pub const fn let_in(&self) -> Option<bool> {
        match self {
            Self::LetIn => Some(true),
            Self::Refused(_) => Some(false),
            Self::Undetermined(_) | Self::NotKnown(_) | Self::NoAnswer(_) | Self::NotAsked => None,
        }
    }

    /// Why somebody is not let in, as far as could be looked.
    fn denial(&self) -> Option<&Denial> {
        match self {
            Self::Refused(denial) | Self::NotKnown(NotKnown { seen: Some(denial), .. }) => Some(denial),
            Self::LetIn | Self::Undetermined(_) | Self::NotKnown(_) | Self::NoAnswer(_) | Self::NotAsked => None,
        }
    }
}

impl<'a> Person<'a> {
    /// Returns the groups of the entry that decided, with their ends, ended ones included.
    pub fn memberships(&self) -> &[&'a Membership] {
        let entry = self.asked.iter().find_map(|asked| asked.entries.first());
        entry.map(|entry| &*entry.groups).unwrap_or_default()
    }
}
