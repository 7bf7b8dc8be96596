//! `aws-auth` as it is edited: what is in use of each list after one edit and the next.

use identity::Partition;

use super::{identity, now, said};
use crate::{
    BackendMode, Facts, Index, Snapshot, SourceState, authenticator::AwsAuth, aws_iam_authenticator::Options, decide,
};

/// An edit: `mapRoles`, `mapUsers` and `mapAccounts`, each as it stands there; or that there is no `aws-auth`.
type Edit = Option<[Option<&'static str>; 3]>;

const LISTS: [&str; 3] = ["mapRoles", "mapUsers", "mapAccounts"];
const BROKEN: Option<&str> = Some("- {userarn: [");
const DEV: Option<&str> = Some("[{rolearn: 'arn:aws:iam::111122223333:role/Dev', username: dev}]");
const DEV_TOO: Option<&str> = Some("[{rolearn: 'arn:aws:iam::111122223333:role/Dev', username: dev-too}]");
const ANN: Option<&str> = Some("[{userarn: 'arn:aws:iam::111122223333:user/ann', username: ann}]");
const ACCOUNT: Option<&str> = Some("['444455556666']");

/// Who the three are after an edit, and of which lists an old version is in use, or none.
fn after(aws_auth: &mut AwsAuth, edit: Edit) -> [String; 5] {
    let data = edit.map(|texts| LISTS.into_iter().zip(texts).filter_map(|(list, text)| Some((list, text?))));
    let read = aws_auth.read(data, Options::default());
    let sections = |defects: &[crate::Defect]| {
        defects.iter().map(|defect| defect.section.to_string()).collect::<Vec<_>>().join(" ")
    };
    let (stale, not_read) = (sections(&read.stale), sections(&read.not_read));
    let mut sources = vec![SourceState::Read(Index::of(read.source).into())];
    if !not_read.is_empty() {
        sources.push(SourceState::NotRead(BackendMode::EksConfigMap));
    }
    let snapshot = Snapshot::of_indexes(Partition::Aws, sources, []);
    let callers = [
        "arn:aws:sts::111122223333:assumed-role/Dev/session",
        "arn:aws:iam::111122223333:user/ann",
        "arn:aws:iam::444455556666:user/eve",
    ];
    let [dev, ann, eve] = callers.map(|caller| {
        let decision = decide(&snapshot, &identity(caller), "AKIAEXAMPLE000000000", &Facts::default(), now());
        said(&decision)
    });
    [dev, ann, eve, stale, not_read]
}

#[test]
fn of_a_list_that_cannot_be_read_the_last_good_version_stays() {
    const NONE: &str = "mapping.none";
    const UNKNOWN: &str = "Logins(EksConfigMap)";
    const EVE: &str = "arn:aws:iam::444455556666:user/eve []";
    let rows: [(&str, &[Edit], [&str; 5]); 12] = [
        ("there is none", &[None], [NONE, NONE, NONE, "", ""]),
        ("all are good", &[Some([DEV, ANN, ACCOUNT])], ["dev []", "ann []", EVE, "", ""]),
        ("one broken from the beginning", &[Some([DEV, BROKEN, None])], ["dev []", UNKNOWN, UNKNOWN, "", "mapUsers"]),
        (
            "one broken after there was none",
            &[None, Some([DEV, BROKEN, ACCOUNT])],
            ["dev []", UNKNOWN, EVE, "", "mapUsers"],
        ),
        (
            "one broken after it was good",
            &[Some([DEV, ANN, None]), Some([DEV, BROKEN, None])],
            ["dev []", "ann []", NONE, "mapUsers", ""],
        ),
        (
            "good edits of the others go on",
            &[Some([DEV, ANN, None]), Some([DEV, BROKEN, None]), Some([DEV_TOO, BROKEN, ACCOUNT])],
            ["dev-too []", "ann []", EVE, "mapUsers", ""],
        ),
        (
            "what is gone from the others is gone",
            &[Some([DEV, ANN, ACCOUNT]), Some([Some("[]"), BROKEN, None])],
            [NONE, "ann []", NONE, "mapUsers", ""],
        ),
        (
            "a list that was not there is known to be empty",
            &[Some([DEV, None, None]), Some([DEV, BROKEN, None])],
            ["dev []", NONE, NONE, "mapUsers", ""],
        ),
        (
            "a map that is gone takes its old versions with it",
            &[Some([DEV, ANN, None]), None, Some([DEV, BROKEN, None])],
            ["dev []", UNKNOWN, UNKNOWN, "", "mapUsers"],
        ),
        (
            "one old, one unknown",
            &[Some([BROKEN, ANN, None]), Some([BROKEN, BROKEN, Some("5")])],
            [UNKNOWN, "ann []", UNKNOWN, "mapUsers mapAccounts", "mapRoles"],
        ),
        (
            "a good edit ends it",
            &[Some([DEV, BROKEN, None]), Some([DEV, ANN, None])],
            ["dev []", "ann []", NONE, "", ""],
        ),
        (
            "a bad entry is no broken list",
            &[Some([DEV, ANN, None]), Some([Some("[{username: x}]"), None, None])],
            [NONE, NONE, NONE, "", ""],
        ),
    ];
    for (name, edits, expected) in rows {
        let mut aws_auth = AwsAuth::default();
        let seen: Vec<_> = edits.iter().map(|edit| after(&mut aws_auth, *edit)).collect();
        assert_eq!(seen.last().map(|last| last.each_ref().map(String::as_str)), Some(expected), "{name}");
    }
}

/// What is wrong within a version that is no longer there is not said of the one that is.
#[test]
fn an_old_version_has_no_defects() {
    let mut aws_auth = AwsAuth::default();
    let odd = "[{userarn: 'arn:aws:iam::111122223333:user/*', username: all}]";
    let mut read = |users| aws_auth.read(Some([("mapUsers", users)]), Options::default());
    assert_eq!(read(odd).source.defects.len(), 1);
    let broken = read("{");
    assert_eq!(broken.source.defects, []);
    assert_eq!(broken.stale.len(), 1);
}
