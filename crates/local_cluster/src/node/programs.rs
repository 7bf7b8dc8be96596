//! Where the programs of a node are.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::NodeError;
use crate::binaries::is_executable;

/// What a node is made of. They are found, never fetched.
#[derive(Clone, Debug)]
pub struct NodePrograms(Vec<(&'static str, PathBuf)>);

/// What must be there. The first of them run in containers, and must be one static file each.
const NAMES: [&str; 12] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "pause",
    "kubelet",
    "kubeadm",
    "kubectl",
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "runc",
];

impl NodePrograms {
    /// Looks in these folders, in this order.
    ///
    /// # Errors
    ///
    /// [`NodeError::Missing`] with everything that is in none of them.
    pub fn find(folders: &[PathBuf]) -> Result<Self, NodeError> {
        let find =
            |name: &&'static str| folders.iter().map(|folder| folder.join(name)).find(|path| is_executable(path));
        let (found, missing): (Vec<_>, Vec<_>) =
            NAMES.into_iter().map(|name| (name, find(&name))).partition(|(_, path)| path.is_some());
        if missing.is_empty() {
            return Ok(Self(found.into_iter().filter_map(|(name, path)| Some((name, path?))).collect()));
        }
        let looked_in: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
        Err(NodeError::Missing {
            programs: missing.into_iter().map(|(name, _)| name.to_owned()).collect(),
            looked_in: if looked_in.is_empty() { "no folder at all".to_owned() } else { looked_in.join(", ") },
        })
    }

    /// The folders that they are in. Whole folders are shown to the node: runc looks for itself in its own.
    pub(super) fn folders(&self) -> Result<Vec<PathBuf>, NodeError> {
        let mut folders = Vec::new();
        for folder in self.0.iter().filter_map(|(_, path)| path.parent()) {
            let folder = fs::canonicalize(folder).map_err(NodeError::file(folder))?;
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        Ok(folders)
    }

    /// One of them, by its name.
    pub(super) fn get(&self, name: &str) -> Option<&Path> {
        self.0.iter().find(|(of, _)| *of == name).map(|(_, path)| path.as_path())
    }
}
