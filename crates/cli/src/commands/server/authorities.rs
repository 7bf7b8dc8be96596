//! Whom to trust among those whom the server asks: files of authorities, read anew when they change, as a secret that is mounted
//! is rotated. What cannot be read, or is not a certificate, changes nothing.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use reading::Kind;
use webhook::Webhook;

use super::looking::{INTERVAL, Print, off_thread, report};
use crate::process;

/// A file of authorities.
pub(super) struct Authorities {
    /// Which file, in metrics and at `/readyz`: the flag's name.
    pub(super) flag: &'static str,
    pub(super) path: PathBuf,
    /// Trusts what stands in the file (PEM) from now on.
    pub(super) trust: fn(&Webhook, &str) -> anyhow::Result<()>,
}

/// Looks at the file for as long as the runtime lives.
pub(super) fn follow(authorities: Authorities, webhook: Arc<Webhook>) {
    let Authorities { flag, path, trust } = authorities;
    // Before the task begins: what changes from now on is a change.
    let mut seen = Print::of(&path);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(INTERVAL).await;
            webhook.metrics().set_last_look(flag, process::now());
            let print = Print::of(&path);
            if print == seen {
                continue;
            }
            seen = print;
            let (path, asking) = (path.clone(), Arc::clone(&webhook));
            let trusted = off_thread(move || {
                let pem = process::read_authorities(flag, &path, Kind::Regular)?;
                trust(&asking, &pem).with_context(|| format!("--{flag} {}", path.display()))
            });
            report(&webhook, flag, trusted.await, |()| {
                tracing::info!(file = flag, "the authorities have changed and are in use");
            });
        }
    });
}
