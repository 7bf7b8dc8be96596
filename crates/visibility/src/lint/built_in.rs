//! What Kubernetes itself installs: bindings by name, role and subject, and which escalations their roles have.
//!
//! The label `kubernetes.io/bootstrapping` says the same and proves nothing: whoever may write a binding may write it, and
//! the API server keeps what is added to its own roles and bindings. So a subject that was added to one of these bindings is
//! looked at, and so is an escalation that was added to one of these roles.
//!
//! Source: Kubernetes 1.37, `plugin/pkg/auth/authorizer/rbac/bootstrappolicy`; the tests ask a fresh API server.

use rbac::{Binding, RoleKind, Subject};

use super::{holders::BindingSubject, subject_escalation::SubjectEscalation};

/// The namespace of Kubernetes' own.
const SYSTEM: &str = "kube-system";
/// What the controllers' roles and bindings begin with; the account is called like the rest.
const CONTROLLER: &str = "system:controller:";

const LEADER: &str = "system::leader-locking-kube-controller-manager";
const SCHEDULER: &str = "system::leader-locking-kube-scheduler";

/// The bindings that are not a controller's: namespace, name, role, subject.
const BINDINGS: &[(Option<&str>, &str, RoleKind, &str, BindingSubject<'static>)] = {
    use BindingSubject::{Group, ServiceAccount, User};
    use RoleKind::{ClusterRole, Role};
    &[
        (None, "cluster-admin", ClusterRole, "cluster-admin", Group("system:masters")),
        (None, "system:basic-user", ClusterRole, "system:basic-user", Group("system:authenticated")),
        (
            None,
            "system:cluster-trust-bundle-discovery",
            ClusterRole,
            "system:cluster-trust-bundle-discovery",
            Group("system:serviceaccounts"),
        ),
        (None, "system:discovery", ClusterRole, "system:discovery", Group("system:authenticated")),
        (
            None,
            "system:kube-controller-manager",
            ClusterRole,
            "system:kube-controller-manager",
            User("system:kube-controller-manager"),
        ),
        (None, "system:kube-dns", ClusterRole, "system:kube-dns", ServiceAccount(SYSTEM, "kube-dns")),
        (None, "system:kube-scheduler", ClusterRole, "system:kube-scheduler", User("system:kube-scheduler")),
        (None, "system:monitoring", ClusterRole, "system:monitoring", Group("system:monitoring")),
        (None, "system:node-proxier", ClusterRole, "system:node-proxier", User("system:kube-proxy")),
        (None, "system:public-info-viewer", ClusterRole, "system:public-info-viewer", Group("system:authenticated")),
        (None, "system:public-info-viewer", ClusterRole, "system:public-info-viewer", Group("system:unauthenticated")),
        (
            None,
            "system:service-account-issuer-discovery",
            ClusterRole,
            "system:service-account-issuer-discovery",
            Group("system:serviceaccounts"),
        ),
        (None, "system:volume-scheduler", ClusterRole, "system:volume-scheduler", User("system:kube-scheduler")),
        (
            Some(SYSTEM),
            "system::extension-apiserver-authentication-reader",
            Role,
            "extension-apiserver-authentication-reader",
            User("system:kube-controller-manager"),
        ),
        (
            Some(SYSTEM),
            "system::extension-apiserver-authentication-reader",
            Role,
            "extension-apiserver-authentication-reader",
            User("system:kube-scheduler"),
        ),
        (Some(SYSTEM), LEADER, Role, LEADER, User("system:kube-controller-manager")),
        (Some(SYSTEM), LEADER, Role, LEADER, ServiceAccount(SYSTEM, "kube-controller-manager")),
        (Some(SYSTEM), LEADER, Role, LEADER, ServiceAccount(SYSTEM, "leader-election-controller")),
        (Some(SYSTEM), SCHEDULER, Role, SCHEDULER, User("system:kube-scheduler")),
        (Some(SYSTEM), SCHEDULER, Role, SCHEDULER, ServiceAccount(SYSTEM, "kube-scheduler")),
        // What kubeadm installs so that machines can join: one ConfigMap, without secrets in it.
        (
            Some("kube-public"),
            "kubeadm:bootstrap-signer-clusterinfo",
            Role,
            "kubeadm:bootstrap-signer-clusterinfo",
            User("system:anonymous"),
        ),
    ]
};

/// Which escalations roles have as they are installed.
const EXPECTED: &[(&str, &str)] = &[
    ("cluster-admin", "cluster-admin"),
    ("system:controller:attachdetach-controller", "nodes storage"),
    ("system:controller:bootstrap-signer", "secrets"),
    ("system:controller:cloud-provider", "flood"),
    ("system:controller:clusterrole-aggregation-controller", "escalate"),
    ("system:controller:cronjob-controller", "jobs"),
    ("system:controller:daemon-set-controller", "flood pods pods-update"),
    ("system:controller:deployment-controller", "pods-update workloads"),
    ("system:controller:device-taint-eviction-controller", "pods-status"),
    ("system:controller:disruption-controller", "pods-status"),
    ("system:controller:endpoint-controller", "traffic"),
    ("system:controller:endpointslice-controller", "traffic"),
    ("system:controller:endpointslicemirroring-controller", "traffic"),
    ("system:controller:generic-garbage-collector", "delete-everything read-everything write-everything"),
    ("system:controller:job-controller", "flood jobs pods pods-update"),
    ("system:controller:legacy-service-account-token-cleaner", "secrets secrets-write"),
    ("system:controller:namespace-controller", "delete-everything read-everything"),
    ("system:controller:node-controller", "pods-status steal-pods"),
    ("system:controller:persistent-volume-binder", "flood persistentvolumes pods"),
    ("system:controller:pod-garbage-collector", "pods-status"),
    ("system:controller:replicaset-controller", "flood pods pods-update workloads"),
    ("system:controller:replication-controller", "flood pods pods-update replicationcontrollers"),
    ("system:controller:resource-claim-controller", "pods-status"),
    ("system:controller:resourcequota-controller", "read-everything"),
    ("system:controller:root-ca-cert-publisher", "access-file authenticator-config aws-auth flood"),
    ("system:controller:route-controller", "nodes"),
    ("system:controller:service-controller", "services-status"),
    ("system:controller:statefulset-controller", "flood pods pods-update"),
    ("system:controller:storage-version-migrator-controller", "read-everything write-everything"),
    ("system:controller:token-cleaner", "secrets"),
    ("system:controller:ttl-controller", "nodes"),
    ("system:kube-controller-manager", "flood read-everything secrets secrets-write serviceaccount-token"),
    ("system:kube-scheduler", "pods-status"),
];

/// Whether a binding is one of Kubernetes' own, and a subject one that it is made for.
pub(super) fn is_one(binding: &Binding, who: BindingSubject<'_>) -> bool {
    let (namespace, role) = (binding.namespace(), binding.role());
    let of_controller = || {
        let kind = match namespace {
            None => RoleKind::ClusterRole,
            Some(SYSTEM | "kube-public") => RoleKind::Role,
            Some(_) => return false,
        };
        let controller = binding.name().strip_prefix(CONTROLLER);
        controller.is_some_and(|name| who == BindingSubject::ServiceAccount(SYSTEM, name))
            && (role.kind, role.name) == (kind, binding.name())
    };
    of_controller() || BINDINGS.contains(&(namespace, binding.name(), role.kind, role.name, who))
}

/// The subjects of a binding for whom Kubernetes itself makes it.
pub(crate) fn subjects(binding: &Binding) -> Vec<Subject> {
    let is_own = |subject: &&Subject| BindingSubject::of(subject, binding).is_some_and(|who| is_one(binding, who));
    binding.subjects().iter().filter(is_own).cloned().collect()
}

/// Whether an escalation is one that Kubernetes installs.
pub(super) fn expects(escalation: &SubjectEscalation<'_>) -> bool {
    escalation.by.iter().all(|by| {
        let has = |(role, codes): &(&str, &str)| {
            *role == by.role.name() && codes.split(' ').any(|code| code == escalation.escalation.code)
        };
        is_one(by.binding, escalation.who) && EXPECTED.iter().any(has)
    })
}
