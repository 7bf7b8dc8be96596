//! Repositories that look like those which people keep: seeds, each with one kind of trouble, laid out several times with other
//! names and other rules.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use e2e::random::Random;
use serde_json::json;

use super::{Asking, write};

/// A kind of trouble: a folder of `seeds`.
pub(super) struct Trouble {
    pub(super) name: &'static str,
    pub(super) way: Way,
    /// What is in the paths of files that no kubectl takes here, and we are given all the same.
    theirs: &'static [&'static str],
    /// What is said of it, and is meant to be.
    pub(super) gaps: &'static [&'static str],
    /// Who is named in it beside [`PEOPLE`]: kind and name.
    others: &'static [(&'static str, &'static str)],
}

/// How its owner gives it to kubectl.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// `kubectl apply -R -f FOLDER`.
    Apply,
    /// `kubectl apply -n NAMESPACE -R -f FOLDER`, and `--default-namespace NAMESPACE`.
    InNamespace,
    /// `kubectl apply -k FOLDER`.
    Kustomize,
    /// `kubectl create -R -f FOLDER`.
    Create,
}

const fn trouble(name: &'static str) -> Trouble {
    Trouble { name, way: Way::Apply, theirs: &[], gaps: &[], others: &[] }
}

pub(super) const TROUBLES: &[Trouble] = &[
    Trouble { way: Way::InNamespace, ..trouble("without-namespace") },
    Trouble { way: Way::Kustomize, ..trouble("kustomized") },
    trouble("one-name"),
    trouble("both-bindings"),
    Trouble { way: Way::Create, ..trouble("generated-names") },
    Trouble { theirs: &["theirs"], ..trouble("other-groups") },
    Trouble { others: &[("User", "TEAM-defaulted")], ..trouble("aggregation") },
    trouble("anchors"),
    trouble("json-documents"),
    trouble("duplicate-keys"),
    Trouble { others: &[("User", "TEAM-jürgen"), ("Group", "TEAM-entwicklerïnnen")], ..trouble("encodings") },
    trouble("lists"),
    trouble("nulls"),
    Trouble {
        others: &[
            ("User", "TEAM-Ann.B@Example.com"),
            ("User", "arn:aws:iam::111122223333:user/TEAM"),
            ("Group", "TEAM team with spaces"),
            ("Group", "TEAM:2024"),
            ("Group", "system:serviceaccounts:THIRD"),
            ("User", "system:serviceaccount:SPACE:TEAM-bot"),
            ("User", "system:serviceaccount:THIRD:TEAM-bot"),
        ],
        ..trouble("subjects")
    },
    trouble("urls"),
    trouble("names-and-subresources"),
    Trouble {
        gaps: &["it is there twice, with different content; the later one counts here"],
        ..trouble("said-twice")
    },
    Trouble { theirs: &[".github", "docker-compose", "chart/"], gaps: &["it is a template"], ..trouble("repository") },
];

/// How often each seed is laid out.
const COPIES: usize = 10;

/// The words of a seed that are something else in each copy, and some at each place.
const WORDS: [&str; 10] =
    ["TEAM", "SPACE", "OTHER", "THIRD", "VERBS", "GROUPS", "RESOURCES", "NAMES", "URLS", "SUBJECT"];

const VERBS: [&str; 12] =
    ["get", "list", "watch", "create", "update", "delete", "get", "list", "create", "patch", "delete", "*"];
const GROUPS: [&str; 9] = ["", "apps", "batch", "rbac.authorization.k8s.io", "", "apps", "", "example.com", "*"];
const RESOURCES: [&str; 10] =
    ["pods", "services", "configmaps", "secrets", "deployments", "jobs", "roles", "widgets", "pods/log", "*"];
const NAMES: [&str; 3] = ["one", "two", "web.v1"];
const URLS: [&str; 12] = [
    "/metrics",
    "/metrics/*",
    "/healthz",
    "/healthz/*",
    "/apis/*",
    "*",
    "/logs/*",
    "/",
    "/*",
    "/a/*/b",
    "/metrics*",
    "/healthz/etcd",
];

/// What is asked about, as it is typed.
const TYPED: [&str; 8] = [
    "pods",
    "services",
    "configmaps",
    "secrets",
    "deployments.apps",
    "jobs.batch",
    "roles.rbac.authorization.k8s.io",
    "widgets.example.com",
];
const SUBRESOURCES: [(&str, &str); 6] = [
    ("pods", "log"),
    ("pods", "exec"),
    ("pods", "status"),
    ("deployments.apps", "scale"),
    ("deployments.apps", "status"),
    ("services", "status"),
];
const PATHS: [&str; 9] =
    ["/metrics", "/metrics/cadvisor", "/metricsx", "/healthz", "/healthz/etcd", "/apis/apps", "/logs/x", "/", "/a/*/b"];

/// Who is named in every seed.
const PEOPLE: [(&str, &str); 6] = [
    ("User", "TEAM-ann"),
    ("User", "TEAM-ben"),
    ("Group", "TEAM-devs"),
    ("Group", "TEAM-ops"),
    ("ServiceAccount", "SPACE/TEAM-bot"),
    ("ServiceAccount", "OTHER/TEAM-bot"),
];
/// Who may be meant by a mistake.
const NEIGHBOURS: [(&str, &str); 4] = [
    ("ServiceAccount", "SPACE/default"),
    ("ServiceAccount", "THIRD/default"),
    ("ServiceAccount", "THIRD/TEAM-bot"),
    ("ServiceAccount", "SPACE/TEAM-nowhere"),
];

/// A seed, laid out.
pub(super) struct Repository {
    pub(super) trouble: &'static Trouble,
    pub(super) folder: PathBuf,
    pub(super) copies: Vec<PathBuf>,
    /// The files, where kubectl takes not all of the folder.
    pub(super) for_kubectl: Option<Vec<PathBuf>>,
    /// How many objects we are given that kubectl is not.
    pub(super) ours_alone: usize,
}

/// The namespaces of every kind of trouble.
pub(super) fn namespaces() -> String {
    let names = TROUBLES.iter().flat_map(|trouble| (0..3).map(|at| trouble.space(at)));
    let each = names.map(|name| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"));
    each.collect::<Vec<_>>().join("---\n")
}

impl Trouble {
    /// One of its three namespaces.
    pub(super) fn space(&self, at: usize) -> String {
        format!("{}-{}", self.name, ["a", "b", "c"][at])
    }

    fn team(&self, copy: usize) -> String {
        format!("{}-{copy}", self.name)
    }

    /// What a word is in a copy: another one at each place, but for names.
    fn word(&self, word: &str, copy: usize, random: &mut Random) -> String {
        let some = |random: &mut Random, of: &[&str], max| json!(random.some(of, max)).to_string();
        // Namespaces change places, so that no copy is like the one before it.
        let space = |at: usize| self.space(if self.keeps_spaces() { at } else { (at + copy) % 3 });
        match word {
            "TEAM" => self.team(copy),
            "SPACE" => space(0),
            "OTHER" => space(1),
            "THIRD" => space(2),
            "VERBS" => some(random, &VERBS, 2),
            "GROUPS" => some(random, &GROUPS, 1),
            "RESOURCES" => some(random, &RESOURCES, 2),
            "NAMES" => some(random, &NAMES, 1),
            "URLS" => some(random, &URLS, 1),
            _ => {
                let (kind, name) = random.one(&PEOPLE);
                let name = self.filled(name, copy, random);
                match name.split_once('/') {
                    Some((namespace, name)) => json!({"kind": kind, "namespace": namespace, "name": name}),
                    None => json!({"kind": kind, "apiGroup": "rbac.authorization.k8s.io", "name": name}),
                }
                .to_string()
            }
        }
    }

    /// kubectl is told one namespace.
    fn keeps_spaces(&self) -> bool {
        matches!(self.way, Way::InNamespace)
    }

    /// A text with every word replaced.
    fn filled(&self, text: &str, copy: usize, random: &mut Random) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((at, word)) = WORDS.iter().filter_map(|word| Some((rest.find(word)?, *word))).min() {
            filled.push_str(&rest[..at]);
            filled.push_str(&self.word(word, copy, random));
            rest = &rest[at + word.len()..];
        }
        filled + rest
    }
}

impl Repository {
    /// Lays a seed out.
    pub(super) fn lay_out(trouble: &'static Trouble, folder: &Path, random: &mut Random) -> anyhow::Result<Self> {
        let seed = folder_of_seeds().join(trouble.name);
        let mut files = Vec::new();
        walk(&seed, &mut files)?;
        let (mut copies, mut for_kubectl, mut ours_alone) = (Vec::new(), Vec::new(), 0);
        for copy in 0..COPIES {
            let root = folder.join(trouble.team(copy));
            for file in &files {
                let text = trouble.filled(&fs::read_to_string(file)?, copy, random);
                let path = root.join(file.strip_prefix(&seed)?);
                let is_theirs = trouble.theirs.iter().any(|part| file.display().to_string().contains(part));
                if is_theirs {
                    ours_alone += text.matches("\nkind: ").count();
                } else {
                    for_kubectl.push(path.clone());
                }
                let bytes = if trouble.name == "encodings" { encoded(&text, copy) } else { text.into_bytes() };
                write(&path, &bytes)?;
            }
            copies.push(root);
        }
        let for_kubectl = (!trouble.theirs.is_empty()).then_some(for_kubectl);
        Ok(Self { trouble, folder: folder.to_owned(), copies, for_kubectl, ours_alone })
    }

    /// Somebody who is named in a copy, or nearly.
    pub(super) fn someone(&self, random: &mut Random) -> Asking {
        let all: Vec<(&str, &str)> = [&PEOPLE[..], &PEOPLE, self.trouble.others, &NEIGHBOURS].concat();
        let (kind, name) = random.one(&all);
        let name = self.trouble.filled(name, random.below(COPIES), random);
        match (kind, name.split_once('/')) {
            ("ServiceAccount", Some((namespace, name))) => Asking::account(namespace, name),
            ("Group", _) => Asking::member(&name),
            _ => Asking::user(&name),
        }
    }

    /// Something to ask about, as it is typed.
    pub(super) fn request(&self, random: &mut Random) -> Vec<String> {
        let is = |name: &str| self.trouble.name == name;
        let one_in = |random: &mut Random, often: bool, usual: usize| random.below(if often { 2 } else { usual }) == 0;
        if one_in(random, is("urls"), 8) {
            return [random.one(&["get", "post", "delete", "watch"]), random.one(&PATHS)].map(str::to_owned).to_vec();
        }
        let verb = random.one(&["get", "list", "watch", "create", "update", "delete", "patch"]).to_owned();
        if is("aggregation") && random.below(2) == 0 {
            let what = random.one(&["widgets", "gadgets", "secretthings"]);
            return vec![verb, format!("{what}.{}.example.com", self.trouble.team(random.below(COPIES)))];
        }
        let (what, subresource) = if one_in(random, is("names-and-subresources"), 8) {
            let (what, subresource) = random.one(&SUBRESOURCES);
            (what, vec!["--subresource".to_owned(), subresource.to_owned()])
        } else {
            (random.one(&TYPED), Vec::new())
        };
        let named = one_in(random, is("names-and-subresources"), 4);
        let what = if named { format!("{what}/{}", random.one(&NAMES)) } else { what.to_owned() };
        [vec![verb, what], subresource].concat()
    }
}

/// The files of a folder and of those in it.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// A text as some editor saved it.
fn encoded(text: &str, copy: usize) -> Vec<u8> {
    let utf_16 = |order: fn(u16) -> [u8; 2]| [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(order).collect();
    match copy % 5 {
        0 => utf_16(u16::to_le_bytes),
        1 => utf_16(u16::to_be_bytes),
        2 => format!("\u{feff}{text}").into_bytes(),
        3 => text.replace('\n', "\r\n").into_bytes(),
        _ => text.replace('\n', "\r").into_bytes(),
    }
}

/// What the folders of seeds are called: each is a kind of trouble.
pub(super) fn seeds() -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder_of_seeds())? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn folder_of_seeds() -> PathBuf {
    ::pages::repository().join("tests/e2e/tests/it/manifests/seeds")
}
