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

/// What the server shows to those who connect.
pub(super) struct Shown {
    /// The files of certificate and key.
    pub(super) pair: (PathBuf, PathBuf),
    /// What was in them.
    pub(super) identity: ServerIdentity,
    /// What shows it.
    pub(super) resolver: Arc<ReloadingResolver>,
}

/// Looks at the files for as long as the runtime lives.
pub(super) fn spawn(started: Started, mappings: Files, shown: Shown, modes: Arc<Modes>) {
    let Shown { pair, mut identity, resolver } = shown;
    let started = Arc::new(started);
    let webhook = Arc::clone(modes.sources().webhook());
    let mut is_out_of_time = false;
    say_its_time(&webhook, &identity, &mut is_out_of_time);
    tokio::spawn(async move {
        let mut seen_mappings = prints(&mappings);
        let mut seen_pair = (Print::of(&pair.0), Print::of(&pair.1));
        let mut lost_lines = LostLines::default();
        let mut said = Vec::new();
        loop {
            tokio::time::sleep(INTERVAL).await;
            webhook.metrics().set_last_look("config", process::now());
            lost_lines.report(&webhook);
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
                let loaded = off_thread(move || Ok(ServerIdentity::load(&certificate, &key, process::now())?)).await;
                report(&webhook, "certificate", loaded, |loaded| {
                    resolver.replace(&loaded);
                    webhook.metrics().set_certificate_not_after(loaded.not_after());
                    tracing::info!(not_after = %loaded.not_after(), "the certificate has changed and is in use");
                    identity = loaded;
                });
            }
            say_its_time(&webhook, &identity, &mut is_out_of_time);
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

    /// The modes of a configuration; `None` if a flag goes before it.
    fn modes(&self, config: &ServerConfig) -> Option<Vec<BackendMode>> {
        (!self.has_modes).then(|| modes::of_file(config))
    }

    /// How a configuration has denials answered; `None` if a flag goes before it.
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

/// Says when the certificate's time is over, or has not come by this machine's clock, and when it is again. It is shown all the same:
/// another one nobody trusts, and the clock may be what is wrong.
fn say_its_time(webhook: &Webhook, identity: &ServerIdentity, is_out_of_time: &mut bool) {
    let why = identity.check_time(process::now()).err().map(|error| error.to_string());
    if why.is_some() != *is_out_of_time {
        *is_out_of_time = why.is_some();
        match &why {
            Some(why) => tracing::error!(error = why, "API servers that go by this machine's clock do not connect"),
            None => tracing::info!("the certificate is valid at this time"),
        }
        webhook.readiness().set_certificate_trouble(why);
    }
}

/// Lines of the log that were lost: those that are counted, and those that are said, which others may be lost for.
#[derive(Default)]
struct LostLines {
    counted: usize,
    said: usize,
}

impl LostLines {
    /// Says that lines were lost, which those who read the log cannot know otherwise; again, where that was lost as well.
    fn report(&mut self, webhook: &Webhook) {
        let lost = logs::lost();
        webhook.metrics().log_lines_lost(lost - self.counted);
        self.counted = lost;
        if lost > self.said {
            tracing::error!(lines = lost - self.said, "lines of this log were lost: its reader is too slow");
            if logs::lost() == lost {
                self.said = lost;
            }
        }
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
