//! An image FROM scratch around a program of this machine.
//!
//! A release's program is one static file. One that was just compiled may need libraries of this machine, which are put beside it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use oci_image::{Config, Entry, Image, Layer};

use super::{HERE, NodeError, said};

/// Whom an image trusts.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

/// The image: its entry point is the program. `folder` is for what lies there meanwhile.
pub(super) fn around(program: &Path, user: u32, authorities: &[u8], folder: &Path) -> Result<Image, NodeError> {
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let content = stripped(program, folder)?;
    let mut files = vec![(AUTHORITIES.to_owned(), 0o644, authorities.to_vec()), (name.clone(), 0o755, content)];
    for library in libraries(program)? {
        let content = fs::read(&library).map_err(NodeError::file(&library))?;
        files.push((library.display().to_string().trim_start_matches('/').to_owned(), 0o755, content));
    }
    let folders: BTreeSet<&str> =
        files.iter().flat_map(|(path, ..)| path.match_indices('/').map(move |(end, _)| &path[..end])).collect();
    let folders = folders.into_iter().map(|path| Entry::Folder { path, mode: 0o755 });
    let files = files.iter().map(|(path, mode, content)| Entry::File { path, mode: *mode, content });
    let layer = Layer::new(&folders.chain(files).collect::<Vec<_>>())?;
    let config =
        Config { user: Some(format!("{user}:{user}")), entrypoint: vec![format!("/{name}")], ..Config::default() };
    Ok(Image { architecture: HERE, config, layers: vec![layer] })
}

/// A program without what is only for debuggers, which would be four fifths of it; as it is where there is no `strip`.
fn stripped(program: &Path, folder: &Path) -> Result<Vec<u8>, NodeError> {
    let to = folder.join("stripped");
    let path = match said(Command::new("strip").arg("-o").arg(&to).arg(program)) {
        Ok(_) => to,
        Err(_) => program.to_owned(),
    };
    fs::read(&path).map_err(NodeError::file(&path))
}

/// The libraries that a program is linked with, the one that loads them among them; none for a static one.
fn libraries(program: &Path) -> Result<Vec<PathBuf>, NodeError> {
    match said(Command::new("ldd").arg(program)) {
        Ok(list) => {
            let words = list.lines().flat_map(str::split_whitespace);
            Ok(words.filter(|word| word.starts_with('/')).map(PathBuf::from).collect())
        }
        Err(NodeError::Command { said, .. }) if said.contains("not a dynamic executable") => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
