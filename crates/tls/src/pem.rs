//! Looking into PEM files.

use std::net::IpAddr;

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::TlsError;

/// The contents of the first certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// DNS names and IP addresses it is valid for.
    pub names: Vec<String>,
    /// From when on.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
    /// Whether it may sign others.
    pub is_authority: bool,
}

impl Inspection {
    /// Returns whether it is valid for this host: an IP address, or a DNS name (a `*.` stands for one label).
    pub fn covers(&self, host: &str) -> bool {
        if let Ok(address) = host.parse::<IpAddr>() {
            return self.names.iter().any(|name| name.parse() == Ok(address));
        }
        self.names.iter().any(|name| match (name.strip_prefix("*."), host.split_once('.')) {
            (Some(parent), Some((_, rest))) => parent.eq_ignore_ascii_case(rest),
            _ => name.eq_ignore_ascii_case(host),
        })
    }
}

/// The certificates in a PEM text; at least one.
pub(crate) fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    must_be_pem(pem)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let certificates = certificates.map_err(|_| TlsError::Pem)?;
    if certificates.is_empty() { Err(TlsError::NoCertificate) } else { Ok(certificates) }
}

/// The private key in a PEM text; exactly one.
pub(crate) fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
    let mut keys = private_keys(pem)?;
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(key),
        (Some(_), others) => Err(TlsError::SeveralKeys { count: others + 1 }),
        (None, _) => Err(TlsError::NoKey),
    }
}

/// The first private key in a PEM text.
pub(crate) fn first_private_key(pem: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
    private_keys(pem)?.into_iter().next().ok_or(TlsError::NoKey)
}

fn private_keys(pem: &str) -> Result<Vec<PrivateKeyDer<'static>>, TlsError> {
    must_be_pem(pem)?;
    // `BEGIN ENCRYPTED PRIVATE KEY` (PKCS#8), and `Proc-Type: 4,ENCRYPTED` in older files.
    if pem.contains("ENCRYPTED") {
        return Err(TlsError::EncryptedKey);
    }
    let keys: Result<Vec<_>, _> = PrivateKeyDer::pem_slice_iter(pem.as_bytes()).collect();
    keys.map_err(|_| TlsError::Pem)
}

/// A certificate's public key with its kind, as `SubjectPublicKeyInfo` in DER.
pub(crate) fn public_key<'a>(certificate: &'a CertificateDer<'_>) -> Result<&'a [u8], TlsError> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| TlsError::UnreadableCertificate)?;
    Ok(certificate.tbs_certificate.subject_pki.raw)
}

fn must_be_pem(text: &str) -> Result<(), TlsError> {
    if text.contains("-----BEGIN ") { Ok(()) } else { Err(TlsError::NotPem) }
}

/// Reads the first certificate of a PEM text.
///
/// # Errors
///
/// [`TlsError::NotPem`], [`TlsError::Pem`], [`TlsError::NoCertificate`] and [`TlsError::Certificate`].
pub fn inspect(pem: &str) -> Result<Inspection, TlsError> {
    inspect_der(&certificates(pem)?[0])
}

pub(crate) fn inspect_der(certificate: &CertificateDer<'_>) -> Result<Inspection, TlsError> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| TlsError::Certificate)?;
    let alternatives = certificate.subject_alternative_name().map_err(|_| TlsError::Certificate)?;
    let names = alternatives.map(|names| names.value.general_names.iter().filter_map(name).collect());
    let validity = certificate.validity();
    Ok(Inspection {
        names: names.unwrap_or_default(),
        not_before: timestamp(validity.not_before.timestamp())?,
        not_after: timestamp(validity.not_after.timestamp())?,
        is_authority: certificate.is_ca(),
    })
}

/// Returns the last certificate of a PEM text, as PEM: the authority of a chain, or a self-signed certificate itself.
///
/// # Errors
///
/// [`TlsError::NotPem`], [`TlsError::Pem`] and [`TlsError::NoCertificate`]. The certificates themselves are not read.
pub fn last_certificate(pem: &str) -> Result<String, TlsError> {
    certificates(pem)?;
    let start = pem.rfind(BEGIN).ok_or(TlsError::Pem)?;
    let end = pem[start..].find(END).ok_or(TlsError::Pem)? + start + END.len();
    Ok(format!("{}\n", &pem[start..end]))
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

fn timestamp(seconds: i64) -> Result<Timestamp, TlsError> {
    Timestamp::from_second(seconds).map_err(|_| TlsError::Certificate)
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(v4) => Some(IpAddr::from(v4).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes).ok().map(|v6| IpAddr::from(v6).to_string()),
        },
        _ => None,
    }
}
