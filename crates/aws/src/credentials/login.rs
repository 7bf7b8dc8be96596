//! What `aws login` keeps of a session of the console, and how that is renewed: whoever asks proves that they hold the key with which it was
//! begun ([`dpop`]). It lasts a quarter of an hour each time.
//!
//! Source: `LoginCredentialFetcher` and `LoginTokenLoader` of botocore; the API `signin`, CreateOAuth2Token.

mod dpop;

use std::path::PathBuf;

use ::http::{Request, StatusCode};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::dpop::Proof;
use super::{
    Credentials, CredentialsError, Environment, Secret, digest::digest, expanded::expanded, issued::time,
    replace::replace, small_file,
};
use crate::{Client, NoAnswer, endpoint::signin_url, error};

/// A session, in the form of the file. No Debug: nearly all of it is secret.
pub(super) struct Login {
    written: Map<String, Value>,
    credentials: Credentials,
}

/// A session of the console, and the profile that names it, for advice.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) session: &'a str,
    pub(super) profile: &'a str,
}

/// The AWS CLI renews it so long before the end (`_REFRESH_THRESHOLD`).
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// What has less is not worth using: a token that is signed with it ends with it.
const LEAST_LEFT: SignedDuration = SignedDuration::from_secs(60);

impl Login {
    /// Reads the file by the AWS CLI's name for it. None where there is none that the AWS CLI could read.
    pub(super) fn read(environment: &Environment, session: &str) -> Option<Self> {
        let written: Map<String, Value> = serde_json::from_str(&small_file(&path(environment, session)?)?).ok()?;
        let keys = written.get("accessToken")?;
        let text = |name: &str| keys[name].as_str();
        let credentials = Credentials {
            access_key_id: text("accessKeyId")?.to_owned(),
            secret_access_key: Secret::new(text("secretAccessKey")?),
            session_token: Some(Secret::new(text("sessionToken")?)),
            expires: Some(time(text("expiresAt")?)?),
        };
        Some(Self { written, credentials })
    }

    /// The credentials, as long as the AWS CLI uses them without renewing them.
    pub(super) fn good(&self, now: Timestamp) -> Option<Credentials> {
        self.lasts(RENEW_BEFORE, now)
    }

    fn lasts(&self, least: SignedDuration, now: Timestamp) -> Option<Credentials> {
        let left = self.credentials.expires?.duration_since(now);
        (left > least).then(|| self.credentials.clone())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.written.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

/// Returns the credentials, renewed where they are near their end. Where that fails, those that are there count as long as they last.
pub(super) async fn fetch(
    named: Named<'_>,
    environment: &Environment,
    client: &Client,
    now: Timestamp,
) -> Result<Credentials, CredentialsError> {
    let missing = || failed(named, "knows of no login", again(named));
    let login = Login::read(environment, named.session).ok_or_else(missing)?;
    if let Some(good) = login.good(now) {
        return Ok(good);
    }
    match renew(&login, named, environment, client, now).await {
        Ok(renewed) => Ok(login.renewed(renewed, named.session, environment, now)),
        Err(why) => login.lasts(LEAST_LEFT, now).ok_or(why),
    }
}

async fn renew(
    login: &Login,
    named: Named<'_>,
    environment: &Environment,
    client: &Client,
    now: Timestamp,
) -> Result<Renewed, CredentialsError> {
    let wrong = |problem: String| CredentialsError::Profile { profile: named.profile.to_owned(), problem };
    let region = environment.get("AWS_REGION").or_else(|| environment.get("AWS_DEFAULT_REGION"));
    let region = region.ok_or_else(|| {
        wrong("the login cannot be renewed without a Region; set AWS_REGION, or `region` in the profile".to_owned())
    })?;
    let url = signin_url(environment, region).map_err(|error| wrong(error.to_string()))? + "/v1/token";
    let incomplete =
        || failed(named, "has an incomplete login in ~/.aws/login/cache, which cannot be renewed", again(named));
    let text = |name: &str| login.text(name).ok_or_else(incomplete);
    let proof = text("dpopKey").ok().and_then(|key| Proof::of(key, &url, now)).ok_or_else(incomplete)?;
    let body = json!({
        "clientId": text("clientId")?,
        "grantType": "refresh_token",
        "refreshToken": text("refreshToken")?,
    });
    let request = Request::post(&url).header("content-type", "application/json").header("dpop", proof.expose());
    let request = request.body(Full::from(body.to_string())).map_err(|_| incomplete())?;
    let answer = client.http.send(request).await.map_err(|why| no_answer(named, why))?;
    if answer.status() != StatusCode::OK {
        return Err(refused(named, answer.status(), answer.body()));
    }
    let unreadable = |_| failed(named, "gave no AWS credentials", TRY_AGAIN.to_owned());
    serde_json::from_slice(answer.body()).map_err(unreadable)
}

/// What is answered to whoever renews a login.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renewed {
    access_token: Keys,
    expires_in: u32,
    refresh_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
}

impl Login {
    /// The credentials from now on. The file is what the AWS CLI would have made of it, replaced in one step; that it cannot be is no reason
    /// not to use them.
    fn renewed(mut self, renewed: Renewed, session: &str, environment: &Environment, now: Timestamp) -> Credentials {
        let Renewed {
            access_token: Keys { access_key_id, secret_access_key, session_token },
            expires_in,
            refresh_token,
        } = renewed;
        let ends = now + SignedDuration::from_secs(expires_in.into());
        if let Some(Value::Object(keys)) = self.written.get_mut("accessToken") {
            // Whose account it is stays.
            keys.insert("accessKeyId".to_owned(), json!(access_key_id));
            keys.insert("secretAccessKey".to_owned(), json!(secret_access_key));
            keys.insert("sessionToken".to_owned(), json!(session_token));
            keys.insert("expiresAt".to_owned(), json!(ends.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
        }
        self.written.insert("refreshToken".to_owned(), json!(refresh_token));
        if let Some(path) = path(environment, session) {
            let _ = replace(&path, &Secret::new(Value::from(self.written).to_string()));
        }
        Credentials {
            access_key_id,
            secret_access_key: Secret::new(secret_access_key),
            session_token: Some(Secret::new(session_token)),
            expires: Some(ends),
        }
    }
}

fn path(environment: &Environment, session: &str) -> Option<PathBuf> {
    let folder = environment.get("AWS_LOGIN_CACHE_DIRECTORY").map(|path| expanded(environment, path));
    let folder = folder.or_else(|| Some(environment.home.as_ref()?.join(".aws/login/cache")))?;
    Some(folder.join(digest(session.trim()) + ".json"))
}

const TRY_AGAIN: &str = "try again in a moment";

fn again(named: Named<'_>) -> String {
    format!("run `aws login --profile {}`", named.profile)
}

fn failed(named: Named<'_>, problem: &str, advice: String) -> CredentialsError {
    let origin = format!("`aws login` (profile `{}`)", named.profile);
    CredentialsError::Origin { origin, problem: problem.to_owned(), advice }
}

fn no_answer(named: Named<'_>, why: NoAnswer) -> CredentialsError {
    match why {
        NoAnswer::Connection { why, .. } => failed(
            named,
            &format!("cannot renew the login: AWS could not be reached: {why}"),
            error::advice(&why, "signin"),
        ),
        NoAnswer::TooLarge => failed(named, "cannot renew the login: the answer is too long", TRY_AGAIN.to_owned()),
        NoAnswer::Late | NoAnswer::Unsendable => {
            failed(named, "cannot renew the login: AWS did not answer in time", TRY_AGAIN.to_owned())
        }
    }
}

/// What AWS's no means. Its words are not quoted, but for the code, which is one of a few.
fn refused(named: Named<'_>, status: StatusCode, body: &[u8]) -> CredentialsError {
    let code = serde_json::from_slice::<Value>(body).ok();
    match (code.as_ref().and_then(|body| body["error"].as_str()), status.as_u16()) {
        (Some("TOKEN_EXPIRED"), _) => failed(named, "has ended the login: it has expired", again(named)),
        (Some("USER_CREDENTIALS_CHANGED"), _) => {
            failed(named, "has ended the login: the password was changed", again(named))
        }
        (Some("INSUFFICIENT_PERMISSIONS"), _) => failed(
            named,
            "cannot renew the login: access denied",
            "ask for signin:CreateOAuth2Token in your IAM policies".to_owned(),
        ),
        (_, 429) => failed(named, "cannot renew the login: AWS asks for fewer requests", TRY_AGAIN.to_owned()),
        (_, status @ 500..) => {
            failed(named, &format!("cannot renew the login: AWS answered {status}"), TRY_AGAIN.to_owned())
        }
        (_, status) => failed(named, &format!("cannot renew the login: AWS answered {status}"), again(named)),
    }
}

#[cfg(test)]
mod tests;
