//! Where requests to STS go: the same place as botocore's, for every Region and every setting that leads elsewhere.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use e2e::{
    process,
    world::{CLUSTER_ID, World},
};
use serde::{Deserialize, Serialize};

use self::cases::cases;
use crate::Test;

mod cases;
mod services;

pub(crate) const TESTS: &[Test] = &[
    ("endpoints::are_botocores_for_every_region_and_setting", compared),
    ("endpoints::of_other_services_are_botocores", services::compared),
];

/// One question, put to both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Case {
    variables: BTreeMap<&'static str, String>,
    /// Of `get-token`: `region` and `profile`.
    flags: BTreeMap<&'static str, String>,
    /// What is known to be otherwise here; docs/differences.md says why.
    #[serde(skip)]
    differs: Option<Differs>,
}

/// A difference that is on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Differs {
    /// What is no Region's name is an error, and no host that nobody answers at.
    NoRegion,
    /// Without a Region there is no host of a variant.
    Global,
    /// A URL of one's own is signed for us-east-1 where there is no Region, and what is empty is not set.
    Goes,
    /// Hosts that no server takes a token of are an error.
    DualStack,
    /// A switch that is neither on nor off is an error.
    Switch,
    /// A URL that cannot be signed for is an error.
    Url,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Goes {
    To { url: String, region: String },
    Nowhere { error: String },
}

#[derive(Debug, Deserialize)]
struct Theirs {
    presigned: Goes,
    sent: Goes,
}

fn compared(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("endpoints")?;
    let cases = cases(&folder)?;
    let theirs = botocore(world, &folder, &cases)?;
    ensure!(cases.len() == theirs.len() && cases.len() > 400, "{} cases", cases.len());
    let mut wrong = Vec::new();
    let mut seen = Vec::new();
    for (case, theirs) in cases.iter().zip(&theirs) {
        let ours = ours(world, &folder, case)?;
        let is_same = same(&ours, &theirs.presigned) && same(&ours, &theirs.sent);
        seen.extend(case.differs.filter(|_| !is_same));
        let goes = matches!(ours, Goes::To { .. });
        let is_known = case.differs.is_some_and(|differs| goes == (differs == Differs::Goes));
        if !is_same && !is_known {
            wrong.push(format!(
                "{:?} {:?} {:?}\n  ours   {ours:?}\n  theirs {theirs:?}",
                case.variables, case.flags, case.differs
            ));
        }
    }
    ensure!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    for differs in
        [Differs::NoRegion, Differs::Global, Differs::Goes, Differs::DualStack, Differs::Switch, Differs::Url]
    {
        ensure!(seen.contains(&differs), "{differs:?} is listed, and nothing differs");
    }
    Ok(())
}

/// Both go to one place, or neither goes anywhere.
fn same(ours: &Goes, theirs: &Goes) -> bool {
    match (ours, theirs) {
        (Goes::Nowhere { .. }, Goes::Nowhere { .. }) => true,
        (ours, theirs) => ours == theirs,
    }
}

fn botocore(world: &World, folder: &Path, cases: &[Case]) -> anyhow::Result<Vec<Theirs>> {
    let script = folder.join("botocore.py");
    fs::write(&script, include_str!("endpoints/botocore.py"))?;
    let mut python = process::command(world.parts.aws_cli.with_file_name("python"), folder);
    let mut asked = python.arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    asked.stdin.take().context("a pipe")?.write_all(serde_json::to_string(cases)?.as_bytes())?;
    let said = asked.wait_with_output()?;
    ensure!(said.status.success(), "botocore answers");
    Ok(serde_json::from_slice(&said.stdout)?)
}

fn ours(world: &World, folder: &Path, case: &Case) -> anyhow::Result<Goes> {
    let mut command: Command = process::command(&world.parts.cluster_auth, folder);
    command.envs(&case.variables).args(["eks", "get-token", "--cluster-name", CLUSTER_ID]);
    for (flag, value) in &case.flags {
        command.arg(format!("--{flag}={value}"));
    }
    let said = process::run(&mut command)?;
    if said.code != 0 {
        return Ok(Goes::Nowhere { error: said.stderr });
    }
    let credential: serde_json::Value = serde_json::from_str(&said.stdout)?;
    let token = credential["status"]["token"].as_str().and_then(|token| token.strip_prefix("k8s-aws-v1."));
    let url = String::from_utf8(URL_SAFE_NO_PAD.decode(token.context("a token")?)?)?;
    let (url, query) = url.split_once('?').context("a query")?;
    let scope = query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Credential=")).context("a scope")?;
    let region = scope.split("%2F").nth(2).context("a Region")?.to_owned();
    Ok(Goes::To { url: url.trim_end_matches('/').to_owned(), region })
}
