//! Completion as kubectl asks plugins for it: a program `kubectl_complete-cluster_auth` on the PATH gets the words that were
//! typed and prints what may stand in place of the last one, and what the shell may add.
//!
//! Source: kubectl, `pkg/cmd/plugin_completion.go`; the directives are cobra's (`completions.go`).

use std::{ffi::OsString, fmt::Write as _};

use clap::{Arg, Command, ValueHint};

/// The program that kubectl looks for.
pub(super) const SCRIPT: &str = "\
#!/bin/sh
# Completes `kubectl cluster-auth`: an executable file kubectl_complete-cluster_auth on the PATH.
exec kubectl-cluster_auth __complete -- \"$@\"
";

/// Let the shell complete with files.
const FILES: &str = ":0";
/// Nothing but what is listed.
const NOTHING_ELSE: &str = ":4";

/// Each of what may stand in place of the last word, with what it is behind a tab; then the directive.
pub(super) fn candidates(mut root: Command, words: &[OsString]) -> String {
    root.build();
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let (typed, before) = words.split_last().unwrap_or((&"", &[]));
    let At { command, awaited, positional } = At::the_end_of(&root, before);
    let mut lines = String::new();
    let mut add = |word: &str, help: String| {
        let _ = writeln!(lines, "{word}\t{}", help.lines().next().unwrap_or_default());
    };
    let (flag, typed_value) = match typed.split_once('=') {
        Some((flag, value)) if awaited.is_none() => (long(command, flag), value),
        _ => (None, *typed),
    };
    let is_flag = awaited.is_none() && flag.is_none() && typed.starts_with('-');
    if is_flag {
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            let Some(name) = arg.get_long().map(|name| format!("--{name}")).filter(|name| name.starts_with(typed))
            else {
                continue;
            };
            add(&name, arg.get_help().map(ToString::to_string).unwrap_or_default());
        }
        return lines + NOTHING_ELSE + "\n";
    }
    let value_of = awaited.or(flag);
    if value_of.is_none() && positional == 0 {
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name().starts_with(typed)) {
            add(sub.get_name(), sub.get_about().map(ToString::to_string).unwrap_or_default());
        }
    }
    let arg = value_of.or_else(|| command.get_positionals().nth(positional));
    let prefix = &typed[..typed.len() - typed_value.len()];
    for value in arg.into_iter().flat_map(Arg::get_possible_values).filter(|value| !value.is_hide_set()) {
        if value.get_name().starts_with(typed_value) {
            add(
                &format!("{prefix}{}", value.get_name()),
                value.get_help().map(ToString::to_string).unwrap_or_default(),
            );
        }
    }
    let is_path =
        |arg: &Arg| matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath);
    lines + if arg.is_some_and(is_path) { FILES } else { NOTHING_ELSE } + "\n"
}

/// Where some words lead.
struct At<'a> {
    command: &'a Command,
    /// The flag whose value comes next.
    awaited: Option<&'a Arg>,
    /// How many words there are that belong to no flag.
    positional: usize,
}

impl<'a> At<'a> {
    fn the_end_of(root: &'a Command, words: &[&str]) -> Self {
        let mut at = Self { command: root, awaited: None, positional: 0 };
        for word in words {
            if at.awaited.take().is_some() {
                continue;
            }
            if word.starts_with("--") {
                at.awaited = long(at.command, word).filter(|arg| arg.get_action().takes_values());
            } else if let Some(letter) = word.strip_prefix('-').filter(|letters| letters.len() == 1) {
                let is_it = |arg: &&Arg| arg.get_short().is_some_and(|short| letter.starts_with(short));
                let arg = at.command.get_arguments().find(is_it);
                at.awaited = arg.filter(|arg| arg.get_action().takes_values());
            } else if word.starts_with('-') {
                // A letter with its value, or several letters.
            } else if at.positional == 0
                && let Some(sub) = at.command.find_subcommand(word)
            {
                at.command = sub;
            } else {
                at.positional += 1;
            }
        }
        at
    }
}

/// The flag of a name with two dashes.
fn long<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    let name = word.strip_prefix("--")?;
    command.get_arguments().find(|arg| arg.get_long() == Some(name))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::candidates;
    use crate::arguments;

    fn said(words: &[&str]) -> String {
        candidates(arguments::command(&[]), &words.iter().map(Into::into).collect::<Vec<_>>())
    }

    #[test]
    fn what_may_stand_there() {
        assert_snapshot!(said(&["who"]), @r#"
        whoami	Say who you are to AWS and to the cluster, and what you may do
        who-can	Say who may do something, and what grants it
        :4
        "#);
        assert_snapshot!(said(&["who-can", "--any"]), @r#"
        --any-namespace	In whichever namespace: each is listed
        :4
        "#);
        assert_snapshot!(said(&["who-can", "-n", "dev", "-o", ""]), @r#"
        text	For a terminal
        json	For programs: everything
        yaml	The same as YAML
        :4
        "#);
        assert_snapshot!(said(&["who-can", "get", "pods", "--output=y"]), @r#"
        --output=yaml	The same as YAML
        :4
        "#);
        assert_snapshot!(said(&["who-can", "get", ""]), @r#"
        :4
        "#);
        assert_snapshot!(said(&["diff", ""]), @r#"
        :0
        "#);
        assert_snapshot!(said(&["who-can", "--kubeconfig", ""]), @r#"
        :0
        "#);
    }

    #[test]
    fn commands_that_people_do_not_type_are_not_offered() {
        assert!(!said(&[""]).contains("__complete"));
        assert!(!said(&["__"]).contains('_'));
    }
}
