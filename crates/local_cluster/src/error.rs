//! Why there is no cluster. All of it may be shown to whoever starts one; logs of the programs are quoted, since only
//! they say what is wrong.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
};

/// Why a cluster cannot be started, asked or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Programs that are in none of the folders.
    #[error(
        "cannot find {} in {looked_in}; `cargo xtask tools` builds what is needed and prints where (KUBEBUILDER_ASSETS)",
        programs.join(" and ")
    )]
    Missing {
        /// Their names.
        programs: Vec<&'static str>,
        /// Where they were looked for.
        looked_in: String,
    },
    /// The temporary folder cannot be made or removed.
    #[error("cannot make or remove the cluster's temporary folder")]
    Folder(#[source] io::Error),
    /// A file in the temporary folder cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The cluster's certificates cannot be made or used.
    #[error("cannot make the cluster's certificates")]
    Tls(#[from] tls::TlsError),
    /// No port on 127.0.0.1 is free.
    #[error("cannot find a free port on 127.0.0.1")]
    Port(#[source] io::Error),
    /// A program cannot be started.
    #[error("cannot start {}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program ended by itself before the cluster was ready.
    #[error("{program} has ended ({status}); the end of its log:\n{log}")]
    Ended {
        /// Its name.
        program: String,
        /// How.
        status: ExitStatus,
        /// The last lines it wrote.
        log: String,
    },
    /// The cluster runs, and is not ready within the time given.
    #[error("the cluster is not ready in time; the last GET {path}: {last}; the end of the log:\n{log}")]
    NotReady {
        /// What was asked for.
        path: String,
        /// What came of it.
        last: String,
        /// The last lines of the program waited for.
        log: String,
    },
    /// A request to the API server has no answer.
    #[error("GET {path} has no answer from the API server")]
    Get {
        /// What was asked for.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

impl ClusterError {
    pub(super) fn missing(programs: Vec<&'static str>, folders: &[PathBuf]) -> Self {
        let folders: Vec<_> = folders.iter().map(|folder| Path::display(folder).to_string()).collect();
        let looked_in = if folders.is_empty() { "no folder at all".to_owned() } else { folders.join(", ") };
        Self::Missing { programs, looked_in }
    }

    /// Whether another program took a port between our choosing it and the program's binding it.
    pub(super) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Ended { log, .. } if log.contains("address already in use"))
    }
}
