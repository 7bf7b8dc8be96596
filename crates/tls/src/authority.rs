//! Making certificates: an authority that lives in memory, and leaves signed by it.

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SerialNumber,
};

use crate::{TlsError, provider};

/// A certificate authority. Its key (ECDSA P-256) is never written anywhere; it is forgotten with this value.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    cert_pem: String,
    not_before: Timestamp,
    not_after: Timestamp,
}

/// The contents of a leaf certificate.
pub struct Leaf {
    /// The subject's common name; for client certificates, the Kubernetes username.
    pub common_name: String,
    /// The subject's organization; for client certificates, the Kubernetes group.
    pub organization: Option<String>,
    /// DNS names and IP addresses that it is valid for.
    pub names: Vec<String>,
    /// What it may be used for.
    pub usage: Usage,
}

/// The two uses of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// TLS server authentication.
    Server,
    /// TLS client authentication.
    Client,
}

/// A certificate and its private key, both as PEM. No Debug: it holds the key.
pub struct Pair {
    cert_pem: String,
    key_pem: String,
}

impl Pair {
    /// Returns the certificate, one PEM block.
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    /// Returns the private key, one PEM block (PKCS#8).
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }
}

impl Authority {
    /// Makes an authority, valid from `not_before` for `validity`.
    ///
    /// # Errors
    ///
    /// [`TlsError::Make`] without randomness, and for dates that no certificate can have.
    pub fn new(common_name: &str, not_before: Timestamp, validity: SignedDuration) -> Result<Self, TlsError> {
        let not_after = not_before.checked_add(validity).map_err(make)?;
        let mut params = params(common_name, not_before, not_after)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().map_err(make)?).map_err(make)?;
        let cert_pem = issuer.pem();
        Ok(Self { issuer, cert_pem, not_before, not_after })
    }

    /// Returns the authority's own certificate, one PEM block.
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    /// Makes a key and signs a leaf for it, valid as long as the authority.
    ///
    /// # Errors
    ///
    /// [`TlsError::Make`] without randomness, and for a name that cannot stand in a certificate.
    pub fn issue(&self, leaf: &Leaf) -> Result<Pair, TlsError> {
        let mut params = params(&leaf.common_name, self.not_before, self.not_after)?;
        if let Some(organization) = &leaf.organization {
            params.distinguished_name.push(DnType::OrganizationName, organization.as_str());
        }
        let names = CertificateParams::new(leaf.names.clone()).map_err(make)?;
        params.subject_alt_names = names.subject_alt_names;
        // Both key identifiers: a leaf whose subject is also its issuer's would else pass for self-signed (OpenSSL).
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![match leaf.usage {
            Usage::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Usage::Client => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        let key = KeyPair::generate().map_err(make)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(make)?;
        Ok(Pair { cert_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }
}

fn params(common_name: &str, not_before: Timestamp, not_after: Timestamp) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    params.distinguished_name = name;
    params.serial_number = Some(serial_number()?);
    params.not_before = date(not_before)?;
    params.not_after = date(not_after)?;
    Ok(params)
}

/// 127 random bits: positive, as RFC 5280 §4.1.2.2 wants it, and never the same twice.
fn serial_number() -> Result<SerialNumber, TlsError> {
    let mut bytes = [0; 16];
    provider().secure_random.fill(&mut bytes).map_err(|_| TlsError::Make("no randomness".to_owned()))?;
    bytes[0] &= 0x7f;
    Ok(SerialNumber::from_slice(&bytes))
}

/// rcgen's own date type, to the second.
fn date(at: Timestamp) -> Result<time::OffsetDateTime, TlsError> {
    time::OffsetDateTime::from_unix_timestamp(at.as_second()).map_err(make)
}

fn make(error: impl std::fmt::Display) -> TlsError {
    TlsError::Make(error.to_string())
}
