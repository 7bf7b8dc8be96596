//! An API server that opens a watch and is silent, as one behind a slow network is: that says nothing of what there is.

use anyhow::{Context as _, ensure};
use e2e::{
    holding_proxy::HoldingProxy,
    process::wait_until,
    server::{Server, ServerOptions},
    world::{CLUSTER_ID, World},
};

use super::{Api, aws_auth_of, becomes, login, user};

/// Of an API server without streaming lists, and with the verb `watch` alone.
pub(super) fn silence_says_nothing(world: &World, api: &Api) -> anyhow::Result<()> {
    let apply = |username: &str| {
        api.admin.with_file(&["apply"], &aws_auth_of(&user("alice", username)))?.success().map(drop)
    };
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

    // Until all has come that the API server has to say, and nothing of it has come through.
    let stays = |server: &Server, expected: &str| {
        wait_until("the API server has said all", || {
            let answer = login(world, server, "alice")?;
            ensure!(answer == expected, "{answer}\n{}", server.process.log());
            Ok(proxy.ended() > 0)
        })
    };
    proxy.hold();
    apply("second")?;
    stays(&server, "first").context("whom it knows")?;
    let other = start("slow-from-the-start")?;
    ensure!(login(world, &other, "alice")? == "503", "nothing has come through: {}", other.process.log());
    proxy.let_go();
    becomes(world, &server, "alice", "second")?;
    becomes(world, &other, "alice", "second")?;

    proxy.hold();
    stays(&other, "second")?;
    api.admin.kubectl(&["delete", "configmap", "aws-auth", "-n", "kube-system"])?.success()?;
    proxy.let_go();
    becomes(world, &server, "alice", "403").context("what was deleted meanwhile")?;
    becomes(world, &other, "alice", "403")
}
