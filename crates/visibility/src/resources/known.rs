//! What an API server has that nobody asked: the rows of `rbac`'s table.

use rbac::resources::{RESOURCES, Resource, Served};

use super::ApiResource;

/// What every API server serves, the authenticator, and what authorizers alone know.
pub(super) fn all() -> Vec<ApiResource> {
    let is_there = |row: &&Resource| match row.served {
        Served::ByDefault => true,
        // Measurements are hardly meant.
        Served::Beside => *row.api_group != *"metrics.k8s.io",
        Served::Enabled | Served::Formerly | Served::Never => false,
    };
    let served = RESOURCES.iter().filter(is_there).map(ApiResource::from);
    served.chain(virtual_ones()).collect()
}

/// What no API server serves and authorizers are asked about all the same. Of one name the first one is meant.
pub(super) fn virtual_ones() -> Vec<ApiResource> {
    let of_today = || RESOURCES.iter().filter(|row| row.served != Served::Formerly);
    let is_first = |row: &&Resource| of_today().find(|other| other.name == row.name) == Some(row);
    of_today().filter(|row| row.served == Served::Never).filter(is_first).map(ApiResource::from).collect()
}

/// Kinds of objects that are no more, by API group and name: the rest of what nobody serves was never an object.
pub(super) fn gone() -> Vec<(Box<str>, Box<str>)> {
    let gone = RESOURCES.iter().filter(|row| row.served == Served::Never && !row.kind.is_empty());
    gone.map(|row| (row.api_group.clone(), row.name.clone())).collect()
}

impl From<&Resource> for ApiResource {
    fn from(row: &Resource) -> Self {
        Self {
            api_group: row.api_group.clone(),
            name: row.name.clone(),
            also: [&row.singular].into_iter().chain(&row.short_names).cloned().collect(),
            namespaced: row.namespaced,
            subresources: row.subresources.clone(),
        }
    }
}
