//! How objects in the cluster say whose they are: the one place where that is written.
//!
//! A label to select by, which everybody's tools know; and annotations with the truth, because a label's value takes
//! 63 characters of a small alphabet and a cluster's id may be longer.

use std::{collections::BTreeMap, sync::Arc};

use crate::ConfigMap;

/// The label that says which program keeps an object (Kubernetes, "Recommended Labels").
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY`] on objects that cluster-auth manages.
pub const MANAGER: &str = "cluster-auth";
/// The annotation that holds the cluster id of the access file.
pub const CLUSTER_ID: &str = "cluster-auth.dev/cluster-id";
/// The annotation that holds the name of the access file.
pub const FILE: &str = "cluster-auth.dev/file";

/// Helm's value of [`MANAGED_BY`], and its annotation with the release's name (Helm, `pkg/action/validate.go`).
const HELM: &str = "Helm";
const HELM_RELEASE: &str = "meta.helm.sh/release-name";

/// The mark that `apply` puts on objects: which cluster's access file asked for an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// The `clusterID` of the file.
    pub cluster_id: Arc<str>,
    /// The file's name; see [`inventory::files`].
    pub file: Arc<str>,
}

/// The owner of an object, by its label and annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// Nobody's that we know: written by hand, or by another program.
    #[default]
    Nobody,
    /// Helm's, of this release if it says so.
    Helm(Option<Box<str>>),
    /// Ours, of this cluster's files or of another's.
    Ours(Mark),
}

impl Owner {
    /// Returns the owner that labels and annotations name.
    pub fn of<'a>(label: impl Fn(&str) -> Option<&'a str>, annotation: impl Fn(&str) -> Option<&'a str>) -> Self {
        match label(MANAGED_BY) {
            Some(MANAGER) => match (annotation(CLUSTER_ID), annotation(FILE)) {
                (Some(cluster_id), Some(file)) => Self::Ours(Mark { cluster_id: cluster_id.into(), file: file.into() }),
                // Half a mark proves nothing: whoever wrote it has to say so again, with `--adopt`.
                _ => Self::Nobody,
            },
            Some(HELM) => Self::Helm(annotation(HELM_RELEASE).map(Into::into)),
            Some(_) | None => Self::Nobody,
        }
    }

    /// Returns the owner of a `ConfigMap`, by its label and annotations.
    pub fn of_map(map: &ConfigMap) -> Self {
        let of = |texts: &'_ BTreeMap<String, String>, key: &str| texts.get(key).cloned();
        let label = of(&map.labels, MANAGED_BY);
        let annotations = [CLUSTER_ID, FILE, HELM_RELEASE].map(|key| (key, of(&map.annotations, key)));
        let annotation =
            |key: &str| annotations.iter().find(|(known, _)| *known == key).and_then(|(_, text)| text.as_deref());
        Self::of(|_| label.as_deref(), annotation)
    }

    /// Returns our mark with this cluster's id.
    pub fn mark_of(&self, cluster_id: &str) -> Option<&Mark> {
        match self {
            Self::Ours(mark) if *mark.cluster_id == *cluster_id => Some(mark),
            Self::Ours(_) | Self::Helm(_) | Self::Nobody => None,
        }
    }
}

impl Mark {
    /// Returns the labels of a marked object.
    pub fn labels() -> BTreeMap<&'static str, &'static str> {
        [(MANAGED_BY, MANAGER)].into()
    }

    /// Returns the annotations of a marked object.
    pub fn annotations(&self) -> BTreeMap<&'static str, &str> {
        [(CLUSTER_ID, &*self.cluster_id), (FILE, &*self.file)].into()
    }
}
