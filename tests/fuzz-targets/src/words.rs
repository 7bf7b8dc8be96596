//! The words of the formats that are put together from choices.

use crate::grammar::Shape::{self, Either, Exact, List, Map, Rarely, Scalar, Several, Word};

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

const PLAIN_RULE: Shape = Exact(&[
    ("verbs", Several(&Word(&["get", "list", "watch", "create", "*", "escalate"]))),
    ("apiGroups", Several(&Word(&["", "apps", "rbac.authorization.k8s.io", "*"]))),
    ("resources", Several(&Word(&["pods", "pods/log", "secrets", "deployments", "*", "clusterroles"]))),
]);
const CLUSTER_ROLES: Shape = Word(&["view", "edit", "admin", "cluster-admin", "mine"]);
const PLACES: Shape = Several(&Word(&["default", "kube-system", "shop", "shop-*"]));
const USUAL_GRANT: Shape = Either(&[
    Exact(&[("clusterRole", CLUSTER_ROLES)]),
    Exact(&[("namespace", Word(&["default", "shop"])), ("clusterRole", CLUSTER_ROLES)]),
    Exact(&[("namespaces", PLACES), ("role", Word(&["mine", "view", "A.B"]))]),
    Exact(&[("namespaces", PLACES), ("rules", Several(&PLAIN_RULE))]),
    Exact(&[(
        "rules",
        Several(&Exact(&[
            ("verbs", Several(&Word(&["get"]))),
            ("nonResourceURLs", Several(&Word(&["/healthz", "/api/*"]))),
        ])),
    )]),
    Exact(&[
        ("namespaceSelector", Exact(&[("matchLabels", Exact(&[("team", Word(&["a", "view", "A.B", "x_1"]))]))])),
        ("clusterRole", CLUSTER_ROLES),
    ]),
]);
const ANY_GRANT: Shape = Map(&[
    ("namespace", NAMESPACES),
    ("namespaces", List(&NAMESPACES)),
    ("clusterRole", CLUSTER_ROLES),
    ("role", NAMES),
    ("rules", RULES),
    ("expires", EXPIRES),
]);
const GRANT: Shape = Rarely(&USUAL_GRANT, &ANY_GRANT);
const MEMBER_END: Shape = Word(&["2026-12-31T00:00:00Z", "2027-01-01", "2020-01-01T00:00:00Z"]);
const USERS: Shape = Several(&Rarely(
    &Either(&[
        Word(&["alice", "bob", "ops/carol", "dave"]),
        Word(&["arn:aws:iam::444455556666:user/erin", "arn:aws-cn:iam::111122223333:user/frank"]),
        Exact(&[
            ("name", Word(&["grace", "heidi"])),
            ("username", Word(&["grace", "h.", "A.B"])),
            ("expires", MEMBER_END),
        ]),
    ]),
    &Either(&[
        Map(&[("name", NAMES), ("account", ACCOUNTS), ("username", USERNAMES), ("expires", EXPIRES)]),
        ARNS,
        NAMES,
    ]),
));
const ROLES: Shape = Several(&Rarely(
    &Either(&[
        Word(&["Ops", "ci/Deployer", "Zoo"]),
        Word(&["arn:aws:iam::444455556666:role/Elsewhere"]),
        Exact(&[("name", Word(&["Named"])), ("username", Word(&["named:{{SessionName}}", "n:{{SessionNameRaw}}"]))]),
    ]),
    &ARNS,
));
const PEOPLE: Shape = Either(&[
    Exact(&[
        ("name", Word(&["developers", "ops", "viewers", "release", "on-call", "cluster-admin"])),
        ("users", USERS),
        ("authorization", Several(&GRANT)),
    ]),
    Exact(&[
        ("name", Word(&["robots", "builders", "edit"])),
        ("roles", ROLES),
        ("permissionSets", Several(&Word(&["Dev", "Admin"]))),
        ("authorization", Several(&GRANT)),
    ]),
]);
const ANY_PEOPLE: Shape = Map(&[
    ("name", Word(&["developers", "system:masters", ""])),
    ("users", USERS),
    ("iamGroups", List(&NAMES)),
    ("authorization", List(&GRANT)),
    ("expires", EXPIRES),
    ("authentication", Map(&[("account", ACCOUNTS)])),
    ("accept", Map(&[("access.cluster-admin", NAMES)])),
]);

/// An access file.
pub(crate) const ACCESS_FILE: Shape = Exact(&[
    ("clusterID", Word(&["fuzz.example.com", "other"])),
    ("account", Word(&["111122223333", "011122223333"])),
    ("groups", Several(&Rarely(&PEOPLE, &ANY_PEOPLE))),
    ("nodes", List(&Exact(&[("roles", Several(&Word(&["Nodes", "eks/Nodes"])))]))),
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

const EXEC: Shape = Exact(&[
    (
        "apiVersion",
        Rarely(&Word(&["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]), &Word(&["v0"])),
    ),
    ("command", Word(&["aws", "aws-iam-authenticator", "cluster-auth", "/usr/bin/aws", "aws-vault"])),
    ("args", List(&Word(&["eks", "get-token", "--cluster-name", "token", "-i", "prod", "exec", "--", "aws"]))),
    ("env", List(&Map(&[("name", Word(&["AWS_PROFILE", "X"])), ("value", NAMES)]))),
    ("interactiveMode", Rarely(&Word(&["Never", "IfAvailable", "Always"]), &Word(&["Sometimes"]))),
]);

/// Names of a kubeconfig's entries: each list has each of them once.
const ENTRIES: Shape = Word(&["prod", "other", "third", "me", "dev", "eu", "us", "blue", "green", "a", "b", "c"]);

/// A kubeconfig.
pub(crate) const KUBECONFIG: Shape = Exact(&[
    ("apiVersion", Rarely(&Word(&["v1"]), &Word(&["v2"]))),
    ("kind", Rarely(&Word(&["Config"]), &Word(&["config"]))),
    ("current-context", Word(&["prod", "other", ""])),
    (
        "clusters",
        Several(&Exact(&[
            ("name", ENTRIES),
            (
                "cluster",
                Map(&[
                    ("server", Word(&["https://api.example.com", "https://old.example.com", "http://x", "x"])),
                    ("certificate-authority-data", Rarely(&Word(&["UEVNCg=="]), &Word(&["?"]))),
                    ("proxy-url", Word(&["http://proxy.example.com:3128"])),
                    ("tls-server-name", NAMES),
                    ("insecure-skip-tls-verify", Scalar(&["true", "false"])),
                ]),
            ),
        ])),
    ),
    (
        "contexts",
        Several(&Exact(&[
            ("name", ENTRIES),
            ("context", Map(&[("cluster", ENTRIES), ("user", ENTRIES), ("namespace", NAMESPACES)])),
        ])),
    ),
    (
        "users",
        Several(&Exact(&[
            ("name", ENTRIES),
            ("user", Map(&[("exec", EXEC), ("token", Word(&["secret", ""])), ("client-key-data", Word(&["S0VZ"]))])),
        ])),
    ),
    ("preferences", Map(&[("colors", Scalar(&["true"]))])),
]);

/// STS' answer to `GetCallerIdentity`.
pub(crate) const ANSWER: Shape = Exact(&[(
    "GetCallerIdentityResponse",
    Exact(&[
        (
            "GetCallerIdentityResult",
            Exact(&[
                (
                    "Arn",
                    Word(&[
                        "arn:aws:iam::111122223333:user/alice",
                        "arn:aws:iam::111122223333:user/path/alice",
                        "arn:aws:sts::111122223333:assumed-role/Ops/alice",
                        "arn:aws:sts::111122223333:federated-user/alice",
                        "arn:aws:iam::111122223333:root",
                        "arn:aws-cn:iam::111122223333:user/alice",
                        "arn:aws:iam::111122223333:role/Ops",
                        "arn:aws:iam::444455556666:user/alice",
                        "arn:aws:iam::11112222333:user/alice",
                        "alice",
                    ]),
                ),
                ("Account", Word(&["111122223333", "111122223333", "111122223333", "444455556666", "1"])),
                ("UserId", Word(&["AIDAEXAMPLE", "AROAEXAMPLE:alice", "111122223333:alice", "111122223333", ""])),
            ]),
        ),
        ("ResponseMetadata", Map(&[("RequestId", Word(&["00000000-0000-4000-8000-000000000000"]))])),
    ]),
)]);

/// A `TokenReview`.
pub(crate) const REVIEW: Shape = Exact(&[
    ("apiVersion", Word(&["authentication.k8s.io/v1", "authentication.k8s.io/v1beta1", "v1", ""])),
    ("kind", Word(&["TokenReview", "TokenReview", "TokenReview", "Token", ""])),
    ("metadata", Map(&[("creationTimestamp", Scalar(&["null", "1"]))])),
    (
        "spec",
        Exact(&[
            ("token", Word(&["k8s-aws-v1.aHR0cHM6Ly8", "", "\u{0}", "\u{202e}", "k8s-aws-v1."])),
            ("audiences", List(&Word(&["https://kubernetes.default.svc", ""]))),
        ]),
    ),
    ("status", Map(&[("user", Map(&[("username", Word(&["system:admin"]))]))])),
]);

const KEYS: Shape =
    Map(&[("UserName", Word(&["alice", "", "a&b", "<", "]]>"])), ("Path", Word(&["/", "/ops/"])), ("Arn", ARNS)]);

/// What AWS lists, as XML: elements by their names.
pub(crate) const LISTING: Shape = Map(&[
    ("Users", Map(&[("member", List(&KEYS)), ("User", KEYS)])),
    ("set", Map(&[("item", List(&KEYS))])),
    ("User", KEYS),
    ("IsTruncated", Scalar(&["true", "false"])),
    ("Marker", NAMES),
]);

const SETTINGS: Shape = Map(&[
    ("aws_access_key_id", Word(&["AKIAIOSFODNN7EXAMPLE", "ASIA", ""])),
    ("aws_secret_access_key", Word(&["wJalrXUtnFEMI", ""])),
    ("aws_session_token", Word(&["FwoGZXIvYXdzE", ""])),
    ("region", Word(&["eu-central-1", "nowhere", "{"])),
    ("role_arn", ARNS),
    ("source_profile", Word(&["default", "a", "b", "missing"])),
    ("credential_source", Word(&["Environment", "Ec2InstanceMetadata", "Elsewhere"])),
    ("duration_seconds", Word(&["900", "43200", "x", "-1"])),
    ("mfa_serial", Word(&["arn:aws:iam::111122223333:mfa/alice"])),
    ("credential_process", Word(&["/bin/echo \"a b\" c", "\"", ""])),
    ("web_identity_token_file", Word(&["/x"])),
    ("sso_session", Word(&["s", "missing"])),
    ("sso_account_id", ACCOUNTS),
    ("sso_role_name", NAMES),
    ("sso_start_url", Word(&["https://example.awsapps.com/start"])),
    ("sso_region", Word(&["eu-central-1"])),
    ("aws_acces_key_id", Word(&["AKIAIOSFODNN7EXAMPLE"])),
    ("endpoint_url", Word(&["http://127.0.0.1:1", "x"])),
    ("services", Word(&["own", "missing"])),
]);

/// A file of profiles, as sections of settings.
pub(crate) const PROFILES: Shape = Map(&[
    ("default", SETTINGS),
    ("profile a", SETTINGS),
    ("profile \"b\"", SETTINGS),
    ("b", SETTINGS),
    ("sso-session s", SETTINGS),
    ("services own", Map(&[("sts", Map(&[("endpoint_url", Word(&["http://127.0.0.1:1"]))]))])),
]);
