//! Looking at files again and again, and reading them where no answer waits for it.

use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};

use webhook::Webhook;

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

/// Takes what was read, or says why the last good version stays.
pub(super) fn report<T>(webhook: &Webhook, file: &'static str, read: anyhow::Result<T>, take: impl FnOnce(T)) {
    match read {
        Ok(value) => {
            take(value);
            webhook.readiness().clear_stale(file);
        }
        Err(error) => {
            // The log comes last: whoever reads it finds the rest as it says.
            webhook.metrics().reload_failed(file);
            webhook.readiness().set_stale(file, format!("{error:#}"));
            tracing::error!(
                file,
                error = format!("{error:#}"),
                "the change is not taken; the last good version stays in use"
            );
        }
    }
}

/// What tells one version of a file from another without reading it. ConfigMap mounts swap a symbolic link, so the file
/// behind it is what is looked at.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Print {
    /// There is no such file.
    Gone,
    /// Whether there is one cannot be told: a folder that may not be entered, a loop of links.
    Unknown,
    /// There is one: changed at this time, so long, which, and changed in owner or mode at that time.
    There(SystemTime, u64, u64, (i64, i64)),
}

impl Print {
    /// Whether there is a file.
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Self::There(..))
    }

    /// Whether there certainly is none.
    pub(super) fn is_gone(&self) -> bool {
        *self == Self::Gone
    }

    pub(super) fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        match fs::metadata(path) {
            // The time of the last change of owner or mode too: what could not be read may be readable now.
            Ok(metadata) => {
                let changed = (metadata.ctime(), metadata.ctime_nsec());
                let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                Self::There(modified, metadata.len(), metadata.ino(), changed)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::Gone,
            Err(_) => Self::Unknown,
        }
    }
}
