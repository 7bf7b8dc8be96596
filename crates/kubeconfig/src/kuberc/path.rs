//! Commands as kubectl compares them, on the system that it runs on.

/// Whose rules of paths count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Everything but Windows.
    Unix,
    /// Windows, where a path begins with a drive or a share, and both slashes separate.
    Windows,
}

impl Platform {
    /// The one that this program is made for.
    pub const HERE: Self = if cfg!(windows) { Self::Windows } else { Self::Unix };

    fn separator(self) -> char {
        match self {
            Self::Unix => '/',
            Self::Windows => '\\',
        }
    }

    fn is_separator(self, letter: char) -> bool {
        letter == '/' || letter == self.separator()
    }

    /// The drive or share of a path, and the rest.
    fn volume(self, path: &str) -> (&str, &str) {
        if self == Self::Unix {
            return ("", path);
        }
        if let [letter, b':', ..] = path.as_bytes()
            && letter.is_ascii_alphabetic()
        {
            return path.split_at(2);
        }
        let is_separator = |letter: char| self.is_separator(letter);
        let mut letters = path.chars();
        if !(letters.next().is_some_and(is_separator) && letters.next().is_some_and(is_separator)) {
            return ("", path);
        }
        // \\host\share
        let Some(host) = path[2..].find(is_separator).filter(|length| *length > 0) else { return ("", path) };
        let share = 2 + host + 1;
        let length = path[share..].find(is_separator).unwrap_or(path.len() - share);
        path.split_at(share + length)
    }
}

/// The command that kubectl runs for what a kubeconfig says, whose folder is given: a path is one from there.
///
/// Source: `ResolveLocalPaths` of `client-go/tools/clientcmd/loader.go`, and `filepath.Clean`.
pub fn command_of(command: &str, folder: &str, platform: Platform) -> String {
    if is_searched_for(command, platform) || is_absolute(command, platform) {
        return clean(command, platform);
    }
    clean(&format!("{folder}{}{command}", platform.separator()), platform)
}

/// Whether a command is a name that is looked for on PATH.
pub fn is_searched_for(command: &str, platform: Platform) -> bool {
    !command.contains(|letter| platform.is_separator(letter))
}

/// Whether a path is none from some folder; on Windows one from the drive's root is taken for such a path, too.
fn is_absolute(path: &str, platform: Platform) -> bool {
    let (_, rest) = platform.volume(path);
    rest.starts_with(|letter| platform.is_separator(letter)) || path.starts_with(|letter| platform.is_separator(letter))
}

/// The shortest path that means the same, as Go's `filepath.Clean` has it.
pub(super) fn clean(path: &str, platform: Platform) -> String {
    let separator = platform.separator().to_string();
    let (volume, path) = platform.volume(path);
    let is_rooted = path.starts_with(|letter| platform.is_separator(letter));
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(|letter| platform.is_separator(letter)) {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => drop(parts.pop()),
            ("..", None) if is_rooted => {}
            (part, _) => parts.push(part),
        }
    }
    let volume = volume.replace('/', &separator);
    let root = if is_rooted { &*separator } else { "" };
    match (parts.is_empty(), is_rooted) {
        // A share is whole without a path.
        (true, false) if volume.len() > 2 => volume,
        (true, false) => format!("{volume}."),
        _ => format!("{volume}{root}{}", parts.join(&separator)),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Platform::{self, Unix, Windows},
        clean, command_of, is_searched_for,
    };

    /// Those of Windows are rows of Go's own test (`wincleantests` of `path/filepath/path_test.go`).
    #[test]
    fn paths_are_cleaned_as_go_does() {
        let rows: &[(Platform, &str, &str)] = &[
            (Unix, "aws", "aws"),
            (Unix, "", "."),
            (Unix, "./aws", "aws"),
            (Unix, "a//b/./c/..", "a/b"),
            (Unix, "../aws", "../aws"),
            (Unix, "../../a", "../../a"),
            (Unix, "a/../..", ".."),
            (Unix, "/", "/"),
            (Unix, "/../usr/bin/aws/", "/usr/bin/aws"),
            (Unix, r"c:\abc\..", r"c:\abc\.."),
            (Windows, "c:", "c:."),
            (Windows, r"c:\", r"c:\"),
            (Windows, r"c:\abc", r"c:\abc"),
            (Windows, r"c:abc\..\..\.\.\..\def", r"c:..\..\def"),
            (Windows, r"c:\abc\def\..\..", r"c:\"),
            (Windows, r"c:\..\abc", r"c:\abc"),
            (Windows, r"c:..\abc", r"c:..\abc"),
            (Windows, r"\", r"\"),
            (Windows, "/", r"\"),
            (Windows, r"\\a\b\..\c", r"\\a\b\c"),
            (Windows, r"\\a\b", r"\\a\b"),
            (Windows, "//abc/foo", r"\\abc\foo"),
            (Windows, "abc/def", r"abc\def"),
        ];
        for (platform, path, cleaned) in rows {
            assert_eq!(clean(path, *platform), *cleaned, "{platform:?} {path}");
        }
    }

    #[test]
    fn a_path_is_one_from_the_kubeconfigs_folder() {
        let rows: &[(Platform, &str, &str, &str)] = &[
            (Unix, "aws", "/users/alice/.kube", "aws"),
            (Unix, "./aws", "/users/alice/.kube", "/users/alice/.kube/aws"),
            (Unix, "../bin/aws", "/users/alice/.kube", "/users/alice/bin/aws"),
            (Unix, "/opt//aws", "/users/alice/.kube", "/opt/aws"),
            (Windows, "aws.exe", r"C:\Users\alice\.kube", "aws.exe"),
            (Windows, r"..\bin\aws.exe", r"C:\Users\alice\.kube", r"C:\Users\alice\bin\aws.exe"),
            (Windows, "bin/aws.exe", r"C:\Users\alice\.kube", r"C:\Users\alice\.kube\bin\aws.exe"),
            (Windows, r"D:\tools\.\aws.exe", r"C:\Users\alice\.kube", r"D:\tools\aws.exe"),
            (Windows, r"\\host\share\aws.exe", r"C:\Users\alice\.kube", r"\\host\share\aws.exe"),
        ];
        for (platform, command, folder, runs) in rows {
            assert_eq!(command_of(command, folder, *platform), *runs, "{platform:?} {command}");
        }
        assert!(is_searched_for(r"a\b", Unix) && !is_searched_for(r"a\b", Windows));
    }
}
