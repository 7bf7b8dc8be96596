//! Users whose tokens another program makes, turned to this one.

use std::collections::BTreeSet;

use document::{Edits, Entry, Limits, Node, Problem, Source, Span, Style, Value};

use crate::{
    ApiVersion, InteractiveMode,
    read::{problem, text},
    yaml::scalar,
};

/// What took the other program's place, and what could not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The kubeconfig. Every byte is as it was but for what had to be another.
    pub text: String,
    /// Users that were turned, in their order.
    pub users: Vec<ConvertedUser>,
    /// Users of these programs that stay as they were.
    pub left: Vec<LeftUser>,
}

/// One user that was turned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedUser {
    /// Its name.
    pub name: String,
    /// The command line as it was.
    pub before: String,
    /// And as it is.
    pub after: String,
}

/// One user that stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftUser {
    /// Its name.
    pub name: String,
    /// Its command line.
    pub command_line: String,
    /// Why, as `accepts` said it.
    pub why: String,
}

/// The programs whose words this one answers to.
const PROGRAMS: [&str; 3] = ["aws", "aws-iam-authenticator", "heptio-authenticator-aws"];

/// Turns every user whose exec plugin is `aws`, `aws-iam-authenticator` or `heptio-authenticator-aws` to `command`, which
/// understands the same arguments; `accepts` says whether it does, or why not. Arguments, environment, order and comments stay.
/// The install hint becomes `install_hint`, since the old one names another program, and the interactive mode is said.
pub fn convert(
    existing: &Source,
    command: &str,
    install_hint: &str,
    accepts: impl Fn(&[String]) -> Result<(), String>,
) -> Result<Converted, Vec<Problem>> {
    let mut edits = Edits::new(existing);
    let (mut users, mut left, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    let root = document::parse(existing, &Limits::default())?;
    // What an alias repeats stands in the file once.
    let mut turned = BTreeSet::new();
    let list = root.as_ref().and_then(|root| root.get("users")).and_then(Node::as_sequence).unwrap_or_default();
    for user in list {
        let plugin = match Plugin::of(user) {
            Ok(Some(plugin)) => plugin,
            Ok(None) => continue,
            Err(problem) => {
                problems.push(*problem);
                continue;
            }
        };
        let command_line = |command: &str| [&[command.to_owned()][..], &plugin.args].concat().join(" ");
        let (name, before) = (plugin.user.to_owned(), command_line(plugin.program));
        match accepts(&plugin.args) {
            Err(why) => left.push(LeftUser { name, command_line: before, why }),
            Ok(()) => {
                if turned.insert(plugin.exec.span.start) {
                    plugin.turn(&mut edits, existing, command, install_hint);
                }
                users.push(ConvertedUser { name, before, after: command_line(command) });
            }
        }
    }
    if problems.is_empty() { Ok(Converted { text: edits.apply(), users, left }) } else { Err(problems) }
}

/// The exec section of a user, of one of [`PROGRAMS`].
struct Plugin<'a> {
    user: &'a str,
    program: &'a str,
    args: Vec<String>,
    exec: &'a Node,
    keys: &'a [Entry],
    style: Style,
}

impl<'a> Plugin<'a> {
    /// None where the user's credentials come from elsewhere.
    fn of(user: &'a Node) -> Result<Option<Self>, Box<Problem>> {
        let Some(exec) = user.get("user").and_then(|user| user.get("exec")) else { return Ok(None) };
        let Value::Mapping(keys, style) = &exec.value else { return Ok(None) };
        let Some(program) = exec.get("command").and_then(text).filter(|command| PROGRAMS.contains(&name(command)))
        else {
            return Ok(None);
        };
        let args = match exec.get("args").filter(|args| !args.is_null()) {
            None => Some(Vec::new()),
            Some(args) => {
                args.as_sequence().and_then(|args| args.iter().map(|arg| text(arg).map(str::to_owned)).collect())
            }
        };
        let args = args.ok_or_else(|| Box::new(problem(exec.span, "`args` is a list of texts")))?;
        let user = user.get("name").and_then(text).unwrap_or_default();
        Ok(Some(Self { user, program, args, exec, keys, style: *style }))
    }

    fn turn(&self, edits: &mut Edits<'_>, source: &Source, command: &str, install_hint: &str) {
        let mut set = |node: &Node, value: &str| {
            // A block scalar's span takes in the empty lines behind it.
            let end = node.span.start + source.text()[node.span.range()].trim_end().len();
            edits.replace(Span { end, ..node.span }, self.written(value));
        };
        let mut added = Vec::new();
        if let Some(node) = self.exec.get("command") {
            set(node, command);
        }
        // kubectl has dropped it; v1 wants the mode, which is said below.
        let alpha = ApiVersion::V1Alpha1.as_str();
        if let Some(node) = self.exec.get("apiVersion").filter(|node| text(node) == Some(alpha)) {
            set(node, ApiVersion::V1.as_str());
        }
        match self.exec.get("installHint").filter(|node| !node.is_null()) {
            Some(node) => set(node, install_hint),
            None if self.lacks("installHint") => added.push(("installHint", install_hint)),
            None => {}
        }
        if self.lacks("interactiveMode") {
            added.push(("interactiveMode", InteractiveMode::IfAvailable.as_str()));
        }
        match self.style {
            Style::Flow => {
                let Some(last) = self.keys.last() else { return };
                let keys = added.iter().map(|(key, value)| format!(", \"{key}\": {}", self.written(value)));
                edits.insert(last.value.span.end, keys.collect::<String>());
            }
            Style::Block => {
                let pad = " ".repeat(edits.column(self.exec.span.start));
                let keys = added.iter().map(|(key, value)| format!("{pad}{key}: {}\n", self.written(value)));
                edits.insert_lines(self.exec.span.end, &keys.collect::<String>());
            }
        }
    }

    fn lacks(&self, key: &str) -> bool {
        self.exec.get(key).is_none()
    }

    fn written(&self, value: &str) -> String {
        match self.style {
            Style::Block => scalar(value).into_owned(),
            Style::Flow => serde_json::Value::from(value).to_string(),
        }
    }
}

/// A program's name without its folder and without what Windows appends.
fn name(command: &str) -> &str {
    let file = command.rsplit(['/', '\\']).next().unwrap_or(command);
    [".exe", ".cmd"].iter().find_map(|extension| file.strip_suffix(extension)).unwrap_or(file)
}
