//! The token that `aws sso login` left for a profile without an `sso-session`: such a one cannot be renewed, and the AWS CLI asks nobody with one that is
//! over (botocore, `SSOCredentialFetcher._get_credentials`).

use std::{fs::File, io::Read as _};

use jiff::Timestamp;
use serde::Deserialize;
use sha1::{Digest as _, Sha1};

use super::Environment;

/// The longest file that is read; the AWS CLI writes some hundred bytes.
const MAX_FILE: u64 = 64 * 1024;

/// What of it is of interest; the token is left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    expires_at: String,
}

/// Returns whether there is one for a start URL, and it is over. One that cannot be read is for whoever asks with it.
pub(super) fn is_over(environment: &Environment, start_url: &str, now: Timestamp) -> bool {
    read(environment, start_url).and_then(|kept| ends(&kept.expires_at)).is_some_and(|ends| ends <= now)
}

/// As the AWS CLI calls the file.
fn read(environment: &Environment, start_url: &str) -> Option<Kept> {
    let name: String = Sha1::digest(start_url).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = environment.home.as_ref()?.join(".aws/sso/cache").join(name + ".json");
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_FILE).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// RFC 3339; early versions of the AWS CLI wrote `UTC` in place of `Z`.
fn ends(text: &str) -> Option<Timestamp> {
    text.strip_suffix("UTC").map_or_else(|| text.parse(), |time| format!("{time}Z").parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_URL: &str = "https://old.awsapps.com/start";

    #[test]
    fn a_token_is_over_from_the_second_that_it_says() {
        let home = tempfile::tempdir().expect("a folder");
        let cache = home.path().join(".aws/sso/cache");
        std::fs::create_dir_all(&cache).expect("a folder");
        let file = cache.join("33d5ca4bf3b1a62edb96b47f7c203034a43ac435.json");
        let environment = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
        let now: Timestamp = "2026-01-02T12:00:00Z".parse().expect("a time");
        assert!(!is_over(&environment, START_URL, now), "there is none");
        let rows = [
            (r#"{"accessToken": "t", "expiresAt": "2026-01-02T11:59:59Z"}"#, true),
            (r#"{"accessToken": "t", "expiresAt": "2026-01-02T12:00:00Z"}"#, true),
            (r#"{"accessToken": "t", "expiresAt": "2026-01-02T12:00:01Z"}"#, false),
            (r#"{"accessToken": "t", "expiresAt": "2020-06-17T10:02:08UTC"}"#, true),
            (r#"{"accessToken": "t", "expiresAt": "2099-06-17T10:02:08UTC"}"#, false),
            (r#"{"accessToken": "t", "expiresAt": "soon"}"#, false),
            (r#"{"accessToken": "t"}"#, false),
            ("no JSON", false),
        ];
        for (text, expected) in rows {
            std::fs::write(&file, text).expect("a file");
            assert_eq!(is_over(&environment, START_URL, now), expected, "{text}");
        }
        std::fs::write(&file, rows[0].0).expect("a file");
        assert!(!is_over(&environment, "https://corp.awsapps.com/start", now), "another one's");
        assert!(!is_over(&Environment::default(), START_URL, now), "nobody's home");
    }
}
