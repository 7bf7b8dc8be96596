//! The async runtime, made where something is asked over the network and nowhere else.

use std::future::Future;

use anyhow::Context as _;

/// Runs a future to its end on a runtime of one thread: one thread is cheaper per request than two, and fits a pod's
/// limit of a tenth of a processor.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the async runtime")?;
    Ok(runtime.block_on(future))
}
