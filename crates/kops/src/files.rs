//! Which of the three files are to be written, in which order, and on which condition: decided before anything is.
//!
//! S3 writes one object at a time, so what a run leaves that ends in the middle matters more than the order in which it
//! succeeds. The key is what cannot be made again, so `key.pem` is the truth: it holds the chain too, and the other two
//! files follow from it.
//!
//! ```text
//!   first time   key.pem (only if there is none) ─► cert.pem ─► kubeconfig    a rerun writes what is missing
//!   --rotate     kubeconfig that trusts old and new ─► key.pem (only if it is still the old one) ─► cert.pem
//! ```
//!
//! After every step the kubeconfig trusts what key.pem presents, or is not there yet.

use document::Source;

/// The three files, by the names that `init` gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// The private key, and behind it the chain.
    Key,
    /// The chain: the leaf, and the authority that signed it.
    Certificate,
    /// What API servers ask the webhook with.
    Kubeconfig,
}

impl File {
    /// All three files.
    pub const ALL: [Self; 3] = [Self::Key, Self::Certificate, Self::Kubeconfig];

    /// Returns its name in the folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key.pem",
            Self::Certificate => "cert.pem",
            Self::Kubeconfig => kubeconfig::WEBHOOK_FILE,
        }
    }
}

/// The files that the state store has now. No Debug: it holds the key.
#[derive(Default)]
pub struct Live {
    /// key.pem.
    pub key: Option<Stored>,
    /// cert.pem.
    pub certificate: Option<Stored>,
    /// The kubeconfig.
    pub kubeconfig: Option<Stored>,
}

/// An object that is text. No Debug: it may be the key.
pub struct Stored {
    /// All of it.
    pub text: String,
    /// What the store knows this version of it by.
    pub etag: String,
}

/// The condition on which a file is written; the store checks it, so that of two who write at a time one fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// There is none yet.
    Absent,
    /// It is still the one with this ETag.
    Unchanged(String),
}

impl Condition {
    fn of(stored: Option<&Stored>) -> Self {
        stored.map_or(Self::Absent, |stored| Self::Unchanged(stored.etag.clone()))
    }
}

/// One file to write. No Debug: it may be the key.
pub struct Write {
    /// Which.
    pub file: File,
    /// All of it.
    pub text: String,
    /// When.
    pub condition: Condition,
}

/// A pair and its authority, made and not yet written, all as PEM. No Debug: it holds the key.
#[derive(Clone, Copy)]
pub struct NewPair<'a> {
    /// The leaf's key.
    pub key: &'a str,
    /// The leaf, and the authority that signed it.
    pub chain: &'a str,
    /// The authority.
    pub authority: &'a str,
}

/// The state of the certificate and key in the state store.
pub enum Pair {
    /// There is no key.pem.
    Absent,
    /// Its chain, and the authority that this ends with, both as PEM.
    Usable {
        /// The chain.
        chain: String,
        /// Its last certificate.
        authority: String,
    },
    /// Not to be used, and why.
    Unusable(FilesError),
}

/// What cryptography found wrong with a chain and a key.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The reasons to write nothing.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A kubeconfig alone.
    #[error(
        "there is a kubeconfig and no key.pem, so API servers may trust a certificate whose key is gone; \
         `--rotate` creates a new certificate and key, and a kubeconfig that trusts both"
    )]
    NoKey,
    /// An empty folder.
    #[error("there is no certificate and key to rotate; leave out `--rotate` to create them")]
    NothingToRotate,
    /// A key alone.
    #[error(
        "key.pem has no certificate, neither in it nor beside it; `--rotate` replaces it by a new certificate and key"
    )]
    NoCertificate,
    /// Key and chain of key.pem do not fit, or their time is over.
    #[error("key.pem cannot be used; `--rotate` replaces it by a new certificate and key")]
    Key(#[source] Cause),
    /// key.pem and cert.pem do not fit, or their time is over.
    #[error("key.pem and cert.pem cannot be used together; `--rotate` replaces both by new ones")]
    Together(#[source] Cause),
}

impl Pair {
    /// Returns the pair that is there: its chain in key.pem itself, or beside it where others put the two there.
    ///
    /// `look` says of a chain and a key, both PEM, which authority the chain ends with, or why the two cannot be used.
    pub fn of<E: Into<Cause>>(live: &Live, look: impl FnOnce(&str, &str) -> Result<String, E>) -> Self {
        let Some(key) = &live.key else { return Self::Absent };
        let (chain, why): (_, fn(Cause) -> FilesError) = match (key.text.find(BEGIN), &live.certificate) {
            (Some(start), _) => (&key.text[start..], FilesError::Key),
            (None, Some(certificate)) => (certificate.text.as_str(), FilesError::Together),
            (None, None) => return Self::Unusable(FilesError::NoCertificate),
        };
        match look(chain, &key.text) {
            Ok(authority) => Self::Usable { chain: chain.to_owned(), authority },
            Err(error) => Self::Unusable(why(error.into())),
        }
    }
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Puts a new pair where there is none, keeps one that is there, and completes what an interrupted run has left.
///
/// `url` is where API servers ask.
///
/// # Errors
///
/// [`FilesError`] where what is there can only be replaced, which nobody has asked for.
pub fn completed(live: &Live, pair: Pair, url: &str, new: NewPair<'_>) -> Result<Vec<Write>, FilesError> {
    let Live { certificate, kubeconfig, .. } = live;
    let (chain, authority) = match (pair, kubeconfig) {
        (Pair::Usable { chain, authority }, _) => (chain, authority),
        (Pair::Unusable(error), _) => return Err(error),
        (Pair::Absent, Some(_)) => return Err(FilesError::NoKey),
        (Pair::Absent, None) => {
            let kubeconfig = kubeconfig::webhook(url, new.authority);
            return Ok(vec![
                Write { file: File::Key, text: with_chain(new), condition: Condition::Absent },
                certificate_of(new.chain, certificate.as_ref()),
                Write { file: File::Kubeconfig, text: kubeconfig, condition: Condition::Absent },
            ]);
        }
    };
    let mut writes = Vec::new();
    if certificate.as_ref().is_none_or(|stored| stored.text != chain) {
        writes.push(certificate_of(&chain, certificate.as_ref()));
    }
    let config = kubeconfig.as_ref().and_then(Stored::webhook);
    // One that trusts more than this pair's authority is what a rotation leaves, and right.
    if config.is_none_or(|config| config.server != url || !config.trusts(&authority)) {
        let (text, condition) = (kubeconfig::webhook(url, &authority), Condition::of(kubeconfig.as_ref()));
        writes.push(Write { file: File::Kubeconfig, text, condition });
    }
    Ok(writes)
}

/// Puts a new pair in place of the one that is there, and a kubeconfig that trusts both.
///
/// # Errors
///
/// [`FilesError::NothingToRotate`] where there is nothing that API servers could trust now.
pub fn rotated(live: &Live, pair: Pair, url: &str, new: NewPair<'_>) -> Result<Vec<Write>, FilesError> {
    let Live { key, certificate, kubeconfig } = live;
    let config = kubeconfig.as_ref().and_then(Stored::webhook);
    let old = match (pair, config) {
        (Pair::Usable { authority, .. }, _) => authority,
        // A pair that is unusable or gone: whatever API servers trust now they go on trusting.
        (Pair::Unusable(_) | Pair::Absent, Some(config)) => config.certificate_authority_pem,
        (Pair::Absent, None) if certificate.is_none() => return Err(FilesError::NothingToRotate),
        (Pair::Unusable(_) | Pair::Absent, None) => String::new(),
    };
    let both = kubeconfig::webhook(url, &format!("{}{old}", new.authority));
    Ok(vec![
        Write { file: File::Kubeconfig, text: both, condition: Condition::of(kubeconfig.as_ref()) },
        Write { file: File::Key, text: with_chain(new), condition: Condition::of(key.as_ref()) },
        certificate_of(new.chain, certificate.as_ref()),
    ])
}

fn with_chain(pair: NewPair<'_>) -> String {
    format!("{}{}", pair.key, pair.chain)
}

fn certificate_of(chain: &str, stored: Option<&Stored>) -> Write {
    Write { file: File::Certificate, text: chain.to_owned(), condition: Condition::of(stored) }
}

impl Stored {
    /// Returns the webhook's settings, if the file is a webhook's kubeconfig.
    pub fn webhook(&self) -> Option<kubeconfig::WebhookConfig> {
        kubeconfig::read_webhook(&Source::new(File::Kubeconfig.name(), self.text.as_str())).ok()
    }
}

#[cfg(test)]
mod tests;
