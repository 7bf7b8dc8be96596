//! The shared files: found, read, and their profiles looked up.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use reading::Kind;

use super::{
    CredentialsError, Environment, Rules, configparser,
    expanded::expanded,
    ini,
    slips::{OF_PROFILE, OF_SSO_SESSION, Sure, near_misses},
};

/// `~/.aws/config` and `~/.aws/credentials`, read. No Debug: they hold secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SharedFiles {
    config: ini::Sections,
    credentials: ini::Sections,
    /// Headers of the config file that are no profile's, and nothing else that is known.
    strays: Vec<String>,
}

type Section = BTreeMap<String, String>;

/// The longest of them that is read, in bytes: tens of thousands of profiles. They may be pipes and devices, as `/dev/null` is: the AWS
/// CLI takes them.
const MAX_FILE: u64 = 16 << 20;

/// Reads both files where they are; one that does not exist is empty. A byte that is no UTF-8, as in a comment of long ago, is no
/// reason to know nobody.
///
/// # Errors
///
/// [`CredentialsError::File`] for a file that is there and cannot be read, and [`CredentialsError::Syntax`] for one that the AWS CLI could
/// not read, by its rules.
pub fn load_files(environment: &Environment, rules: Rules) -> Result<SharedFiles, CredentialsError> {
    let read = |variable: &str, name: &str| -> Result<(String, String), CredentialsError> {
        let default = || environment.home.as_ref().map(|home| home.join(".aws").join(name));
        let Some(path) = environment.get(variable).map(|path| expanded(environment, path)).or_else(default) else {
            return Ok(Default::default());
        };
        let shown = path.display().to_string();
        match reading::read(&path, Kind::Any, MAX_FILE) {
            Ok(bytes) => Ok((shown, String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((shown, String::new())),
            Err(source) => Err(CredentialsError::File { path: shown, source }),
        }
    };
    let config = read("AWS_CONFIG_FILE", "config")?;
    let credentials = read("AWS_SHARED_CREDENTIALS_FILE", "credentials")?;
    SharedFiles::read((&config.0, &config.1), (&credentials.0, &credentials.1), rules)
}

impl SharedFiles {
    /// Reads the texts of both.
    ///
    /// # Errors
    ///
    /// [`CredentialsError::Syntax`], by the AWS CLI's rules.
    pub fn parse(config: &str, credentials: &str, rules: Rules) -> Result<Self, CredentialsError> {
        Self::read(("the config file", config), ("the credentials file", credentials), rules)
    }

    /// Of each file the name and the text.
    fn read(config: (&str, &str), credentials: (&str, &str), rules: Rules) -> Result<Self, CredentialsError> {
        let wrong = |path: &str, configparser::Wrong { line, problem }| CredentialsError::Syntax {
            path: path.to_owned(),
            line,
            problem,
        };
        match rules {
            Rules::Cli => {
                let (sections, strays) = configparser::config(config.1).map_err(|why| wrong(config.0, why))?;
                let credentials = configparser::credentials(credentials.1).map_err(|why| wrong(credentials.0, why))?;
                Ok(Self { config: sections, credentials, strays })
            }
            Rules::Go => {
                let config = ini::parse(config.1);
                let is_known = |header: &str| {
                    let kinds = ["profile ", "sso-session ", "services "];
                    header == "default" || kinds.iter().any(|kind| header.starts_with(kind))
                };
                let strays = config.keys().filter(|header| !is_known(header)).cloned().collect();
                Ok(Self { config, credentials: ini::parse(credentials.1), strays })
            }
        }
    }

    /// Returns what may be a slip in a profile, in those that its roles are assumed from, and in their `[sso-session …]`: a sentence each.
    /// Where there are credentials all the same, only what hardly can be anything else is one.
    pub fn slips(&self, profile: &str, has_credentials: bool) -> Vec<String> {
        let sure = if has_credentials { Sure::BySight } else { Sure::NearEnough };
        let sentences = |what: String, sections: [Option<&Section>; 2], known: &[&'static str]| -> Vec<String> {
            let settings = sections.into_iter().flatten().flat_map(BTreeMap::keys).map(String::as_str);
            let near = near_misses(settings, known, sure).into_iter();
            near.map(|(name, near)| format!("{what} has {name}, which is unknown; did you mean {near}?")).collect()
        };
        let (mut slips, mut seen, mut next) = (Vec::new(), BTreeSet::new(), Some(profile));
        while let Some(name) = next.filter(|name| seen.insert(*name)) {
            let sections = [self.config(name), self.credentials(name)];
            slips.extend(sentences(format!("profile `{name}`"), sections, &OF_PROFILE));
            if let Some(session) = self.setting(name, "sso_session") {
                let section = [self.sso_session(session), None];
                slips.extend(sentences(format!("[sso-session {session}]"), section, &OF_SSO_SESSION));
            }
            next = self.setting(name, "source_profile");
        }
        slips
    }

    /// What to do about a profile that is named and not there.
    pub(crate) fn advice(&self, profile: &str) -> String {
        if self.strays.iter().any(|header| header == profile) {
            return format!("the config file has [{profile}]: write [profile {profile}]");
        }
        if self.credentials.contains_key(&format!("profile {profile}")) {
            return format!("the credentials file has [profile {profile}]: write [{profile}] there");
        }
        let profiles = self.profiles();
        match document::nearest(profile, profiles.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? `aws configure list-profiles` lists all profiles"),
            None => "`aws configure list-profiles` lists those that do".to_owned(),
        }
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

    /// Returns one setting of a profile, if it is not empty; the credentials file wins, as in botocore's merged view.
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
