//! Where the server's mappings come from: the access file, and the configuration of the existing authenticator.

use std::{error::Error, fmt, path::PathBuf};

use access::{Consumer, Expiry, Facts};
use document::{Problem, RenderStyle, Source};
use identity::Partition;
use mapping::{BackendMode, Index, Reader, authenticator::ServerConfig};
use reading::Kind;
use token::ClusterId;

use super::ServerArgs;
use crate::{
    global::Global,
    process, settings,
    shared::access::{Loaded, has_errors, load},
};

/// The files that mappings are read from.
#[derive(Clone, Debug)]
pub(super) struct Files {
    /// The file of `--config`.
    pub(super) config: Option<PathBuf>,
    /// The partition of the flag, which goes before the file's.
    pub(super) partition: Option<Partition>,
    /// Access files and folders; none where there is no access file.
    pub(super) access: Vec<PathBuf>,
    /// The cluster that an access file must be for, once that is known.
    cluster_id: Option<ClusterId>,
}

/// What the files say.
pub(super) struct Read {
    /// The cluster that the configuration names.
    pub(super) cluster_id: Option<String>,
    /// The configuration, without the rules in it.
    pub(super) config: ServerConfig,
    /// Its rules.
    pub(super) mounted: Index,
    /// The access file.
    pub(super) access: Option<ReadAccess>,
}

/// An access file that can be used.
pub(super) struct ReadAccess {
    pub(super) cluster_id: Option<String>,
    pub(super) rules: Index,
    /// Whether it says in so many words that nobody is to be let in.
    says_nobody: bool,
}

impl Read {
    /// That the files map somebody. An emptied file is more likely a mistake, or half of a write, than the wish to lock
    /// everybody out.
    fn ensure_somebody(&self) -> anyhow::Result<()> {
        let says_nobody = self.access.as_ref().is_some_and(|read| read.says_nobody);
        let is_empty = self.mounted.is_empty() && self.access.as_ref().is_none_or(|read| read.rules.is_empty());
        anyhow::ensure!(
            says_nobody || !is_empty,
            "the files map nobody; if that is intended, write `groups: []` into the access file or stop the server"
        );
        Ok(())
    }

    /// Says which principals both files name: the access file's word holds.
    pub(super) fn say_twice(&self) {
        let access = self.access.as_ref().map(|access| &access.rules);
        for rule in access.into_iter().flat_map(|access| self.mounted.also_in(access)) {
            tracing::warn!(rule = %rule, "the access file maps this principal too, and takes precedence");
        }
    }
}

/// Why a file is not taken: what is wrong in it, and where.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) sources: Vec<Source>,
    pub(super) problems: Vec<Problem>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(document::render(&self.sources, &self.problems, RenderStyle::Plain).trim_end())
    }
}

impl Error for Refused {}

impl Files {
    /// Flag, configuration, or `access.yaml` beside the configuration.
    pub(super) fn of(args: &ServerArgs, global: &Global, config: &ServerConfig) -> Self {
        let access = match &args.access_file[..] {
            [] => settings::access_file(global, config).into_iter().collect(),
            given => given.to_vec(),
        };
        Self { config: global.config.clone(), partition: args.partition, access, cluster_id: None }
    }

    /// From now on only access files for this cluster are taken: another's would let other people in.
    pub(super) fn serve_only(&mut self, cluster_id: &ClusterId, read: Option<&ReadAccess>) -> anyhow::Result<()> {
        self.cluster_id = Some(cluster_id.clone());
        read.map_or(Ok(()), |read| self.check_cluster(read))
    }

    fn check_cluster(&self, read: &ReadAccess) -> anyhow::Result<()> {
        if let (Some(file), Some(server)) = (&read.cluster_id, &self.cluster_id) {
            anyhow::ensure!(
                file == server.as_str(),
                "the access file is for cluster {file}, and this server for {server}"
            );
        }
        Ok(())
    }

    /// Reads the access file, if there is one. Nothing that depends on the clock stops it.
    pub(super) fn read_access(&self) -> anyhow::Result<Option<ReadAccess>> {
        if self.access.is_empty() {
            return Ok(None);
        }
        let Loaded { sources, access, problems } = load(&self.access, Kind::Regular, &mut |left_out| {
            tracing::info!(left_out, "a part of the folder of access files is not read");
        })?;
        refuse(&sources, problems)?;
        let facts = Facts::default();
        let (desired, compiled) = access::compile(&access, &facts, process::now());
        let mut problems = access::errors(&access, compiled);
        problems.extend(access::unsupported(&access, &facts, Consumer::Server, Expiry::Refuse));
        refuse(&sources, problems)?;
        Ok(Some(ReadAccess {
            cluster_id: access.cluster_id.as_ref().map(|id| id.value.to_string()),
            rules: Index::of(access::mapping_source(&desired, &sources)),
            says_nobody: access.groups.as_ref().is_some_and(Vec::is_empty),
        }))
    }

    /// Reads everything anew. With other mapping sources beside them, the files may map nobody.
    pub(super) fn read(&self, has_others: impl FnOnce(&ServerConfig) -> bool) -> anyhow::Result<Read> {
        let (cluster_id, config, mounted) = match &self.config {
            None => {
                let partitions = self.partition.into();
                let rules = Index::new(BackendMode::MountedFile, Reader::ClusterAuth);
                (None, ServerConfig { partitions, ..ServerConfig::default() }, rules)
            }
            Some(path) => {
                let source = settings::config_source(path, Kind::Regular)?;
                // More likely the half of a write than a configuration.
                anyhow::ensure!(!source.text().trim().is_empty(), "{} is empty", path.display());
                let read = mapping::authenticator::read_indexed(&source, self.partition);
                let (config, rules, _) = read.map_err(|problems| Refused { sources: vec![source], problems })?;
                (config.cluster_id, config.server, rules)
            }
        };
        let access = self.read_access()?;
        access.as_ref().map_or(Ok(()), |read| self.check_cluster(read))?;
        let read = Read { cluster_id, config, mounted, access };
        if !has_others(&read.config) {
            read.ensure_somebody()?;
        }
        read.say_twice();
        Ok(read)
    }
}

fn refuse(sources: &impl AsRef<[Source]>, problems: Vec<Problem>) -> Result<(), Refused> {
    if has_errors(&problems) { Err(Refused { sources: sources.as_ref().to_vec(), problems }) } else { Ok(()) }
}
