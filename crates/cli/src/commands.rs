//! One file per command. A command turns its arguments into settings, calls the crates, and prints.

mod access;
pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod completion;
#[cfg(unix)]
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod import;
#[cfg(unix)]
pub(crate) mod init;
#[cfg(unix)]
pub(crate) mod kops;
pub(crate) mod kubeconfig;
pub(crate) mod lint;
pub(crate) mod matrix;
mod observe;
pub(crate) mod plan;
mod planning;
pub(crate) mod render;
mod review;
#[cfg(unix)]
pub(crate) mod sandbox;
mod seeing;
#[cfg(unix)]
pub(crate) mod server;
pub(crate) mod token;
mod transport;
pub(crate) mod verify;
pub(crate) mod version;
pub(crate) mod who_can;
pub(crate) mod whoami;

pub(crate) use self::transport::Transport;
use crate::{
    arguments::{self, Cli, Command},
    exit::CommandResult,
    rim::Process,
};

/// Runs the command that was typed.
pub(crate) fn run(cli: Cli, process: &Process) -> CommandResult {
    let Cli { global, version, command } = cli;
    if version {
        return version::short();
    }
    let Some(command) = command else {
        return Err(arguments::help(&process.arguments));
    };
    command.uses().ensure(&global)?;
    match command {
        Command::Token(args) => token::run(&args, &global, process),
        Command::Kubeconfig(args) => kubeconfig::run(&args, &global, process),
        #[cfg(unix)]
        Command::Init(args) => init::run(&args, &global, process),
        #[cfg(unix)]
        Command::Server(args) => server::run(&args, &global, process),
        #[cfg(unix)]
        Command::Kops(args) => kops::run(&args, &global, process),
        Command::Check(args) => check::run(&args, &global, process),
        Command::Render(args) => render::run(&args, &global, process),
        Command::Import(args) => import::run(&args, &global, process),
        Command::Plan(args) => plan::run(&args, &global, process),
        Command::Apply(args) => apply::run(&args, &global, process),
        Command::Whoami(args) => whoami::run(&args, &global, process),
        Command::Explain(args) => explain::run(&args, &global, process),
        Command::Diff(args) => diff::run(&args, &global, process),
        Command::Lint(args) => lint::run(&args, &global, process),
        Command::Matrix(args) => matrix::run(&args, &global, process),
        Command::WhoCan(args) => who_can::run(&args, &global, process),
        Command::Verify(args) => verify::run(&args, &global, process),
        #[cfg(unix)]
        Command::Demo(args) => demo::run(&args, process),
        #[cfg(unix)]
        Command::Sandbox(args) => sandbox::run(&args),
        Command::Version(args) => version::run(&args),
        Command::Completion(args) => completion::run(&args, process),
        Command::Candidates(args) => completion::candidates(&args, process),
    }
}
