//! Files that may change while the server runs: looked at every half second, read when they differ, taken when they are
//! good. Reading and parsing happen on another thread, so that no answer waits for them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use document::RenderStyle;
use identity::Partition;
use mapping::{Snapshot, authenticator::read_config_in};
use tls::{ReloadingResolver, ServerIdentity};
use webhook::Webhook;

use crate::{rim, settings};

const INTERVAL: Duration = Duration::from_millis(500);

/// The configuration, and what flags say over it.
#[derive(Clone)]
pub(super) struct Watched {
    /// The file of `--config`; nothing is watched where there is none.
    pub(super) config: Option<PathBuf>,
    pub(super) partition: Option<Partition>,
}

/// Looks at the files for as long as the runtime lives.
pub(super) fn spawn(
    watched: Watched,
    pair: (PathBuf, PathBuf),
    resolver: Arc<ReloadingResolver>,
    webhook: Arc<Webhook>,
) {
    tokio::spawn(async move {
        let mut seen_config = watched.config.as_deref().map(Print::of);
        let mut seen_pair = (Print::of(&pair.0), Print::of(&pair.1));
        loop {
            tokio::time::sleep(INTERVAL).await;
            if let Some(path) = &watched.config {
                let print = Print::of(path);
                if seen_config.replace(print.clone()) != Some(print) {
                    let (path, watched) = (path.clone(), watched.clone());
                    report(&webhook, "config", off_thread(move || read_mapping(&path, &watched)).await, |snapshot| {
                        let rules = snapshot.len();
                        webhook.load(snapshot);
                        tracing::info!(rules, "the configuration has changed and is in use");
                    });
                }
            }
            let prints = (Print::of(&pair.0), Print::of(&pair.1));
            if prints != seen_pair {
                seen_pair = prints;
                let (certificate, key) = pair.clone();
                let loaded = off_thread(move || Ok(ServerIdentity::load(&certificate, &key, rim::now())?)).await;
                report(&webhook, "certificate", loaded, |identity| {
                    resolver.replace(&identity);
                    webhook.metrics().set_certificate_not_after(identity.not_after());
                    tracing::info!(not_after = %identity.not_after(), "the certificate has changed and is in use");
                });
            }
        }
    });
}

/// Takes what was read, or says why the last good version stays.
fn report<T>(webhook: &Webhook, file: &'static str, read: anyhow::Result<T>, take: impl FnOnce(T)) {
    match read {
        Ok(value) => {
            take(value);
            webhook.readiness().clear_stale(file);
        }
        Err(error) => {
            tracing::error!(
                file,
                error = format!("{error:#}"),
                "the change is not taken; the last good version stays in use"
            );
            webhook.metrics().reload_failed(file);
            webhook.readiness().set_stale(file, format!("{error:#}"));
        }
    }
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// Reads the mapping alone: address, port and cluster id are those the server was started with.
fn read_mapping(path: &Path, watched: &Watched) -> anyhow::Result<Snapshot> {
    let source = settings::config_source(path)?;
    let (config, _) = read_config_in(&source, watched.partition).map_err(|problems| {
        anyhow::anyhow!("{}", document::render(&source, &problems, RenderStyle::Plain).trim_end())
    })?;
    let snapshot = config.server.into_snapshot();
    // An emptied file is more likely a mistake, or half of a write, than the wish to lock everybody out.
    anyhow::ensure!(!snapshot.is_empty(), "{} maps nobody; to let nobody in, stop the server", path.display());
    Ok(snapshot)
}

/// What tells one version of a file from another without reading it. ConfigMap mounts swap a symbolic link, so the file
/// behind it is what is looked at.
#[derive(Clone, PartialEq, Eq)]
struct Print(Option<(SystemTime, u64, u64)>);

impl Print {
    fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        let metadata = fs::metadata(path).ok();
        Self(metadata.and_then(|metadata| Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))))
    }
}
