//! Object by object: what the file asks for beside what the cluster has.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use access::{Mark, Owner};
use inventory::{ClusterObject, Observed, file_at};
use rbac::{AnyRole, Binding, ClusterRole, ObjectId, RoleReference, Subject};
use serde::Serialize;

use super::{Wanted, known::KnownState};

/// A role or a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A `Role` or a `ClusterRole`.
    Role(AnyRole),
    /// A `RoleBinding` or a `ClusterRoleBinding`.
    Binding(Binding),
}

/// The kind of change of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It is not there, and will be.
    Create,
    /// What it says changes.
    Update,
    /// A binding that grants another role: Kubernetes does not let a binding's role change, so another one takes its
    /// place. A binding under another name bridges the gap, so that nobody loses access in between.
    Replace,
    /// Only its mark changes: it says already what the file asks for.
    Mark,
    /// It is there and of ours, and the file does not ask for it any more.
    Remove,
}

/// The change of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectChange {
    /// Which.
    pub id: ObjectId,
    /// What happens.
    pub change: Change,
    /// What the cluster has.
    pub before: Option<Object>,
    /// What it is going to have.
    pub after: Option<Object>,
    /// The mark it is going to have; of a removal, the one it has.
    pub mark: Mark,
    /// Whose it is now, where that is not us: it is adopted.
    pub adopted_from: Option<Owner>,
    /// Its `resourceVersion`, where it exists.
    pub version: Option<Box<str>>,
}

/// What [`diff`] finds.
#[derive(Debug, Default)]
pub(super) struct ObjectDiff {
    /// In the order of their ids.
    pub(super) changes: Vec<ObjectChange>,
    /// How many are as the file asks for.
    pub(super) unchanged: usize,
    /// Objects with our mark and another cluster's id that the file does not name: left alone.
    pub(super) others: Vec<(ObjectId, Mark)>,
    /// Objects that the file asks for and that may be there, in the order of their ids.
    pub(super) unknown: Vec<Object>,
    /// Objects of ours for which the file may ask.
    pub(super) perhaps_wanted: Vec<ObjectId>,
}

pub(super) fn diff(wanted: &Wanted<'_>, observed: &Observed, state: &KnownState<'_>) -> ObjectDiff {
    let mut diff = ObjectDiff::default();
    let desired = &wanted.desired.objects;
    of_kind(&desired.roles, &observed.roles, wanted, state, &mut diff);
    of_kind(&desired.bindings, &observed.bindings, wanted, state, &mut diff);
    diff.changes.sort_by(|a, b| a.id.cmp(&b.id));
    diff.unknown.sort_by_key(Object::id);
    diff.others.sort();
    diff.perhaps_wanted.sort();
    diff
}

/// Objects that are there under a name that is wanted, and say something else; each with the place that wants it.
pub(crate) fn conflicting(desired: &rbac::Objects, observed: &Observed) -> Vec<(ObjectId, document::Span)> {
    fn of_kind<T: Comparable>(desired: &[T], seen: &[ClusterObject<T>]) -> Vec<(ObjectId, document::Span)> {
        let there: HashMap<_, &T> = seen.iter().map(|seen| (seen.object.key(), &seen.object)).collect();
        let differs = |object: &&T| there.get(&object.key()).is_some_and(|there| there.change_to(object).is_some());
        let conflict = |object: &T| (object.clone().into_object().id(), object.origin());
        desired.iter().filter(differs).map(conflict).collect()
    }
    let mut conflicts = of_kind(&desired.roles, &observed.roles);
    conflicts.extend(of_kind(&desired.bindings, &observed.bindings));
    conflicts
}

/// Everything that the cluster is going to have.
pub(super) fn afterwards(wanted: &Wanted<'_>, observed: &Observed) -> rbac::Objects {
    let desired = &wanted.desired.objects;
    let mut objects = rbac::Objects {
        roles: with_others(&desired.roles, &observed.roles, wanted),
        bindings: with_others(&desired.bindings, &observed.bindings, wanted),
    };
    let there: HashMap<&str, &ClusterRole> = observed
        .roles
        .iter()
        .filter_map(|seen| seen.object.as_cluster_role())
        .map(|role| (&*role.name, role))
        .collect();
    for role in &mut objects.roles[..desired.roles.len()] {
        if let AnyRole::ClusterRole(role) = role
            && let Some(there) = there.get(&*role.name)
        {
            // Labels stay, and by them others' roles may take rules from ours.
            role.labels = there.labels.clone();
            let is_same = same_items(&role.rules, &there.rules) && role.aggregation == there.aggregation;
            role.is_served = is_same && there.is_served;
        }
    }
    let stays: HashSet<Box<str>> =
        objects.roles.iter().filter_map(AnyRole::as_cluster_role).map(|role| role.name.clone()).collect();
    let goes = |role: &&ClusterRole| !stays.contains(&role.name) && !role.rules.is_empty();
    let going: Vec<&ClusterRole> = there.into_values().filter(goes).collect();
    for role in &mut objects.roles {
        // What the controller wrote there it takes away again.
        if let AnyRole::ClusterRole(role) = role
            && role.is_served
            && let Some(selectors) = &role.aggregation
            && going.iter().any(|gone| selectors.iter().any(|selector| selector.matches(&gone.labels)))
        {
            role.is_served = false;
            role.rules = Arc::new([]);
        }
    }
    objects
}

/// What is desired, and behind it what is there, stays, and is not ours.
fn with_others<T: Comparable>(desired: &[T], seen: &[ClusterObject<T>], wanted: &Wanted<'_>) -> Vec<T> {
    let named: HashSet<_> = desired.iter().map(Comparable::key).collect();
    let stays = |seen: &&ClusterObject<T>| {
        !named.contains(&seen.object.key()) && seen.owner.mark_of(wanted.cluster_id).is_none()
    };
    let others = seen.iter().filter(stays).map(|seen| seen.object.clone());
    desired.iter().cloned().chain(others).collect()
}

/// What roles and bindings have in common here.
trait Comparable: Clone {
    fn key(&self) -> (Option<&str>, &str);
    fn origin(&self) -> document::Span;
    /// What has to happen to `self` so that it says what `desired` says.
    fn change_to(&self, desired: &Self) -> Option<Change>;
    fn into_object(self) -> Object;
}

fn of_kind<T: Comparable>(
    desired: &[T],
    seen: &[ClusterObject<T>],
    wanted: &Wanted<'_>,
    state: &KnownState<'_>,
    diff: &mut ObjectDiff,
) {
    let files = wanted.files;
    let cluster_id: Arc<str> = wanted.cluster_id.into();
    let mark = |object: &T| {
        let file = file_at(files, wanted.sources, object.origin()).cloned().unwrap_or_default();
        Mark { cluster_id: Arc::clone(&cluster_id), file }
    };
    let mut missing: HashMap<(Option<&str>, &str), &T> = desired.iter().map(|object| (object.key(), object)).collect();
    for ClusterObject { object, owner, version } in seen {
        let Some(desired) = missing.remove(&object.key()) else {
            let id = object.clone().into_object().id();
            match owner {
                Owner::Ours(mark) if *mark.cluster_id == *wanted.cluster_id && !state.is_unwanted(&id) => {
                    diff.perhaps_wanted.push(id);
                }
                Owner::Ours(mark) if *mark.cluster_id == *wanted.cluster_id => diff.changes.push(ObjectChange {
                    id,
                    change: Change::Remove,
                    before: Some(object.clone().into_object()),
                    after: None,
                    mark: mark.clone(),
                    adopted_from: None,
                    version: Some(version.clone()),
                }),
                Owner::Ours(mark) => diff.others.push((id, mark.clone())),
                Owner::Helm(_) | Owner::Nobody => {}
            }
            continue;
        };
        let mark = mark(desired);
        let current = owner.mark_of(wanted.cluster_id);
        let change = object.change_to(desired).or((current != Some(&mark)).then_some(Change::Mark));
        let Some(change) = change else {
            diff.unchanged += 1;
            continue;
        };
        let after = desired.clone().into_object();
        diff.changes.push(ObjectChange {
            id: after.id(),
            change,
            before: Some(object.clone().into_object()),
            after: Some(after),
            mark,
            adopted_from: current.is_none().then(|| owner.clone()),
            version: Some(version.clone()),
        });
    }
    for desired in missing.into_values() {
        let (mark, after) = (mark(desired), desired.clone().into_object());
        if !state.is_absent(&after.id()) {
            diff.unknown.push(after);
            continue;
        }
        diff.changes.push(ObjectChange {
            id: after.id(),
            change: Change::Create,
            before: None,
            after: Some(after),
            mark,
            adopted_from: None,
            version: None,
        });
    }
}

impl Comparable for AnyRole {
    fn key(&self) -> (Option<&str>, &str) {
        self.id()
    }

    fn origin(&self) -> document::Span {
        self.origin().unwrap_or_default()
    }

    fn change_to(&self, desired: &Self) -> Option<Change> {
        // The order of rules means nothing; labels are nobody's business here, but what they let a role take part in is
        // seen in the rights.
        let same = same_items(self.rules(), desired.rules()) && self.aggregation() == desired.aggregation();
        (!same).then_some(Change::Update)
    }

    fn into_object(self) -> Object {
        Object::Role(self)
    }
}

impl Comparable for Binding {
    fn key(&self) -> (Option<&str>, &str) {
        self.id()
    }

    fn origin(&self) -> document::Span {
        self.origin().unwrap_or_default()
    }

    fn change_to(&self, desired: &Self) -> Option<Change> {
        if self.role() != desired.role() {
            return Some(Change::Replace);
        }
        (!same_items(self.subjects(), desired.subjects())).then_some(Change::Update)
    }

    fn into_object(self) -> Object {
        Object::Binding(self)
    }
}

/// Whether two lists hold the same, in whatever order and however often.
fn same_items<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a == b || (a.iter().all(|item| b.contains(item)) && b.iter().all(|item| a.contains(item)))
}

impl Object {
    /// Returns its id.
    pub fn id(&self) -> ObjectId {
        match self {
            Self::Role(role) => ObjectId::of_role(role),
            Self::Binding(binding) => ObjectId::of_binding(binding),
        }
    }

    /// Returns the whole object with our mark, as the API server takes it.
    pub fn manifest(&self, mark: &Mark) -> serde_json::Value {
        serde_json::to_value(self.rendered(Some(mark))).expect("plain data can be written")
    }

    /// The object, with our mark or without one, ready to be written.
    pub(super) fn rendered<'a>(&'a self, mark: Option<&'a Mark>) -> impl Serialize + 'a {
        match self {
            Self::Role(role) => access::render::role_object(role, mark),
            Self::Binding(binding) => access::render::binding_object(binding, mark),
        }
    }

    /// Returns the groups that it names, if it is a binding.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let subjects = match self {
            Self::Binding(binding) => binding.subjects(),
            Self::Role(_) => &[],
        };
        subjects.iter().filter_map(|subject| match subject {
            Subject::Group(name) => Some(&**name),
            Subject::User(_) | Subject::ServiceAccount { .. } => None,
        })
    }

    /// Returns the role that it grants, if it is a binding.
    pub fn role(&self) -> Option<RoleReference<&str>> {
        match self {
            Self::Binding(binding) => Some(binding.role()),
            Self::Role(_) => None,
        }
    }
}

impl Change {
    /// Returns the verb, as it is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "change",
            Self::Replace => "replace",
            Self::Mark => "mark",
            Self::Remove => "remove",
        }
    }
}
