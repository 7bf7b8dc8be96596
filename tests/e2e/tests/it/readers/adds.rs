//! `add user` and `add role` on maps as people have them: the real aws-iam-authenticator and this program each add the same to the same
//! map, and what both leave behind has the same meaning, or both refuse.

use std::{collections::BTreeMap, path::Path};

use anyhow::ensure;
use e2e::{
    process::{self, Output},
    random::{Random, say},
    world::World,
};
use identity::Partition;
use mapping::aws_iam_authenticator::{Options, Standing, aws_auth};
use serde_json::{Value, json};

use super::{
    callers::Caller,
    data,
    go::{Api, Sandboxes},
    mappings,
};

const MAP: &str = "/api/v1/namespaces/kube-system/configmaps/aws-auth";

/// What came of one program.
struct Came {
    output: Output,
    data: BTreeMap<String, String>,
}

pub(super) fn same_meaning(world: &World) -> anyhow::Result<()> {
    let (count, first) = (mappings(120)?, 7_300_001);
    let sandboxes = Sandboxes::start(world)?;
    let callers = Caller::all(Partition::Aws, &sandboxes.aws)?;
    let arns: Vec<String> = callers.iter().map(|caller| caller.identity.canonical_arn()).collect();
    let mut api = Api::start(world, "readers-adds")?;
    let folder = world.folder("readers-adds-programs")?;
    api.write("POST", MAP.trim_end_matches("/aws-auth"), &object(&json!({})))?;
    let (mut both, mut refused, mut only_ours, mut differences) = (0, 0, BTreeMap::new(), Vec::new());
    for at in 0..count {
        let mut random = Random(first + at as u64);
        let data = data(&mut random, arns.clone());
        let args = words(&mut random, &arns);
        let kubeconfig = api.cluster.admin_kubeconfig().to_owned();
        let mut run = |program: &Path| {
            api.write("PUT", MAP, &object(&data))?;
            let mut command = process::command(program, &folder);
            let output = process::run(command.arg("add").args(&args).arg("--kubeconfig").arg(&kubeconfig))?;
            let object: Value = serde_json::from_str(&api.cluster.get(MAP)?.body)?;
            anyhow::Ok(Came { output, data: serde_json::from_value(object["data"].clone()).unwrap_or_default() })
        };
        let (theirs, ours) = (run(&world.parts.go_authenticator)?, run(&world.parts.cluster_auth)?);
        let shown = || format!("{args:?}\n{data}\n{:?}\n{:?}", theirs.output, ours.output);
        let texts: BTreeMap<String, String> = serde_json::from_value(data.clone())?;
        match (theirs.output.code, ours.output.code) {
            (0, 0) => {
                both += 1;
                if meaning(&theirs.data) != meaning(&ours.data) {
                    differences.push(format!(
                        "they mean different things: {:?}\n{:?}\n{}",
                        theirs.data,
                        ours.data,
                        shown()
                    ));
                }
                for (key, text) in &texts {
                    let is_empty = ["", "[]", "null", "~", "\"\"", "''", "``"].contains(&text.trim());
                    ensure!(is_empty || is_within(text, &ours.data[key]), "{key} has lost something: {}", shown());
                }
            }
            (1, 1) => {
                refused += 1;
                ensure!(ours.data == texts, "nothing is written where it is refused: {}", shown());
                let duplicate = |output: &Output| {
                    output.stdout.lines().find(|line| line.starts_with("cannot add")).map(str::to_owned)
                };
                if duplicate(&theirs.output) != duplicate(&ours.output) {
                    differences.push(format!("they say different things: {}", shown()));
                }
            }
            // What cannot be edited so that all else keeps its bytes, and a user that differs in letters alone.
            (0, 1)
                if ours.output.stdout.contains("cannot be edited")
                    || ours.output.stderr.contains("is for it already") =>
            {
                ensure!(ours.data == texts, "nothing is written where it is refused: {}", shown());
                let why = ours.output.stdout.split(" at line ").next().unwrap_or_default().trim().to_owned();
                *only_ours.entry(why).or_insert(0) += 1;
            }
            _ => differences.push(format!("one adds, the other does not: {}", shown())),
        }
    }
    say(&format!("add: {both} added by both, {refused} refused by both, by us alone: {only_ours:#?}"));
    ensure!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n\n"));
    ensure!(both * 5 > count && refused > 0, "{both} of {count} added and {refused} refused prove little");
    Ok(())
}

/// Whether all letters of one text are in another one, in their order.
fn is_within(text: &str, other: &str) -> bool {
    let mut rest = other.chars();
    text.chars().all(|letter| rest.any(|one| one == letter))
}

fn object(data: &Value) -> Value {
    let metadata = json!({"name": "aws-auth", "namespace": "kube-system"});
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
}

/// What is typed behind `add`.
fn words(random: &mut Random, arns: &[String]) -> Vec<String> {
    let arn = random.below(arns.len());
    let arn = match random.below(8) {
        0 => arns[arn].to_uppercase(),
        1 => "junk".to_owned(),
        2 => arns[arn].replace("role/", "role/ops/"),
        _ => arns[arn].clone(),
    };
    let (command, flag) = if random.below(2) == 0 { ("role", "--rolearn") } else { ("user", "--userarn") };
    let username = random.one(&["new", "{{SessionName}}", "a: b # c", "yes", "ops:\u{e9}", "0123"]);
    let groups = random.one(&["g", "g,h", "system:masters", "on,1", "a b,- c"]);
    let words = [command, flag, &arn, "--username", username, "--groups", groups, "--prompt=false"];
    words.map(str::to_owned).to_vec()
}

/// Who is let in as whom, and what stands there and lets nobody in, by aws-iam-authenticator's own reading.
fn meaning(data: &BTreeMap<String, String>) -> Vec<String> {
    let options = Options { sso_role_match: true, ..Options::default() };
    let texts = data.iter().filter(|(key, _)| ["mapRoles", "mapUsers", "mapAccounts"].contains(&key.as_str()));
    let texts = texts.map(|(key, text)| (key.as_str(), text.as_str()));
    let read = aws_auth(texts, |_| Standing::alone("aws-auth"), options);
    let rules = [("role", &read.roles), ("user", &read.users)].into_iter().flat_map(|(list, rules)| {
        rules.iter().map(move |rule| {
            let groups: Vec<_> = rule.groups.iter().map(|group| group.group.as_str()).collect();
            format!("{list} {} {:?} {groups:?}", rule.principal, rule.username)
        })
    });
    // An ARN under a key that nobody reads is lost where all is written anew.
    let unused =
        read.unused.iter().filter(|unused| unused.meant.is_none()).map(|unused| {
            format!("{} {} {:?} {:?}", unused.source.list, unused.written, unused.username, unused.groups)
        });
    let accounts = read.accounts.iter().map(|(account, _)| account.to_string());
    rules.chain(unused).chain(accounts).collect()
}
