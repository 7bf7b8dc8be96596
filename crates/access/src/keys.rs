//! The one table of keys. The reader, the JSON Schemas, the page "The access file", and the chart's values.yaml and README
//! are made from it.

mod chart;

/// A kind of YAML mapping in the access file or the chart's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// The file itself.
    File,
    /// One of `groups`.
    Group,
    /// A principal that is more than a name.
    Principal,
    /// `authentication`.
    Authentication,
    /// One of `authorization`.
    Grant,
    /// One of `rules`.
    Rule,
    /// `namespaceSelector`.
    Selector,
    /// One of `matchExpressions`.
    Requirement,
    /// One of `nodes`.
    Nodes,
    /// The chart's `authenticator`.
    Authenticator,
    /// The chart's `access`.
    Access,
    /// The chart's `rbac`.
    Rbac,
    /// The chart's `serviceMonitor`.
    ServiceMonitor,
    /// The chart's `prometheusRule`.
    PrometheusRule,
}

/// The shape of the value that a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One text.
    Text,
    /// A list of texts.
    Texts,
    /// Names and texts.
    TextMap,
    /// One mapping.
    One(Object),
    /// A list of mappings.
    Many(Object),
    /// A list of principals: names, ARNs, or mappings.
    Principals,
    /// Yes or no.
    Flag,
    /// A whole number.
    Number,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// What others define (Kubernetes, the server's configuration, Helm); not looked at.
    Foreign,
}

/// A key of one kind of mapping, with its shape, default and documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What may stand under it.
    pub shape: Shape,
    /// What holds without it: a sentence, but for keys of the chart, where it is the value as YAML.
    pub default: &'static str,
    /// What it means.
    pub about: &'static str,
    /// Whether only the Helm chart knows it.
    pub of_chart: bool,
}

impl Key {
    /// Returns whether there must be one.
    pub fn is_required(&self) -> bool {
        self.default == "none; required"
    }
}

const fn key(name: &'static str, shape: Shape, default: &'static str, about: &'static str) -> Key {
    Key { name, shape, default, about, of_chart: false }
}

const ACCEPT: Key = key(
    "accept",
    Shape::TextMap,
    "nothing",
    "Findings that are meant, each with the reason: `{code: reason}`. An accepted finding is not reported.",
);

impl Object {
    /// Every kind, the outer ones first.
    pub const ALL: [Self; 14] = [
        Self::File,
        Self::Group,
        Self::Principal,
        Self::Authentication,
        Self::Grant,
        Self::Rule,
        Self::Selector,
        Self::Requirement,
        Self::Nodes,
        Self::Authenticator,
        Self::Access,
        Self::Rbac,
        Self::ServiceMonitor,
        Self::PrometheusRule,
    ];

    /// Returns what it is called in messages and in the documentation.
    pub const fn title(self) -> &'static str {
        match self {
            Self::File => "the file",
            Self::Group => "a group",
            Self::Principal => "a principal",
            Self::Authentication => "authentication",
            Self::Grant => "a grant",
            Self::Rule => "a rule",
            Self::Selector => "a namespace selector",
            Self::Requirement => "a requirement of a selector",
            Self::Nodes => "an entry of nodes",
            Self::Authenticator => "the chart's authenticator",
            Self::Access => "the chart's access",
            Self::Rbac => "the chart's rbac",
            Self::ServiceMonitor => "the chart's serviceMonitor",
            Self::PrometheusRule => "the chart's prometheusRule",
        }
    }

    /// Returns where it stands in an access file, in words; `None` for what only the chart's values have.
    pub const fn place(self) -> Option<&'static str> {
        match self {
            Self::File => Some("at the top of the file"),
            Self::Group => Some("in one of `groups`"),
            Self::Principal => Some("in a principal that is a mapping, such as `{name: alice, username: al}`"),
            Self::Authentication => Some("below a group's `authentication`"),
            Self::Grant => Some("below a group's `authorization`, in one of the list"),
            Self::Rule => Some("below `rules` of a group's `authorization`, in one of the list"),
            Self::Selector => Some("below `namespaceSelector`"),
            Self::Requirement => Some("in one of `matchExpressions`"),
            Self::Nodes => Some("in one of `nodes`"),
            Self::Authenticator | Self::Access | Self::Rbac | Self::ServiceMonitor | Self::PrometheusRule => None,
        }
    }

    /// Returns the key under this name.
    pub fn key(self, name: &str) -> Option<&'static Key> {
        self.keys().iter().find(|key| key.name == name)
    }

    /// Keys that an earlier revision of the chart had, each with what to write instead.
    pub const fn former_keys(self) -> &'static [(&'static str, &'static str)] {
        match self {
            // June 2018, three days: every user of the group by way of one role.
            Self::Authentication => {
                &[("role", "name the role under the group's `roles:`, and whoever may assume it is in the group")]
            }
            _ => &[],
        }
    }

    /// Returns whether a key that is there and null says something else than one that is absent, and is refused: without it,
    /// access would be wider.
    pub fn refuses_null(self, key: &Key) -> bool {
        let widens = match self {
            Self::Group => &["authorization"][..],
            Self::Grant => &["namespace", "namespaces", "namespaceSelector"],
            _ => &[],
        };
        widens.contains(&key.name)
    }

    /// Returns the keys that it may have.
    pub const fn keys(self) -> &'static [Key] {
        match self {
            Self::File => {
                const {
                    &[
                        key(
                            "clusterID",
                            Shape::Text,
                            "none; exactly one of all files has it",
                            "What every token is bound to. Unique among the clusters that accept the same accounts.",
                        ),
                        key(
                            "account",
                            Shape::Text,
                            "none",
                            "The AWS account of every principal that names no other: 12 digits, in quotes.",
                        ),
                        key(
                            "groups",
                            Shape::Many(Object::Group),
                            "none",
                            "The groups of people. `groups: []` says that nobody is to be let in.",
                        ),
                        key(
                            "nodes",
                            Shape::Many(Object::Nodes),
                            "none",
                            "IAM roles of machines that join the cluster as `system:node:{{EC2PrivateDNSName}}`.",
                        ),
                        chart::AUTHENTICATOR,
                        chart::ACCESS,
                        chart::RBAC,
                        chart::SERVICE_MONITOR,
                        chart::PROMETHEUS_RULE,
                        chart::NAME_OVERRIDE,
                        chart::FULLNAME_OVERRIDE,
                        chart::GLOBAL,
                    ]
                }
            }
            Self::Group => {
                const {
                    &[
                        key("name", Shape::Text, "none; required", "The Kubernetes group."),
                        key(
                            "users",
                            Shape::Principals,
                            "none",
                            "IAM users, with their path, which is a part of the ARN that STS returns.",
                        ),
                        key(
                            "roles",
                            Shape::Principals,
                            "none",
                            "IAM roles. A path may be given, but is ignored: STS leaves it out of the ARN.",
                        ),
                        key(
                            "permissionSets",
                            Shape::Principals,
                            "none",
                            "Permission sets of IAM Identity Center, whatever suffix AWS appended to their roles.",
                        ),
                        key(
                            "iamGroups",
                            Shape::Principals,
                            "none",
                            "IAM groups, whose users are members. Expanded when rendered, planned or applied.",
                        ),
                        key(
                            "authentication",
                            Shape::One(Object::Authentication),
                            "the file's `account`",
                            "The account of this group's principals, as in 2018.",
                        ),
                        key(
                            "expires",
                            Shape::Text,
                            "never",
                            "When the whole group expires: a date (through that day, UTC) or a time (RFC 3339).",
                        ),
                        key(
                            "authorization",
                            Shape::Many(Object::Grant),
                            "the ClusterRole of the group's name, cluster-wide",
                            "What the group may do. Empty is an error: only an absent one means the default.",
                        ),
                        ACCEPT,
                    ]
                }
            }
            Self::Principal => {
                const {
                    &[
                        key("name", Shape::Text, "none; this or `arn`", "The name in IAM, with its path."),
                        key("arn", Shape::Text, "none; this or `name`", "The whole ARN."),
                        key("account", Shape::Text, "the group's", "The AWS account."),
                        key("partition", Shape::Text, "aws", "The AWS partition: `aws`, `aws-cn`, `aws-us-gov` …"),
                        key(
                            "username",
                            Shape::Text,
                            "a user's name; `<role>:{{SessionName}}`",
                            "The Kubernetes username. A template has a colon before `{{SessionName}}`, and a beginning of its own.",
                        ),
                        key("expires", Shape::Text, "never", "When this membership expires."),
                        ACCEPT,
                    ]
                }
            }
            Self::Authentication => {
                const { &[key("account", Shape::Text, "the file's `account`", "The account of this group's principals.")] }
            }
            Self::Grant => {
                const {
                    &[
                        key("namespace", Shape::Text, "the whole cluster", "One namespace."),
                        key("namespaces", Shape::Texts, "the whole cluster", "Namespaces, by name or with `*`."),
                        key(
                            "namespaceSelector",
                            Shape::One(Object::Selector),
                            "the whole cluster",
                            "Namespaces, by their labels.",
                        ),
                        key("rules", Shape::Many(Object::Rule), "none; one of three", "What is allowed, written here."),
                        key("clusterRole", Shape::Text, "none; one of three", "A ClusterRole that exists."),
                        key("role", Shape::Text, "none; one of three", "A Role that exists in the namespace."),
                        ACCEPT,
                    ]
                }
            }
            Self::Rule => {
                const {
                    &[
                        key("apiGroups", Shape::Texts, "none", "`\"\"` is the core group, `*` every group."),
                        key("resources", Shape::Texts, "none", "`pods`, `pods/log`, `*`."),
                        key("resourceNames", Shape::Texts, "every object", "Only objects of these names."),
                        key("nonResourceURLs", Shape::Texts, "none", "URLs that are not resources, cluster-wide only."),
                        key("verbs", Shape::Texts, "none; required", "`get`, `list`, `create` …, `*` is every verb."),
                    ]
                }
            }
            Self::Selector => {
                const {
                    &[
                        key("matchLabels", Shape::TextMap, "none", "Labels that must have these values."),
                        key("matchExpressions", Shape::Many(Object::Requirement), "none", "What else must hold."),
                    ]
                }
            }
            Self::Requirement => {
                const {
                    &[
                        key("key", Shape::Text, "none; required", "The label."),
                        key("operator", Shape::Text, "none; required", "`In`, `NotIn`, `Exists` or `DoesNotExist`."),
                        key("values", Shape::Texts, "none", "The values of `In` and `NotIn`."),
                    ]
                }
            }
            Self::Nodes => {
                const { &[key("roles", Shape::Principals, "none; required", "IAM roles of machines."), ACCEPT] }
            }
            Self::Authenticator => chart::OF_AUTHENTICATOR,
            Self::Access => chart::OF_ACCESS,
            Self::Rbac => chart::OF_RBAC,
            Self::ServiceMonitor => chart::OF_SERVICE_MONITOR,
            Self::PrometheusRule => chart::OF_PROMETHEUS_RULE,
        }
    }
}
