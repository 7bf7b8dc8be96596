//! Every source of credentials in the order in which it is looked at, and what became of it: for whoever asks why it was that one.
//!
//! What is used is decided by [`super::resolve()`]; a test holds that this says the same.

use super::{Environment, Rules, SharedFiles, profile_name, resolve::counts_beside_keys};

/// A source, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// What it is.
    pub source: &'static str,
    /// What became of it.
    pub verdict: Verdict,
}

/// What becomes of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one.
    Used,
    /// There is nothing, and why.
    Skipped(String),
    /// One before it was used.
    NotReached,
}

/// Returns the sources by these rules.
pub fn considered(
    environment: &Environment,
    files: &SharedFiles,
    profile: Option<&str>,
    rules: Rules,
) -> Vec<Considered> {
    let looked = Looked {
        environment,
        files,
        name: profile_name(environment, profile),
        is_flag: profile.is_some(),
        counts_beside_keys: counts_beside_keys(environment, profile, rules),
        rules,
    };
    let sources = match rules {
        Rules::Cli => looked.as_the_cli(),
        Rules::Go => looked.as_go(),
    };
    let mut is_found = false;
    let all = sources.into_iter().map(|(source, skipped)| {
        let verdict = match skipped {
            _ if is_found => Verdict::NotReached,
            Some(why) => Verdict::Skipped(why),
            None => Verdict::Used,
        };
        is_found |= verdict == Verdict::Used;
        Considered { source, verdict }
    });
    all.collect()
}

struct Looked<'a> {
    environment: &'a Environment,
    files: &'a SharedFiles,
    name: &'a str,
    is_flag: bool,
    counts_beside_keys: bool,
    rules: Rules,
}

/// A source, and why there is nothing of it.
type Source = (&'static str, Option<String>);

impl Looked<'_> {
    fn as_the_cli(&self) -> Vec<Source> {
        let is_role = self.has("role_arn") && !self.has("web_identity_token_file");
        let no_sso = || self.lacks("sso_account_id").filter(|_| !self.has("sso_role_name"));
        vec![
            self.keys_of_environment(),
            ("a role of the profile", (!is_role).then(|| self.lacking("role_arn"))),
            ("a web identity", self.no_variable(WEB_IDENTITY).and(self.lacks("web_identity_token_file"))),
            ("IAM Identity Center", no_sso()),
            ("keys in the credentials file", self.no_keys_of_credentials()),
            ("aws login", self.lacks("login_session")),
            ("a program (credential_process)", self.lacks("credential_process")),
            ("keys in the config file", self.no_keys_of_config()),
            self.container(),
            self.instance(),
        ]
    }

    fn as_go(&self) -> Vec<Source> {
        let no_keys = self.no_keys_of_credentials().and(self.no_keys_of_config());
        let is_sso = ["sso_session", "sso_account_id", "sso_role_name", "sso_start_url", "sso_region"];
        let no_sso = (!is_sso.into_iter().any(|key| self.has(key))).then(|| self.lacking("sso_account_id"));
        vec![
            self.keys_of_environment(),
            ("a web identity of the environment", self.no_variable(WEB_IDENTITY)),
            ("a role from another profile", self.lacks("source_profile")),
            ("keys of the profile", no_keys),
            ("a role from credential_source", self.lacks("credential_source")),
            ("a web identity of the profile", self.lacks("web_identity_token_file")),
            ("IAM Identity Center", no_sso),
            ("aws login", self.lacks("login_session")),
            ("a program (credential_process)", self.lacks("credential_process")),
            self.container(),
            self.instance(),
        ]
    }

    fn keys_of_environment(&self) -> Source {
        let id = self.environment.get("AWS_ACCESS_KEY_ID");
        let skipped = match (self.is_flag, id) {
            (true, _) => Some("--profile is given".to_owned()),
            (false, None) => Some("AWS_ACCESS_KEY_ID is not set".to_owned()),
            (false, Some(_)) if self.environment.get("AWS_SECRET_ACCESS_KEY").is_none() && self.rules == Rules::Go => {
                Some("AWS_SECRET_ACCESS_KEY is not set".to_owned())
            }
            (false, Some(_)) => self.no_profile().filter(|_| self.counts_beside_keys),
        };
        ("keys in the environment", skipped)
    }

    /// A profile that is named and not there is an error, whatever there is besides.
    fn no_profile(&self) -> Option<String> {
        let is_named = self.is_flag || self.name != "default";
        (is_named && !self.files.has(self.name)).then(|| self.lacking(""))
    }

    fn container(&self) -> Source {
        let variables = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
        let is_set = variables.iter().any(|name| self.environment.get(name).is_some());
        let not_set = (!is_set).then(|| format!("neither {} nor {} is set", variables[0], variables[1]));
        ("the container", not_set.or_else(|| self.no_profile()))
    }

    fn instance(&self) -> Source {
        let is_disabled = self.environment.is_true("AWS_EC2_METADATA_DISABLED");
        let disabled = is_disabled.then(|| "AWS_EC2_METADATA_DISABLED is true".to_owned());
        ("the instance", disabled.or_else(|| self.no_profile()))
    }

    fn no_variable(&self, name: &str) -> Option<String> {
        match self.environment.get(name) {
            Some(_) if self.is_flag => Some(format!("--profile is given, so {name} does not count")),
            Some(_) => self.no_profile(),
            None => Some(format!("{name} is not set")),
        }
    }

    fn no_keys_of_credentials(&self) -> Option<String> {
        let section = self.files.credentials(self.name);
        let has = section.is_some_and(|section| section.contains_key("aws_access_key_id"));
        (!has).then(|| format!("it has no aws_access_key_id of [{}]", self.name))
    }

    fn no_keys_of_config(&self) -> Option<String> {
        let has = self.files.config(self.name).is_some_and(|section| section.contains_key("aws_access_key_id"));
        (!has).then(|| self.lacking("aws_access_key_id"))
    }

    fn has(&self, key: &str) -> bool {
        self.files.setting(self.name, key).is_some()
    }

    fn lacks(&self, key: &str) -> Option<String> {
        (!self.has(key)).then(|| self.lacking(key))
    }

    fn lacking(&self, key: &str) -> String {
        if self.files.has(self.name) {
            format!("profile `{}` has no {key}", self.name)
        } else {
            format!("there is no profile `{}`", self.name)
        }
    }
}

const WEB_IDENTITY: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
