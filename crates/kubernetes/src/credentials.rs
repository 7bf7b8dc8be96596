//! What a request shows of its sender besides a client certificate: the header `Authorization`.
//!
//! Source: Kubernetes, `client-go/transport/round_trippers.go` and `token_source.go`.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::Mutex,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use crate::{
    ContextName, KubernetesError,
    files::{User, io_error_text, read_named},
    plugin::{Made, Runner},
};

/// So long before its end a token is made anew.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// Where the header comes from.
// No Debug: these are credentials.
pub(crate) enum Credentials {
    /// There is none.
    Nothing,
    /// It is always the same.
    Header(HeaderValue),
    /// A file whose content may change.
    File(Mutex<TokenFile>),
    /// A program that is run again when what it made has ended.
    Plugin { runner: Box<Runner>, last: Mutex<Made>, now: fn() -> Timestamp },
}

impl Credentials {
    /// Those of a user who has them in the kubeconfig; `None` if something else has to make them. With token and file both,
    /// the file counts as long as it can be read.
    pub(crate) fn of(user: &User) -> Result<Option<Self>, String> {
        if !user.token_file.is_empty() {
            let path = PathBuf::from(&user.token_file);
            let first = match (of_file(&path), &*user.token) {
                (Ok(token), _) => bearer(&token)?,
                (Err(why), "") => {
                    return Err(format!(
                        "{why}; its user's `tokenFile` names it: write the token there, or correct the path"
                    ));
                }
                (Err(_), token) => bearer(token)?,
            };
            return Ok(Some(Self::File(Mutex::new(TokenFile { path, last: first, reading: None }))));
        }
        if !user.token.is_empty() {
            return Ok(Some(Self::Header(bearer(&user.token)?)));
        }
        if !user.username.is_empty() {
            let pair = STANDARD.encode(format!("{}:{}", user.username, user.password));
            return Ok(Some(Self::Header(header(&format!("Basic {pair}"))?)));
        }
        Ok(None)
    }

    /// What a request has to have.
    pub(crate) async fn header(&self, context: &ContextName) -> Result<Option<HeaderValue>, KubernetesError> {
        let unusable = |why| KubernetesError::Unusable { context: context.clone(), why };
        match self {
            Self::Nothing => Ok(None),
            Self::Header(header) => Ok(Some(header.clone())),
            Self::File(file) => file.lock().await.header().await.map(Some).map_err(unusable),
            Self::Plugin { runner, last, now } => {
                let mut last = last.lock().await;
                if last.ends.is_some_and(|ends| ends.duration_since(now()) < MARGIN) {
                    let made = runner.run().await.map_err(|why| runner.failed(context, why))?;
                    // A connection keeps the certificate that it began with.
                    if made.identity != last.identity {
                        return Err(KubernetesError::Credentials { context: context.clone() });
                    }
                    *last = made;
                }
                last.token.as_deref().map(bearer).transpose().map_err(unusable)
            }
        }
    }
}

/// How long requests wait for a token to be read from its file. A disk that does not answer, or a network in its place, must not hold
/// up whatever else is under way.
const READING: Duration = Duration::from_secs(2);

/// A file that holds a token.
// No Debug: it is a credential.
pub(crate) struct TokenFile {
    path: PathBuf,
    /// What counts where it cannot be read any more, or not in time.
    last: HeaderValue,
    /// Reading it, where that goes on: there is one at a time, whoever waits for it.
    reading: Option<JoinHandle<Result<String, String>>>,
}

impl TokenFile {
    async fn header(&mut self) -> Result<HeaderValue, String> {
        let path = self.path.clone();
        let reading = self.reading.get_or_insert_with(|| spawn_blocking(move || of_file(&path)));
        if let Ok(read) = timeout(READING, reading).await {
            self.reading = None;
            if let Ok(Ok(token)) = read {
                self.last = bearer(&token)?;
            }
        }
        Ok(self.last.clone())
    }
}

/// A header for a token.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, String> {
    header(&format!("Bearer {token}"))
}

fn header(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| "its credentials have characters that HTTP headers do not allow".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

fn of_file(path: &Path) -> Result<String, String> {
    let text = read_named(path).map_err(|error| not_read(path, &error))?;
    let text = String::from_utf8(text)
        .map_err(|_| format!("{} is not text, and so not a token: write a token into it", path.display()))?;
    match text.trim() {
        "" => Err(format!("read empty token from file {}", path.display())),
        token => Ok(token.to_owned()),
    }
}

/// Why a file cannot be read, in Go's words, which are kubectl's.
pub(crate) fn not_read(path: &Path, error: &std::io::Error) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => format!("open {path}: no such file or directory"),
        ErrorKind::NotADirectory => format!("open {path}: not a directory"),
        ErrorKind::PermissionDenied => format!("open {path}: permission denied"),
        ErrorKind::IsADirectory => format!("read {path}: is a directory"),
        _ => format!("open {path}: {}", io_error_text(error)),
    }
}

/// Whether an id token of OpenID Connect has ended.
pub(crate) fn has_ended(ends: Option<i64>, now: Timestamp) -> bool {
    ends.and_then(|seconds| Timestamp::from_second(seconds).ok()).is_none_or(|ends| ends.duration_since(now) < MARGIN)
}

#[cfg(all(test, unix))]
mod tests;
