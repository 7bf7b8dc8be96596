//! Commands as kubectl compares them.

use std::path::MAIN_SEPARATOR;

/// The command that kubectl runs for what a kubeconfig says, whose folder is given: a path is one from there.
///
/// Source: `ResolveLocalPaths` of `client-go/tools/clientcmd/loader.go`, and `filepath.Clean`.
pub fn command_of(command: &str, folder: &str) -> String {
    if is_searched_for(command) || is_absolute(command) {
        return clean(command);
    }
    clean(&format!("{folder}{MAIN_SEPARATOR}{command}"))
}

/// Whether a command is a name that is looked for on PATH.
pub fn is_searched_for(command: &str) -> bool {
    !command.contains(['/', MAIN_SEPARATOR])
}

fn is_absolute(path: &str) -> bool {
    std::path::Path::new(path).is_absolute() || path.starts_with(['/', MAIN_SEPARATOR])
}

/// The shortest path that means the same, as Go's `filepath.Clean` has it.
pub(super) fn clean(path: &str) -> String {
    let separator = MAIN_SEPARATOR.to_string();
    let (volume, path) = match path.as_bytes() {
        [letter, b':', ..] if cfg!(windows) && letter.is_ascii_alphabetic() => path.split_at(2),
        _ => ("", path),
    };
    let is_rooted = path.starts_with(['/', MAIN_SEPARATOR]);
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', MAIN_SEPARATOR]) {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => drop(parts.pop()),
            ("..", None) if is_rooted => {}
            (part, _) => parts.push(part),
        }
    }
    let root = if is_rooted { &*separator } else { "" };
    match (parts.is_empty(), is_rooted) {
        (true, false) => format!("{volume}."),
        _ => format!("{volume}{root}{}", parts.join(&separator)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::{clean, command_of};

    #[test]
    fn paths_are_cleaned_as_go_does() {
        let rows = [
            ("aws", "aws"),
            ("", "."),
            ("./aws", "aws"),
            ("a//b/./c/..", "a/b"),
            ("../aws", "../aws"),
            ("../../a", "../../a"),
            ("a/../..", ".."),
            ("/", "/"),
            ("/../usr/bin/aws/", "/usr/bin/aws"),
        ];
        for (path, cleaned) in rows {
            assert_eq!(clean(path), cleaned, "{path}");
        }
    }

    #[test]
    fn a_path_is_one_from_the_kubeconfigs_folder() {
        let rows = [
            ("aws", "aws"),
            ("./aws", "/users/alice/.kube/aws"),
            ("../bin/aws", "/users/alice/bin/aws"),
            ("/opt//aws", "/opt/aws"),
        ];
        for (command, runs) in rows {
            assert_eq!(command_of(command, "/users/alice/.kube"), runs, "{command}");
        }
    }
}
