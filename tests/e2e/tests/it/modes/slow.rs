//! An API server that opens a watch and is silent, as one behind a slow network is: that says nothing of what there is.

use anyhow::{Context as _, ensure};
use e2e::{
    holding_proxy::HoldingProxy,
    process::wait_until,
    server::{Server, ServerOptions},
    world::{CLUSTER_ID, World},
};

use super::{Api, answered, aws_auth_of, becomes, ready, user};

/// Of an API server without streaming lists, and with the verb `watch` alone.
pub(super) fn silence_says_nothing(world: &World, api: &Api) -> anyhow::Result<()> {
    let apply =
        |username: &str| api.admin.with_file(&["apply"], &aws_auth_of(&user("alice", username)))?.success().map(drop);
    apply("first")?;
    let (_kubectl, address) = api.admin.proxy_as(&api.kubeconfig)?;
    let proxy = HoldingProxy::start(address.parse()?)?;
    let start = |name: &str| {
        let mappings = format!("  backendMode: [EKSConfigMap]\n  master: http://{}\n", proxy.address);
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &mappings, args: &[] };
        Server::start(&world.parts, &world.sts, &api.folder.join(name), &options)
    };
    let server = start("slow")?;
    becomes(world, &server, "alice", "first")?;

    // Until all has come that the API server has to say to each, and nothing of it has come through.
    let stays = |server: &Server, expected: &str, to: usize| {
        let token = world.fresh_token("alice", CLUSTER_ID)?;
        wait_until("the API server has said all", || {
            let answer = answered(server, &token)?;
            ensure!(answer == expected, "{answer}\n{}", server.process.log());
            Ok(proxy.ended() >= to)
        })
    };
    let is_away = |server: &Server| {
        wait_until("it is away", || Ok(ready(server)?.contains("EKSConfigMap: the last good version is in use")))
    };
    proxy.go_away();
    is_away(&server)?;
    apply("second")?;
    proxy.hold();
    stays(&server, "first", 1).context("whom it knows")?;
    proxy.hold();
    let other = start("slow-from-the-start")?;
    stays(&other, "503", 2).context("to one that has heard nothing yet")?;
    proxy.let_go();
    becomes(world, &server, "alice", "second")?;
    becomes(world, &other, "alice", "second")?;

    proxy.go_away();
    is_away(&server)?;
    is_away(&other)?;
    api.admin.kubectl(&["delete", "configmap", "aws-auth", "-n", "kube-system"])?.success()?;
    proxy.hold();
    stays(&server, "second", 2)?;
    proxy.let_go();
    becomes(world, &server, "alice", "403").context("what was deleted meanwhile")?;
    becomes(world, &other, "alice", "403")
}
