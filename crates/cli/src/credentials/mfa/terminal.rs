//! A question to the person at the terminal that the process was started from. What is typed is not shown, as the AWS CLI does it
//! (Python's `getpass`).

use std::io;

/// Asks, and returns the line that was typed; an error where there is no terminal, or nobody at it any more.
#[cfg(unix)]
pub(super) fn ask(prompt: &str) -> io::Result<String> {
    use std::{
        fs::OpenOptions,
        io::{BufRead as _, BufReader, Write as _},
    };

    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
    let mut line = String::new();
    let asked = terminal.write_all(document::visible(prompt).as_bytes());
    let read = asked.and_then(|()| BufReader::new(&terminal).read_line(&mut line));
    tcsetattr(&terminal, OptionalActions::Now, &before)?;
    terminal.write_all(b"\n")?;
    match read? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}

/// The same by the names that Windows has for it; there what is typed is seen.
#[cfg(windows)]
pub(super) fn ask(prompt: &str) -> io::Result<String> {
    use std::{
        fs::OpenOptions,
        io::{BufRead as _, BufReader, Write as _},
    };

    let mut screen = OpenOptions::new().write(true).open("CONOUT$")?;
    let keyboard = OpenOptions::new().read(true).open("CONIN$")?;
    screen.write_all(document::visible(prompt).as_bytes())?;
    let mut line = String::new();
    match BufReader::new(keyboard).read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}
