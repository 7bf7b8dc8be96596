//! `aws-auth` whose lists cannot all be read.

use anyhow::{Context as _, ensure};
use e2e::{server::Server, world::World};
use serde_json::json;

use super::{Api, becomes, ready, user};

/// One list that cannot be read changes nothing about the others, and nothing is said of whom it may name.
pub(super) fn one_by_one(world: &World, api: &Api, server: &Server) -> anyhow::Result<()> {
    const BROKEN: &str = "- {userarn: [";
    let role = |username: &str| {
        format!("- {{rolearn: 'arn:aws:iam::111122223333:role/Deployer', username: {username}, groups: [g]}}\n")
    };
    let delete = || {
        api.admin.kubectl(&["delete", "configmap", "aws-auth", "-n", "kube-system"])?.success()?;
        becomes(world, server, "alice", "403")
    };
    let create = |roles: &str, users: &str| {
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
            "data": {"mapRoles": roles, "mapUsers": users},
        });
        api.admin.with_file(&["apply"], &map.to_string())?.success()
    };
    delete()?;
    create(&role("first"), BROKEN)?;
    becomes(world, server, "deployer", "first").context("the good list of a map that is made anew")?;
    becomes(world, server, "alice", "503").context("she may stand in the other")?;
    let said = ready(server)?;
    ensure!(said.contains("EKSConfigMap: not read yet: EKSConfigMap mapUsers (aws-auth:1)"), "{said}");
    ensure!(!said.contains("last good version"), "there is none: {said}");
    // Whoever starts now knows as much.
    let other = api.server_in(world, "server-2", "  backendMode: [EKSConfigMap]\n")?;
    becomes(world, &other, "deployer", "first")?;
    becomes(world, &other, "alice", "503")?;
    ensure!(!ready(&other)?.contains("last good version"), "{}", ready(&other)?);
    ensure!(!other.process.log().contains("last good version"), "{}", other.process.log());
    drop(other);

    create(&role("second"), &user("alice", "alice"))?;
    becomes(world, server, "alice", "alice")?;
    becomes(world, server, "deployer", "second")?;
    create(&role("third"), BROKEN)?;
    becomes(world, server, "deployer", "third").context("a good edit beside a broken list")?;
    becomes(world, server, "alice", "alice").context("the last good version of the list")?;
    let said = ready(server)?;
    ensure!(said.contains("EKSConfigMap: the last good version is in use: EKSConfigMap mapUsers"), "{said}");
    create("[]", BROKEN)?;
    becomes(world, server, "deployer", "403").context("who is taken out of the good list")?;
    becomes(world, server, "alice", "alice")
}
