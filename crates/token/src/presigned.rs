//! The presigned URL inside a token: parsed into fields, and written from them again.

use identity::StsHost;
use jiff::{SignedDuration, Timestamp, civil, tz::Offset};

use crate::{
    Refusal,
    query::{self, Parameter, Parameters},
};

/// How long STS accepts a signature after its date, whatever `X-Amz-Expires` says.
///
/// Source: STS's own message "Signature expired: … is now earlier than … (… - 15 min.)".
const VALIDITY: SignedDuration = SignedDuration::from_mins(15);

/// The largest `X-Amz-Expires`, in seconds.
const MAX_EXPIRES: u16 = 900;

const ACTION: &str = "GetCallerIdentity";
const VERSION: &str = "2011-06-15";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The headers that must be signed, and the only ones: what else was signed we would not send.
pub(crate) const SIGNED_HEADERS: &str = "host;x-k8s-aws-id";

/// A presigned GET of `GetCallerIdentity` in which everything is well formed and fits together.
///
/// It says nothing about time, cluster or partition, and nothing about whether the signature is right.
/// No `Debug`: signature and security token are secrets.
#[derive(Clone)]
pub(crate) struct Presigned {
    pub(crate) host: StsHost,
    pub(crate) access_key_id: String,
    pub(crate) signed_at: Timestamp,
    pub(crate) valid_until: Timestamp,
    /// `X-Amz-Expires`, in seconds.
    pub(crate) expires: u16,
    /// The session token of temporary credentials.
    pub(crate) security_token: Option<String>,
    /// `X-Amz-Date` and `X-Amz-Credential` as they are signed; both were compared with the fields above.
    date: String,
    credential: String,
    signature: String,
}

impl Presigned {
    /// With hosts of STS that are known besides those of its form.
    pub(crate) fn parse(url: &str, own_hosts: &[StsHost]) -> Result<Self, Refusal> {
        let (host, query) = split(url, own_hosts)?;
        let mut parameters = Parameters::parse(query)?;
        let security_token = parameters.take(Parameter::SecurityToken);
        let mut required = |parameter| parameters.take(parameter).ok_or(Refusal::ParameterMissing);

        ensure(required(Parameter::Action)? == ACTION, Refusal::Action)?;
        ensure(required(Parameter::Version)? == VERSION, Refusal::Version)?;
        ensure(required(Parameter::Algorithm)? == ALGORITHM, Refusal::Algorithm)?;
        ensure(required(Parameter::SignedHeaders)? == SIGNED_HEADERS, Refusal::SignedHeaders)?;
        let expires = parse_expires(&required(Parameter::Expires)?).ok_or(Refusal::Expires)?;
        let date = required(Parameter::Date)?;
        let signed_at = parse_date(&date).ok_or(Refusal::Date)?;
        let valid_until = signed_at.checked_add(VALIDITY).map_err(|_| Refusal::Date)?;
        let credential = required(Parameter::Credential)?;
        let (access_key_id, scope) = credential.split_once('/').ok_or(Refusal::Credential)?;
        ensure(is_access_key_id(access_key_id), Refusal::Credential)?;
        ensure(scope == format!("{}/{}/sts/aws4_request", &date[..8], host.signing_region()), Refusal::Scope)?;
        ensure(security_token.as_deref() != Some(""), Refusal::SecurityToken)?;
        let signature = required(Parameter::Signature)?;
        ensure(is_signature(&signature), Refusal::Signature)?;

        let access_key_id = access_key_id.to_owned();
        Ok(Self { host, access_key_id, signed_at, valid_until, expires, security_token, date, credential, signature })
    }

    /// Signature Version 4's canonical query, and the signature after it.
    pub(crate) fn query(&self) -> String {
        let expires = self.expires.to_string();
        let security_token = self.security_token.as_deref().map(|token| (Parameter::SecurityToken, token));
        let before = [
            (Parameter::Action, ACTION),
            (Parameter::Version, VERSION),
            (Parameter::Algorithm, ALGORITHM),
            (Parameter::Credential, &self.credential),
            (Parameter::Date, &self.date),
            (Parameter::Expires, &expires),
        ];
        let after = [(Parameter::SignedHeaders, SIGNED_HEADERS), (Parameter::Signature, &self.signature)];
        query::encode(before.into_iter().chain(security_token).chain(after))
    }
}

fn ensure(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal) }
}

/// Takes `https://<host>/?<query>` apart, and nothing that is written otherwise.
///
/// User info and port need no check of their own: with either, the text before the path is not an STS host.
fn split<'a>(url: &'a str, own_hosts: &[StsHost]) -> Result<(StsHost, &'a str), Refusal> {
    ensure(url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\'), Refusal::Url)?;
    let (scheme, rest) = url.split_once("://").ok_or(Refusal::Url)?;
    ensure(scheme == "https", Refusal::Scheme)?;
    let (host, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let own = || own_hosts.iter().find(|own| own.as_str() == host).cloned();
    let host = host.parse().ok().or_else(own).ok_or(Refusal::Host)?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    ensure(path == "/", Refusal::Path)?;
    Ok((host, query))
}

/// A decimal number of seconds in bounds, written as numbers are: no sign, no leading zero.
fn parse_expires(text: &str) -> Option<u16> {
    text.parse().ok().filter(|seconds: &u16| *seconds <= MAX_EXPIRES && seconds.to_string() == text)
}

/// `YYYYMMDDTHHMMSSZ`, and a date and time that exist.
fn parse_date(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if date.len() != 8 || time.len() != 6 || !digits(date) || !digits(time) {
        return None;
    }
    let part = |text: &str| text.parse::<i8>().ok();
    let date = civil::Date::new(date[..4].parse().ok()?, part(&date[4..6])?, part(&date[6..])?).ok()?;
    let time = civil::Time::new(part(&time[..2])?, part(&time[2..4])?, part(&time[4..])?, 0).ok()?;
    Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
}

/// 16 to 128 letters, digits and underscores.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html>.
fn is_access_key_id(text: &str) -> bool {
    (16..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// An HMAC-SHA256 in lower-case hexadecimal.
fn is_signature(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
