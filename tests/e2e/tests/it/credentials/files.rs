//! Files made at random, as botocore reads them and as we do.

use std::{collections::BTreeMap, path::Path};

use anyhow::ensure;
use aws::credentials::{Rules, SharedFiles};
use e2e::{random::Random, world::World};

use super::ask;

/// How many pairs of files are tried.
const PAIRS: usize = 4_000;

/// What lines are made of: all that means something to either reader, and what looks like it.
const LINES: [&str; 34] = [
    "[default]",
    "[profile dev]",
    "[profile \"dev\"]",
    "[profile 'my team']",
    "[profile my team]",
    "[dev]",
    "[DEFAULT]",
    "[ default ]",
    "[sso-session corp]",
    "[services x] # y",
    "[]",
    "[a",
    "region = us-west-2",
    "region: us-west-2",
    "REGION=eu-west-1",
    "region",
    "region =",
    "= x",
    "role_arn = arn:aws:iam::111122223333:role/Dev # why",
    "  role_arn = deeper",
    "\trole_arn=deeper",
    "source_profile=dev;x",
    "  # a comment",
    "; a comment",
    "#",
    "",
    "   ",
    "s3 =",
    "  addressing_style = path",
    "  no setting",
    "external_id = \"quoted\"",
    "    deeper still",
    "k\u{e9}y = v\u{e4}lue",
    "output = json ; what",
];

pub(super) fn read(world: &World) -> anyhow::Result<()> {
    let mut random = Random(20_261_130);
    let mut text = || {
        let mut text = String::new();
        for _ in 0..random.below(9) {
            text.push_str(random.one(&LINES));
            text.push_str(random.one(&["\n", "\n", "\n", "\r\n"]));
        }
        text
    };
    // Most begin as a file does, so that what follows is looked at.
    let pairs: Vec<[String; 2]> =
        (0..PAIRS).map(|_| [format!("[default]\n{}", text()), format!("[dev]\n{}", text())]).collect();
    let mut command = ask::detached(&world.parts.aws_cli.with_file_name("python"), &world.folder("files")?);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/credentials/files.py"));
    let printed = ask::typed(command, Some(&serde_json::to_string(&pairs)?))?.success()?;
    let theirs: Vec<Option<Profiles>> = serde_json::from_str(&printed)?;
    ensure!(theirs.len() == pairs.len(), "{} answers", theirs.len());
    let (good, bad) = (theirs.iter().flatten().count(), theirs.iter().filter(|read| read.is_none()).count());
    ensure!(good > PAIRS / 20 && bad > PAIRS / 20, "{good} can be read, and {bad} cannot");
    for ([config, credentials], theirs) in pairs.iter().zip(theirs) {
        let ours = SharedFiles::parse(config, credentials, Rules::Cli);
        let said = ours.as_ref().err().map(ToString::to_string);
        let ours = ours.ok().map(|files| settings(&files, theirs.as_ref()));
        let theirs = theirs.map(without_nothing);
        ensure!(ours == theirs, "{config:?}\n{credentials:?}\nhere: {ours:?} {said:?}\nthere: {theirs:?}");
    }
    Ok(())
}

/// What botocore and the AWS CLI read is no slip of anybody's.
pub(super) fn settings_of_others(world: &World) -> anyhow::Result<()> {
    let mut command = ask::detached(&world.parts.aws_cli.with_file_name("python"), &world.folder("settings")?);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/credentials/settings.py"));
    let names: Vec<String> = serde_json::from_str(&ask::typed(command, None)?.success()?)?;
    ensure!(names.len() > 40 && names.contains(&"sts_regional_endpoints".to_owned()), "{names:?}");
    // One after the other: of two that are near each other both would be there.
    for name in &names {
        let config = format!("[profile dev]\n{name} = x\n");
        let files = SharedFiles::parse(&config, "", Rules::Cli).map_err(|error| anyhow::anyhow!("{error}"))?;
        for has_credentials in [true, false] {
            let slips = files.slips("dev", has_credentials);
            ensure!(slips.is_empty(), "{slips:?}");
        }
    }
    Ok(())
}

type Profiles = BTreeMap<String, BTreeMap<String, String>>;

/// A setting that says nothing counts as none.
fn without_nothing(mut profiles: Profiles) -> Profiles {
    for settings in profiles.values_mut() {
        settings.retain(|_, value| !value.is_empty());
    }
    profiles
}

/// Our view, of every name that anybody knows.
fn settings(files: &SharedFiles, theirs: Option<&Profiles>) -> Profiles {
    let names: Vec<&String> = theirs.into_iter().flatten().flat_map(|(_, settings)| settings.keys()).collect();
    let of = |profile: &str| {
        let found = names.iter().filter_map(|name| Some(((*name).clone(), files.setting(profile, name)?.to_owned())));
        found.collect()
    };
    files.profiles().into_iter().map(|profile| (profile.clone(), of(&profile))).collect()
}
