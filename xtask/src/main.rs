//! Every chore of this repository: `cargo xtask --help`.
//!
//! Plain std, one process after the other; what it runs says the rest.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]
#![expect(clippy::disallowed_methods, reason = "a program's own edge: it reads the environment where it needs it")]

mod bench;
mod ci;
mod deny;
mod dist;
mod docs;
mod fuzz;
mod lint;
mod needs;
mod provider_schema;
mod release;
mod run;
mod siege;
mod site;
mod target;
mod test;
mod tidy;
mod tools;
mod windows;
#[cfg(test)]
mod workflows;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Every chore of this repository")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build and run every test, on real parts
    Test(test::TestArgs),
    /// Build what the real parts need, and print the lines to set
    Tools,
    /// Format, clippy and tidy
    Lint,
    /// What no other tool checks: layers, file lengths, leftovers
    Tidy,
    /// Licences, sources and banned crates (cargo-deny)
    Deny(deny::DenyArgs),
    /// Check the client's commands for Windows
    Windows,
    /// Build the static binary
    Dist(dist::DistArgs),
    /// Make everything that people install, open it and run it, in target/release-VERSION
    Release(release::ReleaseArgs),
    /// Our program beside the existing authenticator, in one run
    Bench(bench::BenchArgs),
    /// The static binary under attack, in the memory that it is to run in
    Siege(siege::SiegeArgs),
    /// Attacks and faults at random on the static binary, for as long as one likes
    Soak(siege::SoakArgs),
    /// Look for inputs that break a law of the parsers (cargo-fuzz, a nightly compiler)
    Fuzz(fuzz::FuzzArgs),
    /// Write the pages of docs/ that are generated
    Docs(docs::DocsArgs),
    /// Build the documentation as a site, in target/site (mdBook)
    Site,
    /// Fetch the schema of Terraform's AWS provider that tests/tools/aws-provider serves
    ProviderSchema,
    /// Everything that CI runs
    Ci,
}

fn main() -> ExitCode {
    match run_chore(Cli::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_chore(chore: Chore) -> anyhow::Result<()> {
    match chore {
        Chore::Test(args) => test::test(&args),
        Chore::Tools => tools::print(),
        Chore::Lint => lint::lint(),
        Chore::Tidy => tidy::tidy(),
        Chore::Deny(args) => deny::deny(&args),
        Chore::Windows => windows::windows(),
        Chore::Dist(args) => dist::dist(&args),
        Chore::Release(args) => release::release(&args),
        Chore::Bench(args) => bench::bench(&args),
        Chore::Siege(args) => siege::siege(&args),
        Chore::Soak(args) => siege::soak(&args),
        Chore::Fuzz(args) => fuzz::fuzz(&args),
        Chore::Docs(args) => docs::docs(&args),
        Chore::Site => site::site(),
        Chore::ProviderSchema => provider_schema::write(),
        Chore::Ci => ci::ci(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use pages::{Page, Table};

    use super::Cli;

    /// Why a line behind `cargo xtask` would not be understood.
    fn misunderstood(words: &str) -> Option<String> {
        let line = ["cargo xtask"].into_iter().chain(words.split_whitespace());
        Cli::command().try_get_matches_from(line).err().map(|error| error.to_string())
    }

    #[test]
    fn what_the_documentation_says_of_chores_is_so() {
        let mut wrong = Vec::new();
        for page in Page::all().expect("the pages") {
            for command in page.commands() {
                let words = command.text.strip_prefix("cargo xtask ");
                let why = words.and_then(misunderstood);
                wrong.extend(why.map(|why| format!("{}:{}: {}: {why}", page.path, command.line, command.text)));
            }
        }
        for (program, flags) in Table::read().expect("the table").flags {
            let Some(chore) = program.strip_prefix("cargo xtask ") else { continue };
            let wrong_flags = flags.iter().filter_map(|flag| misunderstood(&format!("{chore} {flag}")));
            wrong.extend(wrong_flags);
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
