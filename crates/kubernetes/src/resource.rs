//! Kinds of objects, as paths and access reviews name them.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands in a path as it is (RFC 3986, unreserved characters), and the colon, which names of RBAC are full of.
const IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// A kind of objects of the Kubernetes API, for which paths are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// The API group; empty for the core one.
    pub api_group: &'static str,
    /// The version of it.
    pub version: &'static str,
    /// The plural, as in paths.
    pub name: &'static str,
}

impl Resource {
    /// Namespaces.
    pub const NAMESPACES: Self = Self::core("namespaces");
    /// Service accounts.
    pub const SERVICE_ACCOUNTS: Self = Self::core("serviceaccounts");
    /// `ConfigMap`s.
    pub const CONFIG_MAPS: Self = Self::core("configmaps");
    /// Roles of one namespace.
    pub const ROLES: Self = Self::rbac("roles");
    /// Roles of the cluster.
    pub const CLUSTER_ROLES: Self = Self::rbac("clusterroles");
    /// Bindings in one namespace.
    pub const ROLE_BINDINGS: Self = Self::rbac("rolebindings");
    /// Bindings of the cluster.
    pub const CLUSTER_ROLE_BINDINGS: Self = Self::rbac("clusterrolebindings");
    /// `IAMIdentityMapping`s, where the cluster knows them.
    pub const IAM_IDENTITY_MAPPINGS: Self =
        Self { api_group: "iamauthenticator.k8s.aws", version: "v1alpha1", name: "iamidentitymappings" };
    /// `DaemonSet`s.
    pub const DAEMON_SETS: Self = Self::apps("daemonsets");
    /// `Deployment`s.
    pub const DEPLOYMENTS: Self = Self::apps("deployments");
    /// Pods.
    pub const PODS: Self = Self::core("pods");
    /// Leases.
    pub const LEASES: Self = Self { api_group: "coordination.k8s.io", version: "v1", name: "leases" };

    const fn core(name: &'static str) -> Self {
        Self { api_group: "", version: "v1", name }
    }

    const fn apps(name: &'static str) -> Self {
        Self { api_group: "apps", version: "v1", name }
    }

    const fn rbac(name: &'static str) -> Self {
        Self { api_group: "rbac.authorization.k8s.io", version: "v1", name }
    }

    /// Returns whether its objects are in namespaces.
    pub fn is_namespaced(self) -> bool {
        ![Self::NAMESPACES, Self::CLUSTER_ROLES, Self::CLUSTER_ROLE_BINDINGS, Self::IAM_IDENTITY_MAPPINGS]
            .contains(&self)
    }

    /// As objects have it: `v1`, or `group/version`.
    pub fn api_version(self) -> String {
        match self.api_group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// Returns the path of all objects: of a namespace, or (`None`) of the cluster.
    pub fn list(self, namespace: Option<&str>) -> String {
        let root = if self.api_group.is_empty() { "api" } else { "apis" };
        let mut path = format!("/{root}/{}", self.api_version());
        if let Some(namespace) = namespace {
            let _ = write!(path, "/namespaces/{}", utf8_percent_encode(namespace, IN_PATHS));
        }
        path + "/" + self.name
    }

    /// Returns the path of one object.
    pub fn object(self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{}", self.list(namespace), utf8_percent_encode(name, IN_PATHS))
    }
}

#[cfg(test)]
mod tests {
    use super::Resource;

    #[test]
    fn paths_are_those_of_the_api() {
        let rows = [
            (Resource::NAMESPACES.list(None), "/api/v1/namespaces"),
            (
                Resource::CONFIG_MAPS.object(Some("kube-system"), "aws-auth"),
                "/api/v1/namespaces/kube-system/configmaps/aws-auth",
            ),
            (Resource::CLUSTER_ROLES.list(None), "/apis/rbac.authorization.k8s.io/v1/clusterroles"),
            (
                Resource::ROLES.object(Some("dev"), "a:b c/?é"),
                "/apis/rbac.authorization.k8s.io/v1/namespaces/dev/roles/a:b%20c%2F%3F%C3%A9",
            ),
        ];
        for (path, expected) in rows {
            assert_eq!(path, expected);
        }
    }
}
