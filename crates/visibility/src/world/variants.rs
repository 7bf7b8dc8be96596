//! Objects that stand there twice and differ: what holds whichever of the two a cluster has.

use std::collections::BTreeSet;

use rbac::{AnyRole, Binding, Index, Objects, Rule, User};

/// What is granted at least, and at most: rights only add up, so that whatever combination a cluster has lies between.
#[derive(Debug)]
pub(crate) struct Variants {
    least: Index,
    most: Index,
}

impl Variants {
    /// Of the objects that count, and those of the same names that do not; `None` if there are none of these.
    pub(super) fn new(objects: &Objects, others: &Objects) -> Option<Self> {
        if others.roles.is_empty() && others.bindings.is_empty() {
            return None;
        }
        let (mut least, mut most) = (objects.clone(), objects.clone());
        for other in &others.roles {
            if let Some(role) = least.roles.iter_mut().find(|role| is_of(role, other)) {
                *role = of_both(role, other);
            }
            if let Some(role) = most.roles.iter_mut().find(|role| is_of(role, other)) {
                *role = of_either(role, other);
            }
        }
        // What is chosen by labels is chosen by those of the other one as well; nobody binds this name.
        let chosen = others.roles.iter().filter_map(AnyRole::as_cluster_role).enumerate().map(|(at, role)| {
            let mut role = role.clone();
            role.name = format!("{} ({at})", role.name).into();
            AnyRole::from(role)
        });
        most.roles.extend(chosen);
        for other in &others.bindings {
            let is_it = |binding: &Binding| binding.kind() == other.kind() && binding.id() == other.id();
            let by_both = |binding: &Binding| {
                let subjects = binding.subjects().iter().filter(|subject| other.subjects().contains(subject));
                let is_same = binding.role() == other.role();
                let subjects: Vec<_> = subjects.filter(|_| is_same).cloned().collect();
                let (namespace, name) = binding.id();
                let role = binding.role().into_owned();
                Binding::new(namespace.map(Box::from), name.into(), role, subjects, binding.origin())
            };
            least.bindings = least
                .bindings
                .into_iter()
                .filter_map(|binding| if is_it(&binding) { by_both(&binding) } else { Some(binding) })
                .collect();
        }
        most.bindings.extend(others.bindings.iter().cloned());
        Some(Self { least: Index::new(least), most: Index::new(most) })
    }

    /// All bindings that a cluster may have.
    pub(crate) fn bindings(&self) -> &[Binding] {
        self.most.bindings()
    }

    /// The namespaces (`None`: the whole cluster) in which it hangs on which of two objects a cluster has what a user may do.
    pub(crate) fn doubtful(&self, user: &User) -> BTreeSet<Option<&str>> {
        let of_most: BTreeSet<Option<&str>> = self.most.bindings_of(user).map(Binding::namespace).collect();
        of_most
            .into_iter()
            .filter(|place| rules(&self.least, user, *place) != rules(&self.most, user, *place))
            .collect()
    }
}

/// All rules that somebody has by the bindings of a place.
fn rules<'a>(index: &'a Index, user: &User, place: Option<&str>) -> BTreeSet<&'a Rule> {
    let bindings = index.bindings_of(user).filter(|binding| binding.namespace() == place);
    bindings.filter_map(|binding| index.role_of(binding)).flat_map(|role| role.rules().iter()).collect()
}

fn is_of(role: &AnyRole, other: &AnyRole) -> bool {
    role.kind() == other.kind() && role.id() == other.id()
}

/// What a role allows that another one of its name allows too.
fn of_both(role: &AnyRole, other: &AnyRole) -> AnyRole {
    let common = role.rules().iter().filter(|rule| other.rules().contains(rule)).cloned().collect();
    let mut both = role.clone();
    match (&mut both, other) {
        (AnyRole::ClusterRole(role), AnyRole::ClusterRole(other)) => {
            role.rules = common;
            if role.aggregation != other.aggregation {
                role.aggregation = None;
            }
            role.labels.retain(|key, value| other.labels.get(key) == Some(value));
        }
        (AnyRole::Role(role), _) => role.rules = common,
        (AnyRole::ClusterRole(_), AnyRole::Role(_)) => {}
    }
    both
}

/// What either of two roles of one name allows.
fn of_either(role: &AnyRole, other: &AnyRole) -> AnyRole {
    let all = role.rules().iter().chain(other.rules().iter()).cloned().collect();
    let mut either = role.clone();
    match (&mut either, other) {
        (AnyRole::ClusterRole(role), AnyRole::ClusterRole(other)) => {
            role.rules = all;
            let selectors = [&role.aggregation, &other.aggregation].map(|one| one.clone().unwrap_or_default()).concat();
            role.aggregation = (!selectors.is_empty()).then_some(selectors);
        }
        (AnyRole::Role(role), _) => role.rules = all,
        (AnyRole::ClusterRole(_), AnyRole::Role(_)) => {}
    }
    either
}
