//! `completion`: a shell's completion script, generated from the command line itself.

use clap::{Args, CommandFactory as _};

use crate::{arguments::Cli, exit::CommandResult, rim};

/// Flags of `completion`.
#[derive(Args, Debug)]
pub(crate) struct CompletionArgs {
    /// The shell to complete in
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Prints the script; `source <(cluster-auth completion bash)` loads it.
pub(crate) fn run(args: &CompletionArgs) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cluster-auth", &mut script);
    Ok(rim::print(&String::from_utf8_lossy(&script))?)
}
