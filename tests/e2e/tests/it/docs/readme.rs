//! README's commands behind the demo, from the files of the webhook to a team member's kubectl.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use anyhow::{Context as _, ensure};
use e2e::{
    https, page, people::environment, process::Background, production::Production, server::certificate_authority,
    shell::Shell, world::World,
};
use page::Reader;

use crate::Test;

pub(super) const TESTS: &[Test] = &[("docs::readme_sets_a_cluster_up_and_lets_the_team_in", readme)];

fn readme(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("docs-readme")?;
    symlink(pages::repository().join("chart"), folder.join("chart"))?;
    fs::copy(pages::repository().join("examples/access.yaml"), folder.join("access.yaml"))?;
    let shell = Shell::new(&world.parts, &folder)?;
    let mut administrator = Administrator { world, folder: folder.clone(), shell, production: None, server: None };
    page::follow("README.md", &folder, &mut administrator)
}

struct Administrator<'a> {
    world: &'a World,
    folder: PathBuf,
    shell: Shell,
    production: Option<Production>,
    server: Option<Background>,
}

impl Reader for Administrator<'_> {
    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        let words: Vec<&str> = command.split(' ').collect();
        match words[..2] {
            ["cluster-auth", "init"] => {
                self.shell.runs(command)?;
                self.api_server_starts()
            }
            ["cluster-auth", "server"] => self.server_starts(command),
            ["helm", "upgrade"] => {
                self.nothing_ends()?;
                self.with_helm(command)
            }
            ["cluster-auth", "apply"] => self.shell.answers(command, "Type `yes` to confirm:", "yes").map(drop),
            ["cluster-auth", "kubeconfig"] => self.alice_logs_in(command),
            ["kubectl", "auth"] => Ok(()),
            _ => self.shell.runs(command).map(drop),
        }
    }
}

impl Administrator<'_> {
    /// In a cluster of its own: what comes next on the page does the same in another way.
    fn with_helm(&self, command: &str) -> anyhow::Result<()> {
        let folder = self.folder.join("with-helm");
        fs::create_dir_all(&folder)?;
        symlink(pages::repository().join("chart"), folder.join("chart"))?;
        fs::copy(self.folder.join("access.yaml"), folder.join("access.yaml"))?;
        let production = Production::start(self.world, &folder, None)?;
        let mut shell = Shell::new(&self.world.parts, &folder)?;
        shell.set_all(production.environment(&self.world.sts)?);
        shell.set("KUBECONFIG", "admin.conf");
        shell.output("kubectl create namespace dev")?.success()?;
        shell.runs(command).map(drop)
    }

    /// It reads the webhook's kubeconfig, which is there before any server is.
    fn api_server_starts(&mut self) -> anyhow::Result<()> {
        let webhook = self.folder.join("aws-iam-authenticator.kubeconfig");
        let production = Production::start(self.world, &self.folder, Some(webhook))?;
        self.shell.set_all(production.environment(&self.world.sts)?);
        self.shell.set_all(environment(&self.world.sts.credentials("carol")?));
        self.shell.set("KUBECONFIG", "admin.conf");
        self.shell.output("kubectl create namespace dev")?.success()?;
        self.production = Some(production);
        Ok(())
    }

    fn server_starts(&mut self, command: &str) -> anyhow::Result<()> {
        let authority = certificate_authority(&self.folder)?;
        let is_ready = |_: &str| {
            let answer = https::request(&authority, 21_362, "GET", "/readyz", "");
            Ok(answer.is_ok_and(|answer| answer.status == 200))
        };
        self.server = Some(self.shell.stays(command, is_ready)?);
        Ok(())
    }

    /// The example without those whose access has ended.
    fn nothing_ends(&self) -> anyhow::Result<()> {
        let file = self.folder.join("access.yaml");
        let whole = fs::read_to_string(&file)?;
        let (before, group) = whole.split_once("- name: contractors").context("the group that has ended")?;
        let (_, behind) = group.split_once("\n- name: ").context("the next group")?;
        Ok(fs::write(&file, format!("{before}- name: {behind}"))?)
    }

    /// At a machine of her own: with the authority's certificate, her AWS credentials, and no kubeconfig yet.
    fn alice_logs_in(&mut self, command: &str) -> anyhow::Result<()> {
        let home = self.folder.join("alice");
        fs::create_dir_all(&home)?;
        fs::copy(self.folder.join("ca.pem"), home.join("ca.pem"))?;
        let mut shell = Shell::new(&self.world.parts, &home)?;
        let production = self.production.as_ref().context("a cluster")?;
        shell.set_all(production.environment(&self.world.sts)?);
        shell.set_all(environment(&self.world.sts.credentials("alice")?));
        shell.runs(command)?;
        let said = shell.runs("kubectl auth whoami")?;
        ensure!(said.contains("Username") && said.contains("alice") && said.contains("developers"), "{said}");
        Ok(())
    }
}
