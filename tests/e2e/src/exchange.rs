//! Many requests over one connection to loopback, one after the other, blocking: for questions by the thousand.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};

use crate::https::Answer;

/// How long a server may stay silent.
const SILENCE: Duration = Duration::from_secs(45);

/// A connection that is kept. It is made with the first request, and made anew after a failure.
pub struct Exchange {
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    stream: Option<BufReader<Box<dyn Stream>>>,
}

trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

impl Exchange {
    /// With a server that speaks HTTP.
    pub fn plain(port: u16) -> Self {
        Self { port, tls: None, stream: None }
    }

    /// With a server whose certificate is of this authority.
    pub fn tls(port: u16, ca_pem: &str) -> anyhow::Result<Self> {
        let config = tls::client_config(&tls::Roots::Only(ca_pem.as_bytes().to_vec()))?;
        Ok(Self { port, tls: Some(config), stream: None })
    }

    /// One request, with JSON where there is a body.
    pub fn request(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        let answer = ask(&mut stream, method, path, body).with_context(|| format!("{method} {path}"))?;
        self.stream = Some(stream);
        Ok(answer)
    }

    fn connect(&self) -> anyhow::Result<BufReader<Box<dyn Stream>>> {
        let tcp = TcpStream::connect(("127.0.0.1", self.port)).context("cannot connect")?;
        tcp.set_read_timeout(Some(SILENCE))?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some(config) => {
                let name = ServerName::try_from("localhost").context("a server name")?;
                Box::new(StreamOwned::new(ClientConnection::new(Arc::clone(config), name)?, tcp))
            }
        };
        Ok(BufReader::new(stream))
    }
}

fn ask(stream: &mut BufReader<Box<dyn Stream>>, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.get_mut().write_all(request.as_bytes())?;
    stream.get_mut().flush()?;
    let mut head = String::new();
    loop {
        let length = stream.read_line(&mut head)?;
        ensure!(length > 0, "the connection was closed within an answer");
        if head.ends_with("\r\n\r\n") {
            break;
        }
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("a status")?;
    let field = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let mut body = Vec::new();
    if let Some(length) = field("content-length") {
        stream.take(length.parse()?).read_to_end(&mut body)?;
    } else if field("transfer-encoding").is_some_and(|encoding| encoding.eq_ignore_ascii_case("chunked")) {
        while chunk(stream, &mut body)? {}
    }
    Ok(Answer { status, body: String::from_utf8(body)?, head })
}

/// Whether there is another one.
fn chunk(stream: &mut BufReader<Box<dyn Stream>>, body: &mut Vec<u8>) -> anyhow::Result<bool> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let size = u64::from_str_radix(line.trim(), 16).context("the size of a chunk")?;
    stream.take(size).read_to_end(body)?;
    stream.read_line(&mut line)?;
    Ok(size > 0)
}
