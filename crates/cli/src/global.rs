//! What holds for every command: the flags that each of them takes, which of these it has a use for, and what the program is
//! called by whoever started it.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use clap::Args;

use crate::rim;

/// The flags of every command, named as aws-iam-authenticator names them.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Configuration file of the authenticator (YAML or JSON)
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Cluster id that tokens are bound to [env: KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID]
    #[arg(short = 'i', long, global = true, value_name = "ID")]
    pub(crate) cluster_id: Option<String>,

    /// How much to log: panic, fatal, error, warning, info, debug or trace [env: AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY]
    #[arg(short = 'v', long, global = true, value_name = "LEVEL")]
    pub(crate) log_verbosity: Option<crate::logs::Verbosity>,

    /// How to log [default: text]
    #[arg(short = 'l', long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<crate::logs::Format>,

    /// Feature gates of aws-iam-authenticator, as A=true,B=false; accepted for compatibility
    #[arg(long, global = true, value_name = "GATES")]
    pub(crate) feature_gates: Option<String>,

    /// When to use colours (NO_COLOR is honoured)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which of the flags of every command say something to one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// `--config`, or the command says itself why not.
    pub(crate) config: bool,
    /// `--cluster-id`.
    pub(crate) cluster_id: bool,
    /// `--feature-gates`.
    pub(crate) gates: bool,
    /// `--log-verbosity` and `--log-format`.
    pub(crate) logs: bool,
}

impl Uses {
    /// What aws-iam-authenticator takes with a command of its own, be it of use or not.
    pub(crate) const ALL: Self = Self { config: true, cluster_id: true, gates: true, logs: true };
    /// Of commands that are about a cluster's access.
    pub(crate) const OF_ACCESS: Self = Self { logs: false, ..Self::ALL };
    /// Of commands that are about a cluster, and not about how its server reads.
    pub(crate) const OF_CLUSTER: Self = Self { gates: false, ..Self::OF_ACCESS };
    /// Of commands that are about no cluster.
    pub(crate) const NONE: Self = Self { config: false, cluster_id: false, gates: false, logs: false };

    /// Refuses what was typed and would change nothing. Of logs it is only said: whoever hopes for more lines loses nothing.
    pub(crate) fn ensure(self, global: &Global) -> anyhow::Result<()> {
        if let Some(path) = global.config.as_ref().filter(|_| !self.config) {
            anyhow::bail!(
                "--config {}: this command reads no configuration of the authenticator; leave it out",
                path.display()
            );
        }
        if let Some(id) = global.cluster_id.as_ref().filter(|_| !self.cluster_id) {
            anyhow::bail!("--cluster-id {id}: this command has no use for a cluster id; leave it out");
        }
        if let Some(gates) = global.feature_gates.as_ref().filter(|_| !self.gates) {
            anyhow::bail!("--feature-gates {gates}: nothing that this command does depends on them; leave them out");
        }
        let logs = [("--log-verbosity", global.log_verbosity.is_some()), ("--log-format", global.log_format.is_some())];
        for (flag, _) in logs.iter().filter(|(_, is_given)| *is_given && !self.logs) {
            rim::note(&format!("note: {flag} changes nothing here: `cluster-auth server` alone writes logs"));
        }
        Ok(())
    }
}

/// The name under which kubectl finds its plugin `cluster-auth`.
const PLUGIN: &str = "kubectl-cluster_auth";

/// Whether the program was started as kubectl's plugin, by the program's name.
pub(crate) fn is_plugin(arguments: &[OsString]) -> bool {
    arguments.first().is_some_and(|program| Path::new(program).file_stem() == Some(OsStr::new(PLUGIN)))
}

/// How whoever started the program calls it: what a text tells them to type begins with this.
///
/// cargo says in the environment of what it runs which package that is.
// Only `demo` asks, which wants Unix.
#[cfg(any(unix, test))]
pub(crate) fn called(process: &crate::rim::Process) -> &'static str {
    if is_plugin(&process.arguments) {
        "kubectl cluster-auth"
    } else if process.variable("CARGO_PKG_NAME") == Some(env!("CARGO_PKG_NAME")) {
        "cargo run --"
    } else {
        "cluster-auth"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::called;
    use crate::rim::Process;

    #[test]
    fn texts_name_the_program_as_it_was_called() {
        let rows = [
            ("cluster-auth", None, "cluster-auth"),
            ("/usr/local/bin/aws-iam-authenticator", None, "cluster-auth"),
            ("/usr/local/bin/kubectl-cluster_auth", None, "kubectl cluster-auth"),
            ("target/debug/cluster-auth", Some("cli"), "cargo run --"),
            // What cargo runs may run an installed program.
            ("/usr/local/bin/cluster-auth", Some("xtask"), "cluster-auth"),
        ];
        for (program, package, expected) in rows {
            let variables = package.map(|package| ("CARGO_PKG_NAME".to_owned(), package.to_owned()));
            let variables: BTreeMap<_, _> = variables.into_iter().collect();
            assert_eq!(called(&Process { arguments: vec![program.into()], variables }), expected, "{program}");
        }
    }
}
