//! The folder in which sessions are kept from one call to the next: a file for each key, replaced in one step, and one beside it that
//! whoever asks AWS for the session holds meanwhile.
//!
//! ```text
//!   KEY.json    aws::credentials::Session, for its owner alone
//!   KEY.lock    empty; held while AWS is asked, so that a hundred kubectl at once ask once
//! ```
//!
//! A file that cannot be read is none. What cannot be written is asked for anew next time.

use std::{
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use aws::credentials::{Environment, Session, SessionKey, Standing};
use jiff::Timestamp;

use super::private::{self, Exposed};
use crate::process;

/// The folder, found and looked at.
pub(crate) struct Sessions {
    folder: PathBuf,
}

/// Whoever has this is the only one that asks for a session. It ends when it is dropped, or with the process.
pub(super) struct SessionLock {
    _file: File,
    /// Whether another process had it first.
    pub(super) was_waited_for: bool,
}

/// The variable by which kubectl finds its own cache.
const KUBECTL_CACHE: &str = "KUBECACHEDIR";

/// How long one of several processes waits for another that asks AWS, or a person. Then it asks by itself.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long until it says that it waits.
const SILENCE: Duration = Duration::from_secs(2);

/// Between two looks at a file that somebody else holds.
const PAUSE: Duration = Duration::from_millis(10);

/// The longest file that is read, in bytes: sessions have two or three kilobytes.
const MAX_FILE: u64 = 64 << 10;

/// Where the folder is: in kubectl's own cache.
pub(crate) fn folder(environment: &Environment) -> Option<PathBuf> {
    let below_home = || Some(environment.home.as_ref()?.join(".kube").join("cache"));
    let cache = environment.get(KUBECTL_CACHE).map(PathBuf::from).or_else(below_home)?;
    Some(cache.join("cluster-auth"))
}

impl Sessions {
    /// Opens the folder; `None` if there is no place for it. One that others could read is not used, which is said.
    pub(crate) fn open(environment: &Environment) -> Option<Self> {
        let folder = folder(environment)?;
        match private::folder(&folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                process::note(&format!("note: sessions are not cached: {error}"));
                return None;
            }
        }
        Some(Self { folder })
    }

    /// The folder as it is, for whoever looks at it or removes what is in it: what others could read has to be seen, and gone. That it is not
    /// used is said.
    pub(crate) fn found(environment: &Environment) -> Option<Self> {
        let folder = folder(environment)?;
        match private::folder(&folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => process::note(&format!("note: these sessions are not used: {error}")),
        }
        Some(Self { folder })
    }

    /// The session under a key, be it good or not.
    pub(super) fn get(&self, key: &SessionKey) -> Option<Session> {
        let path = self.file(key);
        match read(&path) {
            Ok(session) => session.filter(|session| session.key == *key),
            Err(exposed) => {
                process::note(&format!("note: a cached session is not used: {exposed}"));
                None
            }
        }
    }

    /// Waits until nobody else asks for the session. None where the folder cannot be used, or another process takes too long.
    pub(super) async fn hold(&self, key: &SessionKey) -> Option<SessionLock> {
        let path = self.lock(key);
        private::make_folder(&self.folder).ok()?;
        let (mut waited, mut has_said) = (Duration::ZERO, false);
        while waited < PATIENCE {
            match hold(&path) {
                Ok(Some(file)) => return Some(SessionLock { _file: file, was_waited_for: !waited.is_zero() }),
                Ok(None) => {}
                Err(_) => return None,
            }
            if waited >= SILENCE && !has_said {
                process::note("note: waiting for another cluster-auth, which is asking for the same credentials");
                has_said = true;
            }
            tokio::time::sleep(PAUSE).await;
            waited += PAUSE;
        }
        None
    }

    /// The same without waiting.
    pub(super) fn try_hold(&self, key: &SessionKey) -> Option<SessionLock> {
        private::make_folder(&self.folder).ok()?;
        let file = hold(&self.lock(key)).ok().flatten()?;
        Some(SessionLock { _file: file, was_waited_for: false })
    }

    /// Keeps a session. That it cannot be is no reason to fail: it is there.
    pub(super) fn put(&self, session: &Session) {
        let Some(text) = session.to_text() else { return };
        if private::make_folder(&self.folder).is_err() {
            return;
        }
        if let Ok(staged) = process::stage(None, &self.file(&session.key), text.expose().as_bytes(), 0o600) {
            // Where it cannot be replaced there is another one, or none.
            drop(staged.put());
        }
        self.forget_ended(session.obtained);
    }

    /// Removes what nobody uses any more: sessions that have ended, and what is held for one that there is not. Where it cannot be removed it
    /// stays.
    fn forget_ended(&self, now: Timestamp) {
        let has_ended =
            |path: &Path| read(path).ok().flatten().is_some_and(|session| session.standing(now) == Standing::Ended);
        for path in self.files("json").unwrap_or_default() {
            if has_ended(&path) {
                drop(remove(&path));
            }
        }
        for path in self.files("lock").unwrap_or_default() {
            if !path.with_extension("json").exists() {
                drop(release(&path));
            }
        }
    }

    /// Every session that can be read, and how many files cannot.
    pub(crate) fn all(&self) -> io::Result<(Vec<Session>, usize)> {
        let (mut sessions, mut unreadable) = (Vec::new(), 0);
        for path in self.files("json")? {
            match read(&path) {
                Ok(Some(session)) => sessions.push(session),
                Ok(None) | Err(_) => unreadable += 1,
            }
        }
        Ok((sessions, unreadable))
    }

    /// Removes every session; returns how many there were.
    pub(crate) fn clear(&self) -> io::Result<usize> {
        let files = self.files("json")?;
        for path in &files {
            remove(path)?;
        }
        // Whoever holds one is about to write a session, and lets it go when that is done.
        for path in self.files("lock")? {
            release(&path)?;
        }
        Ok(files.len())
    }

    fn files(&self, extension: &str) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        files.retain(|path| is_ours(path, extension));
        files.sort();
        Ok(files)
    }

    fn file(&self, key: &SessionKey) -> PathBuf {
        self.folder.join(key.name() + ".json")
    }

    fn lock(&self, key: &SessionKey) -> PathBuf {
        self.folder.join(key.name() + ".lock")
    }
}

/// Whether a file has the name of a key.
fn is_ours(path: &Path, extension: &str) -> bool {
    let is_key = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    path.extension().is_some_and(|of| of == extension) && path.file_stem().and_then(OsStr::to_str).is_some_and(is_key)
}

/// Removes what is held while AWS is asked, unless somebody holds it.
fn release(path: &Path) -> io::Result<()> {
    match hold(path) {
        Ok(Some(_held)) => remove(path),
        Ok(None) | Err(_) => Ok(()),
    }
}

fn read(path: &Path) -> Result<Option<Session>, Exposed> {
    let Ok(file) = open(path) else { return Ok(None) };
    match private::exposed(path, &file) {
        Ok(None) => {}
        Ok(Some(exposed)) => return Err(exposed),
        Err(_) => return Ok(None),
    }
    let mut text = String::new();
    let read = file.take(MAX_FILE).read_to_string(&mut text);
    Ok(read.ok().and_then(|_| Session::parse(&text)))
}

/// A pipe would be waited for until somebody writes into it.
fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() { File::open(path) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// The locked file; none while somebody else has it. One that was removed while it was waited for is made anew.
fn hold(path: &Path) -> io::Result<Option<File>> {
    let file = private::make_file(path)?;
    match file.try_lock() {
        Ok(()) if private::is_still(path, &file)? => Ok(Some(file)),
        Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(all(test, unix))]
mod tests;
