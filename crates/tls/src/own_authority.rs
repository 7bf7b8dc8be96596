//! Certificates that are their own authority, as aws-iam-authenticator makes them: Go's TLS takes them, rustls does not.

use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{TlsError, pem, provider};

/// Returns the TLS settings for asking a webhook as an API server does: trusted are what these certificates (PEM) vouch for, and each of
/// them itself, for the names and the time that it is valid for.
///
/// # Errors
///
/// What is wrong with the text or with a certificate in it.
pub fn webhook_client_config(authorities_pem: &str) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let verifier = Arc::new(Verifier::trusting(authorities_pem)?);
    Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

#[derive(Debug)]
struct Verifier {
    usual: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl Verifier {
    fn trusting(authorities_pem: &str) -> Result<Self, TlsError> {
        let trusted = pem::certificates(authorities_pem)?;
        let mut store = RootCertStore::empty();
        for certificate in &trusted {
            store.add(certificate.clone()).map_err(|_| TlsError::Certificate)?;
        }
        let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider());
        let usual = usual.build().map_err(|_| TlsError::NoRoots)?;
        Ok(Self { usual, trusted })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let usual = self.usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let Err(refused) = usual else { return usual };
        if !self.trusted.iter().any(|trusted| trusted == end_entity) {
            return Err(refused);
        }
        // It is trusted as it is; what is left is whether it is meant for this server, and now.
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        let (_, parsed) = X509Certificate::from_der(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if now < parsed.validity().not_before.timestamp() {
            return Err(CertificateError::NotValidYet.into());
        }
        if now > parsed.validity().not_after.timestamp() {
            return Err(CertificateError::Expired.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::SignedDuration;
    use rustls::{
        client::danger::ServerCertVerifier as _,
        pki_types::{ServerName, UnixTime},
    };

    use super::Verifier;
    use crate::{Authority, Leaf, Usage, pem};

    /// Made by aws-iam-authenticator: valid for localhost and 127.0.0.1, its own authority.
    const OF_GO: &str = include_str!("../testdata/aws-iam-authenticator/cert.pem");

    #[test]
    fn a_certificate_is_taken_from_its_authority_or_if_it_is_trusted_itself() {
        let now = inspect(OF_GO).not_before + SignedDuration::from_hours(24);
        let authority = Authority::new("test", now, SignedDuration::from_hours(24)).expect("made");
        let names = vec!["localhost".to_owned()];
        let leaf = Leaf { common_name: "test".to_owned(), organization: None, names, usage: Usage::Server };
        let leaf = authority.issue(&leaf).expect("issued");
        let (go, ours, issued) = (OF_GO, authority.cert_pem(), leaf.cert_pem());
        let later = now + SignedDuration::from_hours(200 * 365 * 24);
        let cases = [
            ("its own authority", go, go, "localhost", now, true),
            ("for an address", go, go, "127.0.0.1", now, true),
            ("of an authority", ours, issued, "localhost", now, true),
            ("trusted itself, of no authority that is", issued, issued, "localhost", now, true),
            ("of a stranger", ours, go, "localhost", now, false),
            ("of another authority", go, issued, "localhost", now, false),
            ("another name", go, go, "example.com", now, false),
            ("before its time", go, go, "localhost", now - SignedDuration::from_hours(48), false),
            ("after its time", go, go, "localhost", later, false),
        ];
        for (name, trusted, shown, host, at, expected) in cases {
            let verifier = Verifier::trusting(trusted).expect("usable");
            let shown = pem::certificates(shown).expect("readable").remove(0);
            let host = ServerName::try_from(host).expect("a name");
            let at = Duration::from_secs(at.as_second().try_into().expect("after 1970"));
            let taken = verifier.verify_server_cert(&shown, &[], &host, &[], UnixTime::since_unix_epoch(at));
            assert_eq!(taken.is_ok(), expected, "{name}: {taken:?}");
        }
    }

    fn inspect(pem: &str) -> crate::Inspection {
        crate::inspect(pem).expect("readable")
    }
}
