//! What is written where logins stand, and the record.

use std::collections::{BTreeMap, BTreeSet};

use access::{
    ConfigMap, Desired, Mark, Owner,
    entries::Entry,
    merge::{Shape, merge},
};
use inventory::{ACCESS_FILE_MAP, ClusterObject, LiveMapping, LoginStore, MappingObject, MappingTarget, Observed};
use serde_json::Value;

use super::{Action, ConfigMapWrite, EntryChange, Refusal, Wanted, action::first_name};

/// The requests that make logins what they are going to be; a text that cannot be edited stops apply.
pub(super) fn actions(
    wanted: &Wanted<'_>,
    observed: &Observed,
    changes: &[EntryChange],
) -> (Vec<Action>, Vec<Refusal>) {
    let (mut actions, mut refusals) = (Vec::new(), Vec::new());
    let absent = !observed.mappings.iter().any(|live| live.target == wanted.target);
    let live = observed.mappings.iter().map(|live| (live.target, Some(live)));
    for (target, live) in live.chain(absent.then_some((wanted.target, None))) {
        let changes: Vec<&EntryChange> = changes.iter().filter(|change| change.target == target).collect();
        match target {
            MappingTarget::AccessFile => actions.extend(access_file(wanted, live, &changes)),
            MappingTarget::Crd => actions.extend(objects(wanted, live, &changes)),
            MappingTarget::ConfigMap | MappingTarget::AwsAuth if changes.is_empty() => {}
            MappingTarget::ConfigMap | MappingTarget::AwsAuth => match shared(wanted, target, live) {
                Ok(write) => actions.push(Action::WriteMap(write)),
                Err(why) => refusals.push(Refusal::Unmergeable { what: target.title().into(), why: why.into() }),
            },
            MappingTarget::None => {}
        }
    }
    (actions, refusals)
}

/// A `ConfigMap` that others write to as well. What is adopted without leave stops apply as a whole.
fn shared(wanted: &Wanted<'_>, target: MappingTarget, live: Option<&LiveMapping>) -> Result<ConfigMapWrite, String> {
    let shape = match target {
        MappingTarget::AwsAuth => Shape::AwsAuth,
        _ => Shape::Config(Some(wanted.cluster_id)),
    };
    let nobody = Desired::default();
    // Elsewhere the file has nobody any more.
    let desired = if target == wanted.target { wanted.desired } else { &nobody };
    let entries = access::entries::lists(desired, wanted.facts);
    let current = live.and_then(map_of).cloned().unwrap_or_default();
    let merged = merge(shape, current, entries, true)
        .map_err(|problems| problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; "))?;
    let manifest = serde_json::to_value(merged).expect("plain data can be written");
    Ok(ConfigMapWrite { name: target.config_map().unwrap_or_default().into(), manifest })
}

/// The file itself, with everything resolved that the server cannot look up. Where mappings are written elsewhere now, it
/// lets nobody in any more.
fn access_file(wanted: &Wanted<'_>, live: Option<&LiveMapping>, changes: &[&EntryChange]) -> Option<Action> {
    let (name, key) = ACCESS_FILE_MAP;
    let map = live.and_then(map_of);
    let text = if wanted.target == MappingTarget::AccessFile {
        access::render::access_file(wanted.access, wanted.facts)
    } else if changes.is_empty() {
        return None;
    } else {
        format!("clusterID: {}\ngroups: []\n", Value::from(wanted.cluster_id))
    };
    let is_ours = |map: &ConfigMap| Owner::of_map(map).mark_of(wanted.cluster_id).is_some();
    if map.is_some_and(|map| map.data.get(key) == Some(&text) && is_ours(map)) {
        return None;
    }
    let mark = Mark { cluster_id: wanted.cluster_id.into(), file: first_name(wanted.files) };
    let version = map.and_then(|map| map.resource_version.as_deref());
    let data = BTreeMap::from([(key.to_owned(), text)]);
    Some(Action::WriteMap(ConfigMapWrite::of_ours(name, &data, &mark, version)))
}

fn map_of(live: &LiveMapping) -> Option<&ConfigMap> {
    match &live.holder {
        LoginStore::ConfigMap(map) => Some(map),
        LoginStore::Objects(_) => None,
    }
}

fn objects(wanted: &Wanted<'_>, live: Option<&LiveMapping>, changes: &[&EntryChange]) -> Vec<Action> {
    let seen: &[ClusterObject<MappingObject>] = match live.map(|live| &live.holder) {
        Some(LoginStore::Objects(objects)) => objects,
        Some(LoginStore::ConfigMap(_)) | None => &[],
    };
    let entries = access::entries::entries(wanted.desired, wanted.facts);
    let arns: BTreeMap<String, &Entry<'_>> =
        entries.iter().map(|entry| (entry.arn.to_ascii_lowercase(), entry)).collect();
    let mut actions = Vec::new();
    let mut gone = BTreeSet::new();
    for change in changes {
        let mut kept = None;
        if let (Some(after), Some(entry)) = (&change.after, arns.get(&change.principal)) {
            let object = MappingObject {
                name: access::render::mapping_name(&entry.arn).into(),
                arn: entry.arn.as_str().into(),
                username: after.username.as_str().into(),
                groups: after.groups.keys().map(|group| group.as_str().into()).collect(),
                ..MappingObject::default()
            };
            kept = Some(object.name.clone());
            let mark = Mark { cluster_id: wanted.cluster_id.into(), file: first_name(wanted.files) };
            actions.push(Action::ApplyMapping { object, mark });
        }
        // Of two objects for one ARN nobody knows which counts, so all others for it go.
        let others = seen.iter().filter(|seen| *seen.object.principal() == *change.principal);
        let others = others.filter(|seen| Some(&seen.object.name) != kept.as_ref());
        gone.extend(others.map(|seen| (seen.object.name.clone(), seen.version.clone())));
    }
    actions.extend(gone.into_iter().map(|(name, version)| Action::DeleteMapping { name, version }));
    actions
}
