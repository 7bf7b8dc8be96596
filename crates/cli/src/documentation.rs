//! What README, docs/ and `--help` say of the command line is so: every command in them is understood, and every flag exists.
//! That each is also run by a test is a matter of [`pages::Table`].

use std::{collections::BTreeSet, ffi::OsString};

use clap::{Arg, Command, error::ErrorKind};
use pages::{Page, Table};

use crate::{arguments, commands::kubeconfig::update};

/// The command lines of ours in a shell's line, without what else is in it.
fn ours(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![vec![]];
    let (mut word, mut quote, mut begun) = (String::new(), None, false);
    for letter in line.chars().chain(['\n']) {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '\'' | '"') => (quote, begun) = (Some(letter), true),
            (None, ' ' | '\n' | '|' | '&' | ';' | '>' | '<' | '(' | ')' | '$') => {
                if begun || !word.is_empty() {
                    commands.last_mut().expect("one is open").push(std::mem::take(&mut word));
                    begun = false;
                }
                if letter != ' ' {
                    commands.push(vec![]);
                }
            }
            _ => word.push(letter),
        }
    }
    let begins_with = |words: &[String], start: &[&str]| {
        words.len() > start.len() && words.iter().zip(start).all(|(word, start)| word == start)
    };
    let mut found = Vec::new();
    for mut words in commands {
        for start in [&["cluster-auth"][..], &["kubectl", "cluster-auth"], &["cargo", "run", "--"]] {
            if begins_with(&words, start) {
                words.splice(..start.len(), ["cluster-auth".to_owned()]);
                found.push(words);
                break;
            }
        }
    }
    found
}

/// Why a command is not understood. What is missing in it is not: it may be a name alone.
fn misunderstood(words: &[String]) -> Option<String> {
    // The AWS CLI's words have parsers of their own.
    let line: Vec<OsString> = words.iter().map(OsString::from).collect();
    if let Some(words) = update::recognise(&line) {
        return update::accepts(&words).err();
    }
    if words.get(1).is_some_and(|word| word == "eks") {
        return crate::commands::token::accepts(&words[1..]).err();
    }
    let error = arguments::command(&[]).try_get_matches_from(words).err()?;
    let is_fine = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::MissingRequiredArgument
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    // A flag that is named alone would have a value.
    let lacks_value = error.kind() == ErrorKind::InvalidValue && error.to_string().contains("a value is required");
    (!is_fine && !lacks_value).then(|| error.to_string().lines().next().unwrap_or_default().to_owned())
}

/// Every command of ours by its name, with those below it.
fn all(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    std::iter::once(command).chain(below.flat_map(all)).collect()
}

fn built() -> Command {
    let mut root = arguments::command(&[]);
    root.build();
    root
}

#[test]
fn every_command_of_the_documentation_is_understood() {
    let mut wrong = Vec::new();
    let mut understood = 0;
    for page in Page::all().expect("the pages") {
        for command in page.commands() {
            let lines = command.text.lines().flat_map(ours);
            for words in lines {
                understood += 1;
                wrong.extend(
                    misunderstood(&words).map(|why| format!("{}:{}: {why}: {}", page.path, command.line, command.text)),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(understood > 100, "only {understood} commands were found");
}

#[test]
fn every_example_of_the_help_is_understood() {
    let mut wrong = Vec::new();
    let mut understood = 0;
    let root = built();
    for command in all(&root) {
        let help = [command.get_after_help(), command.get_after_long_help(), command.get_long_about()];
        let help: String = help.into_iter().flatten().map(|text| format!("{text}\n")).collect();
        for line in help.lines().filter(|line| line.starts_with("  ")) {
            for words in ours(line.trim_start()) {
                understood += 1;
                wrong.extend(misunderstood(&words).map(|why| format!("{}: {why}: {line}", command.get_name())));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(understood > 20, "only {understood} examples were found");
}

#[test]
fn every_command_says_what_its_exit_codes_mean() {
    let page = include_str!("../../../docs/exit-codes.md");
    let rows: Vec<Vec<&str>> =
        page.lines().filter(|line| line.starts_with("| `")).map(|line| line.split(" | ").collect()).collect();
    let is_typed = |command: &&Command| !command.is_hide_set();
    let commands: BTreeSet<String> =
        built().get_subcommands().filter(is_typed).map(|command| format!("`{}`", command.get_name())).collect();
    let named: BTreeSet<String> =
        rows.iter().flat_map(|row| row[0].trim_start_matches("| ").split(", ")).map(str::to_owned).collect();
    assert_eq!(named, commands);
    for row in &rows {
        let has_two = row.len() == 4 && !row[3].trim_end_matches('|').trim().is_empty();
        let asks = [row[1], row[2], row.get(3).copied().unwrap_or_default()].concat();
        assert_eq!(has_two, asks.contains("--exit-code") || asks.contains("--fail-on"), "{row:?}");
    }
}

#[test]
fn every_flag_that_a_commands_help_names_is_its_own() {
    let root = built();
    let names: Vec<&str> = root.get_subcommands().map(Command::get_name).collect();
    let mut wrong = Vec::new();
    let mut named = 0;
    for command in all(&root) {
        let help = command.clone().term_width(0).render_long_help().to_string();
        // What holds for all commands stands in the help of the one above.
        let args = all(command).into_iter().flat_map(Command::get_arguments);
        let own: BTreeSet<String> = args.filter_map(Arg::get_long).map(|long| format!("--{long}")).collect();
        // A flag in a command line is of that command: an example, or as `version --short`.
        let begins = |text: &&str| names.contains(&text.split(' ').next().unwrap_or_default());
        let quoted = help.split('`').skip(1).step_by(2).filter(begins).map(|text| format!("cluster-auth {text}"));
        let lines = help.lines().map(|line| line.trim().to_owned()).chain(quoted);
        let in_lines: Vec<Vec<String>> = lines.flat_map(|line| ours(&line)).collect();
        for words in &in_lines {
            wrong.extend(misunderstood(words).map(|why| format!("{}: {why}: {}", command.get_name(), words.join(" "))));
        }
        for flag in help.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-')) {
            let is_flag = flag.starts_with("--") && flag.len() > 2;
            named += usize::from(is_flag);
            if is_flag && !own.contains(flag) && !in_lines.iter().flatten().any(|word| word == flag) {
                wrong.push(format!("{} --help: it has no {flag}", command.get_name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(named > 300, "only {named} flags were found");
}

#[test]
fn every_flag_of_the_documentation_exists() {
    let root = built();
    let args: Vec<&Arg> = all(&root).into_iter().flat_map(Command::get_arguments).collect();
    let others: BTreeSet<String> = Table::read().expect("the table").flags.into_values().flatten().collect();
    let is_ours = |flag: &str| {
        let (name, value) = flag.split_once(['=', ' ']).map_or((flag, None), |(name, value)| (name, Some(value)));
        args.iter().any(|arg| {
            let long = name.strip_prefix("--").is_some_and(|name| {
                arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|all| all.contains(&name))
            });
            let short = name.strip_prefix('-').and_then(|name| name.chars().next()).filter(|_| name.len() == 2);
            let is_it = long || short.is_some() && arg.get_short() == short;
            let possible = arg.get_possible_values();
            let fits = |value: &str| possible.is_empty() || possible.iter().any(|one| one.matches(value, false));
            is_it && value.is_none_or(fits)
        })
    };
    let mut wrong = Vec::new();
    for page in Page::all().expect("the pages") {
        for (line, flag) in page.flags() {
            if !is_ours(&flag) && !others.contains(&flag) {
                wrong.push(format!("{}:{line}: no command has {flag}", page.path));
            }
        }
    }
    assert!(wrong.is_empty(), "of another program? Then it stands under flags in {}: {wrong:#?}", pages::TABLE);
}

#[test]
fn commands_are_found_in_a_shells_line() {
    let rows = [
        ("cluster-auth token -i c | cluster-auth explain -", vec!["cluster-auth token -i c", "cluster-auth explain -"]),
        ("cd x && cluster-auth init -i 'a b' > y", vec!["cluster-auth init -i a b"]),
        ("cargo run -- demo", vec!["cluster-auth demo"]),
        ("source <(cluster-auth completion bash)", vec!["cluster-auth completion bash"]),
        ("kubectl cluster-auth who-can get \"pods\"", vec!["cluster-auth who-can get pods"]),
        ("helm upgrade --install cluster-auth chart/cluster-auth", vec![]),
    ];
    for (line, expected) in rows {
        let found: Vec<_> = ours(line).into_iter().map(|words| words.join(" ")).collect();
        assert_eq!(found, expected, "{line}");
    }
}
