//! `check`: every problem of an access file, in one run.

use access::{Code, Facts};
use clap::Args;
use document::{Elsewhere, Problem, RuleText, Severity, Source};

use super::{
    access::{Files, Loaded},
    observe,
};
use crate::{
    exit::{CommandResult, Failure},
    global::Global,
    process::{self, Process},
    settings,
};

/// Flags of `check`.
#[derive(Args, Debug)]
#[command(mut_arg("from", |arg| arg.help(observe::COMPILED_WITH)))]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    files: Files,

    /// Format of the problems
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output,

    /// Exit with status 1 on warnings, too
    #[arg(long)]
    deny: bool,
}

/// `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people, on stderr.
    Text,
    /// For programs, on stdout.
    Json,
    /// The JSON, written as YAML.
    Yaml,
    /// For code hosts (SARIF 2.1.0), on stdout.
    Sarif,
}

/// Runs `check`.
pub(crate) fn run(args: &CheckArgs, global: &Global, process: &Process) -> CommandResult {
    let Loaded { sources, access, mut problems } = args.files.load()?;
    let is_readable = !has_errors(&problems);
    if is_readable || access.cluster_id.is_some() {
        settings::of_access_file(global, &access)?;
    }
    // What is wrong with the file is said even where the cluster or IAM gives no answer.
    let (facts, trouble) = match args.files.facts(&access, process) {
        Ok(facts) => (facts, None),
        Err(error) if is_readable => return Err(error.into()),
        Err(error) => (Facts::default(), Some(error)),
    };
    problems.extend(if is_readable {
        access::check(&access, &facts, process::now())
    } else {
        access::check_what_was_read(&access, &facts, process::now(), &problems)
    });
    problems.sort_by_key(|problem| problem.span);
    match args.output {
        Output::Text => {
            settings::print_problems(&sources, &problems);
            process::note(&summary(&access, &problems));
        }
        Output::Json => print(&document::to_json(&sources, &problems))?,
        Output::Yaml => process::print(&visibility::print::yaml(&document::to_json(&sources, &problems)))?,
        Output::Sarif => {
            let rules = Code::ALL.iter().map(|code| RuleText {
                code: code.code(),
                about: code.explain().summary,
                advice: code.explain().fix,
            });
            // Every problem stands in one of the files.
            let first = sources.as_ref().first().map_or("access.yaml", Source::name);
            let placed = problems.iter().map(|problem| (problem, Elsewhere { file: first, line: 1 }));
            print(&document::to_sarif(&sources, placed, &rules.collect::<Vec<_>>()))?;
        }
    }
    if let Some(trouble) = trouble {
        return Err(trouble.into());
    }
    let fails = has_errors(&problems) || (args.deny && !problems.is_empty());
    if fails { Err(Failure::AlreadySaid) } else { Ok(()) }
}

/// Whether one of them is an error.
pub(crate) fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.severity == Severity::Error)
}

fn print(value: &serde_json::Value) -> anyhow::Result<()> {
    process::print(&format!("{value:#}\n"))
}

fn summary(access: &access::Access, problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let found = format!("{}, {}", counted(errors, "error"), counted(problems.len() - errors, "warning"));
    if errors > 0 {
        return found;
    }
    let groups = access.groups.as_deref().unwrap_or_default();
    let members: usize = groups.iter().map(|group| group.members.len() + group.iam_groups.len()).sum();
    let grants: usize = groups.iter().map(|group| group.grants.as_ref().map_or(1, Vec::len)).sum();
    let (groups, members) = (counted(groups.len(), "group"), counted(members, "membership"));
    format!("{groups}, {members}, {}: {found}", counted(grants, "grant"))
}
