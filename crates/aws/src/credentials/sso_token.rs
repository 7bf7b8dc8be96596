//! The token that `aws sso login` left, where the AWS CLI keeps it, and how that is renewed.
//!
//! Source: `tokens.py` and `SSOTokenLoader` of botocore. One without an `sso-session` cannot be renewed.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{
    Environment, Secret, Sso,
    aws_cli::{file_name, object, text},
    issued::time,
    replace::replace,
    small_file,
};

/// What stands in the file. No Debug: all of it that is of interest is secret.
pub(super) struct SsoToken {
    pub(super) access_token: Secret,
    ends: Timestamp,
    renewal: Option<Renewal>,
}

/// What a new one is asked for with.
pub(super) struct Renewal {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) refresh_token: Secret,
    registration_expires_at: String,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenStanding {
    Good,
    /// Near its end.
    Renew,
    Over,
}

/// What is answered to whoever renews one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Renewed {
    access_token: String,
    expires_in: u32,
    refresh_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    access_token: String,
    expires_at: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    registration_expires_at: Option<String>,
}

/// botocore asks for a new one so long before the end (`_REFRESH_WINDOW`).
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(15);

impl SsoToken {
    /// Reads the file by the AWS CLI's name for it. None where there is none that the AWS CLI could read.
    pub(super) fn read(environment: &Environment, sso: &Sso) -> Option<Self> {
        let written: Written = serde_json::from_str(&small_file(&path(environment, sso)?)?).ok()?;
        let renewal = || {
            sso.session.as_ref()?;
            Some(Renewal {
                client_id: written.client_id?,
                client_secret: Secret::new(written.client_secret?),
                refresh_token: Secret::new(written.refresh_token?),
                registration_expires_at: written.registration_expires_at?,
            })
        };
        Some(Self {
            ends: time(&written.expires_at)?,
            renewal: renewal(),
            access_token: Secret::new(written.access_token),
        })
    }

    pub(super) fn standing(&self, now: Timestamp) -> TokenStanding {
        if self.ends <= now {
            TokenStanding::Over
        } else if self.ends < now + RENEW_BEFORE {
            TokenStanding::Renew
        } else {
            TokenStanding::Good
        }
    }

    /// What a new one may be asked for with, as long as the AWS CLI's registration lasts.
    pub(super) fn renewal(&self, now: Timestamp) -> Option<&Renewal> {
        self.renewal.as_ref().filter(|renewal| time(&renewal.registration_expires_at).is_some_and(|end| end > now))
    }
}

impl Renewed {
    /// The token from now on. The file is what the AWS CLI would have made of it, replaced in one step; that it cannot be is no reason not
    /// to use the token.
    pub(super) fn save(self, environment: &Environment, sso: &Sso, with: &Renewal, now: Timestamp) -> Secret {
        let ends = now + SignedDuration::from_secs(self.expires_in.into());
        let ends = ends.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut fields = vec![
            ("startUrl", text(&sso.start_url)),
            ("region", text(&sso.region)),
            ("accessToken", text(&self.access_token)),
            ("expiresAt", text(&ends)),
            ("clientId", text(&with.client_id)),
            ("clientSecret", text(with.client_secret.expose())),
            ("registrationExpiresAt", text(&with.registration_expires_at)),
        ];
        fields.extend(self.refresh_token.as_ref().map(|token| ("refreshToken", text(token))));
        let content = Secret::new(object(&fields, ", ", ": "));
        if let Some(path) = path(environment, sso) {
            let _ = replace(&path, &content);
        }
        Secret::new(self.access_token)
    }
}

fn path(environment: &Environment, sso: &Sso) -> Option<PathBuf> {
    let name = file_name(sso.session.as_ref().unwrap_or(&sso.start_url));
    Some(environment.home.as_ref()?.join(".aws/sso/cache").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sso(session: Option<&str>) -> Sso {
        Sso {
            profile: "dev".to_owned(),
            account_id: "111122223333".to_owned(),
            role_name: "Dev".to_owned(),
            start_url: "https://old.awsapps.com/start".to_owned(),
            region: "eu-central-1".to_owned(),
            session: session.map(str::to_owned),
        }
    }

    fn now() -> Timestamp {
        "2026-01-02T12:00:00Z".parse().expect("a time")
    }

    /// Somebody's home with the token of this name in it.
    fn home(name: &str, text: &str) -> (tempfile::TempDir, Environment) {
        let home = tempfile::tempdir().expect("a folder");
        let cache = home.path().join(".aws/sso/cache");
        std::fs::create_dir_all(&cache).expect("a folder");
        std::fs::write(cache.join(name), text).expect("a file");
        let environment = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
        (home, environment)
    }

    #[test]
    fn a_token_is_over_from_the_second_that_it_says() {
        use TokenStanding::{Good, Over, Renew};
        let rows = [
            (r#"{"accessToken": "t", "expiresAt": "2026-01-02T11:59:59Z"}"#, Some(Over)),
            (r#"{"accessToken": "t", "expiresAt": "2026-01-02T12:00:00Z"}"#, Some(Over)),
            (r#"{"accessToken": "t", "expiresAt": "2026-01-02T12:00:01Z"}"#, Some(Renew)),
            (r#"{"accessToken": "t", "expiresAt": "2026-01-02T12:14:59Z"}"#, Some(Renew)),
            (r#"{"accessToken": "t", "expiresAt": "2026-01-02T12:15:00Z"}"#, Some(Good)),
            (r#"{"accessToken": "t", "expiresAt": "2020-06-17T10:02:08UTC"}"#, Some(Over)),
            (r#"{"accessToken": "t", "expiresAt": "2099-06-17T10:02:08UTC"}"#, Some(Good)),
            (r#"{"accessToken": "t", "expiresAt": "soon"}"#, None),
            (r#"{"accessToken": "t"}"#, None),
            ("no JSON", None),
        ];
        for (text, expected) in rows {
            let (_home, environment) = home("33d5ca4bf3b1a62edb96b47f7c203034a43ac435.json", text);
            let standing = SsoToken::read(&environment, &sso(None)).map(|token| token.standing(now()));
            assert_eq!(standing, expected, "{text}");
            assert!(SsoToken::read(&environment, &sso(Some("corp"))).is_none(), "another one's");
        }
        assert!(SsoToken::read(&Environment::default(), &sso(None)).is_none(), "nobody's home");
    }

    const TOKEN: &str = r#"{"startUrl": "u", "region": "r", "accessToken": "old", "expiresAt": "2026-01-02T12:00:00Z",
        "clientId": "client", "clientSecret": "client's \u00e9", "registrationExpiresAt": "2026-03-01T00:00:00Z", "refreshToken": "again"}"#;

    #[test]
    fn what_is_renewed_stands_there_as_the_aws_cli_writes_it() {
        let (home, environment) = home("ee0bfd2552fbd840c02cc48b6e823320543c450f.json", TOKEN);
        let corp = sso(Some("corp"));
        let token = SsoToken::read(&environment, &corp).expect("a token");
        let renewal = token.renewal(now()).expect("it can be renewed");
        let renewed =
            Renewed { access_token: "new".to_owned(), expires_in: 28_800, refresh_token: Some("once more".to_owned()) };
        assert_eq!(renewed.save(&environment, &corp, renewal, now()).expose(), "new");
        let file = home.path().join(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
        // Python 3.11: json.dumps of what botocore keeps
        let expected = r#"{"startUrl": "https://old.awsapps.com/start", "region": "eu-central-1", "accessToken": "new", "expiresAt": "2026-01-02T20:00:00Z", "clientId": "client", "clientSecret": "client's \u00e9", "registrationExpiresAt": "2026-03-01T00:00:00Z", "refreshToken": "once more"}"#;
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), expected);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).expect("a file")) & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(file.parent().expect("a folder")).expect("a folder").count(), 1);
    }

    #[test]
    fn what_cannot_be_renewed_is_not() {
        let without = |name: &str| TOKEN.replace(name, "other");
        let rows = [
            TOKEN.replace("2026-03-01", "2026-01-01"),
            TOKEN.replace("2026-03-01T00:00:00Z", "soon"),
            without("clientId"),
            without("clientSecret"),
            without("refreshToken"),
            without("registrationExpiresAt"),
        ];
        for text in rows {
            let (_home, environment) = home("ee0bfd2552fbd840c02cc48b6e823320543c450f.json", &text);
            let token = SsoToken::read(&environment, &sso(Some("corp"))).expect("a token");
            assert!(token.renewal(now()).is_none(), "{text}");
        }
        let (_home, environment) = home("33d5ca4bf3b1a62edb96b47f7c203034a43ac435.json", TOKEN);
        let token = SsoToken::read(&environment, &sso(None)).expect("a token");
        assert!(token.renewal(now()).is_none(), "without a session");
    }
}
