//! Subjects as authorizers see them.

use crate::{Binding, Index, Objects, RoleKind, RoleReference, Subject, User};

#[test]
fn a_subject_has_the_groups_that_come_by_themselves() {
    let bot = |namespace: &str| Subject::ServiceAccount { namespace: Some(namespace.into()), name: "bot".into() };
    let user = |name: &str| Subject::User(name.into());
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
        // What `SplitUsername` takes for no service account's name is a user's like any other.
        (
            "three parts",
            user("system:serviceaccount:a:b:c"),
            "system:serviceaccount:a:b:c",
            vec!["system:authenticated"],
        ),
        ("one part", user("system:serviceaccount:dev"), "system:serviceaccount:dev", vec!["system:authenticated"]),
        ("no name", user("system:serviceaccount:dev:"), "system:serviceaccount:dev:", vec!["system:authenticated"]),
        (
            "upper case",
            user("system:serviceaccount:Dev:x"),
            "system:serviceaccount:Dev:x",
            vec!["system:authenticated"],
        ),
        (
            "a name with dots",
            user("system:serviceaccount:dev:x.y-z"),
            "system:serviceaccount:dev:x.y-z",
            vec!["system:serviceaccounts", "system:serviceaccounts:dev", "system:authenticated"],
        ),
        ("a group", Subject::Group("ops".into()), "", vec!["ops", "system:authenticated"]),
        (
            "a group of no namespace",
            Subject::Group("system:serviceaccounts:".into()),
            "",
            vec!["system:serviceaccounts:", "system:authenticated"],
        ),
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

/// Authenticators may say that somebody is nobody, and then they are.
#[test]
fn whoever_logs_in_is_authenticated_unless_the_authenticator_says_that_they_are_nobody() {
    let groups = |name: &str, groups: &[&str]| User::authenticated(name, groups.iter().copied()).groups;
    assert_eq!(groups("alice", &["ops"]), ["ops", "system:authenticated"]);
    assert_eq!(groups("alice", &["system:authenticated"]), ["system:authenticated"]);
    assert_eq!(groups("alice", &["system:unauthenticated"]), ["system:unauthenticated"]);
    assert_eq!(groups("system:anonymous", &["ops"]), ["ops"]);
}

/// A user has a binding exactly where they are one of its subjects.
#[test]
fn a_binding_says_which_of_its_subjects_somebody_is() {
    let account =
        |namespace: Option<&str>| Subject::ServiceAccount { namespace: namespace.map(Into::into), name: "bot".into() };
    let subjects = [
        Subject::User("alice".into()),
        Subject::User("system:serviceaccount:dev:bot".into()),
        Subject::Group("ops".into()),
        Subject::Group("system:serviceaccounts:dev".into()),
        account(Some("dev")),
        account(None),
    ];
    let rows = [
        ("alice", User::authenticated("alice", [""; 0]), vec![0]),
        ("alice of ops", User::authenticated("alice", ["ops"]), vec![0, 2]),
        ("the account", User::service_account("dev", "bot"), vec![1, 3, 4, 5]),
        ("another one there", User::service_account("dev", "other"), vec![3]),
        ("of the same name elsewhere", User::service_account("test", "bot"), vec![]),
        ("a user called like a group", User::authenticated("ops", [""; 0]), vec![]),
        ("anybody", User::anonymous(), vec![]),
    ];
    let role = RoleReference { kind: RoleKind::ClusterRole, name: "r".into() };
    let bound = |namespace: Option<&str>, subjects: &[Subject]| {
        let binding = Binding::new(namespace.map(Into::into), "b".into(), role.clone(), subjects.to_vec(), None);
        binding.expect("a ClusterRole can be bound anywhere")
    };
    let binding = bound(Some("dev"), &subjects);
    let index = Index::new(Objects { roles: Vec::new(), bindings: vec![binding.clone()] });
    for (who, user, expected) in rows {
        let expected: Vec<&Subject> = expected.into_iter().map(|at: usize| &subjects[at]).collect();
        assert_eq!(binding.subjects_of(&user).collect::<Vec<_>>(), expected, "{who}");
        assert_eq!(index.bindings_of(&user).next().is_some(), !expected.is_empty(), "{who}");
    }
    // Of the whole cluster, an account without a namespace is nobody.
    let everywhere = bound(None, &[account(None)]);
    assert_eq!(everywhere.subjects_of(&User::service_account("dev", "bot")).count(), 0);
}
