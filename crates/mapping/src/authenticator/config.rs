//! What the file says, defaults not filled in.

use std::{collections::BTreeMap, path::PathBuf};

use identity::{AccountId, Partitions};

use super::{FileLine, ListenAddress};
use crate::{BackendMode, Snapshot, snapshot};

/// The configuration. `None` and empty lists mean that the file does not say: then [`super::defaults`] hold.
// No Debug: `token` is a credential.
#[derive(Clone, Default)]
pub struct Config {
    /// `clusterID`.
    pub cluster_id: Option<String>,
    /// The keys of the client's commands.
    pub client: ClientConfig,
    /// `server`.
    pub server: ServerConfig,
    pub(super) places: BTreeMap<String, FileLine>,
}

/// Keys for `token` and `verify`, at the top level of the file.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "each is the key of its name, described with the flag of its name")]
pub struct ClientConfig {
    pub region: Option<String>,
    pub role: Option<String>,
    pub external_id: Option<String>,
    pub session_name: Option<String>,
    pub token_only: Option<bool>,
    pub forward_session_name: Option<bool>,
    pub cache: Option<bool>,
    pub token: Option<String>,
    pub output: Option<String>,
    /// As it is written: the server passes it over.
    pub partition: Option<String>,
}

/// Keys below `server`.
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    /// `partition`, or what the flag says. Every rule is of one of these.
    pub partitions: Partitions,
    /// `address`, to listen on.
    pub address: Option<ListenAddress>,
    /// `port`, to listen on. Whether it is one matters where no flag goes before it.
    pub port: Option<i64>,
    /// `hostname`, under which the API server reaches it.
    pub hostname: Option<String>,
    /// `stateDir`, where certificate and key are.
    pub state_dir: Option<PathBuf>,
    /// `generateKubeconfig`, where the API server's kubeconfig goes.
    pub generate_kubeconfig: Option<PathBuf>,
    /// `kubeconfigPregenerated`: leave that kubeconfig alone.
    pub kubeconfig_pregenerated: Option<bool>,
    /// `kubeconfig`, for the modes that watch the cluster.
    pub kubeconfig: Option<PathBuf>,
    /// `master`, the URL of the API server for those modes.
    pub master: Option<String>,
    /// `backendMode`, in order, each once; empty where it is not given.
    pub backend_modes: Vec<BackendMode>,
    /// `scrubbedAccounts`: accounts whose details stay out of logs and answers.
    pub scrubbed_accounts: Vec<AccountId>,
    /// `ec2DescribeInstancesRoleARN`, assumed for asking EC2.
    pub ec2_role_arn: Option<String>,
    /// `sourceARN`, sent with that; its account too.
    pub source_arn: Option<String>,
    /// `ec2DescribeInstancesQps`, calls per second; 0 means no limit.
    pub ec2_qps: Option<u32>,
    /// `ec2DescribeInstancesBurst`.
    pub ec2_burst: Option<u32>,
    /// `dynamicfilepath`, of the mode `DynamicFile`.
    pub dynamic_file_path: Option<PathBuf>,
    /// `dynamicfileUserIDStrict`: that file's entries are compared by `userid`.
    pub dynamic_file_user_id_strict: Option<bool>,
    /// `dynamicBackendModePath`, of a file that changes the list of modes.
    pub dynamic_backend_mode_path: Option<PathBuf>,
    /// `reservedPrefixConfig`, by mode.
    pub reserved_prefixes: BTreeMap<BackendMode, Vec<String>>,
    /// `accessFile`, asked before every mode; a key of ours.
    pub access_file: Option<PathBuf>,
    /// `denyWith200`: definite denials are answered with 200; a key of ours.
    pub deny_with_200: Option<bool>,
    /// `mapRoles`, `mapUsers` and `mapAccounts`.
    pub mounted_file: Option<snapshot::Source>,
}

impl Config {
    /// Returns where a key stands: `clusterID`, `server.port` …, in any case; `None` if the file does not have it.
    pub fn place(&self, key: &str) -> Option<&FileLine> {
        self.places.get(&key.to_ascii_lowercase())
    }
}

impl ServerConfig {
    /// Returns the keys that a running server does not read again and that differ from those it was started with.
    pub fn differs_at_start(&self, started: &Self) -> Vec<&'static str> {
        let differ = [
            ("server.partition", self.partitions != started.partitions),
            ("server.address", self.address != started.address),
            ("server.port", self.port != started.port),
            ("server.hostname", self.hostname != started.hostname),
            ("server.stateDir", self.state_dir != started.state_dir),
            ("server.generateKubeconfig", self.generate_kubeconfig != started.generate_kubeconfig),
            ("server.kubeconfigPregenerated", self.kubeconfig_pregenerated != started.kubeconfig_pregenerated),
            ("server.kubeconfig", self.kubeconfig != started.kubeconfig),
            ("server.master", self.master != started.master),
            ("server.ec2DescribeInstancesRoleARN", self.ec2_role_arn != started.ec2_role_arn),
            ("server.sourceARN", self.source_arn != started.source_arn),
            ("server.ec2DescribeInstancesQps", self.ec2_qps != started.ec2_qps),
            ("server.ec2DescribeInstancesBurst", self.ec2_burst != started.ec2_burst),
            ("server.dynamicfilepath", self.dynamic_file_path != started.dynamic_file_path),
            ("server.dynamicfileUserIDStrict", self.dynamic_file_user_id_strict != started.dynamic_file_user_id_strict),
            ("server.dynamicBackendModePath", self.dynamic_backend_mode_path != started.dynamic_backend_mode_path),
            ("server.accessFile", self.access_file != started.access_file),
        ];
        differ.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }

    /// Returns the mapping of this file alone.
    pub fn snapshot(&self) -> Snapshot {
        self.clone().into_snapshot(None)
    }

    /// Returns the mapping of this file behind that of an access file, without holding the rules twice.
    pub fn into_snapshot(self, access_file: Option<snapshot::Source>) -> Snapshot {
        let sources = access_file.into_iter().chain(self.mounted_file).collect();
        Snapshot::new(self.partitions, sources, self.scrubbed_accounts)
    }
}
