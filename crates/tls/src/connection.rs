//! What was wrong with a connection, found among the causes of an HTTP client's error.
//!
//! HTTP clients only say that they could not connect; which it was stands in their causes: the system's, the resolver's,
//! TLS's, the proxy's. What is said of it is in the words of Go's `net`, `crypto/tls` and `crypto/x509`, which are those
//! that kubectl and the AWS tools of Go print.

use std::{error::Error, fmt, io};

use jiff::Timestamp;
use rustls::{AlertDescription, CertificateError, pki_types::UnixTime};

/// The reason why no usable connection was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionError {
    /// What happened.
    pub trouble: Trouble,
    /// Whether it happened on the way to a proxy, and not to the server itself.
    pub at_proxy: bool,
}

/// The kinds of connection trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing listens there.
    Refused,
    /// The name has no address.
    NoSuchHost,
    /// Whoever knows about names did not answer.
    NoResolver,
    /// No packet finds the way there.
    NoRoute,
    /// There was no connection, or no handshake, in time.
    TimedOut,
    /// The other side, or something between, ended the connection.
    Closed,
    /// Nobody who is trusted vouches for the certificate.
    UnknownAuthority,
    /// The certificate is another one's.
    WrongName {
        /// Whose it is not.
        asked: String,
        /// Whose it is.
        names: Vec<String>,
    },
    /// The certificate's time is over, or has not come.
    NotInTime {
        /// The one moment of the two that counts: `notAfter`, or `notBefore`.
        limit: Option<Timestamp>,
        /// Whether it is over.
        is_over: bool,
    },
    /// The certificate cannot be used for another reason.
    Certificate,
    /// What answers there does not speak TLS, but most often plain HTTP.
    NotTls,
    /// What answers there speaks TLS, and no HTTP inside.
    NotHttp,
    /// The server refuses the client's certificate, or wants one.
    ClientCertificate,
    /// There was no common version or cipher, or the handshake failed otherwise.
    Handshake,
    /// The proxy wants credentials.
    ProxyCredentials,
    /// The proxy does not connect to the server.
    ProxyRefused,
}

/// How many names of a certificate are said.
const NAMES: usize = 8;

impl ConnectionError {
    /// Finds the connection trouble among the causes of an error.
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let (mut at_proxy, mut trouble) = (false, Trouble::Closed);
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return found.clone();
            }
            // Types of hyper-util that cannot be named: they are known by what they say.
            let said = error.to_string();
            if let Some(of_tunnel) = said.strip_prefix("tunnel error: ") {
                match of_tunnel {
                    "proxy authorization required" => return Trouble::ProxyCredentials.into(),
                    "unsuccessful" | "unexpected end of file" | "proxy response headers too long" => {
                        return Trouble::ProxyRefused.into();
                    }
                    _ => at_proxy = true,
                }
            }
            // The second are the standard library's words, of an error that has no kind.
            if said == "dns error" || said.starts_with("failed to lookup address information") {
                let cause = error.source().map(ToString::to_string).unwrap_or_default();
                let is_temporary = [said, cause].iter().any(|text| text.contains("emporary failure"));
                trouble = if is_temporary { Trouble::NoResolver } else { Trouble::NoSuchHost };
                break;
            }
            if let Some(error) = error.downcast_ref::<rustls::Error>() {
                trouble = of_tls(error);
                break;
            }
            let of_system = error.downcast_ref::<io::Error>();
            if let Some(found) = of_system.and_then(|error| of_system_error(error.kind())) {
                trouble = found;
            }
            // An error of the system that holds another one does not name that one as its cause.
            let inner = of_system.and_then(io::Error::get_ref).map(|inner| inner as &(dyn Error + 'static));
            next = inner.or_else(|| error.source());
        }
        Self { trouble, at_proxy }
    }
}

impl Error for ConnectionError {}

impl From<Trouble> for ConnectionError {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, at_proxy: false }
    }
}

fn of_system_error(kind: io::ErrorKind) -> Option<Trouble> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some(Trouble::Refused),
        io::ErrorKind::TimedOut => Some(Trouble::TimedOut),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::AddrNotAvailable => {
            Some(Trouble::NoRoute)
        }
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(Trouble::Closed),
        _ => None,
    }
}

fn of_tls(error: &rustls::Error) -> Trouble {
    match error {
        rustls::Error::InvalidCertificate(error) => of_certificate(error),
        rustls::Error::InvalidMessage(_) => Trouble::NotTls,
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied
            | AlertDescription::NoCertificate,
        ) => Trouble::ClientCertificate,
        _ => Trouble::Handshake,
    }
}

fn of_certificate(error: &CertificateError) -> Trouble {
    let at = |time: &UnixTime| Timestamp::from_second(time.as_secs().try_into().ok()?).ok();
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Trouble::UnknownAuthority,
        CertificateError::NotValidForName => Trouble::WrongName { asked: String::new(), names: Vec::new() },
        CertificateError::NotValidForNameContext { expected, presented } => {
            // Names as `DnsName("localhost")`, addresses as `IpAddress(127.0.0.1)`. They are the server's words.
            let plain = |name: &String| -> String {
                let inner = name.split_once('(').map_or(&**name, |(_, rest)| rest);
                inner.chars().filter(|letter| letter.is_ascii_alphanumeric() || ".*:-_".contains(*letter)).collect()
            };
            let names = presented.iter().take(NAMES).map(plain).collect();
            Trouble::WrongName { asked: expected.to_str().into_owned(), names }
        }
        CertificateError::Expired => Trouble::NotInTime { limit: None, is_over: true },
        CertificateError::ExpiredContext { not_after, .. } => {
            Trouble::NotInTime { limit: at(not_after), is_over: true }
        }
        CertificateError::NotValidYet => Trouble::NotInTime { limit: None, is_over: false },
        CertificateError::NotValidYetContext { not_before, .. } => {
            Trouble::NotInTime { limit: at(not_before), is_over: false }
        }
        _ => Trouble::Certificate,
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Refused => "connection refused",
            Self::NoSuchHost => "no such host",
            Self::NoResolver => "temporary failure in name resolution",
            Self::NoRoute => "no route to host",
            Self::TimedOut => "i/o timeout",
            Self::Closed => "the connection was closed before the answer was there (EOF)",
            Self::UnknownAuthority => "x509: certificate signed by unknown authority",
            Self::WrongName { asked, names } => {
                let names = if names.is_empty() { "other names".to_owned() } else { names.join(", ") };
                return write!(f, "x509: certificate is valid for {names}, not {asked}");
            }
            Self::NotInTime { limit, is_over } => {
                f.write_str("x509: certificate has expired or is not yet valid")?;
                let side = if *is_over { "after" } else { "before" };
                return limit.map_or(Ok(()), |limit| write!(f, ": current time is {side} {limit}"));
            }
            Self::Certificate => "x509: the certificate cannot be used",
            Self::NotTls => "http: server gave HTTP response to HTTPS client, or no TLS at all",
            Self::NotHttp => "malformed HTTP response",
            Self::ClientCertificate => "tls: the server refuses the client's certificate, or wants one",
            Self::Handshake => "tls: handshake failure",
            Self::ProxyCredentials => "Proxy Authentication Required",
            Self::ProxyRefused => "the proxy does not connect to the server",
        };
        f.write_str(words)
    }
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at_proxy {
            f.write_str("proxyconnect: ")?;
        }
        self.trouble.fmt(f)
    }
}
