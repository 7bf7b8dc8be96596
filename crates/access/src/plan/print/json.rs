//! JSON for programs: all of it, nothing shortened.

use serde::Serialize;
use serde_json::{Value, json};

use crate::plan::{Atom, Login, On, Part, Place, Plan, Rights};

/// The plan as JSON. Keys are only ever added.
pub fn json(plan: &Plan) -> Value {
    let mut value = content(plan);
    value["digest"] = plan.digest.as_str().into();
    value
}

/// Everything but the digest.
pub(in crate::plan) fn content(plan: &Plan) -> Value {
    json!({
        "clusterID": plan.cluster_id,
        "mapping": plan.target.as_str(),
        "files": plan.record.files.iter().map(|file| &file.name).collect::<Vec<_>>(),
        "complete": plan.unseen.is_empty(),
        "unseen": plan.unseen.iter().map(|unseen| json!({"what": unseen.what, "why": unseen.why})).collect::<Vec<_>>(),
        "refusals": plan.refusals.iter().map(|refusal| json!({
            "code": refusal.code(),
            "message": refusal.summary(),
            "help": refusal.advice(),
            "flag": refusal.flag().map(super::super::Flag::as_str),
        })).collect::<Vec<_>>(),
        "people": plan.people.iter().map(|person| json!({
            "who": person.who.to_string(),
            "account": person.who.account().as_str(),
            "before": person.before.as_ref().map(login),
            "after": person.after.as_ref().map(login),
            "gains": person.rights.gains.iter().map(rights).collect::<Vec<_>>(),
            "losses": person.rights.losses.iter().map(rights).collect::<Vec<_>>(),
            "still": person.rights.still.iter().map(|still| json!({
                "namespaces": namespaces(&still.place),
                "by": still.by.to_string(),
                "rights": still.rights.iter().map(atom).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "escalations": person.rights.escalations.iter().map(|gained| json!({
                "code": gained.escalation.code,
                "namespaces": namespaces(&gained.place),
                "message": format!("can {}: {}", gained.escalation.title, gained.escalation.why),
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "peopleUnchanged": plan.people_unchanged,
        "logins": plan.logins.iter().map(|change| json!({
            "mapping": change.target.as_str(),
            "principal": change.principal,
            "before": change.before.as_ref().map(entry),
            "after": change.after.as_ref().map(entry),
            "adopted": change.adopted,
        })).collect::<Vec<_>>(),
        "objects": plan.objects.iter().map(|change| json!({
            "change": change.change.as_str(),
            "kind": change.id.kind.as_str(),
            "namespace": change.id.namespace,
            "name": change.id.name,
            "file": change.mark.file,
            "adopted": change.adopted_from.is_some(),
            "before": change.before.as_ref().map(crate::plan::Object::says),
            "after": change.after.as_ref().map(crate::plan::Object::says),
        })).collect::<Vec<_>>(),
        "objectsUnchanged": plan.objects_unchanged,
        "warnings": plan.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn login(login: &Login) -> Value {
    json!({"username": login.username, "groups": login.groups})
}

fn entry(entry: &crate::plan::LoginEntry) -> Value {
    let group = |(group, ends): (&String, &Option<jiff::Timestamp>)| match ends {
        None => json!(group),
        Some(ends) => json!({"name": group, "expires": ends.to_string()}),
    };
    json!({"username": entry.username, "groups": entry.groups.iter().map(group).collect::<Vec<_>>()})
}

/// `null` is the whole cluster.
fn namespaces(place: &Place) -> Option<&[Box<str>]> {
    match place {
        Place::Cluster => None,
        Place::Namespaces(namespaces) => Some(namespaces),
    }
}

fn rights(rights: &Rights) -> Value {
    let part = |part: &Part| json!({"namespaces": part.namespaces, "rights": part.rights.iter().map(atom).collect::<Vec<_>>()});
    let right = |right: &crate::plan::Right| {
        let mut value = serde_json::to_value(atom(&right.atom)).expect("plain data");
        if !right.except.is_empty() {
            value["except"] = json!(right.except.iter().map(atom).collect::<Vec<_>>());
        }
        value
    };
    json!({
        "namespaces": namespaces(&rights.place),
        "rights": rights.rights.iter().map(right).collect::<Vec<_>>(),
        "through": rights.through.iter().map(|role| format!("{} {}", role.kind.as_str(), role.name)).collect::<Vec<_>>(),
        "except": rights.except.iter().map(part).collect::<Vec<_>>(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AtomOut<'a> {
    verb: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

fn atom(atom: &Atom) -> AtomOut<'_> {
    let verb = &*atom.verb;
    match &atom.on {
        On::Resource { api_group, resource, name } => {
            AtomOut { verb, api_group: Some(api_group), resource: Some(resource), name: name.as_deref(), url: None }
        }
        On::Url(url) => AtomOut { verb, api_group: None, resource: None, name: None, url: Some(url) },
    }
}
