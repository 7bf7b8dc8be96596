//! Every check, one table: the escalations of `rbac`, and what is looked at beside them.

use codes::Code;
use rbac::escalation::{ALL, Escalation, Need, Severity, Takes, Within};

/// The documentation of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its code, which exclusions and scripts name, what is found, why that is bad, and what to do.
    pub code: Code,
    /// How bad it is where it matters most.
    pub severity: Severity,
    /// Who says so.
    pub reference: &'static str,
    /// The escalation that it is, if it is one.
    pub escalation: Option<&'static Escalation>,
}

/// Returns every check: what leads to more, then what is looked at beside.
pub fn checks() -> impl Iterator<Item = Check> {
    rows().map(of_escalation).chain(OTHERS.iter().copied())
}

/// Every escalation, the broadest first.
pub(super) fn rows() -> impl Iterator<Item = &'static Escalation> {
    BROAD.iter().chain(ALL)
}

/// The escalation of a code.
pub(super) fn row(code: &str) -> &'static Escalation {
    rows().find(|row| row.code == code).expect("the codes that are named here are in the table")
}

/// The check that an escalation is.
pub(super) fn of_escalation(row: &'static Escalation) -> Check {
    let Escalation { code, severity, title, why, fix, reference, .. } = row;
    let code = Code { meaning: why, ..Code::new(code, title, fix) };
    Check { code, severity: *severity, reference, escalation: Some(row) }
}

/// Another check, by its code.
pub(super) fn other(code: &str) -> Check {
    *OTHERS.iter().find(|check| check.code.code == code).expect("the codes that are named here are in the table")
}

const PRACTICES: &str = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege";

const fn all(verbs: &'static [&'static str]) -> Need {
    Need { verbs, api_group: "*", resources: &["*"], name: "" }
}

/// What is found by its breadth: rules for whatever there is. An access file's own findings and plans say this of rules
/// (`rbac::escalation::too_broad`).
static BROAD: [Escalation; 4] = [
    Escalation {
        code: "cluster-admin",
        severity: Severity::Danger,
        within: Within::Anywhere,
        takes: Takes::Namespace,
        title: "do everything",
        why: "this is what ClusterRole cluster-admin allows, whatever the role is called",
        path: "like ClusterRole cluster-admin",
        fix: "keep it to one group for emergencies, and grant others only what they need",
        reference: PRACTICES,
        needs: &[&[all(&["*"])]],
        also: &[],
    },
    Escalation {
        code: "read-everything",
        severity: Severity::Danger,
        within: Within::Privileged,
        takes: Takes::Nothing,
        title: "read every resource, present and future",
        why: "secrets are among them, and `get` on nodes/proxy runs commands",
        path: "and so use every token that is kept in a secret",
        fix: "bind `view`, which leaves secrets out",
        reference: PRACTICES,
        needs: &[&[all(&["get", "list", "watch"])]],
        also: &[],
    },
    Escalation {
        code: "write-everything",
        severity: Severity::Danger,
        within: Within::Privileged,
        takes: Takes::Accounts,
        title: "write every resource, present and future",
        why: "pods and workloads, webhooks and aws-auth are among them",
        path: "and so start pods as any service account, and change who logs in",
        fix: "name the resources",
        reference: PRACTICES,
        needs: &[&[all(&["create", "update", "patch"])]],
        also: &[],
    },
    Escalation {
        code: "delete-everything",
        severity: Severity::Warning,
        within: Within::Privileged,
        takes: Takes::Nothing,
        title: "delete every resource, present and future",
        why: "policies that restrict others are among them, and bindings that let others in",
        path: "and so lift what keeps pods off the nodes' files, or stop the cluster",
        fix: "name the resources",
        reference: PRACTICES,
        needs: &[&[all(&["delete", "deletecollection"])]],
        also: &[],
    },
];

const REVIEW: &str = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#periodic-review";
const HARDENING: &str = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#hardening";
const AUTHENTICATOR: &str = "https://github.com/kubernetes-sigs/aws-iam-authenticator#full-configuration-format";

const fn check(
    code: &'static str,
    severity: Severity,
    about: &'static str,
    why: &'static str,
    fix: &'static str,
    reference: &'static str,
) -> Check {
    let code = Code { meaning: why, ..Code::new(code, about, fix) };
    Check { code, severity, reference, escalation: None }
}

static OTHERS: &[Check] = &[
    check(
        "masters",
        Severity::Danger,
        "an AWS identity logs in as a member of system:masters",
        "the API server allows the group everything before it asks RBAC, so removing bindings has no effect",
        "map the identity to a group of your own and bind that to cluster-admin",
        PRACTICES,
    ),
    check(
        "chosen-username",
        Severity::Danger,
        "a username is the session name, which the caller chooses",
        "whoever assumes a role chooses the session name, and so their Kubernetes user",
        "begin the username with a fixed prefix that ends in a colon, as in `deploy:{{SessionName}}`, and do not use it in groups",
        AUTHENTICATOR,
    ),
    check(
        "logins.undetermined",
        Severity::Danger,
        "several mappings match the same caller, and any of them may be used",
        "username and groups, and so permissions, may differ from login to login",
        "remove all but one of them",
        AUTHENTICATOR,
    ),
    check(
        "logins.empty-username",
        Severity::Danger,
        "a mapping has no username",
        "whoever it names is let in as a user without a name, with its groups",
        "give it a username",
        AUTHENTICATOR,
    ),
    check(
        "logins.unreadable",
        Severity::Danger,
        "a part of a mapping source cannot be read",
        "all of it is ignored, and whoever is mapped there cannot log in",
        "correct it at its source",
        AUTHENTICATOR,
    ),
    check(
        "logins.no-login",
        Severity::Warning,
        "a mapping lets nobody in",
        "it looks as if it did, but has a role's path, the ARN of a session or of a group, or a wildcard",
        "write the ARN of the role or user, the role's without its path, or remove the entry",
        AUTHENTICATOR,
    ),
    check(
        "logins.duplicate",
        Severity::Warning,
        "two mappings are for the same principal",
        "only one of them is used, without a warning",
        "remove the one that is not used",
        AUTHENTICATOR,
    ),
    check(
        "logins.unknown-key",
        Severity::Warning,
        "a mapping source has a key that nobody reads",
        "its value has no effect",
        "correct the key, or remove it",
        AUTHENTICATOR,
    ),
    check(
        "logins.type",
        Severity::Warning,
        "a value in a mapping source has the wrong type",
        "it is ignored: `groups: system:masters` is not a list, and gives no group",
        "write it with the type that the key takes, numbers and truth values in quotes",
        AUTHENTICATOR,
    ),
    check(
        "anonymous",
        Severity::Warning,
        "requests without credentials have more permissions than Kubernetes grants by default",
        "anybody who reaches the API server over the network has them",
        "remove the binding, or bind a group that people log in with",
        HARDENING,
    ),
    check(
        "everybody",
        Severity::Warning,
        "everybody who logs in, or every service account, has more permissions than Kubernetes grants by default",
        "everybody who can log in has them, pods included",
        "bind the groups and the service accounts that need it",
        HARDENING,
    ),
    check(
        "cloud-role",
        Severity::Warning,
        "somebody can act as a service account that has an AWS role",
        "they can do in AWS whatever that role may do",
        "keep such service accounts in namespaces of their own",
        "https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html",
    ),
    check(
        "node-files",
        Severity::Info,
        "somebody can start pods in a namespace that enforces no Pod Security",
        "such a pod may mount a node's files, and the node holds the tokens of all its pods",
        "label the namespace `pod-security.kubernetes.io/enforce: baseline`, or have another policy do it",
        "https://kubernetes.io/docs/concepts/security/pod-security-admission/",
    ),
    check(
        "missing-role",
        Severity::Warning,
        "a binding refers to a role that does not exist",
        "whoever creates a role of this name decides what the binding grants",
        "remove the binding, or create the role",
        REVIEW,
    ),
    check(
        "object-twice",
        Severity::Warning,
        "two given objects have the same kind, namespace and name, but differ",
        "a cluster has only one of them, so its permissions depend on which one is applied last",
        "remove one of them, or give only what is applied",
        REVIEW,
    ),
    check(
        "masters-binding",
        Severity::Info,
        "a binding names system:masters",
        "the API server allows the group everything before it asks RBAC, so removing the binding has no effect",
        "remove the binding, and look at who logs in with the group",
        PRACTICES,
    ),
    check(
        "unknown-user",
        Severity::Warning,
        "a binding names a user that no mapping gives",
        "whoever is given this name next inherits the permissions",
        "remove the binding, or bind a group",
        REVIEW,
    ),
    check(
        "unknown-group",
        Severity::Info,
        "a binding names a group that no mapping gives",
        "whoever is put into it next inherits the permissions",
        "remove the binding, or map somebody to the group",
        REVIEW,
    ),
    check(
        "many-roles",
        Severity::Info,
        "a subject is bound to four roles or more",
        "with so many it is hard to see what it may do",
        "combine them into one role",
        REVIEW,
    ),
    check(
        "many-subjects",
        Severity::Info,
        "a namespace's bindings name five subjects or more",
        "with so many it is hard to see who needs access",
        "bind one group, and put people into it",
        REVIEW,
    ),
    check(
        "exclusion-expired",
        Severity::Warning,
        "an exclusion has expired",
        "what it excluded is reported again",
        "fix what it excluded, or give it a new expiry and a reason",
        REVIEW,
    ),
    check(
        "exclusion-unused",
        Severity::Info,
        "an exclusion excludes nothing",
        "it would hide a future finding that matches it",
        "remove it",
        REVIEW,
    ),
];

/// How many roles are many.
pub(super) const MANY_ROLES: usize = 4;
/// How many subjects are many.
pub(super) const MANY_SUBJECTS: usize = 5;
