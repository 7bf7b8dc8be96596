//! Access files that are named, or all of a folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::process;

/// What is read in folders ends with, as for kubectl.
const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

/// How deep it is looked whether a folder has files that are not read.
const DEPTH: usize = 8;

/// Returns the access files that a path names: itself, or those of a folder in the order of their names, without those of
/// the folders in it. What is left out and looks like one is said to `say`, a sentence each.
pub(crate) fn access_files(path: &Path, say: &mut dyn FnMut(&str)) -> anyhow::Result<Vec<PathBuf>> {
    let explain = || format!("cannot read {}", path.display());
    if path.as_os_str() == "-" || !fs::metadata(path).with_context(explain)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = entries(path).with_context(explain)?;
    found.sort();
    let mut files = Vec::new();
    for entry in found {
        let name = entry.display();
        // A link to nothing is as wrong as a file that is not there.
        let is_folder = match fs::metadata(&entry) {
            Ok(metadata) => metadata.is_dir(),
            Err(_) if !is_named_as_one(&entry) => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot read {name}")),
        };
        if is_folder && has_any(&entry, DEPTH) {
            say(&format!("{name} is not read: of a folder only its own files are; give that folder too"));
        } else if !is_folder && is_read(&entry) {
            files.push(entry);
        } else if !is_folder && is_named_as_one(&entry) {
            say(&format!("{name} is not read: only .yaml, .yml and .json are"));
        }
    }
    anyhow::ensure!(!files.is_empty(), "{} holds no .yaml, .yml or .json file", path.display());
    Ok(files)
}

/// Says what of access files is not read.
pub(crate) fn say_left_out(left_out: &str) {
    process::note(&format!("note: {left_out}"));
}

fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// Whether a folder, or one in it, has what is called like an access file. Hidden ones do not count: Kubernetes keeps a
/// mounted ConfigMap's versions there.
fn has_any(folder: &Path, depth: usize) -> bool {
    let is_hidden = folder.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    if is_hidden || depth == 0 {
        return false;
    }
    let has = |path: PathBuf| if path.is_dir() { has_any(&path, depth - 1) } else { is_named_as_one(&path) };
    entries(folder).unwrap_or_default().into_iter().any(has)
}

/// Whether a file of a folder is one that is read.
pub(super) fn is_read(path: &Path) -> bool {
    EXTENSIONS.contains(&extension(path))
}

/// The same in whatever case: somebody may think that it is read.
fn is_named_as_one(path: &Path) -> bool {
    EXTENSIONS.iter().any(|one| extension(path).eq_ignore_ascii_case(one))
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}
