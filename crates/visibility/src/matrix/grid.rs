//! What everybody holds in every place, by numbers: people who are alike, namespaces that are alike and sets of roles that
//! are alike are looked at once, so that a hundred thousand bindings of a few hundred roles are a few hundred questions.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, LazyLock},
};

use inventory::Extent;
use rbac::{
    AnyRole, Binding, Rule, User,
    escalation::{Scope, Within},
};

use super::{
    Cell, Column, MatrixResource, Row,
    levels::{LevelForm, Spot},
    resources::ResourceForm,
    rows::{Member, RowSubject},
};
use crate::{Associated, Resources, World};

/// What stands for membership in `system:masters`.
static EVERYTHING: LazyLock<[Rule; 2]> = LazyLock::new(|| {
    let any = || vec![Box::from("*")];
    let objects = Rule { verbs: any(), api_groups: any(), resources: any(), ..Rule::default() };
    [objects, Rule { verbs: any(), non_resource_urls: any(), ..Rule::default() }]
});

/// Namespaces of Kubernetes' own: who may do more in the whole cluster may escalate privileges there.
const SPECIAL: [Within; 2] = [Within::Privileged, Within::KubeSystem];

/// The whole cluster, as a place; namespaces are numbered from 0.
const CLUSTER: Option<u32> = None;

/// The world, numbered.
pub(super) struct NumberedWorld<'a> {
    world: &'a World,
    form: Form<'a>,
    namespaces: Vec<Arc<str>>,
    numbers_of_namespaces: HashMap<Arc<str>, u32>,
    numbers: Numbers<'a>,
    /// What each binding of the index grants, and where, from when it is first asked for: most of a large cluster's may be
    /// nobody's who is shown.
    bound: Vec<Option<BoundRules>>,
    /// The numbers of what each EKS access policy of the world allows, where that is known.
    policies: Vec<Option<u32>>,
    masters: u32,
}

/// What is one row: whether it stands alone, the cells of the whole cluster and of elsewhere, and those of namespaces.
type Alike = (Option<usize>, u32, u32, Vec<(u32, u32)>);

/// Rows and columns.
pub(super) struct Grid<'a> {
    pub(super) rows: Vec<Row<'a>>,
    pub(super) cells: Vec<Cell>,
    pub(super) namespaces: Vec<Arc<str>>,
    /// How many of them are shown.
    pub(super) shown: usize,
    pub(super) columns: Vec<Column>,
}

enum Form<'a> {
    Levels(Box<LevelForm<'a>>),
    Resources(ResourceForm<'a>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct BoundRules {
    place: Option<u32>,
    rules: u32,
}

impl<'a> NumberedWorld<'a> {
    pub(super) fn new(world: &'a World, resources: &'a Resources, asked: &'a [MatrixResource]) -> Self {
        let index = world.index();
        let form = if asked.is_empty() {
            let anybody = User::authenticated("", [""; 0]);
            let everybody: HashSet<&Rule> = index
                .bindings_of(&anybody)
                .filter(|binding| binding.namespace().is_none())
                .filter_map(|binding| index.role_of(binding))
                .flat_map(|role| role.rules().iter())
                .collect();
            Form::Levels(Box::new(LevelForm::new(everybody, resources)))
        } else {
            Form::Resources(ResourceForm::new(asked))
        };
        let namespaces: Vec<Arc<str>> = world.namespaces().map(Arc::from).collect();
        let numbers_of_namespaces = namespaces.iter().cloned().zip(0..).collect();
        let bound = vec![None; index.bindings().len()];
        let (numbers, policies) = Default::default();
        let mut held = Self { world, form, namespaces, numbers_of_namespaces, numbers, bound, policies, masters: 0 };
        held.masters = held.numbers.of_rules(&*EVERYTHING, &mut held.form);
        let mut number =
            |associated: &'a Associated| Some(held.numbers.of_rules(&associated.policy?.rules, &mut held.form));
        held.policies = world.policies().iter().map(&mut number).collect();
        held
    }

    fn bound(&mut self, binding: &'a Binding) -> BoundRules {
        let index = self.world.index();
        let at = (std::ptr::from_ref(binding).addr() - index.bindings().as_ptr().addr()) / size_of::<Binding>();
        if let Some(bound) = self.bound[at] {
            return bound;
        }
        let place = binding.namespace().map(|name| self.numbers_of_namespaces[name]);
        let rules = match index.role_of(binding) {
            Some(role) => self.numbers.of_role(role, &mut self.form),
            None => {
                let is_unknown = self.world.lacks_role_of(binding);
                self.numbers.of_missing((binding.role().name, is_unknown), &mut self.form)
            }
        };
        *self.bound[at].insert(BoundRules { place, rules })
    }

    /// Every holder's cells, those who are alike in one row; of namespaces only those that one of the globs matches.
    pub(super) fn grid(mut self, holders: Vec<RowSubject<'a>>, globs: &[String]) -> Grid<'a> {
        let is_shown = |name: &str| globs.is_empty() || globs.iter().any(|glob| access::glob(glob, name));
        let shown: Vec<bool> = self.namespaces.iter().map(|name| is_shown(name)).collect();
        let standings: Vec<Within> = self.namespaces.iter().map(|name| Scope::Namespace(name).standing()).collect();
        let special = (0..).zip(&standings).filter_map(|(namespace, standing)| {
            let at = SPECIAL.iter().position(|special| special == standing)?;
            Some((namespace, at))
        });
        let special: Vec<(u32, usize)> = special.collect();
        // Of what was given piece by piece only that is said.
        let (knowledge, is_whole) = (&self.world.knowledge, self.world.is_whole());
        let reads_all = self.world.has_read_all_given;
        let knows = |namespace: Option<&str>| reads_all && (!is_whole || knowledge.of_bindings_in(namespace));
        let knows_rest =
            reads_all && (!is_whole || (knowledge.cluster_role_bindings && knowledge.role_bindings == Extent::All));
        let mut cells = Cells::default();
        let mut alike: HashMap<Alike, Vec<Member<'a>>> = HashMap::new();
        for holder in holders {
            let held = self.held_by(&holder);
            let doubtful = self.world.variants.as_ref().map(|variants| variants.doubtful(&holder.user));
            let doubtful = doubtful.unwrap_or_default();
            let is_clear = !holder.is_doubtful && !doubtful.contains(&None);
            let knows = |namespace: Option<&str>| knows(namespace) && is_clear && !doubtful.contains(&namespace);
            let knows_rest = knows_rest && is_clear;
            let of = |place: Option<u32>| {
                let from = held.partition_point(|bound| bound.place < place);
                let to = held.partition_point(|bound| bound.place <= place);
                held[from..to].iter().map(|bound| bound.rules).collect::<Vec<u32>>()
            };
            let of_cluster = cells.set(of(CLUSTER));
            let is_everybody = holder.members.first().is_some_and(Member::is_built_in);
            let mut cell =
                |place: u32, spot, is_known| cells.cell(&self.form, [of_cluster, place], spot, is_everybody, is_known);
            let cluster = cell(0, Spot::Cluster, knows(None));
            let elsewhere = cell(0, Spot::Namespace(Within::Anywhere), knows_rest);
            // Where nothing is bound, only Kubernetes' own namespaces are not like the others, and those that are known.
            let mut places: BTreeMap<u32, u32> = BTreeMap::new();
            if !knows_rest {
                for (namespace, _) in (0..).zip(&self.namespaces).filter(|(_, name)| knows(Some(name))) {
                    places.insert(namespace, cell(0, Spot::Namespace(Within::Anywhere), true));
                }
            }
            for (namespace, at) in &special {
                let is_known = knows(Some(&self.namespaces[*namespace as usize]));
                places.insert(*namespace, cell(0, Spot::Namespace(SPECIAL[*at]), is_known));
            }
            for namespace in held.chunk_by(|a, b| a.place == b.place).filter_map(|bound| bound[0].place) {
                let set = cells.set(of(Some(namespace)));
                let spot = Spot::Namespace(standings[namespace as usize]);
                let is_known = knows(Some(&self.namespaces[namespace as usize]));
                let cell = cells.cell(&self.form, [of_cluster, set], spot, is_everybody, is_known);
                places.insert(namespace, cell);
            }
            for name in doubtful.iter().flatten() {
                let Some(namespace) = self.numbers_of_namespaces.get(*name) else { continue };
                let spot = Spot::Namespace(standings[*namespace as usize]);
                let here = || cells.cell(&self.form, [of_cluster, 0], spot, is_everybody, false);
                places.entry(*namespace).or_insert_with(here);
            }
            let places: Vec<(u32, u32)> = places
                .into_iter()
                .filter(|(namespace, cell)| shown[*namespace as usize] && *cell != elsewhere)
                .collect();
            // Everybody is never one of several.
            let alone = is_everybody.then_some(alike.len());
            alike.entry((alone, cluster, elsewhere, places)).or_default().extend(holder.members);
        }
        let mut rows: Vec<Row<'a>> = alike
            .into_iter()
            .map(|((_, cluster, elsewhere, places), mut members)| {
                members.sort();
                Row { members, cluster, elsewhere, places }
            })
            .collect();
        let cells = cells.cells;
        let privilege_order = |at: u32| cells[at as usize].privilege_order();
        rows.sort_by_cached_key(|row| {
            let in_places = row.places.iter().map(|(_, cell)| privilege_order(*cell)).max();
            (std::cmp::Reverse((privilege_order(row.cluster), in_places)), row.members.first().cloned())
        });
        rows.sort_by_key(|row| !row.members.iter().any(Member::is_built_in));
        let columns = self.columns(&rows, &shown);
        let shown = shown.into_iter().filter(|is_shown| *is_shown).count();
        Grid { rows, cells, namespaces: self.namespaces, shown, columns }
    }

    /// What somebody holds, in the order of places.
    fn held_by(&mut self, holder: &RowSubject<'a>) -> Vec<BoundRules> {
        let index = self.world.index();
        let mut held: Vec<BoundRules> = index.bindings_of(&holder.user).map(|binding| self.bound(binding)).collect();
        if holder.user.is_master() {
            held.push(BoundRules { place: CLUSTER, rules: self.masters });
        }
        for at in &holder.policies {
            let Some(rules) = self.policies[*at] else { continue };
            let associated = &self.world.policies()[*at];
            if associated.association.namespaces.is_none() {
                held.push(BoundRules { place: CLUSTER, rules });
                continue;
            }
            let within = (0..).zip(&self.namespaces).filter(|(_, name)| associated.holds_in(name));
            held.extend(within.map(|(namespace, _)| BoundRules { place: Some(namespace), rules }));
        }
        held.sort_unstable();
        held.dedup();
        held
    }

    /// The whole cluster, the namespaces that rows tell apart, and the others.
    fn columns(&self, rows: &[Row<'_>], shown: &[bool]) -> Vec<Column> {
        let mut of_namespace: Vec<Vec<(usize, u32)>> = vec![Vec::new(); self.namespaces.len()];
        for (at, row) in rows.iter().enumerate() {
            for (namespace, cell) in &row.places {
                of_namespace[*namespace as usize].push((at, *cell));
            }
        }
        let mut alike: HashMap<Vec<(usize, u32)>, Vec<usize>> = HashMap::new();
        for (namespace, cells) in of_namespace.into_iter().enumerate().filter(|(at, _)| shown[*at]) {
            alike.entry(cells).or_default().push(namespace);
        }
        let names =
            |namespaces: Vec<usize>| namespaces.into_iter().map(|at| Arc::clone(&self.namespaces[at])).collect();
        let others = alike.remove(&Vec::new()).map(|others| Column::Others(names(others)));
        let mut namespaces: Vec<Vec<usize>> = alike.into_values().collect();
        namespaces.sort();
        let namespaces = namespaces.into_iter().map(|alike| Column::Namespaces(names(alike)));
        [Column::Cluster].into_iter().chain(namespaces).chain(others).collect()
    }
}

/// The numbers that lists of rules have; each is asked once.
#[derive(Default)]
struct Numbers<'a> {
    of_role: HashMap<*const AnyRole, u32>,
    of_rules: HashMap<&'a [Rule], u32>,
    /// By name, and whether it could not be read.
    of_missing: HashMap<(&'a str, bool), u32>,
    next: u32,
}

impl<'a> Numbers<'a> {
    fn of_role(&mut self, role: &'a AnyRole, form: &mut Form<'a>) -> u32 {
        let at = std::ptr::from_ref(role);
        if let Some(number) = self.of_role.get(&at) {
            return *number;
        }
        let number = self.of_rules(role.rules(), form);
        self.of_role.insert(at, number);
        number
    }

    fn of_rules(&mut self, rules: &'a [Rule], form: &mut Form<'a>) -> u32 {
        let number = *self.of_rules.entry(rules).or_insert(self.next);
        if number == self.next {
            self.next += 1;
            match form {
                Form::Levels(form) => form.take(rules),
                Form::Resources(form) => form.take(rules),
            }
        }
        number
    }

    fn of_missing(&mut self, role: (&'a str, bool), form: &mut Form<'a>) -> u32 {
        let number = *self.of_missing.entry(role).or_insert(self.next);
        if number == self.next {
            self.next += 1;
            match form {
                Form::Levels(form) => form.take_missing(role.0, role.1),
                Form::Resources(form) => form.take_missing(role.1),
            }
        }
        number
    }
}

/// Cells and sets of numbers, each once.
#[expect(clippy::struct_field_names, reason = "each is about cells")]
struct Cells {
    sets: Vec<Box<[u32]>>,
    numbers_of_sets: HashMap<Box<[u32]>, u32>,
    cells: Vec<Cell>,
    numbers_of_cells: HashMap<Cell, u32>,
    known: HashMap<([u32; 2], Spot, [bool; 2]), u32>,
}

impl Default for Cells {
    /// The first set is the empty one.
    fn default() -> Self {
        let (cells, numbers_of_cells, known) = Default::default();
        let numbers_of_sets = HashMap::from([(Box::default(), 0)]);
        Self { sets: vec![Box::default()], numbers_of_sets, cells, numbers_of_cells, known }
    }
}

impl Cells {
    fn set(&mut self, numbers: Vec<u32>) -> u32 {
        let numbers = numbers.into_boxed_slice();
        if let Some(number) = self.numbers_of_sets.get(&numbers) {
            return *number;
        }
        let new = number(self.sets.len());
        self.sets.push(numbers.clone());
        self.numbers_of_sets.insert(numbers, new);
        new
    }

    fn cell(&mut self, form: &Form<'_>, held: [u32; 2], spot: Spot, is_everybody: bool, is_known: bool) -> u32 {
        let key = (held, spot, [is_everybody, is_known]);
        if let Some(number) = self.known.get(&key) {
            return *number;
        }
        let [of_cluster, of_place] = held.map(|set| &*self.sets[set as usize]);
        let (cell, is_known) = match form {
            // A level says by name which roles are not known.
            Form::Levels(form) => (form.cell(of_cluster, of_place, spot, is_everybody), is_known),
            Form::Resources(form) => {
                let knows = form.knows(of_cluster.iter().chain(of_place).copied());
                (form.cell(of_cluster, of_place), is_known && knows)
            }
        };
        let cell = if is_known { cell } else { Cell::AtLeast(Box::new(cell)) };
        let next = number(self.cells.len());
        let found = *self.numbers_of_cells.entry(cell.clone()).or_insert(next);
        if found == next {
            self.cells.push(cell);
        }
        self.known.insert(key, found);
        found
    }
}

fn number(of: usize) -> u32 {
    u32::try_from(of).expect("fewer than fit into memory")
}
