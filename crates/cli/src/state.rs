//! The files that tie an API server to its webhook: certificate, key and the API server's kubeconfig.
//!
//! ```text
//!   cert.pem    leaf, then the CA that signed it     the server presents both
//!   key.pem     the leaf's key, 0600                 the CA's key is forgotten when the leaf is signed
//!   kubeconfig  the CA, and the URL to ask           the API server reads it once, when it starts
//! ```
//!
//! Pairs made by aws-iam-authenticator (one self-signed certificate that is its own CA) are used as they are.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use reading::Kind;

use crate::process::{self, Owner, Staged};

/// Where the files are.
pub(crate) struct StateFiles {
    /// The chain that the server presents.
    pub(crate) certificate: PathBuf,
    /// The private key of its first certificate.
    pub(crate) key: PathBuf,
    /// The kubeconfig for `--authentication-token-webhook-config-file`.
    pub(crate) kubeconfig: PathBuf,
    /// Whose they are to be, if not this process's user's.
    pub(crate) owner: Option<Owner>,
}

/// How the API server reaches the webhook; the certificate is made for it.
pub(crate) struct Reach {
    /// A DNS name or an IP address.
    pub(crate) hostname: String,
    /// The address listened on.
    pub(crate) address: IpAddr,
    /// The port listened on.
    pub(crate) port: u16,
}

/// What [`StateFiles::ensure_pair`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pair {
    /// Both files were there and fit each other.
    Kept,
    /// A new authority and a leaf signed by it were made.
    Made,
}

/// A kubeconfig's authority is the same for as long as its pair, so both get ten years.
const VALIDITY: SignedDuration = SignedDuration::from_hours(10 * 365 * 24 + 2 * 24);

/// Certificates start a little in the past: control plane nodes boot with clocks that are not yet set.
const BACKDATED: SignedDuration = SignedDuration::from_hours(1);

impl StateFiles {
    /// The three files below one folder, named as aws-iam-authenticator names them.
    pub(crate) fn in_folder(folder: &Path, kubeconfig_name: &str) -> Self {
        Self {
            certificate: folder.join("cert.pem"),
            key: folder.join("key.pem"),
            kubeconfig: folder.join(kubeconfig_name),
            owner: None,
        }
    }

    /// Gives what was there before to the owner; what is written is the owner's from the beginning.
    pub(crate) fn give(&self) -> anyhow::Result<()> {
        let Some(owner) = self.owner else { return Ok(()) };
        [&self.certificate, &self.key, &self.kubeconfig].into_iter().try_for_each(|path| process::give(path, owner))
    }

    /// Makes a pair unless both files are there. A pair that is there must be usable, at whatever time; it is never replaced unasked:
    /// API servers trust its authority.
    pub(crate) fn ensure_pair(&self, reach: &Reach, now: Timestamp) -> anyhow::Result<Pair> {
        if self.certificate.exists() && self.key.exists() {
            tls::ServerIdentity::load_at_any_time(&self.certificate, &self.key)?;
            return Ok(Pair::Kept);
        }
        self.write_new_pair(reach, now)?;
        Ok(Pair::Made)
    }

    /// The key's mode (Unix permission bits), where it lets anybody but its owner do anything.
    pub(crate) fn key_mode_for_others(&self) -> anyhow::Result<Option<u32>> {
        use std::os::unix::fs::PermissionsExt as _;

        let metadata = std::fs::metadata(&self.key).with_context(|| format!("cannot read {}", self.key.display()))?;
        let mode = metadata.permissions().mode() & 0o777;
        Ok((mode & 0o077 != 0).then_some(mode))
    }

    /// Makes a new authority and leaf and replaces what is there, if anything.
    pub(crate) fn write_new_pair(&self, reach: &Reach, now: Timestamp) -> anyhow::Result<()> {
        NewPair::make(reach, now)?.stage(self)?.into_iter().try_for_each(Staged::put)
    }

    /// Replaces the pair that is there by a new one; the kubeconfig comes to trust both authorities.
    ///
    /// All are written before the first is put in its place. The kubeconfig is put first: whatever happens in between, it
    /// trusts what the server presents.
    pub(crate) fn rotate(&self, reach: &Reach, now: Timestamp) -> anyhow::Result<()> {
        let old = self
            .authority_pem()
            .context("there is no certificate and key to rotate; run init without --rotate first")?;
        let new = NewPair::make(reach, now)?;
        let kubeconfig = self.stage_kubeconfig(&reach.url(), &format!("{}{old}", new.authority_pem))?;
        let pair = new.stage(self)?;
        kubeconfig.put()?;
        pair.into_iter().try_for_each(Staged::put)
    }

    /// The authorities that a kubeconfig for this pair must trust: the last certificate of the chain.
    pub(crate) fn authority_pem(&self) -> anyhow::Result<String> {
        let path = self.certificate.display();
        let chain = process::read_whole(&self.certificate, Kind::Regular)?;
        // What is no text beside certificates is a comment in another encoding.
        tls::last_certificate(&String::from_utf8_lossy(&chain)).with_context(|| format!("{path}"))
    }

    /// Writes the API server's kubeconfig, unless the one that is there already says the same.
    ///
    /// "The same" includes one that trusts more authorities than this pair's: after `init --rotate` it trusts the old
    /// one too, and must go on doing so until every API server has been restarted.
    pub(crate) fn ensure_kubeconfig(&self, reach: &Reach) -> anyhow::Result<bool> {
        let authority = self.authority_pem()?;
        let url = reach.url();
        if self.trusted().is_some_and(|config| config.server == url && config.trusts(&authority)) {
            return Ok(false);
        }
        self.write_kubeconfig(&url, &authority)?;
        Ok(true)
    }

    /// Writes the API server's kubeconfig.
    pub(crate) fn write_kubeconfig(&self, url: &str, authorities_pem: &str) -> anyhow::Result<()> {
        self.stage_kubeconfig(url, authorities_pem)?.put()
    }

    fn stage_kubeconfig(&self, url: &str, authorities_pem: &str) -> anyhow::Result<Staged> {
        process::stage(self.owner, &self.kubeconfig, kubeconfig::webhook(url, authorities_pem).as_bytes(), self.mode())
    }

    /// Everybody may read the kubeconfig, unless somebody has seen to it that fewer may read the one that is there.
    fn mode(&self) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;

        const ALL: u32 = 0o644;
        std::fs::metadata(&self.kubeconfig).map_or(ALL, |there| there.permissions().mode() & ALL)
    }

    /// The webhook kubeconfig that is there, if it can be read.
    pub(crate) fn trusted(&self) -> Option<kubeconfig::WebhookConfig> {
        let source = process::read_source_of(&self.kubeconfig, Kind::Regular).ok()?;
        kubeconfig::read_webhook(&source).ok()
    }
}

/// A pair and its authority, made and not yet written.
pub(crate) struct NewPair {
    leaf: tls::Pair,
    authority_pem: String,
}

impl NewPair {
    /// Makes them; the authority's key is forgotten here.
    pub(crate) fn make(reach: &Reach, now: Timestamp) -> anyhow::Result<Self> {
        let authority = tls::Authority::new("cluster-auth CA", now - BACKDATED, VALIDITY)?;
        let leaf = authority.issue(&tls::Leaf {
            common_name: "cluster-auth".to_owned(),
            organization: None,
            names: reach.names(),
            usage: tls::Usage::Server,
        })?;
        Ok(Self { leaf, authority_pem: authority.cert_pem().to_owned() })
    }

    /// The leaf's key.
    pub(crate) fn key_pem(&self) -> &str {
        self.leaf.key_pem()
    }

    /// The leaf, and the authority that signed it.
    pub(crate) fn chain_pem(&self) -> String {
        format!("{}{}", self.leaf.cert_pem(), self.authority_pem)
    }

    /// What a kubeconfig must trust.
    pub(crate) fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// The key first: a key whose certificate does not fit yet is what a crash between the two leaves, and is said.
    fn stage(&self, files: &StateFiles) -> anyhow::Result<[Staged; 2]> {
        let key = process::stage(files.owner, &files.key, self.leaf.key_pem().as_bytes(), 0o600)?;
        let certificate = process::stage(files.owner, &files.certificate, self.chain_pem().as_bytes(), 0o644)?;
        Ok([key, certificate])
    }
}

impl Reach {
    /// That there can be a host of this name: else the URL would lead nowhere, and no certificate could be made for it.
    pub(crate) fn ensure_host(&self) -> anyhow::Result<()> {
        let name = &self.hostname;
        let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_inside);
        let is_name = name.len() <= 253 && name.strip_suffix('.').unwrap_or(name).split('.').all(is_label);
        anyhow::ensure!(
            is_name || name.parse::<IpAddr>().is_ok(),
            "hostname {name:?} is neither a host's name nor an IP address: give one, without https:// and without a port"
        );
        Ok(())
    }

    /// The URL in the API server's kubeconfig.
    pub(crate) fn url(&self) -> String {
        let host = match self.hostname.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            Ok(IpAddr::V4(_)) | Err(_) => self.hostname.clone(),
        };
        format!("https://{host}:{}/authenticate", self.port)
    }

    /// What the certificate must be valid for: the host name and, where it is one to connect to, the address.
    pub(crate) fn names(&self) -> Vec<String> {
        let address = (!self.address.is_unspecified()).then(|| self.address.to_string());
        let mut names = vec![self.hostname.clone()];
        names.extend(address.filter(|address| *address != self.hostname));
        names
    }
}

#[cfg(test)]
mod tests;
