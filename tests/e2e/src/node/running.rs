//! A container as the kernel has it: by its account, and not by what was asked for.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};

use super::TestNode;

/// The first container of a pod of kube-system, running.
pub struct Running {
    /// containerd's name for it, another one after every start.
    pub id: String,
    pid: u32,
    memory: PathBuf,
    cpu: PathBuf,
    is_v1: bool,
}

/// What a container uses of its memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// The most so far, page cache included.
    pub peak: u64,
    /// At this moment, what is no file's.
    pub anonymous: u64,
}

impl TestNode {
    /// The first container of a pod of kube-system.
    pub fn running(&self, pod: &str) -> anyhow::Result<Running> {
        let path = "-o=jsonpath={.status.containerStatuses[0].containerID}";
        let id = self.kubectl(&["-n", "kube-system", "get", "pod", pod, path])?;
        let id = id.strip_prefix("containerd://").with_context(|| format!("{pod} runs no container: {id:?}"))?;
        Running::find(&self.node.cgroup(), id)
    }

    /// The pods of kube-system with a label, oldest first, without those that are about to end.
    pub fn pods(&self, label: &str) -> anyhow::Result<Vec<String>> {
        let template =
            "-o=go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}";
        let sorted = "--sort-by=.metadata.creationTimestamp";
        let names = self.kubectl(&["-n", "kube-system", "get", "pods", "-l", label, sorted, template])?;
        Ok(names.split_whitespace().map(str::to_owned).collect())
    }
}

impl Running {
    fn find(root: &str, id: &str) -> anyhow::Result<Self> {
        let mounted = Path::new("/sys/fs/cgroup");
        let is_v1 = mounted.join("memory").is_dir();
        let of = |controller: &str| {
            let top = if is_v1 { mounted.join(controller) } else { mounted.to_owned() };
            below(&top.join(root.trim_start_matches('/')), id)
                .with_context(|| format!("no cgroup {controller} of {id}"))
        };
        let (memory, cpu) = (of("memory")?, of("cpu")?);
        let processes = fs::read_to_string(memory.join("cgroup.procs"))?;
        let pid = processes.lines().next().context("the container has no process")?.parse()?;
        Ok(Self { id: id.to_owned(), pid, memory, cpu, is_v1 })
    }

    /// That it runs as a user without any right, with this much memory in bytes and processor in thousandths, under a seccomp profile.
    pub fn check(&self, user: u32, memory: u64, milli_cpu: u64) -> anyhow::Result<()> {
        self.check_bounds(user, memory)?;
        let status = self.status()?;
        ensure!(field(&status, "NoNewPrivs")? == "1" && field(&status, "Seccomp")? == "2", "{status}");
        let read = |file: &str| fs::read_to_string(self.cpu.join(file)).context(file.to_owned());
        let quota = if self.is_v1 {
            format!("{} {}", read("cpu.cfs_quota_us")?.trim(), read("cpu.cfs_period_us")?.trim())
        } else {
            read("cpu.max")?.trim().to_owned()
        };
        ensure!(quota == format!("{} 100000", milli_cpu * 100), "{quota}");
        Ok(())
    }

    /// That it runs as a user without any right, with this much memory in bytes, and cannot write to its root.
    pub fn check_bounds(&self, user: u32, memory: u64) -> anyhow::Result<()> {
        let status = self.status()?;
        for capabilities in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            ensure!(field(&status, capabilities)?.bytes().all(|digit| digit == b'0'), "{capabilities}:\n{status}");
        }
        let user = user.to_string();
        ensure!(field(&status, "Uid")? == user && field(&status, "Gid")? == user, "{status}");
        let limit = number(&self.memory, if self.is_v1 { "memory.limit_in_bytes" } else { "memory.max" })?;
        ensure!(limit == memory, "{limit} bytes");
        let mounts = fs::read_to_string(format!("/proc/{}/mountinfo", self.pid))?;
        let root = mounts.lines().find(|line| line.split(' ').nth(4) == Some("/")).context("a root")?;
        ensure!(
            root.split(' ').nth(5).is_some_and(|options| options.split(',').any(|option| option == "ro")),
            "{root}"
        );
        Ok(())
    }

    fn status(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(format!("/proc/{}/status", self.pid))?)
    }

    /// The name of its program.
    pub fn program(&self) -> anyhow::Result<String> {
        let path = fs::read_link(format!("/proc/{}/exe", self.pid))?;
        Ok(path.file_name().context("a program has a name")?.to_string_lossy().into_owned())
    }

    /// What it uses.
    pub fn memory(&self) -> anyhow::Result<Memory> {
        let peak = number(&self.memory, if self.is_v1 { "memory.max_usage_in_bytes" } else { "memory.peak" })?;
        let stat = fs::read_to_string(self.memory.join("memory.stat"))?;
        let name = if self.is_v1 { "rss " } else { "anon " };
        let anonymous = stat.lines().find_map(|line| line.strip_prefix(name)?.parse().ok());
        Ok(Memory { peak, anonymous: anonymous.context("anonymous memory")? })
    }
}

/// The first word of a field.
fn field<'a>(status: &'a str, name: &str) -> anyhow::Result<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()).with_context(|| format!("no {name}: {status}"))
}

fn number(folder: &Path, file: &str) -> anyhow::Result<u64> {
    Ok(fs::read_to_string(folder.join(file))?.trim().parse()?)
}

/// The folder of this name somewhere below another.
fn below(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    let folders: Vec<_> = entries.collect();
    let is_it = |path: &&PathBuf| path.file_name().is_some_and(|of| of == name);
    folders.iter().find(is_it).cloned().or_else(|| folders.iter().find_map(|folder| below(folder, name)))
}
