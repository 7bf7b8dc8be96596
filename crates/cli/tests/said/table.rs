//! Lines that fail, and what is said of each.

/// One of them.
pub(crate) struct Said {
    /// What is wrong.
    pub(crate) name: &'static str,
    /// What is typed, in a folder that holds [`FILES`].
    pub(crate) line: &'static str,
    /// Variables that are set besides.
    pub(crate) env: &'static [(&'static str, &'static str)],
    /// What is piped into it.
    pub(crate) stdin: &'static str,
    /// The exit code.
    pub(crate) code: i32,
    /// What is said.
    pub(crate) says: &'static [&'static str],
    /// What is not.
    pub(crate) not: &'static [&'static str],
}

/// A line without anything besides.
const PLAIN: Said = Said { name: "", line: "", env: &[], stdin: "", code: 1, says: &[], not: &[] };

/// The files of the folder, by name.
pub(crate) const FILES: &[(&str, &[u8])] = &[
    (
        "bad.yaml",
        b"groups:\n- name: a\n  authentication: {account: '1111-2222-3333'}\n  roles: [R]\n  access: [{role: view}]\n",
    ),
    // As PowerShell's `>` writes it.
    ("utf-16.yaml", b"\xff\xfec\0l\0u\0s\0t\0e\0r\0I\0D\0:\0 \0c\0\n\0g\0r\0o\0u\0p\0s\0:\0 \0[\0]\0\n\0"),
    ("latin-1.yaml", b"groups: [] # \xe9\n"),
    (
        "k.yaml",
        b"apiVersion: v1\nkind: Config\ncurrent-context: a b\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n\
          contexts: [{name: a b, context: {cluster: c, user: u}}]\nusers:\n- name: u\n  user:\n    exec:\n      \
          apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n      command: sh\n      \
          args: [-c, 'echo run aws sso login >&2; exit 3']\n",
    ),
    ("account.yaml", b"account: '1111-2222-3333'\ngroups: []\n"),
    (
        "verbs.yaml",
        b"groups:\n- name: a\n  authorization:\n  - rules: [{apiGroups: [''], resources: [pods], verbs: get}]\n",
    ),
    ("map.yaml", b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {}\n"),
    ("access.yml", b"groups: []\n"),
    ("program.bin", b"\x7fELF\x02\x01\x00\x00: {{[\x00\xff\n"),
    ("no-current.yaml", b"apiVersion: v1\nkind: Config\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"),
];

/// All of them.
pub(crate) const SAID: &[Said] = &[
    Said {
        name: "a server's access file with a mistake is shown as that of --config is",
        line: "server -i c --state-dir . --kubeconfig-pregenerated --access-file bad.yaml",
        says: &["\n --> bad.yaml:3:", "\n  |\n3 | "],
        not: &["error: error", "\u{fffd}"],
        ..PLAIN
    },
    Said {
        name: "what init says is what the server takes",
        line: "init -i c --port 21399 --hostname webhook.example.com",
        code: 0,
        says: &["\n  --state-dir=", " --kubeconfig-pregenerated --hostname=webhook.example.com --port=21399\n"],
        ..PLAIN
    },
    Said {
        name: "what a credential plugin says is seen, as kubectl shows it, and the command goes to the same cluster",
        line: "whoami --kubeconfig k.yaml",
        says: &[
            "run aws sso login\n",
            "what it says stands above; `kubectl --kubeconfig k.yaml --context 'a b' auth whoami`",
        ],
        ..PLAIN
    },
    Said {
        name: "a kubeconfig of KUBECONFIG is the one that kubectl reads by itself",
        line: "whoami",
        env: &[("KUBECONFIG", "k.yaml")],
        says: &["`kubectl --context 'a b' auth whoami`"],
        ..PLAIN
    },
    Said {
        name: "another file than a kubeconfig",
        line: "whoami --kubeconfig bad.yaml",
        says: &["bad.yaml has no contexts: not a kubeconfig, or an empty one"],
        ..PLAIN
    },
    Said {
        name: "a kubeconfig without a current context",
        line: "whoami --kubeconfig no-current.yaml",
        says: &["`kubectl --kubeconfig no-current.yaml config use-context NAME` sets one, of: a"],
        ..PLAIN
    },
    Said {
        name: "no kubeconfig yet",
        line: "whoami",
        says: &[
            ".kube/config; give the path of one that is there by --kubeconfig or KUBECONFIG, or make one: `cluster-auth kubeconfig --merge`",
        ],
        ..PLAIN
    },
    Said {
        name: "two of the three values of a session",
        line: "token -i c",
        env: &[("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE")],
        code: 0,
        says: &[
            "the access key ASIAIOSFODNN7EXAMPLE is temporary, and no session token is set",
            "set AWS_SESSION_TOKEN",
        ],
        ..PLAIN
    },
    Said {
        name: "keys that last need no session token",
        line: "token -i c",
        code: 0,
        not: &["session token"],
        ..PLAIN
    },
    Said {
        name: "what token prints for kubectl holds a token",
        line: "verify -i c",
        stdin: r#"{"kind": "ExecCredential", "status": {"token": "k8s-aws-v1.x"}}"#,
        says: &["[token.encoding]"],
        ..PLAIN
    },
    Said {
        name: "an ExecCredential in which a plugin has put no token",
        line: "verify -i c",
        stdin: r#"{"kind": "ExecCredential", "spec": {}}"#,
        says: &["the JSON holds no token"],
        ..PLAIN
    },
    Said {
        name: "a pipe through which no token came",
        line: "verify -i c",
        stdin: "\n",
        says: &["no token on stdin: the command before the pipe printed nothing"],
        not: &["token.not-aws"],
        ..PLAIN
    },
    Said {
        name: "an account as the console writes it",
        line: "check account.yaml",
        says: &["this has 14 characters, not all of them digits", "help: write \"111122223333\""],
        ..PLAIN
    },
    Said {
        name: "verbs that are no list are not missing",
        line: "check verbs.yaml",
        says: &["`verbs` is a list, this is"],
        not: &["a rule without verbs"],
        ..PLAIN
    },
    Said {
        name: "a manifest is one mistake",
        line: "check map.yaml",
        says: &[
            "map.yaml:2:1",
            "this is a manifest (ConfigMap), and no access file",
            "`cluster-auth import --from FILE`",
        ],
        not: &["has no key"],
        ..PLAIN
    },
    Said {
        name: "a file that is no access.yaml by its name",
        line: "check",
        says: &["no access.yaml: name access.yml, if that is the access file"],
        ..PLAIN
    },
    Said {
        name: "a program in place of a dump",
        line: "who-can get pods --from program.bin",
        says: &["program.bin: it is not a text"],
        not: &["template"],
        ..PLAIN
    },
    Said {
        name: "a role's name in place of its ARN",
        line: "token -i c -r Deployer",
        says: &["`Deployer` is not the ARN of a role, such as arn:aws:iam::111122223333:role/Name"],
        ..PLAIN
    },
    // Of a network that only documentation has (RFC 5737).
    Said {
        name: "an address of another machine",
        line: "server -i c --state-dir . --kubeconfig-pregenerated --health-address none --address 192.0.2.9",
        says: &["cannot listen on 192.0.2.9:21362; give an address of this machine as --address"],
        not: &["is another server running?"],
        ..PLAIN
    },
    Said {
        name: "a flag is no value",
        line: "render -o json",
        says: &["unexpected argument '-o'"],
        not: &["-- -o"],
        ..PLAIN
    },
    Said {
        name: "another flag is named only where it is like what was typed",
        line: "who-can get pods --as bob",
        says: &["unexpected argument '--as'"],
        not: &["--namespace' exists"],
        ..PLAIN
    },
    Said { name: "a code of plan", line: "explain plan.not-ours", says: &["docs/plan.md explains those"], ..PLAIN },
    Said {
        name: "an API server whose authority is not given",
        line: "kubeconfig -i c --server https://api.example.com",
        code: 0,
        says: &["note: without --ca FILE kubectl trusts the authorities of its machine for https://api.example.com"],
        ..PLAIN
    },
    Said { name: "an access file in UTF-16 is a text", line: "check utf-16.yaml", code: 0, not: &["UTF-8"], ..PLAIN },
    Said {
        name: "a file that is no text stops no other from being read",
        line: "check latin-1.yaml bad.yaml",
        says: &["latin-1.yaml:1:1", "byte 13 is not UTF-8", "save it as UTF-8", "bad.yaml:3:"],
        ..PLAIN
    },
];
