//! A CONNECT proxy that leads every AWS host to the sandbox, so that unmodified programs reach it.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::sigv4::service_of;

/// The longest request head that is read.
const MAX_HEAD: usize = 8 << 10;

/// How long a client may take to say where it wants to go.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves until dropped.
pub(crate) async fn serve(listener: TcpListener, sandbox: SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(async move {
                    // A client that goes away is nobody's problem here.
                    let _ = tunnel(stream, sandbox).await;
                });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn tunnel(mut client: TcpStream, sandbox: SocketAddr) -> io::Result<()> {
    let head = timeout(HEAD_TIMEOUT, read_head(&mut client)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    let mut words = head.split(' ');
    let target = words.next().filter(|method| *method == "CONNECT").and_then(|_| words.next());
    let known = target.and_then(|target| target.strip_suffix(":443")).and_then(service_of).is_some();
    if !known {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    }
    let mut upstream = TcpStream::connect(sandbox).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut upstream).await?;
    Ok(())
}

/// The request line; all of the head has been read then, and nothing of what follows.
async fn read_head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(client.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned())
}
