//! A Lease: while it is held, nobody else does the same.
//!
//! Clocks of two machines differ, so whether a holder is alive is not read off its time: whoever wants the Lease watches
//! it for as long as it lasts, and takes it over if nobody renewed it meanwhile. Only one that ended long ago by any clock
//! is taken at once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Cluster, KubernetesError, Resource, Run, Write, status};

/// How long a Lease holds without being renewed.
const DURATION: Duration = Duration::from_secs(15);
/// How often it is renewed: two failures in a row are survived.
const RENEWAL: Duration = Duration::from_secs(5);
/// How often somebody else's is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// By how much clocks may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
const NAMESPACE: &str = "kube-system";

/// A Lease that is held.
pub struct Lease<'a> {
    cluster: &'a Cluster,
    path: String,
    name: &'static str,
    holder: String,
    version: String,
    now: fn() -> Timestamp,
}

/// Kubernetes, `coordination/v1` `Lease`.
#[derive(Deserialize)]
struct Raw {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    resource_version: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    holder_identity: Option<String>,
    lease_duration_seconds: Option<u32>,
    renew_time: Option<String>,
}

impl Spec {
    /// Whoever has it; empty is nobody. Anybody who may write Leases can call themselves anything.
    fn holder(&self) -> String {
        status::one_line(self.holder_identity.as_deref().unwrap_or_default())
    }
}

impl Cluster {
    /// Takes the Lease of this name in `kube-system`, waiting for a holder that may have died. `waiting` is told who that
    /// is, once.
    ///
    /// # Errors
    ///
    /// [`KubernetesError::Held`] where its holder goes on renewing it; any other where it cannot be read or written.
    pub async fn lease(
        &self,
        name: &'static str,
        holder: String,
        now: fn() -> Timestamp,
        mut waiting: impl FnMut(&str, Duration),
    ) -> Result<Lease<'_>, KubernetesError> {
        let path = Resource::LEASES.object(Some(NAMESPACE), name);
        let mut watched: Option<String> = None;
        loop {
            let Some(raw) = self.read_lease(&path).await? else {
                let object = body(name, &holder, None, now());
                let list = Resource::LEASES.list(Some(NAMESPACE));
                match self.write(&Write::Create { path: list, object }, Run::Real).await {
                    Err(KubernetesError::Changed { .. }) => continue, // Somebody was faster.
                    result => result?,
                }
                return self.while_held(path, name, holder, now).await;
            };
            let Raw { metadata: Metadata { resource_version }, spec } = raw;
            let theirs = spec.holder();
            let duration = spec.lease_duration_seconds.map_or(DURATION, |seconds| Duration::from_secs(seconds.into()));
            let renewed: Option<Timestamp> = spec.renew_time.and_then(|time| time.parse().ok());
            let long_over = renewed.is_none_or(|renewed| {
                now().duration_since(renewed) > CLOCK_SKEW + SignedDuration::try_from(duration).unwrap_or_default()
            });
            let is_dead = watched.as_ref() == Some(&resource_version);
            if theirs.is_empty() || theirs == holder || long_over || is_dead {
                let object = body(name, &holder, Some(&resource_version), now());
                match self.write(&Write::Apply { path: path.clone(), object }, Run::Real).await {
                    Err(KubernetesError::Changed { .. }) => return Err(KubernetesError::Held { holder: theirs }),
                    result => result?,
                }
                return self.while_held(path, name, holder, now).await;
            }
            if watched.is_some() {
                return Err(KubernetesError::Held { holder: theirs });
            }
            waiting(&theirs, duration);
            let mut left = duration;
            while !left.is_zero() {
                let pause = left.min(LOOK);
                tokio::time::sleep(pause).await;
                left -= pause;
                match self.read_lease(&path).await? {
                    Some(raw) if raw.metadata.resource_version == resource_version => {}
                    _ => break, // Renewed, or given back.
                }
            }
            watched = Some(resource_version);
        }
    }

    async fn read_lease(&self, path: &str) -> Result<Option<Raw>, KubernetesError> {
        let Some(bytes) = self.get(path).await? else { return Ok(None) };
        let raw = serde_json::from_slice(&bytes);
        raw.map(Some).map_err(|_| self.endpoint.refused("get", path, http::StatusCode::OK))
    }

    async fn while_held(
        &self,
        path: String,
        name: &'static str,
        holder: String,
        now: fn() -> Timestamp,
    ) -> Result<Lease<'_>, KubernetesError> {
        let mut lease = Lease { cluster: self, path, name, holder, version: String::new(), now };
        lease.look().await?;
        Ok(lease)
    }
}

impl Lease<'_> {
    /// Renews it again and again; returns only when it is lost.
    pub async fn keep(&mut self) -> KubernetesError {
        let mut failed = 0;
        loop {
            tokio::time::sleep(RENEWAL).await;
            match self.renew().await {
                Ok(()) => failed = 0,
                Err(error @ KubernetesError::Lost { .. }) => return error,
                Err(error) => {
                    failed += 1;
                    if RENEWAL * failed >= DURATION {
                        return error;
                    }
                }
            }
        }
    }

    /// Releases the Lease, if it is still held.
    ///
    /// # Errors
    ///
    /// [`KubernetesError::Lost`] where it is not ours any more; any other where it cannot be read or written.
    pub async fn release(mut self) -> Result<(), KubernetesError> {
        self.look().await?;
        let object = body(self.name, "", Some(&self.version), (self.now)());
        self.cluster.write(&Write::Apply { path: self.path.clone(), object }, Run::Real).await
    }

    async fn renew(&mut self) -> Result<(), KubernetesError> {
        self.look().await?;
        let object = body(self.name, &self.holder, Some(&self.version), (self.now)());
        match self.cluster.write(&Write::Apply { path: self.path.clone(), object }, Run::Real).await {
            Err(KubernetesError::Changed { .. }) => self.look().await,
            result => result,
        }
    }

    /// Looks whether it is still ours, and at its version.
    async fn look(&mut self) -> Result<(), KubernetesError> {
        let raw = self.cluster.read_lease(&self.path).await?;
        let theirs = raw.as_ref().map(|raw| raw.spec.holder()).unwrap_or_default();
        match raw {
            Some(raw) if theirs == self.holder => {
                self.version = raw.metadata.resource_version;
                Ok(())
            }
            _ => Err(KubernetesError::Lost { what: format!("{NAMESPACE}/{}", self.name), holder: theirs }),
        }
    }
}

fn body(name: &str, holder: &str, version: Option<&str>, now: Timestamp) -> Value {
    // Kubernetes, `meta/v1` `MicroTime`.
    let now = now.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
    let mut body = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": DURATION.as_secs(), "renewTime": now},
    });
    if let Some(version) = version {
        body["metadata"]["resourceVersion"] = version.into();
    }
    body
}
