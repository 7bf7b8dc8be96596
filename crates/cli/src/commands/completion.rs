//! `completion`: a shell's completion script, generated from the command line itself.

mod kubectl;

use std::ffi::OsString;

use clap::{Args, ValueEnum, builder::PossibleValue};
use clap_complete::Shell;

use crate::{
    arguments,
    exit::CommandResult,
    rim::{self, Process},
};

/// Flags of `completion`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  source <(cluster-auth completion bash)
  cluster-auth completion kubectl > /usr/local/bin/kubectl_complete-cluster_auth
  chmod +x /usr/local/bin/kubectl_complete-cluster_auth")]
pub(crate) struct CompletionArgs {
    /// What completes: a shell, or kubectl for its plugin
    #[arg(value_name = "SHELL")]
    of: Completer,
}

/// What completes.
#[derive(Clone, Copy, Debug)]
enum Completer {
    /// A shell.
    Shell(Shell),
    /// kubectl, which runs a program of its own for each plugin.
    Kubectl,
}

impl ValueEnum for Completer {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Shell(Shell::Bash),
            Self::Shell(Shell::Elvish),
            Self::Shell(Shell::Fish),
            Self::Kubectl,
            Self::Shell(Shell::PowerShell),
            Self::Shell(Shell::Zsh),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Shell(shell) => shell.to_possible_value(),
            Self::Kubectl => Some(PossibleValue::new("kubectl")),
        }
    }
}

/// Prints the script; `source <(cluster-auth completion bash)` loads it.
pub(crate) fn run(args: &CompletionArgs) -> CommandResult {
    match args.of {
        Completer::Shell(shell) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut arguments::command(&[]), "cluster-auth", &mut script);
            Ok(rim::print(&String::from_utf8_lossy(&script))?)
        }
        Completer::Kubectl => Ok(rim::print(kubectl::SCRIPT)?),
    }
}

/// What kubectl's script asks for.
#[derive(Args, Debug)]
pub(crate) struct CandidatesArgs {
    /// The words behind `kubectl cluster-auth`, the last one as far as it is typed
    #[arg(last = true)]
    words: Vec<OsString>,
}

/// Prints what may stand there.
pub(crate) fn candidates(args: &CandidatesArgs, process: &Process) -> CommandResult {
    Ok(rim::print(&kubectl::candidates(arguments::command(&process.arguments), &args.words))?)
}
