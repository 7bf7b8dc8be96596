//! What an object is: a matter of `apiVersion` and `kind` together. `iam.services.k8s.aws/v1alpha1` has a `Role` too.

use std::borrow::Cow;

use super::Refusal;

/// The only version in which Kubernetes serves these kinds, since 1.22 (Kubernetes, "Deprecated API Migration Guide").
const RBAC: &str = "rbac.authorization.k8s.io/v1";
const CORE: &str = "v1";

/// `apiVersion` and `kind`, as they are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct TypeMeta<'a> {
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
}

/// What is known by `apiVersion` and `kind`.
pub(super) enum Kind {
    Namespace,
    Role,
    ClusterRole,
    RoleBinding,
    ClusterRoleBinding,
    /// Of a namespace, and nothing that RBAC decides by.
    ConfigMap,
    ServiceAccount,
    /// Called as one of these, and none that an API server takes.
    Refused(Refusal),
    /// Of no interest here; whether it is of a namespace is not known.
    Other,
}

impl<'a> TypeMeta<'a> {
    /// What the elements of a list are that say it themselves neither by `apiVersion` nor by `kind` (Kubernetes,
    /// `apimachinery/pkg/apis/meta/v1/unstructured`, `decodeToList`). Of `v1`, `List` they have to say it.
    pub(super) fn of_elements(self) -> Option<Self> {
        let kind = self.kind.strip_suffix("List").unwrap_or(self.kind);
        (!kind.is_empty()).then_some(Self { kind, ..self })
    }

    pub(super) fn kind(self) -> Kind {
        let Self { api_version, kind } = self;
        match (api_version, kind) {
            (RBAC, "Role") => Kind::Role,
            (RBAC, "ClusterRole") => Kind::ClusterRole,
            (RBAC, "RoleBinding") => Kind::RoleBinding,
            (RBAC, "ClusterRoleBinding") => Kind::ClusterRoleBinding,
            (CORE, "Namespace") => Kind::Namespace,
            (CORE, "ConfigMap") => Kind::ConfigMap,
            (CORE, "ServiceAccount") => Kind::ServiceAccount,
            (_, "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding") => match self.group() {
                "" if api_version.is_empty() => Kind::Refused(Refusal::NoApiVersion),
                "" | "rbac.authorization.k8s.io" => Kind::Refused(Refusal::NotServed(api_version.into())),
                "authorization.openshift.io" => Kind::Refused(Refusal::OpenShift),
                _ => Kind::Other,
            },
            ("", "Namespace" | "ConfigMap" | "ServiceAccount") => Kind::Refused(Refusal::NoApiVersion),
            _ if self.group() == "rbac.authorization.k8s.io" => Kind::Refused(Refusal::NoSuchKind),
            _ => Kind::Other,
        }
    }

    /// What it is called here: by the kind alone where it is one of Kubernetes' own that is known here, as
    /// `IAMIdentityMapping.iamauthenticator.k8s.aws` otherwise.
    pub(super) fn name(self) -> Cow<'a, str> {
        match self.kind() {
            Kind::Other if !self.group().is_empty() => format!("{}.{}", self.kind, self.group()).into(),
            _ => self.kind.into(),
        }
    }

    /// The part of `apiVersion` in front of the slash; of the core group there is none.
    fn group(self) -> &'a str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}
