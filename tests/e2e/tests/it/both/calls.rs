//! What AWS sees of both programs when they ask it: the name of a session that nobody has named, and who asks.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    people::environment,
    process,
    world::{CLUSTER_ID, World},
};
use serde_json::Value;

use super::servers::{Two, mounted_file};

const ROLE: &str = "arn:aws:iam::111122223333:role/ci/Deployer";

/// Prints a token of alice's by one of the programs, or the AWS CLI.
fn token(world: &World, program: &Path, folder: &str, args: &[&str]) -> anyhow::Result<String> {
    let folder = world.folder(folder)?;
    let keys = environment(&world.sts.credentials("alice")?);
    let keys_of_profile: String = keys
        .iter()
        .filter(|(name, _)| name.starts_with("AWS_ACCESS_KEY") || name.starts_with("AWS_SECRET"))
        .map(|(name, value)| format!("{} = {value}\n", name.to_lowercase()))
        .collect();
    let profiles = format!(
        "[profile alice]\n{keys_of_profile}[profile ci]\nregion = us-west-2\nrole_arn = {ROLE}\nexternal_id = sandbox\n\
         source_profile = alice\n"
    );
    fs::write(folder.join("config"), profiles)?;
    let mut command = process::command(program, &folder);
    command.env("AWS_CONFIG_FILE", folder.join("config")).envs(world.sts.proxy_environment());
    if args.contains(&"eks") {
        command.env("AWS_PROFILE", "ci");
    } else {
        command.envs(keys);
    }
    command.args(args).env("AWS_EC2_METADATA_DISABLED", "true");
    let output =
        if program == world.parts.aws_cli { process::run_other(&mut command)? } else { process::run(&mut command)? };
    let credential: Value = serde_json::from_str(&output.success()?)?;
    Ok(credential["status"]["token"].as_str().context("a token")?.to_owned())
}

/// Username by the existing program, whose mapping says `deploy:{{SessionName}}` in the tests' own words.
fn session_name(world: &World, token: &str) -> anyhow::Result<String> {
    let answer = world.go_server()?.review(token)?;
    let review: Value = serde_json::from_str(&answer.body)?;
    let username = review["status"]["user"]["username"].as_str().with_context(|| format!("{answer:?}"))?;
    Ok(username.strip_prefix("deploy:").context("a deployer")?.to_owned())
}

/// With a number of this many digits in place of digits: the time.
fn form(name: &str) -> String {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    format!("{}<{digits} digits>", &name[..name.len() - digits])
}

/// The name of a role's session where nobody says one, by which usernames and trust policies go.
pub(super) fn session_names(world: &World) -> anyhow::Result<()> {
    let args = ["token", "-i", CLUSTER_ID, "-r", ROLE, "-e", "sandbox"];
    let eks = ["eks", "get-token", "--cluster-name", CLUSTER_ID, "--output", "json"];
    let rows = [
        ("token", &args[..], [&world.parts.go_authenticator, &world.parts.cluster_auth], "aws-go-sdk-<19 digits>"),
        ("eks get-token", &eks, [&world.parts.aws_cli, &world.parts.cluster_auth], "botocore-session-<10 digits>"),
    ];
    for (what, args, programs, expected) in rows {
        let mut seen = Vec::new();
        for (at, program) in programs.into_iter().enumerate() {
            let folder = format!("both-session-names-{}-{at}", what.replace(' ', "-"));
            seen.push(form(&session_name(world, &token(world, program, &folder, args)?)?));
        }
        ensure!(seen == [expected; 2], "{what}: theirs and ours are {seen:?}");
    }
    Ok(())
}

/// Who asks, as CloudTrail shows it.
pub(super) fn agents(world: &World) -> anyhow::Result<()> {
    let args = ["token", "-i", CLUSTER_ID, "-r", ROLE, "-e", "sandbox"];
    let ours = concat!("cluster-auth/", env!("CARGO_PKG_VERSION"));
    token(world, &world.parts.go_authenticator, "both-agents-theirs", &args)?;
    let agent = world.sts.faults.agent();
    ensure!(agent.starts_with("aws-sdk-go-v2/") && agent.contains(" aws-iam-authenticator/"), "{agent}");
    token(world, &world.parts.cluster_auth, "both-agents-ours", &args)?;
    ensure!(world.sts.faults.agent() == ours, "{}", world.sts.faults.agent());
    // And the servers about a caller.
    let two = Two::start(world, "both-agents", &mounted_file())?;
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    ensure!(two.theirs.review(&token)?.status == 200);
    ensure!(world.sts.faults.agent() == "Go-http-client/1.1", "{}", world.sts.faults.agent());
    ensure!(two.ours.review(&token)?.status == 200);
    ensure!(world.sts.faults.agent() == ours, "{}", world.sts.faults.agent());
    Ok(())
}
