//! The quickstart, followed command by command on the demo's own cluster.

use anyhow::{Context as _, ensure};
use e2e::{
    page::{self, Reader},
    process::Background,
    shell::Shell,
    world::World,
};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[("quickstart::shows_what_happens", quickstart)];

/// What alice sees of herself.
const ALICE: &str = "arn:aws:iam::111122223333:user/alice is alice in prod.example.com";

fn quickstart(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("quickstart")?;
    let mut shell = Shell::new(&world.parts, &folder)?;
    shell.set("KUBEBUILDER_ASSETS", world.parts.kubernetes.display().to_string());
    shell.set("TMPDIR", folder.display().to_string());
    let mut reader = Newcomer { shell, demo: None };
    page::follow("docs/quickstart.md", &folder, &mut reader)?;
    page::besides(&mut reader.shell)?;
    let demo = reader.demo.as_mut().context("the page starts the demo")?;
    ensure!(demo.terminate()?.success(), "{}", demo.log());
    Ok(())
}

/// Two terminals: the demo's, and the one in which everything else is typed.
struct Newcomer {
    shell: Shell,
    demo: Option<Background>,
}

impl Reader for Newcomer {
    fn types(&mut self, command: &str) -> anyhow::Result<String> {
        self.shell.types(command)
    }

    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        if !command.starts_with("cluster-auth demo") {
            let said = self.shell.runs(command)?;
            ensure!(!command.contains(" whoami") || said.starts_with(ALICE), "{command}: {said}");
            return Ok(());
        }
        let demo = self.shell.stays(command, |said| Ok(said.contains("Ctrl-C ends it")))?;
        // What it says to type in the other terminal.
        let log = demo.log();
        let exports: Vec<&str> = log.lines().map(str::trim).filter(|line| line.starts_with("export ")).collect();
        ensure!(exports.len() == 4, "{log}");
        self.shell.output(&exports.join("\n"))?.success()?;
        self.demo = Some(demo);
        Ok(())
    }
}
