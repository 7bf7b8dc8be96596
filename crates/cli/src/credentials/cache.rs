//! The file of [`aws::credentials::Cache`]: found, held against whoever else uses it, read, and replaced in one step.
//!
//! aws-iam-authenticator holds the file itself, shared for reading and alone for writing, and so does this: `flock` on Unix,
//! `LockFileEx` on Windows. What it makes of a file that it cannot use holds here as well: a line on stderr, and the credentials are
//! asked for.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use aws::credentials::{Cache, CacheKey, Credentials, Environment, MAX_CACHE, NotACache};
use jiff::Timestamp;

use super::{
    Wanted,
    private::{self, Exposed},
};
use crate::process;

/// The variable that names the file.
pub(crate) const VARIABLE: &str = "AWS_IAM_AUTHENTICATOR_CACHE_FILE";

/// What the file keeps of a call. Where it cannot be used that is said, and everything is asked for.
pub(super) struct Kept {
    path: PathBuf,
    cache: Cache,
    /// Of what a role is assumed with, or of the result where none is.
    pub(super) key: CacheKey,
    now: Timestamp,
}

impl Kept {
    pub(super) fn open(cluster_id: &str, profile: &str, wanted: &Wanted, environment: &Environment) -> Option<Self> {
        let opened = path(environment).and_then(|path| Ok((read(&path)?, path)));
        let opened = opened.map_err(|why| process::note(&format!("unable to use cache: {why}")));
        let (cache, path) = opened.ok()?;
        let role = wanted.role.as_ref().map(|role| role.role_arn.clone()).unwrap_or_default();
        let key = CacheKey { cluster_id: cluster_id.to_owned(), profile: profile.to_owned(), role };
        Some(Self { path, cache, key, now: process::now() })
    }

    pub(super) fn base(&self) -> Option<Credentials> {
        self.cache.get(&self.key, self.now)
    }

    /// The result, for these credentials to begin with.
    pub(super) fn last(&self, base: &Credentials, wanted: &Wanted) -> Option<Credentials> {
        match &wanted.role {
            None => Some(base.clone()),
            Some(role) => self.cache.get(&self.key.assumed(base, role, wanted.forward_session_name), self.now),
        }
    }

    pub(super) fn keep(&self, key: CacheKey, credentials: &Credentials) {
        if credentials.expires.is_none() {
            process::note("note: --cache: these credentials have no expiry, and are not cached");
            return;
        }
        let kept = update(&self.path, |cache| {
            cache.forget_ended(self.now);
            cache.put(key, credentials);
        });
        if let Err(why) = kept {
            process::note(&format!("unable to update cache: {why}"));
        }
    }
}

/// Why a file is not used. Nothing of what stands in it is said.
#[derive(Debug)]
pub(super) enum Unusable {
    /// Nothing says where it is.
    Nowhere,
    /// Others than its owner may do something with it.
    NotPrivate(Exposed),
    /// It is not a file.
    NoFile(PathBuf),
    /// Something else stands in it.
    Unreadable(PathBuf, NotACache),
    /// Another program has held it for as long as is waited for.
    Held(PathBuf),
    /// The system said no.
    System(PathBuf, io::Error),
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nowhere => write!(f, "neither HOME nor {VARIABLE} is set"),
            Self::NotPrivate(exposed) => write!(f, "cache file {exposed}"),
            Self::NoFile(path) => write!(f, "{} is not a file", path.display()),
            Self::Unreadable(path, NotACache { line }) => {
                let path = path.display();
                write!(f, "{path} is not a credentials cache, see its line {line}; if nothing else is in it, remove it")
            }
            Self::Held(path) => write!(f, "another program holds {}", path.display()),
            Self::System(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

/// How long somebody else may hold the file: a second, as in aws-iam-authenticator.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(250);

/// Where the file is: what the variable names, or below the home folder.
pub(super) fn path(environment: &Environment) -> Result<PathBuf, Unusable> {
    let below_home = || {
        let home = environment.home.as_ref()?;
        Some(home.join(".kube").join("cache").join("aws-iam-authenticator").join("credentials.yaml"))
    };
    environment.get(VARIABLE).map(PathBuf::from).or_else(below_home).ok_or(Unusable::Nowhere)
}

/// What the file keeps; one that is not there keeps nothing.
pub(super) fn read(path: &Path) -> Result<Cache, Unusable> {
    match hold(path, Purpose::Read) {
        Ok(mut file) => parse(path, &mut file),
        Err(Unusable::System(_, error)) if error.kind() == io::ErrorKind::NotFound => Ok(Cache::default()),
        Err(why) => Err(why),
    }
}

/// Changes what the file keeps, and makes it where it is not there. Between reading and writing nobody else writes.
pub(super) fn update(path: &Path, change: impl FnOnce(&mut Cache)) -> Result<(), Unusable> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private::make_folder(folder).map_err(|error| Unusable::System(folder.to_owned(), error))?;
    }
    let mut file = hold(path, Purpose::Write)?;
    let mut cache = parse(path, &mut file)?;
    change(&mut cache);
    // A link stays one.
    let system = |error| Unusable::System(path.to_owned(), error);
    let real = fs::canonicalize(path).map_err(system)?;
    let staged = process::stage(None, &real, cache.to_text().expose().as_bytes(), 0o600);
    let staged = staged.map_err(|error| system(io::Error::other(format!("{error:#}"))))?;
    // Windows replaces nothing that is open.
    if cfg!(windows) {
        drop(file);
    }
    staged.put().map_err(|error| system(io::Error::other(format!("{error:#}"))))
}

#[derive(Clone, Copy)]
enum Purpose {
    Read,
    Write,
}

/// Opens the file and locks it. Whoever waits for a file may get one that was replaced meanwhile: then the new one is waited for.
fn hold(path: &Path, purpose: Purpose) -> Result<File, Unusable> {
    let system = |error| Unusable::System(path.to_owned(), error);
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            thread::sleep(PAUSE);
        }
        // A pipe would be waited for until somebody writes into it.
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => return Err(Unusable::NoFile(path.to_owned())),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(system(error)),
            Ok(_) | Err(_) => {}
        }
        let file = match purpose {
            Purpose::Read => File::open(path),
            Purpose::Write => private::make_file(path),
        };
        let file = file.map_err(system)?;
        let locked = match purpose {
            Purpose::Read => file.try_lock_shared(),
            Purpose::Write => file.try_lock(),
        };
        match locked {
            Ok(()) if private::is_still(path, &file).map_err(system)? => {
                let exposed = private::exposed(path, &file).map_err(system)?;
                return exposed.map_or(Ok(file), |exposed| Err(Unusable::NotPrivate(exposed)));
            }
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(system(error)),
        }
    }
    Err(Unusable::Held(path.to_owned()))
}

fn parse(path: &Path, file: &mut File) -> Result<Cache, Unusable> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_CACHE).unwrap_or(u64::MAX);
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| Unusable::System(path.to_owned(), error))?;
    let no_cache = |why| Unusable::Unreadable(path.to_owned(), why);
    let text = std::str::from_utf8(&bytes).map_err(|_| no_cache(NotACache { line: 1 }))?;
    Cache::parse(text).map_err(no_cache)
}

#[cfg(all(test, unix))]
mod tests;
