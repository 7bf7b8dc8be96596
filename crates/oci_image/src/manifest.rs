//! The documents of an image: its configuration, its manifest, and lists of manifests, with the keys of the image specification.

use std::{collections::BTreeMap, fmt};

use ring::digest::{SHA256, digest};
use serde::{Serialize, Serializer};

use crate::Image;

/// The media type of a layer: a tar, not compressed.
pub(crate) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// The media type of an image's configuration.
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// The media type of one image's manifest.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of a list of manifests.
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The SHA-256 of some bytes, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest(String);

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Without the algorithm: the name of its file.
    pub(crate) fn hex(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What leads to a blob.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: &'static str,
    pub(crate) digest: Digest,
    pub(crate) size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<Platform>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Platform {
    pub(crate) architecture: &'static str,
    pub(crate) os: &'static str,
}

/// One image's manifest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    schema_version: u8,
    media_type: &'static str,
    config: Descriptor,
    layers: Vec<Descriptor>,
}

impl Manifest {
    pub(crate) fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self { schema_version: 2, media_type: MANIFEST, config, layers }
    }
}

/// A list of manifests: of a layout, or of one image for several architectures.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index<'a> {
    schema_version: u8,
    media_type: &'static str,
    manifests: &'a [Descriptor],
}

impl<'a> Index<'a> {
    pub(crate) fn new(manifests: &'a [Descriptor]) -> Self {
        Self { schema_version: 2, media_type: INDEX, manifests }
    }
}

/// An image's configuration.
#[derive(Serialize)]
pub(crate) struct Configuration<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a str>,
    architecture: &'static str,
    os: &'static str,
    config: Run<'a>,
    rootfs: RootFs<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Run<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    env: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    entrypoint: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cmd: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct RootFs<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: Vec<&'a Digest>,
}

impl<'a> Configuration<'a> {
    pub(crate) fn of(image: &'a Image) -> Self {
        let Image { architecture, config, layers } = image;
        Self {
            created: config.created.as_deref(),
            architecture: architecture.name(),
            os: "linux",
            config: Run {
                user: config.user.as_deref(),
                env: &config.environment,
                entrypoint: &config.entrypoint,
                cmd: &config.command,
                labels: &config.labels,
            },
            rootfs: RootFs { kind: "layers", diff_ids: layers.iter().map(|layer| &layer.digest).collect() },
        }
    }
}
