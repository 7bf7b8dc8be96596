//! Tokens, what STS says of them, and the reviews that bring them.

use std::fmt::Write as _;

use arbitrary::Unstructured;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use token::{ClusterId, PREFIX, Rules, accept, confirm, describe, wrap};

use crate::{
    grammar::{self, edited},
    words::{ANSWER, REVIEW},
};

/// The cluster whose tokens are accepted.
pub(crate) const CLUSTER_ID: &str = "fuzz.example.com";

/// A moment at which tokens without a date of their own are signed.
const NOW: &str = "2026-11-29T12:00:00Z";

const HOSTS: [&str; 22] = [
    "sts.eu-central-1.amazonaws.com",
    "sts.us-east-1.amazonaws.com",
    "sts.amazonaws.com",
    "sts-fips.us-west-2.amazonaws.com",
    "sts.us-west-2.api.aws",
    "sts-fips.us-west-2.api.aws",
    "sts.cn-north-1.amazonaws.com.cn",
    "sts.us-gov-west-1.amazonaws.com",
    "sts.eusc-de-east-1.amazonaws.eu",
    "sts.eu-central-1.amazonaws.com:443",
    "sts.eu-central-1.amazonaws.com.",
    "STS.eu-central-1.amazonaws.com",
    "sts.nowhere-1.amazonaws.com",
    "sts.il-central-7.amazonaws.com",
    "sts.eu-central-1.amazonaws.com.evil.example",
    "evil.example#sts.amazonaws.com",
    "me@sts.amazonaws.com",
    "sts.amazonaws.com@evil.example",
    "sts.%61mazonaws.com",
    "iam.amazonaws.com",
    "[::1]",
    "",
];
const PATHS: [&str; 8] = ["/", "/", "/", "", "//", "/%2f", "/./", "/x"];

/// Names of parameters and the values that they have, the first one as clients write it.
const PARAMETERS: [(&str, &[&str]); 11] = [
    ("Action", &["GetCallerIdentity", "getcalleridentity", "AssumeRole", ""]),
    ("Version", &["2011-06-15", "2010-05-08", ""]),
    ("X-Amz-Algorithm", &["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"]),
    (
        "X-Amz-Credential",
        &[
            "AKIAIOSFODNN7EXAMPLE%2F{day}%2F{region}%2Fsts%2Faws4_request",
            "AKIAIOSFODNN7EXAMPLE%2F{day}%2Feu-west-3%2Fsts%2Faws4_request",
            "AKIAIOSFODNN7EXAMPLE/{day}/{region}/sts/aws4_request",
            "AKIAIOSFODNN7EXAMPLE%2F{day}%2F{region}%2Fiam%2Faws4_request",
            "%2F{day}%2F{region}%2Fsts%2Faws4_request",
            "AKIA/x",
        ],
    ),
    ("X-Amz-Date", &["{date}", "20200101T000000Z", "now"]),
    ("X-Amz-Expires", &["60", "0", "900", "901", "-1", "+60", "060", "6e1"]),
    (
        "X-Amz-SignedHeaders",
        &["host%3Bx-k8s-aws-id", "host;x-k8s-aws-id", "x-k8s-aws-id", "host%3Bx-amz-date%3Bx-k8s-aws-id", "host"],
    ),
    ("X-Amz-Signature", &["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "0123ABCD", ""]),
    ("X-Amz-Security-Token", &["FwoGZXIvYXdzE%2B%2F%3D", "a+b", "%zz", ""]),
    ("X-Amz-User-Agent", &["x"]),
    ("extra", &["1"]),
];

/// A token, and when it is looked at.
pub struct Made {
    /// The bearer token.
    pub token: String,
    /// The moment of its date.
    pub now: Timestamp,
}

/// The token that an input stands for: its text, or a URL put together from what STS' URLs have, changed a little, signed at
/// `now`.
pub fn token(bytes: &[u8], now: Timestamp) -> Option<Made> {
    let (how, rest) = bytes.split_first()?;
    let token = match how % 4 {
        0 => String::from_utf8(rest.to_vec()).ok()?,
        2 => wrap(std::str::from_utf8(rest).ok()?),
        _ => {
            let mut choices = Unstructured::new(rest);
            let url = url(&mut choices, now)?;
            let is_edited = choices.ratio(1, 3).ok()?;
            let url = if is_edited { String::from_utf8(edited(&mut choices, url.into_bytes())).ok()? } else { url };
            wrapped(&mut choices, &url)
        }
    };
    Some(Made { token, now })
}

fn url(choices: &mut Unstructured<'_>, now: Timestamp) -> Option<String> {
    let scheme = if choices.ratio(1, 30).ok()? { choices.choose(&["http", "HTTPS", "ftp"]).ok()? } else { "https" };
    let skew = *choices.choose(&[0, 0, 0, 0, 0, 0, 0, 0, -300, -840, -901, 59, 90, 840, 1000]).ok()?;
    let date = (now + SignedDuration::from_secs(skew)).strftime("%Y%m%dT%H%M%SZ").to_string();
    let often = |choices: &mut Unstructured<'_>, of: &[&'static str]| -> Option<&'static str> {
        if choices.ratio(29, 30).ok()? { Some(of[0]) } else { choices.choose(of).ok().copied() }
    };
    let host = if choices.arbitrary().ok()? { HOSTS[0] } else { choices.choose(&HOSTS).ok()? };
    let mut url = format!("{scheme}://{host}{}?", often(choices, &PATHS)?);
    for (at, (name, values)) in PARAMETERS.iter().enumerate() {
        // The last ones are none that a token has, or not always.
        let is_usual = at < 8;
        if !choices.ratio(if is_usual { 59 } else { 3 }, 60).ok()? {
            continue;
        }
        for _ in 0..if choices.ratio(1, 90).ok()? { 2 } else { 1 } {
            let name = match choices.int_in_range(0..=89).ok()? {
                0 => name.to_lowercase(),
                1 => name.replace('-', "%2D"),
                _ => (*name).to_owned(),
            };
            let value = filled(often(choices, values)?, host, &date);
            let separator = if choices.ratio(1, 60).ok()? { choices.choose(&["&&", ";", "?"]).ok()? } else { "&" };
            let parted = if url.ends_with('?') { "" } else { separator };
            write!(url, "{parted}{name}={value}").ok()?;
        }
    }
    Some(url)
}

/// A value with the date in it, and the Region of the host.
fn filled(value: &str, host: &str, date: &str) -> String {
    let region = host.split('.').nth(1).filter(|region| region.contains('-')).unwrap_or("us-east-1");
    value.replace("{day}", &date[..8]).replace("{date}", date).replace("{region}", region)
}

fn wrapped(choices: &mut Unstructured<'_>, url: &str) -> String {
    let token = wrap(url);
    match choices.int_in_range(0..=19).unwrap_or_default() {
        1 => format!("{token}="),
        2 => format!("{token}\n"),
        3 => token.replacen(PREFIX, "k8s-aws-v2.", 1),
        4 => token.replacen(PREFIX, "", 1),
        5 => token.replace('_', "/").replace('-', "+"),
        _ => token,
    }
}

/// Whoever is accepted is accepted again as the request that is sent, under the same key, and is described.
pub(crate) fn accepts(bytes: &[u8]) -> bool {
    let Some(Made { token, now }) = token(bytes, NOW.parse().expect("a moment")) else { return false };
    let _ = describe(&token);
    let cluster = ClusterId::parse(CLUSTER_ID).expect("a cluster id");
    let Ok(accepted) = accept(&token, &cluster, &Rules::default(), now) else { return false };
    assert!(describe(&token).is_ok(), "accepted and not described");
    let request = accepted.request();
    let url = request.url();
    let again = accept(&wrap(&url), &cluster, &Rules::default(), now).expect("what is sent is a token too");
    assert!(again.request().url() == url, "what is sent changes when it is read");
    assert!(again.cache_key() == accepted.cache_key(), "two answers for one request");
    assert!(accepted.host().as_str() == request.host && !request.host.contains(['/', '@', ':', '#', '?', '%']));
    assert!(accepted.valid_until() > now, "accepted and over");
    true
}

/// Whom STS confirms is the one in its answer, as an independent reader of JSON sees it.
pub(crate) fn confirms(bytes: &[u8]) -> bool {
    let [status, rest @ ..] = bytes else { return false };
    let cluster = ClusterId::parse(CLUSTER_ID).expect("a cluster id");
    let now: Timestamp = NOW.parse().expect("a moment");
    let good = Made { token: wrap(&usual(now)), now };
    let accepted = accept(&good.token, &cluster, &Rules::default(), now).expect("a token in order");
    let made = grammar::are_choices(bytes).then(|| grammar::json(bytes, &ANSWER));
    let (status, answer) = match made {
        Some(Some(made)) => (if status % 16 == 1 { 403 } else { 200 }, made),
        Some(None) => return false,
        None => (if status % 2 == 0 { 200 } else { u16::from(*status) * 4 }, rest.to_vec()),
    };
    let Ok(confirmed) = confirm(&accepted, status, &answer) else { return false };
    assert_eq!(status, 200, "confirmed although STS says {status}");
    let answer: Value = serde_json::from_slice(&answer).expect("an answer in JSON");
    let result = &answer["GetCallerIdentityResponse"]["GetCallerIdentityResult"];
    assert_eq!(result["Arn"], Value::from(confirmed.identity().arn()));
    assert_eq!(result["Account"], Value::from(confirmed.identity().account.to_string()));
    true
}

/// A URL as every client writes it.
fn usual(now: Timestamp) -> String {
    let date = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let parameters =
        PARAMETERS.iter().take(8).map(|(name, values)| format!("{name}={}", filled(values[0], HOSTS[0], &date)));
    format!("https://{}/?{}", HOSTS[0], parameters.collect::<Vec<_>>().join("&"))
}

/// The token of a review is `spec.token` where that is said once and plainly.
pub(crate) fn reviews(bytes: &[u8]) -> bool {
    let made = grammar::are_choices(bytes).then(|| grammar::json(bytes, &REVIEW).unwrap_or_default());
    let bytes = made.as_deref().unwrap_or(bytes);
    let Ok(token) = webhook::reviewed_token(bytes) else { return false };
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { panic!("taken, and no JSON") };
    assert!(value.is_object() || value.is_null(), "taken, and no object");
    let said = value["spec"]["token"].as_str().unwrap_or_default();
    assert_eq!(token, said, "not the token of the review");
    true
}

#[cfg(test)]
mod tests {
    use super::{CLUSTER_ID, NOW, usual};
    use token::{ClusterId, Rules, accept, wrap};

    #[test]
    fn what_is_usual_is_accepted() {
        let now = NOW.parse().expect("a moment");
        let cluster = ClusterId::parse(CLUSTER_ID).expect("a cluster id");
        let refusal = accept(&wrap(&usual(now)), &cluster, &Rules::default(), now).err();
        assert_eq!(refusal, None);
    }
}
