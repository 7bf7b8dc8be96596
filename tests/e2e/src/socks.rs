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
        Self::start(address, None)
    }

    /// Leads to one address whoever has this name and password (RFC 1929).
    pub fn for_whom(address: &str, user: &str, password: &str) -> anyhow::Result<Self> {
        Self::start(address, Some((user.to_owned(), password.to_owned())))
    }

    fn start(address: &str, login: Option<(String, String)>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let socks = Self { address: listener.local_addr()?, opened: Arc::default() };
        let (opened, server) = (Arc::clone(&socks.opened), address.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (opened, server, login) = (Arc::clone(&opened), server.clone(), login.clone());
                // A client that goes away is no matter of the test.
                thread::spawn(move || drop(lead(client, &server, login, &opened)));
            }
        });
        Ok(socks)
    }

    /// How many connections it led.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

fn lead(mut client: TcpStream, server: &str, login: Option<(String, String)>, opened: &AtomicUsize) -> io::Result<()> {
    let methods = usize::from(read(&mut client, 2)?[1]);
    let methods = read(&mut client, methods)?;
    let wanted = if login.is_some() { 2 } else { 0 };
    client.write_all(&[5, if methods.contains(&wanted) { wanted } else { 0xff }])?;
    if let Some((user, password)) = login {
        let length = usize::from(read(&mut client, 2)?[1]);
        let given_user = read(&mut client, length)?;
        let length = usize::from(read(&mut client, 1)?[0]);
        let is_right = given_user == user.as_bytes() && read(&mut client, length)? == password.as_bytes();
        client.write_all(&[1, u8::from(!is_right)])?;
        if !is_right {
            return Ok(());
        }
    }
    let length = match read(&mut client, 4)?[3] {
        1 => 4,
        3 => usize::from(read(&mut client, 1)?[0]),
        _ => 16,
    };
    read(&mut client, length + 2)?;
    opened.fetch_add(1, Ordering::SeqCst);
    let server = TcpStream::connect(server)?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    join(client, server)
}

fn read(client: &mut TcpStream, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    client.read_exact(&mut bytes).map(|()| bytes)
}
