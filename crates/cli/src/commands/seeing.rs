//! What the commands that look at access share: the world that they look at, and how they print.

use std::path::PathBuf;

use access::cluster::Given;
use clap::Args;
use kubernetes::Cluster;
use visibility::{Resources, Unreadable, World, print};

use super::{
    observe::{ClusterArgs, EVERYTHING, given, look},
    planning::plain,
};
use crate::{
    exit::Failure,
    rim::{self, Process},
    runtime, settings,
};

/// What is looked at.
#[derive(Args, Debug)]
pub(crate) struct Seeing {
    /// In place of asking the cluster, or beside it: what `kubectl get namespaces,roles,clusterroles,rolebindings,
    /// clusterrolebindings,configmaps -A -o json` prints (or `-o yaml`), manifests, access files, what `aws eks` says of access
    /// entries and `aws iam` of groups and roles, as files or folders of them; `-` is stdin
    #[arg(long, value_name = "PATH")]
    from: Vec<PathBuf>,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For a terminal.
    Text,
    /// For programs: everything.
    Json,
    /// The same as YAML.
    Yaml,
}

/// What was seen.
pub(crate) struct Seen {
    pub(crate) world: World,
    /// What the cluster calls its resources; where none was asked, what every cluster has.
    pub(crate) resources: Resources,
    /// The kubeconfig's context and its namespace, where a cluster was asked.
    pub(crate) context: Option<String>,
    pub(crate) namespace: Option<String>,
}

impl Seeing {
    /// Looks. The cluster is asked where a context is named, or where what was given holds neither objects of a cluster nor
    /// an access file.
    pub(crate) fn look(&self, process: &Process) -> Result<Seen, Failure> {
        let mut found = Given::default();
        given(&self.from, &mut found)?;
        let has_cluster = !found.dump.is_empty();
        if has_cluster && self.cluster.is_named() {
            let both = "--from holds a cluster, and --context or --kubeconfig name another one; give one of them";
            return Err(anyhow::anyhow!(both).into());
        }
        let is_live = self.cluster.is_named() || !(has_cluster || found.access_files().is_some());
        let (mut server, mut context, mut namespace, mut resources) = (None, None, None, None);
        if is_live {
            let live = async {
                let cluster = self.cluster.connect(process).await?;
                let (looked, resources) = tokio::join!(look(&cluster, EVERYTHING), discover(&cluster));
                anyhow::Ok((cluster, looked?, resources?))
            };
            let (cluster, looked, discovered) = runtime::block_on(live)??;
            found.dump.extend(looked.dump);
            (server, namespace) = (Some(cluster.server().to_owned()), Some(cluster.namespace().to_owned()));
            context = Some(cluster.context().to_owned());
            resources = discovered;
        }
        let world = World::new(found, server.as_deref(), rim::now()).map_err(|Unreadable { sources, problems }| {
            settings::print_problems(&sources, &problems);
            Failure::AlreadySaid
        })?;
        Ok(Seen { world, resources: resources.unwrap_or_else(Resources::well_known), context, namespace })
    }
}

/// What a cluster calls its resources; none where it is too old to say so in one answer.
async fn discover(cluster: &Cluster) -> anyhow::Result<Option<Resources>> {
    Ok(match cluster.discovery().await? {
        Some(lists) => Some(Resources::discovered(&lists)?),
        None => None,
    })
}

impl Output {
    /// Prints a result that is no text for a terminal.
    pub(crate) fn print(self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        rim::print(&if self == Self::Yaml { print::yaml(value) } else { print::json(value) })
    }
}

/// Says what could not be looked at, to people.
pub(crate) fn say_gaps(world: &World) {
    for gap in world.gaps() {
        rim::note(&plain(&format!("incomplete: {}: {}", gap.what, gap.why)));
    }
}
