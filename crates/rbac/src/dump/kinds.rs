//! What an object is: a matter of `apiVersion` and `kind` together. `iam.services.k8s.aws/v1alpha1` has a `Role` too.

use std::borrow::Cow;

use super::Refusal;

/// The only version in which Kubernetes serves these kinds, since 1.22 (Kubernetes, "Deprecated API Migration Guide").
const RBAC: &str = "rbac.authorization.k8s.io/v1";
const GROUP: &str = "rbac.authorization.k8s.io";
const CORE: &str = "v1";
const KINDS: &[&str] = &["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
const CORE_KINDS: &[&str] = &["Namespace", "ConfigMap", "ServiceAccount"];
/// What people write for [`GROUP`] and no other program has for a group of its own; see also [`is_nearly_rbac`].
const SHORTENED: [&str; 4] = ["rbac", "rbac.k8s.io", "rbac.kubernetes.io", "authorization.k8s.io"];

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
            (RBAC, _) => Kind::Refused(Refusal::NoSuchKind),
            ("", kind) if is_in(KINDS, kind).or_else(|| is_in(CORE_KINDS, kind)).is_some() => {
                Kind::Refused(Refusal::NoApiVersion)
            }
            (_, kind) if is_in(KINDS, kind).is_some() => match self.group() {
                "authorization.openshift.io" => Kind::Refused(Refusal::OpenShift),
                group if group.is_empty() || is_nearly_rbac(group) => {
                    Kind::Refused(Refusal::NotServed(api_version.into()))
                }
                _ => Kind::Other,
            },
            _ if self.group() == GROUP => Kind::Refused(Refusal::NoSuchKind),
            (version, kind) if version.trim().eq_ignore_ascii_case(CORE) => match is_in(CORE_KINDS, kind) {
                Some(right) => Kind::Refused(Refusal::Misspelt(right)),
                None => Kind::Other,
            },
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

/// The name that a kind is but for its case, which kubectl minds, and blanks around it.
fn is_in(names: &[&'static str], kind: &str) -> Option<&'static str> {
    names.iter().copied().find(|name| kind.trim().eq_ignore_ascii_case(name))
}

/// Whether somebody meant Kubernetes' group: other programs have kinds of these names in groups that are nothing like it.
fn is_nearly_rbac(group: &str) -> bool {
    let group = group.trim().to_ascii_lowercase();
    let is_alike = group.starts_with("rbac") || group.ends_with("k8s.io");
    let is_near = || is_alike && document::nearest(&group, [GROUP]).is_some();
    SHORTENED.contains(&&*group) || group.starts_with("rbac.auth") || is_near()
}
