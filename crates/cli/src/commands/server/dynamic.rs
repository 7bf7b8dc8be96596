//! The file that says at any time who logs in (`dynamicfilepath`).
//!
//! Source: aws-iam-authenticator 0.7.18, `pkg/fileutil/util.go`, `pkg/mapper/dynamicfile`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use mapping::{BackendMode, Reader, Source, authenticator::dynamic_file, aws_iam_authenticator::Standing};
use reading::Kind;
use serde_json::value::RawValue;
use tokio::time::sleep;
use webhook::Webhook;

use super::{
    looking::{INTERVAL, Print, off_thread},
    sources::{Indexed, Sources},
};
use crate::process;

/// Follows the file of logins for as long as the runtime lives.
pub(super) fn follow_logins(path: PathBuf, sources: Arc<Sources>) {
    tokio::spawn(async move {
        let options = sources.options();
        let mut seen: Option<Print> = None;
        let mut looks_without = 0;
        loop {
            sources.webhook().metrics().set_last_look("dynamicfile", process::now());
            let print = Print::of(&path);
            if print.is_there() {
                looks_without = 0;
                if seen.as_ref() != Some(&print) {
                    let is_first = !sources.has_read(BackendMode::DynamicFile);
                    seen = Some(print);
                    let path = path.clone();
                    let read = off_thread(move || {
                        let bytes = bytes(&path)?;
                        let standing = Standing::alone(path.display().to_string());
                        let read = dynamic_file(&bytes, standing, options).map_err(|source| refused(&source))?;
                        let stamp = Fields::read(&bytes).map(|fields| fields.stamp()).unwrap_or_default();
                        Ok((Indexed::from(read), stamp))
                    });
                    match read.await {
                        Ok((read, stamp)) => {
                            sources.take(BackendMode::DynamicFile, read);
                            if !is_first {
                                observe(sources.webhook(), "dynamic_file", &stamp);
                            }
                        }
                        Err(error) => cannot_read(&sources, &format!("{error:#}")),
                    }
                }
            } else if !print.is_gone() {
                if seen.as_ref() != Some(&print) {
                    seen = Some(print);
                    cannot_read(&sources, &format!("it is not known whether {} exists", path.display()));
                }
            } else {
                // Whoever writes a file anew may take the old one away first; whoever leaves it away means it.
                looks_without += 1;
                let is_gone = looks_without == 2;
                if is_gone && sources.has_read(BackendMode::DynamicFile) {
                    seen = None;
                    sources.take(
                        BackendMode::DynamicFile,
                        Source::empty(BackendMode::DynamicFile, Reader::ClusterAuth).into(),
                    );
                    tracing::warn!(file = %path.display(), "the dynamic file is gone, and so are its mappings");
                } else if is_gone {
                    cannot_read(&sources, &format!("{} is not there", path.display()));
                }
            }
            sleep(INTERVAL).await;
        }
    });
}

fn cannot_read(sources: &Sources, why: &str) {
    sources.webhook().metrics().dynamic_file_failed();
    sources.webhook().metrics().reload_failed("dynamicfile");
    sources.cannot_read(BackendMode::DynamicFile, why);
}

/// Why nothing of the file is taken.
fn refused(refused: &Source) -> anyhow::Error {
    let said: Vec<String> = refused.defects.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("the whole file is refused: {}", said.join("; "))
}

/// What a file says of itself.
#[derive(Default)]
pub(super) struct Stamp {
    /// `LastUpdatedDateTime`.
    written: Option<i64>,
    /// `Version`.
    version: String,
}

/// How long after it was written a file is in use, as a metric and in aws-iam-authenticator's words; one that says it will be
/// written is passed over.
pub(super) fn observe(webhook: &Webhook, file: &'static str, Stamp { written, version }: &Stamp) {
    let after = written.and_then(|at| u64::try_from(process::now().as_second() - at).ok());
    if let Some(seconds) = after {
        webhook.metrics().dynamic_file_loaded(file, Duration::from_secs(seconds));
        tracing::info!(Version = version, Type = file, Latency = seconds, "logging latency metric");
    }
}

/// The fields of a file, in whatever case, as encoding/json takes them. Their values are read when they are asked for: the
/// lists of logins may be long.
pub(super) struct Fields<'t>(BTreeMap<String, &'t RawValue>);

impl<'t> Fields<'t> {
    pub(super) fn read(bytes: &'t [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes).map(Self)
    }

    /// A field that is a text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        serde_json::from_str(value.get()).ok()
    }

    /// `LastUpdatedDateTime`, seconds since 1970 as a text, and `Version`.
    pub(super) fn stamp(&self) -> Stamp {
        let written = self.text("LastUpdatedDateTime").and_then(|text| text.parse().ok());
        Stamp { written, version: self.text("Version").unwrap_or_default() }
    }
}

pub(super) fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    process::read_whole(path, Kind::Regular)
}
