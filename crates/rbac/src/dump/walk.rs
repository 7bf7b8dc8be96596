//! The way through a text.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    DumpError, Found, FoundObject, Kinds, Other, Refusal, Refused,
    kinds::{Kind, TypeMeta},
    raw::{Metadata, Raw, RawSubject},
    validation,
};
use crate::{Binding, ClusterRole, Role, RoleKind, RoleReference};

/// What has been seen on the way.
pub(super) struct Walk<'t> {
    pub(super) kinds: BTreeSet<Box<str>>,
    pub(super) is_partial: bool,
    default_namespace: Option<&'t str>,
    take: &'t mut dyn FnMut(Found),
}

/// The outermost object, most often a list.
struct Outermost<'w, 't>(&'w mut Walk<'t>);

/// The elements of a list whose kind is known where it stood in front of them; those that say no kind of their own wait
/// otherwise.
struct Items<'w, 't> {
    walk: &'w mut Walk<'t>,
    of: Option<TypeMeta<'w>>,
    waiting: &'w mut Vec<Option<Raw>>,
}

impl<'t> Walk<'t> {
    pub(super) fn new(default_namespace: Option<&'t str>, take: &'t mut dyn FnMut(Found)) -> Self {
        Self { kinds: BTreeSet::new(), is_partial: false, default_namespace, take }
    }

    /// Reads a whole text.
    pub(super) fn text(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let mut text = serde_json::Deserializer::from_slice(json);
        Outermost(self).deserialize(&mut text)?;
        text.end()
    }

    /// What was said of which kinds. Of which kinds half a list without elements is, nobody knows.
    pub(super) fn end(self) -> Result<Kinds, DumpError> {
        match self {
            Self { is_partial: false, kinds, .. } => Ok(Kinds { whole: kinds, cut: BTreeSet::new() }),
            Self { kinds, .. } if kinds.is_empty() => Err(DumpError::Partial),
            Self { kinds, .. } => Ok(Kinds { whole: BTreeSet::new(), cut: kinds }),
        }
    }

    /// Takes one object, or the elements of a list. `of` is what the elements of the list around it are.
    pub(super) fn object(&mut self, mut raw: Raw, of: Option<TypeMeta<'_>>) {
        self.is_partial |= raw.metadata.is_of_part();
        if let Some(items) = raw.items.take() {
            let list = of.filter(|_| raw.says_nothing()).unwrap_or(raw.type_meta());
            return self.elements(items, list.of_elements());
        }
        match of {
            Some(of) if raw.says_nothing() => self.single(of, raw),
            _ if raw.kind.is_empty() => {
                self.refuse(raw.type_meta(), raw.metadata.name.clone(), Refusal::NoKind);
            }
            _ => {
                let (api_version, kind) = (std::mem::take(&mut raw.api_version), std::mem::take(&mut raw.kind));
                self.single(TypeMeta { api_version: &api_version, kind: &kind }, raw);
            }
        }
    }

    fn elements(&mut self, items: Vec<Option<Raw>>, of: Option<TypeMeta<'_>>) {
        if let Some(of) = of {
            self.saw(of);
        }
        for item in items {
            self.element(item.unwrap_or_default(), of);
        }
    }

    /// Takes an element of a list, of which there are no others than those in it.
    pub(super) fn element(&mut self, raw: Raw, of: Option<TypeMeta<'_>>) {
        match of {
            Some(of) if raw.says_nothing() => self.saw(of),
            _ if raw.items.is_none() && !raw.kind.is_empty() => self.saw(raw.type_meta()),
            _ => {}
        }
        self.object(raw, of);
    }

    fn saw(&mut self, of: TypeMeta<'_>) {
        let name = of.name();
        if !self.kinds.contains(&*name) {
            self.kinds.insert(name.into());
        }
    }

    /// An object that is not a list.
    fn single(&mut self, of: TypeMeta<'_>, mut raw: Raw) {
        let kind = of.kind();
        let Metadata { name, generate_name, namespace, .. } = &mut raw.metadata;
        let is_name_generated = name.is_empty() && !generate_name.is_empty();
        let name = if is_name_generated { format!("{generate_name}…").into() } else { std::mem::take(name) };
        let namespace = Some(std::mem::take(namespace)).filter(|namespace| !namespace.is_empty());
        // Of what is in a namespace; the other kinds that are known have none, whatever is written.
        let default_namespace = self.default_namespace;
        let or_default = |namespace: Option<Box<str>>| namespace.or_else(|| default_namespace.map(Box::from));
        let scope = match kind {
            Kind::Refused(why) => return self.refuse_with(of, name, why, raw),
            Kind::Role | Kind::RoleBinding | Kind::ConfigMap | Kind::ServiceAccount => match or_default(namespace) {
                None => {
                    let is_nameless = name.is_empty() && matches!(kind, Kind::ConfigMap);
                    let why = if is_nameless { Refusal::NoName } else { Refusal::NoNamespace };
                    return self.refuse_with(of, name, why, raw);
                }
                namespace => namespace,
            },
            Kind::Namespace | Kind::ClusterRole | Kind::ClusterRoleBinding => None,
            Kind::Other => namespace,
        };
        // What a cluster has it has taken, if perhaps by the rules of another day.
        if raw.metadata.resource_version.is_empty() {
            let problems = validation::problems(&kind, &raw, scope.as_deref(), &name);
            if !problems.is_empty() {
                return self.refuse(of, name, Refusal::Invalid(problems));
            }
        }
        let Raw { metadata, rules, aggregation_rule, role_ref, subjects, data, binary_data, spec, status, .. } = raw;
        let Metadata { labels, annotations, resource_version: version, uid, .. } = metadata;
        let object = match kind {
            Kind::Namespace => FoundObject::Namespace(name),
            Kind::Role | Kind::ClusterRole => {
                let rules = rules.into_iter().map(Option::unwrap_or_default).collect();
                FoundObject::Role(match scope {
                    // A Role with an aggregationRule is one without: it has no such field.
                    Some(namespace) => Role { namespace, name, rules, origin: None }.into(),
                    None => {
                        let selectors =
                            |selectors: Vec<Option<_>>| selectors.into_iter().map(Option::unwrap_or_default).collect();
                        let aggregation = aggregation_rule.map(|rule| selectors(rule.cluster_role_selectors));
                        let is_served = !version.is_empty() || !uid.is_empty();
                        let labels = labels.clone();
                        ClusterRole { name, rules, labels, aggregation, is_served, origin: None }.into()
                    }
                })
            }
            Kind::RoleBinding | Kind::ClusterRoleBinding => {
                let kind = match &*role_ref.kind {
                    "Role" => Some(RoleKind::Role),
                    "ClusterRole" => Some(RoleKind::ClusterRole),
                    _ => None,
                };
                let subjects = subjects.into_iter().flatten().filter_map(RawSubject::subject).collect();
                let role = kind.map(|kind| RoleReference { kind, name: role_ref.name });
                match role.and_then(|role| Binding::new(scope, name.clone(), role, subjects, None)) {
                    Some(binding) => FoundObject::Binding(binding),
                    // Only what a cluster has was not looked at, and no cluster has this.
                    None => return self.refuse(of, name, Refusal::Invalid(vec!["roleRef.kind".to_owned()])),
                }
            }
            Kind::ConfigMap | Kind::ServiceAccount | Kind::Other | Kind::Refused(_) => {
                let (api_version, kind) = (of.api_version.into(), of.kind.into());
                FoundObject::Other(Other { api_version, kind, namespace: scope, name, data, binary_data, spec, status })
            }
        };
        (self.take)(Found { object, labels, annotations: annotations.0, version, uid, is_name_generated });
    }

    fn refuse(&mut self, of: TypeMeta<'_>, name: Box<str>, why: Refusal) {
        self.refuse_with(of, name, why, Raw::default());
    }

    /// The same with what may say whether it is of interest at all.
    fn refuse_with(&mut self, of: TypeMeta<'_>, name: Box<str>, why: Refusal, raw: Raw) {
        let Raw { metadata: Metadata { annotations, .. }, data, .. } = raw;
        let object = FoundObject::Refused(Refused { kind: of.kind.into(), name, data, why });
        let (labels, version, uid) = Default::default();
        (self.take)(Found { object, labels, annotations: annotations.0, version, uid, is_name_generated: false });
    }
}

impl<'de> DeserializeSeed<'de> for Outermost<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<(), D::Error> {
        text.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Outermost<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of Kubernetes, or a list of them")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let Self(walk) = self;
        let (mut object, mut is_list, mut waiting) = (Raw::default(), false, Vec::new());
        while let Some(key) = map.next_key::<Box<str>>()? {
            match &*key {
                "apiVersion" => object.api_version = or_nothing(map.next_value()?),
                "kind" => object.kind = or_nothing(map.next_value()?),
                "metadata" => object.metadata = or_nothing(map.next_value()?),
                "items" => {
                    let of = object.type_meta().of_elements().filter(|of| !of.api_version.is_empty());
                    map.next_value_seed(Items { walk, of, waiting: &mut waiting })?;
                    is_list = true;
                }
                "rules" => object.rules = or_nothing(map.next_value()?),
                "aggregationRule" => object.aggregation_rule = map.next_value()?,
                "roleRef" => object.role_ref = or_nothing(map.next_value()?),
                "subjects" => object.subjects = or_nothing(map.next_value()?),
                "data" => object.data = map.next_value()?,
                "binaryData" => object.binary_data = map.next_value()?,
                "spec" => object.spec = map.next_value()?,
                "status" => object.status = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        object.items = is_list.then_some(waiting);
        walk.object(object, None);
        Ok(())
    }
}

fn or_nothing<T: Default>(value: Option<T>) -> T {
    value.unwrap_or_default()
}

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<(), D::Error> {
        text.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, text: D) -> Result<(), D::Error> {
        text.deserialize_seq(self)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        let Self { walk, of, waiting } = self;
        while let Some(item) = list.next_element::<Option<Raw>>()? {
            match item {
                Some(item) if !item.says_nothing() || of.is_some() => walk.element(item, of),
                item => waiting.push(item),
            }
        }
        Ok(())
    }
}
