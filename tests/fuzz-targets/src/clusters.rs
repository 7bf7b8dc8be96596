//! What a cluster has, from any text, and the answers that stand on it.

use inventory::{How, Inputs};
use jiff::Timestamp;
use rbac::{Request, ResourceRequest};
use serde_json::Value;
use visibility::{
    Resources, World,
    lint::lint,
    matrix::{Options, matrix},
};

use crate::{grammar, words::OBJECTS};

/// A list of objects as documents, one after the other; any other text as it is.
pub(crate) fn documents(text: &str) -> String {
    match serde_saphyr::from_str::<Value>(text) {
        Ok(Value::Array(objects)) => objects.iter().map(|object| format!("---\n{object:#}\n")).collect(),
        _ => text.to_owned(),
    }
}

/// Questions that hit and miss.
pub(crate) fn questions() -> impl Iterator<Item = Request<'static>> {
    let resources = [("get", "", "pods", ""), ("create", "apps", "deployments", ""), ("get", "", "secrets", "x")];
    let of = |(verb, api_group, resource, name): (&'static str, _, _, _)| {
        ["", "default", "shop"].map(|namespace| {
            Request::Resource(ResourceRequest { verb, api_group, resource, subresource: "", name, namespace })
        })
    };
    let urls = ["/healthz", "/api/v1"].map(|path| Request::Url { verb: "get", path });
    resources.into_iter().flat_map(of).chain(urls)
}

/// Whatever is given, alone or in a folder, all analyses have an answer, and one that they share.
pub(crate) fn takes(bytes: &[u8]) -> bool {
    let Some(text) = grammar::text(bytes, &OBJECTS) else { return false };
    let now: Timestamp = "2026-11-29T12:00:00Z".parse().expect("a moment");
    let text = if bytes[0].is_multiple_of(2) { text } else { documents(&text) };
    let how = How {
        is_of_folder: bytes[0] & 4 != 0,
        default_namespace: (bytes[0] & 8 != 0).then_some("default"),
        kustomized: None,
        ..How::default()
    };
    let mut given = Inputs::default();
    if given.read_as("cluster.yaml", text.as_bytes(), how).is_err() {
        assert!(!how.is_of_folder || given.read_as("again", b"", how).is_ok());
        return false;
    }
    let Ok(world) = World::new(given, None, now) else { return false };
    for question in questions() {
        let answer = world.who_can(&question);
        for principal in world.principals() {
            let Some(user) = principal.user() else { continue };
            let may = world.allows(principal, &question).is_some();
            if world.index().authorize(&user, &question).is_some() {
                assert!(may, "{question:?}: RBAC allows it and `allows` does not");
                assert!(answer.covers(&user), "{question:?}: who-can does not know {}", user.name);
            }
        }
    }
    let resources = Resources::well_known();
    let options = Options::default();
    let _ = matrix(&world, &resources, &options);
    let _ = lint(&world, &[], now);
    true
}
