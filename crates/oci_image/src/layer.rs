//! One layer of a root file system: a tar in which nothing depends on who made it, where and when.

use std::io;

use tar::{Builder, EntryType, Header};

use crate::manifest::Digest;

/// What stands in a layer. Everything is root's, and of the first second of 1970. Paths have no slash in front.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// A folder.
    Folder {
        /// `etc/ssl`.
        path: &'a str,
        /// The permissions: `0o755`.
        mode: u32,
    },
    /// A file.
    File {
        /// `etc/ssl/certs/ca-certificates.crt`.
        path: &'a str,
        /// The permissions: `0o755` for a program.
        mode: u32,
        /// What is in it.
        content: &'a [u8],
    },
    /// A symbolic link.
    Link {
        /// `usr/local/bin/cluster-auth`.
        path: &'a str,
        /// What it leads to: `/cluster-auth`.
        target: &'a str,
    },
}

/// A layer, made. Its digest is known from here on.
#[derive(Clone, Debug)]
pub struct Layer {
    pub(crate) tar: Vec<u8>,
    pub(crate) digest: Digest,
}

/// Why there is no layer.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A path that would be outside of the image, or no path.
    #[error("{0:?} is no path within an image")]
    Path(String),
    /// What the tar format cannot hold, such as a name with a NUL in it.
    #[error("cannot put {path:?} into a tar")]
    Tar {
        /// Where it would be.
        path: String,
        /// Why not.
        source: io::Error,
    },
}

impl Layer {
    /// Makes a layer of these entries, in this order; each folder must come before its contents.
    ///
    /// # Errors
    ///
    /// [`ImageError`] for a path that is none.
    pub fn new(entries: &[Entry<'_>]) -> Result<Self, ImageError> {
        let mut builder = Builder::new(Vec::new());
        for entry in entries {
            let path = entry.path();
            if path.is_empty() || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
                return Err(ImageError::Path(path.to_owned()));
            }
            append(&mut builder, entry).map_err(|source| ImageError::Tar { path: path.to_owned(), source })?;
        }
        let failed = |source| ImageError::Tar { path: String::new(), source };
        Ok(Self::of(builder.into_inner().map_err(failed)?))
    }

    /// A layer that is made already: its tar, not compressed.
    pub fn of(tar: Vec<u8>) -> Self {
        let digest = Digest::of(&tar);
        Self { tar, digest }
    }

    /// Its bytes, a tar.
    pub fn tar(&self) -> &[u8] {
        &self.tar
    }
}

impl Entry<'_> {
    fn path(&self) -> &str {
        match self {
            Self::Folder { path, .. } | Self::File { path, .. } | Self::Link { path, .. } => path,
        }
    }
}

fn append(builder: &mut Builder<Vec<u8>>, entry: &Entry<'_>) -> io::Result<()> {
    match entry {
        Entry::Folder { path, mode } => {
            builder.append_data(&mut header(EntryType::Directory, *mode, 0), path, io::empty())
        }
        Entry::File { path, mode, content } => {
            builder.append_data(&mut header(EntryType::Regular, *mode, content.len()), path, *content)
        }
        Entry::Link { path, target } => builder.append_link(&mut header(EntryType::Symlink, 0o777, 0), path, target),
    }
}

/// A header as every entry has it. A new one has owner and time zero.
pub(crate) fn header(kind: EntryType, mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    // A usize has 64 bits at most.
    header.set_size(size as u64);
    header
}
