//! `aws eks get-token`, as `aws eks update-kubeconfig` writes it into kubeconfigs, and as scripts call it.
//!
//! Source: `awscli/customizations/eks/get_token.py`.

use aws::credentials::Rules;
use clap::{Args, Parser, error::ErrorKind};

use super::{Answer, options::Options};
use crate::{commands::token::TokenArgs, global::Global};

/// The words behind `eks get-token`, and those before it.
#[derive(Debug, Parser)]
#[command(
    name = "cluster-auth eks get-token",
    about = "Answer as `aws eks get-token` does",
    args_override_self = true,
    infer_long_args = true
)]
pub(crate) struct GetToken {
    #[command(flatten)]
    cluster: Cluster,

    /// ARN of a role to assume first
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,

    /// Print where the credentials come from instead of a token: each source and why it was skipped, each step and its time
    #[arg(long, conflicts_with_all = ["output", "query"])]
    explain: bool,

    /// Do not use cached AWS sessions, and do not cache any
    #[arg(long)]
    no_cache: bool,

    /// Code of the MFA device that the profile names (mfa_serial), in place of typing it at the terminal
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    mfa_code: Option<String>,

    #[command(flatten)]
    options: Options,
}

#[derive(Args, Debug)]
#[group(multiple = false)]
struct Cluster {
    /// Name of the EKS cluster
    #[arg(long)]
    cluster_name: Option<String>,

    /// Id of the cluster on an outpost
    #[arg(long)]
    cluster_id: Option<String>,
}

/// In the AWS CLI's words, and what to do.
const NO_CLUSTER: &str = "Either parameter --cluster-name or --cluster-id must be specified; add --cluster-name NAME, of \
                                     those that `aws eks list-clusters` lists";

/// The session name that the AWS CLI uses for assuming the role.
const SESSION_NAME: &str = "EKSGetTokenAuth";

/// What a URL of a service is given for, and has no effect on in the AWS CLI either.
const ENDPOINT_URL: &str = "a token is bound to STS, whose URL AWS_ENDPOINT_URL_STS says";

impl GetToken {
    /// The same in this program's own words.
    pub(crate) fn settled(self) -> Result<(TokenArgs, Global), clap::Error> {
        let Self { cluster: Cluster { cluster_name, cluster_id }, role_arn, explain, no_cache, mfa_code, options } =
            self;
        if let Some(why) = options.refused() {
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, format!("{why}\n")));
        }
        let cluster_id = cluster_name.or(cluster_id).filter(|id| !id.is_empty());
        if cluster_id.is_none() {
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, format!("{NO_CLUSTER}\n")));
        }
        let notes = options.idle(Some(ENDPOINT_URL));
        let args = TokenArgs {
            session_name: role_arn.is_some().then(|| SESSION_NAME.to_owned()),
            role: role_arn,
            explain,
            no_cache,
            mfa_code,
            rules: Rules::Cli,
            answer: Some(Answer::new(&options, notes)),
            region: options.region,
            profile: options.profile,
            ..TokenArgs::default()
        };
        Ok((args, Global { cluster_id, ..Global::default() }))
    }
}
