//! Applying, twice, and changing.

use anyhow::ensure;
use e2e::{managed::Managed, world::World};
use serde_json::json;

use super::{FILE, SURROUNDINGS};
use crate::Test;

pub(super) const TESTS: &[Test] = &[("apply::a_second_run_changes_nothing", twice)];

fn twice(world: &World) -> anyhow::Result<()> {
    let managed = Managed::start(world, "apply-twice", SURROUNDINGS)?;
    managed.file(FILE)?;
    let before = managed.dump()?;
    let plan = managed.run(&["plan", "--mapping", "aws-auth"])?;
    ensure!(plan.code == 0, "{plan:?}");
    println!("{}{}", plan.stdout, plan.stderr);
    let applied = managed.apply(&["--mapping", "aws-auth"])?;
    println!("{}{}", applied.stdout, applied.stderr);
    ensure!(applied.code == 0, "{applied:?}");
    let after = managed.dump()?;
    ensure!(after.len() > before.len());
    let again = managed.apply(&[])?;
    println!("{}{}", again.stdout, again.stderr);
    ensure!(again.code == 0, "{again:?}");
    ensure!(managed.dump()? == after, "a second run changed something");
    let plan = managed.plan(&["--exit-code"])?;
    ensure!(plan["objects"] == json!([]) && plan["logins"] == json!([]), "{plan}");
    Ok(())
}
