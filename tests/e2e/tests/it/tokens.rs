//! Tokens that are put together from everything that tokens of STS have, at our checks and at those of aws-iam-authenticator:
//! whatever we accept, it accepts. What it accepts and we refuse is listed, class by class, with its reason.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context as _, ensure};
use e2e::{
    process,
    random::{Random, SEED, say, seed},
    sts,
    world::World,
};
use token::{ClusterId, Rules, accept};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[("tokens::what_we_accept_the_existing_program_accepts", what_we_accept)];

const CLUSTER_ID: &str = "fuzz.example.com";

/// The codes of what only we refuse. docs/differences.md has a row for each.
const STRICTER: [&str; 17] = [
    "token.algorithm",
    "token.credential",
    "token.encoding",
    "token.expires",
    "token.future",
    "token.host",
    "token.parameter-missing",
    "token.parameter-unknown",
    "token.partition",
    "token.query",
    "token.scheme",
    "token.scope",
    "token.security-token",
    "token.signature",
    "token.signed-headers",
    "token.url",
    "token.version",
];

/// Of these most runs see none.
const RARE: [&str; 3] = ["token.credential", "token.security-token", "token.url"];

/// How many are put together in each run, besides the kept inputs of the fuzzer.
const RANDOM_TOKENS: usize = 30_000;

fn what_we_accept(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("tokens")?;
    let seed = seed()?;
    say(&format!("tokens: {SEED}={seed}"));
    let mut random = Random(seed);
    let mut inputs = kept()?;
    inputs.extend((0..RANDOM_TOKENS).map(|_| {
        let length = 60 + random.below(200);
        // Odd: put together from the words of the format.
        let rest = (0..length).map(|_| u8::try_from(random.below(256)).unwrap_or_default());
        [1].into_iter().chain(rest).collect()
    }));
    let (mut both, mut neither) = (0, 0);
    let mut stricter: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    // Some at a time: they are dated now, and are to be asked about within the minute.
    for inputs in inputs.chunks(2_000) {
        let now = sts::now();
        let tokens: Vec<String> =
            inputs.iter().filter_map(|input| Some(fuzz_targets::token(input, now)?.token)).collect();
        let theirs = ask(world, &folder, &tokens)?;
        let cluster = ClusterId::parse(CLUSTER_ID)?;
        for (token, theirs) in tokens.iter().zip(theirs) {
            match (accept(token, &cluster, &Rules::default(), now).err(), theirs == "accepted") {
                (None, true) => both += 1,
                (Some(_), false) => neither += 1,
                (None, false) => anyhow::bail!("we accept what it refuses: {theirs}\n{token}"),
                (Some(refusal), true) => stricter.entry(refusal.code()).or_default().push(token.clone()),
            }
        }
    }
    let counts: Vec<String> = stricter.iter().map(|(code, tokens)| format!("{code} {}", tokens.len())).collect();
    say(&format!("tokens: both accept {both}, neither {neither}, we alone refuse: {}", counts.join(", ")));
    ensure!(both > 500 && neither > 500, "too few of a kind to mean anything: {both}, {neither}");
    let unlisted = stricter.iter().find(|(code, _)| !STRICTER.contains(code));
    ensure!(unlisted.is_none(), "a class that is not listed: {unlisted:#?}");
    let missing = STRICTER.iter().find(|code| !stricter.contains_key(**code) && !RARE.contains(code));
    ensure!(missing.is_none(), "a class that is listed and was not seen: {missing:?}");
    let page = fs::read_to_string(pages::repository().join("docs/differences.md"))?;
    let unsaid = STRICTER.iter().find(|code| !page.contains(&format!("| `{code}` |")));
    ensure!(unsaid.is_none(), "docs/differences.md does not say {unsaid:?}");
    Ok(())
}

/// The kept inputs of the fuzzer.
fn kept() -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = pages::repository().join("fuzz/corpus/token_accept");
    let read = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    read.map(|entry| Ok(fs::read(entry?.path())?)).collect()
}

/// What the verifier says of each.
fn ask(world: &World, folder: &Path, tokens: &[String]) -> anyhow::Result<Vec<String>> {
    let hex = |token: &String| token.bytes().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n";
    let file = folder.join("tokens");
    fs::write(&file, tokens.iter().map(hex).collect::<String>())?;
    let mut verifier: Command = process::command(world.parts.token_verifier(), folder);
    verifier.arg(CLUSTER_ID).stdin(fs::File::open(file)?);
    let answers = process::run(&mut verifier)?.success()?;
    let answers: Vec<String> = answers.lines().map(str::to_owned).collect();
    ensure!(answers.len() == tokens.len(), "{} answers to {} tokens", answers.len(), tokens.len());
    Ok(answers)
}
