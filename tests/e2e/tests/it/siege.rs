//! The server under attack, in a container's memory. The program that the tests run is not optimised and has another
//! allocator, so it gets more of it than the static one: `cargo xtask siege` is the same for that one, in 20 MiB.

use std::time::Duration;

use e2e::{siege::Siege, world::World};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[("siege::whatever_strangers_do_those_who_are_mapped_log_in", mapped_people_log_in)];

/// What the program of the tests may use, in bytes.
const MEMORY: u64 = 64 << 20;

fn mapped_people_log_in(world: &World) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let length = Duration::from_secs(1);
    let siege = Siege { program: &world.parts.cluster_auth, memory: MEMORY, length, only: None };
    #[expect(clippy::print_stdout, reason = "times are for whoever reads them")]
    let rows = siege.run(folder.path(), |row| println!("{row}"))?;
    rows.iter().try_for_each(e2e::siege::Row::check)
}
