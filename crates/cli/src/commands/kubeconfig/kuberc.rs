//! `kubeconfig --kuberc`: this program in kubectl's list of those that it may run for credentials, which stands in its kuberc.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use document::Source;
use kubeconfig::{Permitted, Platform, PluginUser, Wanted, command_of, is_searched_for, plugin_users};

use super::{
    KubeconfigArgs,
    file::{self, Locked, default_paths},
    report,
};
use crate::{
    exit::{CommandResult, Failure},
    process::{self, Process},
};

/// Says what changes, asks, and changes it.
pub(super) fn permit(file: Option<&Path>, args: &KubeconfigArgs, process: &Process) -> CommandResult {
    let path = match file {
        Some(file) => file.to_owned(),
        None => default_path(process)?,
    };
    let shown = path.display();
    let logins = Logins::read(args.command(process), &path, process)?;
    let source = read(&path)?;
    let permitted = permitted(&source, &logins, process)?;
    for line in &permitted.unread {
        process::note(&format!("{shown}:{line}: kubectl does not read the document that begins here"));
    }
    if permitted.added.is_empty() {
        process::note(&format!("{shown}: kubectl may run {} already; nothing to change", logins.ours.join(", ")));
    } else if permitted.was_open {
        process::note(&format!(
            "{shown}: kubectl runs any program for credentials today; from now on it will run only these:"
        ));
    } else {
        process::note(&format!("{shown}: kubectl will also run these programs for credentials:"));
    }
    for command in &permitted.added {
        process::note(&format!("  {}", logins.told(command)));
    }
    for command in &permitted.left_out {
        process::note(&format!(
            "note: kubectl still refuses {}, which is not in the allowlist; `kubeconfig --kuberc --command {command}` adds it",
            logins.told(command)
        ));
    }
    if !logins.passed_over.is_empty() {
        let paths: Vec<String> = logins.passed_over.iter().map(|path| path.display().to_string()).collect();
        process::note(&format!(
            "note: no program is known of {}: a folder, or no kubeconfig that kubectl loads; whoever logs in by one that lies there adds its program by \
             `kubeconfig --kuberc --command PROGRAM`",
            paths.join(", ")
        ));
    }
    if process.variable("KUBECTL_KUBERC").is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        process::note("note: KUBECTL_KUBERC=false: kubectl reads no kuberc while it is set");
    }
    if args.dry_run {
        process::note("nothing was written (--dry-run)");
        return Ok(());
    }
    if permitted.added.is_empty() {
        return Ok(());
    }
    if !args.yes {
        let question = format!("Write this to {shown}? Type `yes` to confirm:");
        process::confirm(&question, "`--yes` changes it, and `--dry-run` only says what would change")?;
    }
    let locked = Locked::new(&path)?;
    let again = locked.read()?.map_or_else(String::new, |source| source.text().to_owned());
    if again != source.text() {
        return Err(anyhow::anyhow!("{shown} was changed meanwhile, so nothing was written; try again").into());
    }
    locked.write(&permitted.text)?;
    process::note(&format!("{shown}: written"));
    Ok(())
}

/// Where kubectl looks for its preferences.
///
/// Source: `LoadKuberc` of `kubectl/pkg/kuberc/kuberc.go`.
fn default_path(process: &Process) -> anyhow::Result<PathBuf> {
    match process.variable("KUBERC") {
        Some("off") => {
            anyhow::bail!("KUBERC=off: kubectl reads no kuberc; unset it, or name the file, as --kuberc FILE")
        }
        Some(path) => Ok(PathBuf::from(path)),
        None => {
            let home = process.home().context("no home folder: name the file, as --kuberc FILE")?;
            Ok(home.join(".kube").join("kuberc"))
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Source> {
    Ok(file::read_to_change(path)?.unwrap_or_else(|| Source::new(path.display().to_string(), "")))
}

fn permitted(source: &Source, logins: &Logins, process: &Process) -> Result<Permitted, Failure> {
    let resolve = |command: &str| program_file(command, process);
    let wanted = Wanted { ours: &logins.ours, others: &logins.others, resolve: &resolve };
    kubeconfig::permit(source, &wanted).map_err(|problems| report(source, &problems))
}

/// The programs that the user logs in by.
struct Logins {
    /// Under each name of this program's.
    ours: Vec<String>,
    others: Vec<String>,
    /// By command: the users, and their kubeconfig.
    users: BTreeMap<String, Vec<(String, PathBuf)>>,
    /// What lies in kubectl's folder and was not looked at, or is no kubeconfig.
    passed_over: Vec<PathBuf>,
}

impl Logins {
    /// Of all kubeconfigs that kubectl reads by itself, and of those that lie beside them in its folder and are named when they
    /// are wanted.
    fn read(ours: &str, kuberc: &Path, process: &Process) -> Result<Self, Failure> {
        let is_searched_for = is_searched_for(ours, Platform::HERE);
        let ours = if is_searched_for { ours.to_owned() } else { full(ours, Path::new(ours))? };
        let mut logins = Self { ours: vec![ours], others: Vec::new(), users: BTreeMap::new(), passed_over: Vec::new() };
        let listed = default_paths(process).unwrap_or_default();
        for path in &listed {
            let Some(source) = file::read(path)? else { continue };
            let users = plugin_users(&source).map_err(|problems| report(&source, &problems))?;
            logins.add(path, users)?;
        }
        for path in beside(process).into_iter().filter(|path| !listed.contains(path) && *path != kuberc) {
            // What kubectl loads neither is no kubeconfig; a folder's files nobody knows here.
            let source = if path.is_dir() { None } else { file::read(&path).ok().flatten() };
            match source.and_then(|source| plugin_users(&source).ok()) {
                Some(users) => logins.add(&path, users)?,
                None => logins.passed_over.push(path),
            }
        }
        Ok(logins)
    }

    fn add(&mut self, path: &Path, users: Vec<PluginUser>) -> anyhow::Result<()> {
        for PluginUser { user, command } in users {
            let command = full(&command, path)?;
            let is_ours = Path::new(&command).file_name() == Path::new(&self.ours[0]).file_name();
            let commands = if is_ours { &mut self.ours } else { &mut self.others };
            if !commands.contains(&command) {
                commands.push(command.clone());
            }
            self.users.entry(command).or_default().push((user, path.to_owned()));
        }
        Ok(())
    }

    /// A command, and who logs in by it.
    fn told(&self, command: &str) -> String {
        let Some(users) = self.users.get(command) else { return command.to_owned() };
        let told: Vec<String> = users.iter().map(|(user, path)| format!("{user} of {}", path.display())).collect();
        format!("{command} (by which {} {} in)", told.join(", "), if told.len() == 1 { "logs" } else { "log" })
    }
}

/// The command that stands in a file.
fn full(command: &str, file: &Path) -> anyhow::Result<String> {
    let path = std::path::absolute(file).with_context(|| format!("cannot tell the folder of {}", file.display()))?;
    let folder = path.parent().unwrap_or(&path).display().to_string();
    Ok(command_of(command, &folder, Platform::HERE))
}

/// What kubectl keeps in its own folder besides kubeconfigs.
const KUBECTLS_OWN: [&str; 2] = ["cache", "http-cache"];

/// The files in kubectl's own folder, and the folders in it that are nobody's own.
fn beside(process: &Process) -> Vec<PathBuf> {
    let Some(folder) = process.home().map(|home| home.join(".kube")) else { return Vec::new() };
    let is_own = |path: &Path| KUBECTLS_OWN.iter().any(|own| path.ends_with(own));
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut all: Vec<PathBuf> = entries.filter(|path| !(path.is_dir() && is_own(path))).collect();
    all.sort();
    all
}

/// The file of a command, as Go's `exec.LookPath` finds it; `None` if there is none.
fn program_file(command: &str, process: &Process) -> Option<String> {
    let endings = process.variable("PATHEXT");
    let found = |path: PathBuf| {
        let names = names_of(&path.display().to_string(), endings, Platform::HERE);
        names.into_iter().map(PathBuf::from).find(|path| is_program(path))
    };
    let file = if is_searched_for(command, Platform::HERE) {
        let folders = env::split_paths(process.variable("PATH")?);
        // What is found from where somebody happens to stand, Go does not run.
        folders.filter(|folder| folder.is_absolute()).find_map(|folder| found(folder.join(command)))
    } else {
        found(PathBuf::from(command))
    };
    file.map(|file| file.display().to_string())
}

/// The names of the file that a command may mean: on Windows with each of the endings that a program has (PATHEXT).
///
/// Source: `lp_windows.go` of Go's `os/exec`.
fn names_of(path: &str, endings: Option<&str>, platform: Platform) -> Vec<String> {
    if platform == Platform::Unix {
        return vec![path.to_owned()];
    }
    let endings = endings.unwrap_or(".com;.exe;.bat;.cmd").split(';').filter(|ending| !ending.is_empty());
    let with = |ending: &str| {
        let dot = if ending.starts_with('.') { "" } else { "." };
        format!("{path}{dot}{}", ending.to_lowercase())
    };
    let name = path.rsplit(['/', '\\', ':']).next().unwrap_or_default();
    let own = name.contains('.').then(|| path.to_owned());
    own.into_iter().chain(endings.map(with)).collect()
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::{
        Platform::{self, Unix, Windows},
        names_of,
    };

    #[test]
    fn a_program_has_the_endings_of_its_system() {
        type Row<'a> = (Platform, &'a str, Option<&'a str>, &'a [&'a str]);
        let rows: &[Row<'_>] = &[
            (Unix, "/bin/aws", Some(".EXE"), &["/bin/aws"]),
            (
                Windows,
                r"C:\bin\aws",
                None,
                &[r"C:\bin\aws.com", r"C:\bin\aws.exe", r"C:\bin\aws.bat", r"C:\bin\aws.cmd"],
            ),
            (Windows, r"C:\bin\aws", Some(".EXE;;CMD"), &[r"C:\bin\aws.exe", r"C:\bin\aws.cmd"]),
            (Windows, r"C:\bin\aws.exe", Some(".EXE"), &[r"C:\bin\aws.exe", r"C:\bin\aws.exe.exe"]),
            (Windows, r"C:\my.bin\aws", Some(".EXE"), &[r"C:\my.bin\aws.exe"]),
        ];
        for (platform, path, endings, expected) in rows {
            assert_eq!(names_of(path, *endings, *platform), *expected, "{platform:?} {path} {endings:?}");
        }
    }
}
