//! What may stand in place of the word that is being typed. Every script asks this, in the protocol of cobra, which kubectl
//! speaks with its plugins: candidates, each with what it is behind a tab, and a last line that says what the shell may add.
//!
//! Source: kubectl, `pkg/cmd/plugin_completion.go`; the directives are cobra's (`completions.go`).

use std::{ffi::OsString, fmt::Write as _};

use clap::{Arg, ArgAction, Command, ValueHint};

use super::values::{self, Ask};

/// No space behind a candidate: there is more to type.
const NO_SPACE: u8 = 2;
/// No files: nothing but what is listed.
const NO_FILES: u8 = 4;

/// Each of what may stand in place of the last word, with what it is behind a tab; then the directive. `look` finds what
/// only the machine knows.
pub(super) fn candidates(mut root: Command, words: &[OsString], look: &impl Fn(Ask<'_>) -> Vec<String>) -> String {
    root.build();
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let (typed, before) = words.split_last().map_or(("", &[][..]), |(typed, before)| (*typed, before));
    let at = At::the_end_of(&root, before);
    let found = at.value_in(typed);
    if let Some((arg, prefix)) = found {
        return answer(&at.values(arg, prefix, typed, look), is_path(arg));
    }
    if typed.starts_with('-') && !at.only_positionals {
        return answer(&at.flags(typed), false);
    }
    let mut candidates = at.commands(typed);
    let arg = at.positional();
    candidates.extend(arg.into_iter().flat_map(|arg| at.values(arg, "", typed, look)));
    answer(&candidates, arg.is_some_and(|arg| is_path(arg) && !at.is_no_file(arg, typed)))
}

/// What may stand there, and what it is.
struct Candidate {
    word: String,
    help: String,
}

impl Candidate {
    fn new(word: impl Into<String>, help: Option<impl ToString>) -> Self {
        let help = help.map(|help| help.to_string()).unwrap_or_default();
        Self { word: word.into(), help: help.lines().next().unwrap_or_default().to_owned() }
    }
}

fn answer(candidates: &[Candidate], files: bool) -> String {
    let mut text = String::new();
    for Candidate { word, help } in candidates {
        let _ = writeln!(text, "{word}\t{help}");
    }
    let has_more = |candidate: &Candidate| candidate.word.ends_with([':', '=']);
    let no_space = if !candidates.is_empty() && candidates.iter().all(has_more) { NO_SPACE } else { 0 };
    text + &format!(":{}\n", no_space + if files { 0 } else { NO_FILES })
}

/// Where some words lead.
#[derive(Debug)]
struct At<'a> {
    command: &'a Command,
    /// The flag whose value comes next.
    awaited: Option<&'a Arg>,
    /// How many words there are that belong to no flag.
    positional: usize,
    /// Behind `--`.
    only_positionals: bool,
    /// Flags that have been typed, with their values.
    given: Vec<(&'a Arg, Option<&'a str>)>,
}

impl<'a> At<'a> {
    fn the_end_of(root: &'a Command, words: &[&'a str]) -> Self {
        let (given, command) = (Vec::new(), root);
        let mut at = Self { command, awaited: None, positional: 0, only_positionals: false, given };
        for word in words {
            at.goes_over(word);
        }
        at
    }

    fn goes_over(&mut self, word: &'a str) {
        let may_be_flag = word.starts_with('-') && word != "-" && !self.only_positionals;
        // Where a value may be left out, the next flag is none.
        if let Some(arg) = self.awaited.take().filter(|arg| !(may_be_flag && is_optional(arg))) {
            self.given.push((arg, Some(word)));
        } else if !may_be_flag {
            match self.command.find_subcommand(word).filter(|_| self.positional == 0) {
                Some(command) => self.command = command,
                None => self.positional += 1,
            }
        } else if word == "--" {
            self.only_positionals = true;
        } else {
            match self.flag_of(word) {
                Some((arg, _, Some(value))) => self.given.push((arg, Some(value))),
                Some((arg, _, None)) if is_awaited(arg) => self.awaited = Some(arg),
                Some((arg, _, None)) => self.given.push((arg, None)),
                None => {}
            }
        }
    }

    /// The flag of a word with one dash or two: what of the word is in front of its value, and its value if that is in the word.
    fn flag_of<'w>(&self, word: &'w str) -> Option<(&'a Arg, &'w str, Option<&'w str>)> {
        let all = || self.command.get_arguments();
        if let Some(name) = word.strip_prefix("--") {
            let (name, value) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
            let is_it = |arg: &&Arg| {
                arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|all| all.contains(&name))
            };
            return all().find(is_it).map(|arg| (arg, &word[..word.len() - value.map_or(0, str::len)], value));
        }
        let letters = word.strip_prefix('-')?;
        // Letters of flags without values may stand in front of it: `-An shop`.
        for (at, letter) in letters.char_indices() {
            let arg = all().find(|arg| arg.get_short() == Some(letter))?;
            let rest = &letters[at + letter.len_utf8()..];
            let takes_rest = is_awaited(arg) || (takes_values(arg) && rest.starts_with('='));
            if takes_rest || rest.is_empty() {
                let value = (!rest.is_empty()).then(|| rest.strip_prefix('=').unwrap_or(rest));
                return Some((arg, &word[..word.len() - value.map_or(0, str::len)], value));
            }
        }
        None
    }

    /// Whose value a word is, and what of the word is in front of it.
    fn value_in<'w>(&self, typed: &'w str) -> Option<(&'a Arg, &'w str)> {
        match self.awaited {
            Some(arg) if typed.starts_with('-') && is_optional(arg) => {}
            Some(arg) => return Some((arg, "")),
            None if self.only_positionals => return None,
            None => {}
        }
        let (arg, prefix, value) = self.flag_of(typed).filter(|_| typed.starts_with('-'))?;
        value.filter(|_| takes_values(arg)).map(|_| (arg, prefix))
    }

    /// The argument that a word without dashes would be.
    fn positional(&self) -> Option<&'a Arg> {
        let is_last = |arg: &&Arg| matches!(arg.get_action(), ArgAction::Append) || takes_several(arg);
        let mut positionals = self.command.get_positionals();
        positionals.nth(self.positional).or_else(|| self.command.get_positionals().last().filter(is_last))
    }

    fn commands(&self, typed: &str) -> Vec<Candidate> {
        let all = self.command.get_subcommands().filter(|_| self.positional == 0 && !self.only_positionals);
        let fitting = all.filter(|sub| !sub.is_hide_set() && sub.get_name().starts_with(typed));
        fitting.map(|sub| Candidate::new(sub.get_name(), sub.get_about())).collect()
    }

    /// Flags that may come, but for those that have come and count once.
    fn flags(&self, typed: &str) -> Vec<Candidate> {
        let has_come = |arg: &Arg| self.given.iter().any(|(given, _)| given.get_id() == arg.get_id());
        let is_over = |arg: &Arg| has_come(arg) && !matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
        let mut found = Vec::new();
        for arg in self.command.get_arguments().filter(|arg| !arg.is_hide_set() && !is_over(arg)) {
            let name = arg.get_long().map(|name| format!("--{name}")).filter(|name| name.starts_with(typed));
            found.extend(name.map(|name| Candidate::new(name, arg.get_help())));
        }
        found
    }

    /// Whether a word names something else than a file, where an argument takes both.
    fn is_no_file(&self, arg: &Arg, typed: &str) -> bool {
        values::of(self.command.get_name(), arg.get_id().as_str()).is_some_and(|values| values.is_no_file(typed))
    }

    /// Values of an argument, each as the whole word.
    fn values(&self, arg: &Arg, prefix: &str, typed: &str, look: &impl Fn(Ask<'_>) -> Vec<String>) -> Vec<Candidate> {
        let value = &typed[prefix.len()..];
        // Of a list, the last one is being typed.
        let delimiter = arg.get_value_delimiter().and_then(|delimiter| value.rfind(delimiter));
        let (before, value) = value.split_at(delimiter.map_or(0, |at| at + 1));
        let possible = arg.get_possible_values();
        let possible = possible.iter().filter(|value| !value.is_hide_set());
        let mut found: Vec<_> = possible.map(|value| Candidate::new(value.get_name(), value.get_help())).collect();
        let given = |id: &str| self.given.iter().find(|(arg, _)| arg.get_id() == id).and_then(|(_, value)| *value);
        let known = values::of(self.command.get_name(), arg.get_id().as_str());
        let listed = known.map(|known| known.list(value, &given, look)).unwrap_or_default();
        found.extend(listed.into_iter().map(|value| Candidate::new(value, None::<&str>)));
        found.retain(|candidate| candidate.word.starts_with(value));
        for candidate in &mut found {
            candidate.word = format!("{prefix}{before}{}", candidate.word);
        }
        found
    }
}

pub(super) fn takes_values(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|range| range.takes_values())
}

fn takes_several(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|range| range.max_values() > 1)
}

/// Whether its value may be left out.
fn is_optional(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|range| range.min_values() == 0)
}

/// Whether the next word is its value.
fn is_awaited(arg: &Arg) -> bool {
    takes_values(arg) && !arg.is_require_equals_set()
}

pub(super) fn is_path(arg: &Arg) -> bool {
    matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::{Ask, candidates};
    use crate::arguments;

    fn said(words: &[&str]) -> String {
        let look = |ask: Ask<'_>| match ask {
            Ask::Contexts(None) => vec!["local".to_owned(), "prod".to_owned()],
            Ask::Contexts(Some(file)) => vec![format!("of-{file}")],
            Ask::Profiles => vec!["default".to_owned(), "work".to_owned()],
        };
        candidates(arguments::command(&[]), &words.iter().map(Into::into).collect::<Vec<_>>(), &look)
    }

    /// The words alone, and the directive.
    fn words(typed: &str) -> String {
        let words: Vec<_> = typed.split(' ').collect();
        said(&words).lines().map(|line| line.split('\t').next().unwrap_or_default()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_may_stand_there_and_what_it_is() {
        assert_snapshot!(said(&["who"]), @r#"
        whoami	Show who you are to AWS and to the cluster, and what you may do
        who-can	Show who may do something, and what grants it
        :4
        "#);
        assert_snapshot!(said(&["who-can", "--any"]), @r#"
        --any-namespace	Show who can do it in at least one namespace, and list each
        :4
        "#);
        assert_snapshot!(said(&["who-can", "-n", "dev", "-o", ""]), @r#"
        text	For a terminal
        json	For programs, with every detail
        yaml	The JSON, written as YAML
        :4
        "#);
        assert_snapshot!(said(&["who-can", "get", "pods", "--output=y"]), @r#"
        --output=yaml	The JSON, written as YAML
        :4
        "#);
    }

    #[test]
    fn every_place_has_its_own_candidates() {
        let rows = [
            // Commands, nested ones, and behind options that hold for all.
            ("kops ", "spec upload help :4"),
            ("kops up", "upload :4"),
            ("-i c -l json kops up", "upload :4"),
            ("help kops sp", "spec :4"),
            ("help who-", "who-can :4"),
            ("check kops", ":0"),
            // Flags, of nested commands too; what was given is not offered again, but for what counts several times.
            ("kops upload --st", "--state :4"),
            ("lint --fro", "--from :4"),
            ("lint --from a --fro", "--from :4"),
            ("lint --sev", "--severity :4"),
            ("lint --severity=danger --sev", ":4"),
            ("--vers", "--version :4"),
            // Values: in the next word, in the same one, behind a letter, in a list.
            ("render --to rb", "rbac :4"),
            ("render --to=rb", "--to=rbac :4"),
            ("version -o j", "json :4"),
            ("version -oj", "-ojson :4"),
            ("version -so=j", "-so=json :4"),
            ("server --backend-mode MountedFile,Mo", "MountedFile,MountedFile :4"),
            ("token --token-only=t", "--token-only=true :4"),
            ("token --token-only --reg", "--region :4"),
            ("plan --mapping access-", "access-file :4"),
            ("-v de", "debug :4"),
            ("completion ku", "kubectl :4"),
            // What the machine knows.
            ("plan --context ", "local prod :4"),
            ("plan --kubeconfig x --context ", "of-x :4"),
            ("kubeconfig --from-kubeconfig y --from-context ", "of-y :4"),
            ("token --profile w", "work :4"),
            ("diff con", "context: :2"),
            ("diff context:p", "context:prod :4"),
            ("diff a context:p", "context:prod :4"),
            ("diff user:al", ":4"),
            ("diff a group:", "group: :6"),
            ("diff a", ":0"),
            ("matrix gr", "group: :6"),
            ("explain token.acti", "token.action :4"),
            ("who-can imp", "impersonate :4"),
            // Files.
            ("check a", ":0"),
            ("check a b", ":0"),
            ("check --from ", ":0"),
            ("check --from=", ":0"),
            ("who-can --kubeconfig ", ":0"),
            ("kubeconfig --merge ", ":0"),
            ("kubeconfig --merge --keep", "--keep-current :4"),
            ("kubeconfig --convert --dry", "--dry-run :4"),
            ("explain x ", ":0"),
            // Nothing.
            ("who-can get ", ":4"),
            ("who-can get pods -n ", ":4"),
            ("check -- --fr", ":0"),
            ("version x ", ":4"),
            ("bogus --no", ":4"),
        ];
        let wrong = rows.iter().map(|(typed, expected)| (*typed, words(typed), *expected));
        let wrong: Vec<_> = wrong.filter(|(_, found, expected)| found != expected).collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn commands_that_people_do_not_type_are_not_offered() {
        assert!(!said(&[""]).contains("__complete"));
        assert!(!said(&["__"]).contains('_'));
        assert!(!said(&["explain", "mapping.none", "--"]).contains("__"));
    }
}
