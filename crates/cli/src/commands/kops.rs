//! `kops`: the pieces of a cluster's specification, and the webhook's files in kops' state store.
//!
//! ```text
//!   spec    ─► Cluster (v1alpha2)   an authenticator that kops runs, or a webhook of one's own
//!   upload  ─► s3://STATE/NAME/secrets/cluster-auth/{cert.pem, key.pem, aws-iam-authenticator.kubeconfig}
//! ```
//!
//! What kops does with it: `pkg/apis/kops/cluster.go`, `nodeup/pkg/model` and `pkg/model/iam/iam_builder.go` of kubernetes/kops.

mod spec;
mod store;
mod upload;

use clap::{Args, Subcommand};

use crate::{exit::CommandResult, global::Global, process::Process};

/// Flags of `kops`.
#[derive(Args, Debug)]
pub(crate) struct KopsArgs {
    #[command(subcommand)]
    command: KopsCommand,
}

#[derive(Debug, Subcommand)]
enum KopsCommand {
    /// Print what to add to the cluster's specification
    Spec(spec::SpecArgs),
    /// Create certificate, key and kubeconfig and upload them to the state store
    Upload(upload::UploadArgs),
}

/// Runs `kops`.
pub(crate) fn run(args: &KopsArgs, global: &Global, process: &Process) -> CommandResult {
    match &args.command {
        KopsCommand::Spec(args) => spec::run(args, global, process),
        KopsCommand::Upload(args) => upload::run(args, global, process),
    }
}
