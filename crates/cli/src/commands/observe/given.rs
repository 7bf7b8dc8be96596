//! What `--from` names: files, folders of them, stdin.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use access::cluster::Given;
use anyhow::Context as _;
use document::Source;

use crate::rim;

/// What is read in folders.
const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

/// Reads all of them into what holds what was read so far. Folders are read with the folders in them, and what is about
/// nothing of interest is passed over there; a file that was named must be about something.
pub(crate) fn given<'a>(from: impl IntoIterator<Item = &'a PathBuf>, into: &mut Given) -> anyhow::Result<()> {
    for path in from {
        if path.as_os_str() == "-" {
            let mut text = Vec::new();
            io::stdin().lock().read_to_end(&mut text).context("cannot read stdin")?;
            read(into, Path::new("<stdin>"), &text, true)?;
            continue;
        }
        let mut files = Vec::new();
        collect(path, &EXTENSIONS, true, &mut files)?;
        for file in files {
            let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            read(into, &file, &text, file == *path)?;
        }
    }
    Ok(())
}

/// Says which access files of `--from` are not looked at, where others are what it is about.
pub(crate) fn ignored(found: &Given) {
    for source in found.access_files().iter().flat_map(AsRef::<[Source]>::as_ref) {
        rim::note(&format!("note: {} is an access file, which `--from` is not for here; name it alone", source.name()));
    }
}

fn read(into: &mut Given, file: &Path, text: &[u8], is_named: bool) -> anyhow::Result<()> {
    let name = file.display();
    let known = into.read(&name.to_string(), text).with_context(|| name.to_string())?;
    anyhow::ensure!(
        known || !is_named,
        "{name}: it is neither what kubectl, `aws iam` or `aws eks` print, nor a Cluster of kops (`kops get cluster -o \
         yaml`), manifests of access, or an access file"
    );
    Ok(())
}

/// A file, or the files of a folder in the order of their names; with those of the folders in it, but for hidden ones,
/// where that is asked for.
pub(crate) fn collect(
    path: &Path,
    extensions: &[&str],
    recursive: bool,
    files: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
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
    for path in found {
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if recursive && path.is_dir() && !is_hidden {
            collect(&path, extensions, recursive, files)?;
        } else if extensions.contains(&extension) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}
