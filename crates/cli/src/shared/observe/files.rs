//! Access files that are named, or all of a folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

/// A file, or the files of a folder in the order of their names.
pub(crate) fn collect(path: &Path, extensions: &[&str], files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let explain = || format!("cannot read {}", path.display());
    if !fs::metadata(path).with_context(explain)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).with_context(explain)? {
        found.push(entry.with_context(explain)?.path());
    }
    found.sort();
    let is_one = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        extensions.contains(&extension) && path.is_file()
    };
    files.extend(found.into_iter().filter(is_one));
    Ok(())
}
