//! What `check`, `render`, `plan`, `apply` and the server share: finding access files, reading them, and the facts around them.

mod iam;
mod live;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use access::{Access, Facts, Namespace};
use anyhow::Context as _;
use clap::Args;
use document::{Limits, Problem, Sources};
use rbac::dump::Dump;

pub(crate) use self::{iam::AskIam, live::ClusterArgs};
use crate::{rim::Process, runtime};

/// Which files.
#[derive(Args, Debug)]
pub(crate) struct Paths {
    /// Access files, or folders of them; several merge, `-` is stdin [default: access.yaml]
    #[arg(value_name = "FILE")]
    paths: Vec<PathBuf>,

    /// The same as a positional FILE
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    more: Vec<PathBuf>,
}

/// Which files, and what is known besides them.
#[derive(Args, Debug)]
pub(crate) struct Files {
    #[command(flatten)]
    paths: Paths,

    /// What the cluster and IAM have, as JSON files or folders of them: `kubectl get
    /// namespaces,roles,clusterroles,configmaps -A -o json`, `aws iam get-group`, `aws iam list-roles`; --aws asks IAM itself
    #[arg(long, value_name = "PATH")]
    from: Vec<PathBuf>,

    /// Ask the cluster of the current kubeconfig context for its namespaces, roles and ConfigMaps; `--context` and
    /// `--kubeconfig` name another, and mean this
    #[arg(long)]
    live: bool,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    iam: iam::AskIam,
}

/// What was read.
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    pub(crate) access: Access,
    /// Of reading alone.
    pub(crate) problems: Vec<Problem>,
}

impl Paths {
    /// Reads all files as one.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded> {
        let named: Vec<&PathBuf> = self.paths.iter().chain(&self.more).collect();
        let default = PathBuf::from("access.yaml");
        if named.is_empty() && !default.exists() {
            anyhow::bail!("no access file: name one, or run this where access.yaml is");
        }
        load(if named.is_empty() { vec![&default] } else { named })
    }
}

impl Files {
    /// Reads all files as one.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded> {
        self.paths.load()
    }

    /// What `--from`, the cluster and IAM say about a file.
    pub(crate) fn facts(&self, access: &Access, process: &Process) -> anyhow::Result<Facts> {
        let (mut facts, mut dump) = (Facts::default(), Dump::default());
        each_dump(&self.from, |bytes| {
            if !facts.add_iam_dump(bytes)? {
                facts.add_config_maps(bytes)?;
                dump.read(bytes)?;
            }
            Ok(())
        })?;
        if self.live || self.cluster.is_named() {
            runtime::block_on(async {
                let cluster = self.cluster.connect(process).await?;
                live::read(&cluster, &mut facts, &mut dump).await
            })??;
        }
        let namespaces = dump.namespaces.into_iter().map(|(name, labels)| Namespace { name, labels });
        facts.namespaces = dump.has_namespaces.then(|| namespaces.collect());
        // Half of them would make the other half missing.
        facts.roles = (dump.has_roles && dump.has_cluster_roles).then_some(dump.objects);
        self.iam.add_to(&mut facts, access, process)?;
        Ok(facts)
    }
}

/// Hands on every JSON file of `--from`; an error says which it is about.
pub(crate) fn each_dump(from: &[PathBuf], take: impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
    each_file(from, &["json"], take)
}

/// Hands on every file of `--from`, of folders those with these extensions.
pub(crate) fn each_file(
    from: &[PathBuf],
    extensions: &[&str],
    mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for path in from {
        let mut files = Vec::new();
        collect(path, extensions, &mut files)?;
        for file in files {
            let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            take(&bytes).with_context(|| format!("--from {}", file.display()))?;
        }
    }
    Ok(())
}

/// Reads paths as one access file.
pub(crate) fn load<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> anyhow::Result<Loaded> {
    let mut sources = Sources::default();
    for path in paths {
        if path.as_os_str() == "-" {
            let text = io::read_to_string(io::stdin()).context("cannot read stdin")?;
            sources.add("<stdin>", text);
            continue;
        }
        let mut files = Vec::new();
        collect(path, &["yaml", "yml", "json"], &mut files)?;
        anyhow::ensure!(!files.is_empty(), "{} holds no .yaml, .yml or .json file", path.display());
        for file in files {
            let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            sources.add(file.display().to_string(), text);
        }
    }
    let access::Read { access, problems } = access::read(&sources, &Limits::default());
    Ok(Loaded { sources, access, problems })
}

/// A file, or the files of a folder (not of the folders in it), in the order of their names.
fn collect(path: &Path, extensions: &[&str], files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let explain = || format!("cannot read {}", path.display());
    if !fs::metadata(path).with_context(explain)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).with_context(explain)? {
        let file = entry.with_context(explain)?.path();
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if extensions.contains(&extension) && file.is_file() {
            found.push(file);
        }
    }
    found.sort();
    files.extend(found);
    Ok(())
}
