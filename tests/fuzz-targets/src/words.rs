//! The words of the formats that are put together from choices.

use crate::grammar::Shape::{self, Either, List, Map, Scalar, Word};

const NAMES: Shape = Word(&["alice", "bob", "ops", "a", "view", "A.B", "x_1", "*", "eu/west", "{{SessionName}}"]);
const ARNS: Shape = Word(&[
    "arn:aws:iam::111122223333:user/alice",
    "arn:aws:iam::111122223333:role/Ops",
    "arn:aws:iam::111122223333:role/path/Ops",
    "arn:aws:sts::111122223333:assumed-role/Ops/alice",
    "arn:aws-cn:iam::111122223333:role/Ops",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef",
    "arn:aws:iam::11112222333:role/Ops",
    "arn:aws:iam::111122223333:role/*",
    " ARN:AWS:IAM::111122223333:ROLE/OPS",
]);
const ACCOUNTS: Shape = Either(&[Word(&["111122223333", "011122223333", "1", ""]), Scalar(&["111122223333", "1"])]);
const USERNAMES: Shape = Word(&[
    "alice",
    "",
    "{{SessionName}}",
    "ops:{{SessionNameRaw}}",
    "{{AccountID}}-{{AccessKeyID}}",
    "system:node:{{EC2PrivateDNSName}}",
    "system:admin",
    "{{Unknown}}",
    "{{",
]);
const GROUPS: Shape = Either(&[
    List(&Word(&["developers", "system:masters", "system:nodes", "team-{{SessionName}}", "{{SessionName}}", ""])),
    Word(&["developers", "- developers\n- ops\n"]),
]);
const NAMESPACES: Shape = Word(&["default", "kube-system", "shop", "shop-*", "*", "", "No"]);
const VERBS: Shape =
    List(&Word(&["get", "list", "watch", "create", "update", "delete", "escalate", "bind", "*", "read"]));
const API_GROUPS: Shape = List(&Word(&["", "apps", "rbac.authorization.k8s.io", "*", "batch", "apps/v1"]));
const RESOURCES: Shape =
    List(&Word(&["pods", "pods/log", "secrets", "deployments", "*", "*/scale", "clusterroles", "nodes/proxy", "pod"]));
const RULES: Shape = List(&Map(&[
    ("verbs", VERBS),
    ("apiGroups", API_GROUPS),
    ("resources", RESOURCES),
    ("resourceNames", List(&NAMES)),
    ("nonResourceURLs", List(&Word(&["/healthz", "/metrics", "/api/*", "*"]))),
]));
const EXPIRES: Shape = Word(&["2026-12-31T00:00:00Z", "2020-01-01T00:00:00Z", "tomorrow"]);

const GRANT: Shape = Map(&[
    ("namespace", NAMESPACES),
    ("namespaces", List(&NAMESPACES)),
    ("clusterRole", Word(&["view", "edit", "admin", "cluster-admin", "mine"])),
    ("role", NAMES),
    ("rules", RULES),
    ("expires", EXPIRES),
]);
const MEMBER: Shape = Either(&[
    NAMES,
    ARNS,
    Map(&[("name", NAMES), ("account", ACCOUNTS), ("username", USERNAMES), ("expires", EXPIRES)]),
]);

/// An access file.
pub(crate) const ACCESS_FILE: Shape = Map(&[
    ("clusterID", Word(&["fuzz.example.com", "other", ""])),
    ("account", ACCOUNTS),
    ("partition", Word(&["aws", "aws-cn", "aws-us-gov", "mars"])),
    (
        "groups",
        List(&Map(&[
            ("name", Word(&["developers", "ops", "ops", "system:masters", ""])),
            ("users", List(&MEMBER)),
            ("roles", List(&MEMBER)),
            ("permissionSets", List(&Map(&[("name", NAMES), ("account", ACCOUNTS)]))),
            ("iamGroups", List(&NAMES)),
            ("authorization", List(&GRANT)),
            ("expires", EXPIRES),
        ])),
    ),
    ("nodes", List(&Map(&[("role", ARNS), ("name", NAMES)]))),
    ("accept", List(&Map(&[("finding", NAMES), ("reason", NAMES), ("until", EXPIRES)]))),
]);

const MAP_ROLES: Shape = List(&Map(&[
    ("rolearn", ARNS),
    ("roleARN", ARNS),
    ("username", USERNAMES),
    ("groups", GROUPS),
    ("userid", Word(&["AROAEXAMPLE", ""])),
    ("sso", Map(&[("permissionSetName", NAMES), ("accountID", ACCOUNTS), ("partition", Word(&["aws", "aws-cn"]))])),
]));
const MAP_USERS: Shape =
    List(&Map(&[("userarn", ARNS), ("userARN", ARNS), ("username", USERNAMES), ("groups", GROUPS)]));

/// The authenticator's configuration.
pub(crate) const CONFIGURATION: Shape = Map(&[
    ("clusterID", Word(&["fuzz.example.com", ""])),
    (
        "server",
        Map(&[
            ("port", Scalar(&["21362", "0", "-1", "\"abc\""])),
            ("mapRoles", MAP_ROLES),
            ("mapUsers", MAP_USERS),
            ("mapAccounts", List(&ACCOUNTS)),
            ("partition", Word(&["aws", "aws-cn"])),
            ("scrubbedAccounts", List(&ACCOUNTS)),
            ("backendMode", List(&Word(&["MountedFile", "EKSConfigMap", "CRD", "DynamicFile"]))),
            ("stateDir", NAMES),
            ("hostname", NAMES),
        ]),
    ),
    ("featureGates", Map(&[("SSORoleMatch", Scalar(&["true", "false", "\"yes\""]))])),
    ("mapRoles", MAP_ROLES),
]);

/// Lists of logins, by their keys: the texts of `aws-auth`.
pub(crate) const LOGINS: Shape =
    Map(&[("mapRoles", MAP_ROLES), ("mapUsers", MAP_USERS), ("mapAccounts", List(&ACCOUNTS))]);

const METADATA: Shape = Map(&[
    ("name", Word(&["view", "mine", "alice", "aws-auth", ""])),
    ("namespace", NAMESPACES),
    ("labels", Map(&[("rbac.authorization.k8s.io/aggregate-to-view", Word(&["true", "false"]))])),
    ("generateName", NAMES),
]);
const ROLE_REF: Shape = Map(&[
    ("apiGroup", Word(&["rbac.authorization.k8s.io", ""])),
    ("kind", Word(&["ClusterRole", "Role", "role"])),
    ("name", Word(&["view", "mine", "cluster-admin"])),
]);
const SUBJECTS: Shape = List(&Map(&[
    ("apiGroup", Word(&["rbac.authorization.k8s.io", ""])),
    ("kind", Word(&["User", "Group", "ServiceAccount", "Robot"])),
    ("name", Word(&["alice", "developers", "system:masters", "system:authenticated", "default"])),
    ("namespace", NAMESPACES),
]));
const AGGREGATION: Shape = Map(&[(
    "clusterRoleSelectors",
    List(&Map(&[
        ("matchLabels", Map(&[("rbac.authorization.k8s.io/aggregate-to-view", Word(&["true", "false"]))])),
        (
            "matchExpressions",
            List(&Map(&[("key", NAMES), ("operator", Word(&["In", "Exists", "Is"])), ("values", List(&NAMES))])),
        ),
    ])),
)]);
const OBJECT: Shape = Map(&[
    (
        "apiVersion",
        Word(&[
            "rbac.authorization.k8s.io/v1",
            "rbac.authorization.k8s.io/v1",
            "v1",
            "iamauthenticator.k8s.aws/v1alpha1",
        ]),
    ),
    (
        "kind",
        Word(&[
            "ClusterRole",
            "Role",
            "ClusterRoleBinding",
            "RoleBinding",
            "ConfigMap",
            "IAMIdentityMapping",
            "Namespace",
            "List",
            "RoleList",
        ]),
    ),
    ("metadata", METADATA),
    ("rules", RULES),
    ("aggregationRule", AGGREGATION),
    ("roleRef", ROLE_REF),
    ("subjects", SUBJECTS),
    (
        "data",
        Map(&[(
            "mapRoles",
            Word(&[
                "- rolearn: arn:aws:iam::111122223333:role/Ops\n  username: ops\n  groups: [developers]\n",
                "[]",
                "{",
            ]),
        )]),
    ),
    ("spec", Map(&[("arn", ARNS), ("username", USERNAMES), ("groups", GROUPS)])),
    ("items", List(&Map(&[("metadata", METADATA), ("rules", RULES)]))),
]);

/// Objects of a cluster, each a document of its own.
pub(crate) const OBJECTS: Shape = List(&OBJECT);

const EXEC: Shape = Map(&[
    ("apiVersion", Word(&["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1", "v0"])),
    ("command", Word(&["aws", "aws-iam-authenticator", "cluster-auth", "/usr/bin/aws", "aws-vault"])),
    ("args", List(&Word(&["eks", "get-token", "--cluster-name", "token", "-i", "prod", "exec", "--", "aws"]))),
    ("env", List(&Map(&[("name", Word(&["AWS_PROFILE", "X"])), ("value", NAMES)]))),
    ("interactiveMode", Word(&["Never", "IfAvailable", "Sometimes"])),
]);

/// A kubeconfig.
pub(crate) const KUBECONFIG: Shape = Map(&[
    ("apiVersion", Word(&["v1", "v2"])),
    ("kind", Word(&["Config", "config"])),
    ("current-context", Word(&["prod", "other", ""])),
    (
        "clusters",
        List(&Map(&[
            ("name", Word(&["prod", "other"])),
            (
                "cluster",
                Map(&[
                    ("server", Word(&["https://api.example.com", "https://old.example.com", "http://x", "x"])),
                    ("certificate-authority-data", Word(&["UEVNCg==", "?"])),
                    ("proxy-url", Word(&["http://proxy.example.com:3128"])),
                    ("tls-server-name", NAMES),
                    ("insecure-skip-tls-verify", Scalar(&["true", "false"])),
                ]),
            ),
        ])),
    ),
    (
        "contexts",
        List(&Map(&[
            ("name", Word(&["prod", "other", "third"])),
            (
                "context",
                Map(&[
                    ("cluster", Word(&["prod", "other"])),
                    ("user", Word(&["prod", "me"])),
                    ("namespace", NAMESPACES),
                ]),
            ),
        ])),
    ),
    (
        "users",
        List(&Map(&[
            ("name", Word(&["prod", "me"])),
            ("user", Map(&[("exec", EXEC), ("token", Word(&["secret", ""])), ("client-key-data", Word(&["S0VZ"]))])),
        ])),
    ),
    ("preferences", Map(&[("colors", Scalar(&["true"]))])),
]);
