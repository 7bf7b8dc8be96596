//! The process's edge: the only place that reads arguments, environment, clock and standard streams.

mod progress;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt,
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use document::visible;
use jiff::Timestamp;
use reading::Kind;

pub(crate) use self::progress::{Progress, showing};

/// What the process was started with.
#[derive(Default)]
pub(crate) struct Process {
    /// All arguments, the program's name first.
    pub(crate) arguments: Vec<OsString>,
    /// The environment, variables that are not UTF-8 left out, empty ones counted as unset (as viper does).
    pub(crate) variables: BTreeMap<String, String>,
    /// Those of proxies in small letters that are set and empty: to the AWS CLI they are not unset.
    pub(crate) emptied: Vec<String>,
}

/// Of which an empty one takes the one in capitals away.
const PROXIES: [&str; 2] = ["https_proxy", "no_proxy"];

impl Process {
    /// Reads them, once.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub(crate) fn read() -> Self {
        let utf8 = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let (variables, empty): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::env::vars_os().filter_map(utf8).partition(|(_, value)| !value.is_empty());
        let emptied = empty.into_keys().filter(|name| PROXIES.contains(&&**name)).collect();
        Self { arguments: std::env::args_os().collect(), variables, emptied }
    }

    /// The same for a program that gets these variables besides.
    pub(crate) fn with(&self, variables: Vec<(String, String)>) -> Self {
        let mut all = self.variables.clone();
        for (name, value) in variables {
            if value.is_empty() { drop(all.remove(&name)) } else { drop(all.insert(name, value)) }
        }
        Self { arguments: self.arguments.clone(), variables: all, emptied: self.emptied.clone() }
    }

    /// One variable; an empty one is unset.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The user's home folder, from the environment alone.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.home_of(cfg!(windows))
    }

    /// The same on Windows, or elsewhere.
    fn home_of(&self, is_windows: bool) -> Option<PathBuf> {
        self.variable(if is_windows { "USERPROFILE" } else { "HOME" }).map(PathBuf::from)
    }

    /// The files that `KUBECONFIG` lists.
    pub(crate) fn listed_kubeconfigs(&self) -> Option<Vec<PathBuf>> {
        let listed = std::env::split_paths(self.variable("KUBECONFIG")?);
        Some(listed.filter(|path| !path.as_os_str().is_empty()).collect())
    }

    /// Where kubectl looks without that list (Kubernetes, `tools/clientcmd/loader.go`).
    pub(crate) fn home_kubeconfig(&self) -> Option<PathBuf> {
        Some(self.home()?.join(".kube").join("config"))
    }

    /// The environment in the form that the AWS crate resolves credentials from.
    pub(crate) fn aws_environment(&self) -> aws::credentials::Environment {
        let emptied = self.emptied.iter().map(|name| (name.clone(), String::new()));
        aws::credentials::Environment {
            vars: self.variables.clone().into_iter().chain(emptied).collect(),
            home: self.home(),
        }
    }
}

/// The time, for whoever takes `now` as an argument.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The largest file that is read whole: hundreds of thousands of users.
const MAX_FILE: u64 = 64 << 20;

/// Reads a file whole. A server reads regular files alone: any other may never end.
pub(crate) fn read_whole(path: &Path, kind: Kind) -> anyhow::Result<Vec<u8>> {
    reading::read(path, kind, MAX_FILE).with_context(|| format!("cannot read {}", path.display()))
}

/// The same as a source that problems can point into.
pub(crate) fn read_source_of(path: &Path, kind: Kind) -> anyhow::Result<document::Source> {
    source_of(path.display().to_string(), &read_whole(path, kind)?)
}

/// How many files this process may have open at once, where the system says so.
#[cfg(unix)]
pub(crate) fn open_files_limit() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Writes a result to stdout. A reader that has gone (`| head`) is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to stdout"),
    }
}

/// The same with colours, where stdout is to have them.
pub(crate) fn print_styled(text: &str) -> anyhow::Result<()> {
    match anstream::AutoStream::choice(&io::stdout()) {
        anstream::ColorChoice::Never => print(&anstream::adapter::strip_str(text).to_string()),
        _ => print(text),
    }
}

/// How many columns stdout has: the terminal's, or what `COLUMNS` says where there is none.
pub(crate) fn columns(process: &Process) -> usize {
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(terminal_size::Width(width), _)| width.into());
    let said = || process.variable("COLUMNS").and_then(|columns| columns.parse().ok());
    terminal.or_else(said).unwrap_or(COLUMNS)
}

/// As many as fit on a page, for whoever reads a result in a file.
const COLUMNS: usize = 120;

/// Puts a question to the person at the terminal and reads a line; `None` if there is no terminal to ask at.
fn ask(question: &str) -> anyhow::Result<Option<String>> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    let mut stderr = io::stderr();
    write!(stderr, "{} ", visible(question)).and_then(|()| stderr.flush()).context("cannot ask")?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("cannot read the answer")?;
    Ok(Some(line.trim().to_owned()))
}

/// Asks for `yes`: after anything else nothing is to be changed. `without` is what to do where there is no terminal to ask at.
pub(crate) fn confirm(question: &str, without: &str) -> anyhow::Result<()> {
    match ask(question)?.as_deref() {
        Some("yes") => Ok(()),
        Some(_) => anyhow::bail!("nothing was changed"),
        None => anyhow::bail!("no terminal to ask for confirmation, so nothing was changed; {without}"),
    }
}

/// Puts a question on stdout and reads a line from stdin, be it a terminal or not; `None` if stdin ends before its line does.
pub(crate) fn ask_anybody(question: &str) -> anyhow::Result<Option<String>> {
    print(&visible(question))?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("error reading input")?;
    Ok(line.strip_suffix('\n').map(str::to_owned))
}

/// Writes a long result to stdout as it is made. A reader that has gone is not an error here either.
pub(crate) fn print_long(result: &impl fmt::Display) -> anyhow::Result<()> {
    let mut stdout = io::BufWriter::with_capacity(64 << 10, io::stdout().lock());
    match write!(stdout, "{result}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to stdout"),
    }
}

/// Prints a line of a result, in which nothing hides.
pub(crate) fn print_line(text: &str) -> anyhow::Result<()> {
    print(&(visible(text) + "\n"))
}

/// Says something to the person at the terminal, on stderr: one line, in which nothing hides.
pub(crate) fn note(text: &str) {
    #[cfg(unix)]
    if crate::logs::is_json() {
        return tracing::warn!("{}", visible(text.strip_prefix("note: ").unwrap_or(text)));
    }
    note_rendered(&visible(text));
}

/// Says what has several lines. Whatever names stand in it have none.
pub(crate) fn note_lines(text: &str) {
    text.lines().for_each(note);
}

/// Says what was rendered already, with colours perhaps.
pub(crate) fn note_rendered(text: &str) {
    anstream::eprintln!("{text}");
}

/// Whose a file is, by Unix ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl std::str::FromStr for Owner {
    type Err = &'static str;

    /// `UID` or `UID:GID`; the group is the user's number where it is not named.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (user, group) = text.split_once(':').unwrap_or((text, text));
        let id = |text: &str| text.parse().map_err(|_| "expected UID or UID:GID, in numbers");
        Ok(Self { user: id(user)?, group: id(group)? })
    }
}

/// Gives a file to somebody, if it is there.
#[cfg(unix)]
pub(crate) fn give(path: &Path, Owner { user, group }: Owner) -> anyhow::Result<()> {
    match std::os::unix::fs::chown(path, Some(user), Some(group)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.with_context(|| explain_owner(path, user)),
    }
}

#[cfg(unix)]
fn explain_owner(path: &Path, user: u32) -> String {
    format!("cannot give {} to user {user}, which needs root or the capability CHOWN", path.display())
}

/// Reads a text file into a source that problems can point into. `-` is stdin.
pub(crate) fn read_source(path: &Path) -> anyhow::Result<document::Source> {
    if path.as_os_str() != "-" {
        return read_source_of(path, Kind::Any);
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).context("cannot read <stdin>")?;
    source_of("<stdin>".to_owned(), &bytes)
}

/// A file that was read, as a source.
pub(crate) fn source_of(name: String, bytes: &[u8]) -> anyhow::Result<document::Source> {
    let text = document::decode(bytes).with_context(|| format!("cannot read {name}"))?;
    Ok(document::Source::new(name, text))
}

/// The most bytes of a file of certificate authorities: all that a machine trusts are a quarter of it.
const MAX_AUTHORITIES: u64 = 1 << 20;

/// Reads the certificate authorities (PEM) of a flag's file.
pub(crate) fn read_authorities(flag: &str, path: &Path, kind: Kind) -> anyhow::Result<String> {
    let bytes = reading::read(path, kind, MAX_AUTHORITIES);
    let bytes = bytes.with_context(|| format!("cannot read --{flag} {}", path.display()))?;
    // What is no text beside certificates is a comment in another encoding.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes a file in one step: a reader sees the old content or the new, never half of it.
///
/// The mode (Unix permission bits) is set before anything is written. Folders are never created.
pub(crate) fn write_atomically(path: &Path, content: &[u8], mode: u32) -> anyhow::Result<()> {
    write_atomically_for(None, path, content, mode)
}

/// The same for somebody else, whose it is before it can be seen.
pub(crate) fn write_atomically_for(owner: Option<Owner>, path: &Path, content: &[u8], mode: u32) -> anyhow::Result<()> {
    stage(owner, path, content, mode)?.put()
}

/// A file that is written and not yet to be seen. Dropped, it is gone.
pub(crate) struct Staged {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

/// Writes what [`Staged::put`] shows. Of several files that belong together all are written before the first is put: what
/// fails for want of space or rights fails here.
pub(crate) fn stage(owner: Option<Owner>, path: &Path, content: &[u8], mode: u32) -> anyhow::Result<Staged> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let explain = || format!("cannot write {}", path.display());
    anyhow::ensure!(!path.is_dir(), "{}: it is a folder", explain());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cluster-auth-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    // Its error is the system's words, then a file that nobody has heard of.
    let words = |error: &io::Error| error.to_string().split(" at path ").next().unwrap_or_default().to_owned();
    let file = builder.tempfile_in(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            let folder = folder.display();
            anyhow::anyhow!("there is no folder {folder}: make it first (`mkdir -p {folder}`)")
        }
        kind => io::Error::new(kind, words(&error)).into(),
    });
    let mut file = file.with_context(explain)?;
    file.write_all(content).with_context(explain)?;
    #[cfg(unix)]
    if let Some(Owner { user, group }) = owner {
        std::os::unix::fs::fchown(file.as_file(), Some(user), Some(group))
            .with_context(|| explain_owner(path, user))?;
    }
    #[cfg(not(unix))]
    let _ = owner;
    file.as_file().sync_all().with_context(explain)?;
    Ok(Staged { file, path: path.to_owned() })
}

impl Staged {
    /// Puts it in place of what is there, in one step.
    pub(crate) fn put(self) -> anyhow::Result<()> {
        let Self { file, path } = self;
        let put = file.persist(&path).map_err(|error| error.error);
        put.with_context(|| format!("cannot write {}", path.display())).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::Process;

    #[test]
    fn each_system_has_its_own_variable_for_a_home() {
        let both = [("HOME", "/somewhere/alice"), ("USERPROFILE", r"D:\alice")];
        let variables = both.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let process = Process { variables, ..Process::default() };
        assert_eq!(process.home_of(false).as_deref(), Some(Path::new("/somewhere/alice")));
        assert_eq!(process.home_of(true), Some(PathBuf::from(r"D:\alice")));
        assert_eq!(Process::default().home_of(true), None);
    }
}
