//! `check`: every problem of an access file, in one run.

use access::{Code, Facts};
use clap::{Args, builder::PossibleValue};
use document::{Elsewhere, Problem, RuleText, Severity, Source};

use crate::{
    exit::{CommandResult, Failure},
    global::Global,
    process::{self, Process},
    settings,
    shared::{
        access::{Files, Loaded, has_errors},
        observe,
        output::{Data, Further, Output},
    },
};

/// Flags of `check`.
#[derive(Args, Debug)]
#[command(mut_arg("from", |arg| arg.help(observe::COMPILED_WITH)))]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    files: Files,

    /// Format of the problems
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output<SarifOnStdout>,

    /// Exit with status 1 on warnings, too
    #[arg(long)]
    deny: bool,
}

/// SARIF, where all but the text goes to stdout.
#[derive(Clone, Copy, Debug)]
struct SarifOnStdout;

impl Further for SarifOnStdout {
    const ALL: &'static [Output<Self>] = &[Output::Text, Output::JSON, Output::YAML, Output::Further(Self)];
    const TEXT: &'static str = "For people, on stderr";
    const JSON: &'static str = "For programs, on stdout";

    fn value(self) -> PossibleValue {
        PossibleValue::new("sarif").help("For code hosts (SARIF 2.1.0), on stdout")
    }
}

/// Runs `check`.
pub(crate) fn run(args: &CheckArgs, global: &Global, process: &Process) -> CommandResult {
    let Loaded { sources, access, mut problems } = args.files.load()?;
    let is_readable = !has_errors(&problems);
    if is_readable || access.cluster_id.is_some() {
        settings::of_access_file(global, &access)?;
    }
    // What is wrong with the file is said even where the cluster or IAM gives no answer.
    let (facts, trouble) = match args.files.facts(&access, process, None) {
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
        Output::Data(data) => data.print(&document::to_json(&sources, &problems))?,
        Output::Further(SarifOnStdout) => {
            let rules = Code::ALL.iter().map(|code| RuleText {
                code: code.code(),
                about: code.explain().summary,
                advice: code.explain().fix,
            });
            // Every problem stands in one of the files.
            let first = sources.as_ref().first().map_or("access.yaml", Source::name);
            let placed = problems.iter().map(|problem| (problem, Elsewhere { file: first, line: 1 }));
            Data::Json.print(&document::to_sarif(&sources, placed, &rules.collect::<Vec<_>>()))?;
        }
    }
    if let Some(trouble) = trouble {
        return Err(trouble.into());
    }
    let fails = has_errors(&problems) || (args.deny && !problems.is_empty());
    if fails { Err(Failure::AlreadySaid) } else { Ok(()) }
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
