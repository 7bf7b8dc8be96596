//! A CONNECT proxy that leads every AWS host to the sandbox, so that unmodified programs reach it.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

use crate::{endpoint::Endpoint, https::accept};

/// The longest request head that is read, in bytes.
const MAX_HEAD: u64 = 8 << 10;

/// How long a client may take to say where it wants to go.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How many tunnels there are at once; further clients wait to be accepted.
const MAX_TUNNELS: usize = 1_024;

const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

const FORBIDDEN: &[u8] =
    b"HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: 73\r\nconnection: close\r\n\r\n\
    Only CONNECT to port 443 of AWS's STS, EC2 and IAM hosts leads anywhere.\n";

/// Serves until dropped; the tunnels end with it.
pub(crate) async fn serve(listener: TcpListener, sandbox: SocketAddr) {
    let places = Arc::new(Semaphore::new(MAX_TUNNELS));
    let mut tunnels = JoinSet::new();
    loop {
        tokio::select! {
            Some((stream, place)) = accept(&listener, &places) => {
                tunnels.spawn(async move {
                    // A client that goes away is nobody's problem here.
                    let _ = tunnel(stream, sandbox).await;
                    drop(place);
                });
            }
            Some(_) = tunnels.join_next() => {}
            else => return,
        }
    }
}

async fn tunnel(client: TcpStream, sandbox: SocketAddr) -> io::Result<()> {
    client.set_nodelay(true)?;
    // What the client sends after the head stays in the buffer, and goes into the tunnel from there.
    let mut client = BufReader::new(client);
    let line = timeout(HEAD_TIMEOUT, request_line(&mut client)).await??;
    if !leads_to_aws(&line) {
        client.write_all(FORBIDDEN).await?;
        return client.shutdown().await;
    }
    let mut upstream = TcpStream::connect(sandbox).await?;
    upstream.set_nodelay(true)?;
    client.write_all(ESTABLISHED).await?;
    copy_bidirectional(&mut client, &mut upstream).await?;
    Ok(())
}

/// `CONNECT sts.us-west-2.amazonaws.com:443 HTTP/1.1`
fn leads_to_aws(request_line: &str) -> bool {
    let [method, target, version] = request_line.split(' ').collect::<Vec<_>>()[..] else { return false };
    let host = target.strip_suffix(":443");
    method == "CONNECT" && version.starts_with("HTTP/1.") && host.and_then(Endpoint::of_aws_host).is_some()
}

/// The first line of the head; all of the head has been read then, and nothing of what follows.
async fn request_line(client: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut head = client.take(MAX_HEAD);
    let mut first = String::new();
    head.read_line(&mut first).await?;
    loop {
        let mut line = String::new();
        match head.read_line(&mut line).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ if line == "\r\n" => return Ok(first.trim_end().to_owned()),
            _ => {}
        }
    }
}
