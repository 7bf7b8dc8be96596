//! Where everything stands in the text.

use access::Kind;
use document::Span;
use identity::AccountId;

use super::right::Right;

/// Kind, account and name in lower case.
pub(super) type Id = (Kind, AccountId, String);

/// What stands where.
#[derive(Default)]
pub(super) struct Places {
    pub(super) members: Vec<(Span, Id)>,
    pub(super) grants: Vec<(Span, (String, Right))>,
    pub(super) groups: Vec<(Span, String)>,
}

impl Places {
    pub(super) fn member_at(&self, span: Span) -> Option<&Id> {
        at(&self.members, span)
    }

    pub(super) fn grant_at(&self, span: Span) -> Option<&(String, Right)> {
        at(&self.grants, span)
    }

    pub(super) fn group_at(&self, span: Span) -> Option<&String> {
        at(&self.groups, span)
    }
}

fn at<T>(places: &[(Span, T)], span: Span) -> Option<&T> {
    let last = places.partition_point(|(place, _)| place.start <= span.start).checked_sub(1)?;
    let (place, what) = &places[last];
    (span.start < place.end).then_some(what)
}
