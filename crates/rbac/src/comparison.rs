//! Two states of a cluster's rights, compared person by person.
//!
//! What somebody holds in one place – the whole cluster, or one namespace – is a set of roles' rules. Places with the
//! same sets before and after have the same changes, and so do people: each pair of sets is compared once, and a hundred
//! thousand bindings of a few hundred roles are a few hundred comparisons.

mod json;
mod permissions;
mod rights;
mod state;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, LazyLock},
};

use self::permissions::without_repetition;
use self::state::{BoundRules, CLUSTER, Known, State};
pub use self::{
    permissions::{On, Permission, Right},
    rights::{Gained, Part, Place, Rights, RightsChange, Still, Through},
};
use crate::{
    Binding, Index, ObjectId, Rule, User,
    escalation::{Escalation, Scope, Within, escalations},
};

/// Sets of roles' rules that somebody holds in one place, by number; 0 is nothing at all.
type RuleSetId = u32;

/// A comparison of two states of a cluster's permissions.
#[derive(Debug)]
pub struct Comparison<'a> {
    known: Known<'a>,
    before: State<'a>,
    after: State<'a>,
    /// The bindings that the file asks for, by namespace and name; none where no file is compared with.
    ours: Option<HashSet<(Option<&'a str>, &'a str)>>,
    diffs: HashMap<[RuleSetId; 4], Diff>,
    escalations: HashMap<([RuleSetId; 4], Within), Arc<[&'static Escalation]>>,
    still: HashMap<[RuleSetId; 3], Arc<[Permission]>>,
    /// By the rights of the whole cluster, and what is held in a namespace.
    parts: HashMap<(*const Right, RuleSetId), Arc<[Permission]>>,
    /// Whether rules grant one of some rights.
    grants: HashMap<(*const Right, u32), bool>,
}

/// Permissions that an EKS access policy grants in one scope, without a role binding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyRights<'a> {
    /// The namespace; none is the whole cluster.
    pub namespace: Option<Arc<str>>,
    /// What it allows there.
    pub rules: &'a [Rule],
    /// The policy's name.
    pub policy: &'a str,
}

#[derive(Clone, Debug)]
struct Diff {
    gains: Arc<[Right]>,
    losses: Arc<[Right]>,
}

impl<'a> Comparison<'a> {
    /// Compares two states, wherever they come from. `namespaces` are those that somebody may hold something in beside bindings
    /// ([`PolicyRights`]).
    pub fn new<'n>(before: &'a Index, after: &'a Index, namespaces: impl IntoIterator<Item = &'n str>) -> Self {
        let mut known = Known::new([before, after], namespaces);
        let (before, after) = (State::new(before, &mut known), State::new(after, &mut known));
        let (ours, diffs, escalations, still, parts, grants) = Default::default();
        Self { known, before, after, ours, diffs, escalations, still, parts, grants }
    }

    /// Compares a cluster before and after a file with these bindings is applied: what others' bindings still grant of
    /// what the file takes away is found too.
    pub fn of_file<'n>(
        before: &'a Index,
        after: &'a Index,
        ours: &'a [Binding],
        namespaces: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        let ours = ours.iter().map(|binding| (binding.namespace(), binding.name())).collect();
        Self { ours: Some(ours), ..Self::new(before, after, namespaces) }
    }

    /// Returns what changes for somebody who is one user before and another afterwards.
    pub fn change(&mut self, before: &User, after: &User) -> RightsChange {
        self.change_with_policies((before, &[]), (after, &[]))
    }

    /// Returns what changes for somebody who holds more than bindings grant.
    pub fn change_with_policies(
        &mut self,
        before: (&User, &[PolicyRights<'a>]),
        after: (&User, &[PolicyRights<'a>]),
    ) -> RightsChange {
        let before = self.before.held_by(before.0, before.1, &mut self.known);
        let after = self.after.held_by(after.0, after.1, &mut self.known);
        let mut change = Collected::default();
        let in_cluster = [of_place(&before, CLUSTER), of_place(&after, CLUSTER)];
        let cluster = in_cluster.map(|bound| self.known.held(bound));
        let key = [cluster[0], cluster[1], 0, 0];
        let diff = self.diff(key);
        let (gained, lost) = (self.through(in_cluster[1], &diff.gains), self.through(in_cluster[0], &diff.losses));
        let (had, kept) = (self.parts(&diff.gains, &before), self.parts(&diff.losses, &after));
        change.gains.add_cluster(diff.gains, self.known.roles(gained), had);
        change.losses.add_cluster(diff.losses, self.known.roles(lost), kept);
        let everywhere = self.escalations(key, None);
        for escalation in &*everywhere {
            change.escalation(None, escalation);
        }
        self.still(None, in_cluster, &[], &mut change);

        for namespace in places(&before, &after) {
            let here = [of_place(&before, namespace), of_place(&after, namespace)];
            let held = here.map(|bound| self.known.held(bound));
            if held[0] == held[1] && here[0].iter().map(BoundRules::binding).eq(here[1].iter().map(BoundRules::binding))
            {
                continue; // Nothing of this namespace, and what changes everywhere is said there.
            }
            let key = [cluster[0], cluster[1], held[0], held[1]];
            let diff = self.diff(key);
            let name = Some(self.known.namespace(namespace));
            if !diff.gains.is_empty() {
                for escalation in &*self.escalations(key, name.as_deref()) {
                    if !everywhere.contains(escalation) {
                        change.escalation(name.as_ref(), escalation);
                    }
                }
            }
            let (gained, lost) = (self.through(here[1], &diff.gains), self.through(here[0], &diff.losses));
            change.gains.add(name.as_ref(), diff.gains, gained, &self.known);
            change.losses.add(name.as_ref(), diff.losses, lost, &self.known);
            self.still(name.as_ref(), here, in_cluster[1], &mut change);
        }
        change.finish()
    }

    /// What changes in one place, by what is held in the cluster before and after, and there before and after.
    fn diff(&mut self, key: [RuleSetId; 4]) -> Diff {
        if let Some(diff) = self.diffs.get(&key) {
            return diff.clone();
        }
        let [cluster_before, cluster_after, here_before, here_after] = key;
        let diff = Diff {
            gains: self.new_rights([cluster_before, here_before], [cluster_after, here_after]),
            losses: self.new_rights([cluster_after, here_after], [cluster_before, here_before]),
        };
        self.diffs.insert(key, diff.clone());
        diff
    }

    /// What the second holds and the first does not; of a namespace without what the second holds everywhere.
    fn new_rights(&self, first: [RuleSetId; 2], second: [RuleSetId; 2]) -> Arc<[Right]> {
        let of_place = usize::from(first[1] != 0 || second[1] != 0);
        let old = self.known.ids(first[of_place]);
        let new: Vec<u32> = self.known.ids(second[of_place]).iter().filter(|id| !old.contains(id)).copied().collect();
        let had = || self.known.rules(first[0]).chain(self.known.rules(first[1]));
        let is_new = |permission: &Permission| {
            !permission.is_allowed_by(had())
                && (of_place == 0 || !permission.is_allowed_by(self.known.rules(second[0])))
        };
        let new = new.iter().flat_map(|id| self.known.rules_of_one(*id));
        let new: Vec<Permission> = Permission::of_rules(new).into_iter().filter(is_new).collect();
        if new.is_empty() {
            return Arc::new([]);
        }
        let had = Permission::of_rules(had());
        let right = |permission: Permission| {
            let parts: BTreeSet<Permission> = if permission.has_parts() {
                had.iter().filter_map(|had| permission.and(had)).collect()
            } else {
                BTreeSet::new()
            };
            Right { permission, except: parts.into_iter().collect() }
        };
        new.into_iter().map(right).collect()
    }

    /// Returns the privilege escalations that are new in a place.
    fn escalations(&mut self, key: [RuleSetId; 4], namespace: Option<&str>) -> Arc<[&'static Escalation]> {
        let scope = namespace.map_or(Scope::Cluster, Scope::Namespace);
        let [cluster_before, cluster_after, here_before, here_after] = key;
        let known = &self.known;
        let new = || {
            let of = |cluster: RuleSetId, here: RuleSetId| {
                let [cluster, here] = [cluster, here].map(|held| known.rules(held).collect::<Vec<&Rule>>());
                escalations(&cluster, &here, scope)
            };
            let had = of(cluster_before, here_before);
            of(cluster_after, here_after).into_iter().filter(|escalation| !had.contains(escalation)).collect()
        };
        Arc::clone(self.escalations.entry((key, scope.standing())).or_insert_with(new))
    }

    /// The roles that some of the rights come from, as a set of [`Known`].
    fn through(&mut self, bound: &[BoundRules], rights: &Arc<[Right]>) -> RuleSetId {
        if rights.is_empty() {
            return 0;
        }
        let known = &self.known;
        let grants = |bound: &&BoundRules| {
            let new = || rights.iter().any(|right| right.permission.is_allowed_by(known.rules_of_one(bound.rules)));
            *self.grants.entry((rights.as_ptr(), bound.rules)).or_insert_with(new)
        };
        let roles: Vec<u32> = bound.iter().filter(grants).map(|bound| bound.role).collect();
        self.known.set(roles)
    }

    /// What of rights in the whole cluster is held in namespaces.
    fn parts(&mut self, rights: &Arc<[Right]>, bound: &[BoundRules]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        if rights.is_empty() {
            return parts;
        }
        let mut at: HashMap<*const Permission, usize> = HashMap::new();
        for namespace in places(bound, &[]) {
            let held = self.known.held(of_place(bound, namespace));
            let known = &self.known;
            let new = || {
                let here = Permission::of_rules(known.rules(held));
                let both = rights.iter().flat_map(|right| here.iter().filter_map(|here| right.permission.and(here)));
                both.collect::<BTreeSet<_>>().into_iter().collect()
            };
            let part: &Arc<[Permission]> = self.parts.entry((rights.as_ptr(), held)).or_insert_with(new);
            if part.is_empty() {
                continue;
            }
            let at = *at.entry(part.as_ptr()).or_insert_with(|| {
                parts.push(Part { namespaces: Vec::new(), rights: Arc::clone(part) });
                parts.len() - 1
            });
            parts[at].namespaces.push(known.namespace(namespace));
        }
        parts
    }

    /// What the person's own bindings in one place granted and only others' bindings grant now.
    fn still(
        &mut self,
        place: Option<&Arc<str>>,
        bound: [&[BoundRules]; 2],
        everywhere: &[BoundRules],
        change: &mut Collected,
    ) {
        let Some(file) = &self.ours else { return };
        let [before, after] = bound;
        let (old, new) = (&self.before, &self.after);
        // No binding grants what members of `system:masters` may do.
        let of_bindings = |bound: &&BoundRules| bound.is_of_binding();
        let stays = |bound: &&BoundRules| {
            let name = old.binding(bound).name();
            let mut others = after.iter().filter(of_bindings);
            others.any(|other| other.rules == bound.rules && new.binding(other).name() == name)
        };
        let taken = before.iter().filter(of_bindings).filter(|bound| !stays(bound));
        let taken: Vec<u32> = taken.map(|bound| bound.rules).collect();
        if taken.is_empty() {
            return;
        }
        let is_ours = |bound: &&BoundRules| {
            let binding = new.binding(bound);
            file.contains(&(binding.namespace(), binding.name()))
        };
        let (ours, others): (Vec<&BoundRules>, Vec<&BoundRules>) =
            after.iter().chain(everywhere).filter(of_bindings).partition(is_ours);
        let (taken, ours) = (self.known.set(taken), self.known.set(ours.iter().map(|bound| bound.rules).collect()));
        for bound in others {
            let theirs = self.known.set(vec![bound.rules]);
            let known = &self.known;
            let only_theirs = || {
                let lost = Permission::of_rules(known.rules(taken));
                let kept = Permission::of_rules(known.rules(theirs));
                let both = lost.iter().flat_map(|lost| kept.iter().filter_map(|kept| lost.and(kept)));
                let only_theirs = both.filter(|permission| !permission.is_allowed_by(known.rules(ours)));
                without_repetition(only_theirs.collect()).into_iter().collect()
            };
            let rights = self.still.entry([taken, ours, theirs]).or_insert_with(only_theirs);
            if !rights.is_empty() {
                change.still(place, self.after.binding(bound), rights);
            }
        }
    }
}

/// What members of `system:masters` may do, as rules: the API server asks nobody about them.
static EVERYTHING: LazyLock<[Rule; 2]> = LazyLock::new(|| {
    let any = || vec![Box::from("*")];
    [
        Rule { verbs: any(), api_groups: any(), resources: any(), ..Rule::default() },
        Rule { verbs: any(), non_resource_urls: any(), ..Rule::default() },
    ]
});

/// The part of sorted bindings that is of one place.
fn of_place(bound: &[BoundRules], place: u32) -> &[BoundRules] {
    let start = bound.partition_point(|bound| bound.place < place);
    let end = bound.partition_point(|bound| bound.place <= place);
    &bound[start..end]
}

/// The namespaces of two sorted lists, in the order of their names.
fn places(a: &[BoundRules], b: &[BoundRules]) -> BTreeSet<u32> {
    a.iter().chain(b).map(|bound| bound.place).filter(|place| *place != CLUSTER).collect()
}

/// Changes as they are found, those of namespaces that are alike together.
#[derive(Debug, Default)]
struct Collected {
    gains: Group,
    losses: Group,
    still: Vec<Still>,
    escalations: Vec<Gained>,
    /// Where in the last list an escalation of namespaces is.
    of_namespaces: BTreeMap<&'static str, usize>,
}

#[derive(Debug, Default)]
struct Group {
    rights: Vec<Rights>,
    /// By the address of what is shared, so that nothing long is compared.
    by_rights: HashMap<(*const Right, RuleSetId), usize>,
}

impl Group {
    fn add_cluster(&mut self, rights: Arc<[Right]>, through: Vec<Through>, except: Vec<Part>) {
        if !rights.is_empty() {
            self.rights.push(Rights { place: Place::Cluster, rights, through, except });
        }
    }

    fn add(&mut self, namespace: Option<&Arc<str>>, rights: Arc<[Right]>, through: RuleSetId, known: &Known<'_>) {
        if rights.is_empty() {
            return;
        }
        let at = *self.by_rights.entry((rights.as_ptr(), through)).or_insert_with(|| {
            let (place, through, except) = (Place::Namespaces(Vec::new()), known.roles(through), Vec::new());
            self.rights.push(Rights { place, rights, through, except });
            self.rights.len() - 1
        });
        self.rights[at].place.extend(namespace);
    }
}

impl Collected {
    fn escalation(&mut self, namespace: Option<&Arc<str>>, escalation: &'static Escalation) {
        let known = namespace.and_then(|_| self.of_namespaces.get(escalation.code));
        match known {
            Some(at) => self.escalations[*at].place.extend(namespace),
            None => {
                if namespace.is_some() {
                    self.of_namespaces.insert(escalation.code, self.escalations.len());
                }
                self.escalations.push(Gained { place: Place::of(namespace), escalation });
            }
        }
    }

    fn still(&mut self, namespace: Option<&Arc<str>>, binding: &Binding, rights: &Arc<[Permission]>) {
        let by = ObjectId::of_binding(binding);
        let is_known =
            |still: &&mut Still| still.place != Place::Cluster && Arc::ptr_eq(&still.rights, rights) && still.by == by;
        match namespace.and_then(|_| self.still.iter_mut().find(is_known)) {
            Some(known) => known.place.extend(namespace),
            None => {
                let (role, rights) = (binding.role().into_owned(), Arc::clone(rights));
                self.still.push(Still { place: Place::of(namespace), by, role, rights });
            }
        }
    }

    fn finish(self) -> RightsChange {
        let Self { gains, losses, still, escalations, .. } = self;
        RightsChange { gains: gains.rights, losses: losses.rights, still, escalations }
    }
}

impl Place {
    fn of(namespace: Option<&Arc<str>>) -> Self {
        namespace.map_or(Self::Cluster, |name| Self::Namespaces(vec![Arc::clone(name)]))
    }

    fn extend(&mut self, namespace: Option<&Arc<str>>) {
        if let Self::Namespaces(namespaces) = self {
            namespaces.extend(namespace.cloned());
        }
    }
}
