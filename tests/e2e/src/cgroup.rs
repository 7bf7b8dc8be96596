//! A bound on a process's memory, as a container has it: page cache counts, and whoever passes it is killed. What is there
//! already is not counted, such as the program's own file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::Context as _;

/// Where memory cgroups of the first version are mounted, and those of the second.
const V1: &str = "/sys/fs/cgroup/memory";
const V2: &str = "/sys/fs/cgroup";

/// How many there were.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// A bound, in bytes, as far as this machine lets us set one.
pub struct Cgroup {
    bytes: u64,
    /// None where we may make none: then the process's own account is what there is.
    group: Option<Group>,
}

struct Group {
    folder: PathBuf,
    is_v1: bool,
}

/// What a process has used.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// The most that counted against the bound.
    pub peak: u64,
    /// Of it anonymous, at this moment.
    pub anonymous: u64,
    /// How often something was killed for want of memory.
    pub kills: u64,
}

impl Cgroup {
    /// A new one; without one of these rights, a bound that is looked at and not enforced.
    pub fn new(name: &str, bytes: u64) -> Self {
        Self { bytes, group: Group::new(name, bytes).ok() }
    }

    /// A program that will run within it.
    pub fn command(&self, program: &Path) -> Command {
        let Some(group) = &self.group else { return Command::new(program) };
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(group.folder.join("cgroup.procs")).arg(program);
        command
    }

    /// What has been used since [`Self::begin`], or the start.
    pub fn used(&self, pid: u32) -> anyhow::Result<Used> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the server has ended")?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
            kib.map(|kib| kib << 10).with_context(|| format!("no {name} in its status"))
        };
        let anonymous = field("RssAnon:")?;
        let Some(group) = &self.group else { return Ok(Used { peak: field("VmHWM:")?, anonymous, kills: 0 }) };
        let [peak, kills] = if group.is_v1 {
            [group.number("memory.max_usage_in_bytes", "")?, group.number("memory.oom_control", "oom_kill ")?]
        } else {
            [group.number("memory.peak", "")?, group.number("memory.events", "oom_kill ")?]
        };
        Ok(Used { peak, anonymous, kills })
    }

    /// From here on the most is counted anew, where the kernel does that.
    pub fn begin(&self) {
        if let Some(group) = self.group.as_ref().filter(|group| group.is_v1) {
            // Without this the peak is that of an earlier moment, and no less true.
            let _ = fs::write(group.folder.join("memory.max_usage_in_bytes"), "0");
        }
    }

    /// That nothing was killed, and that no more was used than is allowed where the kernel does not see to it. Where it does,
    /// its account passes the bound by what it takes in one step.
    pub fn check(&self, pid: u32) -> anyhow::Result<Used> {
        let used = self.used(pid)?;
        let is_within = used.kills == 0 && (self.group.is_some() || used.peak <= self.bytes);
        anyhow::ensure!(is_within, "the bound is {} bytes: {used:?}", self.bytes);
        Ok(used)
    }
}

impl Group {
    fn new(name: &str, bytes: u64) -> anyhow::Result<Self> {
        let is_v1 = Path::new(V1).join("memory.limit_in_bytes").exists();
        // A server is started while the one before it still has its own.
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(if is_v1 { V1 } else { V2 }).join(format!("{name}-{}-{number}", std::process::id()));
        fs::create_dir(&folder)?;
        let group = Self { folder, is_v1 };
        fs::write(group.folder.join(if is_v1 { "memory.limit_in_bytes" } else { "memory.max" }), bytes.to_string())?;
        Ok(group)
    }

    /// A number in one of its files, behind these words.
    fn number(&self, file: &str, words: &str) -> anyhow::Result<u64> {
        let text = fs::read_to_string(self.folder.join(file))?;
        let number = text.lines().find_map(|line| line.strip_prefix(words)?.trim().parse().ok());
        number.with_context(|| format!("no {words}in {file}: {text}"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The kernel takes a moment after the last process has ended; what stays behind is an empty folder.
        for _ in 0..20 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}
