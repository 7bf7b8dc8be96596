//! Setting a cluster up.

use super::{ALWAYS, CANNOT, Row, Uses};

pub(super) const COMMANDS: &[Row] = &[
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
            ("partition", ALWAYS),
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
            // Of use as soon as a mode asks the cluster, which the file of backend modes may say while it runs.
            ("kubeconfig", ALWAYS),
            ("master", ALWAYS),
            (
                "deny-with-200",
                &[(
                    "server -i prod.example.com --state-dir missing --shadow-of https://localhost:1/ --deny-with-200",
                    1,
                    "--deny-with-200 (or server.denyWith200) says how this server's own denials are answered",
                )],
            ),
            ("shadow-of", ALWAYS),
            (
                "shadow-of-ca",
                &[(
                    "server -i prod.example.com --state-dir missing --shadow-of-ca cert.pem",
                    1,
                    "the following required arguments were not provided:\n  --shadow-of <URL>",
                )],
            ),
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
        "add user",
        "--userarn arn:aws:iam::111122223333:user/x --username x --groups g --file none.yaml --prompt=false",
        Uses::ALL,
        &[
            ("prompt", ALWAYS),
            ("userarn", ALWAYS),
            ("username", ALWAYS),
            ("groups", ALWAYS),
            (
                "kubeconfig",
                &[(
                    "add user --userarn arn:aws:iam::111122223333:user/x --username x --groups g --file none.yaml --kubeconfig k",
                    1,
                    CANNOT,
                )],
            ),
            (
                "kubeconfig-context",
                &[(
                    "add user --userarn arn:aws:iam::111122223333:user/x --username x --groups g --file none.yaml --kubeconfig-context c",
                    1,
                    CANNOT,
                )],
            ),
            (
                "master-url",
                &[(
                    "add user --userarn arn:aws:iam::111122223333:user/x --username x --groups g --file none.yaml --master-url https://x",
                    1,
                    CANNOT,
                )],
            ),
            ("file", ALWAYS),
        ],
    ),
    (
        "add role",
        "--rolearn arn:aws:iam::111122223333:role/x --username x --groups g --file none.yaml --prompt=false",
        Uses::ALL,
        &[
            ("prompt", ALWAYS),
            ("rolearn", ALWAYS),
            ("username", ALWAYS),
            ("groups", ALWAYS),
            // With `--rolearn` it is refused in the words of aws-iam-authenticator, which the end-to-end tests compare.
            ("sso", ALWAYS),
            (
                "kubeconfig",
                &[(
                    "add role --rolearn arn:aws:iam::111122223333:role/x --username x --groups g --file none.yaml --kubeconfig k",
                    1,
                    CANNOT,
                )],
            ),
            (
                "kubeconfig-context",
                &[(
                    "add role --rolearn arn:aws:iam::111122223333:role/x --username x --groups g --file none.yaml --kubeconfig-context c",
                    1,
                    CANNOT,
                )],
            ),
            (
                "master-url",
                &[(
                    "add role --rolearn arn:aws:iam::111122223333:role/x --username x --groups g --file none.yaml --master-url https://x",
                    1,
                    CANNOT,
                )],
            ),
            ("file", ALWAYS),
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
];
