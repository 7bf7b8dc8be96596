//! What is written where logins stand.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ACCESS_FILE_MAP, Action, ConfigMapWrite, EntryChange, File, Holder, LiveMapping, MappingObject, MappingTarget,
    Mark, Observed, Refusal, Seen, Wanted,
    logins::key,
    merge::{self, Item, ListChange, Unmergeable},
    steps::LoginActions,
};
use crate::render::Entry;

/// The key of the existing authenticator's configuration in its `ConfigMap`.
const CONFIG_KEY: &str = "config.yaml";
const LISTS: [&str; 2] = ["mapRoles", "mapUsers"];

/// The requests that make logins what they are going to be; a text that cannot be edited stops apply.
pub(super) fn actions(
    wanted: &Wanted<'_>,
    observed: &Observed,
    changes: &[EntryChange],
) -> (LoginActions, Vec<Refusal>) {
    let entries = crate::render::entries(wanted.desired, wanted.facts);
    let arns: BTreeMap<String, &Entry<'_>> =
        entries.iter().map(|entry| (entry.arn.to_ascii_lowercase(), entry)).collect();
    let mut result = LoginActions::default();
    let mut refusals = Vec::new();
    let absent = !observed.mappings.iter().any(|live| live.target == wanted.target);
    let live = observed.mappings.iter().map(|live| (live.target, Some(live)));
    for (target, live) in live.chain((absent && wanted.target != MappingTarget::None).then_some((wanted.target, None)))
    {
        let changes: Vec<&EntryChange> = changes.iter().filter(|change| change.target == target).collect();
        match target {
            MappingTarget::AccessFile if target == wanted.target => result.actions.extend(access_file(wanted, live)),
            MappingTarget::AccessFile => {
                let (name, key) = ACCESS_FILE_MAP;
                let seen = live.and_then(map_of).filter(|_| !changes.is_empty());
                let id = serde_json::to_string(wanted.cluster_id).expect("a text");
                let text = format!("clusterID: {id}\ngroups: []\n");
                let write = |seen: &Seen<BTreeMap<String, String>>| ConfigMapWrite {
                    name: name.into(),
                    data: [(key.to_owned(), text)].into(),
                    mark: Some(Mark { cluster_id: wanted.cluster_id.into(), file: first_name(wanted.files) }),
                    owned: None,
                    version: Some(seen.version.clone()),
                };
                result.actions.extend(seen.map(write).map(Action::WriteMap));
            }
            MappingTarget::None => {}
            MappingTarget::Crd => result.actions.extend(objects(wanted, live, &changes, &arns)),
            MappingTarget::ConfigMap | MappingTarget::AwsAuth => {
                match config_map(wanted, target, live, &changes, &arns) {
                    Ok(write) => {
                        result.shared |= write.is_some();
                        result.actions.extend(write.map(Action::WriteMap));
                    }
                    Err(why) => {
                        let what = target.title().into();
                        refusals.push(Refusal::Unmergeable { what, why });
                    }
                }
            }
        }
    }
    (result, refusals)
}

/// The file itself, with everything resolved that the server cannot look up.
fn access_file(wanted: &Wanted<'_>, live: Option<&LiveMapping>) -> Option<Action> {
    let (name, key) = ACCESS_FILE_MAP;
    let text = crate::render::access_file(wanted.access, wanted.facts, wanted.now);
    let seen = live.and_then(|live| map_of(live));
    if seen.is_some_and(|seen| seen.object.get(key) == Some(&text) && seen.owner.mark_of(wanted.cluster_id).is_some()) {
        return None;
    }
    let data = BTreeMap::from([(key.to_owned(), text)]);
    let mark = Mark { cluster_id: wanted.cluster_id.into(), file: first_name(wanted.files) };
    let version = seen.map(|seen| seen.version.clone());
    Some(Action::WriteMap(ConfigMapWrite { name: name.into(), data, mark: Some(mark), owned: None, version }))
}

pub(super) fn first_name(files: &[File]) -> Box<str> {
    files.first().map(|file| file.name.clone()).unwrap_or_default()
}

fn map_of(live: &LiveMapping) -> Option<&Seen<BTreeMap<String, String>>> {
    match &live.holder {
        Holder::ConfigMap(seen) => Some(seen),
        Holder::Objects(_) => None,
    }
}

fn config_map(
    wanted: &Wanted<'_>,
    target: MappingTarget,
    live: Option<&LiveMapping>,
    changes: &[&EntryChange],
    arns: &BTreeMap<String, &Entry<'_>>,
) -> Result<Option<ConfigMapWrite>, Unmergeable> {
    let groups: BTreeMap<&str, Vec<String>> = changes
        .iter()
        .filter_map(|change| Some((change.principal.as_str(), change.after.as_ref()?.groups.keys().cloned().collect())))
        .collect();
    let mut lists = LISTS.map(|list| (list, ListChange::default()));
    for change in changes {
        let places: Vec<(usize, usize)> = live.map(|live| places(live, &change.principal)).unwrap_or_default();
        let item = |list: usize| {
            let arn = arns.get(&change.principal).map(|entry| entry.arn.as_str())?;
            let (rolearn, userarn) = if list == 0 { (Some(arn), None) } else { (None, Some(arn)) };
            let username = &change.after.as_ref()?.username;
            Some(Item { rolearn, userarn, username, groups: &groups[change.principal.as_str()] })
        };
        match (&change.after, places.split_last()) {
            (None, _) => places.iter().for_each(|(list, at)| lists[*list].1.remove.extend([*at])),
            (Some(_), None) => {
                let list = usize::from(arns.get(&change.principal).is_some_and(|entry| entry.is_user));
                lists[list].1.add.extend(item(list));
            }
            (Some(_), Some((last, earlier))) => {
                earlier.iter().for_each(|(list, at)| lists[*list].1.remove.extend([*at]));
                if change.before != change.after
                    && let Some(item) = item(last.0)
                {
                    lists[last.0].1.replace.insert(last.1, item);
                }
            }
        }
    }
    if lists.iter().all(|(_, change)| change.is_empty()) {
        return Ok(None);
    }
    let seen = live.and_then(map_of);
    let text = |key: &str| seen.and_then(|seen| seen.object.get(key)).map(String::as_str);
    let data = if target == MappingTarget::AwsAuth {
        let changed = lists.iter().filter(|(_, change)| !change.is_empty());
        let written = changed
            .map(|(list, change)| Ok(((*list).to_owned(), merge::list(text(list).unwrap_or_default(), change)?)));
        written.collect::<Result<_, Unmergeable>>()?
    } else {
        let id = serde_json::to_string(wanted.cluster_id).expect("a text");
        let new = format!("clusterID: {id}\n");
        [(CONFIG_KEY.to_owned(), merge::config(text(CONFIG_KEY).unwrap_or(&new), &lists)?)].into()
    };
    let name = target.config_map().unwrap_or_default().into();
    let owned = (target == wanted.target).then(|| arns.keys().map(|arn| arn.as_str().into()).collect());
    let (owned, version) = (Some(owned.unwrap_or_default()), seen.map(|seen| seen.version.clone()));
    Ok(Some(ConfigMapWrite { name, data, mark: None, owned, version }))
}

/// Where a principal stands: which of [`LISTS`], and which entry; the last one is the one that counts.
fn places(live: &LiveMapping, principal: &str) -> Vec<(usize, usize)> {
    let of_list = |list: usize, rules: &[mapping::Rule]| {
        let fitting = rules.iter().filter(|rule| key(&rule.principal) == principal);
        fitting.map(|rule| (list, rule.source.index)).collect::<Vec<_>>()
    };
    // Roles are looked at first.
    let mut places = of_list(1, &live.source.users);
    places.extend(of_list(0, &live.source.roles));
    places
}

fn objects(
    wanted: &Wanted<'_>,
    live: Option<&LiveMapping>,
    changes: &[&EntryChange],
    arns: &BTreeMap<String, &Entry<'_>>,
) -> Vec<Action> {
    let seen: &[Seen<MappingObject>] = match live.map(|live| &live.holder) {
        Some(Holder::Objects(objects)) => objects,
        Some(Holder::ConfigMap(_)) | None => &[],
    };
    let mut actions = Vec::new();
    let mut gone = BTreeSet::new();
    for change in changes {
        let mut kept = None;
        if let (Some(after), Some(entry)) = (&change.after, arns.get(&change.principal)) {
            let object = MappingObject {
                name: crate::render::mapping_name(&entry.arn).into(),
                arn: entry.arn.as_str().into(),
                username: after.username.as_str().into(),
                groups: after.groups.keys().map(|group| group.as_str().into()).collect(),
            };
            kept = Some(object.name.clone());
            let mark = Mark { cluster_id: wanted.cluster_id.into(), file: first_name(wanted.files) };
            actions.push(Action::ApplyMapping { object, mark });
        }
        // Of two objects for one ARN nobody knows which counts, so all others for it go.
        let others = seen.iter().filter(|seen| *seen.object.principal() == *change.principal);
        gone.extend(
            others
                .filter(|seen| Some(&seen.object.name) != kept.as_ref())
                .map(|seen| (seen.object.name.clone(), seen.version.clone())),
        );
    }
    actions.extend(gone.into_iter().map(|(name, version)| Action::DeleteMapping { name, version }));
    actions
}
