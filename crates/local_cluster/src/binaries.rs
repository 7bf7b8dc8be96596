//! Where the programs are.

use std::{
    env::consts::EXE_SUFFIX,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::ClusterError;

/// The programs of a cluster. They are found, never fetched.
#[derive(Clone, Debug)]
pub struct Binaries {
    etcd: PathBuf,
    kube_apiserver: PathBuf,
    kube_controller_manager: Option<PathBuf>,
    kubectl: Option<PathBuf>,
    looked_in: Vec<PathBuf>,
}

impl Binaries {
    /// Looks in these folders, in this order: by convention what `KUBEBUILDER_ASSETS` names, then those of `PATH`.
    ///
    /// etcd and kube-apiserver must be there. kube-controller-manager and kubectl may be missing until they are asked
    /// for: see [`Self::kubectl`].
    ///
    /// # Errors
    ///
    /// [`ClusterError::Missing`] without etcd or kube-apiserver.
    pub fn find(folders: &[PathBuf]) -> Result<Self, ClusterError> {
        let find = |name: &str| {
            let name = format!("{name}{EXE_SUFFIX}");
            folders.iter().map(|folder| folder.join(&name)).find(|path| is_executable(path))
        };
        match (find("etcd"), find("kube-apiserver")) {
            (Some(etcd), Some(kube_apiserver)) => Ok(Self {
                etcd,
                kube_apiserver,
                kube_controller_manager: find("kube-controller-manager"),
                kubectl: find("kubectl"),
                looked_in: folders.to_vec(),
            }),
            (etcd, kube_apiserver) => {
                let required = [("etcd", etcd), ("kube-apiserver", kube_apiserver)];
                let missing = required.iter().filter(|(_, path)| path.is_none()).map(|(name, _)| *name).collect();
                Err(ClusterError::missing(missing, folders))
            }
        }
    }

    /// etcd.
    pub fn etcd(&self) -> &Path {
        &self.etcd
    }

    /// kube-apiserver.
    pub fn kube_apiserver(&self) -> &Path {
        &self.kube_apiserver
    }

    /// kube-controller-manager, or an error that says where it was looked for.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Missing`].
    pub fn kube_controller_manager(&self) -> Result<&Path, ClusterError> {
        self.optional(self.kube_controller_manager.as_deref(), "kube-controller-manager")
    }

    /// kubectl, or an error that says where it was looked for.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Missing`].
    pub fn kubectl(&self) -> Result<&Path, ClusterError> {
        self.optional(self.kubectl.as_deref(), "kubectl")
    }

    fn optional<'a>(&self, path: Option<&'a Path>, name: &'static str) -> Result<&'a Path, ClusterError> {
        path.ok_or_else(|| ClusterError::missing(vec![name], &self.looked_in))
    }
}

pub(super) fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
