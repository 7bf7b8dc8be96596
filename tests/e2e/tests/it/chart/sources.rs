//! The chart's server with each place where logins can stand: what it renders of arguments, volumes and rights is enough for
//! somebody whom that place alone names.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{pod, process::wait_until, test_cluster::TestCluster, world::World};
use serde_json::{Value, json};

use super::{object, pods::Machine};
use crate::{Test, access::DEFINITION};

pub(crate) const TESTS: &[Test] = &[("chart::every_mode_runs", every_mode)];

/// A way to say where logins stand.
struct Way {
    name: &'static str,
    /// Below `authenticator` in the values.
    values: &'static str,
    /// What carol is called there.
    username: &'static str,
    /// Whether the server asks the cluster.
    asks: bool,
}

/// The access file of these machines does not name her.
const CAROL: &str = "arn:aws:iam::111122223333:user/carol";

const WAYS: [Way; 8] = [
    Way {
        name: "the configuration",
        values: "  config: {mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/carol', username: mounted}]}\n",
        username: "mounted",
        asks: false,
    },
    Way { name: "aws-auth", values: "  backendMode: [EKSConfigMap]\n", username: "aws-auth", asks: true },
    Way { name: "IAMIdentityMappings", values: "  backendMode: [CRD]\n", username: "object", asks: true },
    Way {
        name: "a file of the machine",
        values: "  backendMode: [DynamicFile]\n  dynamicFile: /etc/logins/logins.json\n",
        username: "dynamic",
        asks: false,
    },
    Way {
        name: "a file of a ConfigMap",
        values: "  backendMode: [MountedFile, DynamicFile]\n  dynamicFile: logins.json\n  filesFrom: logins\n",
        username: "dynamic",
        asks: false,
    },
    Way {
        name: "a file of the machine that names aws-auth",
        values: "  backendModeFile: /etc/modes/aws-auth.json\n",
        username: "aws-auth",
        asks: true,
    },
    Way {
        name: "a key of a ConfigMap that names IAMIdentityMappings",
        values: "  backendModeFile: objects.json\n  filesFrom: modes\n",
        username: "object",
        asks: true,
    },
    Way {
        name: "a file of the machine that names the other",
        values: "  backendModeFile: /etc/modes/dynamic.json\n  dynamicFile: /etc/logins/logins.json\n",
        username: "dynamic",
        asks: true,
    },
];

fn every_mode(world: &World) -> anyhow::Result<()> {
    let cluster = TestCluster::start(world, "chart-sources", DEFINITION)?;
    let user = |username: &str| json!([{"userarn": CAROL, "username": username, "groups": []}]);
    let aws_auth = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
        "data": {"mapUsers": user("aws-auth").to_string()},
    });
    let mapping = json!({
        "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping", "metadata": {"name": "carol"},
        "spec": {"arn": CAROL, "username": "object", "groups": []},
    });
    cluster.admin.kubectl(&["get", "namespace", "kube-system"])?.success()?;
    cluster.admin.with_file(&["create"], &aws_auth.to_string())?.success()?;
    wait_until("the resource is served", || Ok(cluster.admin.with_file(&["apply"], &mapping.to_string())?.code == 0))?;

    let mut machine = Machine::new(world, "chart-sources-machine")?;
    let files = |of: &[(&str, Value)]| json!({"data": of.iter().map(|(name, file)| (*name, file.to_string())).collect::<std::collections::BTreeMap<_, _>>()});
    let named = |modes: &str| json!({"backendMode": modes});
    pod::mount(&files(&[("logins.json", json!({"mapUsers": user("dynamic")}))]), &machine.folder.join("logins"))?;
    let modes = [
        ("aws-auth.json", named("EKSConfigMap")),
        ("objects.json", named("CRD")),
        ("dynamic.json", named("DynamicFile")),
    ];
    pod::mount(&files(&modes), &machine.folder.join("modes"))?;
    machine.init()?;
    let plain = machine.values.clone();
    for way in &WAYS {
        let kubeconfig = machine.folder.join("server.kubeconfig").display().to_string();
        machine.values = of(&plain, way, &kubeconfig);
        runs(&cluster, &machine, way, &kubeconfig).with_context(|| way.name)?;
    }
    Ok(())
}

/// The values of a machine, with those of a way, and with a kubeconfig for what a pod would find in its own folder.
fn of(plain: &str, way: &Way, kubeconfig: &str) -> String {
    let args = format!("args: ['--kubeconfig={kubeconfig}', ");
    plain.replace("authenticator:\n", &format!("authenticator:\n{}", way.values)).replace("args: [", &args)
}

/// Somebody logs in by a server that has the rights of its own service account, and no others.
fn runs(cluster: &TestCluster, machine: &Machine<'_>, way: &Way, kubeconfig: &str) -> anyhow::Result<()> {
    machine.mount(&machine.values)?;
    let config = machine.folder.join("config/config.yaml");
    let objects = machine.objects(&machine.values)?;
    let spec = &object(&objects, "DaemonSet", "cluster-auth")?["spec"]["template"]["spec"];
    ensure!(spec["automountServiceAccountToken"] == way.asks, "{}", spec["automountServiceAccountToken"]);
    // What the configuration names are mounts of the pod, which are elsewhere here.
    let mounts = spec["containers"][0]["volumeMounts"].as_array().context("mounts")?;
    let mut text = fs::read_to_string(&config)?;
    for (volume, folder) in [("dynamic-file", "logins"), ("backend-mode-file", "modes")] {
        let mount = mounts.iter().find(|mount| mount["name"] == volume).and_then(|mount| mount["mountPath"].as_str());
        if let Some(path) = mount {
            text = text.replace(path, &machine.folder.join(folder).display().to_string());
        }
    }
    fs::write(&config, text)?;
    let is_of_server = |object: &&Value| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        object["kind"] == "ServiceAccount" || ["cluster-auth", "cluster-auth-server"].contains(&name)
    };
    let own = objects.iter().filter(is_of_server).filter(|object| object["kind"] != "DaemonSet");
    let own = json!({"apiVersion": "v1", "kind": "List", "items": own.collect::<Vec<_>>()}).to_string();
    cluster.admin.with_file(&["create"], &own)?.success()?;

    let account = spec["serviceAccountName"].as_str().context("an account")?;
    let token = cluster.admin.kubectl(&["create", "token", account, "-n", "kube-system"])?.success()?;
    let ca = machine.folder.join("api-server.pem");
    fs::write(&ca, cluster.cluster.ca_pem())?;
    let text = json!({
        "clusters": [{"name": "c", "cluster": {"server": cluster.cluster.server_url(), "certificate-authority": ca}}],
        "users": [{"name": "u", "user": {"token": token.trim()}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x",
    });
    fs::write(kubeconfig, text.to_string())?;

    let mut server = machine.start("server.log")?;
    let says = format!("\"username\":\"{}\"", way.username);
    wait_until("carol logs in", || {
        ensure!(server.ended()?.is_none(), "{}", server.log());
        // A server that does not listen yet has no answer.
        Ok(machine.answer("carol").is_ok_and(|answer| answer.status == 200 && answer.body.contains(&says)))
    })
    .with_context(|| server.log())?;
    wait_until("it is ready", || Ok(machine.status("/readyz")? == 200))?;
    ensure!(machine.answer("mallory")?.status == 403, "every source is read: {}", server.log());
    ensure!(server.terminate()?.success(), "{}", server.log());
    cluster.admin.with_file(&["delete"], &own)?.success().map(drop)
}
