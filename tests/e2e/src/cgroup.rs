//! Bounds on a process's memory and processor, as a container has them: page cache counts, and whoever passes the one is
//! killed, and the other has to wait. What is there already is not counted, such as the program's own file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::Context as _;

/// Where cgroups of the first version are mounted, for memory and for the processor, and those of the second.
const V1: &str = "/sys/fs/cgroup/memory";
const V1_CPU: &str = "/sys/fs/cgroup/cpu";
const V2: &str = "/sys/fs/cgroup";

/// How many there were.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// The bounds, as far as this machine lets us set some.
pub struct Cgroup {
    bytes: u64,
    /// None where we may make none: then the process's own account is what there is.
    group: Option<Group>,
    /// That of the processor, where it is another one.
    cpu: Option<Folder>,
}

struct Group {
    folder: Folder,
    is_v1: bool,
}

/// A cgroup's folder, removed when dropped.
struct Folder(PathBuf);

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
    /// A new one; where we may make none, a bound on memory is looked at and not enforced, and one on the processor, in
    /// thousandths of one, is an error.
    pub fn new(name: &str, bytes: u64, milli_cpu: Option<u32>) -> anyhow::Result<Self> {
        let group = Group::new(name, bytes).ok();
        let mut cpu = None;
        if let Some(milli_cpu) = milli_cpu {
            let (period, quota) = (100_000, 100 * milli_cpu);
            match &group {
                Some(group) if !group.is_v1 => fs::write(group.folder.join("cpu.max"), format!("{quota} {period}")),
                _ => {
                    let folder = Folder::new(V1_CPU, name)?;
                    let written = fs::write(folder.join("cpu.cfs_period_us"), period.to_string())
                        .and_then(|()| fs::write(folder.join("cpu.cfs_quota_us"), quota.to_string()));
                    cpu = Some(folder);
                    written
                }
            }
            .context("this machine lets us set no bound on the processor")?;
        }
        Ok(Self { bytes, group, cpu })
    }

    /// A program that will run within it.
    pub fn command(&self, program: &Path) -> Command {
        let groups = [self.group.as_ref().map(|group| &group.folder), self.cpu.as_ref()];
        let [own, of_cpu] =
            groups.map(|folder| folder.map_or("/dev/null".into(), |folder| folder.join("cgroup.procs")));
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ > \"$0\" && echo $$ > \"$1\" && shift && exec \"$@\""]);
        command.args([own, of_cpu]).arg(program);
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
        let Some(group) = &self.group else {
            return Ok(Used { peak: field("VmHWM:")?, anonymous: field("RssAnon:")?, kills: 0 });
        };
        let [peak, kills] = if group.is_v1 {
            [group.number("memory.max_usage_in_bytes", "")?, group.number("memory.oom_control", "oom_kill ")?]
        } else {
            [group.number("memory.peak", "")?, group.number("memory.events", "oom_kill ")?]
        };
        let anonymous =
            field("RssAnon:").with_context(|| format!("the server has ended; killed for memory: {kills}"))?;
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
        let folder = Folder::new(if is_v1 { V1 } else { V2 }, name)?;
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

impl Folder {
    fn new(mounted: &str, name: &str) -> anyhow::Result<Self> {
        // A server is started while the one before it still has its own.
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(mounted).join(format!("{name}-{}-{number}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    fn join(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The kernel takes a moment after the last process has ended; what stays behind is an empty folder.
        for _ in 0..20 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}
