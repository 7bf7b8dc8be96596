//! Every end-to-end test, one row each. They share the sandbox's AWS and the API servers of [`e2e::world::World`], which
//! are started when the first test needs them and stopped after the last.
//!
//! A name on the command line filters: `cargo xtask test -- interop`.

use std::{
    process::ExitCode,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use e2e::{secrets, typed, world::World};
use libtest_mimic::{Arguments, Failed, Trial};

mod access;
mod action;
mod add;
mod apply;
mod authorizer;
mod both;
mod cache;
mod chart;
mod cli;
mod clusters;
mod completion;
mod contexts;
mod credentials;
mod demo;
mod denials;
mod dialects;
mod diff;
mod docs;
mod eks;
mod endpoints;
mod explain;
mod faults;
mod generated;
mod helm;
mod hidden;
mod iam;
mod import;
mod init;
mod interop;
mod kops;
mod kubeconfig;
mod kuberc;
mod lint;
mod live;
mod login;
mod manifests;
mod matrix;
mod meaning;
mod migrate;
mod modes;
mod monitoring;
mod node;
mod pages;
mod plan;
mod plugin;
mod proxies;
mod quickstart;
mod readers;
mod said;
mod sessions;
mod shadow;
mod siege;
mod terraform;
mod together;
mod tokens;
mod trouble;
mod unknown;
mod who_can;

type Test = (&'static str, fn(&World) -> anyhow::Result<()>);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // The parts share two processors at best, and their output is easier to read in order.
    arguments.test_threads.get_or_insert(1);
    // A filter is for a test or two, and mostly for those that have other servers.
    let has_many = arguments.filter.is_none() && !arguments.list;
    let (world, table) = match World::new(has_many).and_then(|world| Ok((world, ::pages::Table::read()?))) {
        Ok((world, table)) => (Arc::new(world), Arc::new(table)),
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a harness of its own says what it lacks")]
            {
                eprintln!("error: {error:#}");
            }
            return ExitCode::FAILURE;
        }
    };
    let groups = [
        both::TESTS,
        cache::TESTS,
        cli::TESTS,
        init::TESTS,
        kops::TESTS,
        contexts::TESTS,
        credentials::TESTS,
        kubeconfig::TESTS,
        kuberc::TESTS,
        clusters::TESTS,
        completion::TESTS,
        eks::TESTS,
        endpoints::TESTS,
        interop::TESTS,
        login::TESTS,
        manifests::TESTS,
        lint::TESTS,
        trouble::TESTS,
        faults::TESTS,
        tokens::TESTS,
        unknown::TESTS,
        demo::TESTS,
        denials::TESTS,
        explain::TESTS,
        access::TESTS,
        action::TESTS,
        add::TESTS,
        meaning::TESTS,
        migrate::TESTS,
        modes::TESTS,
        node::TESTS,
        monitoring::TESTS,
        live::TESTS,
        proxies::TESTS,
        helm::TESTS,
        hidden::TESTS,
        said::TESTS,
        authorizer::TESTS,
        who_can::TESTS,
        matrix::TESTS,
        dialects::TESTS,
        diff::TESTS,
        plugin::TESTS,
        iam::TESTS,
        import::TESTS,
        pages::TESTS,
        plan::TESTS,
        terraform::TESTS,
        quickstart::TESTS,
        readers::TESTS,
        sessions::TESTS,
        shadow::TESTS,
        siege::TESTS,
        together::TESTS,
    ];
    let groups = groups
        .into_iter()
        .map(<[Test]>::to_vec)
        .chain([apply::tests(), chart::tests(), docs::tests()])
        .collect::<Vec<_>>();
    let taken = Arc::new(Mutex::new(Vec::new()));
    let trials = groups.concat().into_iter().map(|(name, test)| {
        let (world, table, taken) = (Arc::clone(&world), Arc::clone(&table), Arc::clone(&taken));
        let run = move || {
            let since = Instant::now();
            let held = typed::held(&table, name, || test(&world));
            taken.lock().expect("no test panics while it holds it").push((since.elapsed(), name));
            held
        };
        Trial::test(name, move || run().map_err(|error| Failed::from(format!("{error:#}"))))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    // Here the last handle goes, and with it every process.
    drop(world);
    say_slowest(&taken.lock().expect("no test panics while it holds it"));
    if let Err(error) = secrets::conclusion(has_many) {
        #[expect(clippy::print_stderr, reason = "a harness of its own says what it has found")]
        {
            eprintln!("error: {error:#}");
        }
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// Says which tests take the most of the time that everybody waits for.
fn say_slowest(taken: &[(Duration, &str)]) {
    if taken.len() <= SLOWEST {
        return;
    }
    let mut taken = taken.to_vec();
    taken.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    let all: Duration = taken.iter().map(|(time, _)| *time).sum();
    let lines: String =
        taken.iter().take(SLOWEST).map(|(time, name)| format!("  {:>4} s  {name}\n", time.as_secs())).collect();
    e2e::random::say(&format!("the slowest of {} s:\n{lines}", all.as_secs()));
}

/// How many are said.
const SLOWEST: usize = 30;
