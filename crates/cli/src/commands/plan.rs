//! `plan`: what applying an access file would change: who gains and loses what, object by object.

use clap::Args;
use plan::{Allowed, print};

use crate::{
    exit::{CommandResult, Failure},
    global::Global,
    process::{self, Process},
    runtime,
    shared::{
        analysis::only_if_read,
        observe,
        output::{Data, Markdown, Output},
        planning::{self, ObservedCluster, Planned, Planning},
    },
};

/// Flags of `plan`.
#[derive(Args, Debug)]
#[command(mut_arg("from", |arg| arg.help(observe::PLANNED_WITH)))]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    planning: Planning,

    /// Format of the plan
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output<Markdown>,

    /// Exit with status 2 if something would change, and 1 if that is not known
    #[arg(long)]
    exit_code: bool,
}

/// Runs `plan`. What stops apply stands in the plan, and does not stop this.
pub(crate) fn run(args: &PlanArgs, global: &Global, process: &Process) -> CommandResult {
    let mut subject = args.planning.subject(true, global, process)?;
    let seen = match subject.dump.take() {
        Some(dump) => ObservedCluster::of_dump(dump),
        None => runtime::block_on(async { planning::live(&args.planning.connect(process).await?).await })??,
    };
    let Planned { plan, .. } = subject.plan(seen, true)?;
    match args.output {
        Output::Text => process::print_styled(&planning::printed(&plan, &Allowed::default()))?,
        Output::Data(Data::Json) => process::print(&print::json(&plan))?,
        Output::Data(Data::Yaml) => process::print(&print::yaml(&plan))?,
        Output::Further(Markdown) => process::print(&print::markdown(&plan))?,
    }
    if !args.exit_code {
        return Ok(());
    }
    // A plan with gaps is not applied, so that nothing would change by it; whether something is to is another question.
    only_if_read(&plan.unseen, "something would change")?;
    if plan.is_empty() { Ok(()) } else { Err(Failure::Differs) }
}
