//! Each flag with the lines in which it would change nothing; a flag without any has an effect wherever it is taken.

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
    flag("feature-gates", "SSORoleMatch=true", Uses::GATES, "nothing that this command does depends on them"),
    flag("log-verbosity", "debug", Uses::LOGS, "--log-verbosity changes nothing here"),
    flag("log-format", "json", Uses::LOGS, "--log-format changes nothing here"),
    // Whatever is coloured: help and errors of clap too.
    flag("color", "never", Uses::ANY, "--color"),
];

/// It has an effect wherever it is taken.
const ALWAYS: &[Idle] = &[];

const CANNOT: &str = "cannot be used with";
const REQUIRED: &str = "the following required arguments were not provided";
const FROM: &str = "--from <PATH>";
const TWO_CLUSTERS: &str = "--from holds a cluster, and --context or --kubeconfig name another one";
const ALONE: &str = "a code means the same for every cluster; leave out";
const NOT_ASKED: &str = "without --aws a token is looked at by itself; add --aws, or leave out";

pub(crate) const COMMANDS: &[Row] = &[
    (
        "token",
        "-i c",
        Uses::ALL,
        &[
            ("region", ALWAYS),
            ("profile", ALWAYS),
            ("role", ALWAYS),
            // As with aws-iam-authenticator these are no mistake: kubeconfigs have them.
            ("external-id", &[("token -i c -e x", 0, "note: --external-id changes nothing, since no role is assumed")]),
            (
                "session-name",
                &[
                    (
                        "token -i c -s x",
                        0,
                        "note: --session-name changes nothing, since no role is assumed; --role ARN names one",
                    ),
                    ("token -i c -s x --forward-session-name", 1, "are both given; give one of them"),
                ],
            ),
            (
                "forward-session-name",
                &[("token -i c --forward-session-name", 0, "note: --forward-session-name changes nothing")],
            ),
            ("token-only", ALWAYS),
        ],
    ),
    (
        "kubeconfig",
        "--server https://x -i c",
        Uses::OF_CLUSTER,
        &[
            ("server", &[("kubeconfig --server https://x --eks x", 1, CANNOT)]),
            (
                "ca",
                &[
                    ("kubeconfig --ca cert.pem -i c", 1, REQUIRED),
                    ("kubeconfig --ca cert.pem --eks x", 1, CANNOT),
                    ("kubeconfig --ca cert.pem --convert insecure.conf", 1, CANNOT),
                    (
                        "kubeconfig --ca cert.pem --from-kubeconfig insecure.conf --from-context a=b --from-context a=c",
                        1,
                        "--ca is the authority of one cluster",
                    ),
                ],
            ),
            ("from-kubeconfig", &[("kubeconfig --from-kubeconfig insecure.conf --eks x", 1, CANNOT)]),
            (
                "from-context",
                &[
                    ("kubeconfig --from-context a -i c", 1, REQUIRED),
                    ("kubeconfig --from-context a --server https://x -i c", 1, CANNOT),
                    ("kubeconfig --from-context a --eks x", 1, CANNOT),
                    ("kubeconfig --from-context a --convert insecure.conf", 1, CANNOT),
                    (
                        "kubeconfig --from-kubeconfig insecure.conf --from-context a=b -i c",
                        1,
                        "--from-context says it here",
                    ),
                    (
                        "kubeconfig --from-kubeconfig insecure.conf --from-context a=b -c config.yaml",
                        1,
                        "--from-context says it here",
                    ),
                ],
            ),
            (
                "eks",
                &[
                    ("kubeconfig --eks x -i c", 1, "leave -i and -c out"),
                    ("kubeconfig --eks x -c config.yaml", 1, "leave -i and -c out"),
                ],
            ),
            (
                "name",
                &[(
                    "kubeconfig --name n --from-kubeconfig insecure.conf --from-context a=b --from-context a=c",
                    1,
                    "--name names one context",
                )],
            ),
            ("namespace", &[("kubeconfig --namespace n --convert insecure.conf", 1, CANNOT)]),
            ("region", &[("kubeconfig --region r --convert insecure.conf", 1, CANNOT)]),
            ("role", &[("kubeconfig --role r --convert insecure.conf", 1, CANNOT)]),
            ("profile", &[("kubeconfig --profile p --convert insecure.conf", 1, CANNOT)]),
            ("command", ALWAYS),
            ("api-version", &[("kubeconfig --api-version v1 --convert insecure.conf", 1, CANNOT)]),
            ("merge", &[("kubeconfig --merge x --convert insecure.conf", 1, CANNOT)]),
            (
                "keep-current",
                &[
                    ("kubeconfig --keep-current --server https://x -i c", 1, REQUIRED),
                    ("kubeconfig --keep-current --convert insecure.conf", 1, CANNOT),
                ],
            ),
            (
                "convert",
                &[
                    ("kubeconfig --convert insecure.conf -i c", 1, CANNOT),
                    ("kubeconfig --convert insecure.conf -c config.yaml", 1, CANNOT),
                ],
            ),
            ("dry-run", &[("kubeconfig --dry-run --server https://x -i c", 1, REQUIRED)]),
        ],
    ),
    (
        "whoami",
        "",
        Uses::ID,
        &[
            ("kubeconfig", ALWAYS),
            ("context", ALWAYS),
            // Of a namespace that there is not a test says it that has a cluster.
            ("namespace", ALWAYS),
            (
                "sts-connect-to",
                &[(
                    "whoami --kubeconfig insecure.conf --sts-connect-to x:1",
                    1,
                    "--sts-connect-to: this context's user logs in without a token",
                )],
            ),
            (
                "sts-ca-file",
                &[(
                    "whoami --kubeconfig insecure.conf --sts-ca-file cert.pem",
                    1,
                    "--sts-ca-file: this context's user logs in without a token",
                )],
            ),
            ("output", ALWAYS),
        ],
    ),
    (
        "init",
        "-i prod.example.com",
        Uses::ALL,
        &[
            (
                "hostname",
                &[(
                    "init -i c --hostname other.example.com",
                    0,
                    "note: that certificate is not valid for other.example.com; `--rotate`",
                )],
            ),
            (
                "address",
                &[("init -i c --address 10.0.0.1", 0, "note: that certificate is not valid for 10.0.0.1; `--rotate`")],
            ),
            ("port", ALWAYS),
            ("output-dir", ALWAYS),
            ("owner", ALWAYS),
            ("rotate", ALWAYS),
        ],
    ),
    (
        "server",
        "-i prod.example.com --state-dir missing",
        Uses::ALL,
        &[
            ("partition", ALWAYS),
            // Beside --kubeconfig-pregenerated it is what aws-iam-authenticator takes, too.
            ("generate-kubeconfig", ALWAYS),
            ("kubeconfig-pregenerated", ALWAYS),
            ("state-dir", ALWAYS),
            ("address", ALWAYS),
            ("port", ALWAYS),
            // The log and /readyz say where the certificate is not valid for it.
            ("hostname", ALWAYS),
            ("access-file", ALWAYS),
            ("backend-mode", ALWAYS),
            ("take-over", ALWAYS),
            ("health-address", ALWAYS),
            ("max-token-length", ALWAYS),
            ("max-clock-skew-seconds", ALWAYS),
            ("identity-cache-seconds", ALWAYS),
            ("sts-regions", ALWAYS),
            // Of use as soon as a mapping has {{EC2PrivateDNSName}}, which files may get while it runs.
            ("ec2-describeInstances-qps", ALWAYS),
            ("ec2-describeInstances-burst", ALWAYS),
            ("sts-connect-to", ALWAYS),
            ("sts-ca-file", ALWAYS),
        ],
    ),
    (
        "kops spec",
        "--name prod.example.com",
        Uses::OF_CLUSTER,
        &[
            ("name", ALWAYS),
            ("state", &[("kops spec --name c --state s3://state", 1, "--state is for `--variant webhook`")]),
            ("region", &[("kops spec --name c --region eu-west-1", 1, "--region is for `--variant webhook`")]),
            (
                "profile",
                &[
                    ("kops spec --name c --profile p", 1, "--profile is for `--variant webhook`"),
                    (
                        "kops spec --name c --variant webhook --state s3://state --webhook-kubeconfig x --profile p",
                        1,
                        CANNOT,
                    ),
                ],
            ),
            ("variant", ALWAYS),
            (
                "image",
                &[(
                    "kops spec --name c --state s3://state --variant webhook --image x",
                    1,
                    "--image is for `--variant aws`",
                )],
            ),
            (
                "webhook-kubeconfig",
                &[("kops spec --name c --webhook-kubeconfig x", 1, "--webhook-kubeconfig is for `--variant webhook`")],
            ),
            (
                "hook-image",
                &[(
                    "kops spec --name c --hook-image x",
                    1,
                    "--hook-image is for `--variant webhook`; give that variant, or leave",
                )],
            ),
            ("output", ALWAYS),
        ],
    ),
    (
        "kops upload",
        "--name prod.example.com",
        Uses::CONFIG,
        &[("name", ALWAYS), ("state", ALWAYS), ("region", ALWAYS), ("profile", ALWAYS), ("rotate", ALWAYS)],
    ),
    (
        "check",
        "access.yaml",
        Uses::ID,
        &[
            ("file", ALWAYS),
            ("from", ALWAYS),
            (
                "exclude",
                &[
                    ("check --exclude x", 1, FROM),
                    ("check --from . --exclude x", 0, "note: --exclude x leaves nothing out"),
                ],
            ),
            ("default-namespace", &[("check --default-namespace x", 1, FROM)]),
            ("live", ALWAYS),
            ("kubeconfig", ALWAYS),
            ("context", ALWAYS),
            ("aws", ALWAYS),
            ("region", &[("check --region x", 1, "--aws")]),
            ("profile", &[("check --profile x", 1, "--aws")]),
            ("role", &[("check --role x", 1, "--aws")]),
            (
                "external-id",
                &[
                    ("check --external-id x", 1, "--aws"),
                    (
                        "check --aws --external-id x",
                        1,
                        "--external-id x: it is for assuming a role; name that by --role ARN",
                    ),
                ],
            ),
            ("output", ALWAYS),
            ("deny", ALWAYS),
        ],
    ),
    (
        "render",
        "--to rbac access.yaml",
        Uses::ID,
        &[
            ("file", ALWAYS),
            ("from", ALWAYS),
            ("exclude", &[("render --to rbac --exclude x", 1, FROM)]),
            ("default-namespace", &[("render --to rbac --default-namespace x", 1, FROM)]),
            ("live", ALWAYS),
            ("kubeconfig", ALWAYS),
            ("context", ALWAYS),
            ("aws", ALWAYS),
            ("region", &[("render --to rbac --region x", 1, "--aws")]),
            ("profile", &[("render --to rbac --profile x", 1, "--aws")]),
            ("role", &[("render --to rbac --role x", 1, "--aws")]),
            (
                "external-id",
                &[
                    ("render --to rbac --external-id x", 1, "--aws"),
                    ("render --to rbac --aws --external-id x", 1, "--role ARN"),
                ],
            ),
            ("to", ALWAYS),
            // By its own words about targets that know no ends: one line renders for all of them.
            ("expiry", ALWAYS),
            (
                "adopt",
                &[
                    (
                        "render --to rbac --adopt",
                        1,
                        "--adopt takes over entries of a ConfigMap that others write to as well, and `--to rbac` writes none",
                    ),
                    (
                        "render --to aws-auth --adopt",
                        1,
                        "--adopt takes over entries of the cluster's own ConfigMap; --live asks for it",
                    ),
                ],
            ),
        ],
    ),
    (
        "import",
        "--from cluster.yaml",
        Uses::OF_ACCESS,
        &[
            ("from", ALWAYS),
            ("exclude", &[("import --exclude x", 1, FROM)]),
            ("default-namespace", &[("import --default-namespace x", 1, FROM)]),
            ("reader", ALWAYS),
            (
                "config-map",
                &[
                    ("import --config-map kube-system/x -c config.yaml", 1, CANNOT),
                    ("import --from cluster.yaml --config-map kube-system/x", 1, "there is no ConfigMap kube-system/x"),
                ],
            ),
            ("kubeconfig", &[("import --from cluster.yaml --kubeconfig insecure.conf", 1, TWO_CLUSTERS)]),
            ("context", &[("import --from cluster.yaml --context a", 1, TWO_CLUSTERS)]),
            ("aws", ALWAYS),
            ("region", &[("import --region x", 1, "--aws")]),
            ("profile", &[("import --profile x", 1, "--aws")]),
            ("role", &[("import --role x", 1, "--aws")]),
            ("external-id", &[("import --external-id x", 1, "--aws")]),
        ],
    ),
    (
        "plan",
        "access.yaml --from cluster.yaml",
        Uses::GATES_AND_ID,
        &[
            ("file", ALWAYS),
            ("from", ALWAYS),
            ("exclude", &[("plan --exclude x", 1, FROM)]),
            ("default-namespace", &[("plan --default-namespace x", 1, FROM)]),
            ("reader", ALWAYS),
            ("mapping", ALWAYS),
            ("expiry", ALWAYS),
            ("kubeconfig", &[("plan --from cluster.yaml --kubeconfig insecure.conf", 1, TWO_CLUSTERS)]),
            ("context", &[("plan --from cluster.yaml --context a", 1, TWO_CLUSTERS)]),
            ("aws", ALWAYS),
            ("region", &[("plan --region x", 1, "--aws")]),
            ("profile", &[("plan --profile x", 1, "--aws")]),
            ("role", &[("plan --role x", 1, "--aws")]),
            (
                "external-id",
                &[
                    ("plan --external-id x", 1, "--aws"),
                    ("plan --from cluster.yaml --aws --external-id x", 1, "--role ARN"),
                ],
            ),
            ("output", ALWAYS),
            ("exit-code", ALWAYS),
        ],
    ),
    (
        "apply",
        "access.yaml",
        Uses::GATES_AND_ID,
        &[
            ("file", ALWAYS),
            ("from", &[("apply --from cluster.yaml", 1, "`apply` asks the cluster itself")]),
            ("exclude", &[("apply --exclude x", 1, FROM)]),
            ("default-namespace", &[("apply --default-namespace x", 1, FROM)]),
            ("reader", ALWAYS),
            ("mapping", ALWAYS),
            ("expiry", ALWAYS),
            ("kubeconfig", ALWAYS),
            ("context", ALWAYS),
            ("aws", ALWAYS),
            ("region", &[("apply --region x", 1, "--aws")]),
            ("profile", &[("apply --profile x", 1, "--aws")]),
            ("role", &[("apply --role x", 1, "--aws")]),
            ("external-id", &[("apply --external-id x", 1, "--aws")]),
            // These say what may be, should it come to that.
            ("yes", ALWAYS),
            ("adopt", ALWAYS),
            ("allow-lockout", ALWAYS),
            ("expect", ALWAYS),
            // Of a file that was never applied a test says it that has a cluster.
            ("forget", &[("apply --forget access.yaml", 1, "--forget access.yaml: it is among the files now")]),
            ("settle", &[("apply --dry-run --settle 1m", 1, CANNOT)]),
            ("dry-run", ALWAYS),
        ],
    ),
    (
        "who-can",
        "get pods --from cluster.yaml",
        Uses::OF_ACCESS,
        &[
            (
                "subresource",
                &[(
                    "who-can get /metrics --subresource x --from cluster.yaml",
                    1,
                    "a URL has no subresource; leave `--subresource` out",
                )],
            ),
            (
                "namespace",
                &[
                    (
                        "who-can get /metrics -n shop --from cluster.yaml",
                        1,
                        "a URL is in no namespace; leave --namespace out",
                    ),
                    (
                        "who-can get nodes -n shop --from cluster.yaml",
                        0,
                        "note: nodes are in no namespace; asked about the whole cluster",
                    ),
                    ("who-can get namespaces -n shop --from cluster.yaml", 0, "note: namespaces are in no namespace"),
                    ("who-can get pods -n nope --from lists.json", 0, "note: there is no namespace `nope`"),
                    ("who-can get pods -n shop -A --from cluster.yaml", 1, CANNOT),
                ],
            ),
            (
                "all-namespaces",
                &[
                    (
                        "who-can get /metrics -A --from cluster.yaml",
                        1,
                        "a URL is in no namespace; leave --all-namespaces out",
                    ),
                    ("who-can get nodes -A --from cluster.yaml", 0, "note: nodes are in no namespace"),
                    ("who-can get namespaces -A --from cluster.yaml", 0, "note: namespaces are in no namespace"),
                ],
            ),
            (
                "any-namespace",
                &[
                    (
                        "who-can get /metrics --any-namespace --from cluster.yaml",
                        1,
                        "a URL is in no namespace; leave --any-namespace out",
                    ),
                    ("who-can get nodes --any-namespace --from cluster.yaml", 0, "note: nodes are in no namespace"),
                ],
            ),
            ("from", &[("who-can get pods --from config.yaml --from nothing.yaml", 1, "nothing.yaml")]),
            ("exclude", &[("who-can get pods --exclude x", 1, FROM)]),
            ("default-namespace", &[("who-can get pods --default-namespace x", 1, FROM)]),
            ("reader", ALWAYS),
            ("kubeconfig", &[("who-can get pods --from cluster.yaml --kubeconfig insecure.conf", 1, TWO_CLUSTERS)]),
            ("context", &[("who-can get pods --from cluster.yaml --context a", 1, TWO_CLUSTERS)]),
            ("output", ALWAYS),
        ],
    ),
    (
        "matrix",
        "--from cluster.yaml",
        Uses::OF_ACCESS,
        &[
            ("by", &[("matrix user:bob --by groups --from cluster.yaml", 1, CANNOT)]),
            (
                "namespace",
                &[("matrix --namespace nope --from lists.json", 1, "no namespace here is meant by --namespace nope")],
            ),
            (
                "who",
                &[
                    ("matrix user:bob --who x --from cluster.yaml", 1, CANNOT),
                    ("matrix --who nope --from lists.json", 1, "is meant by --who nope"),
                ],
            ),
            ("resource", &[("matrix user:bob --resource pods --from cluster.yaml", 1, CANNOT)]),
            ("from", ALWAYS),
            ("exclude", &[("matrix --exclude x", 1, FROM)]),
            ("default-namespace", &[("matrix --default-namespace x", 1, FROM)]),
            ("reader", ALWAYS),
            ("kubeconfig", &[("matrix --from cluster.yaml --kubeconfig insecure.conf", 1, TWO_CLUSTERS)]),
            ("context", &[("matrix --from cluster.yaml --context a", 1, TWO_CLUSTERS)]),
            ("output", ALWAYS),
        ],
    ),
    (
        "explain",
        "arn:aws:iam::111122223333:user/alice --from access.yaml",
        Uses::OF_ACCESS,
        &[
            (
                "file",
                &[
                    ("explain mapping.none -f access.yaml", 1, "leave out access.yaml"),
                    ("explain k8s-aws-v1.x -f access.yaml", 1, NOT_ASKED),
                ],
            ),
            (
                "from",
                &[
                    ("explain mapping.none --from access.yaml", 1, ALONE),
                    ("explain k8s-aws-v1.x --from access.yaml", 1, "leave out --from access.yaml"),
                ],
            ),
            ("exclude", &[("explain mapping.none --exclude x", 1, FROM)]),
            ("default-namespace", &[("explain mapping.none --default-namespace x", 1, FROM)]),
            (
                "reader",
                &[
                    ("explain mapping.none --reader cluster-auth", 1, ALONE),
                    ("explain k8s-aws-v1.x --reader cluster-auth", 1, NOT_ASKED),
                ],
            ),
            (
                "kubeconfig",
                &[
                    ("explain mapping.none --kubeconfig x", 1, ALONE),
                    ("explain k8s-aws-v1.x --kubeconfig x", 1, NOT_ASKED),
                ],
            ),
            (
                "context",
                &[("explain mapping.none --context x", 1, ALONE), ("explain k8s-aws-v1.x --context x", 1, NOT_ASKED)],
            ),
            (
                "aws",
                &[
                    ("explain mapping.none --aws", 1, ALONE),
                    (
                        "explain arn:aws:iam::111122223333:user/alice --aws --from access.yaml",
                        1,
                        "--aws asks AWS whose a token is, and here is none",
                    ),
                ],
            ),
            ("sts-connect-to", &[("explain mapping.none --sts-connect-to x:1", 1, "--aws")]),
            ("sts-ca-file", &[("explain k8s-aws-v1.x --sts-ca-file cert.pem", 1, "--aws")]),
            ("output", ALWAYS),
        ],
    ),
    (
        "diff",
        "user:a user:b --from cluster.yaml",
        Uses::OF_ACCESS,
        &[
            (
                "from",
                &[(
                    "diff cluster.yaml lists.json --from access.yaml",
                    1,
                    "of two clusters or files each says so itself",
                )],
            ),
            ("exclude", &[("diff cluster.yaml lists.json --exclude x", 1, FROM)]),
            (
                "default-namespace",
                &[(
                    "diff user:a user:b --default-namespace x",
                    1,
                    "--default-namespace x: it is for manifests of --from",
                )],
            ),
            ("reader", ALWAYS),
            (
                "kubeconfig",
                &[
                    ("diff user:a user:b --from cluster.yaml --kubeconfig insecure.conf", 1, TWO_CLUSTERS),
                    (
                        "diff cluster.yaml lists.json --kubeconfig insecure.conf",
                        1,
                        "--kubeconfig says where contexts are, and both are files",
                    ),
                ],
            ),
            (
                "context",
                &[
                    ("diff user:a user:b --from cluster.yaml --context a", 1, TWO_CLUSTERS),
                    ("diff cluster.yaml lists.json --context a", 1, "of two clusters or files each says so itself"),
                ],
            ),
            ("output", ALWAYS),
            ("exit-code", ALWAYS),
        ],
    ),
    (
        "lint",
        "--from cluster.yaml",
        Uses::OF_ACCESS,
        &[
            ("from", ALWAYS),
            ("exclude", &[("lint --exclude x", 1, FROM)]),
            ("default-namespace", &[("lint --default-namespace x", 1, FROM)]),
            ("reader", ALWAYS),
            ("kubeconfig", &[("lint --from cluster.yaml --kubeconfig insecure.conf", 1, TWO_CLUSTERS)]),
            ("context", &[("lint --from cluster.yaml --context a", 1, TWO_CLUSTERS)]),
            // One that excludes nothing is a finding.
            ("exclusions", ALWAYS),
            (
                "write-exclusions",
                &[(
                    "lint --from cluster.yaml --write-exclusions cluster.yaml",
                    1,
                    "cluster.yaml exists, and nothing was written",
                )],
            ),
            ("severity", &[("lint --from cluster.yaml --write-exclusions x --severity info", 1, CANNOT)]),
            ("fail-on", &[("lint --from cluster.yaml --write-exclusions x --fail-on info", 1, CANNOT)]),
            ("output", &[("lint --from cluster.yaml --write-exclusions x --output json", 1, CANNOT)]),
        ],
    ),
    (
        "verify",
        "-i c -t k8s-aws-v1.x",
        Uses::ALL,
        &[
            ("token", &[("verify -i c --token x --own-token", 1, CANNOT)]),
            ("own-token", ALWAYS),
            (
                "region",
                &[("verify -i c --region x", 1, "--own-token"), ("verify -i c --token x --region x", 1, CANNOT)],
            ),
            (
                "profile",
                &[("verify -i c --profile x", 1, "--own-token"), ("verify -i c --token x --profile x", 1, CANNOT)],
            ),
            ("role", &[("verify -i c --role x", 1, "--own-token"), ("verify -i c --token x --role x", 1, CANNOT)]),
            ("webhook", ALWAYS),
            ("output", ALWAYS),
            ("partition", ALWAYS),
            ("sts-connect-to", ALWAYS),
            ("sts-ca-file", ALWAYS),
        ],
    ),
    ("demo", "", Uses::NOTHING, &[("cluster", ALWAYS)]),
    (
        "sandbox",
        "--print-identities",
        Uses::NOTHING,
        &[
            ("identities", &[("sandbox --print-identities --identities x", 1, CANNOT)]),
            ("print-identities", ALWAYS),
            ("listen", &[("sandbox --print-identities --listen 127.0.0.1:0", 1, CANNOT)]),
            ("proxy", &[("sandbox --print-identities --proxy 127.0.0.1:0", 1, CANNOT)]),
            ("ca-file", &[("sandbox --print-identities --ca-file x", 1, CANNOT)]),
        ],
    ),
    (
        "version",
        "",
        Uses::ALL,
        &[
            ("short", ALWAYS),
            // aws-iam-authenticator takes both.
            ("output", &[("version --short --output yaml", 0, "note: --output changes nothing beside --short")]),
        ],
    ),
    ("completion", "bash", Uses::NOTHING, &[]),
];

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
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "resourceVersion": "1", "uid": "2"}}]}"#;

const INSECURE: &str = "\
apiVersion: v1
kind: Config
current-context: a
clusters: [{name: a, cluster: {server: 'https://a.example.com', insecure-skip-tls-verify: true}}]
users: [{name: a, user: {token: t}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
";
