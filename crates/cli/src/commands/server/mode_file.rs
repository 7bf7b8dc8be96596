//! The file that says at any time which sources of logins are asked (`dynamicBackendModePath`).
//!
//! Source: aws-iam-authenticator 0.7.18, `CallBackForFileLoad` of `pkg/server/server.go`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use mapping::{Mode, aws_iam_authenticator};
use serde_json::Value;
use tokio::time::sleep;

use super::{
    dynamic::{bytes, field, last_updated, observe},
    looking::{INTERVAL, Print, off_thread},
    modes::Modes,
};

/// Follows the file that names the modes. Where it is gone, those of the configuration are asked again.
pub(super) fn follow(path: PathBuf, modes: Arc<Modes>) {
    tokio::spawn(async move {
        let mut seen = Print::of(Path::new(""));
        let mut is_first = true;
        loop {
            let print = Print::of(&path);
            if print != seen {
                seen = print;
                if seen.is_there() {
                    let path = path.clone();
                    let sources = Arc::clone(modes.sources());
                    match off_thread(move || named_modes(&path)).await.and_then(|(named, at)| {
                        modes.ask(&named)?;
                        Ok((named, at))
                    }) {
                        Ok((named, at)) => {
                            let has = named.contains(&Mode::DynamicFile);
                            sources.webhook().metrics().set_dynamic_file_mode(has, named == [Mode::DynamicFile]);
                            sources.webhook().readiness().clear_stale("backend-mode");
                            if !is_first {
                                observe(&sources, "dynamic_backend_mode", at);
                            }
                            is_first = false;
                        }
                        Err(error) => {
                            let why = format!("{error:#}");
                            sources.webhook().metrics().reload_failed("backend-mode");
                            sources.webhook().readiness().set_stale("backend-mode", why.clone());
                            tracing::error!(error = why, "the file of backend modes is not taken; those before stay");
                        }
                    }
                } else if seen.is_gone() {
                    modes.sources().webhook().readiness().clear_stale("backend-mode");
                    modes.ask_configured();
                }
            }
            sleep(INTERVAL).await;
        }
    });
}

/// What `backendMode` of the file names, and `LastUpdatedDateTime`.
fn named_modes(path: &Path) -> anyhow::Result<(Vec<Mode>, Option<i64>)> {
    let bytes = bytes(path)?;
    let value: Value = serde_json::from_slice(&bytes).context("it is not JSON")?;
    let named = field(&value, "backendMode").and_then(Value::as_str).unwrap_or_default();
    let names: Vec<&str> = named.split(' ').collect();
    let found = aws_iam_authenticator::modes(names.iter().copied());
    let is_once = |mode: &Mode| found.iter().filter(|other| *other == mode).count() == 1;
    anyhow::ensure!(
        found.len() == names.len() && found.iter().all(is_once),
        "backendMode {named:?}: modes are MountedFile, EKSConfigMap, CRD and DynamicFile, each once, with a blank between them"
    );
    Ok((found, last_updated(&bytes)))
}
