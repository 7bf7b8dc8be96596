//! cluster-auth: Kubernetes access for AWS IAM identities, from one file.
//!
//! `main` is synchronous and decides one thing: whether this is a call for a token. kubectl makes that call for every
//! command, so it gets a parser of its own and starts no runtime, opens no TLS and reads no root certificate unless the
//! credentials come from the network. Everything else goes through the full command line in [`arguments`].

mod arguments;
mod commands;
mod credentials;
#[cfg(test)]
mod documentation;
mod exit;
mod global;
mod logs;
mod names;
mod process;
mod run;
mod runtime;
mod settings;
mod shared;
mod signals;
#[cfg(unix)]
mod state;

use std::process::ExitCode;

#[cfg(all(feature = "jemalloc", not(windows)))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let process = process::Process::read();
    let result = match commands::token::Call::recognise(&process.arguments) {
        Some(call) => commands::token::run_call(&call, &process),
        None => match commands::kubeconfig::update::recognise(&process.arguments) {
            Some(words) => commands::kubeconfig::update::run(&words, &process),
            None => arguments::parse(&process.arguments).and_then(|cli| run::run(cli, &process)),
        },
    };
    exit::report(result)
}
