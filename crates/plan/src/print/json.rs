//! JSON for programs: all of it, nothing shortened.

use std::collections::BTreeMap;

use inventory::{Login, Unseen, Who};
use rbac::comparison::{Gained, Rights, Still};
use serde::{Serialize, Serializer};

use crate::{
    AllPowerful, EntryChange, Flag, LoginEntry, NotKnown, Object, ObjectChange, ObjectId, PersonChange, Plan, Refusal,
    Warning, all_powerful::in_words,
};

/// Returns the plan as JSON, one object and a line break. Keys are only ever added.
pub fn json(plan: &Plan) -> String {
    serde_json::to_string_pretty(&whole(plan)).expect("plain data can be written") + "\n"
}

/// Returns the plan as YAML, with the keys of [`json`].
pub fn yaml(plan: &Plan) -> String {
    access::render::yaml(&whole(plan))
}

fn whole(plan: &Plan) -> PlanOut<'_> {
    PlanOut {
        cluster_id: &plan.cluster_id,
        mapping: plan.target.as_str(),
        digest: plan.digest.as_str(),
        files: plan.record.files.iter().map(|file| &*file.name).collect(),
        complete: plan.unseen.is_empty(),
        unseen: List(&plan.unseen),
        not_known: plan.not_known.json(),
        refusals: List(&plan.refusals),
        people: List(&plan.people),
        people_unchanged: plan.people_unchanged,
        machines_unchanged: plan.machines_unchanged,
        logins: List(&plan.logins),
        logins_unchanged: plan.logins_unchanged,
        objects: List(&plan.objects),
        objects_unchanged: plan.objects_unchanged,
        all_powerful: List(&plan.all_powerful),
        warnings: List(&plan.warnings),
    }
}

/// Something as it is written; a list of them is never held twice.
pub(crate) trait ToJson {
    /// What is written.
    type As<'a>: Serialize
    where
        Self: 'a;

    fn json(&self) -> Self::As<'_>;
}

/// A list, each of it as it is written.
pub(crate) struct List<'a, T>(pub(crate) &'a [T]);

impl<T: ToJson> Serialize for List<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToJson::json))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanOut<'a> {
    #[serde(rename = "clusterID")]
    cluster_id: &'a str,
    mapping: &'a str,
    digest: &'a str,
    files: Vec<&'a str>,
    complete: bool,
    unseen: List<'a, Unseen>,
    not_known: NotKnownOut<'a>,
    refusals: List<'a, Refusal>,
    people: List<'a, PersonChange>,
    people_unchanged: usize,
    machines_unchanged: usize,
    logins: List<'a, EntryChange>,
    logins_unchanged: usize,
    objects: List<'a, ObjectChange>,
    objects_unchanged: usize,
    all_powerful: List<'a, AllPowerful>,
    warnings: List<'a, Warning>,
}

/// What a plan cannot say: none of it is among the rest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotKnownOut<'a> {
    /// Whether these can log in, and as whom.
    logins: Vec<WhoOut>,
    /// What these gain or lose.
    rights: Vec<WhoOut>,
    /// Why it is nobody's.
    why_no_rights: &'a [Box<str>],
    /// Whether these are there, for which the files ask.
    objects: Vec<IdOut>,
    /// Whether these stay, which the cluster has.
    stays: Vec<IdOut>,
    /// What stands for these where mappings are written.
    entries: &'a [String],
}

#[derive(Serialize)]
struct WhoOut {
    who: String,
    account: String,
}

#[derive(Serialize)]
struct IdOut {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<Box<str>>,
    name: Box<str>,
}

impl ToJson for NotKnown {
    type As<'a> = NotKnownOut<'a>;

    fn json(&self) -> NotKnownOut<'_> {
        let who = |who: &Who| WhoOut { who: who.to_string(), account: who.account().to_string() };
        let id = |ObjectId { kind, namespace, name }| IdOut { kind: kind.as_str(), namespace, name };
        NotKnownOut {
            logins: self.logins.iter().map(who).collect(),
            rights: self.rights.iter().map(who).collect(),
            why_no_rights: &self.why_no_rights,
            objects: self.objects.iter().map(|object| id(object.id())).collect(),
            stays: self.stays.iter().cloned().map(id).collect(),
            entries: &self.entries,
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum AllPowerfulOut<'a> {
    Login {
        who: &'a str,
        username: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        session: Option<&'a str>,
        place: &'a str,
    },
    Binding {
        binding: String,
        role: String,
        subjects: Vec<String>,
    },
    Policy {
        who: &'a str,
        policy: &'a str,
        namespaces: Option<&'a [Box<str>]>,
    },
}

impl ToJson for AllPowerful {
    type As<'a> = AllPowerfulOut<'a>;

    fn json(&self) -> AllPowerfulOut<'_> {
        match self {
            Self::Login { who, username, session, place } => {
                AllPowerfulOut::Login { who, username, session: session.as_deref(), place }
            }
            Self::Binding { id, role, subjects } => AllPowerfulOut::Binding {
                binding: id.to_string(),
                role: format!("{} {}", role.kind.as_str(), role.name),
                subjects: subjects.iter().map(in_words).collect(),
            },
            Self::Policy { who, policy, namespaces } => {
                AllPowerfulOut::Policy { who, policy, namespaces: namespaces.as_deref() }
            }
        }
    }
}

impl ToJson for Warning {
    type As<'a> = String;

    fn json(&self) -> String {
        self.to_string()
    }
}

#[derive(Serialize)]
pub(crate) struct UnseenOut<'a> {
    what: &'a str,
    why: &'a str,
}

impl ToJson for Unseen {
    type As<'a> = UnseenOut<'a>;

    fn json(&self) -> UnseenOut<'_> {
        UnseenOut { what: &self.what, why: &self.why }
    }
}

#[derive(Serialize)]
pub(crate) struct RefusalOut {
    code: &'static str,
    message: String,
    help: &'static str,
    flag: Option<&'static str>,
}

impl ToJson for Refusal {
    type As<'a> = RefusalOut;

    fn json(&self) -> RefusalOut {
        let (code, message, help) = (self.code(), self.summary(), self.advice());
        RefusalOut { code, message, help, flag: self.flag().map(Flag::as_str) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonOut<'a> {
    who: String,
    account: String,
    before: Option<&'a Login>,
    after: Option<&'a Login>,
    /// What follows is empty then, and means nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rights_not_known: bool,
    gains: &'a [Rights],
    losses: &'a [Rights],
    still: &'a [Still],
    escalations: &'a [Gained],
    meanwhile: &'a [Gained],
}

impl ToJson for PersonChange {
    type As<'a> = PersonOut<'a>;

    fn json(&self) -> PersonOut<'_> {
        let rights = self.known_rights();
        PersonOut {
            who: self.who.to_string(),
            account: self.who.account().to_string(),
            before: self.before.as_ref(),
            after: self.after.as_ref(),
            rights_not_known: self.rights.is_none(),
            gains: &rights.gains,
            losses: &rights.losses,
            still: &rights.still,
            escalations: &rights.escalations,
            meanwhile: &self.meanwhile,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct EntryChangeOut<'a> {
    mapping: &'static str,
    principal: &'a str,
    before: Option<EntryOut<'a>>,
    after: Option<EntryOut<'a>>,
    adopted: bool,
}

impl ToJson for EntryChange {
    type As<'a> = EntryChangeOut<'a>;

    fn json(&self) -> EntryChangeOut<'_> {
        EntryChangeOut {
            mapping: self.target.as_str(),
            principal: &self.written,
            before: self.before.as_ref().map(entry),
            after: self.after.as_ref().map(entry),
            adopted: self.adopted,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct EntryOut<'a> {
    username: &'a str,
    groups: Vec<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    expires: BTreeMap<&'a str, String>,
}

fn entry(entry: &LoginEntry) -> EntryOut<'_> {
    EntryOut {
        username: &entry.username,
        groups: entry.groups.keys().map(String::as_str).collect(),
        expires: entry
            .groups
            .iter()
            .filter_map(|(group, ends)| ends.map(|ends| (group.as_str(), ends.to_string())))
            .collect(),
    }
}

#[derive(Serialize)]
pub(crate) struct ObjectOut<'a> {
    change: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
    file: &'a str,
    adopted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Whole<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Whole<'a>>,
}

/// An object without our mark.
struct Whole<'a>(&'a Object);

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.rendered(None).serialize(serializer)
    }
}

impl ToJson for ObjectChange {
    type As<'a> = ObjectOut<'a>;

    fn json(&self) -> ObjectOut<'_> {
        ObjectOut {
            change: self.change.as_str(),
            kind: self.id.kind.as_str(),
            namespace: self.id.namespace.as_deref(),
            name: &self.id.name,
            file: &self.mark.file,
            adopted: self.adopted_from.is_some(),
            before: self.before.as_ref().map(Whole),
            after: self.after.as_ref().map(Whole),
        }
    }
}
