//! A hundred processes at once: one of them asks AWS.

use std::{fs, process::Stdio, time::Duration};

use anyhow::ensure;
use e2e::{scripted::Line, world::World};

use super::{Home, ROLE, SERIAL, end, key_of, self_command};

pub(super) fn of_sessions(world: &World) -> anyhow::Result<()> {
    for profile in ["dev", "sso", "printed", "web"] {
        let home = Home::new(world, &format!("sessions-at-once-{profile}"))?;
        let (runs, token) = (home.folder.join("runs"), home.folder.join("token"));
        fs::write(&runs, "")?;
        fs::write(&token, "a.web.token")?;
        let config = fs::read_to_string(home.folder.join(".aws/config"))?;
        let more = format!(
            "[profile printed]\nrole_arn = {ROLE}\nsource_profile = default\nmfa_serial = {SERIAL}\n\
             mfa_process = echo run >> {} && echo 123456\n\
             [profile web]\nrole_arn = {ROLE}\nweb_identity_token_file = {}\n",
            runs.display(),
            token.display()
        );
        fs::write(home.folder.join(".aws/config"), config + &more)?;
        let mut script = Home::script("ASIADEV", 3600);
        let web = Line { on: vec!["Action=AssumeRoleWithWebIdentity&".to_owned()], ..script[0].clone() };
        let web = Line { body: web.body.replace("AssumeRole", "AssumeRoleWithWebIdentity"), ..web };
        script.push(web);
        home.server.answers(script);
        hundred(world, &home, &[profile], "ASIADEV")?;
        let asked = home.asked() + home.server.count("Action=AssumeRoleWithWebIdentity&");
        ensure!(asked == 1, "{profile}: AWS was asked {asked} times");
        ensure!(home.kept()?.len() == 1, "{profile}");
        // One code for all of them.
        let runs = fs::read_to_string(&runs)?.lines().count();
        ensure!(runs == usize::from(profile == "printed"), "{profile}: the program of codes ran {runs} times");
    }
    Ok(())
}

/// A login that is over, and a hundred that need it, for one role or another: it is renewed once.
pub(super) fn of_logins(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-at-once-renewed")?;
    let config = fs::read_to_string(home.folder.join(".aws/config"))?;
    let more = "[profile ops]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Ops\n\
                [profile login]\nlogin_session = arn:aws:iam::111122223333:user/bob\n";
    fs::write(home.folder.join(".aws/config"), config + more)?;
    let token = serde_json::json!({
        "accessToken": "token-of-login", "expiresAt": end(-1), "clientId": "client", "clientSecret": "secret-of-client",
        "refreshToken": "token-of-renewal", "registrationExpiresAt": end(86_400),
    });
    let cache = home.folder.join(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
    fs::write(cache, token.to_string())?;
    a_login_that_is_over(&home)?;
    let takes = Duration::from_millis(300);
    let sso = serde_json::json!({"accessToken": "token-renewed", "expiresIn": 28_800, "tokenType": "Bearer"});
    let keys = serde_json::json!({"accessKeyId": "ASIALOGIN", "secretAccessKey": "s", "sessionToken": "t"});
    let login =
        serde_json::json!({"accessToken": keys, "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "next"});
    let renews = [("POST /token ", sso), ("POST /v1/token ", login)];
    let renews = renews.map(|(on, body)| Line { takes, ..Line::on(on, body.to_string()) });
    home.server.answers([renews.to_vec(), Home::script("ASIADEV", 3600)].concat());
    hundred(world, &home, &["sso", "ops"], "ASIADEV")?;
    ensure!(home.server.count("POST /token ") == 1 && home.asked() == 2, "{:?}", home.server.asked());
    hundred(world, &home, &["login"], "ASIALOGIN")?;
    ensure!(home.server.count("POST /v1/token ") == 1, "{:?}", home.server.asked());
    Ok(())
}

/// Bob's `aws login`, which has to be renewed.
pub(super) fn a_login_that_is_over(home: &Home) -> anyhow::Result<()> {
    let key = include_str!("../../../../../crates/aws/src/credentials/login/tests/dpop.pem");
    let keys = serde_json::json!({
        "accessKeyId": "ASIAOVER", "secretAccessKey": "s", "sessionToken": "t", "accountId": "111122223333", "expiresAt": end(-1),
    });
    let login = serde_json::json!({
        "accessToken": keys, "tokenType": "aws_sigv4", "refreshToken": "token-of-renewal", "clientId": "client", "dpopKey": key,
    });
    let cache = home.folder.join(".aws/login/cache");
    fs::create_dir_all(&cache)?;
    let name = "5d5303d4711466446508d1822010ddb9c314be63f450cef40f32bbff5443e078.json";
    Ok(fs::write(cache.join(name), login.to_string())?)
}

/// A hundred processes at once, each with one of these profiles, all of which get this key.
fn hundred(world: &World, home: &Home, profiles: &[&str], key: &str) -> anyhow::Result<()> {
    const PROCESSES: usize = 100;
    let start = |number: usize| {
        let mut command = self_command(home, world, profiles[number % profiles.len()]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    };
    let children = (0..PROCESSES).map(start).collect::<Result<Vec<_>, _>>()?;
    for child in children {
        let output = child.wait_with_output()?;
        let (token, said) = (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr).into_owned());
        ensure!(output.status.success(), "{profiles:?}: {said}");
        e2e::secrets::of_text(&token);
        ensure!(key_of(token.trim())? == key, "{profiles:?}");
    }
    Ok(())
}
