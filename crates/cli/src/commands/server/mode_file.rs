//! The file that says at any time which mapping sources are asked (`dynamicBackendModePath`).
//!
//! Source: aws-iam-authenticator 0.7.18, `CallBackForFileLoad` of `pkg/server/server.go`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use mapping::{BackendMode, aws_iam_authenticator};
use tokio::time::sleep;

use super::{
    dynamic::{Fields, bytes, observe},
    looking::{INTERVAL, Print, off_thread, report},
    modes::Modes,
};

/// Its name in metrics and at `/readyz`.
const MODE_FILE: &str = "backend-mode";

/// What the file says.
struct Named {
    modes: Vec<BackendMode>,
    /// `LastUpdatedDateTime`.
    written: Option<i64>,
}

/// Follows the file that names the modes. Where it is gone, those of the configuration are asked again.
pub(super) fn follow(path: PathBuf, modes: Arc<Modes>) {
    tokio::spawn(async move {
        let webhook = Arc::clone(modes.sources().webhook());
        // What was there before the first look: nothing.
        let mut seen = Print::Gone;
        let mut is_first = true;
        loop {
            let print = Print::of(&path);
            if print != seen {
                seen = print;
                if seen.is_there() {
                    let path = path.clone();
                    let named = off_thread(move || named_modes(&path)).await;
                    let asked = named.and_then(|named| modes.ask_named(&named.modes).map(|()| named));
                    report(&webhook, MODE_FILE, asked, |Named { modes, written }| {
                        let has_it = modes.contains(&BackendMode::DynamicFile);
                        webhook.metrics().set_dynamic_file_mode(has_it, modes == [BackendMode::DynamicFile]);
                        if !is_first {
                            observe(&webhook, "dynamic_backend_mode", written);
                        }
                        is_first = false;
                    });
                } else if seen.is_gone() {
                    webhook.readiness().clear_stale(MODE_FILE);
                    modes.ask_configured();
                }
            }
            sleep(INTERVAL).await;
        }
    });
}

fn named_modes(path: &Path) -> anyhow::Result<Named> {
    let bytes = bytes(path)?;
    let fields = Fields::read(&bytes).context("it is not JSON")?;
    let named = fields.text("backendMode").unwrap_or_default();
    let names: Vec<&str> = named.split(' ').collect();
    let modes = aws_iam_authenticator::modes(names.iter().copied());
    let is_once = |mode: &BackendMode| modes.iter().filter(|other| *other == mode).count() == 1;
    anyhow::ensure!(
        modes.len() == names.len() && modes.iter().all(is_once),
        "backendMode {named:?}: modes are MountedFile, EKSConfigMap, CRD and DynamicFile, each once, with a blank between them"
    );
    Ok(Named { modes, written: fields.written() })
}
