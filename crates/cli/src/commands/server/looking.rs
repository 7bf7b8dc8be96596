//! Looking at files again and again, and reading them where no answer waits for it.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

/// How often files are looked at.
pub(super) const INTERVAL: Duration = Duration::from_millis(500);

/// How long reading may take; 20,000 users are a fraction of a second.
const READING: Duration = Duration::from_secs(20);

/// Reads on another thread, and no longer than that may take: a file that never ends, or that nobody writes to, must not
/// keep later changes from being seen.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let read = tokio::time::timeout(READING, tokio::task::spawn_blocking(work));
    read.await.map_err(|_| anyhow::anyhow!("reading took more than {} seconds", READING.as_secs()))??
}

/// What tells one version of a file from another without reading it. ConfigMap mounts swap a symbolic link, so the file
/// behind it is what is looked at.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Print(Option<(SystemTime, u64, u64, (i64, i64))>);

impl Print {
    /// Whether there is a file.
    pub(super) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        // The time of the last change of owner or mode too: what could not be read may be readable now.
        let print = |metadata: fs::Metadata| {
            let changed = (metadata.ctime(), metadata.ctime_nsec());
            Some((metadata.modified().ok()?, metadata.len(), metadata.ino(), changed))
        };
        Self(fs::metadata(path).ok().and_then(print))
    }
}
