//! `render`: compiles an access file to what a consumer takes.

use access::{Expiry, Target};
use clap::Args;

use super::{
    access::{Files, Loaded},
    check::has_errors,
};
use crate::{
    exit::{CommandResult, Failure},
    rim, settings,
};

/// Flags of `render`.
#[derive(Args, Debug)]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    files: Files,

    /// For whom: config, configmap, aws-auth, crd, rbac, access-entries, access-entries-terraform, terraform or access
    #[arg(long, value_name = "TARGET", value_parser = parse_target)]
    to: Target,

    /// What to do with ends where the target knows none: refuse, or at-next-apply
    #[arg(long, value_name = "WHEN", value_parser = parse_expiry, default_value = "refuse")]
    expiry: Expiry,
}

/// Runs `render`. With a problem, nothing goes to stdout.
pub(crate) fn run(args: &RenderArgs) -> CommandResult {
    let Loaded { sources, access, mut problems } = args.files.load()?;
    if has_errors(&problems) {
        settings::print_problems(&sources, &problems);
        return Err(Failure::AlreadySaid);
    }
    let facts = args.files.facts()?;
    let rendering = access::rendering(&access, &facts, rim::now(), args.to, args.expiry);
    problems.extend(match &rendering {
        Ok(rendering) => rendering.findings.clone(),
        Err(findings) => findings.clone(),
    });
    problems.sort_by_key(|problem| problem.span);
    settings::print_problems(&sources, &problems);
    match rendering {
        Ok(rendering) => Ok(rim::print_long(&rendering)?),
        Err(_) => Err(Failure::AlreadySaid),
    }
}

fn parse_target(text: &str) -> Result<Target, String> {
    Target::ALL.into_iter().find(|target| target.as_str() == text).ok_or_else(|| {
        let names: Vec<_> = Target::ALL.iter().map(|target| target.as_str()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

fn parse_expiry(text: &str) -> Result<Expiry, String> {
    match text {
        "refuse" => Ok(Expiry::Refuse),
        "at-next-apply" => Ok(Expiry::AtNextApply),
        _ => Err("expected refuse or at-next-apply".to_owned()),
    }
}
