//! Paths as people write them into variables that no shell reads.
//!
//! Source: `raw_config_parse` of botocore's `configloader.py`, which is `os.path.expandvars` and then `os.path.expanduser` of Python.

use std::path::PathBuf;

use super::Environment;

/// A path with what stands for it in place of `$NAME` and `${NAME}`, and of `~` at its start. A variable that is not set stays as it is, and so does
/// `~somebody`.
pub(super) fn expanded(environment: &Environment, path: &str) -> PathBuf {
    let path = with_variables(environment, path);
    match (path.strip_prefix('~'), &environment.home) {
        (Some(""), Some(home)) => home.clone(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}

fn with_variables(environment: &Environment, path: &str) -> String {
    let mut expanded = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('$') {
        expanded += before;
        let (name, behind) = match after.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
            Some(braced) => braced,
            None => after.split_at(after.find(|letter: char| !is_of_name(letter)).unwrap_or(after.len())),
        };
        match environment.vars.get(name) {
            Some(value) => expanded += value,
            None => expanded += &rest[before.len()..rest.len() - behind.len()],
        }
        rest = behind;
    }
    expanded + rest
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Environment, expanded};

    /// What Python makes of them, of which each was asked.
    #[test]
    fn variables_and_the_home_folder_are_put_in() {
        let vars = [("HOME", "/somewhere/alice"), ("X", "x y"), ("A_1", "one")];
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let environment = Environment { vars, home: Some("/somewhere/alice".into()) };
        let rows = [
            ("/etc/aws", "/etc/aws"),
            ("~", "/somewhere/alice"),
            ("~/.aws/config", "/somewhere/alice/.aws/config"),
            ("~bob/config", "~bob/config"),
            ("a~/config", "a~/config"),
            ("$HOME/config", "/somewhere/alice/config"),
            ("${HOME}/config", "/somewhere/alice/config"),
            ("$X/$A_1.ini", "x y/one.ini"),
            ("$NOBODY/config", "$NOBODY/config"),
            ("${NOBODY}/config", "${NOBODY}/config"),
            ("${HOME/config", "${HOME/config"),
            ("$", "$"),
            ("$$HOME", "$/somewhere/alice"),
            ("a$", "a$"),
            ("$HOMEX/$", "$HOMEX/$"),
        ];
        for (path, expected) in rows {
            assert_eq!(expanded(&environment, path), Path::new(expected), "{path}");
        }
    }
}
