//! A clock that is not AWS's: that it is said, and in which direction; and that what is kept ends by whichever clock is first.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{scripted::Line, world::World};
use jiff::{SignedDuration, Timestamp};

use super::{Home, expiration, key_of};

/// And some seconds, which AWS's answer takes.
pub(super) const TEN_MINUTES: i64 = 630;

/// The note of this machine's clock for so many seconds by which AWS's is ahead.
fn note(ahead: i64) -> String {
    let which = if ahead > 0 { "behind" } else { "ahead of" };
    format!("note: this machine's clock is 10 minutes {which} AWS's; set it")
}

/// What AWS answers by a clock that is so many seconds ahead, with the header that says the hour.
fn answers(seconds: i64, ahead: i64) -> Vec<Line> {
    let mut script = Home::script("ASIADEV", seconds + ahead);
    let keys = serde_json::json!({"accessKeyId": "ASIALOGIN", "secretAccessKey": "s", "sessionToken": "t"});
    let login = serde_json::json!({"accessToken": keys, "tokenType": "aws_sigv4", "expiresIn": seconds, "refreshToken": "next"});
    script.push(Line::on("POST /v1/token ", login.to_string()));
    let web = script[0].body.replace("AssumeRole", "AssumeRoleWithWebIdentity");
    script.push(Line::on("Action=AssumeRoleWithWebIdentity&", web));
    script.push(Line { status: 403, ..Line::on("HEAD /", "") });
    for line in &mut script {
        line.headers.push(date(ahead));
    }
    script
}

pub(super) fn date(ahead: i64) -> String {
    let at = e2e::sts::now() + SignedDuration::from_secs(ahead);
    at.strftime("Date: %a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Where AWS does not say the hour the end of what was asked for says it.
pub(super) fn of_roles(world: &World) -> anyhow::Result<()> {
    for ahead in [TEN_MINUTES, -TEN_MINUTES, 0] {
        for says_the_hour in [false, true] {
            let home = Home::new(world, &format!("sessions-clock-{ahead}-{says_the_hour}"))?;
            let script = if says_the_hour { answers(3600, ahead) } else { Home::script("ASIADEV", 3600 + ahead) };
            let before = e2e::sts::now();
            home.server.answers(script);
            let (_, said) = home.key(world, "dev", &[])?;
            let after = e2e::sts::now();
            let expected = if ahead == 0 { String::new() } else { note(ahead) + "\n" };
            ensure!(said == expected, "{ahead}: {said}");
            let [file] = &home.kept()?[..] else { anyhow::bail!("one session") };
            let end: Timestamp = expiration(&fs::read_to_string(file)?)?.parse()?;
            // By this machine's clock it lasts an hour from when it was asked for, or ends when AWS says it does.
            let hour = SignedDuration::from_secs(3600 + ahead.min(0));
            let second = SignedDuration::from_secs(1);
            ensure!(before + hour - second <= end && end <= after + hour, "{ahead}: {before} {end} {after}");
        }
    }
    Ok(())
}

/// The hour that AWS says with its answer counts for all that is asked.
pub(super) fn of_every_source(world: &World) -> anyhow::Result<()> {
    for ahead in [TEN_MINUTES, -TEN_MINUTES] {
        let home = Home::new(world, &format!("sessions-clock-sources-{ahead}"))?;
        let token = home.folder.join("token");
        fs::write(&token, "a.web.token")?;
        let config = fs::read_to_string(home.folder.join(".aws/config"))?;
        let more = format!(
            "[profile web]\nrole_arn = arn:aws:iam::111122223333:role/Web\nweb_identity_token_file = {}\n\
             [profile login]\nlogin_session = arn:aws:iam::111122223333:user/bob\n",
            token.display()
        );
        fs::write(home.folder.join(".aws/config"), config + &more)?;
        super::at_once::a_login_that_is_over(&home)?;
        for (profile, args) in [
            ("web", &[][..]),
            ("sso", &[]),
            ("login", &[]),
            ("dev", &["--no-cache"]),
            ("dev", &["--cache"]),
            ("sso", &["--no-cache"]),
        ] {
            home.server.answers(answers(3600, ahead));
            let printed = home.token(world, profile, args)?;
            ensure!(printed.code == 0, "{profile} {args:?}: {printed:?}");
            key_of(printed.stdout.trim())?;
            let said = printed.stderr.matches(&note(ahead)).count();
            ensure!(said == 1, "{profile} {args:?}: it is said {said} times: {}", printed.stderr);
        }
        for path in home.kept()? {
            let kept = fs::read_to_string(&path)?;
            let end: Timestamp = expiration(&kept)?.parse()?;
            let left = end.duration_since(e2e::sts::now()).as_secs();
            ensure!(left <= 3600 + ahead.min(0), "{left} s: {kept}");
        }
        // Whoever is refused is told, too.
        let refusal = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>";
        let line = Line { status: 403, headers: vec![date(ahead)], ..Line::on("Action=AssumeRole&", refusal) };
        home.server.answers(vec![line]);
        let said = home.token(world, "dev", &["--no-cache"])?.failure()?;
        ensure!(said.contains(&note(ahead)), "{said}");
    }
    Ok(())
}

/// By a clock that is hours ahead each login is over: another one helps nobody.
pub(super) fn of_logins(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-clock-logins")?;
    let path = home.folder.join(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
    let login = fs::read_to_string(&path)?;
    let over = |seconds: i64| {
        let ends = login.split('"').rfind(|text| text.ends_with('Z')).context("an end")?;
        Ok::<_, anyhow::Error>(fs::write(&path, login.replace(ends, &super::end(-seconds)))?)
    };
    over(3600)?;
    for (ahead, words, never) in [
        (Some(-5 * 3600), "by this machine's clock, which is ahead of AWS's; set the clock", "aws sso login"),
        (Some(0), "it has expired; run `aws sso login --profile sso`", "clock"),
        (Some(-1200), "it has expired; run `aws sso login --profile sso`", "set the clock"),
        (None, "it has expired; run `aws sso login --profile sso`", "clock"),
    ] {
        home.server.answers(ahead.map(|ahead| answers(3600, ahead)).unwrap_or_default());
        let said = home.token(world, "sso", &[])?.failure()?;
        ensure!(said.contains(words) && !said.contains(never), "{ahead:?}: {said}");
        ensure!(home.asked() == 0, "{ahead:?}: a login that is over was sent");
    }
    Ok(())
}
