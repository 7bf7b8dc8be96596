//! What holds for every command: the flags that each of them takes, which of these it has a use for, and what the program is
//! called by whoever started it.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use clap::{
    Args,
    builder::{BoolValueParser, OsStringValueParser, PossibleValue, TypedValueParser},
};
use mapping::authenticator::{self, FeatureGates, GateError};

use crate::{logs::Format, process};

/// The flags of every command, named as aws-iam-authenticator names them. Of one that stands twice the last counts, as there.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Configuration file of the authenticator (YAML, JSON or TOML)
    #[arg(short, long, global = true, overrides_with = "config", value_name = "FILE", value_parser = path_or_empty())]
    pub(crate) config: Option<PathBuf>,

    /// Cluster id that tokens are bound to [env: KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID]
    #[arg(
        short = 'i',
        long,
        global = true,
        overrides_with = "cluster_id",
        value_name = "ID",
        allow_hyphen_values = true
    )]
    pub(crate) cluster_id: Option<String>,

    /// Log level: panic, fatal, error, warning, info, debug or trace [default: info] [env: AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY]
    #[arg(short = 'v', long, global = true, overrides_with = "log_verbosity", value_name = "LEVEL")]
    pub(crate) log_verbosity: Option<crate::logs::Verbosity>,

    /// Log format: text or json [default: text]
    #[arg(short = 'l', long, global = true, overrides_with = "log_format", value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,

    /// Feature gates of aws-iam-authenticator, as A=true,B=false; repeatable
    #[arg(long, global = true, value_name = "GATES", value_parser = gates)]
    pub(crate) feature_gates: Vec<String>,

    /// When to use colours; NO_COLOR turns them off
    #[arg(long, global = true, overrides_with = "color", value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

impl Global {
    /// The same without what is given and empty, as a template leaves it: that is not given, as in aws-iam-authenticator.
    #[must_use]
    pub(crate) fn settled(mut self) -> Self {
        self.config = self.config.filter(|path| !path.as_os_str().is_empty());
        self
    }

    /// Says of a format that nobody knows that it means text. aws-iam-authenticator starts with it, so manifests have some.
    pub(crate) fn say_log_format(&self) {
        if let Some(format) = self.log_format.as_deref().filter(|format| Format::named(format).is_none()) {
            process::note(&format!("note: --log-format {format}: unknown format (text, json); writing text"));
        }
    }

    /// All the feature gates that were typed, in their order.
    pub(crate) fn feature_gates(&self) -> Option<String> {
        (!self.feature_gates.is_empty()).then(|| self.feature_gates.join(","))
    }
}

/// A path, which may be empty.
pub(crate) fn path_or_empty() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Gates that exist, as they were typed.
fn gates(text: &str) -> Result<String, GateError> {
    text.parse::<FeatureGates>().map(|_| text.to_owned())
}

/// Reads truth values as flags of aws-iam-authenticator take them: `1` and `T` are true, too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Boolean;

impl TypedValueParser for Boolean {
    type Value = bool;

    fn parse_ref(&self, command: &clap::Command, arg: Option<&clap::Arg>, value: &OsStr) -> Result<bool, clap::Error> {
        match value.to_str().and_then(authenticator::boolean) {
            Some(truth) => Ok(truth),
            // Its words about what is meant.
            None => BoolValueParser::new().parse_ref(command, arg, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(["true", "false"].into_iter().map(PossibleValue::new)))
    }
}

/// Reads whole numbers as flags of aws-iam-authenticator take them, of the server alone: `0x5372`, `051562` and `21_362` are 21362.
#[cfg(unix)]
pub(crate) fn number<T: TryFrom<i64>>(text: &str) -> Result<T, String> {
    let number = authenticator::whole_number(text).ok_or_else(|| "expected a whole number".to_owned())?;
    T::try_from(number).map_err(|_| format!("{number} is out of range"))
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
        global.say_log_format();
        if let Some(path) = global.config.as_ref().filter(|_| !self.config) {
            anyhow::bail!(
                "--config {}: this command reads no configuration of the authenticator; leave it out",
                path.display()
            );
        }
        if let Some(id) = global.cluster_id.as_ref().filter(|_| !self.cluster_id) {
            anyhow::bail!("--cluster-id {id}: this command uses no cluster id; leave it out");
        }
        if let Some(gates) = global.feature_gates().filter(|_| !self.gates) {
            anyhow::bail!("--feature-gates {gates}: this command does not depend on feature gates; leave them out");
        }
        let logs = [("--log-verbosity", global.log_verbosity.is_some()), ("--log-format", global.log_format.is_some())];
        for (flag, _) in logs.iter().filter(|(_, is_given)| *is_given && !self.logs) {
            process::note(&format!("note: {flag} has no effect here: only `cluster-auth server` writes logs"));
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

/// The names of the programs that this one stands in for, by which it may be installed. The second is what
/// aws-iam-authenticator was called in 2018.
const STANDS_IN_FOR: [&str; 2] = ["aws-iam-authenticator", "heptio-authenticator-aws"];

/// The name by which the program can be started: its own, or that of a program that it stands in for, where it was started by
/// that. A kubeconfig names it so.
pub(crate) fn program(arguments: &[OsString]) -> &'static str {
    let stem = arguments.first().and_then(|program| Path::new(program).file_stem());
    STANDS_IN_FOR.into_iter().find(|name| stem == Some(OsStr::new(name))).unwrap_or("cluster-auth")
}

/// How the program is called where words for it were typed: as kubectl's plugin it is `kubectl cluster-auth`.
pub(crate) fn typed(arguments: &[OsString]) -> &'static str {
    if is_plugin(arguments) { "kubectl cluster-auth" } else { program(arguments) }
}

/// How whoever started the program calls it: what a text tells them to type begins with this.
///
/// cargo says in the environment of what it runs which package that is.
// Only `demo` asks, which wants Unix.
#[cfg(any(all(unix, feature = "local"), test))]
pub(crate) fn called(process: &crate::process::Process) -> &'static str {
    let is_run_by_cargo = process.variable("CARGO_PKG_NAME") == Some(env!("CARGO_PKG_NAME"));
    if is_run_by_cargo && !is_plugin(&process.arguments) { "cargo run --" } else { typed(&process.arguments) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::called;
    use crate::process::Process;

    #[test]
    fn texts_name_the_program_as_it_was_called() {
        let rows = [
            ("cluster-auth", None, "cluster-auth"),
            ("/usr/local/bin/aws-iam-authenticator", None, "aws-iam-authenticator"),
            ("heptio-authenticator-aws.exe", None, "heptio-authenticator-aws"),
            ("/opt/aws-iam-authenticator-2", None, "cluster-auth"),
            ("/usr/local/bin/kubectl-cluster_auth", None, "kubectl cluster-auth"),
            ("target/debug/cluster-auth", Some("cli"), "cargo run --"),
            // What cargo runs may run an installed program.
            ("/usr/local/bin/cluster-auth", Some("xtask"), "cluster-auth"),
        ];
        for (program, package, expected) in rows {
            let variables = package.map(|package| ("CARGO_PKG_NAME".to_owned(), package.to_owned()));
            let variables: BTreeMap<_, _> = variables.into_iter().collect();
            assert_eq!(
                called(&Process { arguments: vec![program.into()], variables, ..Process::default() }),
                expected,
                "{program}"
            );
        }
    }
}
