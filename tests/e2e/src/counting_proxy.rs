//! A way to an API server that sees requests go by, without reading them: TLS ends behind it.

use std::{
    io::{Read, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// Counts what a client sends, record by record: each request of HTTP is at least one.
pub struct CountingProxy {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<AtomicUsize>,
    news: mpsc::Receiver<usize>,
}

/// TLS's type of a record with application data (RFC 8446, 5.1).
const APPLICATION_DATA: u8 = 23;

impl CountingProxy {
    /// In front of a server.
    pub fn start(server: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let seen = Arc::new(AtomicUsize::new(0));
        let (tell, news) = mpsc::channel();
        let counted = Arc::clone(&seen);
        // The threads end with the connections, and this one with the test program.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(upstream) = TcpStream::connect(server) else { continue };
                let (Ok(from), Ok(to)) = (client.try_clone(), upstream.try_clone()) else { continue };
                let (counted, tell) = (Arc::clone(&counted), tell.clone());
                thread::spawn(move || {
                    let _ = records(from, to, &counted, &tell);
                });
                thread::spawn(move || {
                    let (mut from, mut to) = (upstream, client);
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        });
        Ok(Self { address, seen, news })
    }

    /// How many went by since it was asked last.
    pub fn take(&self) -> usize {
        while self.news.try_recv().is_ok() {}
        self.seen.swap(0, Ordering::SeqCst)
    }

    /// Waits until so many have gone by; `false` where none comes any more.
    pub fn wait(&self, count: usize, is_over: impl Fn() -> bool) -> bool {
        loop {
            match self.news.recv_timeout(std::time::Duration::from_millis(20)) {
                Ok(seen) if seen >= count => return true,
                Err(mpsc::RecvTimeoutError::Timeout) if is_over() => return false,
                _ => {}
            }
        }
    }
}

fn records(
    mut from: TcpStream,
    mut to: TcpStream,
    seen: &AtomicUsize,
    tell: &mpsc::Sender<usize>,
) -> std::io::Result<()> {
    let mut header = [0; 5];
    loop {
        if from.read_exact(&mut header).is_err() {
            return to.shutdown(Shutdown::Write);
        }
        let mut body = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        from.read_exact(&mut body)?;
        to.write_all(&[&header[..], &body].concat())?;
        if header[0] == APPLICATION_DATA {
            let _ = tell.send(seen.fetch_add(1, Ordering::SeqCst) + 1);
        }
    }
}
