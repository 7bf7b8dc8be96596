//! A role's credentials from IAM Identity Center, for the token that `aws sso login` left.
//!
//! Source: `SSOCredentialFetcher` of botocore; the APIs `sso` and `sso-oidc`.

use std::time::Duration;

use ::http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    Credentials, CredentialsError, Environment, Secret, Sso,
    sso_token::{Renewal, Renewed, SsoToken, TokenStanding},
};
use crate::{Client, EndpointError, NoAnswer, endpoint::sso_url, error, http::error_in};

/// The longest answer that is read, in bytes; real ones have about 2 KiB.
const MAX_BODY: usize = 64 << 10;

/// Asks for the credentials of the role.
pub(super) async fn fetch(
    sso: &Sso,
    environment: &Environment,
    client: &Client,
    now: Timestamp,
) -> Result<Credentials, CredentialsError> {
    let token = token(sso, environment, client, now).await?;
    let url = portal_url(environment, sso)?;
    let parameters = form_urlencoded::Serializer::new(String::new())
        .append_pair("role_name", &sso.role_name)
        .append_pair("account_id", &sso.account_id)
        .finish();
    let request = Request::get(format!("{url}/federation/credentials?{parameters}"));
    let request = request.header("x-amz-sso_bearer_token", token.expose()).body(Full::default());
    let request = request.map_err(|_| garbled(sso))?;
    let answer = client.patiently(&request, MAX_BODY, |_| false).await;
    let answer = answer.map_err(|why| no_answer(sso, why))?;
    if answer.status() != StatusCode::OK {
        return Err(refused(sso, answer.status()));
    }
    credentials(answer.body()).ok_or_else(|| failed(sso, "gave no AWS credentials", TRY_AGAIN.to_owned()))
}

/// The token, renewed where it is near its end. Where that fails, the one that is there counts as long as it lasts.
async fn token(
    sso: &Sso,
    environment: &Environment,
    client: &Client,
    now: Timestamp,
) -> Result<Secret, CredentialsError> {
    let missing = || failed(sso, "knows of no login", login(sso));
    let token = SsoToken::read(environment, sso).ok_or_else(missing)?;
    let standing = token.standing(now);
    if standing == TokenStanding::Good {
        return Ok(token.access_token);
    }
    let renewed = match token.renewal(now) {
        Some(renewal) => renew(sso, environment, client, renewal)
            .await
            .map(|renewed| renewed.map(|renewed| renewed.save(environment, sso, renewal, now))),
        None => Ok(None),
    };
    match renewed {
        Ok(Some(renewed)) => Ok(renewed),
        Ok(None) | Err(_) if standing == TokenStanding::Renew => Ok(token.access_token),
        Ok(None) if is_over_by_our_clock_alone(&token, sso, environment, client).await => Err(failed(
            sso,
            "has a login that has expired only by this machine's clock, which is ahead of AWS's",
            "set the clock".to_owned(),
        )),
        Ok(None) => Err(failed(sso, "has ended the login: it has expired", login(sso))),
        Err(why) => Err(why),
    }
}

/// How long a person waits to be told of a clock.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a login that is over is so by this machine's clock alone: where that is hours ahead, another login is over soon as well. Whoever
/// answers says the hour, whatever the answer is; nothing is sent but the question.
async fn is_over_by_our_clock_alone(token: &SsoToken, sso: &Sso, environment: &Environment, client: &Client) -> bool {
    if client.date().is_none()
        && let Ok(url) = portal_url(environment, sso)
        && let Ok(request) = Request::head(format!("{url}/")).body(Full::default())
    {
        drop(timeout(PATIENCE, client.http.send(request)).await);
    }
    client.date().is_some_and(|by_aws| token.standing(by_aws) != TokenStanding::Over)
}

/// None where AWS has ended the login.
async fn renew(
    sso: &Sso,
    environment: &Environment,
    client: &Client,
    renewal: &Renewal,
) -> Result<Option<Renewed>, CredentialsError> {
    let url = url(sso, environment, "AWS_ENDPOINT_URL_SSO_OIDC", "oidc")?;
    let body = serde_json::json!({
        "clientId": renewal.client_id,
        "clientSecret": renewal.client_secret.expose(),
        "grantType": "refresh_token",
        "refreshToken": renewal.refresh_token.expose(),
    });
    let request = Request::post(format!("{url}/token")).header("content-type", "application/json");
    let request = request.body(Full::from(body.to_string())).map_err(|_| garbled(sso))?;
    let is_passing = |answer: &Response<Bytes>| is_one_of(&[SLOW_DOWN], answer.headers(), answer.body());
    let answer = client.patiently(&request, MAX_BODY, is_passing).await;
    let answer = answer.map_err(|why| no_answer(sso, why))?;
    renewed(sso, answer.status(), answer.headers(), answer.body())
}

/// What an answer to whoever renews a login means. That AWS cannot say is not its no.
fn renewed(
    sso: &Sso,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<Renewed>, CredentialsError> {
    let cannot = |why: &str, advice: String| Err(failed(sso, &format!("cannot renew the login: {why}"), advice));
    match status.as_u16() {
        200 => match serde_json::from_slice(body) {
            Ok(renewed) => Ok(Some(renewed)),
            Err(_) => cannot("AWS gave no token", TRY_AGAIN.to_owned()),
        },
        400 | 401 | 403 if is_one_of(&ENDS, headers, body) => Ok(None),
        400 if is_one_of(&[SLOW_DOWN], headers, body) => cannot("AWS asks for fewer requests", TRY_AGAIN.to_owned()),
        429 => cannot("AWS asks for fewer requests", TRY_AGAIN.to_owned()),
        status @ 400..429 if status != 408 => cannot(&format!("AWS answered {status}"), login(sso)),
        status => cannot(&format!("AWS answered {status}"), TRY_AGAIN.to_owned()),
    }
}

/// The errors of `sso-oidc` by which a login, or the AWS CLI's registration, is over; by AWS's names, and OAuth's for the same.
const ENDS: [(&str, &str); 5] = [
    ("AccessDeniedException", "access_denied"),
    ("ExpiredTokenException", "expired_token"),
    ("InvalidClientException", "invalid_client"),
    ("InvalidGrantException", "invalid_grant"),
    ("UnauthorizedClientException", "unauthorized_client"),
];

const SLOW_DOWN: (&str, &str) = ("SlowDownException", "slow_down");

/// AWS's name of an error stands in the header, and OAuth's in the body.
fn is_one_of(errors: &[(&str, &str)], headers: &HeaderMap, body: &[u8]) -> bool {
    let header = error_in(headers);
    let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
    errors.iter().any(|(name, of_oauth)| header == Some(*name) || body["error"] == *of_oauth)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    role_credentials: RoleCredentials,
}

/// `expiration` in milliseconds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleCredentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: i64,
}

fn credentials(body: &Bytes) -> Option<Credentials> {
    let Answer { role_credentials: found } = serde_json::from_slice(body).ok()?;
    Some(Credentials {
        access_key_id: found.access_key_id,
        secret_access_key: Secret::new(found.secret_access_key),
        session_token: Some(Secret::new(found.session_token)),
        expires: Some(Timestamp::from_second(found.expiration.div_euclid(1000)).ok()?),
    })
}

/// Where the portal is that gives a role's credentials.
pub(super) fn portal_url(environment: &Environment, sso: &Sso) -> Result<String, CredentialsError> {
    url(sso, environment, "AWS_ENDPOINT_URL_SSO", "portal.sso")
}

/// Where a service of IAM Identity Center is: by its variable, or in the Region of the profile.
fn url(
    sso: &Sso,
    environment: &Environment,
    variable: &'static str,
    service: &str,
) -> Result<String, CredentialsError> {
    let profile = |problem| CredentialsError::Profile { profile: sso.profile.clone(), problem };
    let wrong = |error: EndpointError| match error {
        EndpointError::Region(region) => {
            profile(format!("its sso_region {region:?} is not an AWS Region; one looks like us-west-2"))
        }
        error => profile(error.to_string()),
    };
    sso_url(environment, variable, service, &sso.region).map_err(wrong)
}

const TRY_AGAIN: &str = "try again in a moment";

fn login(sso: &Sso) -> String {
    format!("run `aws sso login --profile {}`", sso.profile)
}

fn failed(sso: &Sso, problem: &str, advice: String) -> CredentialsError {
    let origin = format!("IAM Identity Center (profile `{}`)", sso.profile);
    CredentialsError::Origin { origin, problem: problem.to_owned(), advice }
}

fn garbled(sso: &Sso) -> CredentialsError {
    failed(sso, "cannot be asked: the token in ~/.aws/sso/cache is malformed", login(sso))
}

fn no_answer(sso: &Sso, why: NoAnswer) -> CredentialsError {
    match why {
        NoAnswer::Connection { why, .. } => {
            failed(sso, &format!("could not be reached: {why}"), error::advice(&why, "sso"))
        }
        NoAnswer::TooLarge => failed(sso, "gave an answer that is too long", TRY_AGAIN.to_owned()),
        NoAnswer::Late | NoAnswer::Unsendable => failed(sso, "did not answer in time", TRY_AGAIN.to_owned()),
    }
}

fn refused(sso: &Sso, status: StatusCode) -> CredentialsError {
    let Sso { role_name, account_id, .. } = sso;
    match status.as_u16() {
        401 => failed(sso, "does not know the login any more", login(sso)),
        403 | 404 => failed(
            sso,
            &format!("gives you no role {role_name} in the account {account_id}"),
            "check sso_role_name and sso_account_id of the profile, or have the permission set assigned".to_owned(),
        ),
        429 => failed(sso, "asks for fewer requests", TRY_AGAIN.to_owned()),
        status => failed(sso, &format!("answered {status}"), TRY_AGAIN.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::sso, CredentialsError, HeaderMap, StatusCode, renewed};

    #[test]
    fn a_login_is_over_where_aws_says_so_and_not_where_it_cannot_say() {
        const LOGIN: &str = "run `aws sso login --profile dev`";
        const AGAIN: &str = "try again in a moment";
        let sso = sso();
        let rows = [
            (200, "", r#"{"accessToken": "t", "expiresIn": 60}"#, "renewed"),
            (200, "", "<html>", &format!("cannot renew the login: AWS gave no token; {AGAIN}")),
            (200, "", "", &format!("cannot renew the login: AWS gave no token; {AGAIN}")),
            (400, "", r#"{"error": "invalid_grant"}"#, "over"),
            (400, "", r#"{"error": "expired_token"}"#, "over"),
            (400, "UnauthorizedClientException:http://internal.amazon.com/", "", "over"),
            (400, "InvalidGrantException", "{}", "over"),
            (401, "InvalidClientException", "{}", "over"),
            (400, "InvalidRequestException", "{}", &format!("cannot renew the login: AWS answered 400; {LOGIN}")),
            (400, "SlowDownException", "", &format!("cannot renew the login: AWS asks for fewer requests; {AGAIN}")),
            (404, "", "no", &format!("cannot renew the login: AWS answered 404; {LOGIN}")),
            (408, "", "", &format!("cannot renew the login: AWS answered 408; {AGAIN}")),
            (429, "", "", &format!("cannot renew the login: AWS asks for fewer requests; {AGAIN}")),
            (500, "", r#"{"error": "server_error"}"#, &format!("cannot renew the login: AWS answered 500; {AGAIN}")),
            (503, "InvalidGrantException", "", &format!("cannot renew the login: AWS answered 503; {AGAIN}")),
            (302, "", "", &format!("cannot renew the login: AWS answered 302; {AGAIN}")),
        ];
        for (status, error, body, expected) in rows {
            let headers =
                HeaderMap::from_iter([("x-amzn-errortype".parse().expect("a name"), error.parse().expect("a value"))]);
            let status = StatusCode::from_u16(status).expect("a status");
            let found = match renewed(&sso, status, &headers, body.as_bytes()) {
                Ok(Some(_)) => "renewed".to_owned(),
                Ok(None) => "over".to_owned(),
                Err(CredentialsError::Origin { problem, advice, .. }) => format!("{problem}; {advice}"),
                Err(other) => panic!("{other}"),
            };
            assert_eq!(found, expected, "{status} {error} {body}");
        }
    }
}
