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
}

const NOWHERE: &str = "http://127.0.0.1:1";

const WAYS: &[Way] = &[
    Way { name: "flag", args: &["--master={url}"], config: "", variable: None },
    Way { name: "key", args: &[], config: "  master: {url}\n", variable: None },
    Way {
        name: "flag and key",
        args: &["--master", "{url}"],
        config: "  master: http://127.0.0.1:1\n",
        variable: None,
    },
    Way {
        name: "beside a kubeconfig",
        args: &["--kubeconfig={kubeconfig}"],
        config: "  master: {url}\n",
        variable: None,
    },
    Way { name: "variable", args: &[], config: "", variable: Some("{url}") },
    Way { name: "flag and variable", args: &["--master={url}"], config: "", variable: Some(NOWHERE) },
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
    for Way { name, args, config, variable } in WAYS {
        let filled =
            |text: &str| text.replace("{url}", &url).replace("{kubeconfig}", &kubeconfig.display().to_string());
        let args: Vec<String> = args.iter().map(|arg| filled(arg)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let server = format!("  backendMode: [EKSConfigMap, CRD]\n{}", filled(config));
        let variables = variable.map(|url| ("KUBERNETES_MASTER", filled(url)));
        let folder = world.folder(&format!("both-masters-{}", name.replace(' ', "-")))?;
        let environment = variables.into_iter().collect::<Vec<_>>();
        let options = GoOptions {
            cluster_id: CLUSTER_ID,
            server: &server,
            features: &[],
            args: &args,
            environment: environment.clone(),
        };
        let theirs = GoServer::start_with(&world.parts, &world.sts, &folder.join("theirs"), options);
        // Its error names the variable, which it does not read.
        let theirs = if *name == "variable" {
            let Err(error) = theirs else { anyhow::bail!("{name}: theirs starts") };
            ensure!(format!("{error:#}").contains("try setting KUBERNETES_MASTER"), "{error:#}");
            None
        } else {
            Some(theirs.with_context(|| format!("{name}: theirs"))?)
        };
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &server, args: &args };
        let ours = Server::start_in(&world.parts, &world.sts, &folder.join("ours"), &options, environment)
            .with_context(|| format!("{name}: ours"))?;
        for (person, expected) in [("alice", 200), ("deployer", 200), ("mallory", 403)] {
            let token = world.fresh_token(person, CLUSTER_ID)?;
            let mut seen = (0, 0);
            wait_until("both answer", || {
                let theirs = theirs.as_ref().map(|theirs| theirs.review(&token)).transpose()?;
                seen = (theirs.map_or(expected, |answer| answer.status), ours.review(&token)?.status);
                Ok(seen == (expected, expected))
            })
            .with_context(|| format!("{name}: {person} {seen:?}\n{}", ours.process.log()))?;
        }
    }
    Ok(())
}
