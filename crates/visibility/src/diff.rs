//! What differs: between two worlds for everybody, and between two subjects of one world.
//!
//! Rights are compared by [`rbac::comparison::Comparison`], as a plan does it, and said in a plan's words.

mod built_in;
mod not_given;
mod print;
mod sides;
mod subjects;
mod unknown;
mod worlds;

pub use self::{
    built_in::take_built_in,
    not_given::{NotGiven, not_given},
    print::{ContrastOut, DifferenceOut},
    subjects::{Contrast, DiffSubject},
    unknown::UnknownGrant,
    worlds::{Difference, Person, SubjectChange},
};

#[cfg(test)]
mod tests;
