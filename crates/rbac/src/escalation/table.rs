//! The table.

use super::{Escalation, Need};

const RBAC: &str = "rbac.authorization.k8s.io";
const WRITE: &[&str] = &["create", "update", "patch"];

const fn need(verbs: &'static [&'static str], api_group: &'static str, resources: &'static [&'static str]) -> Need {
    Need { verbs, api_group, resources, name: "" }
}

const fn escalation(
    code: &'static str,
    in_any_namespace: bool,
    title: &'static str,
    why: &'static str,
    needs: &'static [Need],
) -> Escalation {
    Escalation { code, title, why, in_any_namespace, needs }
}

/// Every escalation. Sources: Kubernetes, "RBAC good practices" (privilege escalation risks) and "Authorization".
pub static ALL: &[Escalation] = &[
    escalation(
        "escalate",
        true,
        "write roles with rights of others",
        "the verb `escalate` lifts the check that nobody grants what they lack",
        &[need(&["escalate"], RBAC, &["roles", "clusterroles"])],
    ),
    escalation(
        "bind",
        true,
        "grant roles that they do not hold",
        "the verb `bind` lifts the check that nobody grants what they lack",
        &[need(&["bind"], RBAC, &["roles", "clusterroles"])],
    ),
    escalation(
        "impersonate",
        true,
        "act as others",
        "the verb `impersonate` takes over everything that the other may do",
        &[need(&["impersonate"], "", &["users", "groups", "serviceaccounts"])],
    ),
    escalation(
        "secrets",
        false,
        "read secrets",
        "secrets hold the tokens and passwords of others",
        &[need(&["get", "list", "watch"], "", &["secrets"])],
    ),
    escalation(
        "secrets-write",
        false,
        "make secrets",
        "a secret of the service account type is filled with that account's token",
        &[need(WRITE, "", &["secrets"])],
    ),
    escalation(
        "serviceaccount-token",
        true,
        "make tokens of service accounts",
        "a token is the account",
        &[need(&["create"], "", &["serviceaccounts/token"])],
    ),
    escalation(
        "pods",
        false,
        "start pods under any service account",
        "a pod acts as its service account and may ask for the node's files",
        &[need(&["create"], "", &["pods"])],
    ),
    escalation(
        "workloads",
        false,
        "start pods by way of workloads",
        "their pods act as any service account of the namespace",
        &[need(WRITE, "apps", &["deployments", "daemonsets", "statefulsets", "replicasets"])],
    ),
    escalation(
        "jobs",
        false,
        "start pods by way of jobs",
        "their pods act as any service account of the namespace",
        &[need(WRITE, "batch", &["jobs", "cronjobs"])],
    ),
    escalation(
        "replicationcontrollers",
        false,
        "start pods by way of replication controllers",
        "their pods act as any service account of the namespace",
        &[need(WRITE, "", &["replicationcontrollers"])],
    ),
    escalation(
        "exec",
        false,
        "run commands in others' pods",
        "a command acts as the pod's service account",
        &[need(&["create", "get"], "", &["pods/exec", "pods/attach"])],
    ),
    escalation(
        "ephemeral-containers",
        false,
        "put containers into others' pods",
        "the container acts as the pod's service account",
        &[need(&["update", "patch"], "", &["pods/ephemeralcontainers"])],
    ),
    escalation(
        "nodes-proxy",
        false,
        "run commands through the kubelet",
        "the kubelet's API is past admission and audit, and `get` is enough",
        &[need(&["get", "create"], "", &["nodes/proxy"])],
    ),
    escalation(
        "certificates",
        false,
        "sign certificates for anybody",
        "a certificate's subject is its holder's user and groups",
        &[
            need(&["create"], "certificates.k8s.io", &["certificatesigningrequests"]),
            need(&["update", "patch"], "certificates.k8s.io", &["certificatesigningrequests/approval"]),
            need(&["approve"], "certificates.k8s.io", &["signers"]),
        ],
    ),
    escalation(
        "webhooks",
        false,
        "see and change every request",
        "admission webhooks get what others write, secrets included",
        &[need(
            WRITE,
            "admissionregistration.k8s.io",
            &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        )],
    ),
    escalation(
        "admission-policies",
        false,
        "change what is admitted",
        "policies are what holds others back",
        &[need(
            WRITE,
            "admissionregistration.k8s.io",
            &[
                "validatingadmissionpolicies",
                "validatingadmissionpolicybindings",
                "mutatingadmissionpolicies",
                "mutatingadmissionpolicybindings",
            ],
        )],
    ),
    escalation(
        "persistentvolumes",
        false,
        "mount the nodes' files",
        "a persistent volume of type hostPath is any folder of a node",
        &[need(&["create"], "", &["persistentvolumes"])],
    ),
    escalation(
        "namespaces",
        false,
        "relabel namespaces",
        "labels decide which pod security and network policies hold, and whom selectors let in",
        &[need(&["update", "patch"], "", &["namespaces"])],
    ),
    escalation(
        "aws-auth",
        false,
        "change who logs in",
        "aws-auth maps AWS identities to groups",
        &[Need { verbs: &["update", "patch"], api_group: "", resources: &["configmaps"], name: "aws-auth" }],
    ),
    escalation(
        "authenticator-config",
        false,
        "change who logs in",
        "the authenticator's ConfigMap maps AWS identities to groups",
        &[Need {
            verbs: &["update", "patch"],
            api_group: "",
            resources: &["configmaps"],
            name: "aws-iam-authenticator",
        }],
    ),
    escalation(
        "identity-mappings",
        false,
        "change who logs in",
        "IAMIdentityMapping objects map AWS identities to groups",
        &[need(WRITE, "iamauthenticator.k8s.aws", &["iamidentitymappings"])],
    ),
    escalation(
        "custom-resources",
        false,
        "change what custom resources are",
        "their definitions decide what is stored, and by which webhook it is converted",
        &[need(WRITE, "apiextensions.k8s.io", &["customresourcedefinitions"])],
    ),
    escalation(
        "nodes",
        false,
        "move pods to nodes of their choice",
        "whoever holds a node holds the pods on it",
        &[need(&["update", "patch"], "", &["nodes", "nodes/status"])],
    ),
];
