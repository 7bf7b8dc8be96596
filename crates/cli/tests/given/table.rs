//! Each flag with the lines in which it would change nothing; a flag without any has an effect wherever it is taken.

mod client;
mod deciding;
mod seeing;
mod setup;

use super::Idle;

/// A command, what it wants at least, which flags of every command it has use for, and its own.
type Row = (&'static str, &'static str, Uses, &'static [(&'static str, &'static [Idle])]);

/// Which of the flags of every command a command has use for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Uses(u8);

impl Uses {
    pub(crate) const ANY: Self = Self(0);
    const NOTHING: Self = Self(0);
    const CONFIG: Self = Self(1);
    const ID: Self = Self(2);
    const GATES: Self = Self(4);
    const LOGS: Self = Self(8);
    /// aws-iam-authenticator takes them with every command of its own.
    const ALL: Self = Self(15);
    const OF_ACCESS: Self = Self(7);
    const OF_CLUSTER: Self = Self(3);
    /// A configuration is refused: what they plan stands in an access file.
    const GATES_AND_ID: Self = Self(6);

    pub(crate) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A flag of every command, a value of it, and what is said where it is of no use.
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) value: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) of: Uses,
}

const fn flag(name: &'static str, value: &'static str, of: Uses, refused: &'static str) -> Flag {
    Flag { name, value, refused, of }
}

pub(crate) const GLOBAL: &[Flag] = &[
    flag("config", "config.yaml", Uses::CONFIG, "configuration of the authenticator; leave it out"),
    flag("cluster-id", "prod.example.com", Uses::ID, "leave it out"),
    flag("feature-gates", "SSORoleMatch=true", Uses::GATES, "this command does not depend on feature gates"),
    flag("log-verbosity", "debug", Uses::LOGS, "--log-verbosity has no effect here"),
    flag("log-format", "json", Uses::LOGS, "--log-format has no effect here"),
    // Whatever is coloured: help and errors of clap too.
    flag("color", "never", Uses::ANY, "--color"),
];

/// It has an effect wherever it is taken.
const ALWAYS: &[Idle] = &[];

const CANNOT: &str = "cannot be used with";
const REQUIRED: &str = "the following required arguments were not provided";
const FROM: &str = "--from <PATH>";
const NAMESPACE: &str = "a namespace's name is 1 to 63 lower-case letters, digits and dashes";
const TWO_CLUSTERS: &str = "--from holds a cluster, and --context or --kubeconfig name another";
const ALONE: &str = "a code means the same for every cluster; leave out";
const NOT_ASKED: &str = "without --aws only the token itself is checked; add --aws, or leave out";

pub(crate) const COMMANDS: &[&[Row]] = &[client::COMMANDS, setup::COMMANDS, deciding::COMMANDS, seeing::COMMANDS];

/// What lies in the folder where all of it is typed.
pub(crate) const FILES: &[(&str, &str)] = &[
    (
        "access.yaml",
        "clusterID: prod.example.com\naccount: \"111122223333\"\ngroups:\n- {name: devs, users: [alice], authorization: [{clusterRole: view}]}\n",
    ),
    (
        "config.yaml",
        "clusterID: prod.example.com\nserver:\n  mapUsers:\n  - {userarn: \"arn:aws:iam::111122223333:user/alice\", username: alice, groups: [devs]}\n",
    ),
    ("cluster.yaml", CLUSTER),
    ("lists.json", LISTS),
    ("nothing.yaml", "kind: Nothing\n"),
    ("insecure.conf", INSECURE),
];

const CLUSTER: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: devs}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: devs}]
";

/// As kubectl prints it.
const LISTS: &str = r#"{"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "resourceVersion": "1", "uid": "1"}},
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "resourceVersion": "1", "uid": "3"}},
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "resourceVersion": "1", "uid": "2"}}]}"#;

const INSECURE: &str = "\
apiVersion: v1
kind: Config
current-context: a
clusters: [{name: a, cluster: {server: 'https://a.example.com', insecure-skip-tls-verify: true}}]
users: [{name: a, user: {token: t}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
";
