//! One HTTPS request, blocking, to a server on loopback.

use std::{
    io::{Read, Write as _},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{AlertDescription, ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};
use tokio_rustls::TlsConnector;

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header lines, as sent.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The value of a header line.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Sends one request to `127.0.0.1:port`, trusting one authority, and reads the whole answer.
pub fn request(ca_pem: &str, port: u16, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
    request_with(ca_pem, port, method, path, &["Content-Type: application/json"], body)
}

/// The same with header lines of one's own.
pub fn request_with(
    ca_pem: &str,
    port: u16,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> anyhow::Result<Answer> {
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\r\n", headers.join("\r\n"));
    raw(ca_pem, port, &format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()))
}

/// Sends whatever it is, and reads until the server hangs up.
pub fn raw(ca_pem: &str, port: u16, sent: &str) -> anyhow::Result<Answer> {
    // As an API server: aws-iam-authenticator's certificate is its own authority.
    let config = tls::webhook_client_config(ca_pem)?;
    let name = ServerName::try_from("localhost").context("a server name")?;
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(&config), name)?, connect(port)?);
    stream.write_all(sent.as_bytes())?;
    read(&mut stream)
}

/// The same to a port as if it spoke no TLS.
pub fn plain(port: u16, sent: &str) -> anyhow::Result<Answer> {
    let mut stream = connect(port)?;
    stream.write_all(sent.as_bytes())?;
    read(&mut stream)
}

/// The protocol that a server chooses of those that a client offers (RFC 7301): none where it chooses none, and `refused` where it
/// ends the handshake.
pub fn protocol(ca_pem: &str, port: u16, offered: &[&str]) -> anyhow::Result<String> {
    let mut connection = ClientConnection::new(offering(ca_pem, offered)?, ServerName::try_from("localhost")?)?;
    if let Err(error) = connection.complete_io(&mut connect(port)?) {
        let alert = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
        let is_alert = matches!(alert, Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)));
        anyhow::ensure!(is_alert, "{error}");
        return Ok("refused".to_owned());
    }
    Ok(connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default())
}

/// One request over HTTP/2.
pub fn request_over_http2(ca_pem: &str, port: u16, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
    let tls = TlsConnector::from(offering(ca_pem, &["h2"])?);
    let request = Request::builder().method(method).uri(format!("https://localhost{path}"));
    let request = request.header("content-type", "application/json").body(Full::new(Bytes::from(body.to_owned())))?;
    let asking = async {
        let tcp = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
        let stream = tls.connect(ServerName::try_from("localhost")?, tcp).await?;
        let (mut requests, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        // Its end is seen by whoever asks.
        tokio::spawn(async move { drop(connection.await) });
        let answer = requests.send_request(request).await?;
        let lines =
            answer.headers().iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap_or("")));
        let (status, head) = (answer.status().as_u16(), lines.collect());
        let body = answer.into_body().collect().await?.to_bytes();
        anyhow::Ok(Answer { status, head, body: String::from_utf8_lossy(&body).into_owned() })
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(asking)
}

/// A client that offers these protocols.
fn offering(ca_pem: &str, offered: &[&str]) -> anyhow::Result<Arc<ClientConfig>> {
    let mut config = ClientConfig::clone(&*tls::webhook_client_config(ca_pem)?);
    config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(Arc::new(config))
}

/// The first byte of what a server answers to these.
pub fn first_byte(port: u16, sent: &[u8]) -> anyhow::Result<u8> {
    let mut stream = connect(port)?;
    stream.write_all(sent)?;
    let mut first = [0];
    stream.read_exact(&mut first).context("no answer")?;
    Ok(first[0])
}

fn connect(port: u16) -> anyhow::Result<TcpStream> {
    let tcp = TcpStream::connect(("127.0.0.1", port)).context("cannot connect")?;
    tcp.set_read_timeout(Some(Duration::from_secs(45)))?;
    Ok(tcp)
}

fn read(stream: &mut impl Read) -> anyhow::Result<Answer> {
    let mut answer = Vec::new();
    // A server may close without close_notify; what counts is whether the answer is whole.
    if let Err(error) = stream.read_to_end(&mut answer) {
        anyhow::ensure!(error.kind() == std::io::ErrorKind::UnexpectedEof, error);
    }
    parse(&String::from_utf8_lossy(&answer)).context("cannot read the answer")
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(body)? } else { body.to_owned() };
    Some(Answer { status, head: head.to_owned(), body })
}

fn unchunk(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, tail) = rest.split_once("\r\n")?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.push_str(tail.get(..size)?);
        rest = tail.get(size + 2..)?;
    }
}
