//! A real node of the tests: kubeadm's control plane on containerd and a kubelet, and images of ours that its pods run.
//!
//! To the node the sandbox is AWS, by what anybody may configure: a line of `/etc/hosts`, and an authority among the roots of the
//! image. So neither the chart nor a manifest is another one than people get.

mod image;
mod logins;
mod running;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use local_cluster::node::{ADMIN_KUBECONFIG, Node, NodePrograms};
use oci_image::{Image, Layout};

pub use self::{
    logins::Logins,
    running::{Memory, Running},
};
use crate::{
    process::{self, Output},
    secrets,
    world::World,
};

/// A node, with our program and Helm on it.
pub struct TestNode {
    /// The machine.
    pub node: Node,
    /// A folder of the test, which the node sees under the same path.
    pub folder: PathBuf,
}

/// Our image, by the name that chart and manifests have for it.
pub const IMAGE: &str = "cluster-auth/cluster-auth";

/// The version of the release, that of all crates.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Our image's full name, with a tag.
pub fn ours(tag: &str) -> String {
    format!("docker.io/{IMAGE}:{tag}")
}

/// The hosts at which STS is asked by the tokens of the tests.
const HOSTS: &str = "127.0.0.1 sts.us-west-2.amazonaws.com sts.us-east-1.amazonaws.com sts.amazonaws.com\n";

/// STS's port.
const HTTPS: u16 = 443;

impl TestNode {
    /// Boots one on which nothing of Kubernetes runs yet.
    pub fn boot(world: &World, name: &str) -> anyhow::Result<Self> {
        let parts = &world.parts;
        let runc = parts.runc.parent().map(PathBuf::from).unwrap_or_default();
        let programs = NodePrograms::find(&[parts.kubernetes.clone(), parts.containerd.clone(), runc])?;
        let mut node = Node::boot(&programs, HOSTS)?;
        node.lead(HTTPS, world.sts.address)?;
        for (name, program) in [("cluster-auth", &parts.cluster_auth), ("helm", &parts.helm)] {
            symlink(program, node.path("/usr/local/bin").join(name))?;
        }
        Ok(Self { node, folder: world.folder(name)? })
    }

    /// Brings our image to the node, under a full name, as a registry has it: the release's, or one around the program under test.
    pub fn bring_ours(&self, world: &World, name: &str) -> anyhow::Result<()> {
        let Some(release) = &world.parts.release else {
            return self.bring(world, name, &world.parts.cluster_auth, 10_000);
        };
        self.import(name, image::released(release, &world.sts, &self.folder)?)
    }

    /// Brings an image around a program to the node.
    pub fn bring(&self, world: &World, name: &str, program: &Path, user: u32) -> anyhow::Result<()> {
        Ok(self.node.bring(name, program, user, &fs::read(&world.sts.ca_file)?)?)
    }

    fn import(&self, name: &str, image: Image) -> anyhow::Result<()> {
        let mut layout = Layout::default();
        layout.add(name, vec![image]);
        Ok(self.node.import(&layout)?)
    }

    /// Puts our chart into the test's folder, where the documentation has it: the one that Helm pulls from the registry, the
    /// release's file, or the repository's.
    pub fn bring_chart(&mut self, world: &World) -> anyhow::Result<()> {
        let chart = self.folder.join("chart");
        let Some(release) = &world.parts.release else {
            return Ok(symlink(pages::repository().join("chart"), chart)?);
        };
        fs::create_dir(&chart)?;
        if let Some(registry) = world.parts.registry {
            self.node.lead(registry.port(), registry)?;
            let from = format!("oci://{registry}/charts/cluster-auth --version {VERSION} --plain-http");
            return self.run(&format!("helm pull {from} --untar --untardir {}", chart.display())).map(drop);
        }
        let packed = release.join(format!("cluster-auth-{VERSION}.tgz"));
        process::run(Command::new("tar").arg("-xzf").arg(packed).arg("-C").arg(chart))?.success().map(drop)
    }

    /// Has containerd pull our image from the registry, if there is one, as it is there: no layer of the tests is on it. Then it says
    /// its version, in a container.
    pub fn pull_ours(&mut self, world: &World) -> anyhow::Result<()> {
        let Some(registry) = world.parts.registry else { return Ok(()) };
        self.node.lead(registry.port(), registry)?;
        let name = format!("{registry}/{IMAGE}:{VERSION}");
        self.run(&format!("ctr --namespace k8s.io images pull --local --plain-http {name}"))?;
        let group = format!("{}/pulled", self.node.cgroup());
        let said = self.run(&format!(
            "ctr --namespace k8s.io run --rm --cgroup {group} {name} pulled /cluster-auth version --short"
        ))?;
        anyhow::ensure!(said.trim() == VERSION, "the image that was pulled says it is {said}");
        Ok(())
    }

    /// A line in a shell on the node, as its administrator, in the test's folder.
    pub fn shell(&self, line: &str) -> Command {
        let mut shell = self.node.command("sh");
        shell.args(["-c", line]).current_dir("/").env("KUBECONFIG", ADMIN_KUBECONFIG);
        shell
    }

    /// Runs one to its end.
    pub fn run(&self, line: &str) -> anyhow::Result<String> {
        process::run(&mut self.shell(line))?.success()
    }

    /// kubectl with all rights.
    pub fn kubectl(&self, args: &[&str]) -> anyhow::Result<String> {
        process::run(self.node.command("kubectl").env("KUBECONFIG", ADMIN_KUBECONFIG).args(args))?.success()
    }

    /// kubectl with somebody's token.
    pub fn with_token(&self, token: &str, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = self.node.command("kubectl");
        command.arg(format!("--server={}", self.node.server_url()));
        command.arg("--certificate-authority=/etc/kubernetes/pki/ca.crt");
        process::run(command.arg(format!("--token={token}")).args(args))
    }

    /// Whom the API server takes a token's holder for; nobody where it says 401.
    pub fn whoami(&self, token: &str) -> anyhow::Result<Option<String>> {
        let output = self.with_token(token, &["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"])?;
        match output.code {
            0 => Ok(Some(output.stdout)),
            _ if output.stderr.contains("Unauthorized") => Ok(None),
            _ => anyhow::bail!("neither in nor out: {output:?}"),
        }
    }

    /// Why the API server has let nobody in, by its own log: the last lines about it.
    pub fn refusals(&self) -> String {
        let logs = logs(&self.node.path("/var/log/pods")).into_iter();
        let of_api_server = logs.filter(|path| path.display().to_string().contains("kube-apiserver"));
        let text: String = of_api_server.filter_map(|path| fs::read_to_string(path).ok()).collect();
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("authenticate the request")).collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }

    /// Waits until a DaemonSet of kube-system is rolled out.
    pub fn rolled_out(&self, name: &str) -> anyhow::Result<()> {
        let args = ["-n", "kube-system", "rollout", "status", "daemonset", name, "--timeout=180s"];
        self.kubectl(&args).map(drop).map_err(|error| {
            let events = self.kubectl(&["-n", "kube-system", "get", "events", "--sort-by=.lastTimestamp"]);
            let pods = self.kubectl(&["-n", "kube-system", "get", "pods", "-o", "wide"]);
            error.context(format!("{}\n{}", events.unwrap_or_default(), pods.unwrap_or_default()))
        })
    }

    /// Has the kubelet start the API server anew, as kubeadm's documentation says: its manifest goes, and comes again.
    pub fn restart_api_server(&self) -> anyhow::Result<()> {
        let manifest = self.node.path("/etc/kubernetes/manifests/kube-apiserver.yaml");
        let aside = self.node.path("/etc/kubernetes/kube-apiserver.yaml");
        let answers = || self.kubectl(&["get", "--raw", "/readyz"]).is_ok_and(|said| said == "ok");
        fs::rename(&manifest, &aside)?;
        self.wait_until("the API server has ended", || Ok(!answers()))?;
        fs::rename(&aside, &manifest)?;
        self.wait_until("the API server is back", || Ok(answers()))
    }

    /// Waits until something holds.
    pub fn wait_until(&self, what: &str, mut happens: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
        let mut failed = None;
        self.node.wait_until(what, || {
            happens().unwrap_or_else(|error| {
                failed = Some(error);
                true
            })
        })?;
        failed.map_or(Ok(()), Err)
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        secrets::ended("containerd or kubelet", &self.node.log());
        // What every container of the node has printed.
        for log in logs(&self.node.path("/var/log/pods")) {
            secrets::ended(&log.display().to_string(), &String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()));
        }
    }
}

/// The log files below a folder.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { logs(&path) } else { vec![path] }).collect()
}
