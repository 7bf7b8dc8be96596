//! `token`, by where its credentials lie: both programs, in one run of hyperfine for each row.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Context as _;
use serde_json::Value;

use super::{Bench, CLUSTER, load, proc};
use crate::run;

/// How much memory a call is meant to need, in MiB.
const GOAL_MIB: f64 = 4.0;

/// How often each row is run.
const RUNS: &str = "300";

/// How often what takes the network is.
const RUNS_OF_NETWORK: &str = "50";

/// A role that a user of the sandbox may assume, for the first call of a day.
const ROLE: &str = "arn:aws:iam::111122223333:role/Dev";

/// A program's median in milliseconds, and its memory.
struct Figures {
    median_ms: f64,
    peak_mib: f64,
}

impl Bench {
    /// Start to end of one call, many times.
    pub(super) fn token(&self) -> anyhow::Result<()> {
        let homes = self.folder.join("homes");
        fs::create_dir_all(&homes)?;
        let made = run::root().join("target/release/bench-homes");
        let made = Command::new(made).arg(&homes).stderr(Stdio::inherit()).output()?;
        anyhow::ensure!(made.status.success(), "bench-homes failed");
        println!("| credentials | cluster-auth, ms | MiB | aws-iam-authenticator, ms | MiB | times as fast |");
        println!("|---|---|---|---|---|---|");
        let nobody = homes.join("nobody");
        fs::create_dir_all(&nobody)?;
        let mut largest = self.row("keys in the environment", &variables(&nobody, keys()), true)?;
        for line in String::from_utf8(made.stdout)?.lines() {
            let (name, says) = line.split_once('\t').context("a home")?;
            let profile = [("AWS_PROFILE", "dev".to_owned())];
            // The other one finds only keys and logins without asking AWS.
            let is_found_there = ["profile", "login"].contains(&name);
            largest = largest.max(self.row(says, &variables(&homes.join(name), profile), is_found_there)?);
        }
        let nothing = self.hyperfine(&[Path::new("true")], &[], &[], RUNS)?[0];
        println!("| nothing: /bin/true | {nothing:.2} | | | | |");
        let is_met = if largest <= GOAL_MIB { "is met" } else { "is missed" };
        println!("\nThe goal of {GOAL_MIB} MiB {is_met}: {largest:.1} MiB at most.");
        self.network(&nobody)
    }

    /// A row of both programs; our memory is returned.
    fn row(&self, says: &str, variables: &[(&str, String)], is_found_there: bool) -> anyhow::Result<f64> {
        let programs = [&*self.ours, &*self.go];
        let programs = if is_found_there { &programs[..] } else { &programs[..1] };
        let args = ["token", "-i", CLUSTER];
        let medians = self.hyperfine(programs, &args, variables, RUNS)?;
        let figures = |at: usize| -> anyhow::Result<Figures> {
            let used = proc::used(Command::new(programs[at]).args(args).envs(variables.iter().cloned()))?;
            Ok(Figures { median_ms: medians[at], peak_mib: used.peak_mib })
        };
        let ours = figures(0)?;
        let (ms, mib) = (ours.median_ms, ours.peak_mib);
        if is_found_there {
            let go = figures(1)?;
            let times = go.median_ms / ms;
            println!("| {says} | {ms:.2} | {mib:.1} | {:.2} | {:.1} | {times:.1} |", go.median_ms, go.peak_mib);
        } else {
            println!("| {says} | {ms:.2} | {mib:.1} | asks AWS | | |");
        }
        Ok(mib)
    }

    /// The first call: a role is asked for, of the sandbox. What the network takes of it is what curl takes for a connection and an answer of the
    /// same host, without curl's own start.
    fn network(&self, home: &Path) -> anyhow::Result<()> {
        let folder = self.folder.join("sts");
        fs::create_dir_all(&folder)?;
        let [(_, id), (_, secret), _] = keys();
        let identities = format!(
            "account: \"111122223333\"\nusers:\n- {{name: user0, accessKeyId: {id}, secretAccessKey: {secret}}}\n\
             roles:\n- {{name: Dev, assumableBy: [user0]}}\n"
        );
        fs::write(folder.join("identities.yaml"), identities)?;
        let sandbox = load::sandbox(&self.ours, &folder)?;
        let ca = folder.join("ca.pem");
        let mut variables = variables(home, keys());
        variables.push(("SSL_CERT_FILE", ca.display().to_string()));
        let network = asked_by_curl(&ca)?;
        println!("\n## token, a role that is asked for\n");
        println!("| program | ms | without the network's {network:.1} ms | MiB |\n|---|---|---|---|");
        let args = ["token", "-i", CLUSTER, "-r", ROLE];
        // What is kept is not measured here; the other program keeps nothing.
        for (name, program, more) in
            [("cluster-auth", &self.ours, &["--no-cache"][..]), ("aws-iam-authenticator", &self.go, &[])]
        {
            let args = [&args[..], more].concat();
            let median = self.hyperfine(&[program.as_path()], &args, &variables, RUNS_OF_NETWORK)?[0];
            let used = proc::used(Command::new(program).args(&args).envs(variables.iter().cloned()))?;
            println!("| {name} | {median:.1} | {:.1} | {:.1} |", median - network, used.peak_mib);
        }
        drop(sandbox);
        Ok(())
    }

    /// Medians of the same command of each program, in milliseconds.
    fn hyperfine(
        &self,
        programs: &[&Path],
        args: &[&str],
        variables: &[(&str, String)],
        runs: &str,
    ) -> anyhow::Result<Vec<f64>> {
        let report = self.folder.join("token.json");
        let mut hyperfine = Command::new("hyperfine");
        hyperfine.args(["--shell=none", "--warmup", "20", "--runs", runs, "--style", "none", "--export-json"]);
        hyperfine.arg(&report);
        hyperfine.args(programs.iter().map(|program| format!("{} {}", program.display(), args.join(" "))));
        run::check(hyperfine.envs(variables.iter().cloned()).stdout(Stdio::null()).stderr(Stdio::null()))?;
        let report: Value = serde_json::from_str(&fs::read_to_string(report)?)?;
        let median = |at: usize| report["results"][at]["median"].as_f64().context("a median");
        (0..programs.len()).map(|at| Ok(median(at)? * 1e3)).collect()
    }
}

/// The median of what an answer of the sandbox takes, over a connection of its own, in milliseconds.
fn asked_by_curl(ca: &Path) -> anyhow::Result<f64> {
    let mut all = Vec::new();
    for _ in 0..21 {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--output", "/dev/null", "--write-out", "%{time_total}", "--http1.1", "--cacert"]);
        curl.arg(ca).args(["--data", "Action=GetCallerIdentity&Version=2011-06-15"]);
        let printed = curl.arg("https://sts.us-west-2.amazonaws.com/").output()?.stdout;
        all.push(String::from_utf8(printed)?.trim().parse::<f64>()? * 1e3);
    }
    all.sort_by(f64::total_cmp);
    Ok(all[all.len() / 2])
}

/// Everything that a call is to find is in this home.
fn variables(home: &Path, more: impl IntoIterator<Item = (&'static str, String)>) -> Vec<(&'static str, String)> {
    let fixed = [
        ("HOME", home.display().to_string()),
        ("AWS_REGION", "us-west-2".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    fixed.into_iter().chain(more).collect()
}

/// Keys of a signer that bench-tokens makes.
fn keys() -> [(&'static str, String); 3] {
    [
        ("AWS_ACCESS_KEY_ID", format!("AKIABENCH{:011}", 0)),
        ("AWS_SECRET_ACCESS_KEY", format!("bench/secret/key/of/user/number/{:08}", 0)),
        ("AWS_REGION", "us-west-2".to_owned()),
    ]
}
