//! `lint`: privilege escalations in a cluster's access, stale bindings and other leftovers.

use std::path::{Path, PathBuf};

use clap::Args;
use document::{Source, Sources};
use rbac::escalation::Severity;
use visibility::lint::{Exclusion, Report, baseline, lint, print, read_exclusions};

use crate::{
    exit::{CommandResult, Failure},
    global::Global,
    process::{self, Process},
    settings,
    shared::{
        analysis::{Analysis, AnalysisArgs, only_if_read, say_gaps},
        observe::{ACCOUNTS, EVERYTHING},
        output::{Data, Output, Sarif},
        terminal::styled,
    },
};

/// Flags of `lint`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cluster-auth lint
  cluster-auth lint --from access.yaml --from manifests/ -o sarif
  cluster-auth lint --exclusions lint.yaml --fail-on danger
  cluster-auth lint --write-exclusions lint.yaml")]
pub(crate) struct LintArgs {
    #[command(flatten)]
    analysis: AnalysisArgs,

    /// File of findings to leave out of the report, each with a reason and an expiry (YAML); repeatable
    #[arg(long, value_name = "FILE")]
    exclusions: Vec<PathBuf>,

    /// Write exclusions for all current findings to this new file, each with a reason to fill in, so that later only new ones
    /// are reported; `-` is stdout
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fail_on", "output", "severity"])]
    write_exclusions: Option<PathBuf>,

    /// Minimum severity to report: danger, warning or info [default: warning as text, info in every other format]
    #[arg(long, value_name = "SEVERITY", value_parser = parse_severity)]
    severity: Option<Severity>,

    /// Exit with status 2 if there is a finding of at least this severity, and 1 if that is not known: danger, warning or
    /// info
    #[arg(long, value_name = "SEVERITY", value_parser = parse_severity)]
    fail_on: Option<Severity>,

    /// Format of the findings
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output<Sarif>,
}

/// Runs `lint`. What could not be read is said; nobody takes it for the absence of findings where those would fail.
pub(crate) fn run(args: &LintArgs, global: &Global, process: &Process) -> CommandResult {
    let Analysis { world, context, .. } =
        args.analysis.look_at(&[EVERYTHING, &[ACCOUNTS]].concat(), &[], global, process)?;
    let mut sources = world.sources().clone();
    let exclusions = args.exclusions(&mut sources)?;
    let report = lint(&world, &exclusions, process::now());
    if let Some(path) = &args.write_exclusions {
        write(path, &report)?;
        say_gaps(world.gaps());
        return Ok(());
    }
    // A program has room for all of it.
    let from = args.severity.unwrap_or(if args.output == Output::Text { Severity::Warning } else { Severity::Info });
    let json = || print::json(&report, &sources, world.gaps(), from);
    match args.output {
        Output::Text => {
            process::print_styled(&styled(&print::text(&report, &sources, from)))?;
            say_gaps(world.gaps());
        }
        Output::Data(data) => data.print(&json())?,
        Output::Further(Sarif) => Data::Json.print(&{
            let artifact = args.analysis.artifact(&world, context.as_deref());
            print::sarif(&report, &world, &sources, &artifact, world.gaps(), from)
        })?,
    }
    let Some(from) = args.fail_on else { return Ok(()) };
    if report.findings.iter().any(|finding| finding.severity >= from) {
        return Err(Failure::Differs);
    }
    only_if_read(world.unread(), "there is such a finding")
}

/// Writes exclusions for what was found. Reasons that somebody filled in are never lost: no file is replaced.
fn write(path: &Path, report: &Report<'_>) -> CommandResult {
    let (text, number) = baseline(report, process::now());
    // What is written is read by nobody else than this program.
    let again = Source::new("exclusions", text.as_str());
    read_exclusions(&again).map_err(|problems| {
        settings::print_problems(&again, &problems);
        anyhow::anyhow!("the exclusions could not be read back, so nothing was written; this is a bug in cluster-auth")
    })?;
    if path.as_os_str() == "-" {
        return Ok(process::print(&text)?);
    }
    if path.exists() {
        let path = path.display();
        let error = anyhow::anyhow!(
            "{path} exists already, so nothing was written: name a new file. To exclude only what {path} does not, give \
             `--exclusions {path}` too, and use both files from then on"
        );
        return Err(error.into());
    }
    process::write_atomically(path, text.as_bytes(), 0o644)?;
    let (path, found, places) = (path.display(), report.findings.len(), report.places());
    process::note(&format!(
        "{path}: wrote {number} exclusions for {found} findings ({places}, each place counted); fill in each reason, or fix what it \
         excludes"
    ));
    Ok(())
}

impl LintArgs {
    /// The files of exclusions, which become some of the sources, since an exclusion may be a finding itself.
    fn exclusions(&self, sources: &mut Sources) -> Result<Vec<Exclusion>, Failure> {
        let mut exclusions = Vec::new();
        for path in &self.exclusions {
            let file = process::read_source(path)?;
            let source = sources.add(file.name(), file.text());
            exclusions.extend(read_exclusions(source).map_err(|problems| {
                settings::print_problems(source, &problems);
                Failure::AlreadySaid
            })?);
        }
        Ok(exclusions)
    }
}

/// All of them, the worst first.
pub(crate) const SEVERITIES: [Severity; 3] = [Severity::Danger, Severity::Warning, Severity::Info];

fn parse_severity(text: &str) -> Result<Severity, String> {
    SEVERITIES
        .into_iter()
        .find(|severity| severity.as_str() == text)
        .ok_or_else(|| format!("expected {}", SEVERITIES.map(Severity::as_str).join(", ")))
}
