//! A question to the person at the terminal that the process was started from. What is typed is not shown, as the AWS CLI does it
//! (Python's `getpass`); from then on it is again, whoever ends the question.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    thread,
};

use tokio::sync::oneshot;

/// Asks, and returns the line that was typed; an error where there is no terminal, or nobody at it any more. Whoever drops the future has ended
/// the question.
pub(super) async fn ask(prompt: &str) -> io::Result<String> {
    let (mut screen, keyboard) = open()?;
    let line = {
        let _silence = Silence::of(&keyboard)?;
        screen.write_all(document::visible(prompt).as_bytes())?;
        let (sender, line) = oneshot::channel();
        // A thread of its own: nothing waits for it but whoever wants the line.
        thread::spawn(move || sender.send(typed(keyboard)));
        line.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
    };
    screen.write_all(b"\n")?;
    line
}

fn typed(keyboard: File) -> io::Result<String> {
    let mut line = String::new();
    match BufReader::new(keyboard).read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}

/// The terminal, to be written to and to be read from.
#[cfg(unix)]
fn open() -> io::Result<(File, File)> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    Ok((terminal.try_clone()?, terminal))
}

/// The same by the names that Windows has for it.
#[cfg(windows)]
fn open() -> io::Result<(File, File)> {
    let screen = OpenOptions::new().write(true).open("CONOUT$")?;
    let keyboard = OpenOptions::new().read(true).open("CONIN$")?;
    Ok((screen, keyboard))
}

/// As long as it is there, the terminal does not show what is typed.
#[cfg(unix)]
struct Silence {
    terminal: File,
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl Silence {
    fn of(terminal: &File) -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal: terminal.try_clone()?, before })
    }
}

#[cfg(unix)]
impl Drop for Silence {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};

        // Where the terminal is gone there is nobody who would see it.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// On Windows what is typed is seen.
#[cfg(windows)]
struct Silence;

#[cfg(windows)]
impl Silence {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere the terminal is asked")]
    fn of(_: &File) -> io::Result<Self> {
        Ok(Self)
    }
}
