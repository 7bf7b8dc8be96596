//! Manifests as people keep them, and what a real API server makes of them after `kubectl apply`: the same answers.

mod corpus;
mod refused;
mod walking;

use std::{fs, path::PathBuf, thread, time::Duration};

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, Output},
    random::{Random, SEED, say, seed},
    test_cluster::TestCluster,
    world::World,
};
use local_cluster::Options;
use serde_json::{Value, json};

use self::corpus::{Repository, TROUBLES, Trouble, Way};
use crate::{Test, who_can::settled};

pub(crate) const TESTS: &[Test] = &[
    ("manifests::of_every_kind_mean_what_they_mean_to_an_api_server", every_kind),
    ("manifests::folders_are_read_as_they_are", walking::folders),
    ("manifests::what_kubectl_refuses_is_a_gap_by_name", refused::cases),
];

/// How many objects each kind of trouble has at least.
const OBJECTS: usize = 40;
/// How many requests are looked at for each kind of trouble, and of how many subjects and places each.
const REQUESTS: usize = 26;
const ASKED: usize = 40;
/// How often the API server is asked again where it says something else: it hears of changes a little later.
const PATIENCE: usize = 20;

/// Somebody who asks, as authorizers see them.
#[derive(Clone, Debug)]
struct Asking {
    user: String,
    groups: Vec<String>,
}

/// One question, and what the program says.
struct Asked {
    trouble: &'static str,
    typed: Vec<String>,
    spec: Value,
    ours: bool,
}

fn every_kind(world: &World) -> anyhow::Result<()> {
    let seed = seed()?;
    let mut random = Random(seed);
    let mut names: Vec<_> = TROUBLES.iter().map(|trouble| trouble.name).collect();
    names.sort_unstable();
    ensure!(corpus::seeds()? == names, "every seed is a kind of trouble");
    let options = Options { controller_manager: true, ..Options::default() };
    let managed = TestCluster::start_with(world, "manifests", &corpus::namespaces(), &options)?;
    let mut repositories = Vec::new();
    for trouble in TROUBLES {
        let repository = Repository::lay_out(trouble, &managed.folder.join(trouble.name), &mut random)?;
        let objects = hand_over(&managed, &repository)? + repository.ours_alone;
        ensure!(objects >= OBJECTS, "{}: {objects} objects are too few", trouble.name);
        repositories.push(repository);
    }
    settled(&managed)?;
    let mut asked = Vec::new();
    for repository in &repositories {
        questions(&managed, repository, &mut random, &mut asked)?;
    }
    let mut differences: Vec<&Asked> = Vec::new();
    for patience in 0..PATIENCE {
        let again: Vec<&Asked> = if patience == 0 { asked.iter().collect() } else { std::mem::take(&mut differences) };
        let theirs = managed.admin.allowed(&again.iter().map(|asked| asked.spec.clone()).collect::<Vec<_>>())?;
        differences =
            again.into_iter().zip(theirs).filter(|(asked, theirs)| asked.ours != *theirs).map(|(a, _)| a).collect();
        if differences.is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(250));
    }
    let (questions, allowed) = (asked.len(), asked.iter().filter(|asked| asked.ours).count());
    let said = format!("{SEED}={seed}: {questions} questions, {allowed} allowed, {} differences", differences.len());
    say(&said);
    let each = differences.iter().take(20).map(|Asked { trouble, typed, spec, ours }| {
        format!("{trouble}: `who-can {}`: we say {ours}, the API server does not: {spec}", typed.join(" "))
    });
    ensure!(differences.is_empty(), "{said}\n{}", each.collect::<Vec<_>>().join("\n"));
    ensure!(
        questions >= 10_000 && (questions / 20..questions / 2).contains(&allowed),
        "{said}: too dull to prove anything"
    );
    for trouble in TROUBLES {
        let of = asked.iter().filter(|asked| asked.trouble == trouble.name && asked.ours).count();
        ensure!(of > 0, "{}: nothing of what is asked is allowed", trouble.name);
    }
    Ok(())
}

/// Gives a repository to kubectl as its owner would; how many objects kubectl took.
fn hand_over(managed: &TestCluster, repository: &Repository) -> anyhow::Result<usize> {
    let folder = repository.folder.display().to_string();
    let files: Vec<String> = match &repository.for_kubectl {
        None => vec!["-R".to_owned(), "-f".to_owned(), folder],
        Some(files) => files.iter().flat_map(|file| ["-f".to_owned(), file.display().to_string()]).collect(),
    };
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let space = repository.trouble.space(0);
    let outputs: Vec<Output> = match repository.trouble.way {
        Way::Apply => vec![managed.admin.kubectl(&[&["apply"], &files[..]].concat())?],
        Way::Create => vec![managed.admin.kubectl(&[&["create"], &files[..]].concat())?],
        Way::InNamespace => vec![managed.admin.kubectl(&[&["apply", "-n", &space], &files[..]].concat())?],
        Way::Kustomize => {
            let copies = repository.copies.iter().map(|copy| copy.display().to_string());
            copies.map(|copy| managed.admin.kubectl(&["apply", "-k", &copy])).collect::<Result<_, _>>()?
        }
    };
    let mut objects = 0;
    for output in outputs {
        let took = output.success().with_context(|| repository.trouble.name)?;
        objects += took.lines().count();
    }
    Ok(objects)
}

/// What the program says of random requests.
fn questions(
    managed: &TestCluster,
    repository: &Repository,
    random: &mut Random,
    asked: &mut Vec<Asked>,
) -> anyhow::Result<()> {
    let Trouble { name: trouble, .. } = *repository.trouble;
    let first = asked.len();
    for request in 0..10 * REQUESTS {
        // Chance asks of some kinds of trouble nothing that is allowed, which would prove nothing about them.
        if request >= REQUESTS && asked[first..].iter().any(|asked| asked.ours) {
            break;
        }
        let typed = repository.request(random);
        let said = who_can(managed, repository, &typed)?;
        let gaps = unexpected(&said, repository.trouble.gaps);
        ensure!(gaps.is_empty(), "{trouble}: {typed:?}: {gaps:#?}");
        let is_of_namespaces = said["question"]["resource"].is_string();
        for at in 0..ASKED {
            // Half of them is somebody whom the answer names, so that there is enough to lose.
            let someone = if at % 2 == 0 { named(&said, random) } else { None };
            let someone = someone.unwrap_or_else(|| repository.someone(random));
            let namespace = match random.below(4) {
                0 => String::new(),
                at => repository.trouble.space(at - 1),
            };
            let namespace = if is_of_namespaces { namespace } else { String::new() };
            let ours = allows(&said, &someone, &namespace);
            let spec = spec(&said["question"], &someone, &namespace);
            asked.push(Asked { trouble, typed: typed.clone(), spec, ours });
        }
    }
    Ok(())
}

fn who_can(managed: &TestCluster, repository: &Repository, typed: &[String]) -> anyhow::Result<Value> {
    let mut command = managed.command(&["who-can"]);
    command.args(typed).args(["-o", "json", "--from"]).arg(&repository.folder);
    if !typed.iter().any(|word| word.starts_with('/')) {
        command.arg("--any-namespace");
    }
    if matches!(repository.trouble.way, Way::InNamespace) {
        command.args(["--default-namespace", &repository.trouble.space(0)]);
    }
    let said = process::run(&mut command)?.success()?;
    serde_json::from_str(&said).with_context(|| format!("JSON: {said}"))
}

/// The gaps of an answer beside those that every folder of manifests has, and those that are meant to be.
fn unexpected(said: &Value, expected: &[&str]) -> Vec<String> {
    let gaps = said["gaps"].as_array().into_iter().flatten();
    let texts = gaps.map(|gap| [&gap["what"], &gap["why"]].map(|text| text.as_str().unwrap_or_default()));
    let is_usual = |[what, why]: &[&str; 2]| {
        // Who logs in is known by no manifest of roles and bindings.
        ["who logs in", "IAMIdentityMappings", "the server's own files on the control plane"].contains(what)
            || why.starts_with("a binding names it, but it was not given")
            || why.starts_with("manifests may not be all of them")
    };
    let texts = texts.filter(|gap| !is_usual(gap)).map(|[what, why]| format!("{what}: {why}"));
    texts.filter(|text| !expected.iter().any(|expected| text.contains(expected))).collect()
}

/// One of those whom an answer names.
fn named(said: &Value, random: &mut Random) -> Option<Asking> {
    let subjects: Vec<&Value> =
        said["subjects"].as_array()?.iter().filter(|one| one["name"] != "system:masters").collect();
    let subject = (!subjects.is_empty()).then(|| random.one(&subjects))?;
    let text = |key: &str| subject[key].as_str().unwrap_or_default();
    Some(match text("kind") {
        "User" => Asking::user(text("name")),
        "Group" => Asking::member(text("name")),
        _ => Asking::account(text("namespace"), text("name")),
    })
}

/// Whether an answer says that somebody may in a namespace, or in the whole cluster where there is none.
fn allows(said: &Value, someone: &Asking, namespace: &str) -> bool {
    let is_of = |subject: &&Value| {
        let text = |key: &str| subject[key].as_str().unwrap_or_default();
        match text("kind") {
            "User" => text("name") == someone.user,
            "Group" => someone.groups.iter().any(|group| group == text("name")),
            _ => format!("system:serviceaccount:{}:{}", text("namespace"), text("name")) == someone.user,
        }
    };
    let mut paths = said["subjects"].as_array().into_iter().flatten().filter(is_of);
    let holds = |path: &Value| {
        let mut namespaces = path["namespaces"].as_array().into_iter().flatten();
        path["everywhere"] == true || namespaces.any(|one| one == namespace)
    };
    paths.any(|subject| subject["paths"].as_array().into_iter().flatten().any(holds))
}

/// The question as the API server is asked it.
fn spec(question: &Value, someone: &Asking, namespace: &str) -> Value {
    let Asking { user, groups } = someone;
    let mut spec = json!({"user": user, "groups": groups});
    if question["url"].is_string() {
        spec["nonResourceAttributes"] = json!({"verb": question["verb"], "path": question["url"]});
    } else {
        let mut attributes = json!({"namespace": namespace});
        for key in ["verb", "group", "resource", "subresource", "name"] {
            attributes[key] = question[key].as_str().unwrap_or_default().into();
        }
        spec["resourceAttributes"] = attributes;
    }
    spec
}

impl Asking {
    fn user(name: &str) -> Self {
        Self { user: name.to_owned(), groups: Vec::new() }
    }

    fn member(group: &str) -> Self {
        Self { user: "nobody-else".to_owned(), groups: vec![group.to_owned()] }
    }

    fn account(namespace: &str, name: &str) -> Self {
        let groups = vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
        Self { user: format!("system:serviceaccount:{namespace}:{name}"), groups }
    }
}

/// Writes a file, and the folders that it is in.
fn write(path: &PathBuf, bytes: &[u8]) -> anyhow::Result<()> {
    fs::create_dir_all(path.parent().context("a folder")?)?;
    Ok(fs::write(path, bytes)?)
}
