//! What access files are called in the cluster.

use std::sync::Arc;

use document::{Sources, Span};

/// An access file as it is stored in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// The path below the folder that all files have in common, with `/`: the same from wherever the files are named.
    pub name: Arc<str>,
    /// What it says.
    pub text: Box<str>,
}

/// Returns the files, in the order of the sources. One file is called by its last name alone.
pub fn files(sources: &Sources) -> Vec<File> {
    let paths: Vec<Vec<String>> = sources.as_ref().iter().map(|source| parts(source.name())).collect();
    let folders = paths.iter().map(|path| &path[..path.len() - 1]);
    let shared = folders.reduce(|shared, folder| {
        let same = shared.iter().zip(folder).take_while(|(a, b)| a == b).count();
        &shared[..same]
    });
    let shared = shared.map_or(0, <[String]>::len);
    let named = sources.as_ref().iter().zip(&paths);
    named.map(|(source, path)| File { name: path[shared..].join("/").into(), text: source.text().into() }).collect()
}

/// Returns the name of the file that a place lies in, of [`files`].
pub fn file_at<'a>(files: &'a [File], sources: &Sources, span: Span) -> Option<&'a Arc<str>> {
    let (at, _) = sources.as_ref().iter().enumerate().rfind(|(_, source)| source.base() <= span.start)?;
    Some(&files.get(at)?.name)
}

/// The parts of a path; at least one.
fn parts(path: &str) -> Vec<String> {
    let path = path.replace('\\', "/");
    let parts: Vec<String> = path.split('/').filter(|part| !matches!(*part, "" | ".")).map(ToOwned::to_owned).collect();
    if parts.is_empty() { vec![path] } else { parts }
}
