//! `add`: one user or role more, in `aws-auth` or in a file.
//!
//! ```text
//!   flags ─► an entry ─ do you want it? ─┬─► aws-auth of a cluster: read, edited, replaced if it is still what was read
//!                                        └─► a file (--file): locked, edited, replaced in one step
//! ```
//!
//! Flags, the question and what scripts read of the answers are aws-iam-authenticator's (`cmd/aws-iam-authenticator/add.go`), which says on
//! stdout why nothing was added. What it has no words for is on stderr.

mod cluster;
mod file;
mod who;

use std::path::PathBuf;

use access::merge::add::{Added, Addition, Refused};
use clap::{Args, Subcommand};

use self::who::{RoleArgs, UserArgs};
use crate::{
    exit::{CommandResult, Failure},
    process::{self, Process},
};

/// Flags of `add`.
#[derive(Args, Debug)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    to: ToArgs,

    #[command(subcommand)]
    command: AddCommand,
}

#[derive(Debug, Subcommand)]
enum AddCommand {
    /// Add an IAM user to mapUsers
    User(UserArgs),
    /// Add an IAM role, or a permission set, to mapRoles
    Role(RoleArgs),
}

/// Where it is added, and whether that is asked first.
#[derive(Args, Debug)]
struct ToArgs {
    /// Ask for confirmation [--prompt=false: do not]
    #[arg(
        long, global = true, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true",
        value_name = "BOOL", action = clap::ArgAction::Set
    )]
    prompt: bool,

    /// Kubeconfig file of the cluster to change; without one, and without --file, nothing is changed
    #[arg(long, global = true, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig [default: its current context]
    #[arg(long, global = true, value_name = "NAME")]
    kubeconfig_context: Option<String>,

    /// URL of the API server, in place of the kubeconfig's
    #[arg(long, global = true, value_name = "URL")]
    master_url: Option<String>,

    /// Change this file in place of a cluster: a manifest of aws-auth, aws-iam-authenticator's configuration, or a manifest
    /// of the ConfigMap that holds that
    #[arg(long, global = true, value_name = "FILE", conflicts_with_all = ["kubeconfig", "kubeconfig_context", "master_url"])]
    file: Option<PathBuf>,
}

/// Runs `add`.
pub(crate) fn run(args: &AddArgs, process: &Process) -> CommandResult {
    let AddArgs { to, command } = args;
    let entry = match command {
        AddCommand::User(args) => args.entry(),
        AddCommand::Role(args) => args.entry(),
    };
    let (addition, action) = entry.map_err(|why| answered(&why))?;
    match (&to.file, &to.kubeconfig) {
        (Some(file), _) => {
            confirm(to, &action)?;
            file::add(file, &addition)
        }
        (None, Some(kubeconfig)) => {
            confirm(to, &action)?;
            let (context, server) = (to.kubeconfig_context.as_deref(), to.master_url.as_deref());
            cluster::add(&cluster::Reached { kubeconfig, context, server }, &addition, process)
        }
        (None, None) => {
            let answer = answered("empty kubeconfig");
            process::note("no cluster: give its kubeconfig by --kubeconfig FILE, or a file to change by --file FILE");
            Err(answer)
        }
    }
}

/// Asks; whoever says neither y nor yes has cancelled it, which is not a failure.
fn confirm(to: &ToArgs, action: &str) -> Result<(), Failure> {
    if !to.prompt {
        return Ok(());
    }
    match process::ask_anybody(&format!("Ready to add {action:?}, should we continue? [y/N]: "))? {
        None => Err(answered("error reading input: EOF")),
        Some(answer) if matches!(&*answer.trim().to_lowercase(), "y" | "yes") => Ok(()),
        Some(_) => {
            process::print_line(&format!("cancelled {action:?}"))?;
            Err(Failure::Cancelled)
        }
    }
}

/// Says on stdout why nothing was added, where scripts of aws-iam-authenticator look for it.
fn answered(why: &str) -> Failure {
    match process::print_line(why) {
        Ok(()) => Failure::AlreadySaid,
        Err(error) => error.into(),
    }
}

/// The same for an entry that was looked at, with what is known besides.
fn refused(refused: &Refused, addition: &Addition) -> Failure {
    match refused {
        Refused::There { key, .. } => {
            let kind = if addition.list() == "mapUsers" { "user" } else { "role" };
            let answer = answered(&format!("cannot add duplicate {kind} ARN {key:?}"));
            process::note(&format!("{refused}; nothing was changed"));
            answer
        }
        Refused::Unreadable(_) => answered(&format!("failed to parse configmap error parsing config map: {refused}")),
        Refused::Unchanged(_) => answered(&refused.to_string()),
    }
}

/// Says what an entry does not do, although it stands there now.
fn warn(added: &Added) {
    if added.in_quotes {
        let list = added.place.list;
        process::note(&format!(
            "note: {list} was a YAML block (`|`), which cannot hold this entry; it is written in quotes now"
        ));
    }
    if let Some((never, hint)) = &added.never {
        let hint = hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        process::note(&format!("warning: aws-iam-authenticator lets nobody in by {}: {never}{hint}", added.place));
    }
}
