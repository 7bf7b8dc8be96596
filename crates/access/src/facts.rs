//! What AWS and the cluster say of what the file names.

use std::collections::BTreeMap;

use identity::{AccountId, Arn};
use rbac::{Objects, resources::Resource};

use crate::{ConfigMap, IamAccount, Kind};

/// Answers of AWS and the cluster that an access file is compiled with. What is not known stays unresolved, and is never assumed to be empty.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The users of IAM groups, as ARNs, by account and name in lower case.
    pub iam_groups: BTreeMap<(AccountId, String), Vec<String>>,
    /// The roles of permission sets with their path, by account and name of the set in lower case.
    pub permission_sets: BTreeMap<(AccountId, String), String>,
    /// Every namespace of the cluster.
    pub namespaces: Option<Vec<Namespace>>,
    /// Every role of the cluster.
    pub roles: Option<Objects>,
    /// What the cluster serves besides what every one does, as far as it is known.
    pub custom_resources: Vec<Resource>,
    /// The `ConfigMap`s of `kube-system`, by name: at least those that others write to as well.
    pub config_maps: Option<BTreeMap<String, ConfigMap>>,
    /// What IAM has under the names that it was asked for: an ARN with its path, or nothing (any more). By kind, account and
    /// name in lower case.
    pub in_iam: BTreeMap<(Kind, IamAccount, String), Option<Arn>>,
}

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: Box<str>,
    /// Its labels.
    pub labels: rbac::Labels,
}
