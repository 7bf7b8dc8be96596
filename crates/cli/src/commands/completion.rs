//! `completion`: what makes a shell complete the command line, by asking this program at every place.

mod candidates;
mod values;

use std::{ffi::OsString, path::Path};

use clap::{Args, ValueEnum, builder::PossibleValue};
use clap_complete::Shell;

use crate::{
    exit::CommandResult,
    process::{self, Process},
};

/// Flags of `completion`.
#[derive(Args, Debug)]
#[command(after_help = "The script completes the name by which the program was called:
`aws-iam-authenticator completion bash` completes aws-iam-authenticator.

Examples:
  source <(cluster-auth completion bash)
  source <(cluster-auth completion zsh)
  cluster-auth completion fish > ~/.config/fish/completions/cluster-auth.fish
  cluster-auth completion kubectl > /usr/local/bin/kubectl_complete-cluster_auth
  chmod +x /usr/local/bin/kubectl_complete-cluster_auth")]
pub(crate) struct CompletionArgs {
    /// Shell to complete for, or kubectl
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

/// The program that kubectl looks for.
const KUBECTL: &str = "\
#!/bin/sh
# Completes `kubectl cluster-auth`: an executable file kubectl_complete-cluster_auth on the PATH.
exec kubectl-cluster_auth __complete -- \"$@\"
";

/// Scripts that ask this program; the name to complete stands in them as `@PROGRAM@`.
const BASH: &str = include_str!("completion/complete.bash");
const ZSH: &str = include_str!("completion/complete.zsh");
const FISH: &str = include_str!("completion/complete.fish");

/// Prints the script for the whole command line; `source <(cluster-auth completion bash)` loads it.
pub(crate) fn run(args: &CompletionArgs, mut command: clap::Command, process: &Process) -> CommandResult {
    let program = program(&process.arguments);
    let script = match args.of {
        Completer::Shell(Shell::Bash) => BASH.replace("@PROGRAM@", program),
        Completer::Shell(Shell::Zsh) => ZSH.replace("@PROGRAM@", program),
        Completer::Shell(Shell::Fish) => FISH.replace("@PROGRAM@", program),
        // The library's: they list what there is, and ask nobody.
        Completer::Shell(shell) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, program, &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
        Completer::Kubectl => KUBECTL.to_owned(),
    };
    Ok(process::print(&script)?)
}

/// The name that is typed: the file's, whatever folder it is in.
fn program(arguments: &[OsString]) -> &str {
    let name = arguments.first().and_then(|program| Path::new(program).file_stem()).and_then(|name| name.to_str());
    let is_plain = |name: &&str| {
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
    };
    // It stands in scripts.
    name.filter(is_plain).unwrap_or("cluster-auth")
}

/// What a script asks for.
#[derive(Args, Debug)]
pub(crate) struct CandidatesArgs {
    /// The words behind the program's name, the last one as far as it is typed
    #[arg(last = true)]
    words: Vec<OsString>,
}

/// Prints what may stand there on the command line.
pub(crate) fn candidates(args: &CandidatesArgs, command: clap::Command, process: &Process) -> CommandResult {
    let look = |ask: values::Ask<'_>| values::look(&ask, process);
    Ok(process::print(&candidates::candidates(command, &args.words, &look))?)
}

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn a_script_completes_the_name_that_was_called() {
        let rows = [
            ("/usr/local/bin/cluster-auth", "cluster-auth"),
            ("aws-iam-authenticator", "aws-iam-authenticator"),
            ("bin/kubectl-cluster_auth", "kubectl-cluster_auth"),
            ("/x/$(reboot)", "cluster-auth"),
            ("", "cluster-auth"),
        ];
        for (called, expected) in rows {
            assert_eq!(program(&[called.into()]), expected, "{called}");
        }
        assert_eq!(program(&[]), "cluster-auth");
    }
}
