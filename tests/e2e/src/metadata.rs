//! The instance's metadata service, as far as an authenticator asks it: a session, and the Region.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// One, for as long as the test program runs.
pub struct Metadata {
    /// Where it is, for `AWS_EC2_METADATA_SERVICE_ENDPOINT`.
    pub url: String,
    asked: Arc<AtomicUsize>,
}

impl Metadata {
    /// Of an instance in this Region.
    pub fn of(region: &'static str) -> anyhow::Result<Self> {
        Self::start(move |client| {
            // Who hangs up before the answer has no need of it.
            let _ = answer(client, region);
        })
    }

    /// One that takes every connection, and never says anything.
    pub fn silent() -> anyhow::Result<Self> {
        let mut held = Vec::new();
        Self::start(move |client| held.push(client))
    }

    /// How many connections there were.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn start(mut meets: impl FnMut(TcpStream) + Send + 'static) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let (url, asked) = (format!("http://{}", listener.local_addr()?), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&asked);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                meets(client);
            }
        });
        Ok(Self { url, asked })
    }
}

/// Source: EC2's user guide, "Use IMDSv2".
fn answer(client: TcpStream, region: &str) -> std::io::Result<()> {
    let mut head = BufReader::new(client.try_clone()?).lines();
    let first = head.next().transpose()?.unwrap_or_default();
    let mut has_session = false;
    for line in head {
        let line = line?.to_ascii_lowercase();
        has_session |= line == "x-aws-ec2-metadata-token: session";
        if line.is_empty() {
            break;
        }
    }
    let (status, body) = match first.split(' ').take(2).collect::<Vec<_>>()[..] {
        ["PUT", "/latest/api/token"] => ("200 OK", "session"),
        ["GET", "/latest/meta-data/placement/region"] if has_session => ("200 OK", region),
        // The SDK for Go asks for the document, in which it stands as well.
        ["GET", "/latest/dynamic/instance-identity/document"] if has_session => {
            return write(client, "200 OK", &serde_json::json!({"region": region}).to_string());
        }
        _ => ("404 Not Found", ""),
    };
    write(client, status, body)
}

fn write(mut client: TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let session = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 21600";
    write!(client, "HTTP/1.1 {status}\r\n{session}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}
