//! Running programs: to their end, or in the background until dropped.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::secrets;

/// What a program printed, and how it ended.
#[derive(Debug)]
pub struct Output {
    /// Exit code; -1 where a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// The standard output of a run that must succeed.
    pub fn success(self) -> anyhow::Result<String> {
        anyhow::ensure!(self.code == 0, "exit code {}\nstdout: {}\nstderr: {}", self.code, self.stdout, self.stderr);
        Ok(self.stdout)
    }

    /// The standard error of a run that must fail.
    pub fn failure(self) -> anyhow::Result<String> {
        anyhow::ensure!(self.code != 0, "must fail, but printed\nstdout: {}\nstderr: {}", self.stdout, self.stderr);
        Ok(self.stderr)
    }
}

/// A command with nothing of our own environment but PATH and HOME of the test: proxies, AWS keys and certificate
/// variables of the machine must not reach the programs under test.
pub fn command(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", home).current_dir(home);
    command.stdin(Stdio::null());
    command
}

/// A line as a developer types it in the repository: everything of the environment that cargo needs is as it is here.
pub fn in_repository(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec {line}")]).current_dir(pages::repository()).stdin(Stdio::null());
    command
}

/// Runs to the end. What it prints must hold no secret, unless this is what it was asked for.
pub fn run(command: &mut Command) -> anyhow::Result<Output> {
    let output = run_other(command)?;
    let (what, prints_tokens) = secrets::named(command);
    if prints_tokens {
        secrets::of_text(&output.stdout);
    } else {
        secrets::refused(&what, &output.stdout)?;
    }
    secrets::refused(&what, &output.stderr)?;
    Ok(output)
}

/// The same of another program than ours: with `--debug` the AWS CLI prints what it signs.
pub fn run_other(command: &mut Command) -> anyhow::Result<Output> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    Ok(Output { code: output.status.code().unwrap_or(-1), stdout, stderr })
}

/// A program in the background; its output goes to a file, and it is killed and reaped when dropped. Then its output is
/// searched for secrets.
pub struct Background {
    child: Child,
    log: PathBuf,
    what: String,
}

impl Background {
    /// Starts it.
    pub fn start(command: &mut Command, log: PathBuf) -> anyhow::Result<Self> {
        let file = File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        command.stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let what = format!("{} in {}", secrets::named(command).0, log.display());
        Ok(Self { child, log, what })
    }

    /// Everything it has printed so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_else(|error| format!("(no log: {error})"))
    }

    /// What it has printed behind the first `offset` bytes, as far as its lines are whole.
    pub fn log_from(&self, offset: u64) -> anyhow::Result<String> {
        let mut file = File::open(&self.log)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Types a line, where its input was made a pipe.
    pub fn types(&mut self, line: &str) -> anyhow::Result<()> {
        let input = self.child.stdin.as_mut().context("its input is not a pipe")?;
        Ok(writeln!(input, "{line}").and_then(|()| input.flush())?)
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let mut ended = None;
        wait_until("the process ends", || {
            ended = self.child.try_wait()?;
            Ok(ended.is_some())
        })?;
        ended.context("it has ended")
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM and waits for the end.
    pub fn terminate(&mut self) -> anyhow::Result<ExitStatus> {
        run(Command::new("kill").arg("-TERM").arg(self.id().to_string()))?.success()?;
        let mut ended = None;
        wait_until("the process ends after SIGTERM", || {
            ended = self.child.try_wait()?;
            Ok(ended.is_some())
        })?;
        ended.context("it has ended")
    }

    /// Kills it, as the kernel does when memory is short.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// The exit status, if it has ended.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Both fail only where it has ended already, which is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let log = fs::read(&self.log).unwrap_or_default();
        secrets::ended(&self.what, &String::from_utf8_lossy(&log));
    }
}

/// How long anything may take before a test gives up. Generous: machines are noisy, and nothing is asserted on time.
const PATIENCE: Duration = Duration::from_secs(180);

/// Asks again and again until the answer is yes.
pub fn wait_until(what: &str, mut ready: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        if ready().with_context(|| format!("while waiting until {what}"))? {
            return Ok(());
        }
        anyhow::ensure!(start.elapsed() < PATIENCE, "gave up waiting until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
