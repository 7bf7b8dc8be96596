//! Images FROM scratch around programs of the tests.
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

use crate::{process, sts::Sts};

/// An image with one program as its entry point, which trusts the sandbox's AWS as any image trusts its roots.
pub(super) fn around(program: &Path, image: &str, user: u32, sts: &Sts, folder: &Path) -> anyhow::Result<Image> {
    let name = program.file_name().and_then(|name| name.to_str()).context("a program has a name")?;
    // What is only for debuggers would be four fifths of it.
    let stripped = folder.join("stripped");
    process::run(Command::new("strip").arg("-o").arg(&stripped).arg(program))?.success()?;
    let mut files = vec![
        ("etc/ssl/certs/ca-certificates.crt".to_owned(), 0o644, fs::read(&sts.ca_file)?),
        (name.to_owned(), 0o755, fs::read(&stripped)?),
    ];
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
