//! The node's own branch of the machine's cgroups, in which all its pods are.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use super::NodeError;

/// Where they are mounted: one folder for each controller in the first version, one for all in the second.
const MOUNTED: &str = "/sys/fs/cgroup";

/// How many nodes this process has had.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// One folder for each controller, removed when dropped.
pub(super) struct Cgroups {
    name: String,
    folders: Vec<PathBuf>,
}

impl Cgroups {
    /// Makes them.
    pub(super) fn new() -> Result<Self, NodeError> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("cluster-auth-node-{}-{number}", std::process::id());
        let mut made = Self { name, folders: Vec::new() };
        for controller in hierarchies() {
            let folder = controller.join(&made.name);
            fs::create_dir(&folder).map_err(NodeError::file(&folder))?;
            made.folders.push(folder);
        }
        Ok(made)
    }

    /// What the kubelet is told.
    pub(super) fn root(&self) -> String {
        format!("/{}", self.name)
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        // The kernel takes a moment after the last process has ended; what stays behind is empty folders.
        for _ in 0..40 {
            self.folders.iter().for_each(|folder| remove(folder));
            if self.folders.iter().all(|folder| !folder.exists()) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The folders in which a group is made, so that every controller has it.
pub(super) fn hierarchies() -> Vec<PathBuf> {
    let mounted = Path::new(MOUNTED);
    if mounted.join("cgroup.controllers").exists() {
        return vec![mounted.to_owned()];
    }
    let entries = fs::read_dir(mounted).into_iter().flatten().flatten().map(|entry| entry.path());
    // Some are links to others.
    let mut found: Vec<_> = entries.filter(|path| !path.is_symlink() && path.join("cgroup.procs").exists()).collect();
    found.sort();
    found
}

/// Removes a group with those in it. One that still has processes stays.
fn remove(folder: &Path) {
    let inner = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    inner.filter(|path| path.is_dir()).for_each(|path| remove(&path));
    let _ = fs::remove_dir(folder);
}
