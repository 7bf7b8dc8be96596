//! The AWS CLI's words for EKS, typed at both programs: `cluster-auth eks get-token` and `eks update-kubeconfig`.

use std::{fs, path::Path};

use anyhow::ensure;
use e2e::{
    people::environment,
    process::{self, Output},
    sts::Sts,
    world::World,
};
use serde_json::Value;

use self::forms::{Answers, FORMS, Form};
use crate::Test;

mod forms;
mod update;

pub(crate) const TESTS: &[Test] = &[
    ("eks::each_form_of_get_token_is_answered_as_the_aws_cli_does", forms),
    ("eks::update_kubeconfig_writes_what_the_aws_cli_does", update::same),
    ("eks::update_kubeconfig_changes_the_file_that_the_aws_cli_would", update::which_file),
];

/// Profiles that forms have, with alice's keys: those of the environment do not count where a profile is named.
fn profiles(aws: &Sts) -> anyhow::Result<String> {
    let keys: String = environment(&aws.credentials("alice")?)
        .into_iter()
        .filter(|(name, _)| matches!(*name, "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY"))
        .map(|(name, value)| format!("{} = {value}\n", name.to_lowercase()))
        .collect();
    Ok(format!(
        "[default]\nregion = us-west-2\n[profile europe]\nregion = eu-west-1\noutput = text\n{keys}\
         [profile broken]\nregion = eu-west-1\noutput = xml\n{keys}"
    ))
}

fn forms(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("eks-forms")?;
    fs::write(folder.join("config"), profiles(&world.sts)?)?;
    let mut wrong = Vec::new();
    for form in FORMS {
        let theirs = typed(world, &world.parts.aws_cli, &folder, form)?;
        let ours = typed(world, &world.parts.cluster_auth, &folder, form)?;
        if let Some(why) = judged(form, &theirs, &ours) {
            wrong.push(format!("{}: {why}\n  theirs {theirs:?}\n  ours   {ours:?}", form.line));
        }
    }
    ensure!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), FORMS.len(), wrong.join("\n"));
    Ok(())
}

/// Types a line: variables, then words; quotation marks hold a word together.
fn typed(world: &World, program: &Path, folder: &Path, form: &Form) -> anyhow::Result<Output> {
    let mut command = process::command(program, folder);
    command.env("AWS_CONFIG_FILE", "config").env("AWS_SHARED_CREDENTIALS_FILE", "none");
    command
        .envs(environment(&world.sts.credentials("alice")?))
        .env_remove("AWS_DEFAULT_REGION")
        .env_remove("AWS_REGION");
    command.envs(world.sts.proxy_environment());
    let mut words = words(form.line).into_iter().peekable();
    while let Some((name, value)) =
        words.peek().and_then(|word| word.split_once('=')).filter(|(name, _)| !name.starts_with('-'))
    {
        command.env(name, value);
        words.next();
    }
    command.args(words);
    if program == world.parts.aws_cli { process::run_other(&mut command) } else { process::run(&mut command) }
}

fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars().chain([' ']) {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
            letter => word.push(letter),
        }
    }
    words
}

/// What of a form is not as it is listed.
fn judged(form: &Form, theirs: &Output, ours: &Output) -> Option<String> {
    let stdouts = [theirs, ours].map(|output| plain(&output.stdout));
    let is_same = stdouts[0] == stdouts[1];
    let both = |code: bool| (theirs.code == 0) == code && (ours.code == 0) == code;
    match form.answers {
        Answers::Same => (!both(true) || !is_same || stdouts[0].is_empty()).then(|| format!("{stdouts:?}")),
        Answers::Credential => {
            let read = stdouts.map(|stdout| serde_json::from_str::<Value>(&stdout).ok().map(without_spec));
            (!both(true) || read[0].is_none() || read[0] != read[1]).then(|| format!("{read:?}"))
        }
        Answers::Refused(said) => {
            let is_said = ours.stderr.contains(said);
            (!both(false) || !is_said || !ours.stdout.is_empty()).then(|| format!("{said:?} is to be said"))
        }
        Answers::OursRefused(said) => {
            let is_so = theirs.code == 0 && ours.code != 0 && ours.stderr.contains(said);
            (!is_so).then(|| format!("ours alone refuses it, and says {said:?}"))
        }
        Answers::OursAlone(begins) => {
            let is_so = theirs.code != 0 && ours.code == 0 && stdouts[1].starts_with(begins);
            (!is_so).then(|| format!("ours alone answers, from {begins:?} on: {}", stdouts[1]))
        }
        Answers::Otherwise(begins) => {
            let is_so = both(true) && !is_same && stdouts[1].starts_with(begins);
            (!is_so).then(|| format!("ours answers otherwise, from {begins:?} on: {}", stdouts[1]))
        }
    }
}

/// Without what is another each time. A token has always the same length, so that tables are as wide as they were.
fn plain(stdout: &str) -> String {
    let mut plain = String::new();
    let mut rest = stdout;
    while let Some(at) = rest.find("k8s-aws-v1.") {
        plain.push_str(&rest[..at]);
        plain.push_str("TOKEN");
        let token = rest[at..].find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        rest = &rest[at + token.unwrap_or(rest.len() - at)..];
    }
    plain.push_str(rest);
    // 2026-01-02T03:04:05Z
    let is_time = |text: &str| {
        text.len() == 20 && text.is_ascii() && &text[4..5] == "-" && &text[10..11] == "T" && text.ends_with('Z')
    };
    let mut at = 0;
    while at + 20 <= plain.len() {
        if plain.is_char_boundary(at) && plain.get(at..at + 20).is_some_and(is_time) {
            plain.replace_range(at..at + 20, "TIME");
        }
        at += 1;
    }
    plain
}

/// kubectl reads nothing of it: the AWS CLI leaves it empty.
fn without_spec(mut credential: Value) -> Value {
    if let Some(credential) = credential.as_object_mut() {
        credential.remove("spec");
    }
    credential
}
