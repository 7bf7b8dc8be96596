//! What a machine must allow and have for a node. All of it is looked at before anything is started.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use super::cgroups::hierarchies;

/// The namespaces of a node, as `unshare` has them.
pub(super) const NAMESPACES: [&str; 8] =
    ["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--propagation=private"];

/// Programs of the system, each with its package of Debian.
const PROGRAMS: [(&str, &str); 5] = [
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("ip", "iproute2"),
    ("socat", "socat"),
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
];

/// Everything that this machine lacks, in words.
pub(super) fn lacking() -> Vec<String> {
    let mut lacking: Vec<String> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(program, package)| format!("{program} (Debian: {package})"))
        .collect();
    let succeeds = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if lacking.is_empty() && !succeeds("unshare", &[&NAMESPACES[..], &["mount", "--bind", "/etc", "/srv"]].concat()) {
        lacking.push("root, with the right to make namespaces and mounts (CAP_SYS_ADMIN)".to_owned());
    }
    let controllers = hierarchies();
    let is_writable = |folder: &Path| succeeds("test", &["-w", &folder.display().to_string()]);
    if controllers.is_empty() || !controllers.iter().all(|folder| is_writable(folder)) {
        lacking.push("cgroups that it may write to, in /sys/fs/cgroup".to_owned());
    }
    lacking
}

fn is_there(program: &str) -> bool {
    let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    folders.iter().any(|folder| Path::new(folder).join(program).exists())
}
