//! What differs, in words and by law.

mod laws;
mod not_given;
mod words;

use report::text_of;

use super::{Contrast, DiffSubject, Difference};
use crate::{
    World,
    tests::{whole as world, world as given},
};

/// A difference as a terminal shows it.
fn said(before: &World, after: &World) -> String {
    text_of(&Difference::between(before, after).report(["before", "after"]))
        .iter()
        .map(|one| one.text().to_owned())
        .collect()
}

fn contrasted(world: &World, first: &DiffSubject, second: &DiffSubject) -> String {
    text_of(&Contrast::between(world, first, second).report()).iter().map(|one| one.text().to_owned()).collect()
}
