//! How long the mapping takes: `lookups PRINCIPALS` decides about callers of a mapping of that many roles, and prints the
//! nanoseconds of one decision: `FOUND NOT-FOUND PERMITTED`. The first is about callers whose rules give no username and
//! refuse as soon as they are found, so that it is the look-up alone; the last makes the Kubernetes user too.
#![expect(clippy::print_stdout, reason = "a program for the benchmark")]

use std::{env, hint::black_box, time::Instant};

use identity::{Identity, Partition};
use jiff::Timestamp;
use mapping::{BackendMode, Facts, Reader, Rule, RulePrincipal, RuleSource, Snapshot, Source, decide};

#[cfg(all(feature = "jemalloc", not(windows)))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let principals = env::args().nth(1).and_then(|count| count.parse().ok()).expect("usage: lookups PRINCIPALS");
    let (known, strangers) = (callers("Team-Role", principals), callers("Stranger-Role", principals));
    let refusing = Snapshot::new(Partition::Aws, vec![source(principals, "")], []);
    let (found, not_found) = (nanoseconds(&refusing, &known), nanoseconds(&refusing, &strangers));
    let permitting = Snapshot::new(Partition::Aws, vec![source(principals, "team")], []);
    println!("{found} {not_found} {}", nanoseconds(&permitting, &known));
}

fn source(principals: usize, username: &str) -> Source {
    let rule = |index| Rule {
        principal: RulePrincipal::Arn(format!("arn:aws:iam::111122223333:role/team-role-{index:06}")),
        written: None,
        username: username.to_owned(),
        groups: Vec::new(),
        source: RuleSource {
            mode: BackendMode::AccessFile,
            list: "roles",
            index,
            file: "access.yaml".into(),
            line: index,
        },
    };
    Source { roles: (0..principals).map(rule).collect(), ..Source::empty(BackendMode::AccessFile, Reader::ClusterAuth) }
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
fn nanoseconds(snapshot: &Snapshot, callers: &[Identity]) -> u128 {
    let facts = Facts::default();
    let round = |_| {
        let begin = Instant::now();
        for caller in callers {
            black_box(decide(snapshot, caller, "AKIAEXAMPLE", &facts, Timestamp::UNIX_EPOCH));
        }
        begin.elapsed().as_nanos() / callers.len() as u128
    };
    (0..5).map(round).min().unwrap_or_default()
}
