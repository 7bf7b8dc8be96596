//! A terminal at which somebody types what the documentation says, word for word.
//!
//! Folders, exported variables and plain ones stay from one command to the next, as in one shell.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};

use crate::{
    page::Reader,
    parts::Parts,
    process::{self, Background, Output, wait_until},
    typed,
};

/// Runs a program at a terminal of its own, and ends as it ends.
pub const TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// One terminal.
pub struct Shell {
    folder: PathBuf,
    python: PathBuf,
    programs: Vec<PathBuf>,
    variables: Vec<(String, String)>,
    placeholders: Vec<(String, String)>,
}

impl Shell {
    /// In a folder, which is the home folder too, with our program and kubectl, Helm, the AWS CLI and OpenTofu.
    pub fn new(parts: &Parts, folder: &Path) -> anyhow::Result<Self> {
        let stand_ins = folder.join(".stand-ins");
        fs::create_dir_all(&stand_ins)?;
        let mut programs = vec![stand_ins];
        for program in [&parts.cluster_auth, &parts.helm, &parts.aws_cli, &parts.tofu] {
            programs.push(program.parent().context("a program is in a folder")?.to_owned());
        }
        programs.push(parts.kubernetes.clone());
        let python = parts.moto.with_file_name("python");
        let mut shell = Self { folder: folder.to_owned(), python, programs, variables: vec![], placeholders: vec![] };
        // What is assigned is there for the next command, which is another process here.
        shell.begins_with(&format!("cd {}; set -a", quoted(&folder.display().to_string())))?;
        Ok(shell)
    }

    /// A variable of the environment, for everything that is typed from now on.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    /// The same for several.
    pub fn set_all(&mut self, variables: impl IntoIterator<Item = (&'static str, String)>) {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }

    /// What people put in place of a word that stands for something of theirs, as the port that a program has printed.
    pub fn stands_for(&mut self, placeholder: &str, value: impl Into<String>) {
        self.placeholders.retain(|(known, _)| known != placeholder);
        self.placeholders.push((placeholder.to_owned(), value.into()));
    }

    /// Further programs, before all others.
    pub fn programs_in(&mut self, folder: &Path) {
        self.programs.insert(1, folder.to_owned());
    }

    /// A program that cannot be had here: a script of `sh` in its place.
    pub fn stand_in(&self, program: &str, script: &str) -> anyhow::Result<()> {
        let path = self.programs[0].join(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n"))?;
        Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
    }

    /// Types a command of the documentation, and says what it prints to both streams; it may fail.
    pub fn shows(&self, command: &str) -> anyhow::Result<String> {
        let shown = self.output(&format!("{{ {command}\n}} 2>&1"))?.stdout;
        typed::note(command);
        Ok(shown)
    }

    /// Types a command of the documentation, which must succeed, and says what it prints.
    pub fn runs(&self, command: &str) -> anyhow::Result<String> {
        let printed = self.output(command)?.success().with_context(|| command.to_owned())?;
        typed::note(command);
        Ok(printed)
    }

    /// Runs a command in between, which stands on no page.
    pub fn output(&self, command: &str) -> anyhow::Result<Output> {
        process::run(&mut self.command(command))
    }

    /// Types a command of the documentation that stays, in the background, and waits until it says something, or answers.
    pub fn stays(
        &self,
        command: &str,
        mut ready: impl FnMut(&str) -> anyhow::Result<bool>,
    ) -> anyhow::Result<Background> {
        let log = self.folder.join(format!(".log-{}", self.next()?));
        let mut running = Background::start(self.command(&format!("exec {command}")).stdin(Stdio::null()), log)?;
        wait_until(command, || {
            let said = running.log();
            ensure!(running.ended()?.is_none(), "{command} has ended:\n{said}");
            ready(&said)
        })?;
        typed::note(command);
        Ok(running)
    }

    /// Types a command of the documentation at a real terminal, and an answer to what it asks there; says what it prints.
    pub fn answers(&self, command: &str, question: &str, answer: &str) -> anyhow::Result<String> {
        let log = self.folder.join(format!(".log-{}", self.next()?));
        let inner = self.command(command);
        let mut terminal = Command::new(&self.python);
        terminal.args(["-c", TERMINAL]).arg(inner.get_program()).args(inner.get_args());
        terminal.env_clear().current_dir(&self.folder).stdin(Stdio::piped());
        terminal.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut running = Background::start(&mut terminal, log)?;
        wait_until("it asks", || {
            ensure!(running.ended()?.is_none(), "{command} has ended:\n{}", running.log());
            Ok(running.log().contains(question))
        })?;
        running.types(answer)?;
        let status = running.wait()?;
        ensure!(status.success(), "{command}: {}", running.log());
        typed::note(command);
        Ok(running.log())
    }

    fn command(&self, command: &str) -> Command {
        let mut command = command.to_owned();
        for (placeholder, value) in &self.placeholders {
            command = command.replace(placeholder, value);
        }
        let state = quoted(&self.folder.join(".state").display().to_string());
        // bash, as what is documented has `<(…)`. The last command's end is the script's.
        let script = format!(
            ". {state}\n{command}\nended=$?\n{{ printf 'cd %q; set -a\\n' \"$PWD\"; export -p; }} > {state}\nexit $ended"
        );
        let mut shell = process::command("bash", &self.folder);
        let programs: Vec<_> = self.programs.iter().map(|folder| folder.display().to_string()).collect();
        shell.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.join(":")));
        shell.args(["-o", "pipefail", "-c", &script]).envs(self.variables.iter().map(|(name, value)| (name, value)));
        shell
    }

    fn begins_with(&mut self, state: &str) -> anyhow::Result<()> {
        Ok(fs::write(self.folder.join(".state"), format!("{state}\n"))?)
    }

    /// A number that no other log of this terminal has.
    fn next(&self) -> anyhow::Result<usize> {
        Ok(fs::read_dir(&self.folder)?.count())
    }
}

/// Whoever follows a page at this terminal. What `apply` asks gets a yes.
impl Reader for Shell {
    fn types(&mut self, command: &str) -> anyhow::Result<String> {
        self.shows(command)
    }

    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        let last = command.rsplit("&& ").next().unwrap_or_default();
        if last.starts_with("cluster-auth apply") && !last.contains("--yes") {
            return self.answers(command, "Type `yes` to confirm:", "yes").map(drop);
        }
        Shell::runs(self, command).map(drop)
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
