//! Which rights a change of roles, bindings and groups gives and takes.
//!
//! What somebody holds in one place – the whole cluster, or one namespace – is a set of roles' rules. Places with the
//! same sets before and after have the same changes, and so do people: each pair of sets is compared once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use rbac::{
    Binding, Index, Request, Role, RoleReference, Rule, User,
    escalation::{Escalation, Scope, escalations},
};

use super::{
    ObjectId,
    atoms::{Atom, Right, without_repetition},
};

/// What one person gains and loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RightsChange {
    /// What they may do that they could not.
    pub gains: Vec<Rights>,
    /// What they could do and may no more.
    pub losses: Vec<Rights>,
    /// What the file takes away and others' bindings still grant.
    pub still: Vec<Still>,
    /// Ways to become more that they gain.
    pub escalations: Vec<Gained>,
}

/// Rights in places that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Where.
    pub place: Place,
    /// The rights.
    pub rights: Arc<[Right]>,
    /// The roles they come from.
    pub through: Vec<RoleReference>,
    /// Of rights in the whole cluster: the parts that were held (of gains) or are kept (of losses) in some namespaces.
    pub except: Vec<Part>,
}

/// Rights in some namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The namespaces, in the order of their names.
    pub namespaces: Vec<Box<str>>,
    /// The rights.
    pub rights: Arc<[Atom]>,
}

/// Where rights hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Everywhere.
    Cluster,
    /// In these namespaces, in the order of their names.
    Namespaces(Vec<Box<str>>),
}

/// Rights that stay although ours go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Still {
    /// Where.
    pub place: Place,
    /// By which binding that is not of this file.
    pub by: ObjectId,
    /// The role that it grants.
    pub role: RoleReference,
    /// Which of the rights.
    pub rights: Arc<[Atom]>,
}

/// A way to become more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gained {
    /// Where.
    pub place: Place,
    /// Which.
    pub escalation: &'static Escalation,
}

/// The name under which a set of rules is known here.
type RulesId = u32;

/// What is held in one place, sorted.
type Held = Vec<RulesId>;

/// Compares two states of a cluster's rights.
pub(super) struct Comparison<'a> {
    before: &'a Index,
    after: &'a Index,
    /// The bindings that the file asks for, by namespace and name.
    ours: HashSet<(Option<&'a str>, &'a str)>,
    rules: Vec<Vec<Rule>>,
    ids: HashMap<Vec<Rule>, RulesId>,
    /// The same by role, since most roles are bound many times: by its address in one of the indexes.
    of_role: HashMap<*const Role, RulesId>,
    masters: RulesId,
    diffs: HashMap<[Held; 4], Diff>,
    still: HashMap<[Held; 3], Arc<[Atom]>>,
    /// By the rights of the whole cluster, and what is held in a namespace.
    parts: HashMap<(*const Right, Held), Arc<[Atom]>>,
    /// Whether rules grant one of some rights.
    grants: HashMap<(*const Right, RulesId), bool>,
}

/// A binding, and the rules that it grants.
type Bound<'a> = (RulesId, &'a Binding);

#[derive(Clone)]
struct Diff {
    gains: Arc<[Right]>,
    losses: Arc<[Right]>,
}

/// What one user holds at one time.
#[derive(Default)]
struct Holding<'a> {
    cluster: Vec<Bound<'a>>,
    namespaces: BTreeMap<&'a str, Vec<Bound<'a>>>,
    is_master: bool,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(before: &'a Index, after: &'a Index, ours: &'a [Binding]) -> Self {
        let ours = ours.iter().map(|binding| (binding.namespace.as_deref(), &*binding.name)).collect();
        let mut comparison = Self {
            before,
            after,
            ours,
            rules: Vec::new(),
            ids: HashMap::new(),
            of_role: HashMap::new(),
            masters: 0,
            diffs: HashMap::new(),
            still: HashMap::new(),
            parts: HashMap::new(),
            grants: HashMap::new(),
        };
        comparison.masters = comparison.intern(everything());
        comparison
    }

    /// What changes for somebody who is one user before and another afterwards.
    pub(super) fn change(&mut self, before: &User, after: &User) -> RightsChange {
        let (holds_before, holds_after) = (self.holding(self.before, before), self.holding(self.after, after));
        let (cluster_before, cluster_after) = (self.ids_of(&holds_before, None), self.ids_of(&holds_after, None));
        let mut change = Collected::default();
        let cluster = self.diff([cluster_before.clone(), cluster_after.clone(), Vec::new(), Vec::new()]);
        let gained_through = self.through(&holds_after.cluster, &cluster.gains);
        let lost_through = self.through(&holds_before.cluster, &cluster.losses);
        let had = self.parts(&cluster.gains, &holds_before);
        let kept = self.parts(&cluster.losses, &holds_after);
        change.gains.add_cluster(cluster.gains, gained_through, had);
        change.losses.add_cluster(cluster.losses, lost_through, kept);
        let escalations_before = self.escalations(&cluster_before, &[], Scope::Cluster);
        let escalations_after = self.escalations(&cluster_after, &[], Scope::Cluster);
        for escalation in new(&escalations_after, &escalations_before) {
            change.escalation(Where::Cluster, escalation);
        }
        self.still(Where::Cluster, [&holds_before.cluster, &holds_after.cluster], &[], &mut change);

        let namespaces: BTreeSet<&str> =
            holds_before.namespaces.keys().chain(holds_after.namespaces.keys()).copied().collect();
        for namespace in namespaces {
            let place = Where::Namespace(namespace);
            let (here_before, here_after) =
                (self.ids_of(&holds_before, Some(namespace)), self.ids_of(&holds_after, Some(namespace)));
            if here_before == here_after {
                continue;
            }
            let key = [cluster_before.clone(), cluster_after.clone(), here_before.clone(), here_after.clone()];
            let diff = self.diff(key);
            let nothing = Vec::new();
            let bound_before = holds_before.namespaces.get(namespace).unwrap_or(&nothing);
            let bound_after = holds_after.namespaces.get(namespace).unwrap_or(&nothing);
            if !diff.gains.is_empty() {
                let scope = Scope::Namespace(namespace);
                let had = self.escalations(&cluster_before, &here_before, scope);
                for escalation in new(&self.escalations(&cluster_after, &here_after, scope), &had) {
                    if !escalations_after.contains(&escalation) {
                        change.escalation(place, escalation);
                    }
                }
            }
            let gained_through = self.through(bound_after, &diff.gains);
            let lost_through = self.through(bound_before, &diff.losses);
            change.gains.add(namespace, diff.gains, gained_through);
            change.losses.add(namespace, diff.losses, lost_through);
            self.still(place, [bound_before, bound_after], &holds_after.cluster, &mut change);
        }
        change.finish()
    }

    fn holding<'i>(&mut self, index: &'i Index, user: &User) -> Holding<'i> {
        let mut holding = Holding { is_master: user.is_master(), ..Holding::default() };
        let mut seen = HashSet::new();
        for binding in index.bindings_of(user) {
            if !seen.insert(std::ptr::from_ref(binding)) {
                continue; // It names several of the user's groups.
            }
            let Some(role) = index.role_of(binding) else { continue };
            let id = match self.of_role.get(&std::ptr::from_ref(role)) {
                Some(id) => *id,
                None => {
                    let id = self.intern(role.rules.clone());
                    self.of_role.insert(std::ptr::from_ref(role), id);
                    id
                }
            };
            match binding.namespace.as_deref() {
                None => holding.cluster.push((id, binding)),
                Some(namespace) => holding.namespaces.entry(namespace).or_default().push((id, binding)),
            }
        }
        holding
    }

    fn ids_of(&self, holding: &Holding<'_>, namespace: Option<&str>) -> Held {
        let bound = match namespace {
            None => Some(&holding.cluster),
            Some(namespace) => holding.namespaces.get(namespace),
        };
        let mut ids: Held = bound.into_iter().flatten().map(|(id, _)| *id).collect();
        if namespace.is_none() && holding.is_master {
            ids.push(self.masters);
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn intern(&mut self, rules: Vec<Rule>) -> RulesId {
        if let Some(id) = self.ids.get(&rules) {
            return *id;
        }
        let id = RulesId::try_from(self.rules.len()).expect("fewer roles than fit into memory");
        self.ids.insert(rules.clone(), id);
        self.rules.push(rules);
        id
    }

    fn rules_of<'s>(&'s self, held: &'s [RulesId]) -> impl Iterator<Item = &'s Rule> + Clone {
        held.iter().flat_map(|id| &self.rules[*id as usize])
    }

    /// What changes in one place, by what is held in the cluster and there, before and after.
    fn diff(&mut self, key: [Held; 4]) -> Diff {
        if let Some(diff) = self.diffs.get(&key) {
            return diff.clone();
        }
        let [cluster_before, cluster_after, here_before, here_after] = &key;
        let diff = Diff {
            gains: self.new_rights([cluster_before, here_before], [cluster_after, here_after]),
            losses: self.new_rights([cluster_after, here_after], [cluster_before, here_before]),
        };
        self.diffs.insert(key, diff.clone());
        diff
    }

    /// What the second holds and the first does not; of a namespace without what the second holds everywhere.
    fn new_rights(&self, first: [&Held; 2], second: [&Held; 2]) -> Arc<[Right]> {
        let of_place = usize::from(!(first[1].is_empty() && second[1].is_empty()));
        let new = second[of_place].iter().filter(|id| !first[of_place].contains(id)).copied().collect::<Held>();
        let had = || self.rules_of(first[0]).chain(self.rules_of(first[1]));
        let is_new = |atom: &Atom| {
            !atom.is_allowed_by(had()) && (of_place == 0 || !atom.is_allowed_by(self.rules_of(second[0])))
        };
        let new: Vec<Atom> = Atom::of_rules(self.rules_of(&new)).into_iter().filter(is_new).collect();
        if new.is_empty() {
            return Arc::new([]);
        }
        let had = Atom::of_rules(had());
        let right = |atom: Atom| {
            let parts: BTreeSet<Atom> =
                if atom.has_parts() { had.iter().filter_map(|had| atom.and(had)).collect() } else { BTreeSet::new() };
            Right { atom, except: parts.into_iter().collect() }
        };
        new.into_iter().map(right).collect()
    }

    /// The roles that some of the rights come from.
    fn through(&mut self, bound: &[Bound<'_>], rights: &Arc<[Right]>) -> Vec<RoleReference> {
        let mut roles = BTreeSet::new();
        for (id, binding) in bound {
            let rules = &self.rules[*id as usize];
            let grants = || rights.iter().any(|right| right.atom.is_allowed_by(rules));
            if !rights.is_empty() && *self.grants.entry((rights.as_ptr(), *id)).or_insert_with(grants) {
                roles.insert(&binding.role);
            }
        }
        roles.into_iter().cloned().collect()
    }

    /// What of rights in the whole cluster is held in namespaces.
    fn parts(&mut self, rights: &Arc<[Right]>, holding: &Holding<'_>) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        if rights.is_empty() {
            return parts;
        }
        for (namespace, bound) in &holding.namespaces {
            let mut held: Held = bound.iter().map(|(id, _)| *id).collect();
            held.sort_unstable();
            held.dedup();
            let key = (rights.as_ptr(), held);
            let part = match self.parts.get(&key) {
                Some(part) => Arc::clone(part),
                None => {
                    let here = Atom::of_rules(self.rules_of(&key.1));
                    let both = rights.iter().flat_map(|right| here.iter().filter_map(|here| right.atom.and(here)));
                    let part: Arc<[Atom]> = both.collect::<BTreeSet<_>>().into_iter().collect();
                    self.parts.insert(key, Arc::clone(&part));
                    part
                }
            };
            if part.is_empty() {
                continue;
            }
            match parts.iter_mut().find(|known| Arc::ptr_eq(&known.rights, &part)) {
                Some(known) => known.namespaces.push((*namespace).into()),
                None => parts.push(Part { namespaces: vec![(*namespace).into()], rights: part }),
            }
        }
        parts
    }

    fn escalations(&self, cluster: &[RulesId], here: &[RulesId], scope: Scope<'_>) -> Vec<&'static Escalation> {
        let rules: Vec<&Rule> = self.rules_of(cluster).chain(self.rules_of(here)).collect();
        escalations(&rules, scope)
    }

    /// What the person's own bindings in one place granted and only others' bindings grant now.
    fn still(&mut self, place: Where<'_>, bound: [&[Bound<'_>]; 2], everywhere: &[Bound<'_>], change: &mut Collected) {
        let [before, after] = bound;
        let stays = |(id, binding): &Bound<'_>| after.iter().any(|(other, b)| other == id && b.name == binding.name);
        let mut taken: Held = before.iter().filter(|bound| !stays(bound)).map(|(id, _)| *id).collect();
        taken.sort_unstable();
        taken.dedup();
        if taken.is_empty() {
            return;
        }
        let (ours, others): (Vec<Bound<'_>>, Vec<Bound<'_>>) =
            after.iter().chain(everywhere).copied().partition(|(_, binding)| self.is_ours(binding));
        let ours: Held = ours.into_iter().map(|(id, _)| id).collect();
        for (id, binding) in others {
            let key = [taken.clone(), ours.clone(), vec![id]];
            let rights = match self.still.get(&key) {
                Some(rights) => Arc::clone(rights),
                None => {
                    let lost = Atom::of_rules(self.rules_of(&taken));
                    let kept = Atom::of_rules(&self.rules[id as usize]);
                    let both = lost.iter().flat_map(|lost| kept.iter().filter_map(|kept| lost.and(kept)));
                    let only_theirs = both.filter(|atom| !atom.is_allowed_by(self.rules_of(&ours)));
                    let rights: Arc<[Atom]> = without_repetition(only_theirs.collect()).into_iter().collect();
                    self.still.insert(key, Arc::clone(&rights));
                    rights
                }
            };
            if !rights.is_empty() {
                change.still(place, binding, rights);
            }
        }
    }

    /// Whether the file asks for a binding.
    fn is_ours(&self, binding: &Binding) -> bool {
        self.ours.contains(&(binding.namespace.as_deref(), &*binding.name))
    }
}

/// What members of `system:masters` hold, as rules: the API server asks nobody for them.
fn everything() -> Vec<Rule> {
    let any = || vec![Box::from("*")];
    vec![
        Rule { verbs: any(), api_groups: any(), resources: any(), ..Rule::default() },
        Rule { verbs: any(), non_resource_urls: any(), ..Rule::default() },
    ]
}

fn new(after: &[&'static Escalation], before: &[&'static Escalation]) -> Vec<&'static Escalation> {
    after.iter().filter(|escalation| !before.contains(escalation)).copied().collect()
}

/// One place.
#[derive(Clone, Copy)]
enum Where<'a> {
    Cluster,
    Namespace(&'a str),
}

/// Changes as they are found, those of namespaces that are alike together.
#[derive(Default)]
struct Collected {
    gains: Group,
    losses: Group,
    still: Vec<Still>,
    escalations: Vec<Gained>,
}

#[derive(Default)]
struct Group {
    rights: Vec<Rights>,
    /// By the address of what is shared, so that nothing long is compared.
    by_rights: HashMap<(*const Right, Vec<RoleReference>), usize>,
}

impl Group {
    fn add_cluster(&mut self, rights: Arc<[Right]>, through: Vec<RoleReference>, except: Vec<Part>) {
        if !rights.is_empty() {
            self.rights.push(Rights { place: Place::Cluster, rights, through, except });
        }
    }

    fn add(&mut self, namespace: &str, rights: Arc<[Right]>, through: Vec<RoleReference>) {
        if rights.is_empty() {
            return;
        }
        let at = *self.by_rights.entry((rights.as_ptr(), through.clone())).or_insert_with(|| {
            let (place, except) = (Place::Namespaces(Vec::new()), Vec::new());
            self.rights.push(Rights { place, rights, through, except });
            self.rights.len() - 1
        });
        self.rights[at].place.push(namespace);
    }
}

impl Collected {
    fn escalation(&mut self, place: Where<'_>, escalation: &'static Escalation) {
        let known = |gained: &&mut Gained| gained.escalation == escalation && gained.place != Place::Cluster;
        match (place, self.escalations.iter_mut().find(known)) {
            (Where::Namespace(namespace), Some(known)) => known.place.push(namespace),
            (place, _) => self.escalations.push(Gained { place: place.into(), escalation }),
        }
    }

    fn still(&mut self, place: Where<'_>, binding: &Binding, rights: Arc<[Atom]>) {
        let by = ObjectId::of_binding(binding);
        let known = |still: &&mut Still| still.by == by && still.rights == rights && still.place != Place::Cluster;
        match (place, self.still.iter_mut().find(known)) {
            (Where::Namespace(namespace), Some(known)) => known.place.push(namespace),
            (place, _) => self.still.push(Still { place: place.into(), by, role: binding.role.clone(), rights }),
        }
    }

    fn finish(self) -> RightsChange {
        let Self { gains, losses, still, escalations } = self;
        RightsChange { gains: gains.rights, losses: losses.rights, still, escalations }
    }
}

impl Place {
    fn push(&mut self, namespace: &str) {
        match self {
            Self::Cluster => {}
            Self::Namespaces(namespaces) => namespaces.push(namespace.into()),
        }
    }
}

impl From<Where<'_>> for Place {
    fn from(place: Where<'_>) -> Self {
        match place {
            Where::Cluster => Self::Cluster,
            Where::Namespace(namespace) => Self::Namespaces(vec![namespace.into()]),
        }
    }
}

impl RightsChange {
    /// Whether nothing is gained or lost.
    pub fn is_empty(&self) -> bool {
        self.gains.is_empty() && self.losses.is_empty()
    }
}

impl Rights {
    /// Whether a request is one of these rights.
    pub fn cover(&self, request: &Request<'_>) -> bool {
        let namespace = match request {
            Request::Resource(request) => request.namespace,
            Request::Url { .. } => "",
        };
        let within = |namespaces: &[Box<str>]| namespaces.iter().any(|name| **name == *namespace);
        let is_here = match &self.place {
            Place::Cluster => true,
            Place::Namespaces(namespaces) => within(namespaces),
        };
        let one_of = |atoms: &[Atom]| atoms.iter().any(|atom| atom.rule().allows(request));
        let is_right = |right: &Right| right.atom.rule().allows(request) && !one_of(&right.except);
        is_here
            && self.rights.iter().any(is_right)
            && !self.except.iter().any(|part| within(&part.namespaces) && one_of(&part.rights))
    }
}
