//! The options that every command of the AWS CLI has, before its words and behind them.
//!
//! Source: `awscli/data/cli.json` and `awscli/customizations/globalargs.py` of versions 1 and 2.

use clap::Args;

use super::format::{Format, Query};
use crate::process::Process;

/// What may be given with each of them.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of the AWS CLI")]
pub(crate) struct Options {
    /// AWS Region
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// Profile of the AWS configuration to take credentials from
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Format of the answer [default: json for kubectl, else AWS_DEFAULT_OUTPUT, the profile's `output`, or json]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,

    /// What of the answer to print, in JMESPath, as `status.token`
    #[arg(long, value_name = "JMESPATH")]
    pub(crate) query: Option<Query>,

    /// Certificate authorities that vouch for AWS (PEM), in place of AWS_CA_BUNDLE
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_bundle: Option<String>,

    /// URL of the service that is asked
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) endpoint_url: Option<String>,

    /// Colours, which nothing here has but a table of the AWS CLI
    #[arg(long, value_name = "WHEN", value_parser = ["on", "off", "auto"])]
    color: Option<String>,

    /// How long to wait for an answer
    #[arg(long, value_name = "SECONDS")]
    cli_read_timeout: Option<i64>,

    /// How long to wait for a connection
    #[arg(long, value_name = "SECONDS")]
    cli_connect_timeout: Option<i64>,

    /// Format of binary values, of which there are none here
    #[arg(long, value_name = "FORMAT", value_parser = ["base64", "raw-in-base64-out"])]
    cli_binary_format: Option<String>,

    /// Print without a pager, as always here
    #[arg(long)]
    no_cli_pager: bool,

    /// Ask nothing, as always here
    #[arg(long)]
    no_cli_auto_prompt: bool,

    /// Take the first page alone; there is but one here
    #[arg(long)]
    no_paginate: bool,

    /// Log what is done
    #[arg(long)]
    debug: bool,

    /// Say what version 2 would do otherwise
    #[arg(long)]
    v2_debug: bool,

    /// Do not check certificates
    #[arg(long)]
    pub(crate) no_verify_ssl: bool,

    /// Refused: an unsigned request is nobody's
    #[arg(long)]
    no_sign_request: bool,

    /// Refused: nothing is asked here
    #[arg(long)]
    cli_auto_prompt: bool,
}

impl Options {
    /// The process with what was given in place of its variables, where something was.
    pub(crate) fn with_authorities(&self, process: &Process) -> Option<Process> {
        with_authorities(self.ca_bundle.as_ref(), process)
    }

    /// What is refused, and what to do instead.
    pub(crate) fn refused(&self) -> Option<&'static str> {
        if self.no_sign_request {
            Some("--no-sign-request: a token is a signed request; leave it out")
        } else if self.cli_auto_prompt {
            Some("--cli-auto-prompt: nothing is asked here; leave it out, and give what is needed as flags")
        } else {
            None
        }
    }

    /// What has no effect, one sentence each. `url` says what the URL of a service would be for.
    pub(crate) fn idle(&self, url: Option<&'static str>) -> Vec<String> {
        let timeouts = "cluster-auth has its own timeout for every call of AWS";
        let flags = [
            ("--endpoint-url", self.endpoint_url.is_some() && url.is_some(), url.unwrap_or_default()),
            ("--cli-read-timeout", self.cli_read_timeout.is_some(), timeouts),
            ("--cli-connect-timeout", self.cli_connect_timeout.is_some(), timeouts),
            (
                "--no-verify-ssl",
                self.no_verify_ssl,
                "cluster-auth always verifies TLS certificates; name the CA to trust by --ca-bundle FILE",
            ),
            ("--debug", self.debug, "there is no debug log; `cluster-auth whoami` shows whose credentials are used"),
            ("--v2-debug", self.v2_debug, "there is no other version of this command"),
            ("--color on", self.color.as_deref() == Some("on"), "what is printed has no colours"),
        ];
        let given = flags.into_iter().filter(|(_, is_given, _)| *is_given);
        given.map(|(flag, _, why)| format!("note: {flag} has no effect: {why}")).collect()
    }
}

/// The process with these authorities in place of those that its variable names, where some were given.
pub(super) fn with_authorities(bundle: Option<&String>, process: &Process) -> Option<Process> {
    Some(process.with(vec![("AWS_CA_BUNDLE".to_owned(), bundle?.clone())]))
}

/// As the AWS CLI takes one: with its scheme.
fn url(text: &str) -> Result<String, &'static str> {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if is_scheme {
        Ok(text.to_owned())
    } else {
        Err("write it with its scheme, as https://sts.us-west-2.amazonaws.com")
    }
}
