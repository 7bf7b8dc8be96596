//! Which cluster of kops is meant, and its state store's objects.

use anyhow::Context as _;
use aws::s3::{Object, S3Client};
use clap::Args;
use document::shell_word;
use identity::StsHost;
use kops::{ClusterName, Folder, StateStore, Stored};

use crate::{
    credentials::{self, Wanted},
    process::{self, Process},
};

/// The kops cluster, and where its state is.
#[derive(Args, Debug)]
pub(super) struct ClusterArgs {
    /// Name of the cluster [env: KOPS_CLUSTER_NAME]
    #[arg(long, value_name = "NAME")]
    name: Option<ClusterName>,

    /// State store of kops [env: KOPS_STATE_STORE]
    #[arg(long, value_name = "s3://BUCKET[/PREFIX]")]
    state: Option<StateStore>,

    /// AWS Region of the first request to S3, which then names the bucket's own
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// Profile of the AWS configuration to take credentials from
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// The commands of kops by which a specification comes into force.
pub(super) struct RollOut {
    pub(super) edit: String,
    pub(super) update: String,
    pub(super) roll: String,
}

/// What an object of the folder holds.
pub(super) fn stored(object: &Object) -> anyhow::Result<Stored> {
    let text = str::from_utf8(&object.body).context("it is not text")?.to_owned();
    Ok(Stored { text, etag: object.etag.clone() })
}

impl ClusterArgs {
    /// The flags as they were typed, for another command about the same files, with a blank in front of each.
    pub(super) fn typed(&self) -> String {
        let flags = [
            ("--name", self.name.as_ref().map(ToString::to_string)),
            ("--state", self.state.as_ref().map(ToString::to_string)),
            ("--region", self.region.clone()),
            ("--profile", self.profile.clone()),
        ];
        flags.iter().filter_map(|(flag, value)| Some(format!(" {flag} {}", shell_word(value.as_ref()?)))).collect()
    }

    /// What is left to do when the specification has changed. kops replaces no machine for the files of a store by itself.
    pub(super) fn roll_out(&self, name: &ClusterName, is_rotated: bool) -> RollOut {
        let state = self.state.as_ref().map(|state| format!(" --state {state}")).unwrap_or_default();
        let force = if is_rotated { " --force" } else { "" };
        RollOut {
            edit: format!("`kops edit cluster {name}{state}`"),
            update: format!("`kops update cluster {name}{state} --yes`"),
            roll: format!(
                "`kops rolling-update cluster {name}{state} --yes{force} --instance-group-roles control-plane`"
            ),
        }
    }

    /// A flag that was given and is about the state store.
    pub(super) fn flag_of_store(&self) -> Option<&'static str> {
        let flags = [
            ("--state", self.state.is_some()),
            ("--region", self.region.is_some()),
            ("--profile", self.profile.is_some()),
        ];
        flags.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    /// The cluster's name: flag or variable, as kops has it.
    pub(super) fn name(&self, process: &Process) -> anyhow::Result<ClusterName> {
        let variable = || process.variable("KOPS_CLUSTER_NAME").map(str::parse).transpose();
        let name = self.name.clone().map_or_else(variable, |name| Ok(Some(name)));
        let name = name.context("KOPS_CLUSTER_NAME")?;
        name.context("no cluster: give --name, or set KOPS_CLUSTER_NAME")
    }

    /// The folder of its files, where a state store is known.
    pub(super) fn folder(&self, name: &ClusterName, process: &Process) -> anyhow::Result<Folder> {
        let variable = || process.variable("KOPS_STATE_STORE").map(str::parse).transpose();
        let state = self.state.clone().map_or_else(variable, |state| Ok(Some(state)));
        let state = state.context("KOPS_STATE_STORE")?;
        Ok(Folder::new(&state.context("no state store: give --state, or set KOPS_STATE_STORE")?, name))
    }

    /// The Region that was given, fit to stand in a command.
    pub(super) fn region(&self) -> anyhow::Result<Option<String>> {
        if let Some(region) = &self.region {
            StsHost::regional(region).map_err(|_| aws::EndpointError::Region(region.clone()))?;
        }
        Ok(self.region.clone())
    }

    /// S3, with the caller's credentials, in the bucket's own Region.
    pub(super) async fn open(
        &self,
        folder: &Folder,
        found: credentials::Found,
        environment: &aws::credentials::Environment,
    ) -> anyhow::Result<S3Client> {
        let client = aws::Client::new(environment)?;
        let (credentials, region) = (found.credentials, found.region.as_deref());
        Ok(S3Client::open(client, credentials, environment, region, folder.bucket().clone(), process::now).await?)
    }

    /// Whose credentials.
    pub(super) fn credentials(
        &self,
        environment: &aws::credentials::Environment,
    ) -> anyhow::Result<credentials::Found> {
        let wanted = Wanted { region: self.region.clone(), profile: self.profile.clone(), ..Wanted::default() };
        credentials::find(&wanted, environment)
    }
}
