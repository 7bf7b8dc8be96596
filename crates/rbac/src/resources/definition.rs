//! What a `CustomResourceDefinition` makes an API server serve.
//!
//! Source: Kubernetes, `apiextensions/v1` `CustomResourceDefinitionSpec` and its defaults.

use serde::Deserialize;

use super::{REQUESTS, Resource, Served, texts};
use crate::nulls::{or_default, texts as texts_or_null};

#[derive(Deserialize)]
struct Spec {
    group: Box<str>,
    names: DefinitionNames,
    scope: Scope,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct DefinitionNames {
    plural: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    singular: Box<str>,
    kind: Box<str>,
    #[serde(default, rename = "shortNames", deserialize_with = "texts_or_null")]
    short: Vec<Box<str>>,
}

#[derive(PartialEq, Eq, Deserialize)]
enum Scope {
    Namespaced,
    Cluster,
}

#[derive(Deserialize)]
struct Version {
    served: bool,
    subresources: Option<Subresources>,
}

#[derive(Deserialize)]
struct Subresources {
    status: Option<serde::de::IgnoredAny>,
    scale: Option<serde::de::IgnoredAny>,
}

impl Resource {
    /// By a definition's name and its `spec` in JSON: `None` if it cannot be read, an API server would refuse it, or none
    /// of its versions is served.
    pub fn defined(name: &str, spec: &str) -> Option<Self> {
        let Spec { group, names, scope, versions } = serde_json::from_str(spec).ok()?;
        let DefinitionNames { plural, singular, kind, short } = names;
        // Each of the versions may have others; the first one that is served counts, as in discovery.
        let version = versions.into_iter().find(|version| version.served)?;
        if kind.is_empty() || group.is_empty() || *name != *format!("{plural}.{group}") {
            return None;
        }
        let subresources = version.subresources.map(|below| {
            let named = [("scale", below.scale.is_some()), ("status", below.status.is_some())];
            texts(named.into_iter().filter_map(|(name, is_there)| is_there.then_some(name)))
        });
        Some(Self {
            api_group: group,
            name: plural,
            singular: if singular.is_empty() { kind.to_lowercase().into() } else { singular },
            kind,
            short_names: short,
            namespaced: scope == Scope::Namespaced,
            verbs: texts(REQUESTS),
            served: Served::Beside,
            subresources: subresources.unwrap_or_default(),
        })
    }
}
