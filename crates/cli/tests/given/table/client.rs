//! For the team member, and for trying it.

use super::{ALWAYS, CANNOT, REQUIRED, Row, Uses};

pub(super) const COMMANDS: &[Row] = &[
    (
        "token",
        "-i c",
        Uses::ALL,
        &[
            ("region", ALWAYS),
            ("profile", ALWAYS),
            ("role", ALWAYS),
            // As with aws-iam-authenticator these are not a mistake: kubeconfigs have them.
            ("external-id", &[("token -i c -e x", 0, "note: --external-id has no effect, because no role is assumed")]),
            (
                "session-name",
                &[
                    (
                        "token -i c -s x",
                        0,
                        "note: --session-name has no effect, because no role is assumed; name one by --role ARN",
                    ),
                    ("token -i c -s x --forward-session-name", 1, "are both given; give one of them"),
                ],
            ),
            (
                "forward-session-name",
                &[("token -i c --forward-session-name", 0, "note: --forward-session-name has no effect")],
            ),
            ("token-only", ALWAYS),
            ("cache", ALWAYS),
            ("explain", &[("token -i c --explain --token-only", 1, CANNOT)]),
            ("no-cache", &[("token -i c --cache --no-cache", 1, "are both given; give one of them")]),
            ("mfa-code", &[("token -i c --mfa-code 123456", 0, "note: --mfa-code has no effect")]),
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
                        "--ca is the certificate authority of one cluster",
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
                    ("kubeconfig --from-kubeconfig insecure.conf --from-context a=b -i c", 1, "leave -i and -c out"),
                    (
                        "kubeconfig --from-kubeconfig insecure.conf --from-context a=b -c config.yaml",
                        1,
                        "leave -i and -c out",
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
                    "--name names the context of one cluster",
                )],
            ),
            ("namespace", &[("kubeconfig --namespace n --convert insecure.conf", 1, CANNOT)]),
            ("region", &[("kubeconfig --region r --convert insecure.conf", 1, CANNOT)]),
            (
                "role",
                &[
                    ("kubeconfig --role arn:aws:iam::111122223333:role/Dev --convert insecure.conf", 1, CANNOT),
                    ("kubeconfig --server https://x -i c --role Dev", 1, "a role's ARN looks like"),
                ],
            ),
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
                    ("kubeconfig --convert insecure.conf --dry-run x", 1, "x: --convert names insecure.conf already"),
                ],
            ),
            (
                "kuberc",
                &[
                    ("kubeconfig --kuberc kuberc -i c", 1, CANNOT),
                    ("kubeconfig --kuberc kuberc -c config.yaml", 1, CANNOT),
                    ("kubeconfig --kuberc kuberc --merge x", 1, CANNOT),
                    ("kubeconfig --kuberc kuberc --convert insecure.conf", 1, CANNOT),
                    ("kubeconfig --kuberc kuberc --dry-run x", 1, "x: --kuberc names kuberc already"),
                ],
            ),
            (
                "yes",
                &[
                    ("kubeconfig --yes --server https://x -i c", 1, REQUIRED),
                    ("kubeconfig --yes --merge x --server https://x -i c", 1, REQUIRED),
                ],
            ),
            (
                "dry-run",
                &[
                    ("kubeconfig --dry-run --server https://x -i c", 1, REQUIRED),
                    ("kubeconfig --dry-run insecure.conf", 1, REQUIRED),
                    ("kubeconfig --kuberc --dry-run --yes", 1, CANNOT),
                    // With a file behind it, too.
                    ("kubeconfig --convert --dry-run insecure.conf", 0, "insecure.conf: nothing to convert"),
                ],
            ),
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
    ("cache show", "", Uses::NOTHING, &[("output", ALWAYS)]),
    ("cache clear", "", Uses::NOTHING, &[]),
    ("demo", "", Uses::NOTHING, &[("cluster", ALWAYS), ("node", &[("demo --cluster --node", 1, CANNOT)])]),
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
            ("output", &[("version --short --output yaml", 0, "note: --output has no effect with --short")]),
        ],
    ),
    ("completion", "bash", Uses::NOTHING, &[]),
];
