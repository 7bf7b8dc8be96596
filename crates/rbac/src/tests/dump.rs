//! What dumps hold, in whatever order they say it.

use std::io::Read as _;

use crate::dump::{DumpError, Found, FoundObject, each, each_arriving};

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
        let mut arrived = Vec::new();
        let kinds_of_arrived = each_arriving(in_halves(&text), |one| arrived.push(one)).expect(name);
        assert_eq!((format!("{arrived:?}"), kinds_of_arrived), (format!("{found:?}"), kinds.clone()), "{name}");
        assert_eq!(found.len(), expected, "{name}");
        let is_role = |one: &Found| matches!(&one.object, FoundObject::Role(role) if *role.name == *"r" && role.namespace.is_some());
        assert!(found.iter().all(is_role), "{name}: {found:?}");
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["Role".into()], "{name}");
    }
}

#[test]
fn half_a_list_and_half_a_text_are_refused() {
    let partial = |text: &str| {
        let arrived = each_arriving(in_halves(text), |_| {});
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
        assert!(matches!(each_arriving(in_halves(text), |_| {}), Err(DumpError::Syntax(_))), "{text}");
    }
}

/// A text that arrives in two pieces.
fn in_halves(text: &str) -> impl std::io::Read {
    let (first, second) = text.as_bytes().split_at(text.len() / 2);
    first.chain(second)
}
