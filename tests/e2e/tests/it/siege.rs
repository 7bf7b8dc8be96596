//! The server under attack, in a container's memory. The program that the tests run is not optimised and has another
//! allocator, so it gets more of it than the static one: `cargo xtask siege` and `cargo xtask soak` are the same for that one,
//! in 20 MiB and for longer.

use std::time::Duration;

use e2e::{
    random,
    siege::{Siege, Soak},
    world::World,
};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("siege::whatever_strangers_do_those_who_are_mapped_log_in", mapped_people_log_in),
    ("siege::attacks_and_faults_at_random_make_no_wrong_answer", soak),
];

/// What the program of the tests may use, in bytes.
const MEMORY: u64 = 64 << 20;

fn mapped_people_log_in(world: &World) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let length = Duration::from_secs(1);
    let siege = Siege { program: &world.parts.cluster_auth, memory: MEMORY, milli_cpu: None, length, only: None };
    #[expect(clippy::print_stdout, reason = "times are for whoever reads them")]
    let rows = siege.run(folder.path(), |row| println!("{row}"))?;
    rows.iter().try_for_each(e2e::siege::Row::check)
}

fn soak(world: &World) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (length, seed) = (Duration::from_secs(20), random::seed()?);
    random::say(&format!("{}={seed}", random::SEED));
    let soak = Soak { program: &world.parts.cluster_auth, memory: MEMORY, length, seed };
    let sums = soak.run(folder.path(), random::say)?;
    sums.check()
}
