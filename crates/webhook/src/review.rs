//! TokenReview on the wire: `authentication.k8s.io/v1` and `v1beta1`, which have the same fields.
//!
//! Audiences: a token of ours is good for the API server itself and nobody else. An answer without `audiences` says just
//! that (Kubernetes: such an authenticator is not aware of audiences, and the API server's own apply). Echoing what was
//! asked for would make the token good for anything that asks.

use std::collections::BTreeMap;

use mapping::User;
use serde::{Deserialize, Serialize};
use token::{Object, read_json};

use crate::Outcome;

/// The request, as far as it matters.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Request {
    #[serde(rename = "apiVersion")]
    api_version: Option<String>,
    #[serde(default)]
    spec: Option<Object<Spec>>,
}

#[derive(Debug, Default, Deserialize)]
struct Spec {
    #[serde(default)]
    token: Option<Token>,
}

/// A token has no Debug that shows it.
#[derive(Deserialize)]
#[serde(transparent)]
struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Request {
    /// Reads a body. `null` and objects without a token are reviews of an empty token, as for the existing program.
    pub(crate) fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        let Object(review) = read_json::<Option<Object<Self>>>(body)?.unwrap_or_default();
        Ok(review)
    }

    /// The token asked about; empty where there is none.
    pub(crate) fn token(&self) -> &str {
        let token = self.spec.as_ref().and_then(|Object(spec)| spec.token.as_ref());
        token.map(|token| token.0.as_str()).unwrap_or_default()
    }

    /// The same, taken out of it.
    pub(crate) fn take_token(&mut self) -> String {
        let token = self.spec.as_mut().and_then(|Object(spec)| spec.token.take());
        token.map(|token| token.0).unwrap_or_default()
    }

    /// The version to answer in: the one that was asked in, if it is one that we know.
    fn api_version(&self) -> Option<&'static str> {
        let known = ["authentication.k8s.io/v1", "authentication.k8s.io/v1beta1"];
        known.into_iter().find(|version| self.api_version.as_deref() == Some(version))
    }
}

/// Returns the token that a request's body asks about, as the server reads it; empty where it asks about none.
///
/// # Errors
///
/// The body is not a `TokenReview`, which the server answers with 400.
pub fn reviewed_token(body: &[u8]) -> Result<String, serde_json::Error> {
    Request::read(body).map(|request| request.token().to_owned())
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(rename = "apiVersion", skip_serializing_if = "Option::is_none")]
    api_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    metadata: Empty,
    spec: Empty,
    status: Status<'a>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Default, Serialize)]
struct Status<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticated: Option<bool>,
    user: UserInfo<'a>,
}

#[derive(Default, Serialize)]
struct UserInfo<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    username: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    uid: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    groups: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<&'a BTreeMap<String, Vec<String>>>,
}

/// The answer: its HTTP status and its body. This is the one place that says `authenticated: true`, of a granted outcome alone.
///
/// With `denies_with_200`, denials that last have status 200 as well, and no `status.error`: an API server that finds one there
/// takes the answer for a failure, as it takes 403 for one (Kubernetes 1.37, `apiserver/plugin/pkg/authenticator/token/webhook`).
pub(crate) fn answer(request: &Request, outcome: &Outcome, denies_with_200: bool) -> (u16, String) {
    let (code, status) = match outcome {
        Outcome::Granted(granted) => (200, Status { authenticated: Some(true), user: user_info(&granted.user) }),
        Outcome::RefusedToken(_) | Outcome::RefusedCaller { .. } | Outcome::Trouble(_) => {
            if denies_with_200 && outcome.is_lasting_denial() {
                (200, Status { authenticated: Some(false), ..Status::default() })
            } else {
                (outcome.status(), Status::default())
            }
        }
    };
    let api_version = request.api_version();
    let kind = api_version.map(|_| "TokenReview");
    let answer = Answer { api_version, kind, metadata: Empty {}, spec: Empty {}, status };
    let mut body = serde_json::to_string(&answer).expect("texts and lists always make JSON");
    if code == 200 {
        body.push('\n');
    }
    (code, body)
}

fn user_info(user: &User) -> UserInfo<'_> {
    let User { username, groups, uid, extra, .. } = user;
    UserInfo { username, uid, groups, extra: (!extra.is_empty()).then_some(extra) }
}
