//! What holds for every file.

use document::{Limits, Sources};
use proptest::prelude::*;

use super::{now, sources};
use crate::{Expiry, Facts, RenderTarget, compile, glob, mapping_source, read, render};

/// A group with some keys, each of which may also live in another file.
fn group() -> impl Strategy<Value = (String, Vec<String>)> {
    let users = prop::collection::btree_set("[a-e]", 0..4)
        .prop_map(|users| format!("users: [{}]", users.into_iter().collect::<Vec<_>>().join(", ")));
    let roles = prop::collection::btree_set("R[a-c]", 0..3)
        .prop_map(|roles| format!("roles: [{}]", roles.into_iter().collect::<Vec<_>>().join(", ")));
    let grants = prop::collection::vec(("[n-q]{1,2}", "view|edit|admin"), 1..4).prop_map(|grants| {
        let grants =
            grants.into_iter().map(|(namespace, role)| format!("{{namespace: {namespace}, clusterRole: {role}}}"));
        format!("authorization: [{}]", grants.collect::<Vec<_>>().join(", "))
    });
    ("[g-k]", (users, roles, grants)).prop_map(|(name, (users, roles, grants))| (name, vec![users, roles, grants]))
}

fn file(parts: &[(String, String)]) -> String {
    let groups: Vec<String> = parts.iter().map(|(name, key)| format!("- {{name: {name}, {key}}}\n")).collect();
    format!("groups:\n{}", groups.concat())
}

fn all(sources: &Sources) -> Vec<Option<String>> {
    let access = read(sources, &Limits::default()).access;
    RenderTarget::ALL
        .into_iter()
        .map(|target| {
            render(&access, &Facts::default(), now(), target, Expiry::Refuse).ok().map(|rendered| rendered.text)
        })
        .collect()
}

/// What a pattern says, letter by letter.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|at| fits(rest, &text[at..])),
        Some((first, rest)) => text.split_first().is_some_and(|(byte, text)| byte == first && fits(rest, text)),
    }
}

/// One step too many for each star would not end before the machine does.
#[test]
fn a_pattern_of_many_stars_has_an_answer() {
    let (many, long) = ("a*".repeat(40), "a".repeat(63));
    assert!(glob(&many, &long));
    assert!(!glob(&format!("{many}b"), &long));
}

proptest! {
    #[test]
    fn a_pattern_fits_what_it_says(pattern in "[ab*]{0,7}", text in "[ab]{0,8}") {
        prop_assert_eq!(glob(&pattern, &text), fits(pattern.as_bytes(), text.as_bytes()), "{} {}", pattern, text);
    }

    #[test]
    fn the_order_of_files_never_matters(groups in prop::collection::vec(group(), 1..5), seed in any::<u64>()) {
        let mut seen = std::collections::BTreeSet::new();
        let groups: Vec<_> = groups.into_iter().filter(|(name, _)| seen.insert(name.clone())).collect();
        let head = "clusterID: c\naccount: '111122223333'\n";
        let mut files = vec![head.to_owned()];
        for (name, keys) in &groups {
            // Each key in a file of its own.
            files.extend(keys.iter().map(|key| file(&[(name.clone(), key.clone())])));
        }
        let in_order: Vec<&str> = files.iter().map(String::as_str).collect();
        let mut shuffled = in_order.clone();
        let mut state = seed;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, usize::try_from(state >> 33).unwrap_or(0) % (at + 1));
        }
        prop_assert_eq!(all(&sources(&in_order)), all(&sources(&shuffled)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-a{}\\[\\],:\"'|>&*#?! \n0]{0,80}") {
        let sources = sources(&[&format!("groups:\n{text}")]);
        let access = read(&sources, &Limits::default()).access;
        let _ = crate::check(&access, &Facts::default(), now());
    }

    /// A server and an analysis look for errors alone, without all that checking looks at.
    #[test]
    fn the_errors_of_a_file_are_those_that_checking_it_finds(groups in prop::collection::vec(group(), 1..4), is_masters in any::<bool>()) {
        let parts = groups.iter().map(|(name, keys)| (name.clone(), keys.join(", ")));
        let masters = is_masters.then(|| ("'system:masters'".to_owned(), "users: [zoe]".to_owned()));
        let parts: Vec<(String, String)> = parts.chain(masters).collect();
        let sources = sources(&[&format!("clusterID: c\naccount: '111122223333'\n{}", file(&parts))]);
        let access = read(&sources, &Limits::default()).access;
        let mut checked = crate::check(&access, &Facts::default(), now());
        checked.retain(|problem| problem.severity == document::Severity::Error);
        let errors = crate::errors(&access, compile(&access, &Facts::default(), now()).1);
        prop_assert!(!is_masters || !errors.is_empty());
        prop_assert_eq!(errors, checked);
    }

    #[test]
    fn what_is_resolved_means_the_same(groups in prop::collection::vec(group(), 1..4)) {
        let mut seen = std::collections::BTreeSet::new();
        let groups: Vec<_> = groups.into_iter().filter(|(name, _)| seen.insert(name.clone())).collect();
        let parts: Vec<(String, String)> = groups.iter().map(|(name, keys)| (name.clone(), keys.join(", "))).collect();
        let nodes = "nodes: [{roles: [Node, {name: Old, expires: 2020-01-01}, {name: New, expires: 2027-01-01}]}]\n";
        let text = format!("clusterID: c\naccount: '111122223333'\n{}{nodes}", file(&parts));
        let before = sources(&[&text]);
        let access = read(&before, &Limits::default()).access;
        let resolved = render(&access, &Facts::default(), now(), RenderTarget::Access, Expiry::Refuse);
        prop_assume!(resolved.is_ok());
        let resolved = resolved.map(|rendered| rendered.text).unwrap_or_default();
        prop_assert_eq!(all(&before), all(&sources(&[&resolved])));
    }
}

#[test]
fn the_servers_source_has_everybody_with_a_place() {
    let sources = sources(&[include_str!("../../../../examples/access.yaml")]);
    let (desired, _) = compile(&read(&sources, &Limits::default()).access, &Facts::default(), now());
    let source = mapping_source(&desired, &sources);
    let places: Vec<String> = source.roles.iter().chain(&source.users).map(|rule| rule.source.to_string()).collect();
    assert_eq!(places.len(), 7);
    assert!(places.iter().all(|place| place.starts_with("AccessFile ") && place.contains("0.yaml:")), "{places:?}");
}
