//! The existing authenticator's configuration.

use serde::Serialize;

use crate::{
    Desired, Facts,
    entries::{Entry, lists},
};

#[derive(Serialize)]
pub(super) struct Config<'a> {
    #[serde(rename = "clusterID", skip_serializing_if = "Option::is_none")]
    cluster_id: Option<&'a str>,
    server: Server<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Server<'a> {
    map_users: Vec<Entry<'a>>,
    map_roles: Vec<Entry<'a>>,
}

pub(super) fn config<'a>(cluster_id: Option<&'a str>, desired: &'a Desired, facts: &Facts) -> Config<'a> {
    let [map_users, map_roles] = lists(desired, facts);
    Config { cluster_id, server: Server { map_users, map_roles } }
}
