//! Tokens of both programs where docs/differences.md says that they differ.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    people::environment,
    process,
    sts::now,
    world::{CLUSTER_ID, World},
};
use serde_json::{Value, json};

/// Runs `token` of a program with variables, and what it prints.
fn credential(world: &World, program: &Path, args: &[&str], variables: &[(&str, String)]) -> anyhow::Result<Value> {
    let folder = world.folder("both-tokens")?;
    let mut command = process::command(program, &folder);
    command.args(["token", "-i", CLUSTER_ID]).args(args).env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(world.sts.proxy_environment()).envs(variables.iter().map(|(name, value)| (name, value)));
    let printed = process::run(&mut command)?.success()?;
    serde_json::from_str(&printed).context("an ExecCredential")
}

fn expiry(credential: &Value) -> anyhow::Result<jiff::Timestamp> {
    let text = credential["status"]["expirationTimestamp"].as_str().context("an expiry")?;
    Ok(text.parse()?)
}

/// A file of configuration by which a program prints dave's credentials, that end then; and the variable that names it.
fn printing(world: &World, folder: &Path, end: jiff::Timestamp) -> anyhow::Result<(&'static str, String)> {
    let credentials = world.sts.credentials("dave")?;
    let printed = json!({
        "Version": 1, "AccessKeyId": credentials.access_key_id, "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token, "Expiration": end.to_string(),
    });
    let (script, config) = (folder.join("process"), folder.join("config"));
    fs::write(&script, format!("#!/bin/sh\necho '{printed}'\n"))?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    fs::write(&config, format!("[default]\nregion = us-west-2\ncredential_process = {}\n", script.display()))?;
    Ok(("AWS_CONFIG_FILE", config.display().to_string()))
}

/// Credentials that end before a token would.
pub(super) fn expiries(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-expiries")?;
    let end = now() + jiff::SignedDuration::from_mins(5);
    let end = jiff::Timestamp::from_second(end.as_second())?;
    let variables = [printing(world, &folder, end)?];
    let theirs = expiry(&credential(world, &world.parts.go_authenticator, &[], &variables)?)?;
    let ours = expiry(&credential(world, &world.parts.cluster_auth, &[], &variables)?)?;
    ensure!(ours <= end && theirs > end, "they end at {end}; theirs {theirs}, ours {ours}");
    Ok(())
}

/// How often STS is asked for a role's session.
pub(super) fn roles(world: &World) -> anyhow::Result<()> {
    let variables = environment(&world.sts.credentials("alice")?);
    let args = ["-r", "arn:aws:iam::111122223333:role/ci/Deployer", "-e", "sandbox"];
    let mut asked = Vec::new();
    for program in [&world.parts.go_authenticator, &world.parts.cluster_auth] {
        let before = world.sts.faults.requests("AssumeRole");
        credential(world, program, &args, &variables)?;
        asked.push(world.sts.faults.requests("AssumeRole") - before);
    }
    ensure!(asked == [2, 1], "theirs and ours: {asked:?}");
    Ok(())
}

/// A session token by the name that it had before 2014.
pub(super) fn security_token(world: &World) -> anyhow::Result<()> {
    let credentials = world.sts.credentials("dave")?;
    let session = credentials.session_token.clone().context("a session")?;
    let mut variables = environment(&credentials);
    variables.retain(|(name, _)| *name != "AWS_SESSION_TOKEN");
    variables.push(("AWS_SECURITY_TOKEN", session));
    let has_session = |program: &Path| -> anyhow::Result<bool> {
        let credential = credential(world, program, &[], &variables)?;
        let token = credential["status"]["token"].as_str().context("a token")?;
        Ok(token::describe(token)?.has_security_token)
    };
    let seen = (has_session(&world.parts.go_authenticator)?, has_session(&world.parts.cluster_auth)?);
    ensure!(seen == (false, true), "theirs and ours: {seen:?}");
    Ok(())
}

/// Where a file of cached credentials is where nothing says where the home folder is.
pub(super) fn no_home(world: &World) -> anyhow::Result<()> {
    let run = |name: &str, program: &Path| -> anyhow::Result<(process::Output, bool)> {
        let folder = world.folder(&format!("both-no-home-{name}"))?;
        let mut command = process::command(program, &folder);
        command.args(["token", "-i", CLUSTER_ID, "--cache"]).env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs([printing(world, &folder, now() + jiff::SignedDuration::from_hours(1))?]);
        let output = process::run(command.env_remove("HOME"))?;
        Ok((output, folder.join(".kube/cache/aws-iam-authenticator/credentials.yaml").exists()))
    };
    let (theirs, is_written) = run("theirs", &world.parts.go_authenticator)?;
    ensure!(theirs.code == 0 && is_written, "theirs writes it where it is called");
    let (ours, is_written) = run("ours", &world.parts.cluster_auth)?;
    ensure!(
        ours.code == 0 && !is_written && ours.stderr.contains("unable to use cache: neither HOME nor"),
        "{}",
        ours.stderr
    );
    Ok(())
}
