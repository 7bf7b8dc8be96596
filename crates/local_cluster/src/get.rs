//! Asking the API server, without a client library: a blocking GET as administrator.

use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};
use tls::Roots;

use super::{ClusterError, files::Files};

/// An answer of the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; JSON, or text for the probes.
    pub body: String,
}

/// Asks as administrator.
pub(super) struct Client {
    server: SocketAddr,
    config: Arc<ClientConfig>,
}

/// How long the API server may stay silent.
const SILENCE: Duration = Duration::from_secs(10);

impl Client {
    pub(super) fn new(server: SocketAddr, files: &Files) -> Result<Self, ClusterError> {
        let roots = Roots::Only(files.ca_pem.clone().into_bytes());
        Ok(Self { server, config: tls::client_config_as(&roots, &files.admin)? })
    }

    pub(super) fn get(&self, path: &str) -> io::Result<Answer> {
        let tcp = TcpStream::connect_timeout(&self.server, SILENCE)?;
        tcp.set_read_timeout(Some(SILENCE))?;
        tcp.set_write_timeout(Some(SILENCE))?;
        let name = ServerName::from(self.server.ip());
        let connection = ClientConnection::new(Arc::clone(&self.config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, tcp);
        // HTTP/1.0: the answer comes unchunked, and the end of the connection is its end.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\nAccept: application/json, */*\r\n\r\n", self.server)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        parse(&String::from_utf8_lossy(&answer)).ok_or_else(|| ErrorKind::InvalidData.into())
    }
}

pub(super) fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}
