//! Why there is no node. All of it may be shown to whoever starts one; logs of the programs are quoted, since only they say what
//! is wrong.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a node cannot be started, or does not do what it is told.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Programs that are in none of the folders.
    #[error("cannot find {} in {looked_in}; `cargo xtask tools` builds what a node is made of", programs.join(", "))]
    Missing {
        /// Their names.
        programs: Vec<String>,
        /// Where they were looked for.
        looked_in: String,
    },
    /// What a machine must allow and have, and this one does not.
    #[error("a node needs, and this machine lacks: {}", .0.join("; "))]
    Lacking(Vec<String>),
    /// A file or folder cannot be read or written.
    #[error("cannot read or write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program cannot be started.
    #[error("cannot start {program}")]
    Spawn {
        /// Its name.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The machine's first process has ended.
    #[error("the node has ended; the end of its log:\n{0}")]
    Ended(String),
    /// A command on the node failed.
    #[error("`{command}` failed on the node:\n{said}")]
    Command {
        /// What was typed.
        command: String,
        /// The last lines of what it said.
        said: String,
    },
    /// Something does not happen in time.
    #[error("gave up waiting until {what}; the end of the logs:\n{logs}")]
    Late {
        /// What was waited for.
        what: String,
        /// The last lines of containerd's and the kubelet's.
        logs: String,
    },
    /// An image cannot be made.
    #[error("cannot make an image")]
    Image(#[from] oci_image::ImageError),
}

impl NodeError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::File { path, source }
    }
}
