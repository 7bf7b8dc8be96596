//! A whole control-plane machine: containerd, a kubelet, and what `kubeadm init` starts with them, from given binaries.
//!
//! ```text
//!   Node ── namespaces of its own: network, mounts, processes, name
//!           ├─ /etc /var /run /srv /opt /usr/local/bin   folders of the node; the rest of the system is as it is outside
//!           ├─ containerd ── runc ── pods, in a branch of cgroups of the node's own
//!           └─ kubelet, as soon as kubeadm has written what it reads
//! ```
//!
//! [`Node::boot`] returns when containerd serves and has the control plane's images; nothing of Kubernetes runs yet, so that files
//! can be put where they must be before. [`Node::initialize`] is `kubeadm init`. Everything here **blocks**.
//!
//! Nobody outside reaches the node's network: what talks to its API server runs on the node ([`Node::command`]),
//! [`Node::lead`] is a way out for one port, and [`Node::open`] a way in. It ends when it is dropped, and however else we end: its first process waits for the end
//! of our pipe, and the kernel ends everything in its namespaces with it.

mod cgroups;
mod error;
mod files;
mod images;
mod lacking;
mod program_image;
mod programs;

use std::{
    ffi::OsStr,
    fs::{self, File, Permissions},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use oci_image::Layout;
use tempfile::TempDir;

use self::cgroups::Cgroups;
pub use self::{error::NodeError, files::PLAIN, images::HERE, programs::NodePrograms};
use crate::process::{Process, tail};

/// A running machine. Dropping it ends it.
pub struct Node {
    // In the order in which they end.
    ways: Vec<Process>,
    machine: Machine,
    cgroups: Cgroups,
    version: String,
    /// Where programs are looked for before all others, each folder with a colon behind it.
    path: String,
    folder: TempDir,
}

/// Its first process, or rather the one outside that waits for it.
struct Machine(Child);

/// The administrator's kubeconfig, on the node.
pub const ADMIN_KUBECONFIG: &str = "/etc/kubernetes/admin.conf";

/// Folders that are the node's own.
const OWN: [&str; 8] = ["etc", "var", "run", "srv", "opt", "usr", "usr/local/bin", "usr/libexec"];

/// What else must be there before the first program starts. Nothing looks for more of `/var`.
const MADE: [&str; 8] = [
    "etc/containerd",
    "etc/cni/net.d",
    "etc/kubernetes",
    "var/lib/home",
    "var/lib/kubelet",
    "var/log",
    "var/tmp",
    "run/containerd",
];

/// Files and folders of `/etc` that are as they are outside: who users are, how names are found, what is trusted.
const KEPT: [&str; 9] = [
    "passwd",
    "group",
    "nsswitch.conf",
    "protocols",
    "services",
    "ld.so.cache",
    "ssl",
    "ca-certificates",
    "os-release",
];

/// The script that the first process runs.
const SCRIPT: &str = include_str!("node/machine.sh");

/// How long anything may take: generous, since machines are busy.
const PATIENCE: Duration = Duration::from_mins(3);

/// How long to wait between two looks at something that is not ready.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How much of a log stands in an error.
const TAIL_LINES: usize = 15;

impl Node {
    /// What this machine lacks for a node, in words; nothing where one can be started.
    pub fn lacking() -> Vec<String> {
        lacking::lacking()
    }

    /// Starts a machine on which nothing of Kubernetes runs yet. `hosts` stands in its `/etc/hosts`.
    ///
    /// # Errors
    ///
    /// [`NodeError`]: what this machine lacks, or what did not start.
    pub fn boot(programs: &NodePrograms, hosts: &str) -> Result<Self, NodeError> {
        let lacking = lacking::lacking();
        if !lacking.is_empty() {
            return Err(NodeError::Lacking(lacking));
        }
        let folder =
            tempfile::Builder::new().prefix("cluster-auth-node-").permissions(Permissions::from_mode(0o700)).tempdir();
        let folder = folder.map_err(NodeError::file(Path::new("a temporary folder")))?;
        // The node has another folder of this name.
        let is_hidden = |own: &str| own != "usr" && folder.path().starts_with(Path::new("/").join(own));
        if let Some(own) = OWN.into_iter().find(|own| is_hidden(own)) {
            let what = format!("a folder for temporary files (TMPDIR) that is not below /{own}");
            return Err(NodeError::Lacking(vec![what]));
        }
        let kubeadm = programs.get("kubeadm").unwrap_or(Path::new("kubeadm"));
        let version = said(Command::new(kubeadm).args(["version", "-o", "short"]))?.trim().to_owned();
        let list = said(Command::new(kubeadm).args(["config", "images", "list", "--kubernetes-version", &version]))?;
        let pause = list.lines().find(|name| images::program(name) == "pause").unwrap_or_default();
        let node = Self {
            ways: Vec::new(),
            cgroups: Cgroups::new()?,
            machine: boot(folder.path(), programs, pause, hosts)?,
            version,
            path: (0..programs.folders()?.len())
                .map(|at| format!("{}/programs/{at}:", folder.path().display()))
                .collect(),
            folder,
        };
        node.wait_until("containerd serves", || node.ctr(&["version"]).is_ok())?;
        for name in list.lines() {
            if let Some(layout) = images::around(name, images::program(name), programs)? {
                node.import(&layout)?;
            }
        }
        Ok(node)
    }

    /// Brings images to the node, under the names that they have in the layout.
    ///
    /// # Errors
    ///
    /// [`NodeError`]: containerd does not take them.
    pub fn import(&self, layout: &Layout) -> Result<(), NodeError> {
        let archive = self.folder.path().join("images.tar");
        let file = File::create(&archive).map_err(NodeError::file(&archive))?;
        layout.write_archive(file).map_err(NodeError::file(&archive))?;
        self.ctr(&["images", "import", "--local", &archive.display().to_string()])?;
        fs::remove_file(&archive).map_err(NodeError::file(&archive))
    }

    /// Brings an image around a program to the node, under a full name: its entry point is the program, its user has this id, and
    /// these authorities (PEM) are whom it trusts.
    ///
    /// # Errors
    ///
    /// [`NodeError`]: the program cannot be read, or containerd does not take the image.
    pub fn bring(&self, name: &str, program: &Path, user: u32, authorities: &[u8]) -> Result<(), NodeError> {
        let mut layout = Layout::default();
        layout.add(name, vec![program_image::around(program, user, authorities, self.folder.path())?]);
        self.import(&layout)
    }

    /// `kubeadm init` with a `ClusterConfiguration` ([`PLAIN`] where there is nothing to say), until the node is ready.
    ///
    /// kube-proxy and CoreDNS are left out, and so are kubeadm's looks at the machine: it would want systemd and modules of the kernel.
    ///
    /// # Errors
    ///
    /// [`NodeError`], with what kubeadm or the kubelet said.
    pub fn initialize(&self, cluster_configuration: &str) -> Result<(), NodeError> {
        let text = files::kubeadm(&self.version, &self.cgroups.root(), cluster_configuration);
        let path = self.path("/etc/kubernetes/init.yaml");
        fs::write(&path, text).map_err(NodeError::file(&path))?;
        let skipped = "--skip-phases=preflight,addon,show-join-command";
        self.run("kubeadm", &["init", "--config=/etc/kubernetes/init.yaml", skipped])?;
        self.wait_until("the node is ready", || {
            let ready = "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}";
            self.kubectl(&["get", "nodes", "-o", ready]).is_ok_and(|said| said == "True")
        })
    }

    /// A program that will run on the node, with nothing of our environment. Programs of the node are found by their names.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let pid = self.machine.0.id();
        let mut command = Command::new("nsenter");
        command.args([format!("--target={pid}"), format!("--pid=/proc/{pid}/ns/pid_for_children")]);
        command.args(["--net", "--mount", "--uts", "--ipc", "--"]).arg(program);
        let path = format!("{}/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", self.path);
        command.env_clear().env("PATH", path).env("HOME", "/var/lib/home").current_dir("/");
        command.stdin(Stdio::null());
        command
    }

    /// Runs a program on the node to its end, and gives what it printed.
    ///
    /// # Errors
    ///
    /// [`NodeError::Command`] where it fails.
    pub fn run(&self, program: &str, args: &[&str]) -> Result<String, NodeError> {
        said(self.command(program).args(args))
    }

    /// kubectl with all rights.
    ///
    /// # Errors
    ///
    /// [`NodeError::Command`] where it fails.
    pub fn kubectl(&self, args: &[&str]) -> Result<String, NodeError> {
        said(self.command("kubectl").env("KUBECONFIG", ADMIN_KUBECONFIG).args(args))
    }

    /// Where a file of the node is on this machine, as long as it lies in one of the node's own folders.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("root").join(path.trim_start_matches('/'))
    }

    /// Where the API server listens, in the node's network.
    pub fn server_url(&self) -> String {
        format!("https://{}:6443", files::ADDRESS)
    }

    /// The folder below each cgroup controller that all its pods are in.
    pub fn cgroup(&self) -> String {
        self.cgroups.root()
    }

    /// From now on a port of the node's loopback leads to an address of this machine.
    ///
    /// # Errors
    ///
    /// [`NodeError`]: it cannot be opened.
    pub fn lead(&mut self, port: u16, to: SocketAddr) -> Result<(), NodeError> {
        // Sockets of the file system know no network namespaces.
        let socket = self.folder.path().join(format!("{port}.socket"));
        let mut outside = Command::new("socat");
        outside.arg(format!("UNIX-LISTEN:{},fork", socket.display())).arg(format!("TCP:{to}"));
        let mut inside = self.command("socat");
        inside.arg(format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork"));
        inside.arg(format!("UNIX-CONNECT:{}", socket.display()));
        for (name, command) in [(format!("{port}-outside"), outside), (format!("{port}-inside"), inside)] {
            self.way(&name, command)?;
        }
        let target = format!("TCP:127.0.0.1:{port}");
        self.wait_until("the way out is open", || self.run("socat", &["-u", "OPEN:/dev/null", &target]).is_ok())
    }

    /// From now on the API server is reached on the machine as pods look for it, by the address of its service: there is no kube-proxy.
    ///
    /// # Errors
    ///
    /// [`NodeError`]: the address cannot be had.
    pub fn serve_pods(&mut self) -> Result<(), NodeError> {
        let address = self.kubectl(&["get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}"])?;
        self.run("ip", &["address", "add", &format!("{address}/32"), "dev", "lo"])?;
        let mut command = self.command("socat");
        command.arg(format!("TCP-LISTEN:443,bind={address},reuseaddr,fork"));
        command.arg(format!("TCP:{}:6443", files::ADDRESS));
        self.way("service", command)?;
        let target = format!("TCP:{address}:443");
        self.wait_until("the service answers", || self.run("socat", &["-u", "OPEN:/dev/null", &target]).is_ok())
    }

    /// From now on a free port of this machine's loopback, which is the answer, leads to a port of the node's own address.
    ///
    /// # Errors
    ///
    /// [`NodeError`]: it cannot be opened.
    pub fn open(&mut self, port: u16) -> Result<SocketAddr, NodeError> {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        // Free now: nobody else is to have it until socat does.
        let from = TcpListener::bind(loopback).and_then(|listener| listener.local_addr());
        let from = from.map_err(NodeError::file(Path::new("a port of 127.0.0.1")))?;
        let socket = self.folder.path().join(format!("in-{port}.socket"));
        let mut inside = self.command("socat");
        inside.arg(format!("UNIX-LISTEN:{},fork", socket.display())).arg(format!("TCP:{}:{port}", files::ADDRESS));
        let mut outside = Command::new("socat");
        outside.arg(format!("TCP-LISTEN:{},bind=127.0.0.1,reuseaddr,fork", from.port()));
        outside.arg(format!("UNIX-CONNECT:{}", socket.display()));
        for (name, command) in [(format!("in-{port}-inside"), inside), (format!("in-{port}-outside"), outside)] {
            self.way(&name, command)?;
        }
        self.wait_until("the way in is open", || socket.exists() && TcpStream::connect(from).is_ok())?;
        Ok(from)
    }

    /// Everything that containerd and the kubelet have logged so far.
    pub fn log(&self) -> String {
        let log = |name: &str| fs::read(self.path(&format!("/var/log/{name}.log"))).unwrap_or_default();
        ["containerd", "kubelet"].map(|name| String::from_utf8_lossy(&log(name)).into_owned()).concat()
    }

    /// Asks again and again until the answer is yes.
    ///
    /// # Errors
    ///
    /// [`NodeError::Late`] after three minutes.
    pub fn wait_until(&self, what: &str, mut happens: impl FnMut() -> bool) -> Result<(), NodeError> {
        let give_up = Instant::now() + PATIENCE;
        while !happens() {
            // Whoever has ended and was not waited for yet has no program any more.
            if fs::read_link(format!("/proc/{}/exe", self.machine.0.id())).is_err() {
                let log = fs::read(self.folder.path().join("machine.log")).unwrap_or_default();
                return Err(NodeError::Ended(tail(&String::from_utf8_lossy(&log), TAIL_LINES).to_owned()));
            }
            if Instant::now() > give_up {
                let logs = ["machine.log", "root/var/log/containerd.log", "root/var/log/kubelet.log"].map(|log| {
                    let text = fs::read(self.folder.path().join(log)).unwrap_or_default();
                    format!("{log}:\n{}\n", tail(&String::from_utf8_lossy(&text), TAIL_LINES))
                });
                return Err(NodeError::Late { what: what.to_owned(), logs: logs.concat() });
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    fn way(&mut self, name: &str, command: Command) -> Result<(), NodeError> {
        let way = Process::launch(name, command, self.folder.path());
        self.ways.push(way.map_err(|error| NodeError::Ended(error.to_string()))?);
        Ok(())
    }

    fn ctr(&self, args: &[&str]) -> Result<String, NodeError> {
        self.run("ctr", &[&["--namespace=k8s.io"], args].concat())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // The end of its input is the machine's end, and it has ended when everything on it has.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Makes the machine's folders and starts its first process.
fn boot(folder: &Path, programs: &NodePrograms, pause: &str, hosts: &str) -> Result<Machine, NodeError> {
    let (root, links) = (folder.join("root"), folder.join("programs"));
    for path in OWN.iter().chain(&MADE).map(|path| root.join(path)).chain([links.clone()]) {
        fs::create_dir_all(&path).map_err(NodeError::file(&path))?;
    }
    for (at, folder) in programs.folders()?.iter().enumerate() {
        let link = links.join(at.to_string());
        symlink(folder, &link).map_err(NodeError::file(&link))?;
    }
    for name in KEPT.iter().filter(|name| Path::new("/etc").join(name).exists()) {
        said(
            Command::new("cp").args(["--recursive", "--dereference"]).arg(format!("/etc/{name}")).arg(root.join("etc")),
        )?;
    }
    let run = root.join("var/run");
    symlink("/run", &run).map_err(NodeError::file(&run))?;
    let script = folder.join("machine.sh");
    fs::write(&script, SCRIPT).map_err(NodeError::file(&script))?;
    let texts = [
        ("etc/hosts", format!("127.0.0.1 localhost\n{} {NAME}\n{hosts}", files::ADDRESS)),
        ("etc/resolv.conf", String::new()),
        ("etc/hostname", format!("{NAME}\n")),
        ("etc/machine-id", format!("{:032x}\n", u32::from_be_bytes(*b"node"))),
        ("etc/containerd/config.toml", files::containerd(pause)),
        ("etc/cni/net.d/10-pods.conflist", files::CNI.to_owned()),
    ];
    for (path, text) in texts {
        let path = root.join(path);
        fs::write(&path, text).map_err(NodeError::file(&path))?;
    }
    let log = folder.join("machine.log");
    let file = File::create(&log).map_err(NodeError::file(&log))?;
    let failed = |source| NodeError::Spawn { program: "unshare".to_owned(), source };
    let mut command = Command::new("unshare");
    command.args(lacking::NAMESPACES).arg("sh").args([&script, &root, &links]).arg(NAME);
    command.stdin(Stdio::piped()).stdout(file.try_clone().map_err(failed)?).stderr(file);
    command.spawn().map(Machine).map_err(failed)
}

/// What the machine is called.
const NAME: &str = "node";

/// Runs a program to its end.
fn said(command: &mut Command) -> Result<String, NodeError> {
    let typed = || {
        let words = command.get_args().map(|word| word.to_string_lossy());
        words.skip_while(|word| word.starts_with("--")).collect::<Vec<_>>().join(" ")
    };
    let typed = typed();
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|source| NodeError::Spawn { program, source })?;
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() {
        return Ok(stdout);
    }
    let said = format!("{stdout}{stderr}");
    Err(NodeError::Command { command: typed, said: tail(&said, 2 * TAIL_LINES).to_owned() })
}

#[cfg(test)]
mod tests;
