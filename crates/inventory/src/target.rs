//! Where mappings stand in the cluster.

use access::Consumer;
use mapping::BackendMode;

/// The place in the cluster to which `apply` writes mappings (`--mapping`), and where mappings stand that were observed. A server asks
/// more sources than these ([`BackendMode`]); what is only printed is not written anywhere (`access::RenderTarget`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MappingTarget {
    /// A `ConfigMap` with the access file, which `cluster-auth server` reads.
    AccessFile,
    /// The `ConfigMap` of the existing authenticator's configuration.
    ConfigMap,
    /// The `ConfigMap` `aws-auth`.
    AwsAuth,
    /// `IAMIdentityMapping` objects.
    Crd,
    /// Nowhere: somebody else sees to it, as with EKS access entries, or a file on the control plane.
    #[default]
    None,
}

/// The `ConfigMap` of [`MappingTarget::AccessFile`], in the namespace of the record, and its key.
pub const ACCESS_FILE_MAP: (&str, &str) = ("cluster-auth-access", "access.yaml");

impl MappingTarget {
    /// Every target.
    pub const ALL: [Self; 5] = [Self::AccessFile, Self::ConfigMap, Self::AwsAuth, Self::Crd, Self::None];

    /// Returns the name as the key and the flag `mapping` name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessFile => "access-file",
            Self::ConfigMap => "configmap",
            Self::AwsAuth => "aws-auth",
            Self::Crd => "crd",
            Self::None => "none",
        }
    }

    /// Returns the name in words, as the plan's first line has it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::AccessFile => "the server's access file, ConfigMap kube-system/cluster-auth-access",
            Self::ConfigMap => "the authenticator's configuration, ConfigMap kube-system/aws-iam-authenticator",
            Self::AwsAuth => "ConfigMap kube-system/aws-auth",
            Self::Crd => "IAMIdentityMapping objects",
            Self::None => "nowhere (mapping: none)",
        }
    }

    /// Returns the `ConfigMap` that holds it, in `kube-system`.
    pub const fn config_map(self) -> Option<&'static str> {
        match self {
            Self::AccessFile => Some(ACCESS_FILE_MAP.0),
            Self::ConfigMap => Some("aws-iam-authenticator"),
            Self::AwsAuth => Some("aws-auth"),
            Self::Crd | Self::None => None,
        }
    }

    /// Returns the target whose mappings a `ConfigMap` of `kube-system` holds, if it is one of these.
    pub fn in_config_map(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.config_map() == Some(name))
    }

    /// Returns who takes it: what they cannot carry has to be resolved before planning ([`access::unsupported`]).
    pub const fn consumer(self) -> Consumer {
        match self {
            Self::AccessFile => Consumer::Server,
            Self::ConfigMap => Consumer::Config,
            Self::AwsAuth => Consumer::AwsAuth,
            Self::Crd => Consumer::Crd,
            Self::None => Consumer::Rbac,
        }
    }

    /// Returns the place in which the server looks for logins that stand there.
    pub const fn mode(self) -> Option<BackendMode> {
        match self {
            Self::AccessFile => Some(BackendMode::AccessFile),
            Self::ConfigMap => Some(BackendMode::MountedFile),
            Self::AwsAuth => Some(BackendMode::EksConfigMap),
            Self::Crd => Some(BackendMode::Crd),
            Self::None => None,
        }
    }
}
