//! The pages that only the program itself can write: its commands, and with `log` its metrics. This chore builds it and asks.

use std::process::Command;

use super::log;
use crate::run;

const COMMANDS: &str = "\
<!-- Written by `cargo xtask docs` from the code; changes here are lost. -->
# Commands and flags

Everything that `cluster-auth` takes, as `--help` says it. Flags stand before or after the command. [Exit codes](exit-codes.md) say what 0, 1 and 2 mean for each
command; what `token` and `server` read from the environment is named with their flags, and where AWS credentials come from says
[another page](client.md#where-the-credentials-come-from).
";

const METRICS: &str = "\
<!-- Written by `cargo xtask docs` from the code; changes here are lost. -->
# Metrics and log

What `cluster-auth server` measures and writes. [The webhook server](server.md#look-at-it) says where.

## Metrics

`https://…:21362/metrics` has them in Prometheus' text format 0.0.4. Names that begin with `aws_iam_authenticator` are that program's, so its dashboards stay good.

| metric | type | labels | meaning |
|---|---|---|---|
";

const PROCESS: &str = "
On Linux there are Prometheus' own `process_cpu_seconds_total`, `process_open_fds`, `process_max_fds`, `process_resident_memory_bytes`, `process_virtual_memory_bytes`,
`process_threads` and `process_start_time_seconds` besides.
";

/// What the program says of itself.
pub(super) struct Reference {
    commands: String,
    metrics: String,
}

impl Reference {
    /// Builds the program as the tests have it, so that nothing is built twice, and asks it.
    pub(super) fn ask() -> anyhow::Result<Self> {
        run::check(run::cargo().args(["build", "--quiet", "--locked", "--workspace", "--all-targets"]))?;
        let program = run::root().join("target/debug/cluster-auth");
        let ask = |what: &str| run::output(Command::new(&program).args(["__reference", what]));
        Ok(Self { commands: ask("commands")?, metrics: ask("metrics")? })
    }

    /// docs/commands.md.
    pub(super) fn commands(&self) -> String {
        format!("{COMMANDS}{}", self.commands)
    }

    /// docs/metrics.md.
    pub(super) fn metrics(&self) -> anyhow::Result<String> {
        Ok(format!("{METRICS}{}{PROCESS}{}", self.metrics, log::section()?))
    }
}
