//! A container without a container runtime: a root file system of its own that nobody can write to, volumes in it, a user without any
//! right, and a bound on memory. Its network is the machine's, as with `hostNetwork`. No seccomp profile, and no kubelet.
//!
//! In the root file system are the program, what it trusts, `/proc`, and the machine's libraries, which an image's static program does
//! without.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::{
    cgroup::Cgroup,
    machine::is_root,
    process::{self, Background},
    random::say,
    sts::Sts,
};

/// Puts the mounts in place, root last, and becomes the program. What is typed behind it: the root, volumes as `from at options`, `--`,
/// and the command within the root.
const SCRIPT: &str = r#"
set -e
root=$1; shift
mount --rbind "$root" "$root"
while [ "$1" != -- ]; do
    mount --rbind "$1" "$root$2"
    if [ "$3" = ro ]; then mount -o remount,bind,ro "$root$2"; fi
    shift 3
done
shift
mount -o remount,bind,ro "$root"
PATH=$PATH:/usr/sbin
exec chroot "$root" "$@"
"#;

/// A volume, as a pod has one.
pub struct Volume {
    /// Where the container sees it.
    pub at: &'static str,
    /// Where it is on this machine.
    pub from: PathBuf,
    /// Whether the container may not write to it.
    pub is_read_only: bool,
}

/// What a container may do and use.
pub struct Bounds {
    /// Whose process it is, user and group.
    pub user: u32,
    /// Its memory, page cache included, in bytes.
    pub memory: u64,
}

/// One container, running.
pub struct Container {
    /// Its process.
    pub process: Background,
    bounds: Bounds,
    cgroup: Cgroup,
}

impl Container {
    /// Starts our program in a root file system that is made in a folder.
    pub fn start(
        program: &Path,
        sts: &Sts,
        folder: &Path,
        bounds: Bounds,
        volumes: &[Volume],
        args: &[String],
    ) -> anyhow::Result<Self> {
        let root = folder.join("root");
        let mut mounts = Vec::new();
        let mut mount = |from: &Path, at: &str, options: &str| {
            fs::create_dir_all(root.join(at.trim_start_matches('/')))?;
            mounts.extend([from.display().to_string(), at.trim_end_matches('/').to_owned(), options.to_owned()]);
            anyhow::Ok(())
        };
        mount(Path::new("/proc"), "/proc", "rw")?;
        for library in ["/usr/lib", "/usr/lib64", "/lib", "/lib64"].into_iter().filter(|path| Path::new(path).exists())
        {
            match fs::read_link(library) {
                Ok(target) => symlink(target, root.join(library.trim_start_matches('/')))?,
                Err(_) => mount(Path::new(library), library, "ro")?,
            }
        }
        for Volume { at, from, is_read_only } in volumes {
            mount(from, at, if *is_read_only { "ro" } else { "rw" })?;
        }
        fs::copy(program, root.join("cluster-auth"))?;
        fs::copy("/usr/bin/setpriv", root.join("setpriv")).context("setpriv of util-linux")?;
        fs::copy(&sts.ca_file, root.join("ca.pem"))?;

        let cgroup = Cgroup::new("cluster-auth-container", bounds.memory, None)?;
        let mut command = cgroup.command(Path::new("unshare"));
        let id = bounds.user.to_string();
        let rights =
            ["--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"];
        if is_root()? {
            command.args(["--mount", "--propagation", "private"]);
        } else {
            // One user alone can be had then: the test's own.
            say("not root: the container's user is the tests' own, and not of another number");
            command.args(["--user", "--map-root-user", "--mount", "--propagation", "private"]);
        }
        command.args(["sh", "-c", SCRIPT, "sh"]).arg(&root).args(&mounts).arg("--").arg("/setpriv");
        if is_root()? {
            command.args(["--reuid", &id, "--regid", &id]).args(rights);
        } else {
            command.args(&rights[1..]);
        }
        command.arg("/cluster-auth").args(args);
        clear(&mut command, folder);
        // Neither arguments nor files say where AWS is: to the server the sandbox is AWS.
        command.env("HTTPS_PROXY", format!("http://{}", sts.proxy)).env("SSL_CERT_FILE", "/ca.pem");
        let process = Background::start(&mut command, folder.join("container.log"))?;
        Ok(Self { process, bounds, cgroup })
    }

    /// That it runs in its bounds: by the kernel's account, and not by what was asked for.
    pub fn check(&self) -> anyhow::Result<()> {
        let pid = self.process.id();
        let of = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).context("the container has ended");
        let status = of("status")?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.map(|rest| rest.split_whitespace().next().unwrap_or_default().to_owned())
                .with_context(|| name.to_owned())
        };
        for capabilities in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            ensure!(field(capabilities)?.bytes().all(|digit| digit == b'0'), "{capabilities}:\n{status}");
        }
        ensure!(field("NoNewPrivs")? == "1", "{status}");
        let id = self.bounds.user.to_string();
        ensure!(!is_root()? || (field("Uid")? == id && field("Gid")? == id && field("Groups")?.is_empty()), "{status}");
        let mounts = of("mountinfo")?;
        let root = mounts.lines().rfind(|line| line.split(' ').nth(4) == Some("/")).context("a root")?;
        ensure!(
            root.split(' ').nth(5).is_some_and(|options| options.split(',').any(|option| option == "ro")),
            "{root}"
        );
        let own = fs::read_link("/proc/self/ns/net")?;
        ensure!(fs::read_link(format!("/proc/{pid}/ns/net"))? == own, "its network is the machine's");
        self.cgroup.check(pid).map(drop)
    }
}

/// Nothing of our own environment reaches it.
fn clear(command: &mut Command, folder: &Path) {
    let clean = process::command("true", folder);
    command.env_clear().envs(clean.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(folder);
    command.stdin(std::process::Stdio::null());
}
