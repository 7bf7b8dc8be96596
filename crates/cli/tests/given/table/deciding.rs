//! Deciding access.

use super::{ALWAYS, CANNOT, FROM, Row, TWO_CLUSTERS, Uses};

pub(super) const COMMANDS: &[Row] = &[
    (
        "check",
        "access.yaml",
        Uses::ID,
        &[
            ("file", ALWAYS),
            (
                "from",
                &[
                    ("check --from cluster.yaml", 0, "note: cluster.yaml has nothing that this command uses: it reads"),
                    (
                        "check --from config.yaml",
                        0,
                        "note: config.yaml, the authenticator's configuration, is not used by this command",
                    ),
                    (
                        "check --from access.yaml",
                        0,
                        "note: --from access.yaml: an access file says nothing about a cluster, and is skipped",
                    ),
                ],
            ),
            (
                "exclude",
                &[("check --exclude x", 1, FROM), ("check --from . --exclude x", 0, "note: --exclude x has no effect")],
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
            (
                "from",
                &[
                    ("apply --from cluster.yaml", 1, "`apply` asks the cluster itself"),
                    ("apply --from nothing.yaml", 1, "nothing.yaml"),
                    // It is not offered: what `apply` takes is in no namespace.
                    ("apply --default-namespace x", 1, FROM),
                    ("apply --from . --default-namespace x", 1, "it applies to manifests only, and `apply` reads none"),
                ],
            ),
            ("exclude", &[("apply --exclude x", 1, FROM)]),
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
            (
                "forget",
                &[("apply --forget access.yaml", 1, "--forget access.yaml: it is also given as a file to apply")],
            ),
            ("settle", &[("apply --dry-run --settle 1m", 1, CANNOT)]),
            ("dry-run", ALWAYS),
        ],
    ),
];
