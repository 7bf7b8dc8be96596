//! A CONNECT proxy: names that have no address here lead to where the tests have what they stand for.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// One; it ends with the process.
pub struct Tunnel {
    /// Where it listens.
    pub address: SocketAddr,
    opened: Arc<AtomicUsize>,
}

/// Where tunnels lead.
#[derive(Clone)]
struct Routes {
    /// By what is asked for, as `api.prod.example.com:443`.
    named: Vec<(String, String)>,
    /// Everything else: an address, or another proxy.
    rest: Rest,
}

#[derive(Clone)]
enum Rest {
    Address(String),
    Proxy(String),
}

impl Tunnel {
    /// Leads everything to one address.
    pub fn to(address: &str) -> anyhow::Result<Self> {
        Self::start(Routes { named: Vec::new(), rest: Rest::Address(address.to_owned()) })
    }

    /// Leads some names to addresses, and the rest through another proxy.
    pub fn before(proxy: SocketAddr, named: &[(&str, &str)]) -> anyhow::Result<Self> {
        let named = named.iter().map(|(name, address)| ((*name).to_owned(), (*address).to_owned())).collect();
        Self::start(Routes { named, rest: Rest::Proxy(proxy.to_string()) })
    }

    /// How many tunnels there were.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    fn start(routes: Routes) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, opened) = (listener.local_addr()?, Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&opened);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (routes, counter) = (routes.clone(), Arc::clone(&counter));
                // A client that goes away is no matter of the test.
                thread::spawn(move || drop(lead(client, &routes, &counter)));
            }
        });
        Ok(Self { address, opened })
    }
}

fn lead(mut client: TcpStream, routes: &Routes, opened: &AtomicUsize) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    opened.fetch_add(1, Ordering::SeqCst);
    let asked = String::from_utf8_lossy(&head);
    let asked = asked.split(' ').nth(1).unwrap_or_default();
    let named = routes.named.iter().find(|(name, _)| name == asked).map(|(_, address)| address);
    let server = match (named, &routes.rest) {
        (Some(address), _) | (None, Rest::Address(address)) => {
            let server = TcpStream::connect(address)?;
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            server
        }
        (None, Rest::Proxy(proxy)) => {
            // It answers the client itself.
            let mut server = TcpStream::connect(proxy)?;
            server.write_all(&head)?;
            server
        }
    };
    join(client, server)
}

/// Leads what comes from either side to the other, until both have ended.
pub(crate) fn join(mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    let back = thread::spawn(move || {
        let copied = io::copy(&mut from_server, &mut to_client);
        copied.and(to_client.shutdown(Shutdown::Both))
    });
    io::copy(&mut client, &mut server)?;
    server.shutdown(Shutdown::Write)?;
    back.join().map_err(|_| io::ErrorKind::Other)?
}
