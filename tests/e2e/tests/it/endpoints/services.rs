//! Where everybody else is asked: IAM Identity Center, its logins, those of `aws login`, and EKS. A proxy is told which host is meant.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use e2e::{process, scripted::Scripted, world::World};
use jiff::SignedDuration;
use serde_json::json;

/// As botocore calls them.
const SERVICES: [&str; 4] = ["sso", "sso-oidc", "signin", "eks"];

/// One of each partition that has the services, one of a kind of its own, and one that nobody knows yet.
const REGIONS: [&str; 6] =
    ["us-east-1", "eu-central-1", "us-gov-west-1", "us-gov-east-1", "cn-north-1", "ap-newplace-9"];

const SWITCHES: [&str; 2] = ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"];

type Variables = BTreeMap<&'static str, &'static str>;

pub(super) fn compared(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("endpoints-services")?;
    let mut cases = Vec::new();
    for service in SERVICES {
        for region in REGIONS {
            for on in 0..1_usize << SWITCHES.len() {
                let switches = SWITCHES.iter().enumerate().filter(|(at, _)| on & (1 << at) != 0);
                let variables: Variables = switches.map(|(_, name)| (*name, "true")).collect();
                cases.push((service, region, variables));
            }
        }
    }
    let theirs = botocore(world, &folder, &json!(cases).to_string())?;
    ensure!(theirs.len() == cases.len(), "{} answers", theirs.len());
    let proxy = Scripted::start()?;
    let mut wrong = Vec::new();
    for ((service, region, variables), theirs) in cases.iter().zip(theirs) {
        let theirs = theirs.as_deref().and_then(|url| url.strip_prefix("https://")).map(|host| format!("{host}:443"));
        let ours = ours(world, &folder, &proxy, (service, region, variables))?;
        if ours != theirs {
            wrong.push(format!("{service} {region} {variables:?}: {ours:?} here, {theirs:?} there"));
        }
    }
    ensure!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    Ok(())
}

fn botocore(world: &World, folder: &Path, questions: &str) -> anyhow::Result<Vec<Option<String>>> {
    let script = folder.join("services.py");
    fs::write(&script, include_str!("services.py"))?;
    let mut python = process::command(world.parts.aws_cli.with_file_name("python"), folder);
    let mut asked = python.arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    asked.stdin.take().context("a pipe")?.write_all(questions.as_bytes())?;
    let said = asked.wait_with_output()?;
    ensure!(said.status.success(), "botocore answers");
    Ok(serde_json::from_slice(&said.stdout)?)
}

/// The host that a proxy is asked for, and its port. It lets nobody through.
fn ours(
    world: &World,
    folder: &Path,
    proxy: &Scripted,
    (service, region, variables): (&str, &str, &Variables),
) -> anyhow::Result<Option<String>> {
    let home = folder.join("home");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    let put = |name: &str, text: &str| -> anyhow::Result<()> {
        let path = home.join(name);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        Ok(fs::write(path, text)?)
    };
    let end = |seconds: i64| {
        (e2e::sts::now() + SignedDuration::from_secs(seconds)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let sso = format!(
        "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n\
         [sso-session corp]\nsso_region = {region}\nsso_start_url = https://corp.awsapps.com/start\n"
    );
    let token = |seconds: i64| {
        let token = json!({
            "accessToken": "a", "expiresAt": end(seconds), "clientId": "c", "clientSecret": "s", "refreshToken": "r",
            "registrationExpiresAt": end(86_400),
        });
        put(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", &token.to_string())
    };
    let mut command: Command = process::command(&world.parts.cluster_auth, &home);
    let of_profile = ["eks", "get-token", "--cluster-name", "c"];
    match service {
        "sso" => {
            put(".aws/config", &sso)?;
            token(3600)?;
            command.args(of_profile);
        }
        "sso-oidc" => {
            put(".aws/config", &sso)?;
            token(-1)?;
            command.args(of_profile);
        }
        "signin" => {
            put(".aws/config", "[default]\nlogin_session = arn:aws:iam::111122223333:user/bob\n")?;
            let keys = json!({"accessKeyId": "ASIA", "secretAccessKey": "s", "sessionToken": "t", "accountId": "1", "expiresAt": end(-1)});
            let key = include_str!("../../../../../crates/aws/src/credentials/login/tests/dpop.pem");
            let login = json!({"accessToken": keys, "tokenType": "aws_sigv4", "refreshToken": "r", "clientId": "c", "dpopKey": key});
            let name = "5d5303d4711466446508d1822010ddb9c314be63f450cef40f32bbff5443e078.json";
            put(&format!(".aws/login/cache/{name}"), &login.to_string())?;
            command.args(of_profile);
        }
        _ => {
            put(".aws/config", "[default]\naws_access_key_id = AKIA\naws_secret_access_key = s\n")?;
            command.args(["eks", "update-kubeconfig", "--name", "c"]);
        }
    }
    proxy.answers(Vec::new());
    command.env("AWS_REGION", region).env("AWS_EC2_METADATA_DISABLED", "true").envs(variables);
    command.env("HTTPS_PROXY", proxy.url()).current_dir(&home);
    process::run(&mut command)?.failure()?;
    let asked = proxy.asked();
    let host = asked.first().and_then(|request| request.strip_prefix("CONNECT ")?.split(' ').next().map(str::to_owned));
    Ok(host)
}
