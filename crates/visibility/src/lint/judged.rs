//! A way that somebody has, with how far it leads.

use super::{reachability::Rating, subject_escalation::SubjectEscalation};

/// An escalation, how bad it is, and the other ways to the same accounts in the same place.
pub(super) struct Judged<'p, 'a> {
    pub(super) escalation: &'p SubjectEscalation<'a>,
    pub(super) verdict: Rating<'a>,
    pub(super) others: Vec<&'p SubjectEscalation<'a>>,
}
