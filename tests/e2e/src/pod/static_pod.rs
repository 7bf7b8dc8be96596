//! A static pod's manifest, read as a kubelet would: every field that is in it has a meaning here, or it is not read.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::places;
use crate::{
    machine::{Machine, Mounts},
    process::{Background, wait_until},
    sts::Sts,
};

/// A pod of one container.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StaticPod {
    api_version: String,
    kind: String,
    #[serde(rename = "metadata")]
    _metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "namespace")]
    _namespace: String,
    #[serde(rename = "labels")]
    _labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Spec {
    host_network: bool,
    dns_policy: String,
    priority_class_name: String,
    security_context: PodSecurity,
    containers: [Container; 1],
    volumes: Vec<Volume>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PodSecurity {
    run_as_non_root: bool,
    run_as_user: u32,
    run_as_group: u32,
    seccomp_profile: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Container {
    #[serde(rename = "name")]
    _name: String,
    image: String,
    args: Vec<String>,
    security_context: ContainerSecurity,
    liveness_probe: Probe,
    readiness_probe: Probe,
    resources: BTreeMap<String, BTreeMap<String, String>>,
    volume_mounts: Vec<VolumeMount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ContainerSecurity {
    allow_privilege_escalation: bool,
    read_only_root_filesystem: bool,
    capabilities: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Probe {
    http_get: HttpGet,
    #[serde(rename = "initialDelaySeconds")]
    _initial_delay_seconds: Option<u32>,
    #[serde(rename = "timeoutSeconds")]
    _timeout_seconds: Option<u32>,
    #[serde(rename = "failureThreshold")]
    _failure_threshold: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpGet {
    scheme: String,
    host: String,
    port: u16,
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct VolumeMount {
    name: String,
    mount_path: String,
    read_only: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Volume {
    name: String,
    host_path: HostPath,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostPath {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl StaticPod {
    /// Reads one, and insists on what a server on the control plane must have: the machine's network, no rights.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let pod: Self = serde_saphyr::from_str(text).context("a pod's manifest")?;
        ensure!(pod.api_version == "v1" && pod.kind == "Pod");
        let spec = &pod.spec;
        ensure!(
            spec.host_network && spec.dns_policy == "Default" && spec.priority_class_name == "system-node-critical"
        );
        ensure!(spec.security_context.run_as_non_root && spec.security_context.run_as_user != 0);
        ensure!(spec.security_context.run_as_group != 0);
        ensure!(spec.security_context.seccomp_profile.get("type").is_some_and(|kind| kind == "RuntimeDefault"));
        let [container] = &spec.containers;
        let security = &container.security_context;
        ensure!(!security.allow_privilege_escalation && security.read_only_root_filesystem);
        ensure!(security.capabilities.get("drop").is_some_and(|dropped| *dropped == ["ALL"]));
        ensure!(container.resources.get("limits").is_some_and(|limits| limits.contains_key("memory")));
        ensure!(container.volume_mounts.iter().all(|mount| mount.read_only), "the server writes nothing");
        Ok(pod)
    }

    /// The image.
    pub fn image(&self) -> &str {
        &self.spec.containers[0].image
    }

    /// Whose user it runs as.
    pub fn user(&self) -> u32 {
        self.spec.security_context.run_as_user
    }

    /// Starts it on a machine and waits until both probes succeed. The image's entry point is our program.
    pub fn start(&self, machine: &Machine, sts: &Sts) -> anyhow::Result<Background> {
        let [container] = &self.spec.containers;
        let volumes = self.spec.volumes.iter().map(|volume| volume.place(machine)).collect::<Result<Vec<_>, _>>()?;
        let mounts = container.volume_mounts.iter().map(|mount| Ok((&*mount.name, &*mount.mount_path)));
        let mounts: Mounts = places(mounts, &volumes)?;
        let mut server = machine.start(sts, &container.args, &mounts, Some(self.user()))?;
        let state = container.args.iter().find_map(|arg| arg.strip_prefix("--state-dir=")).context("--state-dir")?;
        let seen = mounts.iter().find(|(seen, _)| seen == state).context("a mount for --state-dir")?;
        for probe in [&container.liveness_probe, &container.readiness_probe] {
            let HttpGet { scheme, host, port, path } = &probe.http_get;
            ensure!(scheme == "HTTPS" && host == "127.0.0.1" && *port == 21362);
            wait_until(&format!("{path} succeeds"), || {
                ensure!(server.ended()?.is_none(), "the server ended:\n{}", server.log());
                machine.probe(&seen.1, path)
            })?;
        }
        Ok(server)
    }
}

impl Volume {
    /// Its name, and the folder that it is of the machine.
    fn place(&self, machine: &Machine) -> anyhow::Result<(String, PathBuf)> {
        let HostPath { path, kind } = &self.host_path;
        // A kubelet does not start a pod whose folder is missing.
        ensure!(kind == "Directory" && machine.path(path).is_dir(), "{path} is not a folder of the machine");
        Ok((self.name.clone(), path.into()))
    }
}
