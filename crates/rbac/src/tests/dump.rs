//! What dumps hold, in whatever order they say it.

use std::collections::BTreeSet;

use crate::dump::{Arriving, DumpError, Found, FoundObject, each};

#[test]
fn lists_are_read_in_whatever_order_they_are_written() {
    let typed = r#"{"metadata": {"name": "r", "namespace": "dev"}, "rules": null}"#;
    let whole = r#"{"metadata": {"name": "r", "namespace": "dev"}, "rules": [], "kind": "Role"}"#;
    let rows = [
        ("kubectl's", format!(r#"{{"apiVersion": "v1", "items": [{whole}], "kind": "List"}}"#), 1),
        ("an API server's", format!(r#"{{"kind": "RoleList", "metadata": {{}}, "items": [{typed}]}}"#), 1),
        ("its kind last", format!(r#"{{"items": [{typed}, {whole}], "kind": "RoleList"}}"#), 2),
        (
            "a list in a list",
            format!(r#"{{"kind": "List", "items": [{{"kind": "RoleList", "items": [{typed}]}}]}}"#),
            1,
        ),
        ("one object", whole.to_owned(), 1),
        ("an empty list", r#"{"kind": "RoleList", "items": []}"#.to_owned(), 0),
    ];
    for (name, text, expected) in rows {
        let mut found = Vec::new();
        let kinds = each(text.as_bytes(), |one| found.push(one)).expect(name);
        for size in [1, 7, 1000] {
            let mut arrived = Vec::new();
            let kinds_of_arrived = in_pieces(size, &text, |one| arrived.push(one)).expect(name);
            assert_eq!(
                (format!("{arrived:?}"), kinds_of_arrived),
                (format!("{found:?}"), kinds.clone()),
                "{name}, {size}"
            );
        }
        assert_eq!(found.len(), expected, "{name}");
        let is_role = |one: &Found| matches!(&one.object, FoundObject::Role(role) if *role.name == *"r" && role.namespace.is_some());
        assert!(found.iter().all(is_role), "{name}: {found:?}");
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["Role".into()], "{name}");
    }
}

#[test]
fn half_a_list_and_half_a_text_are_refused() {
    let partial = |text: &str| {
        let arrived = in_pieces(1, text, |_| {});
        matches!((each(text.as_bytes(), |_| {}), arrived), (Err(DumpError::Partial), Err(DumpError::Partial)))
    };
    assert!(partial(r#"{"kind": "RoleList", "items": [], "metadata": {"continue": "x"}}"#));
    assert!(partial(
        r#"{"kind": "List", "items": [{"kind": "RoleList", "metadata": {"continue": "x"}, "items": []}]}"#
    ));
    for text in
        ["", "[]", "{", r#"{"items": {}}"#, r#"{"kind": "Role"} {}"#, r#"{"kind": "List", "items": [{"kind": 1}]}"#]
    {
        assert!(matches!(each(text.as_bytes(), |_| {}), Err(DumpError::Syntax(_))), "{text}");
        assert!(matches!(in_pieces(1, text, |_| {}), Err(DumpError::Syntax(_))), "{text}");
    }
}

#[test]
fn whatever_is_wrong_with_a_text_is_wrong_in_pieces_too() {
    let role = r#"{"metadata": {"name": "a]}", "labels": {"items": "["}}}"#;
    let rows = [
        format!(r#"{{"kind": "RoleList", "items": [{role}, {role}]}}"#),
        format!(r#"{{"kind": "RoleList", "x": "\"items\":[", "items" : [ {role} ,{role} ] , "metadata": {{}}}} "#),
        format!(r#"{{"kind": "RoleList", "x": {{"items": [{role}]}}, "items": [{role}]}}"#),
        format!(r#"{{"kind": "RoleList", "items": [{role}], "items": [{role}]}}"#),
        format!(r#"{{"kind": "RoleList", "items": [{role}], "kind": "ClusterRoleList"}}"#),
        format!(r#"{{"kind": "RoleList", "items": [{role}], "metadata": {{"continue": "x"}}}}"#),
        format!(
            r#"{{"kind": "RoleList", "items": [{{"kind": "RoleList", "metadata": {{"continue": "x"}}}}, {role}]}}"#
        ),
        format!(r#"{{"kind": "RoleList", "items": [{{"kind": "Namespace", "metadata": {{"name": "a"}}}}, {role}]}}"#),
        r#"{"kind": "RoleList", "items": null}"#.to_owned(),
        r#"{"kind": "Role", "metadata": {"name": "a"}, "items": [], "rules": [{"verbs": ["get"]}]}"#.to_owned(),
        format!(r#"{{"kind": "RoleList", "items": [{role},]}}"#),
        format!(r#"{{"kind": "RoleList", "items": [,{role}]}}"#),
        format!(r#"{{"kind": "RoleList", "items": [{role} {role}]}}"#),
        format!(r#"{{"kind": "RoleList", "items": [{role}, 1, {role}]}}"#),
        format!(r#"{{"kind": "RoleList", "items": [{role}, {{"kind": 1}}, {role}]}}"#),
        format!(r#"{{"kind": "RoleList", "items": [{role}]}}{{}}"#),
    ];
    let said = |read: &Result<BTreeSet<Box<str>>, DumpError>, found: &[Found]| match read {
        Ok(kinds) => format!("{kinds:?} {found:?}"),
        Err(DumpError::Partial) => "partial".to_owned(),
        Err(DumpError::Syntax(_)) => "wrong".to_owned(),
    };
    for whole in &rows {
        // Half of a text is one that is wrong.
        for text in [&whole[..], &whole[..whole.trim_end().len() - 1], &whole[..whole.len() / 2]] {
            let mut found = Vec::new();
            let read = each(text.as_bytes(), |one| found.push(one));
            for size in [1, 2, 13, 1000] {
                let mut arrived = Vec::new();
                let read_in_pieces = in_pieces(size, text, |one| arrived.push(one));
                assert_eq!(said(&read_in_pieces, &arrived), said(&read, &found), "{size}: {text}");
            }
        }
    }
}

fn in_pieces(size: usize, text: &str, mut take: impl FnMut(Found)) -> Result<BTreeSet<Box<str>>, DumpError> {
    let mut arriving = Arriving::default();
    text.as_bytes().chunks(size).for_each(|piece| arriving.add(piece, &mut take));
    arriving.end(take)
}
