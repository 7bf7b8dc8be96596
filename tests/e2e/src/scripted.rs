//! An HTTP server on loopback that answers by a script, and remembers what it was asked: whatever AWS would say, to whatever program.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

/// One; it ends with the process.
pub struct Scripted {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    script: Vec<Line>,
    asked: Vec<String>,
}

/// What is answered to requests that hold a text somewhere: in their first line, a header or the body.
#[derive(Clone, Debug)]
pub struct Line {
    /// The texts, all of which a request must hold.
    pub on: Vec<String>,
    /// The status.
    pub status: u16,
    /// Header lines besides.
    pub headers: Vec<String>,
    /// The body.
    pub body: String,
    /// How long it takes.
    pub takes: Duration,
}

impl Line {
    /// An answer with status 200.
    pub fn on(text: &str, body: impl Into<String>) -> Self {
        let on = vec![text.to_owned()];
        Self { on, status: 200, headers: Vec::new(), body: body.into(), takes: Duration::ZERO }
    }
}

impl Scripted {
    /// Starts one that answers 404 to everything.
    pub fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, state) = (listener.local_addr()?, Arc::<Mutex<State>>::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A client that goes away is no matter of the test.
                thread::spawn(move || drop(serve(client, &shared)));
            }
        });
        Ok(Self { address, state })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers by this from now on, and forgets what it was asked.
    pub fn answers(&self, script: Vec<Line>) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { script, asked: Vec::new() };
    }

    /// Every request since then, as text.
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).asked.clone()
    }

    /// How many of these hold a text.
    pub fn count(&self, text: &str) -> usize {
        self.asked().iter().filter(|request| request.contains(text)).count()
    }
}

/// Requests of one connection, one after the other.
fn serve(client: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut writer = client.try_clone()?;
    let mut reader = BufReader::new(client);
    loop {
        let (mut request, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or_default();
            }
            let is_end = line == "\r\n";
            request.push_str(&line);
            if is_end {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        request.push_str(&String::from_utf8_lossy(&body));
        let answer = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = |line: &&Line| line.on.iter().all(|text| request.contains(text.as_str()));
            let answer = state.script.iter().find(fits).cloned();
            state.asked.push(request);
            answer
        };
        let nothing = Line { status: 404, ..Line::on("", "") };
        let Line { status, headers, body, takes, .. } = answer.unwrap_or(nothing);
        thread::sleep(takes);
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        write!(writer, "HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())?;
        writer.flush()?;
    }
}
