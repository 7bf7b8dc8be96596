//! `demo`

use clap::Args;

use crate::{exit::CommandResult, rim::Process};

/// Flags of `demo`.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {}
pub(crate) fn run(_: &DemoArgs, _: &Process) -> CommandResult {
    Ok(())
}
