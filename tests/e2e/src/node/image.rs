//! Images FROM scratch around programs of the tests, and the one of a release.
//!
//! A release's program is one static file; the one under test may need libraries of this machine, which are put beside it then.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use local_cluster::node::HERE;
use oci_image::{Config, Entry, Image, Layer};
use serde_json::Value;

use crate::{process, sts::Sts};

/// Whom an image trusts.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

/// An image with one program as its entry point, which trusts the sandbox's AWS as any image trusts its roots.
pub(super) fn around(program: &Path, image: &str, user: u32, sts: &Sts, folder: &Path) -> anyhow::Result<Image> {
    let name = program.file_name().and_then(|name| name.to_str()).context("a program has a name")?;
    // What is only for debuggers would be four fifths of it.
    let stripped = folder.join("stripped");
    process::run(Command::new("strip").arg("-o").arg(&stripped).arg(program))?.success()?;
    let mut files =
        vec![(AUTHORITIES.to_owned(), 0o644, fs::read(&sts.ca_file)?), (name.to_owned(), 0o755, fs::read(&stripped)?)];
    for library in libraries(program)? {
        files.push((library.display().to_string().trim_start_matches('/').to_owned(), 0o755, fs::read(&library)?));
    }
    let folders: BTreeSet<&str> =
        files.iter().flat_map(|(path, ..)| path.match_indices('/').map(move |(end, _)| &path[..end])).collect();
    let folders = folders.into_iter().map(|path| Entry::Folder { path, mode: 0o755 });
    let files = files.iter().map(|(path, mode, content)| Entry::File { path, mode: *mode, content });
    let layer = Layer::new(&folders.chain(files).collect::<Vec<_>>())?;
    let config = Config {
        user: Some(format!("{user}:{user}")),
        entrypoint: vec![format!("/{name}")],
        labels: [("org.opencontainers.image.ref.name".to_owned(), image.to_owned())].into(),
        ..Config::default()
    };
    Ok(Image { architecture: HERE, config, layers: vec![layer] })
}

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

/// The libraries that a program is linked with, the one that loads them among them; none for a static one.
fn libraries(program: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let said = process::run(Command::new("ldd").arg(program))?;
    if said.code != 0 && said.stderr.contains("not a dynamic executable") {
        return Ok(Vec::new());
    }
    let said = said.success()?;
    let words = said.lines().flat_map(str::split_whitespace);
    Ok(words.filter(|word| word.starts_with('/')).map(PathBuf::from).collect())
}
