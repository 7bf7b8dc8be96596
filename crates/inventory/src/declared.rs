//! What files say that make something of a cluster – access files, values of charts, RBACDefinitions –, counted as what
//! they make. What is there already under the same names is as the cluster has it.

use std::collections::HashSet;

use access::{Access, ConfigMap, Facts, Namespace, Owner};
use document::Sources;
use jiff::Timestamp;
use rbac::Objects;

use super::{LiveMapping, LoginStore, MappingTarget, Observed, Seen, Unseen};
use crate::foreign::Foreign;

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
    pub(super) fn add_declared(&mut self, foreign: &Foreign, namespaces: Option<&[Namespace]>, now: Timestamp) {
        if let Some(definition) = &foreign.definition {
            let bindings = definition.bindings(namespaces.unwrap_or_default());
            self.add_made(Objects { roles: Vec::new(), bindings });
        }
        if let Some(access) = &foreign.access {
            let facts = Facts { namespaces: namespaces.map(<[Namespace]>::to_vec), ..Facts::default() };
            self.add_made(access::compile(access, &facts, now).0.objects);
        }
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
    pub(super) fn chooses_unknown_namespaces(&self) -> Option<Unseen> {
        let definition = self.definition.as_ref().filter(|definition| definition.chooses_namespaces())?;
        let what =
            format!("the namespaces that the RBACDefinition {} ({}) chooses by labels", definition.name, self.file);
        let why = "the cluster's namespaces are not known; give what `kubectl get namespaces -o json` prints";
        Some(Unseen { what: what.into(), why: why.into() })
    }
}

fn made<T>(object: T) -> Seen<T> {
    Seen { object, owner: Owner::Nobody, version: Box::default() }
}
