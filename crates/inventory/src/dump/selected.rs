//! Whether dumps have all objects of a kind or a selection: what `kubectl get` prints of names, or by a selector, is a list like any
//! other.

use std::collections::BTreeSet;

use rbac::dump::{FoundObject, Other};

/// An object that every cluster has from its first minute: the API server makes it, and makes it again where it is gone. (Of the
/// `ConfigMap` that holds wherever certificates of clients are taken, or an aggregated API server is.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standard {
    kind: &'static str,
    /// Empty where it has none.
    pub(super) namespace: &'static str,
    name: &'static str,
}

/// At least one that nobody asks for by its name for each kind of which all are to be known (Kubernetes,
/// `plugin/pkg/auth/authorizer/rbac/bootstrappolicy`, `pkg/controlplane/controller/systemnamespaces` and
/// `pkg/controlplane/controller/clusterauthenticationtrust`).
const IN_EVERY_CLUSTER: [Standard; 13] = [
    standard("Namespace", "", "default"),
    standard("Namespace", "", "kube-system"),
    standard("ClusterRole", "", "cluster-admin"),
    standard("ClusterRole", "", "view"),
    standard("ClusterRole", "", "system:kube-controller-manager"),
    standard("ClusterRoleBinding", "", "cluster-admin"),
    standard("ClusterRoleBinding", "", "system:kube-controller-manager"),
    standard("ClusterRoleBinding", "", "system:kube-scheduler"),
    standard("Role", "kube-public", "system:controller:bootstrap-signer"),
    standard("Role", "kube-system", "extension-apiserver-authentication-reader"),
    standard("RoleBinding", "kube-public", "system:controller:bootstrap-signer"),
    standard("RoleBinding", "kube-system", "system::extension-apiserver-authentication-reader"),
    standard("ConfigMap", "kube-system", "extension-apiserver-authentication"),
];

/// Of which kinds there are lists, and which objects that every cluster has are here.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    /// The kinds of which a cluster itself listed all.
    by_cluster: BTreeSet<Box<str>>,
    /// The kinds of which somebody gave a list that a cluster had stored.
    given: BTreeSet<Box<str>>,
    /// The same of the text that is read now, where it is a list.
    being_read: BTreeSet<&'static str>,
    found: BTreeSet<Standard>,
}

impl Listed {
    /// Takes in an object that a cluster has stored and somebody gave.
    pub(super) fn saw(&mut self, object: &FoundObject) {
        let (kind, namespace, name) = match object {
            FoundObject::Namespace(name) => ("Namespace", None, &**name),
            FoundObject::Role(role) => (role.kind().as_str(), role.namespace(), role.id().1),
            FoundObject::Binding(binding) => (binding.kind(), binding.namespace(), binding.name()),
            FoundObject::Other(Other { api_version, kind, namespace, name, .. })
                if (&**api_version, &**kind) == ("v1", "ConfigMap") =>
            {
                ("ConfigMap", namespace.as_deref(), &**name)
            }
            FoundObject::Other(_) | FoundObject::Refused(_) => return,
        };
        let namespace = namespace.unwrap_or_default();
        for one in IN_EVERY_CLUSTER.iter().filter(|one| one.kind == kind) {
            self.being_read.insert(one.kind);
            if (one.namespace, one.name) == (namespace, name) {
                self.found.insert(*one);
            }
        }
    }

    /// Takes in that a text is read, of which kinds it has lists, and whether somebody gave it.
    pub(super) fn end<'k>(&mut self, kinds: impl IntoIterator<Item = &'k Box<str>>, is_given: bool) {
        let read = std::mem::take(&mut self.being_read);
        for kind in kinds {
            if !is_given {
                self.by_cluster.insert(kind.clone());
            } else if read.contains(&**kind) {
                self.given.insert(kind.clone());
            }
        }
    }

    /// Those of a kind that every cluster has and that are not in the lists that were given; none where there are no such lists, or the
    /// cluster itself was asked.
    pub(super) fn lacking<'d>(&'d self, kind: &'d str) -> impl Iterator<Item = Standard> + 'd {
        let is_doubtful = self.given.contains(kind) && !self.by_cluster.contains(kind);
        let of_kind = IN_EVERY_CLUSTER.into_iter().filter(move |one| is_doubtful && one.kind == kind);
        of_kind.filter(|one| !self.found.contains(one))
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.by_cluster.extend(other.by_cluster);
        self.given.extend(other.given);
        self.found.extend(other.found);
    }
}

impl Standard {
    /// Why a kind is not known that lacks it. `resources` is what kubectl calls the kind.
    pub(super) fn lacked(self, resources: &str) -> String {
        let Self { kind, namespace, name } = self;
        let name = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
        // An API server that takes no certificates of clients makes no such `ConfigMap`.
        let who = if kind == "ConfigMap" { "nearly every cluster" } else { "every cluster" };
        format!(
            "the dumps look like a selection (by names or `-l`): they lack the {kind} {name}, which {who} has; \
             `kubectl get {resources} -A -o json` prints all"
        )
    }
}

const fn standard(kind: &'static str, namespace: &'static str, name: &'static str) -> Standard {
    Standard { kind, namespace, name }
}
