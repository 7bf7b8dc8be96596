//! SIGTERM and SIGINT: the wish to end, as a future. SIGUSR1 ends nothing, as in aws-iam-authenticator: some who look after
//! processes send it.

use anyhow::Context as _;

/// Resolves at the first SIGTERM or SIGINT.
#[cfg(unix)]
pub(crate) async fn termination() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    // Whoever listens for it is not ended by it.
    let _ignored = signal(SignalKind::user_defined1()).context("cannot ignore SIGUSR1")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Resolves at the first Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn termination() -> anyhow::Result<()> {
    tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")
}
