//! A SOCKS5 proxy, spoken to as Go's `net/http` does: user and password are offered beside none, and the proxy looks names up.
//!
//! Sources: RFC 1928, RFC 1929, Go's `net/http/socks_bundle.go`.

use std::{
    future::Future,
    io,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
};

use http::Uri;
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tls::{ConnectionError, Trouble};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};
use tower_service::Service;

/// Where a SOCKS proxy listens whose URL names no port.
const PORT: u16 = 1080;
const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const WITH_LOGIN: u8 = 2;

/// Who one is to a proxy.
// No Debug: one of the two is a password.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) user: Vec<u8>,
    pub(crate) password: Vec<u8>,
}

/// What opens connections through one.
#[derive(Clone)]
pub(crate) struct Socks {
    direct: HttpConnector,
    proxy: Uri,
    login: Option<Login>,
}

impl Socks {
    /// The proxy's URL is one with a host.
    pub(crate) fn new(direct: HttpConnector, proxy: &Uri, login: Option<Login>) -> Self {
        let (host, port) = (proxy.host().unwrap_or_default(), proxy.port_u16().unwrap_or(PORT));
        let proxy = Uri::builder().scheme("socks5").authority(format!("{host}:{port}")).path_and_query("/").build();
        Self { direct, proxy: proxy.expect("a host of a URL is one"), login }
    }
}

impl Service<Uri> for Socks {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.direct.poll_ready(cx).map_err(io::Error::other)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let (connecting, login) = (self.direct.call(self.proxy.clone()), self.login.clone());
        Box::pin(async move {
            let connected = connecting.await.map_err(|error| io::Error::other(at_proxy(&error)))?;
            let mut stream = connected.into_inner();
            let default = if server.scheme_str() == Some("http") { 80 } else { 443 };
            let (host, port) = (server.host().unwrap_or_default(), server.port_u16().unwrap_or(default));
            shake_hands(&mut stream, host, port, login.as_ref()).await.map_err(io::Error::other)?;
            Ok(TokioIo::new(stream))
        })
    }
}

/// Leads what follows on the stream to a server.
async fn shake_hands(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &str,
    port: u16,
    login: Option<&Login>,
) -> Result<(), ConnectionError> {
    let offered: &[u8] = match login {
        None => &[VERSION, 1, NO_LOGIN],
        Some(_) => &[VERSION, 2, NO_LOGIN, WITH_LOGIN],
    };
    send(stream, offered).await?;
    match (receive(stream).await?, login) {
        ([VERSION, NO_LOGIN], _) => {}
        ([VERSION, WITH_LOGIN], Some(login)) => {
            let [Some(user), Some(password)] = [&login.user, &login.password].map(|text| counted(text)) else {
                return Err(Trouble::ProxyCredentials.into());
            };
            send(stream, &[&[1], &*user, &*password].concat()).await?;
            let [_, status] = receive(stream).await?;
            if status != 0 {
                return Err(Trouble::ProxyCredentials.into());
            }
        }
        // None of the ways offered.
        ([VERSION, 0xff], _) => return Err(Trouble::ProxyCredentials.into()),
        _ => return Err(Trouble::ProxyRefused.into()),
    }
    let address = match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => [&[1][..], &address.octets()].concat(),
        Ok(IpAddr::V6(address)) => [&[4][..], &address.octets()].concat(),
        Err(_) => [vec![3], counted(host.as_bytes()).ok_or(Trouble::NoSuchHost)?].concat(),
    };
    send(stream, &[&[VERSION, 1, 0], &*address, &port.to_be_bytes()].concat()).await?;
    match receive(stream).await? {
        [VERSION, 0, _, kind] => {
            let length = match kind {
                1 => 4,
                3 => usize::from(receive::<1>(stream).await?[0]),
                4 => 16,
                _ => return Err(Trouble::ProxyRefused.into()),
            };
            // Where the proxy's own end is, and its port.
            stream.read_exact(&mut vec![0; length + 2]).await.map_err(|error| at_proxy(&error))?;
            Ok(())
        }
        [VERSION, 3 | 4, ..] => Err(Trouble::NoRoute.into()),
        [VERSION, 5, ..] => Err(Trouble::Refused.into()),
        _ => Err(Trouble::ProxyRefused.into()),
    }
}

/// A text behind its length; `None` if its length is not a byte.
fn counted(text: &[u8]) -> Option<Vec<u8>> {
    Some([&[u8::try_from(text.len()).ok()?], text].concat())
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), ConnectionError> {
    stream.write_all(bytes).await.map_err(|error| at_proxy(&error))
}

async fn receive<const N: usize>(stream: &mut (impl AsyncRead + Unpin)) -> Result<[u8; N], ConnectionError> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.map_err(|error| at_proxy(&error))?;
    Ok(bytes)
}

fn at_proxy(error: &(dyn std::error::Error + 'static)) -> ConnectionError {
    ConnectionError { at_proxy: true, ..ConnectionError::of(error) }
}

#[cfg(test)]
mod tests {
    use tls::Trouble;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::{Login, shake_hands};

    /// A name, the server's, the login, the proxy's answers, what is sent, and what comes of it.
    type Row<'a> = (&'a str, &'a str, Option<Login>, Vec<&'a [u8]>, Vec<&'a [u8]>, Result<(), Trouble>);

    /// What is sent to a proxy, each part before its answer.
    async fn talk(host: &str, login: Option<Login>, answers: Vec<&[u8]>) -> (Vec<u8>, Result<(), Trouble>) {
        let (mut ours, mut proxys) = tokio::io::duplex(1024);
        let answers: Vec<Vec<u8>> = answers.into_iter().map(<[u8]>::to_vec).collect();
        let proxy = tokio::spawn(async move {
            let (mut heard, mut part) = (Vec::new(), [0; 512]);
            for answer in answers {
                let count = proxys.read(&mut part).await.expect("read");
                heard.extend(&part[..count]);
                proxys.write_all(&answer).await.expect("written");
            }
            heard
        });
        let result = shake_hands(&mut ours, host, 6443, login.as_ref()).await.map_err(|error| error.trouble);
        (proxy.await.expect("no panic"), result)
    }

    #[tokio::test]
    async fn what_is_said_to_a_proxy_and_what_its_answers_mean() {
        let login = |user: &str, password: &str| Some(Login { user: user.into(), password: password.into() });
        let long = "x".repeat(256);
        let done: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        let name = b"\x05\x01\0\x03\x01h\x19\x2b";
        let four = b"\x05\x01\0\x01\x0a\0\0\x01\x19\x2b";
        let six = b"\x05\x01\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x19\x2b";
        let (alone, both): (&[u8], &[u8]) = (b"\x05\x01\0", b"\x05\x02\0\x02");
        let rows: Vec<Row<'_>> = vec![
            ("a name", "h", None, vec![&[5, 0], done], vec![alone, name], Ok(())),
            ("an address", "10.0.0.1", None, vec![&[5, 0], done], vec![alone, four], Ok(())),
            ("one of IPv6", "[::1]", None, vec![&[5, 0], done], vec![alone, six], Ok(())),
            ("an answer with a name", "h", None, vec![&[5, 0], b"\x05\0\0\x03\x01h\0\0"], vec![alone, name], Ok(())),
            (
                "a login",
                "h",
                login("me", "pw"),
                vec![&[5, 2], &[1, 0], done],
                vec![both, b"\x01\x02me\x02pw", name],
                Ok(()),
            ),
            (
                "without a password",
                "h",
                login("me", ""),
                vec![&[5, 2], &[1, 0], done],
                vec![both, b"\x01\x02me\0", name],
                Ok(()),
            ),
            ("that is not asked for", "h", login("me", "pw"), vec![&[5, 0], done], vec![both, name], Ok(())),
            (
                "that is wrong",
                "h",
                login("me", "pw"),
                vec![&[5, 2], &[1, 1]],
                vec![both, b"\x01\x02me\x02pw"],
                Err(Trouble::ProxyCredentials),
            ),
            ("that is too long", "h", login(&long, "pw"), vec![&[5, 2]], vec![both], Err(Trouble::ProxyCredentials)),
            ("none where one is wanted", "h", None, vec![&[5, 0xff]], vec![alone], Err(Trouble::ProxyCredentials)),
            ("a way that was not offered", "h", None, vec![&[5, 2]], vec![alone], Err(Trouble::ProxyRefused)),
            ("no SOCKS", "h", None, vec![b"HTTP/1.1 400"], vec![alone], Err(Trouble::ProxyRefused)),
            ("it ends", "h", None, vec![&[5]], vec![alone], Err(Trouble::Closed)),
            ("the server refuses", "h", None, vec![&[5, 0], &[5, 5, 0, 1]], vec![alone, name], Err(Trouble::Refused)),
            ("there is no way", "h", None, vec![&[5, 0], &[5, 4, 0, 1]], vec![alone, name], Err(Trouble::NoRoute)),
            (
                "it is not allowed",
                "h",
                None,
                vec![&[5, 0], &[5, 2, 0, 1]],
                vec![alone, name],
                Err(Trouble::ProxyRefused),
            ),
        ];
        for (case, host, login, answers, sent, expected) in rows {
            let (heard, result) = talk(host, login, answers).await;
            assert_eq!((heard, result), (sent.concat(), expected), "{case}");
        }
    }
}
