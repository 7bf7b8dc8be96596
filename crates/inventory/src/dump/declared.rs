//! What files say that make something of a cluster – access files, values of charts, RBACDefinitions –, counted as what
//! they make. What is there already under the same names is as the cluster has it.

use std::collections::{HashMap, HashSet};

use access::{Access, ConfigMap, Facts, Namespace, Owner};
use document::Sources;
use jiff::Timestamp;
use rbac::{Binding, Objects};

use crate::{
    ClusterObject, LiveMapping, LoginStore, MappingTarget, Observed, Twice, Unseen,
    dump::identities::{Identified as _, differing, disputed},
    foreign::{Foreign, RbacDefinition},
    text::place::WrittenAt,
};

/// Where the bindings stand that count, by namespace and name.
pub(crate) type BindingPlaces = HashMap<(Option<Box<str>>, Box<str>), WrittenAt>;

impl Observed {
    /// Adds what an access file makes: its objects and its logins.
    pub fn add_access_file(&mut self, access: &Access, sources: &Sources, facts: &Facts, now: Timestamp) {
        let (desired, _) = access::compile(access, facts, now);
        let desired = desired.at(now);
        let source = access::mapping_source(&desired, sources);
        self.add_made(desired.objects);
        let texts = sources.as_ref().iter().map(|source| (source.name().to_owned(), source.text().to_owned()));
        let holder = LoginStore::ConfigMap(ConfigMap { data: texts.collect(), ..ConfigMap::default() });
        self.mappings.push(LiveMapping::new(MappingTarget::AccessFile, source, holder));
    }

    /// Adds the objects that another program makes. Namespaces are the cluster's, if they are known.
    pub(crate) fn add_declared(
        &mut self,
        foreign: &Foreign,
        namespaces: Option<&[Namespace]>,
        places: &mut BindingPlaces,
        now: Timestamp,
    ) {
        if let Some(definition) = &foreign.definition {
            for (binding, line) in definition.asked(namespaces.unwrap_or_default()) {
                self.add_asked(binding, WrittenAt { file: definition.file.clone(), line }, places);
            }
        }
        if let Some(access) = &foreign.access {
            let facts = Facts { namespaces: namespaces.map(<[Namespace]>::to_vec), ..Facts::default() };
            self.add_made(access::compile(access, &facts, now).0.objects);
        }
    }

    /// Adds a binding that rbac-manager makes, unless there is one of its name. It makes none over one that is there; which of
    /// two that is hangs on who came first, and with the other one a cluster would say something else.
    fn add_asked(&mut self, binding: Binding, at: WrittenAt, places: &mut BindingPlaces) {
        let id = (binding.namespace().map(Box::from), binding.name().into());
        let Some(place) = places.get(&id) else {
            places.insert(id, at);
            self.bindings.push(made(binding));
            return;
        };
        let mut there = self.bindings.iter().map(|seen| &seen.object);
        let Some(first) = there.find(|one| one.id() == binding.id()).filter(|one| !one.says_the_same(&binding)) else {
            return;
        };
        let twice = disputed(first, place, &at);
        self.says_twice(twice);
        self.others.bindings.push(binding);
    }

    /// Takes in what an `RBACDefinition` would make in whose place another one of its name counts.
    pub(crate) fn add_replaced(
        &mut self,
        (definition, by): (&RbacDefinition, &RbacDefinition),
        namespaces: Option<&[Namespace]>,
    ) {
        let at = |of: &RbacDefinition| WrittenAt { file: of.file.clone(), line: of.line };
        self.says_twice(differing(&format!("RBACDefinition {}", definition.name), &at(definition), &at(by), None));
        self.others.bindings.extend(definition.bindings(namespaces.unwrap_or_default()));
    }

    fn says_twice(&mut self, twice: Twice) {
        self.unreadable.push(twice.gap.what.clone());
        self.unseen.push(twice.gap.clone());
        self.twice.push(twice);
    }

    fn add_made(&mut self, Objects { mut roles, mut bindings }: Objects) {
        let there: HashSet<_> = self.roles.iter().map(|seen| seen.object.id()).collect();
        roles.retain(|role| !there.contains(&role.id()));
        let there: HashSet<_> = self.bindings.iter().map(|seen| seen.object.id()).collect();
        bindings.retain(|binding| !there.contains(&binding.id()));
        self.roles.extend(roles.into_iter().map(made));
        self.bindings.extend(bindings.into_iter().map(made));
    }
}

impl Foreign {
    /// That nobody knows where it grants something, as it goes by namespaces that are not known.
    pub(crate) fn chooses_unknown_namespaces(&self) -> Option<Unseen> {
        let definition = self.definition.as_ref().filter(|definition| definition.chooses_namespaces())?;
        let what =
            format!("the namespaces that the RBACDefinition {} ({}) chooses by labels", definition.name, self.file);
        let why = "the cluster's namespaces are not known; give what `kubectl get namespaces -o json` prints";
        Some(Unseen::new(what, why))
    }
}

/// Files of other programs, of `RBACDefinition`s of one name the last; and each one in whose place another one counts, with that
/// one, where they differ.
pub(crate) fn last_definitions(mut foreign: Vec<Foreign>) -> (Vec<Foreign>, Vec<(RbacDefinition, RbacDefinition)>) {
    let mut last: HashMap<Box<str>, RbacDefinition> = HashMap::new();
    let mut replaced = Vec::new();
    for definition in foreign.iter_mut().rev().map(|foreign| &mut foreign.definition) {
        let Some(one) = definition.take_if(|one| last.contains_key(&one.name)) else {
            last.extend(definition.iter().map(|one| (one.name.clone(), one.clone())));
            continue;
        };
        let by = &last[&one.name];
        if !one.says_the_same(by) {
            replaced.push((one, by.clone()));
        }
    }
    replaced.reverse();
    (foreign, replaced)
}

fn made<T>(object: T) -> ClusterObject<T> {
    ClusterObject { object, owner: Owner::Nobody, version: Box::default() }
}
