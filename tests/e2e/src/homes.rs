//! Homes in which a token's credentials lie in one place each, none of which takes the network: for whoever measures how long that takes, and
//! for the test that each is what it says.

use std::{fs, path::Path};

use aws::{
    Endpoint,
    credentials::{AssumeRole, Base, Credentials, Environment, Secret, Session, SessionKey, Sso},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// A home of its own, below the folder of all.
#[derive(Clone, Copy, Debug)]
pub struct Home {
    /// Its folder; the profile is `dev`.
    pub name: &'static str,
    /// The access key id that a token is signed with.
    pub key: &'static str,
    /// Where the credentials lie.
    pub says: &'static str,
}

/// All of them.
pub const HOMES: [Home; 6] = [
    Home { name: "profile", key: "AKIAPROFILE", says: "keys of a profile" },
    Home { name: "kept-role", key: "ASIAKEPTROLE", says: "a role, cached" },
    Home { name: "kept-sso", key: "ASIAKEPTSSO", says: "IAM Identity Center, cached" },
    Home { name: "cli-role", key: "ASIACLIROLE", says: "a role, cached by the AWS CLI" },
    Home { name: "cli-sso", key: "ASIACLISSO", says: "IAM Identity Center, cached by the AWS CLI" },
    Home { name: "login", key: "ASIALOGIN", says: "`aws login`" },
];

const ROLE: &str = "arn:aws:iam::111122223333:role/Dev";

const OF_ROLE: &str = "[profile dev]\nrole_arn = arn:aws:iam::111122223333:role/Dev\nsource_profile = base\n\
                       [profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n";

const OF_SSO: &str = "[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n\
                      [sso-session corp]\nsso_region = eu-central-1\nsso_start_url = https://corp.awsapps.com/start\n";

const OF_PROFILE: &str = "[profile dev]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n";

const OF_LOGIN: &str = "[profile dev]\nlogin_session = arn:aws:iam::111122223333:user/bob\n";

/// Writes all of them. What lies there is good for an hour, in the Region us-west-2.
///
/// # Errors
///
/// A file that cannot be written.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    let ends = crate::sts::now() + SignedDuration::from_hours(1);
    for home in HOMES {
        let folder = folder.join(home.name);
        let put = |name: &str, text: &str| -> anyhow::Result<()> {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap_or(&folder))?;
            Ok(fs::write(path, text)?)
        };
        let end = ends.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let of_cli = json!({"Credentials": {"AccessKeyId": home.key, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": end}});
        let token = json!({"accessToken": "token-of-login", "expiresAt": end});
        let token = || put(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", &token.to_string());
        // Names of the AWS CLI's files are digests of what was asked for.
        match home.name {
            "profile" => put(".aws/config", OF_PROFILE)?,
            "kept-role" => {
                put(".aws/config", OF_ROLE)?;
                let role = AssumeRole { role_arn: ROLE.to_owned(), ..AssumeRole::default() };
                let key = SessionKey::of_keys(&Credentials::long_term("AKIABASE", "s")).assumed(&role, false, &sts());
                keep(&folder, key, home.key, ends)?;
            }
            "kept-sso" => {
                put(".aws/config", OF_SSO)?;
                token()?;
                let environment = Environment { home: Some(folder.clone()), ..Environment::default() };
                let key = SessionKey::of_base(&sso(), &environment, &sts());
                keep(&folder, key.ok_or_else(|| anyhow::anyhow!("no key"))?, home.key, ends)?;
            }
            "cli-role" => {
                put(".aws/config", OF_ROLE)?;
                put(".aws/cli/cache/2e4e5ba8d705dd3fb0679e7eb5f0b624fb18a363.json", &of_cli.to_string())?;
            }
            "cli-sso" => {
                put(".aws/config", OF_SSO)?;
                token()?;
                put(".aws/cli/cache/20985b56d713cfd135648cadc68a6115ca80d9a5.json", &of_cli.to_string())?;
            }
            _ => {
                put(".aws/config", OF_LOGIN)?;
                let keys = json!({"accessKeyId": home.key, "secretAccessKey": "s", "sessionToken": "t", "accountId": "111122223333", "expiresAt": end});
                let login = json!({"accessToken": keys, "tokenType": "aws_sigv4", "refreshToken": "r", "clientId": "c", "dpopKey": "k"});
                let name = "5d5303d4711466446508d1822010ddb9c314be63f450cef40f32bbff5443e078.json";
                put(&format!(".aws/login/cache/{name}"), &login.to_string())?;
            }
        }
    }
    Ok(())
}

fn sts() -> Endpoint {
    Endpoint { url: "https://sts.us-west-2.amazonaws.com".to_owned(), signing_region: "us-west-2".to_owned() }
}

fn sso() -> Base {
    Base::Sso(Sso {
        profile: "dev".to_owned(),
        account_id: "111122223333".to_owned(),
        role_name: "Dev".to_owned(),
        start_url: "https://corp.awsapps.com/start".to_owned(),
        region: "eu-central-1".to_owned(),
        session: Some("corp".to_owned()),
    })
}

/// What our own program would have left behind.
fn keep(home: &Path, key: SessionKey, id: &str, ends: Timestamp) -> anyhow::Result<()> {
    let credentials =
        Credentials { session_token: Some(Secret::new("t")), expires: Some(ends), ..Credentials::long_term(id, "s") };
    let name = key.name();
    let session = Session { key, obtained: crate::sts::now(), credentials, arn: None };
    let text = session.to_text().ok_or_else(|| anyhow::anyhow!("it ends"))?;
    let cache = home.join(".kube/cache/cluster-auth");
    fs::create_dir_all(&cache)?;
    private(&cache, 0o700)?;
    let file = cache.join(name + ".json");
    fs::write(&file, text.expose())?;
    private(&file, 0o600)
}

fn private(path: &Path, mode: u32) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}
