//! Names in which something hides, through everything that prints: people see each letter of them, programs get them exactly.

use std::{collections::BTreeSet, fs};

use anyhow::{Context as _, ensure};
use document::is_hidden;
use e2e::{
    process::{self, Output},
    world::World,
};
use serde_json::{Value, json};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[("hidden::nothing_hides_in_what_is_printed", printers)];

/// Ends a line, writes to a terminal, turns the direction of writing, ends a line in YAML 1.1, and is not seen at all.
const HOSTILE: &str = "evil\nforged: line\u{1b}[31m\u{9b}2K\u{202e}\u{2066}\u{2028}\u{2029}\u{200b}\u{feff}end";

/// Who reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// Sees it, so that nothing hides. Names are in it.
    People,
    /// The same, and no name is in it.
    PeopleWithoutNames,
    /// Programs, as JSON: the name is in it, exactly.
    Json,
    /// The same as YAML.
    Yaml,
}
use For::{Json, People, PeopleWithoutNames, Yaml};

/// Every command with every format, what is typed behind them, and who reads it.
const ROWS: &[(&str, &str, &[&str], For)] = &[
    ("check", "text", &["hostile.yaml"], PeopleWithoutNames),
    ("check", "json", &["hostile.yaml"], Json),
    ("check", "yaml", &["hostile.yaml"], Yaml),
    ("check", "sarif", &["hostile.yaml"], Json),
    ("plan", "text", &PLAN, People),
    ("plan", "markdown", &PLAN, People),
    ("plan", "json", &PLAN, Json),
    ("plan", "yaml", &PLAN, Yaml),
    ("import", "", &["-i", "demo", "--from", "world.json"], People),
    ("who-can", "text", &WHO_CAN, People),
    ("who-can", "json", &WHO_CAN, Json),
    ("who-can", "yaml", &WHO_CAN, Yaml),
    ("matrix", "text", &MATRIX, People),
    ("matrix", "markdown", &MATRIX, People),
    ("matrix", "html", &MATRIX, People),
    ("matrix", "json", &MATRIX, Json),
    ("matrix", "yaml", &MATRIX, Yaml),
    ("matrix", "text", &ONE, People),
    ("matrix", "markdown", &ONE, People),
    ("matrix", "html", &ONE, People),
    ("matrix", "json", &ONE, Json),
    ("matrix", "yaml", &ONE, Yaml),
    ("explain", "text", &EXPLAIN, People),
    ("explain", "json", &EXPLAIN, Json),
    ("explain", "yaml", &EXPLAIN, Yaml),
    ("diff", "text", &DIFF, People),
    ("diff", "markdown", &DIFF, People),
    ("diff", "json", &DIFF, Json),
    ("diff", "yaml", &DIFF, Yaml),
    ("diff", "text", &CONTRAST, People),
    ("diff", "markdown", &CONTRAST, People),
    ("diff", "json", &CONTRAST, Json),
    ("lint", "text", &["--severity", "info", "--from", "world.json"], People),
    ("lint", "json", &["--from", "world.json"], Json),
    ("lint", "yaml", &["--from", "world.json"], Yaml),
    ("lint", "sarif", &["--from", "world.json"], Json),
    ("lint", "", &["--from", "world.json", "--write-exclusions", "-"], People),
];

const PLAN: [&str; 5] = ["access.yaml", "--from", "world.json", "--mapping", "aws-auth"];
const WHO_CAN: [&str; 5] = ["get", "secrets", "--any-namespace", "--from", "world.json"];
const MATRIX: [&str; 4] = ["--by", "subjects", "--from", "world.json"];
const ONE: [&str; 3] = ["arn:aws:iam::111122223333:user/evil", "--from", "world.json"];
const EXPLAIN: [&str; 3] = ["arn:aws:iam::111122223333:user/evil", "--from", "world.json"];
const DIFF: [&str; 2] = ["calm.json", "world.json"];
const CONTRAST: [&str; 4] = ["user:nobody", "arn:aws:iam::111122223333:user/evil", "--from", "world.json"];

/// What prints no name that others chose, or shares what prints it with a row.
const APART: &[(&str, &str, &str)] = &[
    ("token", "", "credentials alone"),
    ("kubeconfig", "", "what was typed"),
    ("whoami", "text", "its sections are printed as those of explain"),
    ("whoami", "json", "as those of explain"),
    ("whoami", "yaml", "as those of explain"),
    ("init", "", "what was typed"),
    ("server", "", "a log"),
    ("add user", "", "what was typed, and a map as YAML, for programs"),
    ("add role", "", "as those of add user"),
    ("kops spec", "yaml", "what was typed"),
    ("kops spec", "json", "what was typed"),
    ("kops upload", "", "what was typed"),
    ("render", "", "what the file says, for programs"),
    ("apply", "", "its plan is printed as plan's, and the rest line by line by what says notes"),
    ("verify", "text", "crates/cli has a test"),
    ("verify", "json", "as aws-iam-authenticator prints it"),
    ("cache show", "text", "sessions of AWS"),
    ("cache show", "json", "sessions of AWS"),
    ("cache show", "yaml", "sessions of AWS"),
    ("cache clear", "", "a number"),
    ("demo", "", "people of its own"),
    ("sandbox", "", "people of its own"),
    ("version", "json", "no name"),
    ("version", "yaml", "no name"),
    ("completion", "", "a script"),
    ("help", "", "no name"),
];

/// A cluster in which all is called so of which an API server takes any name: roles, bindings, users, groups, and what is in
/// rules.
fn hostile() -> Vec<Value> {
    let group = "rbac.authorization.k8s.io";
    let object = |kind: &str, name: &str, namespace: Option<&str>, mut rest: Value| {
        rest["apiVersion"] = format!("{group}/v1").into();
        rest["kind"] = kind.into();
        rest["metadata"] = json!({"name": name, "namespace": namespace});
        rest
    };
    let role = |kind: &str, name: &str| json!({"apiGroup": group, "kind": kind, "name": name});
    let subject = |kind: &str| json!({"apiGroup": group, "kind": kind, "name": HOSTILE});
    let rules = json!([
        {"apiGroups": ["", HOSTILE], "resources": ["secrets", HOSTILE], "verbs": ["get", HOSTILE]},
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [HOSTILE], "verbs": ["get"]},
        {"nonResourceURLs": [format!("/{HOSTILE}")], "verbs": ["get"]},
    ]);
    let subjects = json!([subject("User"), subject("Group")]);
    let namespace = |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let name = document::quoted(HOSTILE);
    let arn = "arn:aws:iam::111122223333:user/evil";
    let users = format!(r#"[{{"userarn": "{arn}", "username": {name}, "groups": [{name}]}}]"#);
    vec![
        namespace("shop"),
        object("ClusterRole", HOSTILE, None, json!({"rules": rules})),
        object("Role", HOSTILE, Some("shop"), json!({"rules": [rules[0], rules[1]]})),
        object(
            "ClusterRoleBinding",
            HOSTILE,
            None,
            json!({"roleRef": role("ClusterRole", HOSTILE), "subjects": subjects}),
        ),
        object(
            "ClusterRoleBinding",
            &format!("{HOSTILE}2"),
            None,
            json!({"roleRef": role("ClusterRole", "cluster-admin"), "subjects": subjects}),
        ),
        object("RoleBinding", HOSTILE, Some("shop"), json!({"roleRef": role("Role", HOSTILE), "subjects": subjects})),
        object(
            "RoleBinding",
            &format!("{HOSTILE}2"),
            Some("shop"),
            json!({"roleRef": role("Role", "missing"), "subjects": subjects}),
        ),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
            "data": {"mapUsers": users}}),
    ]
}

fn printers(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("hidden")?;
    let items = hostile();
    let list = |items: &[Value]| format!(r#"{{"apiVersion": "v1", "kind": "List", "items": {}}}"#, Value::from(items));
    fs::write(folder.join("world.json"), list(&items))?;
    // The same with other names, for what one of two alone has is not compared.
    let written = |name: &str| serde_json::Value::from(name).to_string().trim_matches('"').to_owned();
    fs::write(folder.join("calm.json"), list(&items).replace(&written(HOSTILE), "calm"))?;
    fs::write(folder.join("access.yaml"), "clusterID: demo\ngroups:\n- name: view\n")?;
    let escaped = document::quoted(HOSTILE);
    // As it stands in a file of somebody who hides something, and in one that escapes it.
    let name = HOSTILE.replace(|letter: char| letter.is_control() || "\u{2028}\u{2029}\u{feff}".contains(letter), "");
    fs::write(folder.join("hostile.yaml"), format!("clusterID: demo\n{escaped}: 1\ngroups:\n- name: '{name}'\n"))?;

    let run = |args: &[&str]| process::run(process::command(&world.parts.cluster_auth, &folder).args(args));
    every_printer_is_named(&run)?;
    for (command, format, args, read_by) in ROWS {
        let output = if format.is_empty() { vec![] } else { vec!["-o", format] };
        let typed: Vec<&str> = command.split(' ').chain(args.iter().copied()).chain(output).collect();
        let Output { stdout, stderr, .. } = run(&typed)?;
        is_seen(&stderr).with_context(|| format!("{typed:?}, stderr"))?;
        printed(&stdout, *read_by).with_context(|| format!("{typed:?}: {stdout}\nstderr: {stderr}"))?;
    }
    Ok(())
}

/// Who adds a command or a format comes by here.
fn every_printer_is_named(run: &dyn Fn(&[&str]) -> anyhow::Result<Output>) -> anyhow::Result<()> {
    let candidates = |typed: &[&str]| -> anyhow::Result<Vec<String>> {
        let text = run(&[&["__complete", "--"], typed].concat())?.success()?;
        let words = text.lines().filter(|line| !line.starts_with([':', '-']));
        Ok(words.filter_map(|line| Some(line.split('\t').next()?.to_owned())).collect())
    };
    let mut all = BTreeSet::new();
    for command in candidates(&[""])? {
        let has_more = ["add", "cache", "kops"].contains(&&*command);
        let below = if has_more { candidates(&[&command, ""])? } else { Vec::new() };
        let below: Vec<String> =
            below.into_iter().filter(|name| name != "help").map(|name| format!("{command} {name}")).collect();
        for command in if below.is_empty() { vec![command] } else { below } {
            let words: Vec<&str> = command.split(' ').collect();
            // These two take words of their own, and no format.
            let takes_words = ["completion", "help"].contains(&&*command);
            let formats = if takes_words { vec![] } else { candidates(&[&words[..], &["-o", ""]].concat())? };
            let formats: Vec<String> = formats.into_iter().filter(|format| !format.contains('.')).collect();
            let formats = if formats.is_empty() { vec![String::new()] } else { formats };
            all.extend(formats.into_iter().map(|format| (command.clone(), format)));
        }
    }
    ensure!(all.len() > 30, "completion knows the commands: {all:?}");
    let rows = ROWS.iter().map(|(command, format, ..)| (command, format));
    let named: BTreeSet<(String, String)> = rows
        .chain(APART.iter().map(|(command, format, _)| (command, format)))
        .map(|(command, format)| ((*command).to_owned(), (*format).to_owned()))
        .collect();
    let missing: Vec<_> = all.difference(&named).collect();
    ensure!(missing.is_empty(), "give these rows here: {missing:?}");
    Ok(())
}

fn printed(text: &str, read_by: For) -> anyhow::Result<()> {
    match read_by {
        People => {
            is_seen(text)?;
            ensure!(text.contains("evil"), "no name is printed, so that nothing is shown by this");
        }
        PeopleWithoutNames => is_seen(text)?,
        Json => ensure!(has_exactly(&serde_json::from_str(text)?), "the name is not in it as it is"),
        Yaml => ensure!(has_exactly(&serde_saphyr::from_str(text)?), "the name is not in it as it is"),
    }
    Ok(())
}

/// Nothing hides, and no line is one that a name made.
fn is_seen(text: &str) -> anyhow::Result<()> {
    if let Some(line) = text.lines().find(|line| line.contains(is_hidden)) {
        anyhow::bail!("something hides in {line:?}");
    }
    ensure!(!text.lines().any(|line| line.starts_with("forged")), "a name has made a line");
    Ok(())
}

fn has_exactly(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(HOSTILE),
        Value::Array(values) => values.iter().any(has_exactly),
        Value::Object(values) => values.iter().any(|(key, value)| key.contains(HOSTILE) || has_exactly(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
