//! An entry more in the `aws-auth` of a cluster, unless somebody else has changed it since it was read.

use std::{collections::BTreeMap, path::Path, time::Duration};

use access::merge::{
    Shape,
    add::{Added, Addition, add as added_to},
};
use anyhow::Context as _;
use inventory::{MappingTarget, RECORD_NAME, RECORD_NAMESPACE, Record};
use kubernetes::{Cluster, Kubeconfig, KubernetesError, Resource, Run, Write};
use mapping::aws_iam_authenticator::Standing;
use reading::Kind;
use serde_json::Value as Json;

use super::{answered, refused, warn};
use crate::{
    exit::{CommandResult, Failure},
    process::{self, Process},
    runtime,
    shared::observe::{listener, proxies},
};

/// How often it is tried where others change it meanwhile, and after how long again (client-go, `retry.DefaultRetry`).
const TRIES: usize = 5;
const INTERVAL: Duration = Duration::from_millis(10);

/// Which cluster.
pub(super) struct Reached<'a> {
    /// The kubeconfig, and no other.
    pub(super) kubeconfig: &'a Path,
    /// Its context; none is the current one.
    pub(super) context: Option<&'a str>,
    /// The API server's URL, where it is another than the kubeconfig's.
    pub(super) server: Option<&'a str>,
}

/// Adds an entry, and prints the `ConfigMap` as the cluster has it then.
pub(super) fn add(reached: &Reached<'_>, addition: &Addition, process: &Process) -> CommandResult {
    let updated = runtime::block_on(async {
        let cluster = reached.connect(process).await?;
        let updated = update(&cluster, addition).await?;
        say_who_keeps_it(&cluster).await;
        Ok::<_, Failure>(updated)
    })??;
    let yaml = serde_saphyr::to_string(&updated).context("cannot print the ConfigMap")?;
    Ok(process::print(&format!("updated configmap:\n\n{yaml}\n"))?)
}

impl Reached<'_> {
    /// What cannot be used is an error, and no reason to ask another cluster.
    async fn connect(&self, process: &Process) -> anyhow::Result<Cluster> {
        let files = Kubeconfig {
            paths: vec![self.kubeconfig.to_owned()],
            kind: Kind::Any,
            is_given: true,
            context: self.context.map(str::to_owned),
            server: self.server.map(str::to_owned),
            proxies: proxies(process),
            listener: listener(),
            now: process::now,
        };
        Ok(files.connect().await?)
    }
}

/// Reads, edits and replaces, and begins anew where somebody else was faster.
async fn update(cluster: &Cluster, addition: &Addition) -> Result<Json, Failure> {
    let path = Resource::CONFIG_MAPS.object(Some("kube-system"), "aws-auth");
    for tries in 1.. {
        let Some(bytes) = cluster.get(&path).await.map_err(anyhow::Error::from)? else {
            return Err(answered("configmaps \"aws-auth\" not found"));
        };
        let mut object: Json = serde_json::from_slice(&bytes).context("aws-auth cannot be read")?;
        let added = edit(&mut object, addition)?;
        match cluster.written(&Write::Replace { path: path.clone(), object }, Run::Real).await {
            Ok(bytes) => {
                warn(&added);
                let mut object: Json = serde_json::from_slice(&bytes).context("aws-auth cannot be read")?;
                let fields = object.as_object_mut().context("aws-auth is not an object")?;
                // As a typed client has it.
                fields.retain(|key, _| !["kind", "apiVersion"].contains(&key.as_str()));
                return Ok(object);
            }
            Err(KubernetesError::Changed { .. }) if tries < TRIES => tokio::time::sleep(INTERVAL).await,
            Err(error) => return Err(anyhow::Error::from(error).into()),
        }
    }
    unreachable!("the last try is returned")
}

/// Says that `apply` keeps `aws-auth`, where it does: whoever is added beside it is in no file. That is not known to everybody
/// who may write `aws-auth`, and then nothing is said.
async fn say_who_keeps_it(cluster: &Cluster) {
    let path = Resource::CONFIG_MAPS.object(Some(RECORD_NAMESPACE), RECORD_NAME);
    let Ok(Some(bytes)) = cluster.get(&path).await else { return };
    let object: Json = serde_json::from_slice(&bytes).unwrap_or_default();
    let data: BTreeMap<String, String> = serde_json::from_value(object["data"].clone()).unwrap_or_default();
    let Ok(record) = Record::from_data(&data) else { return };
    if record.target == MappingTarget::AwsAuth {
        process::note(&format!(
            "note: `cluster-auth apply` keeps this ConfigMap by {}, and leaves the new entry alone: whoever is to stand in the \
             file is added there",
            record.file_names()
        ));
    }
}

/// Puts the entry into the object, of which everything else stays as the API server has sent it.
fn edit(object: &mut Json, addition: &Addition) -> Result<Added, Failure> {
    let data: Option<BTreeMap<String, String>> =
        serde_json::from_value(object["data"].clone()).context("aws-auth has data that is not text")?;
    let standing = |key: &str| Standing::alone(format!("aws-auth {key}"));
    let added = added_to(Shape::AwsAuth, &data.unwrap_or_default(), standing, addition);
    let added = added.map_err(|why| refused(&why, addition))?;
    object["data"] = serde_json::to_value(&added.data).context("texts are JSON")?;
    Ok(added)
}
