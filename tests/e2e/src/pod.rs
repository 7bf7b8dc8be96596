//! Pods without a kubelet: a container's arguments, run here, with folders in place of its volumes. A [`StaticPod`] is read as a
//! kubelet reads one from a file; a [`Pod`] is whatever the chart makes.

mod static_pod;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use serde_json::Value;

pub use self::static_pod::StaticPod;
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
        let mounts = container["volumeMounts"].as_array().into_iter().flatten().map(|mount| {
            let (volume, path) = (mount["name"].as_str(), mount["mountPath"].as_str());
            volume.zip(path).context("a mount has a volume's name and a path")
        });
        let places = places(mounts, &self.volumes)?;
        let (_, home) = self.volumes.first().context("a volume")?;
        let mut command = process::command(program, home.parent().context("a folder")?);
        for argument in container["args"].as_array().context("arguments")? {
            let argument = argument.as_str().context("a text")?.to_owned();
            command.arg(places.iter().fold(argument, |text, (path, here)| text.replace(path.as_str(), here)));
        }
        Ok(command)
    }
}

/// Where a container sees its volumes, and where they are in truth.
fn places<'a>(
    mounts: impl IntoIterator<Item = anyhow::Result<(&'a str, &'a str)>>,
    volumes: &[(String, PathBuf)],
) -> anyhow::Result<Vec<(String, String)>> {
    let place = |mount: anyhow::Result<(&str, &str)>| {
        let (volume, path) = mount?;
        let found = volumes.iter().find(|(name, _)| name == volume);
        let (_, here) = found.with_context(|| format!("no place for the volume {volume}"))?;
        Ok((path.to_owned(), here.display().to_string()))
    };
    mounts.into_iter().map(place).collect()
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
