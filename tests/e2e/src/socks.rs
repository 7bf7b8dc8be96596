//! A SOCKS5 proxy (RFC 1928) that leads everything to one address.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::tunnel::join;

/// One; it ends with the process.
pub struct Socks {
    /// Where it listens.
    pub address: SocketAddr,
    opened: Arc<AtomicUsize>,
}

impl Socks {
    /// Leads everything to one address.
    pub fn to(address: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let socks = Self { address: listener.local_addr()?, opened: Arc::default() };
        let (opened, server) = (Arc::clone(&socks.opened), address.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (opened, server) = (Arc::clone(&opened), server.clone());
                // A client that goes away is no matter of the test.
                thread::spawn(move || drop(lead(client, &server, &opened)));
            }
        });
        Ok(socks)
    }

    /// How many connections it led.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

fn lead(mut client: TcpStream, server: &str, opened: &AtomicUsize) -> io::Result<()> {
    let mut read = |count: usize| {
        let mut bytes = vec![0; count];
        client.read_exact(&mut bytes).map(|()| bytes)
    };
    let methods = usize::from(read(2)?[1]);
    read(methods)?;
    // Without a password.
    client.write_all(&[5, 0])?;
    let mut read = |count: usize| {
        let mut bytes = vec![0; count];
        client.read_exact(&mut bytes).map(|()| bytes)
    };
    let length = match read(4)?[3] {
        1 => 4,
        3 => usize::from(read(1)?[0]),
        _ => 16,
    };
    read(length + 2)?;
    opened.fetch_add(1, Ordering::SeqCst);
    let server = TcpStream::connect(server)?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    join(client, server)
}
