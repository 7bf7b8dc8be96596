//! A cluster behind a proxy.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    process,
    tunnel::Tunnel,
    world::{Flavour, World},
};
use local_cluster::Binaries;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[("proxies::a_cluster_is_reached_as_kubectl_reaches_it", as_kubectl)];

/// Names and values of the environment.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// How a program got to the API server.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    Directly,
    ByProxy,
    Not,
}

fn as_kubectl(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let folder = world.folder("proxies")?;
    let url = login.cluster.server_url();
    let tunnel = Tunnel::to(url.trim_start_matches("https://"))?;
    let proxy = format!("http://{}", tunnel.address);
    let here = fs::read_to_string(login.cluster.admin_kubeconfig())?;
    // RFC 6761: a name of `invalid` has no address.
    let named = here.replace(&url, "https://api.e2e.invalid:6443");
    ensure!(named != here, "{here}");
    let line = |indent: &str, key: &str, value: &str| format!("{indent}{key}: {value}\n");
    let with = |kubeconfig: &str, key: &str, value: &str| -> anyhow::Result<String> {
        let server = kubeconfig.lines().find(|line| line.trim_start().starts_with("server:")).context("a server")?;
        let indent = &server[..server.len() - server.trim_start().len()];
        Ok(kubeconfig.replace(server, &format!("{}{server}", line(indent, key, value))))
    };
    let named = with(&named, "tls-server-name", "127.0.0.1")?;
    let explicit = with(&here, "proxy-url", &proxy)?;

    let rows: &[(&str, &str, Variables<'_>, Way)] = &[
        ("this machine, with a proxy", &here, &[("HTTPS_PROXY", &proxy)], Way::Directly),
        ("another one, without", &named, &[], Way::Not),
        ("another one, with a proxy", &named, &[("HTTPS_PROXY", &proxy)], Way::ByProxy),
        ("in small letters", &named, &[("https_proxy", &proxy)], Way::ByProxy),
        ("excepted", &named, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "x.example.com,api.e2e.invalid")], Way::Not),
        ("its domain is", &named, &[("HTTPS_PROXY", &proxy), ("no_proxy", ".e2e.invalid")], Way::Not),
        ("the proxy itself is", &named, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "127.0.0.1")], Way::ByProxy),
        ("the kubeconfig names it", &explicit, &[], Way::ByProxy),
        ("that counts more than exceptions", &explicit, &[("NO_PROXY", "*")], Way::ByProxy),
    ];
    let kubectl = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?.kubectl()?.to_owned();
    for (name, kubeconfig, variables, expected) in rows {
        fs::write(folder.join("it.yaml"), kubeconfig)?;
        let kubectl = (&kubectl, &["get", "namespaces"][..]);
        let ours = (&world.parts.cluster_auth, &["who-can", "get", "pods", "-n", "default"][..]);
        for (program, args) in [kubectl, ours] {
            let before = tunnel.opened();
            let mut command = process::command(program, &folder);
            command.args(args).args(["--kubeconfig", "it.yaml"]).envs(variables.iter().copied());
            let said = process::run(&mut command)?;
            let way = match (said.code, tunnel.opened() - before) {
                (0, 0) => Way::Directly,
                (0, _) => Way::ByProxy,
                _ => Way::Not,
            };
            ensure!(way == *expected, "{name}: {} came {way:?}: {said:?}", program.display());
        }
    }
    Ok(())
}
