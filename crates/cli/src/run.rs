//! From what was typed to the command that does it.

use crate::{
    arguments::{self, Cli, Command},
    commands,
    exit::CommandResult,
    process::Process,
};

/// Runs the command that was typed.
pub(crate) fn run(cli: Cli, process: &Process) -> CommandResult {
    let Cli { global, version, command } = cli;
    if version {
        return commands::version::short();
    }
    let Some(command) = command else {
        return Err(arguments::help(&process.arguments));
    };
    command.uses().ensure(&global)?;
    match command {
        Command::Token(args) => commands::token::run(&args, &global, process),
        Command::Kubeconfig(args) => commands::kubeconfig::run(&args, &global, process),
        #[cfg(unix)]
        Command::Init(args) => commands::init::run(&args, &global, process),
        #[cfg(unix)]
        Command::Server(args) => commands::server::run(&args, &global, process),
        #[cfg(unix)]
        Command::Kops(args) => commands::kops::run(&args, &global, process),
        Command::Add(args) => commands::add::run(&args, process),
        Command::Cache(args) => commands::cache::run(&args, process),
        Command::Check(args) => commands::check::run(&args, &global, process),
        Command::Render(args) => commands::render::run(&args, &global, process),
        Command::Import(args) => commands::import::run(&args, &global, process),
        Command::Plan(args) => commands::plan::run(&args, &global, process),
        Command::Apply(args) => commands::apply::run(&args, &global, process),
        Command::Whoami(args) => commands::whoami::run(&args, &global, process),
        Command::Explain(args) => commands::explain::run(&args, &global, process),
        Command::Diff(args) => commands::diff::run(&args, &global, process),
        Command::Lint(args) => commands::lint::run(&args, &global, process),
        Command::Matrix(args) => commands::matrix::run(&args, &global, process),
        Command::WhoCan(args) => commands::who_can::run(&args, &global, process),
        Command::Verify(args) => commands::verify::run(&args, &global, process),
        #[cfg(all(unix, feature = "local"))]
        Command::Demo(args) => commands::demo::run(&args, process),
        #[cfg(all(unix, feature = "local"))]
        Command::Sandbox(args) => commands::sandbox::run(&args),
        Command::Version(args) => commands::version::run(&args, &global),
        Command::Completion(args) => commands::completion::run(&args, arguments::command(&[]), process),
        Command::Reference(args) => commands::reference::run(&args, arguments::command(&[])),
        Command::Candidates(args) => {
            commands::completion::candidates(&args, arguments::command(&process.arguments), process)
        }
    }
}
