//! One program in the background, and the guard that ends it should we die.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::ClusterError;

/// A running program. Dropping it kills and reaps it.
pub(super) struct Process {
    name: String,
    child: Child,
    guard: Child,
    log: PathBuf,
}

/// Waits for the end of its input, which comes when we end, however we end; then kills the program. Ctrl-C and the like
/// are for us and the program to handle.
const GUARD: &str = "trap '' INT TERM HUP; read -r _; kill -9 \"$0\"";

/// How much of a log stands in an error.
const TAIL_LINES: usize = 15;

impl Process {
    /// Starts it with nothing of our environment but the folder as home, and its output in `<folder>/<name>.log`.
    /// Proxies and credentials of this machine are none of its business.
    pub(super) fn start(program: &Path, arguments: &[String], folder: &Path) -> Result<Self, ClusterError> {
        let name = program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy();
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("HOME", folder);
        Self::launch(&name, command, folder)
    }

    /// Starts a command, and its output goes to `<folder>/<name>.log`.
    pub(super) fn launch(name: &str, mut command: Command, folder: &Path) -> Result<Self, ClusterError> {
        let program = PathBuf::from(command.get_program());
        let failed = |source| ClusterError::Spawn { program: program.clone(), source };
        let name = name.to_owned();
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).map_err(|source| ClusterError::Write { path: log.clone(), source })?;
        command.stdin(Stdio::null()).stdout(file.try_clone().map_err(failed)?).stderr(file);
        let mut child = command.spawn().map_err(failed)?;
        match guard(child.id()) {
            Ok(guard) => Ok(Self { name, child, guard, log }),
            Err(error) => {
                end(&mut child);
                Err(ClusterError::Spawn { program: SHELL.into(), source: error })
            }
        }
    }

    /// Its process id.
    #[cfg(test)]
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// An error with the end of its log, if it has ended.
    pub(super) fn must_run(&mut self) -> Result<(), ClusterError> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(ClusterError::Ended { program: self.name.clone(), status, log: self.log_tail() }),
            // That it cannot be told is not that it has ended.
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// The last lines of its log.
    pub(super) fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        tail(&String::from_utf8_lossy(&log), TAIL_LINES).to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The guard first: once the program is reaped, its id may become another's.
        end(&mut self.guard);
        end(&mut self.child);
    }
}

const SHELL: &str = "/bin/sh";

/// Watches over the process with this id.
pub(super) fn guard(id: u32) -> io::Result<Child> {
    let mut command = Command::new(SHELL);
    command.args(["-c", GUARD, &id.to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Both fail only where it has ended already, which is what we want.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The last `lines` lines of a text.
pub(super) fn tail(text: &str, lines: usize) -> &str {
    let text = text.trim_end();
    match text.rmatch_indices('\n').nth(lines - 1) {
        Some((index, _)) => &text[index + 1..],
        None => text,
    }
}
