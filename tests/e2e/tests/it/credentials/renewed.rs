//! Logins that are renewed: what AWS is asked with, and what stands in the AWS CLI's files afterwards, here and by botocore.

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use e2e::world::World;
use serde_json::{Value, json};

use super::ask::{self, Case, Left};

/// A case, what renews its login, and the file.
const CASES: [(&str, &str, &str); 2] = [
    ("sso-renewed", "POST /token", ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"),
    (
        "login-renewed",
        "POST /v1/token",
        ".aws/login/cache/5d5303d4711466446508d1822010ddb9c314be63f450cef40f32bbff5443e078.json",
    ),
];

pub(super) fn beside(world: &World) -> anyhow::Result<()> {
    let all = Case::all(&world.folder("credentials-renewed")?)?;
    let named = |name: &str| all.iter().position(|case| case.name == name).context(name.to_owned());
    let answers = ask::botocore(world, &all)?;
    for (name, text, file) in CASES {
        let (case, answer) = (&all[named(name)?], &answers[named(name)?]);
        ensure!(answer.key.as_deref() == Some("ASIARENEWED"), "{name}: {answer:?}");
        let theirs = case.left(text, file)?;
        let (case, asked) = case.ours_in_it(world)?;
        ensure!(asked.key == answer.key, "{name}: {asked:?}");
        let ours = case.left(text, file)?;
        let (body, their_body) = (body(&ours)?, body(&theirs)?);
        ensure!(body == their_body, "{name}: {body} here, and {their_body} there");
        ensure!((ours.mode, theirs.mode) == (0o600, 0o600), "{name}: {:o} {:o}", ours.mode, theirs.mode);
        let (file, their_file) = (without_times(&ours.file)?, without_times(&theirs.file)?);
        ensure!(file == their_file, "{name}: {file:#} here, and {their_file:#} there");
        ensure!(file["refreshToken"] == "token-of-next-renewal", "{name}: {file:#}");
        let (proof, their_proof) = (proof(&ours)?, proof(&theirs)?);
        ensure!(proof == their_proof, "{name}: {proof:?} here, and {their_proof:?} there");
        ensure!(proof.is_some() == (name == "login-renewed"), "{name}: {proof:?}");
    }
    Ok(())
}

fn body(left: &Left) -> anyhow::Result<Value> {
    let (_, body) = left.request.split_once("\r\n\r\n").context("a body")?;
    Ok(serde_json::from_str(body)?)
}

/// The file; of its times only that they are some.
fn without_times(file: &Value) -> anyhow::Result<Value> {
    let mut file = file.clone();
    for name in ["/expiresAt", "/registrationExpiresAt", "/accessToken/expiresAt"] {
        if let Some(end) = file.pointer_mut(name) {
            let text = end.as_str().context("a text")?;
            let time: jiff::Timestamp = text.parse().with_context(|| text.to_owned())?;
            ensure!(text == time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "{text}");
            *end = json!("a time");
        }
    }
    Ok(file)
}

/// Header and payload of the proof that comes with a request, but for what is another in each: the key is in it, as each of the programs has read it.
fn proof(left: &Left) -> anyhow::Result<Option<[Value; 2]>> {
    let header = left.request.lines().filter_map(|line| line.split_once(": "));
    let Some((_, proof)) = header.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("dpop")) else {
        return Ok(None);
    };
    let parts: Vec<&str> = proof.trim().split('.').collect();
    let [header, payload, signature] = parts[..] else { anyhow::bail!("{proof}") };
    ensure!(URL_SAFE_NO_PAD.decode(signature)?.len() == 64, "{signature}");
    let of = |part: &str| Ok::<Value, anyhow::Error>(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?);
    let mut payload = of(payload)?;
    for name in ["iat", "jti"] {
        let value = payload.get_mut(name).with_context(|| format!("no {name}"))?;
        *value = json!(value.is_u64());
    }
    Ok(Some([of(header)?, payload]))
}
