//! What apply executes, and what each step waits for.
//!
//! ```text
//!   add roles ─► add bindings ─► clear ─► logins ─► settle ─► remove bindings ─► remove roles ─► record
//! ```
//!
//! Rights are added before logins that need them, and taken away when nobody needs them any more; but what a group has
//! that nobody is in goes before logins bring somebody into it. A step waits for no
//! more than what it needs, so that the failure of one cancels only what would be wrong without it: above all, taking
//! rights away does not wait for additions to others. Interrupted anywhere, the next plan finishes the work.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use inventory::{Login, Observed};
use rbac::{AnyRole, Binding, ObjectId, Subject};

use super::{Action, Change, ConfigMapWrite, Object, ObjectChange, Plan};

/// One request to the API server, or a wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, in the order of all steps.
    pub stage: Stage,
    /// What.
    pub action: Action,
    /// Which steps must have succeeded before, by their place in the list: always earlier ones.
    pub after: Vec<usize>,
}

/// The stage of a step: stages are executed one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Rights are added.
    Add,
    /// Rights that nobody holds yet are taken from groups, before logins bring somebody into them.
    Clear,
    /// Logins change.
    Logins,
    /// Everybody's caches come to know the new logins.
    Settle,
    /// Rights are taken away.
    Remove,
    /// The record says what holds now.
    Record,
}

/// The name of the binding that bridges a replacement.
fn bridge_name(name: &str) -> Box<str> {
    format!("cluster-auth:bridge:{name}").into()
}

/// The bridge of a binding that is to be replaced, if it was left behind: its replacement removes it.
pub(super) fn is_bridge_of(id: &ObjectId, replaced: &ObjectId) -> bool {
    id.kind == replaced.kind && id.namespace == replaced.namespace && id.name == bridge_name(&replaced.name)
}

/// `held` is what those who can log in before go by: their groups and usernames.
pub(super) fn steps(plan: &Plan, logins: Vec<Action>, held: BTreeSet<Subject>, observed: &Observed) -> Vec<Step> {
    let mut builder = Builder::new(plan, held, observed);
    builder.additions();
    // What nobody holds goes before anybody comes to hold it.
    builder.removals(Stage::Clear);
    builder.logins(logins);
    builder.removals(Stage::Remove);
    builder.record(observed);
    builder.steps
}

/// Where a binding holds: `None` is everywhere.
type Where = Option<Box<str>>;

struct Builder<'a> {
    plan: &'a Plan,
    steps: Vec<Step>,
    /// Whom bindings give a role to, in the cluster as it is.
    holders_of_role: HashMap<ObjectId, BTreeSet<Subject>>,
    /// The steps that make a role what bindings need.
    role_steps: HashMap<ObjectId, usize>,
    /// The steps that add rights, by whom they are for and where.
    additions: HashMap<Subject, BTreeMap<Where, Vec<usize>>>,
    /// The steps that remove bindings, by role.
    removals: HashMap<ObjectId, Vec<usize>>,
    /// The steps of [`Stage::Clear`].
    clear_steps: Vec<usize>,
    login_steps: Vec<usize>,
    settle: Option<usize>,
    /// What those who can log in before go by.
    held: BTreeSet<Subject>,
    /// The groups and usernames of those who come to have others: until all caches know, they live by these.
    moving: BTreeSet<Subject>,
}

impl<'a> Builder<'a> {
    fn new(plan: &'a Plan, held: BTreeSet<Subject>, observed: &Observed) -> Self {
        let changing: BTreeSet<&ObjectId> = plan.objects.iter().map(|change| &change.id).collect();
        let mut holders_of_role: HashMap<ObjectId, BTreeSet<Subject>> = HashMap::new();
        if plan
            .objects
            .iter()
            .any(|change| matches!((&change.after, change.change), (Some(Object::Role(_)), Change::Update)))
        {
            for binding in observed.bindings.iter().map(|seen| &seen.object) {
                let role = ObjectId::of_role_of(binding);
                if changing.contains(&role) {
                    holders_of_role.entry(role).or_default().extend(binding.subjects().iter().cloned());
                }
            }
        }
        let mut moving = BTreeSet::new();
        for person in &plan.people {
            let (Some(before), Some(after)) = (&person.before, &person.after) else { continue };
            let before = subjects(before);
            if subjects(after).iter().any(|subject| !before.contains(subject)) {
                moving.extend(before);
            }
        }
        Self {
            plan,
            steps: Vec::with_capacity(plan.objects.len() + 4),
            holders_of_role,
            role_steps: HashMap::new(),
            additions: HashMap::new(),
            removals: HashMap::new(),
            clear_steps: Vec::new(),
            login_steps: Vec::new(),
            settle: None,
            held,
            moving,
        }
    }

    fn push(&mut self, stage: Stage, action: Action, mut after: Vec<usize>) -> usize {
        after.sort_unstable();
        after.dedup();
        self.steps.push(Step { stage, action, after });
        self.steps.len() - 1
    }

    fn additions(&mut self) {
        // Roles before the bindings that name them.
        for change in &self.plan.objects {
            let Some(Object::Role(role)) = &change.after else { continue };
            let widened = match (&change.before, change.change) {
                (Some(Object::Role(before)), Change::Update) => match widened(before, role) {
                    Some(role) => role,
                    None => continue,
                },
                _ => role.clone(),
            };
            let step = self.apply(Stage::Add, change, Object::Role(widened), change.version.clone(), Vec::new());
            self.role_steps.insert(change.id.clone(), step);
            for subject in self.holders_of_role.get(&change.id).cloned().unwrap_or_default() {
                self.adds(subject, change.id.namespace.clone(), step);
            }
        }
        for change in &self.plan.objects {
            let Some(Object::Binding(binding)) = &change.after else { continue };
            let (object, version) = match (&change.before, change.change) {
                (Some(Object::Binding(before)), Change::Update) => match joined(before, binding) {
                    Some(joined) => (joined, change.version.clone()),
                    None => continue,
                },
                (_, Change::Replace) => {
                    let mut bridge = binding.clone();
                    bridge.set_name(bridge_name(binding.name()));
                    (bridge, None)
                }
                _ => (binding.clone(), change.version.clone()),
            };
            let role = ObjectId::of_role_of(binding);
            let after = self.role_steps.get(&role).copied().into_iter().collect();
            let step = self.apply(Stage::Add, change, Object::Binding(object), version, after);
            if change.change != Change::Mark {
                for subject in binding.subjects() {
                    self.adds(subject.clone(), binding.namespace().map(Box::from), step);
                }
            }
        }
    }

    fn logins(&mut self, actions: Vec<Action>) {
        // By who people are, not by what stands in one mapping: it may hide what another one says.
        let mut gained = BTreeSet::new();
        for person in &self.plan.people {
            let had = person.before.as_ref().map(subjects).unwrap_or_default();
            let has = person.after.as_ref().map(subjects).unwrap_or_default();
            gained.extend(has.into_iter().filter(|subject| !had.contains(subject)));
        }
        let needed = gained.iter().filter_map(|subject| self.additions.get(subject));
        let mut after: Vec<usize> = needed.flat_map(BTreeMap::values).flatten().copied().collect();
        after.extend(&self.clear_steps);
        for action in actions {
            let step = self.push(Stage::Logins, action, after.clone());
            self.login_steps.push(step);
        }
        let waits = |change: &ObjectChange| self.taken_from(change).iter().any(|subject| self.moving.contains(subject));
        if !self.login_steps.is_empty() && self.plan.objects.iter().any(waits) {
            let after = self.login_steps.clone();
            self.settle = Some(self.push(Stage::Settle, Action::Settle, after));
        }
    }

    /// Whom a change takes something from.
    fn taken_from(&self, change: &ObjectChange) -> BTreeSet<Subject> {
        match (&change.before, &change.after, change.change) {
            (Some(Object::Role(before)), Some(Object::Role(after)), Change::Update) if takes(before, after) => {
                self.holders_of_role.get(&change.id).cloned().unwrap_or_default()
            }
            (Some(Object::Binding(before)), _, Change::Remove | Change::Replace | Change::Update) => {
                before.subjects().iter().cloned().collect()
            }
            _ => BTreeSet::new(),
        }
    }

    fn removals(&mut self, stage: Stage) {
        let plan = self.plan;
        for change in plan.objects.iter().filter(|change| self.stage_of_taking(change) == stage).collect::<Vec<_>>() {
            let after = self.before_taking(change);
            let first = self.steps.len();
            match (&change.before, &change.after, change.change) {
                (Some(Object::Binding(before)), None, _) => {
                    if plan
                        .objects
                        .iter()
                        .any(|other| other.change == Change::Replace && is_bridge_of(&change.id, &other.id))
                    {
                        continue;
                    }
                    let step = self.delete(stage, change.id.clone(), change.version.clone(), after);
                    self.removes(before, step);
                }
                (Some(Object::Binding(before)), Some(Object::Binding(binding)), Change::Update)
                    if before.subjects().iter().any(|subject| !binding.subjects().contains(subject)) =>
                {
                    // Its version changed if the other subjects were added first.
                    let version = change.version.clone().filter(|_| joined(before, binding).is_none());
                    self.apply(stage, change, Object::Binding(binding.clone()), version, after);
                }
                (Some(Object::Binding(before)), Some(Object::Binding(binding)), Change::Replace) => {
                    let gone = self.delete(stage, change.id.clone(), change.version.clone(), after);
                    self.removes(before, gone);
                    let object = Object::Binding(binding.clone());
                    let made = self.apply(stage, change, object, None, vec![gone]);
                    let bridge = ObjectId { name: bridge_name(&change.id.name), ..change.id.clone() };
                    self.delete(stage, bridge, None, vec![made]);
                }
                (Some(Object::Role(before)), Some(Object::Role(role)), Change::Update) if takes(before, role) => {
                    let version = change.version.clone().filter(|_| widened(before, role).is_none());
                    self.apply(stage, change, Object::Role(role.clone()), version, after);
                }
                _ => {}
            }
            if stage == Stage::Clear {
                self.clear_steps.extend(first..self.steps.len());
            }
        }
        if stage == Stage::Clear {
            return;
        }
        for change in &plan.objects {
            if let (Some(Object::Role(_)), None) = (&change.before, &change.after) {
                let after = self.removals.get(&change.id).cloned().unwrap_or_default();
                self.delete(stage, change.id.clone(), change.version.clone(), after);
            }
        }
    }

    /// When a change takes what it takes. People of other ways in are not known, so only groups count as held by nobody.
    fn stage_of_taking(&self, change: &ObjectChange) -> Stage {
        let taken_from = self.taken_from(change);
        let by_nobody = |subject: &Subject| matches!(subject, Subject::Group(_)) && !self.held.contains(subject);
        if !taken_from.is_empty() && taken_from.iter().all(by_nobody) { Stage::Clear } else { Stage::Remove }
    }

    /// What must have succeeded before something is taken from somebody: what they are given instead.
    fn before_taking(&self, change: &ObjectChange) -> Vec<usize> {
        let mut after = Vec::new();
        let taken_from = self.taken_from(change);
        for subject in &taken_from {
            let Some(additions) = self.additions.get(subject) else { continue };
            match &change.id.namespace {
                None => after.extend(additions.values().flatten().copied()),
                Some(_) => {
                    let here = [&change.id.namespace, &None];
                    after.extend(here.into_iter().filter_map(|place| additions.get(place)).flatten().copied());
                }
            }
        }
        if taken_from.iter().any(|subject| self.moving.contains(subject)) {
            after.extend(self.settle);
        }
        after
    }

    fn record(&mut self, observed: &Observed) {
        let before = observed.record.as_ref();
        if before.map(|seen| &seen.object) == Some(&self.plan.record) {
            return;
        }
        let all = (0..self.steps.len()).collect();
        let version = before.map(|seen| &*seen.version);
        self.push(Stage::Record, Action::WriteMap(ConfigMapWrite::of_record(&self.plan.record, version)), all);
    }

    fn apply(
        &mut self,
        stage: Stage,
        change: &ObjectChange,
        object: Object,
        version: Option<Box<str>>,
        after: Vec<usize>,
    ) -> usize {
        self.push(stage, Action::Apply { object, mark: change.mark.clone(), version }, after)
    }

    fn delete(&mut self, stage: Stage, id: ObjectId, version: Option<Box<str>>, after: Vec<usize>) -> usize {
        self.push(stage, Action::Delete { id, version }, after)
    }

    fn adds(&mut self, to: Subject, place: Where, step: usize) {
        self.additions.entry(to).or_default().entry(place).or_default().push(step);
    }

    fn removes(&mut self, binding: &Binding, step: usize) {
        self.removals.entry(ObjectId::of_role_of(binding)).or_default().push(step);
    }
}

/// The role with the rules of before and after, if after has any that before has not.
fn widened(before: &AnyRole, after: &AnyRole) -> Option<AnyRole> {
    if after.rules().iter().all(|rule| before.rules().contains(rule)) {
        return None;
    }
    let old = before.rules().iter().filter(|rule| !after.rules().contains(rule)).cloned();
    let mut widened = after.clone();
    widened.set_rules(after.rules().iter().cloned().chain(old).collect());
    Some(widened)
}

/// Whether before has rules that after has not.
fn takes(before: &AnyRole, after: &AnyRole) -> bool {
    before.aggregation() != after.aggregation() || before.rules().iter().any(|rule| !after.rules().contains(rule))
}

/// The binding with the subjects of before and after, if after has any that before has not.
fn joined(before: &Binding, after: &Binding) -> Option<Binding> {
    if after.subjects().iter().all(|subject| before.subjects().contains(subject)) {
        return None;
    }
    let old = before.subjects().iter().filter(|subject| !after.subjects().contains(subject)).cloned();
    let mut joined = after.clone();
    joined.set_subjects(after.subjects().iter().cloned().chain(old).collect());
    Some(joined)
}

/// How bindings name somebody.
/// What somebody goes by.
pub(super) fn subjects(login: &Login) -> BTreeSet<Subject> {
    let groups = login.groups.iter().map(|group| Subject::Group(group.as_str().into()));
    groups.chain([Subject::User(login.username.as_str().into())]).collect()
}
