//! Bindings made comparable: names and rules as numbers, the same before and after.

use std::{collections::HashMap, sync::Arc};

use super::{EVERYTHING, PolicyRights, Through};
use crate::{AnyRole, Binding, Index, RoleReference, Rule, User};

/// The place that is not a namespace.
pub(super) const CLUSTER: u32 = 0;

/// What has a number.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// From 1, in the order of their names.
    namespaces: Vec<Arc<str>>,
    rules: Vec<&'a [Rule]>,
    roles: Vec<Source<'a>>,
    /// Sorted lists of numbers without repetition, of rules or of roles; the first is empty.
    sets: Vec<Box<[u32]>>,
    numbers_of_rules: HashMap<&'a [Rule], u32>,
    numbers_of_roles: HashMap<Source<'a>, u32>,
    numbers_of_sets: HashMap<Box<[u32]>, u32>,
    /// The rules of `system:masters`.
    masters: u32,
}

/// What has rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source<'a> {
    Role(RoleReference<&'a str>),
    Policy(&'a str),
}

/// A binding that grants somebody something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BoundRules {
    /// [`CLUSTER`], or a namespace.
    pub(super) place: u32,
    /// The rules that it grants.
    pub(super) rules: u32,
    /// The role that has them.
    pub(super) role: u32,
    /// Its place in the index; none has the last one, which stands for what no binding grants.
    at: u32,
}

/// One state, by numbers.
#[derive(Debug)]
pub(super) struct State<'a> {
    index: &'a Index,
    /// Each binding of the index, but for those whose role does not exist.
    bound: Vec<Option<BoundRules>>,
}

impl<'a> Known<'a> {
    pub(super) fn new<'n>(indexes: [&Index; 2], namespaces: impl IntoIterator<Item = &'n str>) -> Self {
        let bindings = indexes.into_iter().flat_map(Index::bindings);
        let mut bound: Vec<&str> = bindings.filter_map(Binding::namespace).collect();
        bound.sort_unstable();
        bound.dedup();
        let mut names: Vec<Arc<str>> =
            bound.into_iter().map(Arc::from).chain(namespaces.into_iter().map(Arc::from)).collect();
        names.sort_unstable();
        names.dedup();
        let (rules, roles, numbers_of_rules, numbers_of_roles, numbers_of_sets) = Default::default();
        let sets = vec![Box::default()];
        let mut known = Self {
            namespaces: names,
            rules,
            roles,
            sets,
            numbers_of_rules,
            numbers_of_roles,
            numbers_of_sets,
            masters: 0,
        };
        known.numbers_of_sets.insert(Box::default(), 0);
        known.masters = known.number_of_rules(&*EVERYTHING);
        known
    }

    /// The name of a place that is a namespace.
    pub(super) fn namespace(&self, place: u32) -> Arc<str> {
        Arc::clone(&self.namespaces[place as usize - 1])
    }

    /// The place of a namespace that the comparison was made with.
    fn place(&self, namespace: &str) -> u32 {
        let at = self.namespaces.binary_search_by(|known| (**known).cmp(namespace));
        number(at.expect("a namespace that was named to Comparison::new") + 1)
    }

    /// What bindings of one place grant.
    pub(super) fn held(&mut self, bound: &[BoundRules]) -> u32 {
        self.set(bound.iter().map(|bound| bound.rules).collect())
    }

    /// The number of a set.
    pub(super) fn set(&mut self, mut numbers: Vec<u32>) -> u32 {
        numbers.sort_unstable();
        numbers.dedup();
        if let Some(number) = self.numbers_of_sets.get(&*numbers) {
            return *number;
        }
        let number = number(self.sets.len());
        self.sets.push(numbers.clone().into());
        self.numbers_of_sets.insert(numbers.into(), number);
        number
    }

    /// The numbers in a set.
    pub(super) fn ids(&self, set: u32) -> &[u32] {
        &self.sets[set as usize]
    }

    /// The rules of a set of them.
    pub(super) fn rules(&self, set: u32) -> impl Iterator<Item = &'a Rule> + Clone {
        self.ids(set).iter().flat_map(|id| self.rules[*id as usize])
    }

    /// The rules with one number.
    pub(super) fn rules_of_one(&self, id: u32) -> &'a [Rule] {
        self.rules[id as usize]
    }

    /// The roles and policies of a set of them, in order.
    pub(super) fn roles(&self, set: u32) -> Vec<Through> {
        let through = |source: &Source<'_>| match source {
            Source::Role(role) => Through::Role(role.into_owned()),
            Source::Policy(name) => Through::Policy((*name).into()),
        };
        let mut roles: Vec<Through> =
            self.ids(set).iter().filter_map(|id| self.roles.get(*id as usize)).map(through).collect();
        roles.sort();
        roles
    }

    fn number_of_rules(&mut self, rules: &'a [Rule]) -> u32 {
        let next = number(self.rules.len());
        let known = *self.numbers_of_rules.entry(rules).or_insert(next);
        if known == next {
            self.rules.push(rules);
        }
        known
    }

    fn number_of_role(&mut self, role: Source<'a>) -> u32 {
        let next = number(self.roles.len());
        let known = *self.numbers_of_roles.entry(role).or_insert(next);
        if known == next {
            self.roles.push(role);
        }
        known
    }
}

impl<'a> State<'a> {
    pub(super) fn new(index: &'a Index, known: &mut Known<'a>) -> Self {
        // Most roles are bound many times.
        let mut of_role: HashMap<*const AnyRole, u32> = HashMap::new();
        let places: HashMap<Arc<str>, u32> =
            known.namespaces.iter().zip(1..).map(|(name, place)| (Arc::clone(name), place)).collect();
        let mut bound = |(at, binding): (usize, &'a Binding)| {
            let role = index.role_of(binding)?;
            let rules = *of_role.entry(std::ptr::from_ref(role)).or_insert_with(|| known.number_of_rules(role.rules()));
            let place = binding.namespace().map_or(CLUSTER, |name| places[name]);
            Some(BoundRules { place, rules, role: known.number_of_role(Source::Role(binding.role())), at: number(at) })
        };
        let bound = index.bindings().iter().enumerate().map(&mut bound).collect();
        Self { index, bound }
    }

    /// What a user holds, in the order of places.
    pub(super) fn held_by(&self, user: &User, policies: &[PolicyRights<'a>], known: &mut Known<'a>) -> Vec<BoundRules> {
        let first = self.index.bindings().as_ptr().addr();
        let position = |binding: &Binding| (std::ptr::from_ref(binding).addr() - first) / size_of::<Binding>();
        let mut held: Vec<BoundRules> =
            self.index.bindings_of(user).filter_map(|binding| self.bound[position(binding)]).collect();
        if user.is_master() {
            held.push(BoundRules { place: CLUSTER, rules: known.masters, role: u32::MAX, at: u32::MAX });
        }
        held.extend(policies.iter().map(|PolicyRights { namespace, rules, policy }| BoundRules {
            place: namespace.as_deref().map_or(CLUSTER, |name| known.place(name)),
            rules: known.number_of_rules(rules),
            role: known.number_of_role(Source::Policy(policy)),
            at: u32::MAX,
        }));
        // A binding that names several of the user's groups comes several times.
        held.sort_unstable();
        held.dedup();
        held
    }

    /// The binding itself.
    pub(super) fn binding(&self, bound: &BoundRules) -> &'a Binding {
        &self.index.bindings()[bound.at as usize]
    }
}

impl BoundRules {
    /// What tells two of one place apart.
    pub(super) fn binding(&self) -> (u32, u32) {
        (self.rules, self.role)
    }

    /// Whether a binding grants it: neither membership in `system:masters` nor a policy.
    pub(super) fn is_of_binding(&self) -> bool {
        self.at != u32::MAX
    }
}

fn number(of: usize) -> u32 {
    u32::try_from(of).expect("fewer than fit into memory")
}
