//! Files that may change while the server runs: looked at every half second, read when they differ, taken when they are
//! good. Reading and parsing happen on another thread, so that no answer waits for them.

use std::{fs, path::PathBuf, sync::Arc};

use mapping::{BackendMode, authenticator::ServerConfig};
use tls::{ReloadingResolver, ServerIdentity};
use tokio::runtime::Handle;
use webhook::Webhook;

use super::{
    looking::{INTERVAL, Print, off_thread, report},
    mappings::{Files, Read},
    modes::{self, Modes},
    shadow::ShadowArgs,
};
use crate::{logs, process};

/// What the server was started with, and what of it goes before the configuration.
pub(super) struct Started {
    /// `clusterID` of the configuration.
    pub(super) cluster_id: Option<String>,
    pub(super) config: ServerConfig,
    /// Whether `--backend-mode` says the modes.
    pub(super) has_modes: bool,
    /// Whether `--deny-with-200` says how denials are answered.
    pub(super) has_denials: bool,
    pub(super) shadow: ShadowArgs,
}

/// Looks at the files for as long as the runtime lives.
pub(super) fn spawn(
    started: Started,
    mappings: Files,
    pair: (PathBuf, PathBuf),
    resolver: Arc<ReloadingResolver>,
    modes: Arc<Modes>,
) {
    let started = Arc::new(started);
    let webhook = Arc::clone(modes.sources().webhook());
    tokio::spawn(async move {
        let mut seen_mappings = prints(&mappings);
        let mut seen_pair = (Print::of(&pair.0), Print::of(&pair.1));
        let mut lost_lines = 0;
        let mut said = Vec::new();
        loop {
            tokio::time::sleep(INTERVAL).await;
            webhook.metrics().set_last_look(process::now());
            report_lost_lines(&webhook, &mut lost_lines);
            let found = prints(&mappings);
            if found != seen_mappings {
                seen_mappings = found;
                let mappings = mappings.clone();
                let read = off_thread({
                    let (started, modes) = (Arc::clone(&started), Arc::clone(&modes));
                    move || started.read(&mappings, &modes)
                });
                report(&webhook, "config", read.await, |read| {
                    started.say_what_waits(&read, &mut said);
                    started.take(&read.config, &modes);
                    let rules = modes.sources().take_files(read);
                    tracing::info!(rules, "the mappings have changed and are in use");
                });
            }
            let prints = (Print::of(&pair.0), Print::of(&pair.1));
            if prints != seen_pair {
                seen_pair = prints;
                let (certificate, key) = pair.clone();
                let loaded = off_thread(move || {
                    [&certificate, &key].into_iter().try_for_each(|path| process::ensure_regular(path))?;
                    Ok(ServerIdentity::load(&certificate, &key, process::now())?)
                });
                let loaded = loaded.await;
                report(&webhook, "certificate", loaded, |identity| {
                    resolver.replace(&identity);
                    webhook.metrics().set_certificate_not_after(identity.not_after());
                    tracing::info!(not_after = %identity.not_after(), "the certificate has changed and is in use");
                });
            }
        }
    });
}

impl Started {
    /// Reads the files. What cannot be in force is not taken.
    fn read(&self, files: &Files, modes: &Modes) -> anyhow::Result<Read> {
        let read = files.read(|config| modes.would_have_others(self.modes(config).as_deref()))?;
        if let Some(wanted) = self.modes(&read.config) {
            // Files are read on a thread that may wait.
            Handle::current().block_on(modes.check_configured(&wanted))?;
        }
        self.shadow.check_denials(self.denials(&read.config).unwrap_or_default())?;
        Ok(read)
    }

    /// Takes what is not a mapping, and in force at once.
    fn take(&self, config: &ServerConfig, modes: &Modes) {
        if let Some(wanted) = self.modes(config) {
            modes.configure(wanted);
        }
        if let Some(wanted) = self.denials(config) {
            modes.sources().webhook().set_deny_with_200(wanted);
        }
    }

    /// The modes of a configuration; none where a flag goes before it.
    fn modes(&self, config: &ServerConfig) -> Option<Vec<BackendMode>> {
        (!self.has_modes).then(|| modes::of_file(config))
    }

    /// How a configuration has denials answered; nothing where a flag goes before it.
    fn denials(&self, config: &ServerConfig) -> Option<bool> {
        (!self.has_denials).then(|| config.deny_with_200.unwrap_or_default())
    }

    /// Says what of a change is not in force before the next start: given is never ignored.
    fn say_what_waits(&self, read: &Read, said: &mut Vec<&'static str>) {
        let mut keys = read.config.differs_at_start(&self.config);
        if read.cluster_id != self.cluster_id {
            keys.insert(0, "clusterID");
        }
        if keys != *said && !keys.is_empty() {
            tracing::warn!(
                keys = keys.join(" "),
                "these keys of the configuration are read once: what they say now is for the next start"
            );
        }
        *said = keys;
    }
}

/// Says that lines of the log were lost, which those who read it cannot know otherwise.
fn report_lost_lines(webhook: &Webhook, before: &mut usize) {
    let lost = logs::lost();
    if lost > *before {
        webhook.metrics().log_lines_lost(lost - *before);
        tracing::error!(lines = lost - *before, "lines of this log were lost: its reader is too slow");
        *before = lost;
    }
}

/// Of every file that mappings are read from; of folders also those in them.
fn prints(mappings: &Files) -> Vec<Print> {
    let paths = mappings.config.iter().chain(&mappings.access);
    let in_folder = |path: &PathBuf| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        files.sort();
        files
    };
    paths.flat_map(|path| std::iter::once(path.clone()).chain(in_folder(path))).map(|path| Print::of(&path)).collect()
}
