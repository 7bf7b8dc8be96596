//! What differs on the command line, and in what: the rows of docs/differences.md, "On the command line".

/// One known difference. Why it is one, the page says.
#[derive(Debug)]
pub(super) struct Difference {
    /// As the first column of the page has it.
    pub(super) what: &'static str,
    /// Exit codes, theirs and ours.
    pub(super) codes: (i32, i32),
    /// The streams in which other words stand.
    pub(super) differs: &'static [&'static str],
}

const BOTH: &[&str] = &["stdout", "stderr"];

pub(super) const HELP: Difference = Difference { what: "help", codes: (0, 0), differs: &["stdout"] };
pub(super) const WRONG: Difference =
    Difference { what: "wrong usage and failures, exit code 1", codes: (1, 1), differs: BOTH };
pub(super) const WORDS: Difference = Difference { what: "words that no command takes", codes: (0, 1), differs: BOTH };
pub(super) const NO_HELP: Difference = Difference {
    what: "`help nosuch`, `completion` without a shell or with one that is unknown",
    codes: (0, 1),
    differs: BOTH,
};
pub(super) const ADD: Difference = Difference { what: "`add` without `user` or `role`", codes: (0, 1), differs: BOTH };
pub(super) const VERSION: Difference = Difference { what: "`--version`, `-V`", codes: (1, 0), differs: BOTH };
pub(super) const NO_DESCRIPTIONS: Difference =
    Difference { what: "`completion … --no-descriptions`", codes: (0, 1), differs: BOTH };
pub(super) const FORMAT: Difference =
    Difference { what: "`-o` of `version` and `verify` with a format that is none", codes: (0, 1), differs: BOTH };
pub(super) const LEVEL: Difference = Difference {
    what: "`AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY` with a level that is none",
    codes: (1, 0),
    differs: &["stdout"],
};
pub(super) const NOTES: Difference =
    Difference { what: "what `token` and `version` have to say besides", codes: (0, 0), differs: &["stderr"] };
pub(super) const FIPS_REGION: Difference =
    Difference { what: "`fips-us-west-2`, `us-west-2-fips` as a Region", codes: (0, 0), differs: &["stdout"] };
pub(super) const EXEC_INFO: Difference =
    Difference { what: "`KUBERNETES_EXEC_INFO` without a version that is known", codes: (0, 0), differs: BOTH };
pub(super) const IDENTITY: Difference = Difference { what: "`verify` without `-o json`", codes: (0, 0), differs: BOTH };
pub(super) const REGION: Difference = Difference { what: "`verify -o json`", codes: (0, 0), differs: &["stderr"] };
pub(super) const INIT: Difference = Difference { what: "what `init` says", codes: (0, 0), differs: BOTH };
pub(super) const ADDRESS: Difference =
    Difference { what: "`init --address` with what is not an address", codes: (0, 1), differs: BOTH };
pub(super) const HOSTNAME: Difference =
    Difference { what: "`init --hostname` with what is not a host", codes: (0, 1), differs: BOTH };
pub(super) const NOTHING_BEHIND: Difference =
    Difference { what: "`-i=` with nothing behind it", codes: (0, 1), differs: BOTH };
pub(super) const NO_ROLE: Difference =
    Difference { what: "`-r=` with nothing behind it", codes: (1, 0), differs: BOTH };
pub(super) const HELP_TRUE: Difference = Difference { what: "`--help=true`", codes: (0, 1), differs: BOTH };
pub(super) const COMPLETE: Difference =
    Difference { what: "`__complete`, `__completeNoDesc`", codes: (0, 1), differs: BOTH };
pub(super) const NO_REGION: Difference =
    Difference { what: "`token --region` with what is not a Region", codes: (0, 1), differs: BOTH };
pub(super) const BLANK_ID: Difference = Difference {
    what: "a cluster id of blanks, with a tab or a line break, or with letters beyond ASCII",
    codes: (0, 1),
    differs: BOTH,
};
pub(super) const UNREAD: Difference = Difference {
    what: "variables of the SDK for Go that say nothing here, with a value that is not valid",
    codes: (1, 0),
    differs: BOTH,
};
pub(super) const BUNDLE: Difference = Difference {
    what: "`AWS_CA_BUNDLE` with a file that is not there, where nothing is asked over the network",
    codes: (1, 0),
    differs: BOTH,
};
pub(super) const LAX: Difference = Difference {
    what: "a configuration file that is JSON to readers of YAML alone (`{\"a\": 1,}`, `01`, a byte order mark, nothing), or TOML 1.1",
    codes: (1, 0),
    differs: BOTH,
};
pub(super) const NO_TEXT: Difference = Difference {
    what: "a configuration file of JSON that is `null`, or has half of a character (`\\ud800`)",
    codes: (0, 1),
    differs: BOTH,
};
pub(super) const PANIC: Difference = Difference {
    what: "`ec2DescribeInstancesRoleARN`, or `sourceARN` beside it, that is no ARN",
    codes: (2, 1),
    differs: BOTH,
};
pub(super) const DOTENV: Difference =
    Difference { what: "`-c` with a file of variables (`.env`, `.dotenv`)", codes: (0, 1), differs: BOTH };

/// All of them.
pub(super) const TABLE: &[Difference] = &[
    HELP,
    WRONG,
    WORDS,
    NO_HELP,
    ADD,
    VERSION,
    NO_DESCRIPTIONS,
    FORMAT,
    LEVEL,
    NOTES,
    FIPS_REGION,
    EXEC_INFO,
    IDENTITY,
    REGION,
    INIT,
    ADDRESS,
    HOSTNAME,
    NOTHING_BEHIND,
    NO_ROLE,
    HELP_TRUE,
    COMPLETE,
    NO_REGION,
    BLANK_ID,
    UNREAD,
    BUNDLE,
    LAX,
    NO_TEXT,
    PANIC,
    DOTENV,
];
