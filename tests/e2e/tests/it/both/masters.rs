//! An API server that is known by its URL alone, or by an URL in place of a kubeconfig's.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    authenticator::{GoOptions, GoServer},
    process::wait_until,
    server::{Server, ServerOptions},
    test_cluster::TestCluster,
    world::{CLUSTER_ID, World},
};
use serde_json::json;

use crate::access::DEFINITION;

/// Where the URL stands. `{url}` is the API server's, `{kubeconfig}` a file that names another.
struct Way {
    name: &'static str,
    args: &'static [&'static str],
    /// Below `server:`.
    config: &'static str,
    variable: Option<&'static str>,
    modes: &'static str,
}

const NOWHERE: &str = "http://127.0.0.1:1";

const WAYS: &[Way] = &[
    Way { name: "flag", args: &["--master={url}"], config: "", variable: None, modes: "EKSConfigMap, CRD" },
    Way { name: "key", args: &[], config: "  master: {url}\n", variable: None, modes: "EKSConfigMap, CRD" },
    Way {
        name: "flag and key",
        args: &["--master", "{url}"],
        config: "  master: http://127.0.0.1:1\n",
        variable: None,
        modes: "EKSConfigMap, CRD",
    },
    Way {
        name: "beside a kubeconfig",
        args: &["--kubeconfig={kubeconfig}"],
        config: "  master: {url}\n",
        variable: None,
        modes: "EKSConfigMap, CRD",
    },
    // Theirs asks the variable for aws-auth alone.
    Way { name: "variable", args: &[], config: "", variable: Some("{url}"), modes: "EKSConfigMap" },
    Way {
        name: "flag and variable",
        args: &["--master={url}"],
        config: "",
        variable: Some(NOWHERE),
        modes: "EKSConfigMap, CRD",
    },
];

pub(super) fn compared(world: &World) -> anyhow::Result<()> {
    let cluster = TestCluster::start(world, "both-masters", "")?;
    cluster.admin.kubectl(&["get", "namespace", "kube-system"])?.success()?;
    cluster.admin.with_file(&["apply"], DEFINITION)?.success()?;
    let users = "[{userarn: 'arn:aws:iam::111122223333:user/alice', username: alice}]";
    let metadata = json!({"name": "aws-auth", "namespace": "kube-system"});
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mapUsers": users}});
    cluster.admin.with_file(&["apply"], &map.to_string())?.success()?;
    let object = json!({
        "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping", "metadata": {"name": "m"},
        "spec": {"arn": "arn:aws:iam::111122223333:role/Deployer", "username": "deployer", "groups": []},
    });
    wait_until("the resource is served", || Ok(cluster.admin.with_file(&["apply"], &object.to_string())?.code == 0))?;
    let (_proxy, address) = cluster.admin.proxy()?;
    let url = format!("http://{address}");
    let kubeconfig = cluster.folder.join("elsewhere.yaml");
    let elsewhere = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": NOWHERE}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {}}],
    });
    fs::write(&kubeconfig, elsewhere.to_string())?;
    for Way { name, args, config, variable, modes } in WAYS {
        let filled = |text: &str| text.replace("{url}", &url).replace("{kubeconfig}", &kubeconfig.display().to_string());
        let args: Vec<String> = args.iter().map(|arg| filled(arg)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let server = format!("  backendMode: [{modes}]\n{}", filled(config));
        let variables = variable.map(|url| ("KUBERNETES_MASTER", filled(url)));
        let folder = world.folder(&format!("both-masters-{}", name.replace(' ', "-")))?;
        let environment = variables.into_iter().collect::<Vec<_>>();
        let options =
            GoOptions { cluster_id: CLUSTER_ID, server: &server, features: &[], args: &args, environment: environment.clone() };
        let theirs = GoServer::start_with(&world.parts, &world.sts, &folder.join("theirs"), options)
            .with_context(|| format!("{name}: theirs"))?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &server, args: &args };
        let ours = Server::start_in(&world.parts, &world.sts, &folder.join("ours"), &options, environment)
            .with_context(|| format!("{name}: ours"))?;
        let people: &[&str] = if modes.contains("CRD") { &["alice", "deployer"] } else { &["alice"] };
        for person in people {
            let mut seen = (0, 0);
            wait_until("both let them in", || {
                let token = world.fresh_token(person, CLUSTER_ID)?;
                seen = (theirs.review(&token)?.status, ours.review(&token)?.status);
                Ok(seen == (200, 200))
            })
            .with_context(|| format!("{name}: {person} {seen:?}\n{}\n{}", theirs.process.log(), ours.process.log()))?;
        }
        let stranger = world.fresh_token("mallory", CLUSTER_ID)?;
        let seen = (theirs.review(&stranger)?.status, ours.review(&stranger)?.status);
        ensure!(seen == (403, 403), "{name}: a stranger {seen:?}");
    }
    Ok(())
}
