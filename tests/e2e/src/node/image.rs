//! The image of a release.

use std::{fs, path::Path, process::Command};

use anyhow::Context as _;
use local_cluster::node::HERE;
use oci_image::{Config, Entry, Image, Layer};
use serde_json::Value;

use crate::{process, sts::Sts};

/// Whom an image trusts.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

/// The image that a release has for this machine, as it is in its archive. One layer above it has the sandbox's AWS trusted, as one
/// would have the authority of one's own proxy.
pub(super) fn released(release: &Path, sts: &Sts, folder: &Path) -> anyhow::Result<Image> {
    let archive = release.join(format!("cluster-auth-{}-image.tar", env!("CARGO_PKG_VERSION")));
    let layout = folder.join("layout");
    fs::create_dir_all(&layout)?;
    process::run(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(&layout))?.success()?;
    let read = |descriptor: &Value| -> anyhow::Result<Vec<u8>> {
        let digest = descriptor["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:"));
        Ok(fs::read(layout.join("blobs/sha256").join(digest.context("a digest")?))?)
    };
    let document = |descriptor: &Value| -> anyhow::Result<Value> { Ok(serde_json::from_slice(&read(descriptor)?)?) };

    let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json"))?)?;
    let mut manifest = document(&index["manifests"][0])?;
    // For several architectures it is a list of manifests.
    if let Some(list) = manifest["manifests"].as_array() {
        let is_here = |one: &&Value| one["platform"]["architecture"] == HERE.name();
        manifest = document(list.iter().find(is_here).context("an image for this machine")?)?;
    }
    let config = document(&manifest["config"])?["config"].take();
    let layers = manifest["layers"].as_array().context("an image has layers")?;
    let mut layers: Vec<Layer> =
        layers.iter().map(|layer| Ok(Layer::of(read(layer)?))).collect::<anyhow::Result<_>>()?;
    let trusted = fs::read(&sts.ca_file)?;
    layers.push(Layer::new(&[Entry::File { path: AUTHORITIES, mode: 0o644, content: &trusted }])?);
    let config = Config {
        user: config["User"].as_str().map(str::to_owned),
        entrypoint: serde_json::from_value(config["Entrypoint"].clone())?,
        labels: serde_json::from_value(config["Labels"].clone())?,
        ..Config::default()
    };
    Ok(Image { architecture: HERE, config, layers })
}
