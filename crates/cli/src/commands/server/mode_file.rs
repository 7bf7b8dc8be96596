//! The file that says at any time which mapping sources are asked (`dynamicBackendModePath`).
//!
//! Source: aws-iam-authenticator 0.7.18, `CallBackForFileLoad` of `pkg/server/server.go`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use mapping::{BackendMode, aws_iam_authenticator};
use tokio::time::{Instant, sleep};

use super::{
    dynamic::{Fields, Stamp, bytes, observe},
    looking::{INTERVAL, Print, off_thread, report},
    modes::Modes,
};
use crate::process;

/// Its name in metrics and at `/readyz`.
const MODE_FILE: &str = "backend-mode";

/// After that long it is tried again to ask what it names.
const AGAIN: Duration = Duration::from_secs(5);

/// How much of the file the log shows, in characters: four names need less.
const SHOWN: usize = 1000;

/// What the file says.
struct Named {
    modes: Vec<BackendMode>,
    stamp: Stamp,
}

/// Follows the file that names the modes. Where it is gone, those of the configuration are asked again.
pub(super) fn follow(path: PathBuf, modes: Arc<Modes>) {
    tokio::spawn(async move {
        let webhook = Arc::clone(modes.sources().webhook());
        // What was there before the first look: nothing.
        let mut seen = Print::Gone;
        let mut is_first = true;
        // Why it is not taken, and when that is tried again: an API server may be there later, without a change of this file.
        let mut not_taken: Option<(String, Instant)> = None;
        loop {
            webhook.metrics().set_last_look(MODE_FILE, process::now());
            let print = Print::of(&path);
            let is_other = print != seen;
            let is_due = not_taken.as_ref().is_some_and(|(_, at)| *at <= Instant::now());
            seen = print;
            if seen.is_there() && (is_other || is_due) {
                let asked = ask(&path, &modes, is_other).await;
                let why = asked.as_ref().err().map(|error| format!("{error:#}"));
                // The log has it once, until it is another trouble or over.
                if is_other || why.as_ref() != not_taken.as_ref().map(|(said, _)| said) {
                    report(&webhook, MODE_FILE, asked, |Named { modes, stamp }| {
                        let is_only = modes == [BackendMode::DynamicFile];
                        let is_among = !is_only && modes.contains(&BackendMode::DynamicFile);
                        webhook.metrics().set_dynamic_file_mode(is_among, is_only);
                        if !is_first {
                            observe(&webhook, "dynamic_backend_mode", &stamp);
                        }
                        is_first = false;
                    });
                }
                not_taken = why.map(|why| (why, Instant::now() + AGAIN));
            } else if is_other {
                not_taken = None;
                if seen.is_gone() {
                    tracing::info!("BackendMode dynamic file got deleted");
                    webhook.readiness().clear_stale(MODE_FILE);
                    modes.ask_configured();
                }
            }
            sleep(INTERVAL).await;
        }
    });
}

/// Asks what the file names, and shows the file where it is another one.
async fn ask(path: &Path, modes: &Modes, is_other: bool) -> anyhow::Result<Named> {
    let path = path.to_owned();
    let text = off_thread(move || bytes(&path)).await?;
    if is_other {
        let shown: String = String::from_utf8_lossy(&text).chars().take(SHOWN).collect();
        tracing::info!("BackendMode dynamic file got changed to {shown}");
    }
    let named = named_modes(&text)?;
    modes.ask_named(&named.modes).await?;
    Ok(named)
}

fn named_modes(text: &[u8]) -> anyhow::Result<Named> {
    let fields = Fields::read(text).context("it is not JSON")?;
    let named = fields.text("backendMode").unwrap_or_default();
    let names: Vec<&str> = named.split(' ').collect();
    let modes = aws_iam_authenticator::modes(names.iter().copied());
    let is_once = |mode: &BackendMode| modes.iter().filter(|other| *other == mode).count() == 1;
    anyhow::ensure!(
        modes.len() == names.len() && modes.iter().all(is_once),
        "backendMode {named:?}: modes are MountedFile, EKSConfigMap, CRD and DynamicFile, each once, with a blank between them"
    );
    Ok(Named { modes, stamp: fields.stamp() })
}
