//! Files that may change while the server runs: looked at every half second, read when they differ, taken when they are
//! good. Reading and parsing happen on another thread, so that no answer waits for them.

use std::{fs, path::PathBuf, sync::Arc};

use tls::{ReloadingResolver, ServerIdentity};
use webhook::Webhook;

use super::{
    looking::{INTERVAL, Print, off_thread, report},
    mappings::Files,
    modes::Modes,
};
use crate::{logs, process};

/// Looks at the files for as long as the runtime lives.
pub(super) fn spawn(mappings: Files, pair: (PathBuf, PathBuf), resolver: Arc<ReloadingResolver>, modes: Arc<Modes>) {
    let webhook = Arc::clone(modes.sources().webhook());
    tokio::spawn(async move {
        let mut seen_mappings = prints(&mappings);
        let mut seen_pair = (Print::of(&pair.0), Print::of(&pair.1));
        let mut lost_lines = 0;
        loop {
            tokio::time::sleep(INTERVAL).await;
            webhook.metrics().set_last_look(process::now());
            report_lost_lines(&webhook, &mut lost_lines);
            let found = prints(&mappings);
            if found != seen_mappings {
                seen_mappings = found;
                let mappings = mappings.clone();
                let has_others = modes.sources().has_others();
                report(&webhook, "config", off_thread(move || mappings.read(has_others)).await, |read| {
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
