//! What the kernel says about a process.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::Context as _;

/// Clock ticks per second in /proc; Linux has had this one value on every architecture for long.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of CPU, user and system, that a process has used.
pub(super) fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold blanks; fields are counted behind it (proc(5): utime is 14, stime 15).
    let fields: Vec<_> = stat.rsplit_once(')').context("a name")?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).context("ticks");
    Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

/// Resident and anonymous memory in MiB.
pub(super) fn memory_mib(pid: u32) -> anyhow::Result<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).context("a size")
    };
    Ok((field("VmRSS:")?, field("RssAnon:")?))
}

/// What a process used from its start to its end.
#[derive(Clone, Copy)]
pub(super) struct Used {
    /// As a clock has it.
    pub(super) wall_seconds: f64,
    /// User and system; other programs on the machine hardly change it.
    pub(super) cpu_seconds: f64,
    /// The most resident memory.
    pub(super) peak_mib: f64,
}

/// Runs a command to its end. What it prints is thrown away.
pub(super) fn used(command: &Command) -> anyhow::Result<Used> {
    let mut time = Command::new("/usr/bin/time");
    time.args(["-f", "%e %U %S %M"]).arg(command.get_program()).args(command.get_args()).stdout(Stdio::null());
    time.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = time.output().context("cannot start /usr/bin/time: apt-get install time")?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{} failed: {said}", command.get_program().display());
    let figures: Vec<f64> =
        said.lines().last().context("figures")?.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [wall_seconds, user, system, kib] = figures[..] else { anyhow::bail!("not four figures: {said}") };
    Ok(Used { wall_seconds, cpu_seconds: user + system, peak_mib: kib / 1024.0 })
}
