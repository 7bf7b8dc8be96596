//! SIGTERM and SIGINT: the wish to end, as a future.

use anyhow::Context as _;

/// Resolves at the first SIGTERM or SIGINT.
#[cfg(unix)]
pub(crate) async fn termination() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
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
