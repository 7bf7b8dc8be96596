//! Seeing access.

use super::{ALONE, ALWAYS, CANNOT, FROM, NAMESPACE, NOT_ASKED, Row, TWO_CLUSTERS, Uses};

pub(super) const COMMANDS: &[Row] = &[
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
                    ("who-can get pods --namespace= --from cluster.yaml", 1, NAMESPACE),
                    ("who-can get pods -n def* --from cluster.yaml", 1, "`--any-namespace` about each one"),
                    ("who-can get pods -n Default --from cluster.yaml", 1, NAMESPACE),
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
            (
                "default-namespace",
                &[
                    ("who-can get pods --default-namespace x", 1, FROM),
                    ("who-can get pods --from cluster.yaml --default-namespace X", 1, NAMESPACE),
                ],
            ),
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
                &[
                    ("matrix --namespace nope --from lists.json", 1, "no namespace matches --namespace nope"),
                    ("matrix -n sh*,nope --from lists.json", 0, "note: no namespace matches --namespace nope"),
                    ("matrix -n shop,no* --from lists.json", 0, "note: no namespace matches --namespace no*"),
                    ("matrix --namespace= --from lists.json", 1, NAMESPACE),
                    ("matrix --namespace shop,,dev --from lists.json", 1, NAMESPACE),
                    ("matrix --namespace Def* --from lists.json", 1, "`*` stands for any of these"),
                    ("matrix --namespace=-* --from lists.json", 1, NAMESPACE),
                ],
            ),
            (
                "who",
                &[
                    ("matrix user:bob --who x --from cluster.yaml", 1, CANNOT),
                    ("matrix --who nope --from lists.json", 1, "--who nope matches no user or group"),
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
                        "--aws asks AWS whose a token is, and no token was given",
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
                    "two clusters or files are named by A and B alone",
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
                        "--kubeconfig is for contexts, and both sides are files",
                    ),
                ],
            ),
            (
                "context",
                &[
                    ("diff user:a user:b --from cluster.yaml --context a", 1, TWO_CLUSTERS),
                    ("diff cluster.yaml lists.json --context a", 1, "two clusters or files are named by A and B alone"),
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
                    "cluster.yaml exists already, so nothing was written",
                )],
            ),
            ("severity", &[("lint --from cluster.yaml --write-exclusions x --severity info", 1, CANNOT)]),
            ("fail-on", &[("lint --from cluster.yaml --write-exclusions x --fail-on info", 1, CANNOT)]),
            ("output", &[("lint --from cluster.yaml --write-exclusions x --output json", 1, CANNOT)]),
        ],
    ),
];
