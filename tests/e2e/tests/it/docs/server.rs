//! docs/server.md, on a control plane node whose `/var/aws-iam-authenticator` is a folder of the test.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, ensure};
use e2e::{
    https,
    page::{self, Reader},
    people::environment,
    process::{Background, wait_until},
    server::certificate_authority,
    shell::Shell,
    world::World,
};
use local_cluster::{Binaries, Cluster, Options};

use crate::Test;

pub(super) const TESTS: &[Test] = &[("docs::server_md_is_so_on_a_control_plane_machine", server)];

/// Where the page has the server's files.
const DOCUMENTED: &str = "/var/aws-iam-authenticator";

fn server(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("docs-server")?;
    let state = folder.join("var");
    fs::create_dir_all(&state)?;
    let example = fs::read_to_string(pages::repository().join("examples/config.yaml"))?;
    // What is below /var and /etc by default is the test's.
    let places = format!("server:\n  stateDir: {0}\n  generateKubeconfig: {0}/generated.kubeconfig\n", state.display());
    fs::write(state.join("config.yaml"), example.replace("server:\n", &places))?;
    let mut shell = Shell::new(&world.parts, &folder)?;
    shell.set_all(environment(&world.sts.credentials("alice")?));
    shell.set_all(world.sts.proxy_environment());
    shell.set("NO_PROXY", "127.0.0.1,localhost");
    shell.set("AWS_EC2_METADATA_DISABLED", "true");
    shell.programs_in(world.parts.go_authenticator.parent().context("a program is in a folder")?);
    for documented in [DOCUMENTED, "/srv/kubernetes/kube-apiserver/cluster-auth"] {
        shell.stands_for(documented, state.display().to_string());
    }
    let mut administrator = Administrator { world, state, shell, cluster: None, server: None, existing: None };
    page::follow("docs/server.md", &folder, &mut administrator)?;
    page::besides(&mut administrator)
}

struct Administrator<'a> {
    world: &'a World,
    state: PathBuf,
    shell: Shell,
    cluster: Option<Cluster>,
    server: Option<Background>,
    existing: Option<Background>,
}

impl Reader for Administrator<'_> {
    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        if let Some(flag) = command.strip_prefix("kube-apiserver … ") {
            return self.api_server_starts(flag);
        }
        if command.starts_with("cluster-auth server ") {
            return self.serves(command);
        }
        if command.starts_with("aws-iam-authenticator server ") {
            return self.existing_serves(command);
        }
        let said = self.shell.runs(command)?;
        let is_login = command.starts_with("cluster-auth verify ");
        ensure!(!is_login || said.contains("alice") && said.contains("developers"), "{said}");
        Ok(())
    }
}

impl Administrator<'_> {
    /// With the flag of the page, and those that `…` stands for.
    fn api_server_starts(&mut self, flag: &str) -> anyhow::Result<()> {
        let flag = flag.replace(DOCUMENTED, &self.state.display().to_string());
        let options = Options { api_server_arguments: vec![flag], ..Options::default() };
        let binaries = Binaries::find(std::slice::from_ref(&self.world.parts.kubernetes))?;
        self.cluster = Some(Cluster::start(&binaries, &options, e2e::sts::now())?);
        Ok(())
    }

    /// In place of the server that ran before, if one did.
    fn serves(&mut self, command: &str) -> anyhow::Result<()> {
        self.server = None;
        if command.contains("--access-file") {
            fs::copy(pages::repository().join("examples/access.yaml"), self.state.join("access.yaml"))?;
        }
        let authority = certificate_authority(&self.state)?;
        let is_ready = |_: &str| {
            let answer = https::request(&authority, 21_362, "GET", "/readyz", "");
            Ok(answer.is_ok_and(|answer| answer.status == 200))
        };
        self.server = Some(self.shell.stays(command, is_ready)?);
        // What answers comes with the next command.
        if command.contains("--shadow-of") { Ok(()) } else { self.alice_logs_in() }
    }

    /// The existing authenticator, behind a server of ours.
    fn existing_serves(&mut self, command: &str) -> anyhow::Result<()> {
        let authority = certificate_authority(&self.state)?;
        let is_ready = |_: &str| {
            let answer = https::request(&authority, 21_400, "GET", "/healthz", "");
            Ok(answer.is_ok_and(|answer| answer.status == 200))
        };
        self.existing = Some(self.shell.stays(command, is_ready)?);
        // A token of the same second as the last one's is the same, and the API server remembers it.
        wait_until("both were found to say the same", || {
            self.alice_logs_in()?;
            let metrics = https::request(&authority, 21_362, "GET", "/metrics", "")?.body;
            let same = metrics.lines().find(|line| line.contains("_shadow_reviews_total{result=\"same\"}"));
            Ok(same.is_some_and(|line| !line.ends_with(" 0")))
        })
    }

    fn alice_logs_in(&self) -> anyhow::Result<()> {
        let cluster = self.cluster.as_ref().context("an API server")?;
        fs::write(self.state.join("api-server-ca.pem"), cluster.ca_pem())?;
        let token = "$(cluster-auth token -i prod.example.com --token-only)";
        let (server, ca) = (cluster.server_url(), "api-server-ca.pem");
        let whoami = format!("kubectl --server={server} --certificate-authority={ca} --token=\"{token}\" auth whoami");
        let said = self.shell.output(&whoami)?.success()?;
        ensure!(said.contains("alice") && said.contains("developers"), "{said}");
        Ok(())
    }
}
