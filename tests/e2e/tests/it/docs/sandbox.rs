//! docs/sandbox.md: the AWS CLI and the server reach what the page starts.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, ensure};
use e2e::{
    https,
    page::{self, Reader},
    process::Background,
    server::certificate_authority,
    shell::Shell,
    world::World,
};

use crate::Test;

pub(super) const TESTS: &[Test] = &[("docs::sandbox_md_is_so_for_the_aws_cli_and_the_server", sandbox)];

fn sandbox(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("docs-sandbox")?;
    fs::copy(pages::repository().join("examples/access.yaml"), folder.join("access.yaml"))?;
    let shell = Shell::new(&world.parts, &folder)?;
    let mut developer = Developer { folder: folder.clone(), shell, running: Vec::new(), sts: String::new() };
    page::follow("docs/sandbox.md", &folder, &mut developer)
}

struct Developer {
    folder: PathBuf,
    shell: Shell,
    running: Vec<Background>,
    /// STS's address.
    sts: String,
}

/// What the page has for the address of either.
const ADDRESS: &str = "127.0.0.1:PORT";

impl Reader for Developer {
    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        match command {
            "cluster-auth sandbox --ca-file ca.pem" => self.starts(command),
            "aws sts get-caller-identity" => {
                let said = self.shell.runs(command)?;
                ensure!(said.contains("arn:aws:iam::111122223333:user/alice"), "{said}");
                Ok(())
            }
            _ if command.starts_with("cluster-auth server ") => self.serves(command),
            _ => self.shell.runs(command).map(drop),
        }
    }
}

impl Developer {
    fn starts(&mut self, command: &str) -> anyhow::Result<()> {
        let sandbox = self.shell.stays(command, |said| Ok(said.contains("Ctrl-C ends it")))?;
        let said = sandbox.log();
        let behind = |what: &str| {
            let (_, rest) = said.split_once(what)?;
            Some(format!("127.0.0.1:{}", rest.split_whitespace().next()?))
        };
        let proxy = behind("HTTPS_PROXY=http://127.0.0.1:").context("the proxy's address")?;
        self.sts = behind("--sts-connect-to 127.0.0.1:").context("STS's address")?;
        self.shell.stands_for(ADDRESS, proxy);
        self.running.push(sandbox);
        Ok(())
    }

    fn serves(&mut self, command: &str) -> anyhow::Result<()> {
        self.shell.stands_for(ADDRESS, self.sts.clone());
        let authority = certificate_authority(&self.folder)?;
        let is_ready = |_: &str| {
            let answer = https::request(&authority, 21_362, "GET", "/readyz", "");
            Ok(answer.is_ok_and(|answer| answer.status == 200))
        };
        self.running.push(self.shell.stays(command, is_ready)?);
        let login = "cluster-auth verify -i prod.example.com --own-token --webhook aws-iam-authenticator.kubeconfig";
        let said = self.shell.output(login)?.success()?;
        ensure!(said.contains("alice") && said.contains("developers"), "{said}");
        Ok(())
    }
}
