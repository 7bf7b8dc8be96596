//! What `check`, `render`, `plan`, `apply` and the server share: finding access files, reading them, and the facts around them.

mod iam;

use std::{fs, io, path::PathBuf};

use access::{Access, Facts, cluster::Given};
use anyhow::Context as _;
use clap::Args;
use document::{Limits, Problem, Sources};

pub(crate) use self::iam::AskIam;
use super::observe::{COMPILING, ClusterArgs, PathArgs, collect, ignored, look};
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

    #[command(flatten)]
    from: PathArgs,

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
        let mut found = Given::default();
        self.from.read(&mut found)?;
        ignored(&found);
        let Given { mut dump, mut facts, .. } = found;
        if self.live || self.cluster.is_named() {
            let looked = async { look(&self.cluster.connect(process).await?, COMPILING, &[]).await };
            let looked = runtime::block_on(looked)??;
            // What is missing would count as absent.
            if let Some(refused) = looked.refused.into_iter().next() {
                return Err(refused.into());
            }
            dump.extend(looked.dump);
            // A ConfigMap that is not there is known not to be there.
            facts.config_maps.get_or_insert_default();
        }
        dump.add_to(&mut facts);
        self.iam.add_to(&mut facts, access, process)?;
        Ok(facts)
    }
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
