//! `cargo xtask bench`: our program beside the existing authenticator, in one run on one machine.
//!
//! What counts are ratios of the same run: machines differ and are noisy. Load goes over loopback, inside mount and network
//! namespaces of its own in which `sts.us-west-2.amazonaws.com` is the sandbox, so both programs run as they are.

mod access;
mod access_file;
mod changes;
mod load;
mod proc;
mod see;
mod token;

use std::{env, fs, path::PathBuf, process::Command};

use anyhow::Context as _;
use clap::ValueEnum as _;

use self::load::Target;
use crate::{dist, needs, run, target::LINUX_AMD64, test, tools};

/// Flags of `bench`.
#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    /// Seconds of load per row
    #[arg(long, default_value_t = 8)]
    seconds: u64,

    /// Only one part; `access`, `plan` and `see` need neither wrk nor namespaces, `node` is measured by its name alone
    #[arg(long)]
    only: Option<Part>,

    /// Set by the command itself when it runs again inside its namespaces
    #[arg(long, hide = true)]
    inside: bool,
}

/// What can be measured by itself.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Both programs' `token`.
    Token,
    /// Both programs' servers under load.
    Server,
    /// Large access files and mappings.
    Access,
    /// Plans of large clusters, and applying to a real one.
    Plan,
    /// Who may do what in large clusters.
    See,
    /// The memory of the server's pod on a node, which needs root; by its name alone.
    Node,
}

/// The cluster that all tokens are for.
const CLUSTER: &str = "bench.example.com";

/// Distinct tokens; enough that no server sees one twice within seconds at the rates measured.
const TOKENS: &str = "12000";

/// Mapped users.
const USERS: [&str; 2] = ["1000", "20000"];

impl BenchArgs {
    fn wants(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}

/// Builds what is needed, and measures; what needs the network runs again inside new namespaces.
pub(crate) fn bench(args: &BenchArgs) -> anyhow::Result<()> {
    if args.inside {
        return inside(args);
    }
    let wanted = [
        (needs::DIST, true),
        (needs::BENCH_FILES, args.wants(Part::Access)),
        (needs::BENCH_CLUSTER, args.wants(Part::Plan) || args.wants(Part::See)),
        (needs::BENCH_LOAD, args.wants(Part::Token) || args.wants(Part::Server)),
        (needs::TOOLS, args.only == Some(Part::Node)),
        (needs::NODE_TESTS, args.only == Some(Part::Node)),
    ];
    let wanted: Vec<_> = wanted.into_iter().filter(|(_, is_wanted)| *is_wanted).map(|(needs, _)| needs).collect();
    needs::ensure("bench", &wanted.concat())?;
    if args.only == Some(Part::Node) {
        return test::guide(&dist::build(&LINUX_AMD64)?);
    }
    if args.wants(Part::Access) {
        access::bench(&dist::build(&LINUX_AMD64)?)?;
    }
    if args.wants(Part::Plan) {
        changes::bench(&dist::build(&LINUX_AMD64)?)?;
    }
    if args.wants(Part::See) {
        see::bench(&dist::build(&LINUX_AMD64)?)?;
    }
    if !args.wants(Part::Token) && !args.wants(Part::Server) {
        return Ok(());
    }
    let ours = dist::build(&LINUX_AMD64)?;
    run::check(run::cargo().args([
        "build",
        "--locked",
        "--release",
        "--package",
        "e2e",
        "--bin",
        "bench-tokens",
        "--bin",
        "bench-homes",
    ]))?;
    let mut again = Command::new("unshare");
    again.args(["--map-root-user", "--mount", "--net"]).arg(env::current_exe()?);
    again.args(["bench", "--inside", "--seconds", &args.seconds.to_string()]);
    if let Some(only) = args.only.and_then(|only| only.to_possible_value()) {
        again.args(["--only", only.get_name()]);
    }
    again.env("BENCH_OURS", ours).env("BENCH_GO", tools::go_authenticator()?);
    run::check(&mut again)
}

/// The programs, and a folder for everything they write.
struct Bench {
    ours: PathBuf,
    go: PathBuf,
    folder: PathBuf,
    seconds: u64,
}

fn inside(args: &BenchArgs) -> anyhow::Result<()> {
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).with_context(|| format!("{name} is not set"));
    let folder = env::temp_dir().join(format!("cluster-auth-bench-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let bench = Bench { ours: variable("BENCH_OURS")?, go: variable("BENCH_GO")?, folder, seconds: args.seconds };
    let result = bench.run(args);
    fs::remove_dir_all(&bench.folder)?;
    result
}

impl Bench {
    fn run(&self, args: &BenchArgs) -> anyhow::Result<()> {
        run::check(Command::new("ip").args(["link", "set", "lo", "up"]))?;
        let hosts = self.folder.join("hosts");
        fs::write(&hosts, "127.0.0.1 localhost sts.us-west-2.amazonaws.com\n")?;
        run::check(Command::new("mount").args(["--bind"]).arg(&hosts).arg("/etc/hosts"))?;
        if args.wants(Part::Token) {
            println!("\n## token, by where its credentials lie\n");
            self.token()?;
        }
        if !args.wants(Part::Server) {
            return Ok(());
        }
        println!("\n## server\n");
        println!("| row | program | requests/s | per CPU second | p50 ms | p99 ms | resident (anonymous) MiB |");
        println!("|---|---|---|---|---|---|---|");
        for users in USERS {
            self.server(users)?;
        }
        Ok(())
    }

    fn server(&self, users: &str) -> anyhow::Result<()> {
        let folder = self.folder.join(users);
        fs::create_dir_all(&folder)?;
        let maker = run::root().join("target/release/bench-tokens");
        run::check(Command::new(maker).arg(&folder).args([CLUSTER, users, TOKENS]))?;
        let sandbox = load::sandbox(&self.ours, &folder)?;
        let targets = [
            Target {
                name: "cluster-auth",
                program: &self.ours,
                args: &["--identity-cache-seconds=0", "--health-address=none"],
                port: 31001,
            },
            Target {
                name: "cluster-auth, remembering",
                program: &self.ours,
                args: &["--health-address=none"],
                port: 31002,
            },
            Target { name: "aws-iam-authenticator", program: &self.go, args: &[], port: 31003 },
        ];
        for target in targets {
            let server = target.start(&folder)?;
            println!(
                "| {users} users, start to /healthz | {} | | | {} | | {} |",
                target.name,
                server.started_ms,
                server.memory()?
            );
            for (row, tokens, connections) in [
                ("distinct tokens, 16 connections", true, 16),
                ("one token, 16 connections", false, 16),
                ("distinct tokens, 200 connections", true, 200),
            ] {
                let figures = server.load(&folder, tokens, connections, self.seconds)?;
                println!("| {users} users, {row} | {} | {figures} | {} |", target.name, server.memory()?);
            }
        }
        drop(sandbox);
        Ok(())
    }
}
