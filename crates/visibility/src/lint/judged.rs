//! A way that somebody has, with how far it leads.

use super::{might::Verdict, power::Power};

/// A power, how bad it is, and the other ways to the same accounts in the same place.
pub(super) struct Judged<'p, 'a> {
    pub(super) power: &'p Power<'a>,
    pub(super) verdict: Verdict<'a>,
    pub(super) others: Vec<&'p Power<'a>>,
}
