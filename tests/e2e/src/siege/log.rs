//! The server's log, read as fast as whoever reads it likes.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context as _;

use crate::secrets;

/// What was read so far. Reading ends with the server.
pub(super) struct Log {
    is_slow: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<u8>>>,
    ready: mpsc::Receiver<()>,
}

impl Log {
    pub(super) fn read(mut from: impl Read + Send + 'static) -> Self {
        let is_slow = Arc::new(AtomicBool::new(false));
        let (tell, ready) = mpsc::channel();
        let slow = Arc::clone(&is_slow);
        let thread = std::thread::spawn(move || {
            let (mut all, mut piece, mut has_told) = (Vec::new(), vec![0; 4096], false);
            while let Ok(length @ 1..) = from.read(&mut piece) {
                all.extend_from_slice(&piece[..length]);
                if !has_told && String::from_utf8_lossy(&all).contains("\"ready\"") {
                    has_told = true;
                    // Nobody may wait for it any more.
                    let _ = tell.send(());
                }
                if slow.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            all
        });
        Self { is_slow, thread: Some(thread), ready }
    }

    /// Waits until the server says that it is ready.
    pub(super) fn wait_until_ready(&self) -> anyhow::Result<()> {
        self.ready.recv_timeout(Duration::from_secs(60)).context("the server is not ready")
    }

    /// From now on 80 KB are read in a second.
    pub(super) fn be_slow(&self, is_slow: bool) {
        self.is_slow.store(is_slow, Ordering::Relaxed);
    }

    /// All that was written. Whoever has written it must have ended.
    pub(super) fn whole(&mut self) -> anyhow::Result<String> {
        let thread = self.thread.take().context("the log is read once")?;
        let bytes = thread.join().map_err(|_| anyhow::anyhow!("the log's reader has panicked"))?;
        let log = String::from_utf8_lossy(&bytes).into_owned();
        secrets::refused("the server under siege", &log)?;
        Ok(log)
    }
}
