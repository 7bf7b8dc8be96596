//! `--shadow-of`: another authenticator answers, and decisions of this one are only compared with its own.

use std::{net::IpAddr, path::PathBuf};

use anyhow::Context as _;
use clap::Args;
use reading::Kind;
use tls::Roots;
use webhook::{Predecessor, PredecessorUrl, Settings, Webhook};

use super::authorities::Authorities;
use crate::{process, state::Reach};

/// Flags of a server beside another one.
#[derive(Args, Clone, Debug)]
pub(super) struct ShadowArgs {
    /// Pass on the answers of the authenticator at this URL; log and count each review that this server would have answered
    /// differently
    #[arg(long, value_name = "URL")]
    shadow_of: Option<PredecessorUrl>,

    /// Certificates (PEM) to trust for that authenticator, such as its own cert.pem [default: this machine's authorities]
    #[arg(long, value_name = "FILE", requires = "shadow_of")]
    shadow_of_ca: Option<PathBuf>,
}

impl ShadowArgs {
    /// Whether another authenticator answers.
    pub(super) fn is_given(&self) -> bool {
        self.shadow_of.is_some()
    }

    /// That the other one is another one, and nothing is asked of answers that this one does not give.
    pub(super) fn check(&self, settings: &Settings, reach: &Reach) -> anyhow::Result<()> {
        let Some(url) = &self.shadow_of else { return Ok(()) };
        let host = url.host();
        let is_here = host == "localhost"
            || host == reach.hostname
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback() || address == reach.address);
        anyhow::ensure!(
            url.port() != reach.port || !is_here,
            "--shadow-of {url} names this server itself: give the other authenticator another port, or this one (--port)"
        );
        self.check_denials(settings.deny_with_200)
    }

    /// That own denials are not to be answered in some way: here they are not answered at all.
    pub(super) fn check_denials(&self, deny_with_200: bool) -> anyhow::Result<()> {
        anyhow::ensure!(
            !deny_with_200 || !self.is_given(),
            "--deny-with-200 (or server.denyWith200) says how this server's own denials are answered, and with --shadow-of it \
             answers none: leave one of the two out"
        );
        Ok(())
    }

    /// What has to be said, as long as another one answers.
    pub(super) fn note(&self) -> Option<String> {
        let url = self.shadow_of.as_ref()?;
        Some(format!("answers are those of {url} (--shadow-of); own decisions are only compared with them"))
    }

    /// The way to the other one.
    pub(super) fn predecessor(&self, settings: &Settings) -> anyhow::Result<Option<Predecessor>> {
        let Some(url) = &self.shadow_of else { return Ok(None) };
        let tls = match &self.shadow_of_ca {
            None => tls::client_config(&Roots::Platform).context("cannot prepare for asking --shadow-of")?,
            Some(path) => {
                let pem = process::read_authorities("shadow-of-ca", path, Kind::Regular)?;
                tls::webhook_client_config(&pem).with_context(|| format!("--shadow-of-ca {}", path.display()))?
            }
        };
        Ok(Some(Predecessor::new(url.clone(), &tls, settings.predecessor)))
    }

    /// Who vouches for the other one, where that is a file.
    pub(super) fn authorities(&self) -> Option<Authorities> {
        let path = self.shadow_of_ca.clone()?;
        Some(Authorities { flag: "shadow-of-ca", path, trust: trust_for_predecessor })
    }
}

fn trust_for_predecessor(webhook: &Webhook, pem: &str) -> anyhow::Result<()> {
    let tls = tls::webhook_client_config(pem)?;
    webhook.trust_for_predecessor(&tls);
    Ok(())
}
