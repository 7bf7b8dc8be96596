//! Container images FROM scratch, as an [OCI image layout](https://github.com/opencontainers/image-spec/blob/main/image-layout.md):
//! bytes in, bytes out, and the same bytes for the same content, whenever and wherever they are made.
//!
//! ```text
//!   Entry … ──► Layer ──┐
//!   Config ─────────────┴► Image, one for each architecture ──► Layout ──► a folder's files, or one archive of them
//! ```
//!
//! Layers are not compressed: then a layer's digest is that of its tar, which depends on no compressor's version.

mod layer;
mod layout;
mod manifest;

pub use layer::{Entry, ImageError, Layer};
pub use layout::Layout;

use std::collections::BTreeMap;

/// What runs on one kind of processor.
#[derive(Clone, Debug)]
pub struct Image {
    /// Which kind.
    pub architecture: Architecture,
    /// How it is run.
    pub config: Config,
    /// Its root file system, lowest layer first.
    pub layers: Vec<Layer>,
}

/// Kinds of processors, all of them with Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// x86-64.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

impl Architecture {
    /// Go's name of it, which images use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

/// How an image is run unless its pod says otherwise.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `10000`, or `10000:10000` with the group; root where there is none.
    pub user: Option<String>,
    /// The program, and what stands in front of a pod's arguments.
    pub entrypoint: Vec<String>,
    /// Arguments where a pod has none.
    pub command: Vec<String>,
    /// `NAME=value`, in this order.
    pub environment: Vec<String>,
    /// By the keys of the image specification (`org.opencontainers.image.source` …).
    pub labels: BTreeMap<String, String>,
    /// When the image was made, as RFC 3339 has it; nothing where that must not change the image.
    pub created: Option<String>,
}

#[cfg(test)]
mod tests;
