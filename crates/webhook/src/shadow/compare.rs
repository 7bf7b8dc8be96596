//! Whether two authenticators say the same of a login.

use std::collections::{BTreeMap, BTreeSet};

use mapping::{EXTRA_PREFIX, User};

use crate::{
    Outcome,
    predecessor::{Decision, TheirUser},
};

/// What came of comparing one review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The same user, or "no" by both, for whatever reason.
    Same,
    /// The predecessor lets in whom we refuse.
    GrantedRefused,
    /// We let in whom the predecessor refuses.
    RefusedGranted,
    /// Both let in, under other usernames.
    Username,
    /// The username is the same; the groups, as a set, are not.
    Groups,
    /// These are the same; the uid is not.
    Uid,
    /// These are the same; `extra` is not.
    Extra,
    /// The predecessor gave no answer that says yes or no.
    NoAnswer,
    /// We have no answer that says yes or no.
    NoDecision,
    /// Too many were compared at once, or nobody waited for the answer any more.
    NotCompared,
}

impl Comparison {
    /// All of them.
    pub(crate) const ALL: [Self; 10] = [
        Self::Same,
        Self::GrantedRefused,
        Self::RefusedGranted,
        Self::Username,
        Self::Groups,
        Self::Uid,
        Self::Extra,
        Self::NoAnswer,
        Self::NoDecision,
        Self::NotCompared,
    ];

    /// Its name in metric and log.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::GrantedRefused => "granted-refused",
            Self::RefusedGranted => "refused-granted",
            Self::Username => "username",
            Self::Groups => "groups",
            Self::Uid => "uid",
            Self::Extra => "extra",
            Self::NoAnswer => "no-answer",
            Self::NoDecision => "no-decision",
            Self::NotCompared => "not-compared",
        }
    }
}

/// Compares what the predecessor said with what came of our own review. Of several differences the first counts.
pub(crate) fn compare(said: &Decision, outcome: &Outcome) -> Comparison {
    match (said, outcome) {
        (_, Outcome::Trouble(_)) => Comparison::NoDecision,
        (Decision::Refused, Outcome::RefusedToken(_) | Outcome::RefusedCaller { .. }) => Comparison::Same,
        (Decision::Refused, Outcome::Granted(_)) => Comparison::RefusedGranted,
        (Decision::Granted(_), Outcome::RefusedToken(_) | Outcome::RefusedCaller { .. }) => Comparison::GrantedRefused,
        (Decision::Granted(theirs), Outcome::Granted(granted)) => of_users(theirs, &granted.user),
    }
}

fn of_users(theirs: &TheirUser, ours: &User) -> Comparison {
    if theirs.username != ours.username {
        Comparison::Username
    } else if set(&theirs.groups) != set(&ours.groups) {
        Comparison::Groups
    } else if theirs.uid != ours.uid {
        Comparison::Uid
    } else if !other_extra(&theirs.extra, &ours.extra).is_empty() {
        Comparison::Extra
    } else {
        Comparison::Same
    }
}

/// The keys of `extra` whose values are not the same. Those that we alone add are not a difference where the
/// predecessor lacks them.
pub(super) fn other_extra<'a>(
    theirs: &'a BTreeMap<String, Vec<String>>,
    ours: &'a BTreeMap<String, Vec<String>>,
) -> BTreeSet<&'a str> {
    let keys = theirs.keys().chain(ours.keys().filter(|key| !key.starts_with(EXTRA_PREFIX)));
    keys.filter(|key| theirs.get(*key) != ours.get(*key)).map(String::as_str).collect()
}

fn set(groups: &[String]) -> BTreeSet<&str> {
    groups.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use mapping::{BackendMode, RuleSource, User};
    use token::Refusal;

    use super::{Comparison, compare, of_users};
    use crate::{
        Outcome, Trouble,
        predecessor::{Decision, TheirUser},
    };

    fn ours() -> User {
        User {
            username: "alice".to_owned(),
            groups: vec!["a".to_owned(), "b".to_owned()],
            uid: "uid".to_owned(),
            extra: [("arn", "x"), ("cluster-auth.dev/arn", "x")]
                .map(|(key, value)| (key.to_owned(), vec![value.to_owned()]))
                .into(),
            source: RuleSource {
                mode: BackendMode::MountedFile,
                list: "mapUsers",
                index: 0,
                file: "config.yaml".into(),
                line: 1,
            },
            scrubbed: false,
        }
    }

    fn theirs() -> TheirUser {
        let User { username, groups, uid, mut extra, .. } = ours();
        extra.remove("cluster-auth.dev/arn");
        TheirUser { username, uid, groups, extra }
    }

    #[test]
    fn users_are_the_same_by_what_an_api_server_goes_by() {
        let with = |change: fn(&mut TheirUser)| {
            let mut user = theirs();
            change(&mut user);
            user
        };
        let rows = [
            ("the same, but for keys of ours", theirs(), Comparison::Same),
            ("our keys too", with(|user| user.extra = ours().extra), Comparison::Same),
            ("groups in another order", with(|user| user.groups.reverse()), Comparison::Same),
            ("a group twice", with(|user| user.groups.push("a".to_owned())), Comparison::Same),
            ("another name", with(|user| user.username = "Alice".to_owned()), Comparison::Username),
            ("another name and other groups", with(|user| *user = TheirUser::default()), Comparison::Username),
            ("a group more", with(|user| user.groups.push("c".to_owned())), Comparison::Groups),
            ("a group less", with(|user| user.groups.truncate(1)), Comparison::Groups),
            ("another uid", with(|user| user.uid.clear()), Comparison::Uid),
            ("no extra", with(|user| user.extra.clear()), Comparison::Extra),
            ("a key more", with(|user| drop(user.extra.insert("k".to_owned(), Vec::new()))), Comparison::Extra),
            (
                "another value of a key of ours",
                with(|user| drop(user.extra.insert("cluster-auth.dev/arn".to_owned(), Vec::new()))),
                Comparison::Extra,
            ),
        ];
        for (name, theirs, expected) in rows {
            assert_eq!(of_users(&theirs, &ours()), expected, "{name}");
        }
    }

    #[test]
    fn a_no_is_a_no_for_whatever_reason_and_trouble_is_neither() {
        let granted = Decision::Granted(theirs());
        let refused = || Outcome::RefusedToken(Refusal::Expired);
        let trouble = || Outcome::Trouble(Trouble::Overloaded);
        assert_eq!(compare(&Decision::Refused, &refused()), Comparison::Same);
        assert_eq!(compare(&granted, &refused()), Comparison::GrantedRefused);
        assert_eq!(compare(&Decision::Refused, &trouble()), Comparison::NoDecision);
        assert_eq!(compare(&granted, &trouble()), Comparison::NoDecision);
    }

    #[test]
    fn every_comparison_has_a_label_of_its_own() {
        let labels: std::collections::BTreeSet<_> = Comparison::ALL.map(Comparison::label).into();
        assert_eq!(labels.len(), Comparison::ALL.len());
    }
}
