//! The changes, and beside each what the file is to mean behind it.

use std::collections::BTreeSet;

use document::{Dialect, Edits, Entry, Node, Problem, Source, Style, Value, plain_or_quoted};
use serde_json::{Value as Json, json};

use super::other_files::{OtherFiles, word};
use crate::{
    Authority, ClusterEndpoint, ExecEntry,
    entry::{Kind, item, meaning},
    read::{DATA, FILE, INSECURE, unloadable},
};

/// By which name the API server's certificate is checked.
const SERVER_NAME: &str = "tls-server-name";
/// By way of which proxy the API server is reached.
const PROXY: &str = "proxy-url";

pub(super) struct Changes<'a> {
    source: &'a Source,
    root: &'a Node,
    style: Style,
    edits: Edits<'a>,
    expected: Json,
    /// Keys that the root lacks, as block text and as JSON.
    added: Vec<(String, String)>,
}

impl<'a> Changes<'a> {
    /// None yet, of a kubeconfig that kubectl loads.
    pub(super) fn of(source: &'a Source, root: &'a Node) -> Result<Self, Vec<Problem>> {
        let Value::Mapping(_, style) = &root.value else {
            let message = format!("a kubeconfig must be a mapping, found {}", root.kind());
            return Err(vec![Problem::error("kubeconfig.shape", root.span, message)]);
        };
        let edits = Edits::new(source);
        let changes = Self { source, root, style: *style, edits, expected: root.to_json(), added: Vec::new() };
        let problems = unloadable(root);
        if problems.is_empty() { Ok(changes) } else { Err(problems) }
    }

    /// Puts the entry's part into a list: into the one of its name, or behind the others.
    pub(super) fn put(&mut self, entry: &ExecEntry, kind: Kind, beside: &OtherFiles, notes: &mut Vec<String>) {
        let named = |node: &Node| {
            node.get("name").and_then(Node::as_scalar).is_some_and(|name| *name.text == *kind.name(entry))
        };
        let nodes = self.root.get(kind.key()).and_then(Node::as_sequence).unwrap_or_default();
        let Some(at) = nodes.iter().position(named) else { return self.add(entry, kind) };
        let body = nodes[at].get(kind.body()).filter(|body| body.as_mapping().is_some());
        let Some(body) = body else {
            let meaning = meaning(entry, kind);
            self.edits.replace(nodes[at].span, meaning.to_string());
            self.expected[kind.key()][at] = meaning;
            return;
        };
        let before = self.expected[kind.key()][at][kind.body()].clone();
        match kind {
            Kind::Cluster => {
                for (key, value) in entry.endpoint.keys() {
                    self.set(body, (kind, at), key, &value);
                }
                let is_other_server = before["server"] != self.expected[kind.key()][at][kind.body()]["server"];
                let name_of_other = is_other_server.then(|| (SERVER_NAME, json!("")));
                for (key, value) in unset(&entry.endpoint).into_iter().chain(name_of_other) {
                    if is_set(&before[key]) && !entry.endpoint.other.contains_key(key) {
                        self.set(body, (kind, at), key, &value);
                    }
                }
            }
            Kind::Context => {
                let namespace = entry.namespace.as_deref().map(|namespace| ("namespace", namespace));
                for (key, value) in [("cluster", &*entry.cluster), ("user", &*entry.user)].into_iter().chain(namespace)
                {
                    self.set(body, (kind, at), key, &Json::from(value));
                }
            }
            Kind::User => self.set_exec(body, at, entry),
        }
        let after = &self.expected[kind.key()][at][kind.body()];
        if kind == Kind::Cluster {
            notes.extend(who_vouches(&entry.cluster, &entry.endpoint, after));
        }
        match kind {
            _ if before == *after => {}
            Kind::Cluster => notes.extend(of_cluster(&before, after, entry)),
            Kind::Context => notes.extend(of_context(&before, after, entry)),
            Kind::User => {
                let others: Vec<_> = beside.others(&self.expected, "user", &entry.user, entry).collect();
                notes.extend(of_user(&before, after, entry, &others));
            }
        }
    }

    /// Makes a context the current one.
    pub(super) fn set_current(&mut self, context: &str) {
        let value = Json::from(context);
        if self.entry("current-context").is_some() {
            self.edits.set(self.root, "current-context", &value);
        } else {
            let block = format!("current-context: {}\n", plain_or_quoted(context));
            self.added.push((block, format!("\"current-context\":{value}")));
        }
        self.expected["current-context"] = value;
    }

    /// The text, which means what was expected.
    pub(super) fn apply(mut self) -> Result<String, Problem> {
        let has_keys = self.root.as_mapping().is_some_and(|entries| !entries.is_empty());
        match self.style {
            Style::Flow => {
                let keys: Vec<_> = self.added.iter().map(|(_, flow)| flow.as_str()).collect();
                if !keys.is_empty() {
                    let inner = self.source.text()[..self.root.span.end - 1].trim_end();
                    // A comma that ends the last entry already is left where it is.
                    let comma = if has_keys && !inner.ends_with(',') { "," } else { "" };
                    self.edits.insert(inner.len(), format!("{comma}{}", keys.join(",")));
                }
            }
            Style::Block => {
                let pad = " ".repeat(self.edits.column(self.root.span.start));
                let lines = self.added.iter().flat_map(|(block, _)| block.lines());
                let keys: String = lines.map(|line| format!("{pad}{line}\n")).collect();
                if !keys.is_empty() {
                    self.edits.insert_lines(self.root.span.end, &keys);
                }
            }
        }
        self.edits.apply_as(Dialect::Kubernetes, &self.expected)
    }

    /// Adds the entry's part behind the others of a list.
    fn add(&mut self, entry: &ExecEntry, kind: Kind) {
        let meaning = meaning(entry, kind);
        match self.entry(kind.key()) {
            None => {
                let block = format!("{}:\n{}", kind.key(), item(entry, kind, 0));
                self.added.push((block, format!("\"{}\":[{meaning}]", kind.key())));
            }
            Some(Entry { value: Node { value: Value::Sequence(nodes, style), .. }, .. }) if !nodes.is_empty() => {
                let last = &nodes[nodes.len() - 1];
                match style {
                    Style::Flow => self.edits.insert(last.span.end, format!(", {meaning}")),
                    Style::Block => {
                        let block = item(entry, kind, self.edits.dash_column(last));
                        self.edits.insert_lines(last.span.end, &block);
                    }
                }
            }
            Some(_) => {
                self.edits.set(self.root, kind.key(), &json!([meaning]));
            }
        }
        match &mut self.expected[kind.key()] {
            Json::Array(list) => list.push(meaning),
            list => *list = json!([meaning]),
        }
    }

    /// Sets a key of a body, unless it says so already.
    fn set(&mut self, body: &Node, (kind, at): (Kind, usize), key: &str, value: &Json) {
        let expected = &mut self.expected[kind.key()][at][kind.body()];
        if expected.get(key) != Some(value) {
            expected[key] = value.clone();
            self.edits.set(body, key, value);
        }
    }

    fn set_exec(&mut self, user: &Node, at: usize, entry: &ExecEntry) {
        let meaning = entry.exec.json();
        let exec = user.get("exec");
        if exec.is_some_and(|exec| exec.to_json() == meaning) {
            return;
        }
        self.expected[Kind::User.key()][at][Kind::User.body()]["exec"] = meaning.clone();
        match exec {
            Some(exec @ Node { value: Value::Mapping(_, Style::Block), .. }) => {
                let pad = " ".repeat(self.edits.column(exec.span.start));
                self.edits
                    .replace(self.edits.without_trailing(exec.span), entry.exec.lines().join(&format!("\n{pad}")));
            }
            _ => self.edits.set(user, "exec", &meaning),
        }
    }

    fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.root.as_mapping()?.iter().find(|entry| *entry.key.text == *key)
    }
}

/// What must not stand beside what is given: kubectl refuses two authorities, and one beside not looking at it.
fn unset(endpoint: &ClusterEndpoint) -> Vec<(&'static str, Json)> {
    let (file, data) = ((FILE, json!("")), (DATA, json!("")));
    match &endpoint.authority {
        Authority::System if endpoint.is_insecure() => vec![file, data],
        Authority::System => Vec::new(),
        Authority::Pem(_) => vec![file, (INSECURE, json!(false))],
        Authority::File(_) => vec![data, (INSECURE, json!(false))],
    }
}

/// Says who vouches for a server where nobody was named for that.
fn who_vouches(name: &str, endpoint: &ClusterEndpoint, cluster: &Json) -> Option<String> {
    if endpoint.authority != Authority::System || endpoint.is_insecure() {
        return None;
    }
    if is_set(&cluster[INSECURE]) {
        return Some(format!(
            "the cluster {name} keeps {INSECURE}: true, so the API server's certificate is not checked"
        ));
    }
    let key = [DATA, FILE].into_iter().find(|key| is_set(&cluster[key]))?;
    Some(format!("the cluster {name} keeps its {key}, since no other was given"))
}

fn is_set(value: &Json) -> bool {
    !value.is_null() && *value != "" && *value != false
}

/// What of a cluster is another than it was.
fn of_cluster(before: &Json, after: &Json, entry: &ExecEntry) -> Vec<String> {
    let mut notes = Vec::new();
    let name = &entry.cluster;
    let was = before["server"].as_str().unwrap_or_default();
    if before["server"] != after["server"] {
        let is = &entry.endpoint.server;
        notes.push(match was {
            "" => format!("the cluster {name} had no server and has {is} now"),
            was => format!("the cluster {name} was {was} and is {is} now"),
        });
    }
    let [had, has] = [before, after].map(|cluster| [FILE, DATA].map(|key| is_set(&cluster[key])));
    let mut said = vec!["server"];
    match (had, has) {
        ([false, false], [false, true]) => {
            notes.push(format!("the cluster {name} had no certificate authority of its own and has one now"));
            said.extend([FILE, DATA]);
        }
        ([true, false], [false, true]) => {
            let file = before[FILE].as_str().unwrap_or_default();
            notes.push(format!("the cluster {name} had its authority in {file} and has it as {DATA} now"));
            said.extend([FILE, DATA]);
        }
        _ => {}
    }
    if is_set(&before[SERVER_NAME]) && !is_set(&after[SERVER_NAME]) {
        let was = before[SERVER_NAME].as_str().unwrap_or_default();
        notes.push(format!("the cluster {name} had the {SERVER_NAME} {was} of its former server and has none now"));
        said.push(SERVER_NAME);
    }
    if before["server"] != after["server"] && is_set(&after[PROXY]) && before[PROXY] == after[PROXY] {
        let proxy = after[PROXY].as_str().unwrap_or_default();
        notes.push(format!("the cluster {name} keeps its {PROXY} {proxy}, by which its new server is reached as well"));
    }
    let keys = changed(before, after, &said);
    if !keys.is_empty() {
        notes.push(format!("the cluster {name} has another {} now", keys.join(", ")));
    }
    notes
}

/// What of a context is another than it was.
fn of_context(before: &Json, after: &Json, entry: &ExecEntry) -> Vec<String> {
    let mut notes = Vec::new();
    let (name, was) = (&entry.context, |key: &str| before[key].as_str().unwrap_or_default().to_owned());
    if before["user"] != after["user"] && !was("user").is_empty() {
        notes.push(format!(
            "the context {name} logged in as the user {} and does as {} now; `kubectl config set-context {} --user={}` changes it back",
            was("user"),
            entry.user,
            word(name),
            word(&was("user")),
        ));
    }
    for key in ["cluster", "namespace"] {
        if before[key] != after[key] && !was(key).is_empty() {
            let is = after[key].as_str().unwrap_or_default();
            notes.push(format!("the context {name} had the {key} {} and has {is} now", was(key)));
        }
    }
    notes
}

/// What of a user of this program's, or of one without credentials, is another than it was.
fn of_user(before: &Json, after: &Json, entry: &ExecEntry, others: &[&str]) -> Vec<String> {
    let name = match others {
        [] => entry.user.clone(),
        others => format!("{}, which {} uses too,", entry.user, others.join(", ")),
    };
    let (was, is) = (&before["exec"], &after["exec"]);
    let (got, gets) = (command_line(was), command_line(is));
    if got.is_empty() {
        let gets = || format!("the user {name} had no credentials and gets its tokens by `{gets}` now");
        return (!others.is_empty()).then(gets).into_iter().collect();
    }
    let mut notes = Vec::new();
    let mut said: &[&str] = &[];
    if got != gets {
        notes.push(format!("the user {name} got its tokens by `{got}` and gets them by `{gets}` now"));
        said = &["command", "args", "env"];
    }
    let keys = changed(was, is, said);
    if !keys.is_empty() {
        notes.push(format!("the user {name} has another {} now", keys.join(", ")));
    }
    notes
}

/// The keys whose values are other ones than they were, but for some.
fn changed<'a>(before: &'a Json, after: &'a Json, but_for: &[&str]) -> Vec<&'a str> {
    let keys = |value: &'a Json| value.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    let all: BTreeSet<&str> = keys(before).chain(keys(after)).collect();
    all.into_iter().filter(|key| !but_for.contains(key) && before[*key] != after[*key]).collect()
}

/// Variables of a plugin that are not secrets, whoever set them.
const SHOWN: [&str; 3] = ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"];

/// What a shell would be told to do the same as a plugin; empty where there is none.
fn command_line(exec: &Json) -> String {
    let list = |key: &str| exec[key].as_array().into_iter().flatten();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let env = list("env").map(|one| match (text(&one["name"]), text(&one["value"])) {
        (name, value) if SHOWN.contains(&&*name) => format!("{name}={value}"),
        (name, _) => format!("{name}=…"),
    });
    let command = exec["command"].as_str().map(str::to_owned);
    env.chain(command).chain(list("args").map(text)).collect::<Vec<_>>().join(" ")
}
