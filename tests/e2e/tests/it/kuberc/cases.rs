//! Kubercs as people have them, and odd ones.

use super::Runs::{self, Broken, No, Yes};

pub(super) struct Case {
    pub(super) name: &'static str,
    /// `BIN` is the path of our program.
    pub(super) text: &'static str,
    /// Whether kubectl runs our program, another one, and one that a path names.
    pub(super) before: [Runs; 3],
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    /// What is put into the text, in pieces that `…` separates (`was→is` where something is replaced), and what kubectl
    /// runs then. All else stays. `FOLDER` is the home folder.
    Adds(&'static str, [Runs; 3]),
    /// There is nothing to change.
    Unchanged,
    /// Nothing is changed, and this is said.
    Refused(&'static str),
}
use Outcome::{Adds, Refused, Unchanged};

/// What is written where any program could run.
const ALL: &str = "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- name: cluster-auth\n- name: other-plugin\n\
                   - name: FOLDER/elsewhere/path-plugin\n";

const NEW: &str = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\n\
                   credentialPluginAllowlist:\n- name: cluster-auth\n- name: other-plugin\n- name: FOLDER/elsewhere/path-plugin\n";

pub(super) const CASES: &[Case] = &[
    Case { name: "an empty file", text: "", before: [Yes; 3], outcome: Adds(NEW, [Yes; 3]) },
    Case { name: "comments alone", text: "# mine\n", before: [Yes; 3], outcome: Adds(NEW, [Yes; 3]) },
    Case {
        name: "aliases and defaults, with comments",
        text: "# my kubectl\napiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\naliases:\n- name: getn # nodes\n  command: get\n  prependArgs: [nodes]\n\n\
               defaults:\n  # safer\n  - command: delete\n    options:\n    - {name: interactive, default: \"true\"}\n",
        before: [Yes; 3],
        outcome: Adds(ALL, [Yes; 3]),
    },
    Case {
        name: "no line end at the end",
        text: "kind: Preference\napiVersion: kubectl.config.k8s.io/v1beta1",
        before: [Yes; 3],
        outcome: Adds(
            "\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- name: cluster-auth\n- name: other-plugin\n- name: FOLDER/elsewhere/path-plugin\n",
            [Yes; 3],
        ),
    },
    Case {
        name: "line ends of Windows",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\r\nkind: Preference\r\ncredentialPluginPolicy: Allowlist\r\ncredentialPluginAllowlist:\r\n- command: other-plugin\r\n",
        before: [No, Yes, No],
        outcome: Adds("- command: cluster-auth\r\n", [Yes, Yes, No]),
    },
    Case {
        name: "indented as a whole",
        text: "  apiVersion: kubectl.config.k8s.io/v1beta1\n  kind: Preference\n",
        before: [Yes; 3],
        outcome: Adds(
            "  credentialPluginPolicy: Allowlist\n  credentialPluginAllowlist:\n  - name: cluster-auth\n  - name: other-plugin\n  - name: FOLDER/elsewhere/path-plugin\n",
            [Yes; 3],
        ),
    },
    Case {
        name: "any program, in so many words",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: \"AllowAll\" # for now\naliases: []\n",
        before: [Yes; 3],
        outcome: Adds(
            "\"AllowAll\"→Allowlist…credentialPluginAllowlist:\n- name: cluster-auth\n- name: other-plugin\n- name: FOLDER/elsewhere/path-plugin\n",
            [Yes; 3],
        ),
    },
    Case {
        name: "a policy without a value",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy:\ncredentialPluginAllowlist:\n",
        before: [Yes; 3],
        outcome: Adds(
            " Allowlist… [{\"name\":\"cluster-auth\"},{\"name\":\"other-plugin\"},{\"name\":\"FOLDER/elsewhere/path-plugin\"}]",
            [Yes; 3],
        ),
    },
    Case {
        name: "a list of kubectl 1.35",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n  - name: other-plugin\n# behind\n",
        before: [No, Yes, No],
        outcome: Adds("  - name: cluster-auth\n", [Yes, Yes, No]),
    },
    Case {
        name: "a list between other keys",
        text: "credentialPluginAllowlist:\n- command: other-plugin\n\n# aliases\naliases: []\ncredentialPluginPolicy: Allowlist\nkind: Preference\napiVersion: kubectl.config.k8s.io/v1beta1\n",
        before: [No, Yes, No],
        outcome: Adds("- command: cluster-auth\n", [Yes, Yes, No]),
    },
    Case {
        name: "flow style",
        text: "# mine\n{apiVersion: kubectl.config.k8s.io/v1beta1, kind: Preference, credentialPluginPolicy: Allowlist, credentialPluginAllowlist: [{command: other-plugin}]}\n",
        before: [No, Yes, No],
        outcome: Adds(", {\"command\":\"cluster-auth\"}", [Yes, Yes, No]),
    },
    Case {
        name: "flow style where kubectl takes a brace for JSON",
        text: "{apiVersion: kubectl.config.k8s.io/v1beta1, kind: Preference, credentialPluginPolicy: DenyAll}\n",
        before: [Yes; 3],
        outcome: Refused("error["),
    },
    Case {
        name: "JSON",
        text: "{\n\t\"apiVersion\": \"kubectl.config.k8s.io/v1beta1\",\n\t\"kind\": \"Preference\"\n}\n",
        before: [Yes; 3],
        outcome: Adds(
            ", \"credentialPluginPolicy\": \"Allowlist\", \"credentialPluginAllowlist\": [{\"name\":\"cluster-auth\"},{\"name\":\"other-plugin\"},{\"name\":\"FOLDER/elsewhere/path-plugin\"}]",
            [Yes; 3],
        ),
    },
    Case {
        name: "a list without entries",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []\n",
        before: [Broken; 3],
        outcome: Adds("[]→[{\"name\":\"cluster-auth\"}]", [Yes, No, No]),
    },
    Case {
        name: "a policy without its list",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\n",
        before: [Broken; 3],
        outcome: Adds("credentialPluginAllowlist:\n- name: cluster-auth\n", [Yes, No, No]),
    },
    Case {
        name: "our program by its path",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: BIN}]\n",
        before: [Yes, No, No],
        outcome: Unchanged,
    },
    Case {
        name: "another program of our name",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: /opt/cluster-auth}]\n",
        before: [No, No, No],
        outcome: Adds(", {\"command\":\"cluster-auth\"}", [Yes, No, No]),
    },
    Case {
        name: "both names of a command",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- {name: other-plugin, command: other-plugin}\n",
        before: [No, Yes, No],
        outcome: Adds("- command: cluster-auth\n", [Yes, Yes, No]),
    },
    Case {
        name: "anchors elsewhere",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\naliases:\n- {name: a, command: get, options: &wide [{name: output, default: wide}]}\n- {name: b, command: get, options: *wide}\n",
        before: [Yes; 3],
        outcome: Adds(ALL, [Yes; 3]),
    },
    Case {
        name: "an anchor in the list",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- &one {name: other-plugin}\n- *one\n",
        before: [No, Yes, No],
        outcome: Adds("- name: cluster-auth\n", [Yes, Yes, No]),
    },
    Case {
        name: "a list that is shared",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\nx-mine: &list [{name: other-plugin}]\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: *list\n",
        before: [No, Yes, No],
        outcome: Refused("write out what anchors"),
    },
    Case {
        name: "a policy that is merged in",
        text: "x-mine: &mine {credentialPluginPolicy: AllowAll}\n<<: *mine\napiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n",
        before: [Yes; 3],
        outcome: Refused("write out what anchors"),
    },
    Case {
        name: "the policy twice, of which the last counts",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\ncredentialPluginPolicy: AllowAll\n",
        before: [Yes; 3],
        outcome: Adds(
            "AllowAll→Allowlist…credentialPluginAllowlist:\n- name: cluster-auth\n- name: other-plugin\n- name: FOLDER/elsewhere/path-plugin\n",
            [Yes; 3],
        ),
    },
    Case {
        name: "a key in another case, which kubectl does not know",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\nCredentialPluginPolicy: DenyAll\n",
        before: [Yes; 3],
        outcome: Adds(ALL, [Yes; 3]),
    },
    Case {
        name: "nothing may run",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll # by order\n",
        before: [No; 3],
        outcome: Refused("with this policy kubectl runs no program for credentials"),
    },
    Case {
        name: "nothing may run, with a list",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\ncredentialPluginAllowlist: [{name: other-plugin}]\n",
        before: [Broken; 3],
        outcome: Refused("with this policy kubectl runs no program for credentials"),
    },
    Case {
        name: "any program, with a list",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginAllowlist: [{name: other-plugin}]\n",
        before: [Broken; 3],
        outcome: Refused("write `credentialPluginPolicy: Allowlist`, or remove the list"),
    },
    Case {
        name: "any program, with a list of none",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: AllowAll\ncredentialPluginAllowlist: []\n",
        before: [Broken; 3],
        outcome: Refused("write `credentialPluginPolicy: Allowlist`, or remove the list"),
    },
    Case {
        name: "no policy that there is",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: allowlist\ncredentialPluginAllowlist: [{name: other-plugin}]\n",
        before: [Broken; 3],
        outcome: Refused("kubectl knows no policy"),
    },
    Case {
        name: "a path that is not the shortest",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: ./other-plugin}]\n",
        before: [Broken; 3],
        outcome: Refused("is not the shortest form of its path"),
    },
    Case {
        name: "an entry without a command",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- name: other-plugin\n-\n",
        before: [Broken; 3],
        outcome: Refused("it names no command"),
    },
    Case {
        name: "two commands in one entry",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: a, command: other-plugin}]\n",
        before: [Yes; 3],
        outcome: Refused("whose `name` and `command` differ"),
    },
    Case {
        name: "a value of another type",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ndefaults:\n- {command: delete, options: [{name: interactive, default: true}]}\n",
        before: [Yes; 3],
        outcome: Refused("a text belongs here, in quotes"),
    },
    Case {
        name: "the version before, which knows no policy",
        text: "apiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\noverrides:\n- {command: delete, flags: [{name: interactive, default: \"true\"}]}\ncredentialPluginPolicy: DenyAll\n",
        before: [Yes; 3],
        outcome: Refused("make it `kubectl.config.k8s.io/v1beta1`"),
    },
    Case {
        name: "a version that there is not",
        text: "apiVersion: kubectl.config.k8s.io/v1\nkind: Preference\n",
        before: [Yes; 3],
        outcome: Refused("kubectl knows no `apiVersion: kubectl.config.k8s.io/v1`"),
    },
    Case {
        name: "a kubeconfig in its place",
        text: "apiVersion: v1\nkind: Config\nusers: []\n",
        before: [Yes; 3],
        outcome: Refused("kubectl does not take this document for a kuberc"),
    },
    Case {
        name: "two versions, of which the first counts",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n---\napiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\n",
        before: [Yes; 3],
        outcome: Adds(ALL, [Yes; 3]),
    },
    Case {
        name: "two versions, of which the old one counts",
        text: "apiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\n---\napiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n",
        before: [Yes; 3],
        outcome: Refused("make it `kubectl.config.k8s.io/v1beta1`"),
    },
    Case {
        name: "a version of the future, then one that counts",
        text: "# newest first\n---\napiVersion: kubectl.config.k8s.io/v2\nkind: Preference\n---\napiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- name: other-plugin\n--- # the end\n",
        before: [No, Yes, No],
        outcome: Adds("- name: cluster-auth\n", [Yes, Yes, No]),
    },
    Case {
        name: "a document that cannot be read, then one that counts",
        text: "a: [\n---\napiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n",
        before: [No; 3],
        outcome: Refused("with this policy kubectl runs no program for credentials"),
    },
    Case {
        name: "words behind a separator",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n--- words\n",
        before: [Yes; 3],
        outcome: Refused("after `---` kubectl allows only a comment"),
    },
    Case {
        name: "a byte order mark",
        text: "\u{feff}apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- name: other-plugin\n",
        before: [No, Yes, No],
        outcome: Adds("- name: cluster-auth\n", [Yes, Yes, No]),
    },
    Case {
        name: "flow style in a file of several lines",
        text: "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [\n  {command: other-plugin}, # theirs\n]\n",
        before: [No, Yes, No],
        outcome: Adds(", {\"command\":\"cluster-auth\"}", [Yes, Yes, No]),
    },
];
