//! The two flags that change how STS is reached, and never which hosts a token may name.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use reading::Kind;
use token::{Accepted, Confirmed, Unconfirmed};

use crate::{
    process::{self, Process},
    runtime,
};

/// Flags of everything that asks STS about tokens.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Transport {
    /// Connect to this address instead of the STS endpoint's (VPC endpoints, the sandbox); TLS still verifies AWS's host name
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) sts_connect_to: Option<String>,

    /// Certificate authorities (PEM) to trust for STS, and no others; whoever holds such an authority's key can let anybody
    /// in
    #[arg(long, value_name = "FILE")]
    pub(crate) sts_ca_file: Option<PathBuf>,
}

impl Transport {
    /// One of them that was given.
    pub(crate) fn flag(&self) -> Option<&'static str> {
        let connect_to = self.sts_connect_to.as_ref().map(|_| "--sts-connect-to");
        connect_to.or_else(|| self.sts_ca_file.as_ref().map(|_| "--sts-ca-file"))
    }

    /// The settings for the client. Files are of this kind.
    pub(crate) fn resolve(&self, process: &Process, kind: Kind) -> anyhow::Result<aws::Transport> {
        let roots = match &self.sts_ca_file {
            None => tls::Roots::Platform,
            Some(path) => tls::Roots::Only(process::read_authorities("sts-ca-file", path, kind)?.into()),
        };
        if let Some(address) = &self.sts_connect_to {
            let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            port.with_context(|| format!("--sts-connect-to {address}: expected HOST:PORT"))?;
        }
        Ok(aws::Transport {
            connect_to: self.sts_connect_to.clone(),
            roots,
            proxy: aws::proxies(&process.aws_environment()),
            ..aws::Transport::default()
        })
    }

    /// Asks STS about a token. What is not an answer is neither a yes nor a no.
    pub(crate) fn ask(&self, token: &Accepted, process: &Process) -> anyhow::Result<Result<Confirmed, Unconfirmed>> {
        let mut transport = self.resolve(process, Kind::Any)?;
        if self.sts_ca_file.is_none() {
            // As the AWS CLI beside it has it; a server goes by its machine and its flags alone.
            transport.roots = aws::trusted_roots(&process.aws_environment())?;
        }
        let client = aws::StsClient::new(&transport).context("cannot prepare for asking STS")?;
        let answer = runtime::block_on(client.call(token))?.map_err(|why| {
            let trouble = Unconfirmed::Upstream(why.upstream());
            if matches!(why, aws::NoAnswer::Connection { .. }) {
                let (url, call) = (token.host().as_str(), "sts:GetCallerIdentity");
                let at = self.sts_connect_to.as_deref().unwrap_or(url);
                process::note(&format!("{}", aws::AwsError::no_answer(call, at, why)));
            }
            trouble
        });
        Ok(answer.and_then(|(status, body)| token::confirm(token, status, &body)))
    }

    /// What has to be said about them, where they are in use.
    #[cfg(unix)]
    pub(crate) fn notes(&self) -> Vec<String> {
        let address =
            self.sts_connect_to.as_ref().map(|address| format!("STS is reached at {address} (--sts-connect-to)"));
        let file = self.sts_ca_file.as_ref().map(|path| {
            format!("STS certificates are checked against the authorities in {} (--sts-ca-file)", path.display())
        });
        address.into_iter().chain(file).collect()
    }
}
