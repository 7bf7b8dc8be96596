//! The other files of `KUBECONFIG`.
//!
//! kubectl 1.37 takes a cluster, a user or a context whole from the first file that has one of its name, and the current context
//! from the first file that says one (Kubernetes, `client-go/tools/clientcmd/loader.go`).

use std::iter;

use document::{Dialect, Limits, Problem, Source, parse_as};
use serde_json::Value as Json;

use crate::{ExecEntry, read::unloadable};

/// The other kubeconfigs that kubectl merges with the one that is changed: what stands there may neither be hidden nor hide what is written.
#[derive(Clone, Debug, Default)]
pub struct OtherFiles {
    /// The files that `KUBECONFIG` names before it.
    pub before: Vec<OtherFile>,
    /// Those behind it.
    pub after: Vec<OtherFile>,
}

/// Another kubeconfig that kubectl reads.
#[derive(Clone, Debug)]
pub struct OtherFile {
    name: String,
    config: Json,
}

impl OtherFile {
    /// Reads it as kubectl does, which loads none of the files where it cannot load one.
    pub fn read(source: &Source) -> Result<Self, Vec<Problem>> {
        let root = parse_as(source, &Limits::default(), Dialect::Kubernetes)?.root;
        let problems = root.as_ref().map(unloadable).unwrap_or_default();
        let config = root.map(|root| root.to_json()).unwrap_or_default();
        if problems.is_empty() { Ok(Self { name: source.name().to_owned(), config }) } else { Err(problems) }
    }
}

impl OtherFiles {
    /// The file whose entry of this name is another one, so that one of the two would hide the other.
    pub(super) fn hidden(
        &self,
        existing: &Json,
        list: &str,
        name: &str,
        is_same: impl Fn(&Json) -> bool,
    ) -> Option<&str> {
        let find = |file: &&OtherFile| holder(&file.config, list, name).is_some();
        let first = self.before.iter().find(find).or_else(|| {
            // What is changed hides theirs already, if it has the name.
            self.after.iter().find(find).filter(|_| holder(existing, list, name).is_none())
        })?;
        let is_other = holder(&first.config, list, name).is_some_and(|entry| !is_same(entry));
        is_other.then_some(&*first.name)
    }

    /// The contexts but for the entry's that use a cluster or a user, in whichever file.
    pub(super) fn others<'a>(
        &'a self,
        existing: &'a Json,
        of: &'a str,
        name: &'a str,
        entry: &'a ExecEntry,
    ) -> impl Iterator<Item = &'a str> {
        let files = self.before.iter().chain(&self.after).map(|file| &file.config);
        let contexts = iter::once(existing).chain(files).filter_map(|file| file["contexts"].as_array()).flatten();
        let using = contexts.filter(move |context| context["context"][of] == *name);
        using.filter_map(|context| context["name"].as_str()).filter(|name| *name != entry.context)
    }

    /// Whether a context of the changed file becomes the current one, saying what that takes the place of.
    pub(super) fn becomes_current(&self, existing: &Json, context: &str, notes: &mut Vec<String>) -> bool {
        let of = |file: &Json| file["current-context"].as_str().filter(|name| !name.is_empty()).map(str::to_owned);
        let of_files =
            |files: &[OtherFile]| files.iter().find_map(|file| Some((of(&file.config)?, format!(" ({})", file.name))));
        if let Some((is, file)) = of_files(&self.before) {
            if is != context {
                notes.push(format!(
                    "the current context stays {is}{file}, which kubectl reads first; `kubectl config use-context {}` changes it",
                    word(context)
                ));
            }
            return false;
        }
        let before = of(existing).map(|name| (name, String::new())).or_else(|| of_files(&self.after));
        if let Some((was, file)) = before.filter(|(was, _)| was != context) {
            notes.push(format!(
                "the current context was {was}{file} and is {context} now; `kubectl config use-context {}` changes it back",
                word(&was)
            ));
        }
        true
    }
}

/// A name as a shell takes it.
pub(super) fn word(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,%".contains(c);
    if !name.is_empty() && name.chars().all(is_plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}

/// The entry of a name.
pub(super) fn holder<'a>(config: &'a Json, list: &str, name: &str) -> Option<&'a Json> {
    config[list].as_array()?.iter().find(|entry| entry["name"] == *name)
}
