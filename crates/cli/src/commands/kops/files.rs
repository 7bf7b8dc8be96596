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

use anyhow::Context as _;
use aws::s3::{Condition, Object};
use document::Source;
use jiff::Timestamp;

use crate::state::{NewPair, Reach, trusts};

/// The three files, by the names that `init` gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Key,
    Certificate,
    Kubeconfig,
}

impl File {
    pub(super) const ALL: [Self; 3] = [Self::Key, Self::Certificate, Self::Kubeconfig];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Key => "key.pem",
            Self::Certificate => "cert.pem",
            Self::Kubeconfig => crate::state::KUBECONFIG_NAME,
        }
    }
}

/// What is there. No Debug: it holds the key.
#[derive(Default)]
pub(super) struct Live {
    pub(super) key: Option<Stored>,
    pub(super) certificate: Option<Stored>,
    pub(super) kubeconfig: Option<Stored>,
}

/// An object that is text.
pub(super) struct Stored {
    pub(super) text: String,
    pub(super) etag: String,
}

impl Stored {
    /// Of these files' objects.
    pub(super) fn of(object: &Object) -> anyhow::Result<Self> {
        let text = str::from_utf8(&object.body).context("it is not text")?.to_owned();
        Ok(Self { text, etag: object.etag.clone() })
    }

    fn condition(this: Option<&Self>) -> Condition {
        this.map_or(Condition::Absent, |stored| Condition::Unchanged(stored.etag.clone()))
    }
}

/// One object to write. No Debug: it may be the key.
pub(super) struct Write {
    pub(super) file: File,
    pub(super) text: String,
    pub(super) condition: Condition,
}

/// Makes a pair where there is none, keeps one that is there, and completes what an interrupted run has left.
pub(super) fn completed(live: &Live, reach: &Reach, now: Timestamp) -> anyhow::Result<Vec<Write>> {
    let Live { key, certificate, kubeconfig } = live;
    let chain = match (key, kubeconfig) {
        (Some(key), _) => chain(key, certificate.as_ref(), now)?,
        (None, Some(_)) => anyhow::bail!(
            "there is a kubeconfig and no key.pem, so API servers may trust a pair that is gone; `--rotate` makes a new \
             one, and a kubeconfig that trusts both"
        ),
        (None, None) => {
            let pair = NewPair::make(reach, now)?;
            let kubeconfig = kubeconfig::webhook(&reach.url(), pair.authority_pem());
            return Ok(vec![
                Write { file: File::Key, text: with_chain(&pair), condition: Condition::Absent },
                certificate_of(&pair.chain_pem(), certificate.as_ref()),
                Write { file: File::Kubeconfig, text: kubeconfig, condition: Condition::Absent },
            ]);
        }
    };
    let mut writes = Vec::new();
    if certificate.as_ref().is_none_or(|stored| stored.text != chain) {
        writes.push(certificate_of(&chain, certificate.as_ref()));
    }
    let (authority, url) = (tls::last_certificate(&chain)?, reach.url());
    let config = kubeconfig.as_ref().and_then(read);
    // One that trusts more than this pair's authority is what a rotation leaves, and right.
    if config.is_none_or(|config| config.server != url || !trusts(&config, &authority)) {
        let (text, condition) = (kubeconfig::webhook(&url, &authority), Stored::condition(kubeconfig.as_ref()));
        writes.push(Write { file: File::Kubeconfig, text, condition });
    }
    Ok(writes)
}

/// Makes a new pair in place of the one that is there, and a kubeconfig that trusts both.
pub(super) fn rotated(live: &Live, reach: &Reach, now: Timestamp) -> anyhow::Result<Vec<Write>> {
    let Live { key, certificate, kubeconfig } = live;
    let config = kubeconfig.as_ref().and_then(read);
    let old = match key.as_ref().map(|key| chain(key, certificate.as_ref(), now)) {
        Some(Ok(chain)) => tls::last_certificate(&chain)?,
        // A pair that is unusable or gone: whatever API servers trust now they go on trusting.
        Some(Err(_)) | None => match config {
            Some(config) => config.certificate_authority_pem,
            None if key.is_none() && certificate.is_none() => {
                anyhow::bail!("there is no pair to rotate; leave out `--rotate` to make one")
            }
            None => String::new(),
        },
    };
    let pair = NewPair::make(reach, now)?;
    let both = kubeconfig::webhook(&reach.url(), &format!("{}{old}", pair.authority_pem()));
    Ok(vec![
        Write { file: File::Kubeconfig, text: both, condition: Stored::condition(kubeconfig.as_ref()) },
        Write { file: File::Key, text: with_chain(&pair), condition: Stored::condition(key.as_ref()) },
        certificate_of(&pair.chain_pem(), certificate.as_ref()),
    ])
}

/// The chain of a pair that is there: in key.pem itself, or beside it where others put the two there.
fn chain(key: &Stored, certificate: Option<&Stored>, now: Timestamp) -> anyhow::Result<String> {
    if let Some(start) = key.text.find("-----BEGIN CERTIFICATE-----") {
        let chain = &key.text[start..];
        let fits = tls::ServerIdentity::from_pem(chain, &key.text, now);
        fits.context("key.pem cannot be used; `--rotate` replaces it by a new pair")?;
        return Ok(chain.to_owned());
    }
    let certificate = certificate
        .context("key.pem has no certificate, neither in it nor beside it; `--rotate` replaces it by a new pair")?;
    let fits = tls::ServerIdentity::from_pem(&certificate.text, &key.text, now);
    fits.context("key.pem and cert.pem cannot be used together; `--rotate` replaces both by a new pair")?;
    Ok(certificate.text.clone())
}

fn with_chain(pair: &NewPair) -> String {
    format!("{}{}", pair.key_pem(), pair.chain_pem())
}

fn certificate_of(chain: &str, stored: Option<&Stored>) -> Write {
    Write { file: File::Certificate, text: chain.to_owned(), condition: Stored::condition(stored) }
}

/// The kubeconfig, if it can be read.
pub(super) fn read(stored: &Stored) -> Option<kubeconfig::WebhookConfig> {
    kubeconfig::read_webhook(&Source::new(File::Kubeconfig.name(), stored.text.as_str())).ok()
}

#[cfg(test)]
mod tests;
