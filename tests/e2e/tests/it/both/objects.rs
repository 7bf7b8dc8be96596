//! What each server leaves in a cluster with `IAMIdentityMapping`s: a status, and events.

use anyhow::ensure;
use e2e::{
    authenticator::{GoOptions, GoServer},
    process::wait_until,
    server::{Server, ServerOptions},
    test_cluster::TestCluster,
    world::{CLUSTER_ID, World},
};
use serde_json::{Value, json};

use crate::access::DEFINITION;

pub(super) fn left(world: &World) -> anyhow::Result<()> {
    let cluster = TestCluster::start(world, "both-objects", "")?;
    let admin = &cluster.admin;
    admin.with_file(&["apply"], DEFINITION)?.success()?;
    let object = |name: &str| {
        json!({
            "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping", "metadata": {"name": name},
            "spec": {"arn": "arn:aws:sts::111122223333:assumed-role/Deployer/x", "username": "x", "groups": ["g"]},
        })
        .to_string()
    };
    wait_until("the resource is served", || Ok(admin.with_file(&["apply"], &object("theirs"))?.code == 0))?;
    let get = |args: &[&str]| -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&admin.kubectl(&[&["get", "-o", "json"], args].concat())?.success()?)?)
    };
    let status = |name: &str| -> anyhow::Result<Value> {
        let mut status = Value::Null;
        wait_until("the status is written", || {
            status = get(&["iamidentitymapping", name])?["status"].clone();
            Ok(!status.is_null())
        })?;
        Ok(status)
    };
    let events = |name: &str| -> anyhow::Result<Vec<String>> {
        let all = get(&["events", "-n", "default"])?;
        let all = all["items"].as_array().cloned().unwrap_or_default();
        let of_it = all.iter().filter(|event| event["involvedObject"]["name"] == name);
        Ok(of_it.filter_map(|event| event["reason"].as_str().map(str::to_owned)).collect())
    };
    let server = format!("  backendMode: [CRD]\n  kubeconfig: {}\n", cluster.cluster.admin_kubeconfig().display());
    let folder = world.folder("both-objects-servers")?;

    let options =
        GoOptions { cluster_id: CLUSTER_ID, server: &server, features: &[], args: &[], environment: Vec::new() };
    let theirs = GoServer::start_with(&world.parts, &world.sts, &folder.join("theirs"), options)?;
    let of_theirs = status("theirs")?;
    wait_until("the event is there", || Ok(events("theirs")?.contains(&"Synced".to_owned())))?;
    drop(theirs);

    admin.with_file(&["apply"], &object("ours"))?.success()?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &server, args: &[] };
    let ours = Server::start(&world.parts, &world.sts, &folder.join("ours"), &options)?;
    ensure!(status("ours")? == of_theirs, "theirs {of_theirs}, ours {}", status("ours")?);
    ensure!(of_theirs["canonicalARN"] == "arn:aws:iam::111122223333:role/deployer", "{of_theirs}");
    // What the other one wrote is as it would be: nothing is written anew. A status alone says that an object was taken.
    let version = get(&["iamidentitymapping", "theirs"])?["metadata"]["resourceVersion"].clone();
    let token = world.fresh_token("deployer", CLUSTER_ID)?;
    wait_until("the objects are in use", || Ok(ours.review(&token)?.status == 200))?;
    ensure!(get(&["iamidentitymapping", "theirs"])?["metadata"]["resourceVersion"] == version, "it was written again");
    ensure!(events("ours")?.is_empty(), "{:?}", events("ours")?);
    Ok(())
}
