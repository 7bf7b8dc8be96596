//! Running other programs.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the repository")
}

/// A command in the repository.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// cargo, the one that runs us.
pub(crate) fn cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs to the end; anything but success is an error that names the command.
pub(crate) fn check(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    anyhow::ensure!(status.success(), "{} failed ({status})", shown(command));
    Ok(())
}

/// Runs to the end and returns what it printed to stdout.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", shown(command)))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{} failed ({}): {stderr}", shown(command), output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A command that runs beside others. What it prints is kept until it has ended, so that nothing is mixed.
pub(crate) struct Background {
    shown: String,
    child: Child,
    log: PathBuf,
}

impl Background {
    /// Starts it; `what` is its name for people.
    pub(crate) fn start(what: &str, command: &mut Command) -> anyhow::Result<Self> {
        let folder = root().join("target/beside");
        fs::create_dir_all(&folder)?;
        let log = folder.join(format!("{}.log", what.replace(' ', "-")));
        let file = File::create(&log).with_context(|| log.display().to_string())?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("cannot start {}", shown(command)))?;
        println!("{what}: begun beside what follows; {} is what it says", log.display());
        Ok(Self { shown: shown(command), child, log })
    }

    /// Waits for its end. Where it fails, what it has said is printed.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        let status = self.child.wait()?;
        if !status.success() {
            println!("{}:\n{}", self.shown, String::from_utf8_lossy(&fs::read(&self.log)?));
        }
        anyhow::ensure!(status.success(), "{} failed ({status})", self.shown);
        Ok(())
    }
}

impl Drop for Background {
    /// Nobody waits for it any more. What it has started ends with it: compilers would go on for minutes.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let pids = [vec![self.child.id()], descendants(self.child.id())].concat();
            // One that has ended meanwhile is what is wanted.
            let _ = Command::new("kill").arg("-KILL").args(pids.iter().map(u32::to_string)).output();
            let _ = self.child.wait();
        }
    }
}

/// What a process has started, and what those have started.
fn descendants(pid: u32) -> Vec<u32> {
    // One that has just ended has none.
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let children: Vec<u32> =
        children.flat_map(|text| text.split(' ').filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect();
    children.iter().flat_map(|pid| [vec![*pid], descendants(*pid)].concat()).collect()
}

/// Where a program is, if PATH has it.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn shown(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::{fs, thread, time::Duration};

    use super::{Background, command, descendants};

    fn shell(script: &str) -> std::process::Command {
        let mut shell = command("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn what_fails_beside_is_said_when_it_is_waited_for() {
        Background::start("a good end", &mut shell("echo fine")).expect("it starts").end().expect("a good end");
        let failing = Background::start("a bad end", &mut shell("echo why >&2; exit 3")).expect("it starts");
        let log = failing.log.clone();
        let error = failing.end().expect_err("a bad end").to_string();
        assert!(error.contains("exit 3 failed (exit status: 3)"), "{error}");
        assert_eq!(fs::read_to_string(log).expect("a log"), "why\n");
    }

    #[test]
    fn what_nobody_waits_for_ends_with_all_that_it_has_started() {
        let beside =
            Background::start("no end", &mut shell("sleep 600 & sh -c 'sleep 601; true'; true")).expect("it starts");
        let pid = beside.child.id();
        // For a minute at most: two shells have to start.
        let mut started = Vec::new();
        for _ in 0..600 {
            started = descendants(pid);
            if started.len() == 3 {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(started.len(), 3, "two that sleep, and a shell");
        drop(beside);
        // Whoever is not reaped yet has no command line any more.
        let runs = |pid: &u32| fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty());
        for _ in 0..600 {
            if !started.iter().any(runs) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("some of {started:?} still run");
    }
}
