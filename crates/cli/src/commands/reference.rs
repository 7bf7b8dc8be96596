//! `__reference`: what the documentation says of the command line and of metrics, from the tables that make them.
//! `cargo xtask docs` puts it into docs/.

use std::{collections::BTreeMap, fmt::Write as _};

use clap::{Arg, Args, Command, ValueEnum};

use super::version::{DATE, VERSION};
use crate::{exit::CommandResult, process};

/// Flags of `__reference`.
#[derive(Args, Debug)]
pub(crate) struct ReferenceArgs {
    /// What is written
    #[arg(value_name = "WHAT")]
    what: What,
}

/// What there is to be written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Commands and flags.
    Commands,
    /// The server's metrics.
    #[cfg(unix)]
    Metrics,
    /// Manual pages, as a JSON object: the names of their files, and their text in roff
    Man,
}

/// Runs `__reference`.
pub(crate) fn run(args: &ReferenceArgs, root: Command) -> CommandResult {
    Ok(process::print(&match args.what {
        What::Commands => commands(root),
        #[cfg(unix)]
        What::Metrics => metrics(),
        What::Man => manual_as_json(root)?,
    })?)
}

fn manual_as_json(root: Command) -> anyhow::Result<String> {
    Ok(serde_json::to_string(&manual(root)?)?)
}

/// A page for the program and one for each command: `cluster-auth.1`, `cluster-auth-token.1`.
fn manual(mut root: Command) -> std::io::Result<BTreeMap<String, String>> {
    root.build();
    let mut pages = BTreeMap::new();
    let mut open = vec![&root];
    while let Some(command) = open.pop() {
        // A page's day is its commit's; a build that was not told has none of its own.
        let day = DATE.split('T').next().filter(|day| !day.is_empty()).unwrap_or("1970-01-01");
        let page = clap_mangen::Man::new(command.clone()).date(day).source(format!("cluster-auth {VERSION}"));
        let mut text = Vec::new();
        page.render(&mut text)?;
        // A new line and then an empty one are one space; mandoc says so of every other way to write it.
        let text = String::from_utf8_lossy(&text).replace(".br\n\n.br\n", ".sp\n");
        pages.insert(page.get_filename(), text);
        open.extend(command.get_subcommands().filter(|command| is_shown(command)));
    }
    Ok(pages)
}

/// A section for each command, and one for what all of them take.
fn commands(mut root: Command) -> String {
    root.build();
    let mut text = String::new();
    for command in root.get_subcommands().filter(|command| is_shown(command)) {
        section(command, command.get_name(), 2, &mut text);
    }
    text.push_str("\n## Options of every command\n");
    table(&root.get_arguments().filter(|arg| arg.is_global_set()).collect::<Vec<_>>(), &mut text);
    text
}

fn is_shown(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

fn section(command: &Command, path: &str, depth: usize, text: &mut String) {
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim_end();
    let _ = write!(text, "\n{} `{path}`\n\n{}.\n\n```text\n{usage}\n```\n", "#".repeat(depth), escaped(&about));
    // What is given by its place, and then flags under the headings of the help.
    let is_own = |arg: &&Arg| !arg.is_hide_set() && !arg.is_global_set() && arg.get_id() != "help";
    let own: Vec<&Arg> = command.get_arguments().filter(is_own).collect();
    let mut headings: Vec<Option<&str>> = own.iter().map(|arg| arg.get_help_heading()).collect();
    headings.sort_by_key(Option::is_some);
    headings.dedup();
    let mut seen: Vec<Option<&str>> = Vec::new();
    for heading in headings {
        if seen.contains(&heading) {
            continue;
        }
        seen.push(heading);
        if let Some(heading) = heading {
            let _ = write!(text, "\n**{heading}**\n");
        }
        table(&own.iter().copied().filter(|arg| arg.get_help_heading() == heading).collect::<Vec<_>>(), text);
    }
    if let Some(after) = command.get_after_long_help().or(command.get_after_help()) {
        let _ = write!(text, "\n```text\n{}\n```\n", after.to_string().trim());
    }
    for below in command.get_subcommands().filter(|below| is_shown(below)) {
        section(below, &format!("{path} {}", below.get_name()), depth + 1, text);
    }
}

/// A row for each flag.
fn table(args: &[&Arg], text: &mut String) {
    if args.is_empty() {
        return;
    }
    text.push_str("\n| flag | value | meaning |\n|---|---|---|\n");
    for arg in args {
        let long = arg.get_long().map(|long| format!("`--{long}`"));
        let short = arg.get_short().map(|short| format!("`-{short}`"));
        let mut names: Vec<String> = short.into_iter().chain(long).collect();
        for alias in arg.get_visible_aliases().unwrap_or_default() {
            names.push(format!("`--{alias}`"));
        }
        let takes = arg.get_action().takes_values();
        let values: Vec<String> =
            arg.get_value_names().unwrap_or_default().iter().map(|value| escaped(&format!("`{value}`"))).collect();
        let value = if takes { values.join(" ") } else { String::new() };
        let (names, value) = if names.is_empty() { (value, String::new()) } else { (names.join(", "), value) };
        let _ = writeln!(text, "| {names} | {value} | {} |", meaning(arg));
    }
}

/// The help of a flag, what it may be and what it is without being given.
fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut parts = vec![escaped(&help.replace('\n', " "))];
    let possible: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if arg.get_action().takes_values() && !possible.is_empty() {
        parts.push(format!("One of {}", possible.join(", ")));
    }
    let defaults: Vec<String> = arg.get_default_values().iter().map(|value| format!("`{}`", value.display())).collect();
    if arg.get_action().takes_values() && !defaults.is_empty() && !arg.is_hide_default_value_set() {
        parts.push(format!("Default: {}", defaults.join(", ")));
    }
    if arg.is_required_set() {
        parts.push("Required".to_owned());
    }
    parts.iter().map(|part| part.trim_end_matches('.')).collect::<Vec<_>>().join(". ")
}

/// Text as Markdown shows it in a table: what looks like a tag outside of backticks is none.
fn escaped(text: &str) -> String {
    let mut in_code = false;
    let mut escaped = String::new();
    for letter in text.chars() {
        in_code ^= letter == '`';
        match letter {
            '|' => escaped.push_str("\\|"),
            '<' | '*' if !in_code => escaped.extend(['\\', letter]),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// The rows of the table of metrics.
#[cfg(unix)]
fn metrics() -> String {
    let mut text = String::new();
    for webhook::Series { name, kind, labels, help, more } in webhook::SERIES {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        let meaning = [help, more].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ");
        let meaning = meaning.trim_end_matches('.');
        let _ = writeln!(text, "| `{name}` | {} | {} | {meaning} |", kind.as_str(), labels.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{commands, escaped, manual};
    use crate::arguments;

    #[test]
    fn every_command_and_every_flag_is_there() {
        let text = commands(arguments::command(&[]));
        let mut root = arguments::command(&[]);
        root.build();
        for command in root.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help") {
            let begin = format!("\n## `{}`\n", command.get_name());
            let section = text.split(&begin).nth(1).expect(&begin);
            let section = section.split("\n## ").next().expect("its end");
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_global_set()) {
                let Some(long) = arg.get_long().filter(|long| *long != "help") else { continue };
                assert!(section.contains(&format!("`--{long}`")), "{}: --{long}", command.get_name());
            }
        }
        assert!(text.contains("## Options of every command") && text.contains("`--cluster-id`"), "{text}");
    }

    #[test]
    fn a_default_that_help_hides_is_hidden_here_too() {
        let text = commands(arguments::command(&[]));
        assert!(text.contains("| `--username` | `NAME` |") && !text.contains("Default: ``"), "{text}");
    }

    #[test]
    fn every_command_has_a_manual_page() {
        let pages = manual(arguments::command(&[])).expect("pages");
        for name in ["cluster-auth.1", "cluster-auth-token.1", "cluster-auth-kops-upload.1"] {
            let page = pages.get(name).expect(name);
            assert!(page.contains(".SH SYNOPSIS") && page.contains(".SH OPTIONS"), "{name}: {page}");
        }
        assert!(pages["cluster-auth-token.1"].contains("\\-\\-token\\-only"), "a flag of its own");
        assert!(!pages.keys().any(|name| name.contains("__") || name.contains("help")), "{:?}", pages.keys());
    }

    #[test]
    fn what_looks_like_markup_is_text() {
        assert_eq!(escaped("a|b <session> `<x>|*`, and *"), "a\\|b \\<session> `<x>\\|*`, and \\*");
    }
}
