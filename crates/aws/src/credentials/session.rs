//! Credentials that AWS issued, as they are kept from one call to the next: under everything that makes them another's.
//!
//! ```text
//!   what a plan starts with ─► role ─► role        each of these is a link of a key
//! ```
//!
//! A text that cannot be read is no session: whoever looks for one asks AWS. Nothing here reads or writes a file but those by which
//! it is known who somebody is to IAM Identity Center or to an issuer of web identities.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    AssumeRole, Base, Credentials, Environment, Secret, Sso, digest::digest, issued::Issued, small_file,
    sso::portal_url, sso_token::SsoToken,
};
use crate::Endpoint;

/// What a session is kept under. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey(Vec<Value>);

/// Credentials with what they were kept under. No Debug: they are secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// What they are kept under.
    pub key: SessionKey,
    /// When they were obtained, by this machine's clock.
    pub obtained: Timestamp,
    /// The credentials; kept are those that end.
    pub credentials: Credentials,
    /// Whose they are, where AWS said that with them.
    pub arn: Option<String>,
}

/// What kept credentials are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They are used.
    Good,
    /// They are near their end: new ones are asked for, and these used where that fails.
    Renew,
    /// They have ended, or end so soon that nobody could do anything with them.
    Ended,
    /// They were obtained in the future, by this much: the clock is not to be trusted, and neither is their end.
    Ahead(SignedDuration),
}

/// What is shorter is not looked at: credentials that end sooner count as ended.
const LEAST_LEFT: SignedDuration = SignedDuration::from_secs(60);

/// botocore asks for new ones so long before the end (`_DEFAULT_ADVISORY_REFRESH_TIMEOUT`).
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(15);

/// Of how much of their time credentials of short sessions are renewed before the end: one in so many.
const PART: i32 = 4;

/// Clocks differ by seconds.
const TOLERATED: SignedDuration = SignedDuration::from_secs(60);

impl SessionKey {
    /// Returns the cache key of the credentials that a plan starts with, or `None` if only using them would tell whose they are.
    pub fn of_base(base: &Base, environment: &Environment, sts: &Endpoint) -> Option<Self> {
        let link = match base {
            Base::Static(credentials) => return Some(Self::of_keys(credentials)),
            Base::WebIdentity { token_file, role_arn, session_name } => json!({
                "webIdentity": token_file,
                "token": of_file(token_file)?,
                "role": role_arn,
                "sessionName": session_name,
                "sts": sts.url,
                "region": sts.signing_region,
            }),
            Base::Sso(sso) => json!({
                "sso": sso.session.as_ref().unwrap_or(&sso.start_url),
                // Who has logged in there: somebody else has another one.
                "token": SsoToken::read(environment, sso).map(|token| digest(token.access_token.expose()))?,
                "account": sso.account_id,
                "role": sso.role_name,
                "region": sso.region,
                // Another portal is another's word for it.
                "portal": portal_url(environment, sso).ok()?,
            }),
            Base::Process { command, profile } => json!({
                "process": command,
                "profile": profile,
                "variables": of_variables(environment),
                "folder": std::fs::canonicalize(".").ok(),
            }),
            Base::Login { .. } | Base::Container | Base::InstanceMetadata => return None,
        };
        Some(Self(vec![link]))
    }

    /// Returns what whoever renews a login holds meanwhile: of IAM Identity Center, whichever role it is for, or of `aws login`.
    pub fn of_login(base: &Base) -> Option<Self> {
        match base {
            Base::Sso(Sso { session: Some(session), .. }) => Some(Self(vec![json!({ "login": session })])),
            Base::Login { session, .. } => Some(Self(vec![json!({ "awsLogin": session })])),
            _ => None,
        }
    }

    /// Returns the key of keys at hand. They are not kept themselves, but what comes of them is.
    pub fn of_keys(credentials: &Credentials) -> Self {
        Self(vec![json!({ "accessKeyId": credentials.access_key_id })])
    }

    /// Returns the key of the session that these assume, by this STS.
    #[must_use]
    pub fn assumed(&self, role: &AssumeRole, forwards_session_name: bool, sts: &Endpoint) -> Self {
        let link = json!({
            "role": role.role_arn,
            "externalId": role.external_id,
            "sessionName": role.session_name,
            "forwardsSessionName": forwards_session_name,
            "durationSeconds": role.duration_seconds,
            "mfaSerial": role.mfa.as_ref().map(|device| &device.serial),
            "sts": sts.url,
            "region": sts.signing_region,
        });
        Self(self.0.iter().cloned().chain([link]).collect())
    }

    /// Returns a name for a file: hexadecimal digits, others for each key.
    pub fn name(&self) -> String {
        digest(&Value::from(self.0.clone()).to_string())
    }

    /// Returns whose session it is, and what it comes of, for people.
    pub fn described(&self) -> (String, String) {
        let (last, before) = self.0.split_last().map_or((None, &[][..]), |(last, before)| (Some(last), before));
        let whose = last.map(link_words).unwrap_or_default();
        let from = before.iter().map(link_words).collect::<Vec<_>>().join(" → ");
        (whose, from)
    }
}

/// A link, in a few words.
fn link_words(link: &Value) -> String {
    let text = |name: &str| link[name].as_str().unwrap_or_default().to_owned();
    if link["sso"].is_string() {
        return format!("{} in {} ({})", text("role"), text("account"), text("sso"));
    }
    ["role", "accessKeyId", "process"].into_iter().map(text).find(|text| !text.is_empty()).unwrap_or_default()
}

impl Session {
    /// Reads what [`Session::to_text`] wrote. Anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        let Written { version: VERSION, key, obtained, credentials, arn } = serde_json::from_str(text).ok()? else {
            return None;
        };
        let end = credentials.expiration.parse().ok()?;
        let credentials = Some(credentials.ending(end)).filter(|credentials| !credentials.access_key_id.is_empty())?;
        Some(Self { key: SessionKey(key), obtained: obtained.parse().ok()?, credentials, arn })
    }

    /// Returns the text of a file; none for credentials that do not end, which nobody has issued for a while only.
    pub fn to_text(&self) -> Option<Secret> {
        let written = Written {
            version: VERSION,
            key: self.key.0.clone(),
            obtained: self.obtained.to_string(),
            credentials: Issued::of(&self.credentials)?,
            arn: self.arn.clone(),
        };
        serde_json::to_string(&written).ok().map(Secret::new)
    }

    /// Returns what they are good for at this moment.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let Some(end) = self.credentials.expires else { return Standing::Ended };
        let ahead = self.obtained.duration_since(now);
        if ahead > TOLERATED {
            return Standing::Ahead(ahead);
        }
        standing(end.duration_since(self.obtained), end.duration_since(now))
    }
}

/// What credentials are good for that last so long in all, and for so long yet.
fn standing(lasts: SignedDuration, left: SignedDuration) -> Standing {
    if left <= LEAST_LEFT {
        Standing::Ended
    } else if left < RENEW_BEFORE.min(lasts / PART) {
        Standing::Renew
    } else {
        Standing::Good
    }
}

/// The form of a file: what other versions write is asked for anew.
const VERSION: u32 = 1;

#[derive(Deserialize, Serialize)]
struct Written {
    version: u32,
    key: Vec<Value>,
    obtained: String,
    #[serde(rename = "Credentials")]
    credentials: Issued,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
}

/// Variables that say where somebody sits, and not who that is; kubectl sets the last.
const OF_THE_PLACE: [&str; 11] = [
    "_",
    "SHLVL",
    "PWD",
    "OLDPWD",
    "TERM",
    "COLUMNS",
    "LINES",
    "WINDOWID",
    "TERM_SESSION_ID",
    "TMUX_PANE",
    "KUBERNETES_EXEC_INFO",
];

/// What a program may look at besides its command line: whose names of variables nobody knows here.
fn of_variables(environment: &Environment) -> String {
    let counts = environment.vars.iter().filter(|(name, _)| !OF_THE_PLACE.contains(&name.as_str()));
    digest(&counts.map(|(name, value)| format!("{name}={value}\0")).collect::<String>())
}

/// Who a web identity's token is about; the token itself is a secret.
fn of_file(path: &Path) -> Option<String> {
    small_file(path).map(|text| digest(&text))
}

#[cfg(test)]
mod tests;
