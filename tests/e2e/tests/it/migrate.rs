//! docs/migrate.md, on a control plane node that runs the real aws-iam-authenticator by its own manifest: its server,
//! ours in its place, and its own again, on one folder, port, certificate and kubeconfig. The API server is started
//! once.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use document::{Limits, Source, parse_manifests};
use e2e::{
    admin::Admin,
    page::{self, Reader},
    people::environment,
    pod::{self, Pod},
    process::{Background, wait_until},
    server::free_port,
    shell::Shell,
    world::World,
};
use local_cluster::{Binaries, Cluster, Options, ReviewVersion, Webhook};
use serde_json::{Value, json};

use crate::Test;

pub(crate) const TESTS: &[Test] =
    &[("migrate::the_page_leads_from_the_existing_server_to_ours_and_back_and_logins_go_on", migrate)];

/// `deploy/example.yaml` of aws-iam-authenticator 0.7.18, whole.
const MANIFEST: &str = include_str!("migrate/aws-iam-authenticator.yaml");

/// The cluster of its ConfigMap.
const CLUSTER_ID: &str = "my-dev-cluster.example.com";

/// The existing image, which the manifest leaves to whoever uses it.
const IMAGE: &str = "registry.example.com/aws-iam-authenticator:0.7.18";

fn migrate(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("migrate")?;
    let port = free_port()?;
    let manifest = MANIFEST
        .replace("<your-registry>/aws-iam-authenticator:<version>", IMAGE)
        .replace("000000000000", "111122223333")
        .replace("    server:\n", &format!("    server:\n      port: {port}\n"));
    let mut machine = Machine { folder: folder.clone(), port, server: None, cluster: None, runs: String::new(), world };
    for volume in ["config", "state", "output"] {
        fs::create_dir_all(folder.join(volume))?;
    }
    let objects = objects(&manifest)?;
    let find = |kind: &str| objects.iter().find(|object| object["kind"] == kind).with_context(|| kind.to_owned());
    pod::mount(find("ConfigMap")?, &folder.join("config"))?;
    // The API server reads its kubeconfig when it starts, which the existing server has made then.
    machine.run(&find("DaemonSet")?["spec"]["template"]["spec"], IMAGE)?;
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    let webhook =
        Webhook { kubeconfig: folder.join("output/kubeconfig.yaml"), version: ReviewVersion::V1Beta1, cache_ttl: None };
    let options = Options { webhook: Some(webhook), controller_manager: true, ..Options::default() };
    let cluster = Cluster::start(&binaries, &options, e2e::sts::now())?;
    let admin = Admin::new(binaries.kubectl()?.to_owned(), &cluster, &folder);
    admin.with_file(&["apply"], &manifest)?.success()?;
    wait_until("the DaemonSet has its first revision", || {
        let revisions = admin.kubectl(&["-n", "kube-system", "get", "controllerrevisions", "-o", "name"])?.success()?;
        Ok(revisions.contains("aws-iam-authenticator"))
    })?;

    let kubeconfig = folder.join("admin.conf");
    fs::copy(cluster.admin_kubeconfig(), &kubeconfig)?;
    fs::write(folder.join("api-server-ca.pem"), cluster.ca_pem())?;
    let bin = folder.join("usr-local-bin");
    fs::create_dir_all(&bin)?;
    fs::copy(&world.parts.go_authenticator, bin.join("aws-iam-authenticator"))?;
    fs::copy(&world.parts.cluster_auth, folder.join("cluster-auth"))?;
    fs::write(folder.join("aws-auth.yaml"), "kind: ConfigMap\nmetadata: {name: aws-auth} # in Git\n")?;
    admin.with_file(&["create"], &AWS_AUTH.to_string())?.success()?;
    let mut shell = Shell::new(&world.parts, &folder)?;
    shell.set("KUBECONFIG", kubeconfig.display().to_string());
    shell.set_all(environment(&world.sts.credentials("alice")?));
    shell.stands_for("/usr/local/bin", bin.display().to_string());
    shell.stand_in("systemctl", "exit 0")?;
    machine.cluster = Some(cluster);
    machine.logs_in(&shell).context("at the existing server")?;

    let before = machine.files()?;
    let mut administrator = Administrator { machine, shell, admin, bin, before };
    page::follow("docs/migrate.md", &folder, &mut administrator)?;
    let Administrator { machine, .. } = administrator;
    ensure!(machine.runs == "GCGCG", "existing, ours, existing, ours, existing: {}", machine.runs);
    Ok(())
}

/// What `add role` is to find.
static AWS_AUTH: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| {
    json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
        "data": {"mapRoles": "# ours\n"}})
});

/// The objects of a manifest.
fn objects(manifest: &str) -> anyhow::Result<Vec<Value>> {
    let source = Source::new("aws-iam-authenticator.yaml", manifest);
    let documents = parse_manifests(&source, &Limits::default(), "items", |_, _| {});
    ensure!(documents.iter().all(|document| document.read.is_ok()));
    Ok(documents.iter().filter_map(|document| Some(document.root()?.to_json())).collect())
}

/// Where the server runs.
struct Machine<'a> {
    world: &'a World,
    folder: PathBuf,
    port: u16,
    server: Option<Background>,
    cluster: Option<Cluster>,
    /// Which servers have run: `G` for the existing one, `C` for ours.
    runs: String,
}

impl Machine<'_> {
    /// Runs what a kubelet would of the DaemonSet's pod, by the image's program.
    fn run(&mut self, spec: &Value, image: &str) -> anyhow::Result<()> {
        let is_ours = image.contains("/cluster-auth:");
        let parts = &self.world.parts;
        let program = if is_ours { &parts.cluster_auth } else { &parts.go_authenticator };
        self.start(program, spec, if is_ours { 'C' } else { 'G' })
    }

    /// In place of the server that ran before.
    fn start(&mut self, program: &Path, spec: &Value, name: char) -> anyhow::Result<()> {
        self.server = None;
        let folders = ["config", "state", "output"].map(|name| (name, self.folder.join(name)));
        let volumes: Vec<(&str, &Path)> = folders.iter().map(|(name, path)| (*name, path.as_path())).collect();
        // The manifest's paths end in a slash, which its arguments do not have.
        let mut spec = spec.clone();
        for mount in spec["containers"][0]["volumeMounts"].as_array_mut().context("mounts")? {
            let path = mount["mountPath"].as_str().context("a path")?.trim_end_matches('/').to_owned();
            mount["mountPath"] = path.into();
        }
        let mut command = Pod::new(&spec, &volumes).command(program, "aws-iam-authenticator")?;
        command.envs(self.world.sts.proxy_environment()).env("NO_PROXY", "127.0.0.1,localhost");
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "us-west-2");
        self.runs.push(name);
        let log = self.folder.join(format!("server-{}.log", self.runs.len()));
        let mut server = Background::start(&mut command, log)?;
        wait_until("the server listens", || {
            ensure!(server.ended()?.is_none(), "the server ended:\n{}", server.log());
            Ok(TcpStream::connect(("127.0.0.1", self.port)).is_ok())
        })?;
        self.server = Some(server);
        Ok(())
    }

    /// Alice, whom the manifest maps, by a token that no server has seen; and nobody else.
    fn logs_in(&self, shell: &Shell) -> anyhow::Result<()> {
        let server = self.cluster.as_ref().context("an API server")?.server_url().clone();
        for (person, expected) in [("alice", true), ("bob", false)] {
            let token = self.world.fresh_token(person, CLUSTER_ID)?;
            let said = shell.output(&format!(
                "KUBECONFIG= kubectl --server={server} --certificate-authority=api-server-ca.pem --token={token} auth whoami"
            ))?;
            let log = self.server.as_ref().map(Background::log).unwrap_or_default();
            ensure!((said.code == 0) == expected, "{person}, {}: {said:?}\n{log}", self.runs);
            ensure!(!expected || said.stdout.contains("alice") && said.stdout.contains("system:masters"), "{said:?}");
        }
        Ok(())
    }

    /// What is in the folders that both servers use.
    fn files(&self) -> anyhow::Result<Vec<(PathBuf, String)>> {
        let paths = ["state/cert.pem", "state/key.pem", "output/kubeconfig.yaml"].map(|path| self.folder.join(path));
        paths.into_iter().map(|path| Ok((path.clone(), fs::read_to_string(path)?))).collect()
    }
}

/// Whoever follows the page.
struct Administrator<'a> {
    machine: Machine<'a>,
    shell: Shell,
    admin: Admin,
    bin: PathBuf,
    before: Vec<(PathBuf, String)>,
}

impl Reader for Administrator<'_> {
    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        let said = self.shell.runs(command)?;
        match command {
            _ if command.contains(" patch daemonset ") || command.contains(" rollout undo ") => self.rolls_out()?,
            _ if command.starts_with("systemctl restart ") => self.restarts()?,
            _ if command.starts_with("cluster-auth add user ") => {
                let text = fs::read_to_string(self.machine.folder.join("aws-auth.yaml"))?;
                ensure!(text.contains("# in Git") && text.contains("user/bob"), "{text}");
            }
            _ => {
                let is_adding = command.starts_with("cluster-auth add role ");
                ensure!(!is_adding || said.contains("# ours") && said.contains("role/Deployer"), "{said}");
                return Ok(());
            }
        }
        self.machine.logs_in(&self.shell).with_context(|| command.to_owned())?;
        ensure!(self.machine.files()? == self.before, "certificate, key and kubeconfig are as they were: {command}");
        Ok(())
    }
}

impl Administrator<'_> {
    /// The DaemonSet as it is now, as a kubelet of the control plane would come to run it.
    fn rolls_out(&mut self) -> anyhow::Result<()> {
        let json =
            self.admin.kubectl(&["-n", "kube-system", "get", "daemonset", "aws-iam-authenticator", "-o", "json"])?;
        let set: Value = serde_json::from_str(&json.success()?)?;
        let spec = &set["spec"]["template"]["spec"];
        let image = spec["containers"][0]["image"].as_str().context("an image")?;
        self.machine.run(spec, image)
    }

    /// What systemd would run: the program that has the name now, with the arguments of the manifest.
    fn restarts(&mut self) -> anyhow::Result<()> {
        let program = self.bin.join("aws-iam-authenticator");
        let is_ours = fs::metadata(&program)?.len() == fs::metadata(&self.machine.world.parts.cluster_auth)?.len();
        let set = objects(MANIFEST)?.into_iter().find(|object| object["kind"] == "DaemonSet").context("a DaemonSet")?;
        self.machine.start(&program, &set["spec"]["template"]["spec"], if is_ours { 'C' } else { 'G' })
    }
}
