//! How long the mapping takes: `lookups PRINCIPALS` decides about callers of a mapping of that many roles, and prints the
//! nanoseconds of one decision: `FOUND NOT-FOUND PERMITTED`. The first is about callers whose rules have ended, so that it
//! is the look-up alone; the last makes the Kubernetes user too.
#![expect(clippy::print_stdout, reason = "a program for the benchmark")]

use std::{env, hint::black_box, time::Instant};

use identity::{Identity, Partition};
use jiff::Timestamp;
use mapping::{Facts, Membership, Mode, Rule, RulePrincipal, RuleSource, Snapshot, Source, decide};

#[cfg(all(feature = "jemalloc", not(windows)))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// When the rules' groups end.
const END: Timestamp = Timestamp::UNIX_EPOCH;

fn main() {
    let principals = env::args().nth(1).and_then(|count| count.parse().ok()).expect("usage: lookups PRINCIPALS");
    let snapshot = Snapshot::new(Partition::Aws, vec![source(principals)], []);
    let (known, strangers) = (callers("Team-Role", principals), callers("Stranger-Role", principals));
    let found = nanoseconds(&snapshot, &known, END);
    let not_found = nanoseconds(&snapshot, &strangers, END);
    println!("{found} {not_found} {}", nanoseconds(&snapshot, &known, Timestamp::MIN));
}

fn source(principals: usize) -> Source {
    let rule = |index| Rule {
        principal: RulePrincipal::Arn(format!("arn:aws:iam::111122223333:role/team-role-{index:06}")),
        username: format!("team-{index:06}"),
        groups: vec![Membership { group: "developers".to_owned(), ends: Some(END) }],
        source: RuleSource { mode: Mode::AccessFile, list: "roles", index, file: "access.yaml".into(), line: index },
    };
    let (users, accounts, reserved_prefixes) = Default::default();
    let roles = (0..principals).map(rule).collect();
    Source { mode: Mode::AccessFile, roles, users, accounts, reserved_prefixes }
}

/// Sessions of all roles, in an order that no cache foresees.
fn callers(role: &str, principals: usize) -> Vec<Identity> {
    let caller = |at: usize| {
        let arn = format!("arn:aws:sts::111122223333:assumed-role/{role}-{:06}/session", at * 7_919 % principals);
        Identity::from_answer(&arn, "111122223333", "AROAEXAMPLE:session").expect("an answer of STS")
    };
    (0..100_000).map(caller).collect()
}

/// Of one decision, in the fastest of five rounds.
fn nanoseconds(snapshot: &Snapshot, callers: &[Identity], now: Timestamp) -> u128 {
    let facts = Facts::default();
    let round = |_| {
        let begin = Instant::now();
        for caller in callers {
            black_box(decide(snapshot, caller, "AKIAEXAMPLE", &facts, now));
        }
        begin.elapsed().as_nanos() / callers.len() as u128
    };
    (0..5).map(round).min().unwrap_or_default()
}
