//! A control plane node: its files below a folder of the test, its API server, and what a kubelet or systemd would run
//! there. The programs are the real ones, and their arguments are taken from the files that people are told to use; only
//! paths and ports are those of the test.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use local_cluster::{Binaries, Cluster, Options};
use tempfile::TempDir;

use crate::{
    https,
    parts::Parts,
    process::{self, Background, Output, wait_until},
    server::{certificate_authority, free_port},
    sts::Sts,
    typed,
};

/// The port that every file names.
const DOCUMENTED_PORT: &str = "21362";

/// One machine.
pub struct Machine {
    root: TempDir,
    /// The webhook's port on it.
    pub port: u16,
    kubectl: PathBuf,
    binaries: Binaries,
}

/// Where paths of a program are on the machine: as it sees them, and on the machine.
pub type Mounts = Vec<(String, String)>;

impl Machine {
    /// An empty one with our program on it.
    pub fn new(parts: &Parts, sts: &Sts) -> anyhow::Result<Self> {
        // Everybody may look in: what runs as another user must reach its files.
        let root = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir()?;
        let binaries = Binaries::find(std::slice::from_ref(&parts.kubernetes))?;
        let kubectl = binaries.kubectl()?.to_owned();
        let machine = Self { root, port: free_port()?, kubectl, binaries };
        machine.make_folder("/usr/local/bin")?;
        fs::copy(&parts.cluster_auth, machine.path("/usr/local/bin/cluster-auth"))?;
        fs::copy(&sts.ca_file, machine.path("/ca.pem"))?;
        fs::set_permissions(machine.path("/ca.pem"), fs::Permissions::from_mode(0o644))?;
        Ok(machine)
    }

    /// Where a path of the machine is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// Makes a folder and those above it.
    pub fn make_folder(&self, path: &str) -> anyhow::Result<()> {
        Ok(fs::create_dir_all(self.path(path))?)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path(path);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        fs::write(&path, text).with_context(|| path.display().to_string())
    }

    /// Commands of a page, typed by the machine's administrator one after the other: what is below `/etc` is the machine's,
    /// and so is the port. What only a real machine has does nothing; files are given away where the test may.
    pub fn shell(&self, folder: &str, lines: &[String]) -> anyhow::Result<()> {
        let programs = self.path("/stand-ins");
        fs::create_dir_all(&programs)?;
        let gives = "if [ \"$(id -u)\" = 0 ]; then exec /bin/chown 10000:10000 \"$2\"; fi";
        for (program, does) in [("chown", gives), ("useradd", ""), ("systemctl", "")] {
            let path = programs.join(program);
            fs::write(&path, format!("#!/bin/sh\n{does}\n"))?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
        }
        let etc = format!("{}/", self.path("/etc").display());
        let script = lines.join("\n").replace("/etc/", &etc);
        let script = if is_root()? { script } else { script.replace(" --owner 10000", "") };
        let mut shell = process::command("sh", self.root.path());
        let own = self.path("/usr/local/bin");
        shell.env("PATH", format!("{}:{}:/usr/bin:/bin", programs.display(), own.display()));
        process::run(shell.args(["-e", "-c", &script]).current_dir(self.path(folder)))?.success()?;
        for line in lines {
            typed::note(line);
        }
        for entry in walk(&self.path("/etc"))? {
            if entry.extension().is_some_and(|extension| extension == "kubeconfig") {
                let text = fs::read_to_string(&entry)?;
                fs::write(&entry, text.replace(DOCUMENTED_PORT, &self.port.to_string()))?;
            }
        }
        Ok(())
    }

    /// Gives a file to the server's user, where the test may; elsewhere everything is the test's own user's.
    pub fn give(&self, path: &str, user: u32) -> anyhow::Result<()> {
        if is_root()? {
            std::os::unix::fs::chown(self.path(path), Some(user), Some(user))?;
        }
        Ok(())
    }

    /// An argument as it is on this machine: paths that begin at one of the mounts, and the port.
    pub fn argument(&self, argument: &str, mounts: &Mounts) -> String {
        let mapped = mounts.iter().find_map(|(seen, on_machine)| {
            let (before, after) = argument.split_once(seen.as_str())?;
            let starts = before.is_empty() || before.ends_with('=');
            let ends = after.is_empty() || after.starts_with('/');
            (starts && ends).then(|| format!("{before}{}{after}", self.path(on_machine).display()))
        });
        mapped.unwrap_or_else(|| argument.to_owned()).replace(DOCUMENTED_PORT, &self.port.to_string())
    }

    /// Starts an API server with these flags more than any has, and waits until it is ready: healthy by its own account.
    pub fn api_server(&self, flags: &[String], mounts: &Mounts) -> anyhow::Result<Cluster> {
        let mut arguments: Vec<_> = flags.iter().map(|flag| self.argument(flag, mounts)).collect();
        // Static pods are shown to it; nobody makes service accounts here.
        arguments.push("--disable-admission-plugins=ServiceAccount".to_owned());
        let options = Options { api_server_arguments: arguments, ..Options::default() };
        let cluster = Cluster::start(&self.binaries, &options, crate::sts::now())?;
        let healthy = cluster.get("/readyz?verbose")?;
        anyhow::ensure!(healthy.status == 200 && healthy.body.contains("readyz check passed"), "{}", healthy.body);
        Ok(cluster)
    }

    /// Starts a server of ours with these arguments, as the user of this id where the test may.
    pub fn start(&self, sts: &Sts, args: &[String], mounts: &Mounts, user: Option<u32>) -> anyhow::Result<Background> {
        let mut command = process::command(self.path("/usr/local/bin/cluster-auth"), self.root.path());
        command.args(args.iter().map(|argument| self.argument(argument, mounts)));
        // Neither arguments nor files say where AWS is: to the server the sandbox is AWS.
        command.env("HTTPS_PROXY", format!("http://{}", sts.proxy)).env("SSL_CERT_FILE", self.path("/ca.pem"));
        if let (Some(user), true) = (user, is_root()?) {
            // The capabilities go with root's id.
            command.uid(user).gid(user);
        }
        Background::start(&mut command, self.root.path().join("server.log"))
    }

    /// One probe, as a kubelet makes it: any answer from 200 to 399 is success.
    pub fn probe(&self, state: &str, path: &str) -> anyhow::Result<bool> {
        let authority = certificate_authority(&self.path(state))?;
        let answer = https::request(&authority, self.port, "GET", path, "");
        Ok(answer.is_ok_and(|answer| (200..400).contains(&answer.status)))
    }

    /// Waits until a server is ready.
    pub fn wait_until_ready(&self, server: &mut Background, state: &str, path: &str) -> anyhow::Result<()> {
        wait_until("the server is ready", || {
            anyhow::ensure!(server.ended()?.is_none(), "the server ended:\n{}", server.log());
            self.probe(state, path)
        })
    }

    /// kubectl with somebody's token.
    pub fn kubectl(&self, cluster: &Cluster, token: &str, args: &[&str]) -> anyhow::Result<Output> {
        self.write("/api-server-ca.pem", cluster.ca_pem())?;
        let mut command = process::command(&self.kubectl, self.root.path());
        command.arg(format!("--server={}", cluster.server_url()));
        command.arg(format!("--certificate-authority={}", self.path("/api-server-ca.pem").display()));
        process::run(command.arg(format!("--token={token}")).args(args))
    }

    /// kubectl with all rights.
    pub fn as_admin(&self, cluster: &Cluster, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = process::command(&self.kubectl, self.root.path());
        process::run(command.arg("--kubeconfig").arg(cluster.admin_kubeconfig()).args(args))
    }

    /// Whom the API server takes a token's holder for; nobody where it says 401.
    pub fn whoami(&self, cluster: &Cluster, token: &str) -> anyhow::Result<Option<String>> {
        let output = self.kubectl(cluster, token, &["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"])?;
        match output.code {
            0 => Ok(Some(output.stdout)),
            _ if output.stderr.contains("Unauthorized") => Ok(None),
            _ => anyhow::bail!("neither in nor out: {output:?}"),
        }
    }
}

/// Whether the tests run as root, who alone may give files away.
pub fn is_root() -> anyhow::Result<bool> {
    Ok(process::run(process::command("id", Path::new("/")).arg("-u"))?.success()?.trim() == "0")
}

/// Every file below a folder.
fn walk(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(walk(&path)?) } else { files.push(path) }
    }
    Ok(files)
}
