//! Pods without a kubelet: a container's arguments, run here, with folders in place of its volumes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use serde_json::Value;

use crate::process;

/// A pod's template, and where its volumes are on this machine.
pub struct Pod {
    spec: Value,
    volumes: Vec<(String, PathBuf)>,
}

impl Pod {
    /// Of a pod's `spec`, with a folder or file for each of its volumes, by name.
    pub fn new(spec: &Value, volumes: &[(&str, &Path)]) -> Self {
        let volumes = volumes.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned()));
        Self { spec: spec.clone(), volumes: volumes.collect() }
    }

    /// A container or init container, by name.
    pub fn container(&self, name: &str) -> anyhow::Result<&Value> {
        let lists = ["initContainers", "containers"].into_iter().filter_map(|list| self.spec[list].as_array());
        let found = lists.flatten().find(|container| container["name"] == name);
        found.with_context(|| format!("the pod has no container {name}"))
    }

    /// What a container runs, by this program; its paths are this machine's.
    pub fn command(&self, program: &Path, name: &str) -> anyhow::Result<Command> {
        let container = self.container(name)?;
        let mut places = Vec::new();
        for mount in container["volumeMounts"].as_array().into_iter().flatten() {
            let (volume, path) = (mount["name"].as_str(), mount["mountPath"].as_str().context("a path")?);
            let found = self.volumes.iter().find(|(name, _)| Some(name.as_str()) == volume);
            let (_, here) = found.with_context(|| format!("no place for the volume {volume:?}"))?;
            places.push((path.to_owned(), here.display().to_string()));
        }
        let (_, home) = self.volumes.first().context("a volume")?;
        let mut command = process::command(program, home.parent().context("a folder")?);
        for argument in container["args"].as_array().context("arguments")? {
            let argument = argument.as_str().context("a text")?.to_owned();
            command.arg(places.iter().fold(argument, |text, (path, here)| text.replace(path.as_str(), here)));
        }
        Ok(command)
    }
}

/// Writes what a ConfigMap holds, as the kubelet mounts it: by renaming, so that nobody reads half of it.
pub fn mount(map: &Value, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, text) in map["data"].as_object().context("data")? {
        let new = folder.join(format!("..{name}"));
        fs::write(&new, text.as_str().context("a text")?)?;
        fs::rename(new, folder.join(name))?;
    }
    Ok(())
}
