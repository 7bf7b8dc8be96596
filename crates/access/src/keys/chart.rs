//! Keys that only the Helm chart knows. Their defaults are the chart's values.yaml.

use super::{Key, Object, Shape};

const fn chart(name: &'static str, shape: Shape, default: &'static str, about: &'static str) -> Key {
    Key { name, shape, default, about, of_chart: true }
}

pub(super) const AUTHENTICATOR: Key = chart(
    "authenticator",
    Shape::One(Object::Authenticator),
    "the chart's",
    "The webhook server on the control plane, as the Helm chart runs it.",
);

pub(super) const ACCESS: Key = chart(
    "access",
    Shape::One(Object::Access),
    "the chart's",
    "The ConfigMap with the access file, as the Helm chart writes it.",
);

pub(super) const RBAC: Key = chart(
    "rbac",
    Shape::One(Object::Rbac),
    "the chart's",
    "The roles and bindings of the groups, as the Helm chart makes them.",
);

pub(super) const SERVICE_MONITOR: Key = chart(
    "serviceMonitor",
    Shape::One(Object::ServiceMonitor),
    "the chart's",
    "Metrics by way of the Prometheus operator's ServiceMonitor.",
);

pub(super) const PROMETHEUS_RULE: Key = chart(
    "prometheusRule",
    Shape::One(Object::PrometheusRule),
    "the chart's",
    "Alerts by way of the Prometheus operator's PrometheusRule.",
);

pub(super) const NAME_OVERRIDE: Key =
    chart("nameOverride", Shape::Text, "\"\"", "Helm's own: the chart's name in the names of its objects.");

pub(super) const FULLNAME_OVERRIDE: Key =
    chart("fullnameOverride", Shape::Text, "\"\"", "Helm's own: the beginning of the names of its objects.");

pub(super) const GLOBAL: Key =
    chart("global", Shape::Foreign, "{}", "Helm's own: values that the charts of one release share. Not used.");

/// What the image reads.
const READS: &[&str] = &["access.yaml", "config.yaml"];

pub(super) const OF_AUTHENTICATOR: &[Key] = &[
    chart(
        "enabled",
        Shape::Flag,
        "true",
        "Whether the chart runs the server. Set it to `false` where kops does (`spec.authentication.aws`).",
    ),
    chart("image", Shape::Text, "\"\"", "The image without its tag. Empty: the chart's own, cluster-auth's."),
    chart("tag", Shape::Text, "\"\"", "The image's tag, or `@sha256:…`. Empty: the version that the chart is for."),
    chart(
        "pullPolicy",
        Shape::Choice(&["Always", "IfNotPresent", "Never"]),
        "IfNotPresent",
        "When the image is pulled.",
    ),
    chart("pullSecrets", Shape::Texts, "[]", "Names of Secrets of the namespace for pulling the image."),
    chart(
        "reads",
        Shape::Choice(READS),
        "access.yaml",
        "What the image reads: `access.yaml`, the access file as it is (cluster-auth), or `config.yaml`, rendered for it \
         (aws-iam-authenticator).",
    ),
    chart(
        "config",
        Shape::Foreign,
        "{}",
        "More of the server's configuration: what stands below `server` in config.yaml, as `scrubbedAccounts`.",
    ),
    chart("args", Shape::Texts, "[]", "More arguments of the server, as `--log-format=json`."),
    chart(
        "backendMode",
        Shape::Texts,
        "[MountedFile]",
        "Sources of mappings, asked in this order: MountedFile, EKSConfigMap, CRD, DynamicFile. The server's own rights in \
         the cluster follow from them; MountedFile and DynamicFile need none.",
    ),
    chart(
        "dynamicFile",
        Shape::Text,
        "\"\"",
        "What DynamicFile reads: a file of every control plane node by its whole path, as `/etc/logins/logins.json`, or, with \
         `filesFrom`, a key of that ConfigMap.",
    ),
    chart(
        "backendModeFile",
        Shape::Text,
        "\"\"",
        "The file that says at any time which sources are asked, in place of `backendMode` as long as it is there: a path or a \
         key like `dynamicFile`. It may name any source, so the server has the rights for all of them.",
    ),
    chart(
        "filesFrom",
        Shape::Text,
        "\"\"",
        "A ConfigMap of the namespace that has these two files as its keys. Empty: they are files of the control plane nodes.",
    ),
    chart(
        "denyWith200",
        Shape::Flag,
        "false",
        "Whether definite denials are answered with HTTP 200, which API servers remember and do not count as failures of their \
         webhook.",
    ),
    chart(
        "shadowOf",
        Shape::Text,
        "\"\"",
        "The URL of the authenticator that runs today, as `https://localhost:21400/authenticate`: its answers are passed on, and \
         what this server would have answered is compared with them. Empty: this server answers.",
    ),
    chart(
        "shadowOfCa",
        Shape::Text,
        "\"\"",
        "The file of every control plane node with the certificates that vouch for that one, such as its own cert.pem. \
         Empty: the image's authorities.",
    ),
    chart(
        "stateDir",
        Shape::Text,
        "\"\"",
        "The folder of every control plane node that has cert.pem, key.pem and the API server's kubeconfig. Empty: \
         /srv/kubernetes/kube-apiserver/cluster-auth, or the 2018 guide's /srv/kubernetes/heptio-authenticator-aws where \
         `image` is the guide's.",
    ),
    chart(
        "address",
        Shape::Choice(&["127.0.0.1", "0.0.0.0"]),
        "127.0.0.1",
        "Where the server listens: for its own machine, or for everybody, which Prometheus needs.",
    ),
    chart("port", Shape::Number, "21362", "The port on every control plane node."),
    chart(
        "resources",
        Shape::Foreign,
        "{requests: {cpu: 10m, memory: 20Mi}, limits: {cpu: 100m, memory: 20Mi}}",
        "Requests and limits, as Kubernetes has them. The defaults are the 2018 guide's.",
    ),
    chart("priorityClassName", Shape::Text, "system-node-critical", "The priority of the pods."),
    chart(
        "tolerations",
        Shape::Foreign,
        "[{key: node-role.kubernetes.io/control-plane, operator: Exists}, {key: node-role.kubernetes.io/master, operator: \
         Exists}, {key: CriticalAddonsOnly, operator: Exists}, {key: node.kubernetes.io/not-ready, operator: Exists}]",
        "Taints of the control plane that the pods tolerate, as Kubernetes has them. A machine without a network for pods is \
         not ready, and logins need none.",
    ),
    chart(
        "testSecret",
        Shape::Text,
        "\"\"",
        "A Secret of the namespace with the AWS credentials that `helm test` logs in with, as environment variables. \
         Empty: the control plane node's own IAM role.",
    ),
];

pub(super) const OF_ACCESS: &[Key] = &[
    chart(
        "create",
        Shape::Flag,
        "true",
        "Whether the chart writes the ConfigMap. `false` leaves it to `cluster-auth apply --mapping access-file`: then the \
         values need no groups.",
    ),
    chart(
        "configMap",
        Shape::Text,
        "\"\"",
        "Its name. Empty: that of the release with `-access` behind it; where the chart runs no server, \
         `aws-iam-authenticator`, which is what kops' DaemonSet reads.",
    ),
];

pub(super) const OF_RBAC: &[Key] = &[chart(
    "create",
    Shape::Flag,
    "true",
    "Whether the chart makes the roles and bindings of the groups. `false` leaves them to `cluster-auth apply`.",
)];

pub(super) const OF_SERVICE_MONITOR: &[Key] = &[
    chart(
        "enabled",
        Shape::Flag,
        "false",
        "Whether there is one, and the Service that it needs. It needs `authenticator.address: 0.0.0.0`.",
    ),
    chart("interval", Shape::Text, "30s", "How often to look."),
    chart("labels", Shape::TextMap, "{}", "Labels by which Prometheus finds it."),
    chart(
        "tlsConfig",
        Shape::Foreign,
        "{insecureSkipVerify: true}",
        "How the server's certificate is checked, as the Prometheus operator has it. The certificate is of an authority \
         that `init` made.",
    ),
];

pub(super) const OF_PROMETHEUS_RULE: &[Key] = &[
    chart("enabled", Shape::Flag, "false", "Whether there are alerts."),
    chart("labels", Shape::TextMap, "{}", "Labels by which Prometheus finds them."),
];
