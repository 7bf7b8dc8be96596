//! What the values of flags are, where the parser does not say it by itself.

use std::path::{Path, PathBuf};

use access::RenderTarget;
use inventory::MappingTarget;
use rbac::escalation::Severity;

use crate::{commands::lint::SEVERITIES, process::Process, shared::observe::contexts};

/// What only the machine knows.
pub(super) enum Ask<'a> {
    /// Contexts of a kubeconfig; of those that kubectl would read where none is named.
    Contexts(Option<&'a str>),
    /// Profiles of the AWS configuration.
    Profiles,
}

/// What completes a value.
#[derive(Clone, Copy)]
pub(super) enum Values {
    /// One of these.
    Listed(fn() -> Vec<String>),
    /// A context of the kubeconfig that the flag of this id names.
    ContextOf(&'static str),
    /// A profile of the AWS configuration.
    Profile,
    /// A side of `diff`: a path, or one of several kinds of names.
    Side,
    /// A user or group of Kubernetes.
    Subject,
    /// Whatever people think of.
    Free,
}

/// What a side of `diff` is that is no path.
const SIDES: [&str; 3] = ["context:", "user:", "group:"];

/// By command (empty: in every one that has it) and by the argument's id.
const TABLE: &[(&str, &str, Values)] = &[
    ("", "api_version", Values::Listed(|| words(&["v1", "v1beta1"]))),
    ("", "backend_mode", Values::Listed(|| words(&["MountedFile"]))),
    ("", "context", Values::ContextOf("kubeconfig")),
    ("", "kubeconfig_context", Values::ContextOf("kubeconfig")),
    ("", "expiry", Values::Listed(|| words(&["refuse", "at-next-apply"]))),
    ("", "from_context", Values::ContextOf("from_kubeconfig")),
    ("", "log_format", Values::Listed(|| words(&["text", "json"]))),
    ("", "log_verbosity", Values::Listed(|| words(&["panic", "fatal", "error", "warning", "info", "debug", "trace"]))),
    ("", "partition", Values::Listed(|| words(&["aws", "aws-cn", "aws-us-gov"]))),
    ("", "profile", Values::Profile),
    ("diff", "a", Values::Side),
    ("diff", "b", Values::Side),
    ("explain", "what", Values::Listed(|| visibility::explain::codes().map(|code| code.code.to_owned()).collect())),
    ("lint", "fail_on", Values::Listed(severities)),
    ("lint", "severity", Values::Listed(severities)),
    ("matrix", "whose", Values::Subject),
    ("render", "to", Values::Listed(|| RenderTarget::ALL.iter().map(|target| target.as_str().to_owned()).collect())),
    ("who-can", "verb", Values::Listed(verbs)),
    ("", "mapping", Values::Listed(|| MappingTarget::ALL.iter().map(|target| target.as_str().to_owned()).collect())),
    ("", "address", Values::Free),
    ("", "cluster_id", Values::Free),
    ("", "command", Values::Free),
    ("", "config_map", Values::Free),
    ("", "default_namespace", Values::Free),
    ("", "reader", Values::Listed(|| words(&["aws-iam-authenticator", "cluster-auth"]))),
    ("", "ec2_burst", Values::Free),
    ("", "ec2_qps", Values::Free),
    ("", "eks", Values::Free),
    ("", "exclude", Values::Free),
    ("", "expect", Values::Free),
    ("", "external_id", Values::Free),
    ("", "feature_gates", Values::Free),
    ("", "forget", Values::Free),
    ("", "health_address", Values::Free),
    ("", "groups", Values::Free),
    ("", "hook_image", Values::Free),
    ("", "hostname", Values::Free),
    ("", "identity_cache_seconds", Values::Free),
    ("", "image", Values::Free),
    ("", "listen", Values::Free),
    ("", "master", Values::Free),
    ("", "master_url", Values::Free),
    ("", "max_clock_skew_seconds", Values::Free),
    ("", "max_token_length", Values::Free),
    ("", "mfa_code", Values::Free),
    ("", "name", Values::Free),
    ("", "namespace", Values::Free),
    ("", "namespaces", Values::Free),
    ("", "owner", Values::Free),
    ("", "port", Values::Free),
    ("", "proxy", Values::Free),
    ("", "region", Values::Free),
    ("", "resources", Values::Free),
    ("", "role", Values::Free),
    ("", "rolearn", Values::Free),
    ("", "server", Values::Free),
    ("", "session_name", Values::Free),
    ("", "settle", Values::Free),
    ("", "shadow_of", Values::Free),
    ("", "sso", Values::Free),
    ("", "state", Values::Free),
    ("", "sts_connect_to", Values::Free),
    ("", "sts_regions", Values::Free),
    ("", "subresource", Values::Free),
    ("", "token", Values::Free),
    ("", "userarn", Values::Free),
    ("", "username", Values::Free),
    ("", "what", Values::Free),
    ("", "who", Values::Free),
];

/// What completes an argument of a command; `None` if the parser knows its values, or they are files.
pub(super) fn of(command: &str, id: &str) -> Option<Values> {
    let row = |of: &str| TABLE.iter().find(|(command, name, _)| *command == of && *name == id);
    row(command).or_else(|| row("")).map(|(_, _, values)| *values)
}

impl Values {
    /// Whether what is typed is no longer the name of a file, where there may be one.
    pub(super) fn is_no_file(self, typed: &str) -> bool {
        matches!(self, Self::Side) && SIDES.iter().any(|side| typed.starts_with(side))
    }

    /// The values that may begin with what is typed. `given` is the value of another flag, by its id.
    pub(super) fn list<'a>(
        self,
        typed: &str,
        given: &impl Fn(&str) -> Option<&'a str>,
        look: &impl Fn(Ask<'_>) -> Vec<String>,
    ) -> Vec<String> {
        match self {
            Self::Listed(list) => list(),
            Self::ContextOf(flag) => look(Ask::Contexts(given(flag))),
            Self::Profile => look(Ask::Profiles),
            Self::Side if typed.starts_with("context:") => {
                let contexts = look(Ask::Contexts(given("kubeconfig")));
                contexts.iter().map(|name| format!("context:{name}")).collect()
            }
            Self::Side => words(&SIDES),
            Self::Subject => words(&["user:", "group:"]),
            Self::Free => Vec::new(),
        }
    }
}

/// Looks on this machine. What cannot be read has nothing to offer: nobody waits for an error at this place.
pub(super) fn look(ask: &Ask<'_>, process: &Process) -> Vec<String> {
    match ask {
        Ask::Contexts(file) => contexts(file.map(|file| expanded(file, process)).as_deref(), process),
        Ask::Profiles => {
            // By the rules that refuse no file.
            let files = aws::credentials::load_files(&process.aws_environment(), aws::credentials::Rules::Go);
            files.map(|files| files.profiles()).unwrap_or_default()
        }
    }
}

/// A path as the shell would hand it over.
fn expanded(path: &str, process: &Process) -> PathBuf {
    let home = path.strip_prefix("~/").zip(process.home());
    home.map_or_else(|| Path::new(path).to_owned(), |(rest, home)| home.join(rest))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn severities() -> Vec<String> {
    words(&SEVERITIES.map(Severity::as_str))
}

/// A verb that stands for all of them has to be quoted, and is hardly meant.
fn verbs() -> Vec<String> {
    visibility::verbs().filter(|verb| *verb != "*").map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::{TABLE, of};
    use crate::{
        arguments,
        commands::completion::candidates::{is_path, takes_values},
    };

    /// Every command by its name, with those below it.
    fn all(command: &Command) -> Vec<&Command> {
        let below = command.get_subcommands().filter(|below| below.get_name() != "help");
        std::iter::once(command).chain(below.flat_map(all)).collect()
    }

    #[test]
    fn every_value_is_a_path_or_one_of_the_parsers_or_has_a_row() {
        let mut root = arguments::command(&[]);
        root.build();
        let (mut found, mut wrong) = (Vec::new(), Vec::new());
        for command in all(&root).into_iter().filter(|command| !command.is_hide_set()) {
            for arg in command.get_arguments().filter(|arg| takes_values(arg) && !arg.is_hide_set()) {
                let (name, id) = (command.get_name(), arg.get_id().as_str());
                let has_row = of(name, id).is_some();
                found.extend([format!("{name} {id}"), format!(" {id}")]);
                let is_known = is_path(arg) || !arg.get_possible_values().is_empty();
                if !is_known && !has_row {
                    wrong.push(format!("what completes {id} of {name}? Say it in {}", file!()));
                }
            }
        }
        let stale = TABLE.iter().map(|(command, id, _)| format!("{command} {id}")).filter(|row| !found.contains(row));
        wrong.extend(stale.map(|row| format!("nothing has {row:?} any more")));
        assert_eq!(wrong, [""; 0]);
    }
}
