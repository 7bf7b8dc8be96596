//! Users whose tokens another program makes, turned to this one.

use document::{Dialect, Edits, Limits, Node, Problem, Read, SEVERAL, Source, Style, Value, parse_as};
use serde_json::Value as Json;

use crate::{
    ApiVersion, InteractiveMode,
    merge::unedited,
    program::{Maker, file_name, is_aws_cli},
    read::{problem, text, unloadable},
};

/// The result of a conversion: the changed text, the users that were converted, and those that were not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The kubeconfig. Every byte is as it was but for what had to be another.
    pub text: String,
    /// Users that were turned, in their order.
    pub users: Vec<ConvertedUser>,
    /// Users of these programs, and of scripts and programs that may run them, that stay as they were.
    pub left: Vec<LeftUser>,
    /// The lines, from 1, where a second document begins, which kubectl does not read.
    pub unread: Vec<usize>,
}

/// A user that was converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedUser {
    /// Its name.
    pub name: String,
    /// The command line as it was.
    pub before: String,
    /// And as it is.
    pub after: String,
}

/// A user that was not converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftUser {
    /// Its name.
    pub name: String,
    /// Its command line.
    pub command_line: String,
    /// Why it stays.
    pub why: String,
}

/// Turns every user whose tokens `aws`, `aws-iam-authenticator` or `heptio-authenticator-aws` makes to `command`, which understands
/// the same arguments; `accepts` says whether it does, or why not. A program in front of them, as `aws-vault exec prod --`, stays
/// there. Arguments, environment, order and comments stay. The install hint becomes `install_hint`, since the old one names
/// another program, and the interactive mode is said.
pub fn convert(
    existing: &Source,
    command: &str,
    install_hint: &str,
    accepts: impl Fn(&[String]) -> Result<(), String>,
) -> Result<Converted, Vec<Problem>> {
    let Read { root, warnings } = parse_as(existing, &Limits::default(), Dialect::Kubernetes)?;
    let others = warnings.iter().filter(|warning| warning.code == SEVERAL);
    let unread: Vec<usize> = others.map(|warning| existing.position(warning.span.start).line).collect();
    let Some(root) = root else {
        let text = Edits::new(existing).apply_as(Dialect::Kubernetes, &Json::Null).map_err(|problem| vec![problem])?;
        return Ok(Converted { text, users: Vec::new(), left: Vec::new(), unread });
    };
    let mut turning = Turning { edits: Edits::new(existing), command, install_hint };
    let mut expected = root.to_json();
    let (mut users, mut left, mut problems) = (Vec::new(), Vec::new(), unloadable(&root));
    for (at, user) in root.get("users").and_then(Node::as_sequence).unwrap_or_default().iter().enumerate() {
        let plugin = match Plugin::of(user) {
            Ok(Some(plugin)) => plugin,
            Ok(None) => continue,
            Err(problem) => {
                problems.push(*problem);
                continue;
            }
        };
        let (name, before) = (plugin.user.to_owned(), plugin.command_line());
        if plugin.runs(command) {
            continue;
        }
        match plugin.words(command).and_then(&accepts) {
            Err(why) => left.push(LeftUser { name, command_line: before, why }),
            Ok(()) => {
                let section = &mut expected["users"][at]["user"]["exec"];
                let was = section.clone();
                turning.turn(&plugin, section);
                // Under the other program's name this one is told from it by nothing but the rest.
                if *section != was {
                    users.push(ConvertedUser { name, before, after: plugin.with(command) });
                }
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let hint = unedited(existing);
    let text = turning.edits.apply_as(Dialect::Kubernetes, &expected).map_err(|problem| vec![problem.hint(hint)])?;
    Ok(Converted { text, users, left, unread })
}

/// What whoever has a script or a wrapper can do.
const INSTEAD: &str = "where it runs `aws eks get-token` or `aws-iam-authenticator token`, write `cluster-auth eks get-token` or \
                       `cluster-auth token` with the same arguments there, or make the user anew by `cluster-auth kubeconfig \
                       --eks NAME --merge`";

/// The words, where the program itself would make a token of them: what it refuses is a mistake, and nobody knows what was meant.
fn asks_for_token<'a>(program: &str, words: &'a [String]) -> Result<&'a [String], String> {
    let of_aws = is_aws_cli(program);
    let (asked, right) = if of_aws { ("get-token", "aws eks get-token") } else { ("token", "token") };
    if words.iter().any(|word| word == asked) {
        return Ok(words);
    }
    let program = if of_aws { "the AWS CLI" } else { file_name(program) };
    Err(format!(
        "these words are not a command of {program} that makes a token (`{right}` is), so that it is not converted"
    ))
}

/// Programs that run what their arguments say.
const SHELLS: [&str; 10] = ["sh", "bash", "zsh", "dash", "ksh", "fish", "cmd", "powershell", "pwsh", "env"];

/// The exec section of a user whose tokens one of these programs makes.
struct Plugin<'a> {
    user: &'a str,
    program: &'a str,
    args: Vec<String>,
    maker: Maker,
    exec: &'a Node,
    style: Style,
}

impl<'a> Plugin<'a> {
    /// None where the user's credentials come from elsewhere.
    fn of(user: &'a Node) -> Result<Option<Self>, Box<Problem>> {
        let Some(exec) = user.get("user").and_then(|user| user.get("exec")) else { return Ok(None) };
        let Value::Mapping(_, style) = &exec.value else { return Ok(None) };
        let Some(program) = exec.get("command").and_then(text) else { return Ok(None) };
        let args = match exec.get("args").filter(|args| !args.is_null()) {
            None => Some(Vec::new()),
            Some(args) => {
                args.as_sequence().and_then(|args| args.iter().map(|arg| text(arg).map(str::to_owned)).collect())
            }
        };
        let Some(maker) = Maker::of(program, args.as_deref().unwrap_or_default()) else { return Ok(None) };
        let args = if maker == Maker::Unknown { Some(args.unwrap_or_default()) } else { args };
        let args = args.ok_or_else(|| Box::new(problem(exec.span, "`args` is a list of texts")))?;
        let user = user.get("name").and_then(text).unwrap_or_default();
        Ok(Some(Self { user, program, args, maker, exec, style: *style }))
    }

    /// What the program that makes the tokens is asked, or why it cannot be another one, which is called `command`.
    fn words(&self, command: &str) -> Result<&[String], String> {
        match self.maker {
            // Called as the other program is, this one knows more than that one's words.
            Maker::Command if file_name(self.program) == file_name(command) => Ok(&self.args),
            Maker::Command => asks_for_token(self.program, &self.args),
            Maker::Argument(at) => asks_for_token(&self.args[at], &self.args[at + 1..]),
            Maker::Somewhere => {
                let program = file_name(self.program);
                Err(format!("{program} runs the program that makes the tokens, and is not converted: {INSTEAD}"))
            }
            Maker::Unknown => {
                let program = file_name(self.program);
                let what = if SHELLS.contains(&program) { "runs a script, and" } else { "is not known here, and" };
                Err(format!("{program} {what} what it runs is not seen, so that it is not converted: {INSTEAD}"))
            }
        }
    }

    /// On one line: a shell's script has several.
    fn command_line(&self) -> String {
        let line = [&[self.program.to_owned()][..], &self.args].concat().join(" ");
        line.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }

    /// The command line with another program that makes the tokens.
    fn with(&self, command: &str) -> String {
        let mut words = [&[self.program.to_owned()][..], &self.args].concat();
        match self.maker {
            Maker::Command => command.clone_into(&mut words[0]),
            Maker::Argument(at) => command.clone_into(&mut words[at + 1]),
            Maker::Somewhere | Maker::Unknown => {}
        }
        words.join(" ")
    }

    /// Whether it is turned already: it is the program that is wanted, or one in front that runs it.
    fn runs(&self, command: &str) -> bool {
        let is_seen_by_name = matches!(self.maker, Maker::Somewhere | Maker::Unknown);
        is_seen_by_name && (self.program == command || self.args.iter().any(|arg| arg == command))
    }
}

/// The changes so far.
struct Turning<'a> {
    edits: Edits<'a>,
    command: &'a str,
    install_hint: &'a str,
}

impl Turning<'_> {
    /// Turns one, and says in `expected` what its section is to mean.
    fn turn(&mut self, plugin: &Plugin<'_>, expected: &mut Json) {
        let command = Json::from(self.command);
        match plugin.maker {
            Maker::Argument(at) => {
                if let Some(args) = plugin.exec.get("args").and_then(Node::as_sequence) {
                    self.edits.write(&args[at], style_of(plugin.exec.get("args"), plugin.style), &command);
                    expected["args"][at] = command;
                }
            }
            Maker::Command | Maker::Somewhere | Maker::Unknown => {
                self.set(plugin, "command", command, expected);
            }
        }
        // kubectl has dropped the first one, and runs nothing without any; v1 wants the mode, which is said below.
        let version = plugin.exec.get("apiVersion").and_then(text).unwrap_or_default();
        if ["", ApiVersion::V1Alpha1.as_str()].contains(&version) {
            self.set(plugin, "apiVersion", ApiVersion::V1.as_str().into(), expected);
        }
        let has_null = plugin.exec.get("installHint").is_some_and(Node::is_null);
        if plugin.maker == Maker::Command && !has_null {
            self.set(plugin, "installHint", self.install_hint.into(), expected);
        }
        if plugin.exec.get("interactiveMode").is_none() {
            self.set(plugin, "interactiveMode", InteractiveMode::IfAvailable.as_str().into(), expected);
        }
    }

    /// Sets a key of the section, in the text and in what it is to mean.
    fn set(&mut self, plugin: &Plugin<'_>, key: &str, value: Json, expected: &mut Json) {
        self.edits.set(plugin.exec, key, &value);
        expected[key] = value;
    }
}

fn style_of(node: Option<&Node>, otherwise: Style) -> Style {
    match node.map(|node| &node.value) {
        Some(Value::Sequence(_, style) | Value::Mapping(_, style)) => *style,
        Some(Value::Scalar(_)) | None => otherwise,
    }
}
