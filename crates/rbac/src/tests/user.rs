//! Subjects as authorizers see them.

use crate::{Subject, User};

#[test]
fn a_subject_has_the_groups_that_come_by_themselves() {
    let bot = |namespace: &str| Subject::ServiceAccount { namespace: Some(namespace.into()), name: "bot".into() };
    let rows = [
        ("anybody", Subject::User("alice".into()), "alice", vec!["system:authenticated"]),
        (
            "who showed nothing",
            Subject::User("system:anonymous".into()),
            "system:anonymous",
            vec!["system:unauthenticated"],
        ),
        (
            "a service account",
            bot("dev"),
            "system:serviceaccount:dev:bot",
            vec!["system:serviceaccounts", "system:serviceaccounts:dev", "system:authenticated"],
        ),
        (
            "a service account by its username",
            Subject::User("system:serviceaccount:dev:bot".into()),
            "system:serviceaccount:dev:bot",
            vec!["system:serviceaccounts", "system:serviceaccounts:dev", "system:authenticated"],
        ),
        ("a group", Subject::Group("ops".into()), "", vec!["ops", "system:authenticated"]),
        (
            "the service accounts of a namespace",
            Subject::Group("system:serviceaccounts:dev".into()),
            "",
            vec!["system:serviceaccounts", "system:serviceaccounts:dev", "system:authenticated"],
        ),
        (
            "those who showed nothing",
            Subject::Group("system:unauthenticated".into()),
            "",
            vec!["system:unauthenticated"],
        ),
    ];
    for (what, subject, name, groups) in rows {
        let user = User::of(&subject);
        assert_eq!((user.name.as_str(), user.groups), (name, groups.into_iter().map(String::from).collect()), "{what}");
    }
}
