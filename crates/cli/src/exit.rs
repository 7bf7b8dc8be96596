//! The one place where a result becomes an exit code: 0 done, 1 any failure, wrong usage too; 2 only where
//! `plan --exit-code`, `diff --exit-code` or `lint --fail-on` asks for it.
//!
//! That is aws-iam-authenticator's contract; scripts around kubectl only look at zero or not.

use std::process::ExitCode;

use kubernetes::KubernetesError;

use crate::process;

/// How a command can end without having done its job.
#[derive(Debug)]
pub(crate) enum Failure {
    /// clap's own answer: help and version (exit 0, stdout), or wrong usage (exit 1, stderr).
    Arguments(clap::Error),
    /// One sentence for stderr, with what to do where we know it. `{:#}` prints the chain of causes.
    Error(anyhow::Error),
    /// Nothing is wrong, and something would change: 2, for whoever asked for that.
    Differs,
    /// Whoever was asked did not want it, which is done, too.
    Cancelled,
    /// Everything has been said already (rendered problems, a refused token): only the code is left to give.
    AlreadySaid,
}

/// What every command returns.
pub(crate) type CommandResult = Result<(), Failure>;

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Error(error)
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Arguments(error)
    }
}

/// Says what there is to say and returns the code.
pub(crate) fn report(result: CommandResult) -> ExitCode {
    match result {
        Ok(()) | Err(Failure::Cancelled) => ExitCode::SUCCESS,
        Err(Failure::Arguments(error)) => {
            // A closed stdout (`cluster-auth --help | head -1`) is no reason to fail.
            let _ = error.print();
            if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        Err(Failure::Error(error)) => {
            process::note(&format!("error: {error:#}"));
            let hint = error.chain().find_map(|cause| cause.downcast_ref::<KubernetesError>()?.install_hint());
            hint.into_iter().for_each(process::note_lines);
            ExitCode::FAILURE
        }
        Err(Failure::Differs) => ExitCode::from(2),
        Err(Failure::AlreadySaid) => ExitCode::FAILURE,
    }
}
