//! An explanation for programs. Keys are only ever added.

use mapping::Outcome;
use report::rules;
use serde::Serialize;
use token::Description;

use super::{BindingRights, Code, Denial, Explanation, NotKnown, Person, Possible, Verdict};
use crate::{
    UnseenLogins, World,
    print::{self, GapOut, PathOut, RuleOut, SubjectOut},
};

/// All of an explanation, for [`print::json`] and [`print::yaml`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplanationOut<'a> {
    /// `letIn`, `refused`, `undetermined`, `notKnown`, `noAnswer` or `notAsked`.
    verdict: &'static str,
    /// `granted`, or the code of the denial or of the trouble; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// Null where nobody knows.
    let_in: Option<bool>,
    /// What may say otherwise than what could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_known: Option<NotKnownOut<'a>>,
    incomplete: bool,
    gaps: Vec<GapOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityOut<'a>>,
    sources: Vec<SourceOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    groups: &'a [String],
    rights: Vec<HeldOut<'a>>,
    /// Everything that may come of it, where that is left to chance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    possible: Vec<PossibleOut<'a>>,
    /// What cannot be read where logins stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<String>,
    /// Bindings that grant nothing, because their role does not exist.
    dangling: Vec<String>,
    /// Bindings of which it is not known what they grant.
    unknown: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<CodeOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<NearestOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixOut<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NotKnownOut<'a> {
    /// `granted`, or the code of the denial, by the places that could be read.
    by_what_was_seen: &'static str,
    places: Vec<PlaceOut<'a>>,
}

/// One of several answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PossibleOut<'a> {
    let_in: bool,
    /// `granted`, or the code of the denial.
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    groups: &'a [String],
    /// The entry that says so, as the server's log writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    rights: Vec<HeldOut<'a>>,
}

/// A mapping source.
#[derive(Debug, Serialize)]
struct PlaceOut<'a> {
    source: &'static str,
    what: &'a str,
    why: &'a str,
    help: &'a str,
}

/// A code and what it means.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeOut {
    code: &'static str,
    summary: &'static str,
    meaning: &'static str,
    fix: &'static str,
    /// Whether it is a "no"; otherwise there is no answer.
    denial: bool,
    /// Of the answer to the API server.
    status: u16,
    /// What the person sees.
    caller_sees: &'static str,
    /// The message of the server's log line.
    log_message: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenOut<'a> {
    sts_endpoint: &'a str,
    region: &'a str,
    access_key_id: &'a str,
    temporary_credentials: bool,
    signed_at: String,
    valid_until: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityOut<'a> {
    arn: String,
    canonical_arn: String,
    kind: &'static str,
    name: &'a str,
    account: &'a str,
    partition: String,
    /// The permission set whose role it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    permission_set: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceOut<'a> {
    source: &'static str,
    /// Whose reading counts; of access entries it is what AWS's documentation says.
    reader: &'static str,
    entries: usize,
    /// Whether it was asked: those behind the first that names the caller are not, nor those
    /// that EKS leaves out.
    asked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<EntryOut<'a>>,
    /// Other entries that name the caller: any of them is taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<EntryOut<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryOut<'a> {
    /// In words: file and line, or list and number.
    place: String,
    /// As the server's log writes it.
    rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    groups: Vec<MembershipOut<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MembershipOut<'a> {
    group: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<String>,
    ended: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeldOut<'a> {
    /// The first path; its namespaces are those below where there are more.
    #[serde(flatten)]
    path: PathOut<'a>,
    /// Every namespace in which it holds; empty is everywhere.
    all_namespaces: &'a [&'a str],
    subjects: Vec<SubjectOut<'a>>,
    rules: Vec<RuleOut<'a>>,
    words: Vec<String>,
    /// Whether everybody has it who logs in to any cluster.
    everybody: bool,
}

#[derive(Debug, Serialize)]
struct NearestOut<'a> {
    principal: String,
    rule: String,
    words: &'a str,
}

#[derive(Debug, Serialize)]
struct FixOut<'a> {
    text: &'a str,
    lines: &'a [String],
}

impl Explanation<'_> {
    /// Returns the explanation for programs.
    pub fn out<'a>(&'a self, world: Option<&'a World>) -> ExplanationOut<'a> {
        let person = self.person.as_ref();
        let denial = self.verdict.denial();
        let reason = match &self.verdict {
            Verdict::Refused(Denial { code, .. }) | Verdict::NoAnswer(code) => Some((*code).into()),
            Verdict::LetIn | Verdict::Undetermined(_) | Verdict::NotKnown(_) | Verdict::NotAsked => None,
        };
        let not_known = match &self.verdict {
            Verdict::NotKnown(not_known) => Some(not_known.into()),
            _ => None,
        };
        let user = person.and_then(|person| person.user.as_ref());
        let nearest = denial.and_then(|denial| denial.nearest.as_ref());
        ExplanationOut {
            verdict: self.verdict.name(),
            code: self.code(),
            let_in: self.verdict.let_in(),
            not_known,
            incomplete: !self.gaps.is_empty(),
            gaps: self.gaps.iter().map(Into::into).collect(),
            token: self.token.as_ref().map(TokenOut::new),
            identity: person.map(IdentityOut::new),
            sources: person.map(sources).unwrap_or_default(),
            username: user.map(|user| &*user.username),
            groups: user.map(|user| &*user.groups).unwrap_or_default(),
            rights: person.zip(world).map(|(person, world)| rights(person, world)).unwrap_or_default(),
            possible: person.zip(world).map(|(person, world)| possible(person, world)).unwrap_or_default(),
            unreadable: person
                .filter(|_| !matches!(self.verdict, Verdict::LetIn))
                .map(|person| person.unreadable.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            dangling: person.map(|person| named(&person.dangling)).unwrap_or_default(),
            unknown: person.map(|person| named(&person.unknown)).unwrap_or_default(),
            reason,
            nearest: nearest.map(|near| NearestOut {
                principal: near.entry.principal.to_string(),
                rule: near.entry.source.to_string(),
                words: &near.words,
            }),
            fix: denial
                .filter(|_| self.verdict.let_in().is_some())
                .and_then(|denial| denial.fix.as_ref())
                .map(|fix| FixOut { text: &fix.text, lines: &fix.lines }),
        }
    }
}

fn sources<'a>(person: &'a Person<'_>) -> Vec<SourceOut<'a>> {
    let mut decided = false;
    let mut sources = Vec::with_capacity(person.asked.len() + person.left_out.len());
    let left_out = person.left_out.iter().map(|(asked, _)| (asked, true));
    for (asked, is_left_out) in person.asked.iter().map(|asked| (asked, false)).chain(left_out) {
        let membership = |membership: &'a mapping::Membership| MembershipOut {
            group: &membership.group,
            ends: membership.ends.map(|ends| ends.to_string()),
            ended: !membership.holds(person.now),
        };
        let of = |entry: &mapping::Entry<'a>| EntryOut {
            place: print::rule(&entry.source),
            rule: entry.source.to_string(),
            username: entry.username,
            groups: entry.groups.iter().copied().map(membership).collect(),
        };
        let mut entries = asked.entries.iter().map(of);
        let (entry, others) = (entries.next(), entries.collect());
        let is_entry = entry.is_some();
        let (source, reader) = (asked.mode.as_str(), asked.reader.as_str());
        sources.push(SourceOut {
            source,
            reader,
            entries: asked.rules,
            asked: !decided && !is_left_out,
            entry,
            others,
        });
        decided |= is_entry && !is_left_out;
    }
    sources
}

fn possible<'a>(person: &'a Person<'_>, world: &'a World) -> Vec<PossibleOut<'a>> {
    let of = |Possible { outcome, held }: &'a Possible<'_>| match outcome {
        Outcome::Permit(user) => PossibleOut {
            let_in: true,
            code: "granted",
            username: Some(&user.username),
            groups: &user.groups,
            rule: Some(user.source.to_string()),
            rights: of_held(held, world),
        },
        Outcome::Refuse(refusal) => PossibleOut {
            let_in: false,
            code: refusal.code(),
            username: None,
            groups: &[],
            rule: None,
            rights: Vec::new(),
        },
    };
    person.possible.iter().map(of).collect()
}

fn rights<'a>(person: &'a Person<'_>, world: &'a World) -> Vec<HeldOut<'a>> {
    of_held(&person.held, world)
}

fn of_held<'a>(held: &'a [BindingRights<'_>], world: &'a World) -> Vec<HeldOut<'a>> {
    let of = |held: &'a BindingRights<'_>| HeldOut {
        path: PathOut::without_rule(world, &held.path),
        all_namespaces: &held.namespaces,
        subjects: held.subjects.iter().map(|subject| (*subject).into()).collect(),
        rules: held.rules.iter().map(|rule| RuleOut(rule)).collect(),
        words: rules(held.rules.iter().copied()),
        everybody: held.is_of_everybody(),
    };
    held.iter().map(of).collect()
}

fn named(bindings: &[&rbac::Binding]) -> Vec<String> {
    let of = |binding: &&rbac::Binding| {
        let namespace = binding.namespace().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        format!("{} {namespace}{}", binding.kind(), binding.name())
    };
    bindings.iter().map(of).collect()
}

impl Verdict {
    const fn name(&self) -> &'static str {
        match self {
            Self::LetIn => "letIn",
            Self::Refused(_) => "refused",
            Self::Undetermined(_) => "undetermined",
            Self::NotKnown(_) => "notKnown",
            Self::NoAnswer(_) => "noAnswer",
            Self::NotAsked => "notAsked",
        }
    }
}

impl<'a> From<&'a NotKnown> for NotKnownOut<'a> {
    fn from(NotKnown { seen, places }: &'a NotKnown) -> Self {
        let place = |UnseenLogins { mode, gap, help, .. }: &'a UnseenLogins| PlaceOut {
            source: mode.as_str(),
            what: &gap.what,
            why: &gap.why,
            help,
        };
        let by_what_was_seen = seen.as_ref().map_or("granted", |denial| denial.code.code);
        Self { by_what_was_seen, places: places.iter().map(place).collect() }
    }
}

impl<'a> TokenOut<'a> {
    fn new(token: &'a Description) -> Self {
        let Description { host, access_key_id, signed_at, valid_until, has_security_token, .. } = token;
        Self {
            sts_endpoint: host.as_str(),
            region: host.signing_region(),
            access_key_id,
            temporary_credentials: *has_security_token,
            signed_at: signed_at.to_string(),
            valid_until: valid_until.to_string(),
        }
    }
}

impl<'a> IdentityOut<'a> {
    fn new(person: &'a Person<'_>) -> Self {
        let caller = &person.caller;
        Self {
            arn: caller.arn(),
            canonical_arn: caller.identity.canonical_arn(),
            kind: caller.who.kind(),
            name: caller.who.name(),
            account: caller.identity.account.as_str(),
            partition: caller.identity.partition.to_string(),
            permission_set: caller.permission_set(),
        }
    }
}

impl From<Code> for CodeOut {
    fn from(of: Code) -> Self {
        let Code { code, summary, meaning, fix, .. } = of;
        let (denial, status) = (of.is_denial(), of.answered_with());
        let (caller_sees, log_message) = (of.seen_by_the_caller(), of.message());
        Self { code, summary, meaning, fix, denial, status, caller_sees, log_message }
    }
}
