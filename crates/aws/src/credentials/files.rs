//! The shared files: found, read, and their profiles looked up.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::PathBuf,
};

use super::{CredentialsError, Environment, Rules, ini};

/// `~/.aws/config` and `~/.aws/credentials`, read. No Debug: they hold secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SharedFiles {
    config: ini::Sections,
    credentials: ini::Sections,
}

type Section = BTreeMap<String, String>;

/// Reads both files where they are; one that does not exist is empty. A byte that is no UTF-8, as in a comment of long ago, is no
/// reason to know nobody.
///
/// # Errors
///
/// [`CredentialsError::File`] for a file that is there and cannot be read.
pub fn load_files(environment: &Environment, rules: Rules) -> Result<SharedFiles, CredentialsError> {
    let read = |variable: &str, name: &str| -> Result<String, CredentialsError> {
        let default = || environment.home.as_ref().map(|home| home.join(".aws").join(name));
        let Some(path) = environment.get(variable).map(|path| expanded(environment, path)).or_else(default) else {
            return Ok(String::new());
        };
        match fs::read(&path) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(source) => Err(CredentialsError::File { path: path.display().to_string(), source }),
        }
    };
    let config = read("AWS_CONFIG_FILE", "config")?;
    let credentials = read("AWS_SHARED_CREDENTIALS_FILE", "credentials")?;
    Ok(SharedFiles::parse(&config, &credentials, rules))
}

/// A path with `~` for the home folder, as people write it into variables that no shell reads.
fn expanded(environment: &Environment, path: &str) -> PathBuf {
    let rest = path.strip_prefix("~/");
    rest.zip(environment.home.as_ref()).map_or_else(|| PathBuf::from(path), |(rest, home)| home.join(rest))
}

impl SharedFiles {
    /// Reads the texts of both.
    pub fn parse(config: &str, credentials: &str, rules: Rules) -> Self {
        Self { config: ini::parse(config, rules), credentials: ini::parse(credentials, rules) }
    }

    /// The profile in the config file: `[default]` or `[profile name]`.
    pub(crate) fn config(&self, profile: &str) -> Option<&Section> {
        let prefixed = self.config.get(&format!("profile {profile}"));
        prefixed.or_else(|| self.config.get(profile).filter(|_| profile == "default"))
    }

    /// The profile in the credentials file: `[name]`.
    pub(crate) fn credentials(&self, profile: &str) -> Option<&Section> {
        self.credentials.get(profile)
    }

    /// An `[sso-session name]` of the config file.
    pub(crate) fn sso_session(&self, name: &str) -> Option<&Section> {
        self.config.get(&format!("sso-session {name}"))
    }

    /// Returns the section `[services name]` of the config file.
    pub(crate) fn services(&self, name: &str) -> Option<&Section> {
        self.config.get(&format!("services {name}"))
    }

    /// Returns the profiles of both, by name.
    pub fn profiles(&self) -> Vec<String> {
        let of_config = self.config.keys().filter_map(|section| match &**section {
            "default" => Some("default"),
            section => section.strip_prefix("profile "),
        });
        let all: BTreeSet<&str> = of_config.chain(self.credentials.keys().map(String::as_str)).collect();
        all.into_iter().map(str::to_owned).collect()
    }

    /// Whether either file has the profile.
    pub(crate) fn has(&self, profile: &str) -> bool {
        self.config(profile).is_some() || self.credentials(profile).is_some()
    }

    /// One setting of a profile; the credentials file wins, as in botocore's merged view.
    pub fn setting(&self, profile: &str, key: &str) -> Option<&str> {
        let found = self.credentials(profile).and_then(|section| section.get(key));
        let found = found.or_else(|| self.config(profile).and_then(|section| section.get(key)));
        found.map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::{Environment, Rules, load_files};

    #[test]
    fn a_byte_that_is_no_utf_8_hides_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(".aws")).expect("a folder");
        let text = b"# f\xfcr\n[default]\nregion = eu-west-1\n";
        std::fs::write(folder.path().join(".aws/config"), text).expect("a file");
        let environment = Environment { home: Some(folder.path().to_owned()), ..Environment::default() };
        let files = load_files(&environment, Rules::Go).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(files.setting("default", "region"), Some("eu-west-1"));
    }
}
