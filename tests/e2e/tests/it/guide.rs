//! The guide, followed command by command on a real cluster: from an access file to a team member's `kubectl get pods`.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use anyhow::{Context as _, ensure};
use e2e::{
    machine::Machine,
    moto::Moto,
    page::{self, Reader},
    people::environment,
    pod::{self, Pod},
    process::{self, Background, wait_until},
    typed,
    world::World,
};
use local_cluster::Cluster;
use serde_json::Value;

use crate::{Test, chart::for_this_user, kops};

pub(crate) const TESTS: &[Test] = &[("guide::from_an_access_file_to_the_first_kubectl_get_pods", guide)];

fn guide(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("guide")?;
    let moto = Moto::start(&world.parts, &folder)?;
    moto.fill("s3.create_bucket(Bucket='kops-state', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})")?;
    let programs = folder.join("bin");
    fs::create_dir_all(&programs)?;
    symlink(&world.parts.cluster_auth, programs.join("cluster-auth"))?;
    symlink(&world.parts.helm, programs.join("helm"))?;
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    symlink(format!("{repository}/chart"), folder.join("chart"))?;
    let machine = Machine::new(&world.parts, &world.sts)?;
    // Ports of a test are free ones; the page's is the default.
    fs::write(folder.join("port.yaml"), format!("server: {{port: {}}}\n", machine.port))?;
    let mut followed =
        Followed { world, folder: folder.clone(), moto, machine, cluster: None, server: None, who: Who::Administrator };
    page::follow("docs/guide.md", &folder, &mut followed)?;
    followed.besides()
}

/// Everything that happens while the guide is followed.
struct Followed<'a> {
    world: &'a World,
    folder: PathBuf,
    moto: Moto,
    machine: Machine,
    cluster: Option<Cluster>,
    server: Option<Background>,
    who: Who,
}

/// At whose terminal the page is.
enum Who {
    Administrator,
    Alice,
}

impl Reader for Followed<'_> {
    fn types(&mut self, command: &str) -> anyhow::Result<String> {
        let port = self.machine.port;
        let command = command
            .replace("kops upload", "kops upload --config port.yaml")
            .replace("--values access.yaml", &format!("--values access.yaml --set authenticator.port={port}"));
        let mut shell = process::command("sh", &self.folder);
        let kubernetes = self.world.parts.kubernetes.display();
        shell.args(["-c", &format!("{{ {command}; }} 2>&1")]);
        shell.env("PATH", format!("{}:{kubernetes}:/usr/bin:/bin", self.folder.join("bin").display()));
        match self.who {
            Who::Administrator => shell.envs(self.moto.environment()).env("KUBECONFIG", "admin.conf"),
            Who::Alice => {
                let credentials = self.world.sts.credentials("alice")?;
                // `whoami` asks AWS, which the sandbox's proxy leads to, and the API server, which it does not.
                shell.envs(environment(&credentials)).envs(self.world.sts.proxy_environment());
                shell.env("NO_PROXY", "127.0.0.1").env("KUBECONFIG", "team.kubeconfig")
            }
        };
        let printed = process::run(&mut shell)?.stdout;
        // The API server's port is a free one as well.
        Ok(match &self.cluster {
            Some(cluster) => printed.replace(&cluster.server_url(), "https://api.prod.example.com"),
            None => printed,
        })
    }

    fn meanwhile(&mut self, what: &str) -> anyhow::Result<()> {
        match what {
            "the first machine boots" => self.boots(),
            "the kubelet starts the pod" => self.starts(),
            "alice sits down at her machine" => {
                self.who = Who::Alice;
                Ok(())
            }
            "the administrator is back" => {
                self.who = Who::Administrator;
                Ok(())
            }
            "the kubelet brings the ConfigMap" => self.brings(),
            _ => anyhow::bail!("nothing is known about {what:?}"),
        }
    }
}

impl Followed<'_> {
    /// What the page says in running text.
    fn besides(&mut self) -> anyhow::Result<()> {
        let arn = "arn:aws:iam::111122223333:user/alice";
        for command in [&format!("cluster-auth matrix {arn}"), &format!("cluster-auth explain {arn}")] {
            let said = self.types(command)?;
            ensure!(said.contains(arn) || said.contains("user alice"), "{command}: {said}");
            typed::note(command);
        }
        self.who = Who::Alice;
        let merge = "cluster-auth kubeconfig -i prod.example.com --from-kubeconfig team.kubeconfig --merge";
        let said = self.types(merge)?;
        ensure!(said.contains("context prod.example.com"), "{said}");
        typed::note(merge);
        Ok(())
    }

    /// nodeup and kubelet: the specification's files, its hook, the API server with its flag. No webhook answers yet.
    fn boots(&mut self) -> anyhow::Result<()> {
        let specification = kops::read(&fs::read_to_string(self.folder.join("webhook.yaml"))?)?;
        kops::boot(&self.world.parts, &self.moto, &self.machine, &specification)?.success()?;
        let cluster = kops::api_server(&self.machine, &specification)?;
        fs::copy(cluster.admin_kubeconfig(), self.folder.join("admin.conf"))?;
        self.cluster = Some(cluster);
        Ok(())
    }

    /// The kubelet: what the DaemonSet of the cluster says is run, on the machine's files.
    fn starts(&mut self) -> anyhow::Result<()> {
        self.mounts()?;
        let config = self.machine.path("/config");
        let spec = &self.get("daemonset", "cluster-auth")?["spec"]["template"]["spec"];
        let state = spec["volumes"].as_array().context("volumes")?.iter().find(|volume| volume["name"] == "state");
        let state = state.and_then(|volume| volume["hostPath"]["path"].as_str()).context("the state's folder")?;
        let state = format!("/rootfs{state}");
        ensure!(self.machine.path(&state).join("key.pem").exists(), "{state} is not where kops puts the files");
        let spec = for_this_user(spec)?;
        let pod = Pod::new(&spec, &[("config", &config), ("state", &self.machine.path(&state))]);
        let program = &self.world.parts.cluster_auth;
        process::run(&mut pod.command(program, "init")?)?.success()?;
        let mut command = pod.command(program, "server")?;
        command.envs(self.world.sts.proxy_environment()).env("AWS_REGION", "us-west-2");
        let mut server = Background::start(&mut command, self.folder.join("server.log"))?;
        self.machine.wait_until_ready(&mut server, &state, "/readyz")?;
        self.server = Some(server);
        Ok(())
    }

    /// The kubelet, a minute later: the server takes in what Helm has changed, and bob is out.
    fn brings(&mut self) -> anyhow::Result<()> {
        let lets_in = |followed: &Self, person: &str| -> anyhow::Result<bool> {
            let cluster = followed.cluster.as_ref().context("a cluster")?;
            let token = followed.world.fresh_token(person, "prod.example.com")?;
            Ok(followed.machine.whoami(cluster, &token)?.is_some())
        };
        ensure!(lets_in(self, "bob")?, "bob is let in before");
        self.mounts()?;
        wait_until("bob is out", || Ok(!lets_in(self, "bob")?))?;
        ensure!(lets_in(self, "alice")?, "alice stays");
        Ok(())
    }

    fn mounts(&self) -> anyhow::Result<()> {
        pod::mount(&self.get("configmap", "cluster-auth-access")?, &self.machine.path("/config"))
    }

    fn get(&self, kind: &str, name: &str) -> anyhow::Result<Value> {
        let cluster = self.cluster.as_ref().context("a cluster")?;
        let object = self.machine.as_admin(cluster, &["get", kind, name, "-n", "kube-system", "-o", "json"])?;
        Ok(serde_json::from_str(&object.success()?)?)
    }
}
