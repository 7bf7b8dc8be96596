//! A way to an API server (without TLS, as `kubectl proxy` serves it) on which answers may get stuck: their head comes through, and
//! the rest when it is let go.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// One; it ends with the test program.
pub struct HoldingProxy {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    is_away: bool,
    is_holding: bool,
    /// Answers that are held and of which the server has sent the end.
    ended: usize,
    connections: Vec<TcpStream>,
}

/// How long to wait between two looks at whether something is let go.
const LOOK: Duration = Duration::from_millis(10);

/// What ends an answer that is sent in chunks (RFC 9112, 7.1).
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

impl HoldingProxy {
    /// In front of a server.
    pub fn start(server: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let (address, shared) = (listener.local_addr()?, Arc::<Shared>::default());
        let state = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if state.state().is_away {
                    continue;
                }
                let Ok(upstream) = TcpStream::connect(server) else { continue };
                let (Ok(mut from), Ok(mut to)) = (client.try_clone(), upstream.try_clone()) else { continue };
                state.state().connections.extend(client.try_clone());
                let state = Arc::clone(&state);
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Both);
                });
                thread::spawn(move || {
                    let _ = state.pass(&upstream, &client);
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Ok(Self { address, shared })
    }

    /// Breaks every connection off, and answers to none that comes.
    pub fn go_away(&self) {
        self.shared.state().is_away = true;
        self.break_off();
    }

    /// Breaks every connection off; of those that come now each answer with status 200 is held behind its head.
    pub fn hold(&self) {
        let mut state = self.shared.state();
        (state.is_away, state.is_holding, state.ended) = (false, true, 0);
        drop(state);
        self.break_off();
    }

    fn break_off(&self) {
        for connection in self.shared.state().connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// How many answers are held of which the server has sent all that it has to say.
    pub fn ended(&self) -> usize {
        self.shared.state().ended
    }

    /// Lets everything through that is held, and holds nothing more.
    pub fn let_go(&self) {
        self.shared.state().is_holding = false;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on what the server sends.
    fn pass(&self, mut from: &TcpStream, mut to: &TcpStream) -> std::io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        loop {
            let length = from.read(&mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            let text = &buffer[..length];
            let is_held = self.state().is_holding && text.starts_with(b"HTTP/1.1 200");
            let head = text.windows(4).position(|four| four == b"\r\n\r\n").filter(|_| is_held);
            let Some(head) = head else {
                to.write_all(text)?;
                continue;
            };
            let (head, rest) = text.split_at(head + 4);
            to.write_all(head)?;
            self.hold_back(rest.to_owned(), from, to)?;
        }
    }

    /// Keeps what comes until it is let go.
    fn hold_back(&self, mut held: Vec<u8>, mut from: &TcpStream, mut to: &TcpStream) -> std::io::Result<()> {
        from.set_read_timeout(Some(LOOK))?;
        let mut buffer = [0; 16 * 1024];
        let mut has_ended = false;
        while self.state().is_holding {
            if !has_ended && held.ends_with(LAST_CHUNK) {
                has_ended = true;
                self.state().ended += 1;
            }
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => held.extend_from_slice(&buffer[..length]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
        from.set_read_timeout(None)?;
        to.write_all(&held)
    }
}
