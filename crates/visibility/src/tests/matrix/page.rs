//! The page for reports, read as strictly as XML.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use quick_xml::{Reader, events::Event};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{example, heading};
use crate::{
    Resources, World,
    matrix::{
        Options, matrix, person,
        print::{Heading, html, person_html},
    },
};

/// What a page is made of.
#[derive(Default)]
struct Page {
    /// How often there is each element.
    elements: BTreeMap<String, usize>,
    /// Attributes with their values.
    attributes: BTreeSet<(String, String)>,
    /// The texts, of each element by itself.
    texts: Vec<String>,
    style: String,
    script: String,
}

fn read(html: &str) -> Page {
    let mut reader = Reader::from_str(html);
    reader.config_mut().check_end_names = true;
    let (mut page, mut open) = (Page::default(), Vec::<String>::new());
    let mut text = String::new();
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error} at {}", reader.error_position()));
        if !matches!(event, Event::Text(_) | Event::GeneralRef(_)) && !text.trim().is_empty() {
            page.texts.push(std::mem::take(&mut text).trim().to_owned());
        }
        match event {
            Event::Start(ref element) | Event::Empty(ref element) => {
                let name = String::from_utf8(element.name().as_ref().to_vec()).expect("UTF-8");
                for attribute in element.attributes() {
                    let attribute = attribute.expect("an attribute");
                    let key = String::from_utf8(attribute.key.as_ref().to_vec()).expect("UTF-8");
                    let value = String::from_utf8(attribute.value.to_vec()).expect("UTF-8");
                    page.attributes.insert((key, quick_xml::escape::unescape(&value).expect("text").into_owned()));
                }
                *page.elements.entry(name.clone()).or_default() += 1;
                if matches!(event, Event::Start(_)) {
                    open.push(name);
                }
            }
            Event::End(_) => drop(open.pop()),
            Event::Text(part) => {
                let part = part.decode().expect("UTF-8");
                match open.last().map(String::as_str) {
                    Some("style") => page.style.push_str(&part),
                    Some("script") => page.script.push_str(&part),
                    _ => text.push_str(&part),
                }
            }
            Event::GeneralRef(reference) => {
                assert!(
                    !matches!(open.last().map(String::as_str), Some("style" | "script")),
                    "built in and without it"
                );
                let named = || {
                    quick_xml::escape::resolve_predefined_entity(&reference.decode().expect("UTF-8")).map(str::to_owned)
                };
                let c = reference.resolve_char_ref().expect("a character").map(String::from);
                text.push_str(&c.or_else(named).expect("a known reference"));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    page
}

fn page(world: &World, heading: &Heading<'_>) -> String {
    html(&matrix(world, &Resources::well_known(), &Options::default()), heading)
}

fn assert_tame(page: &Page) {
    const ELEMENTS: [&str; 39] = [
        "html", "head", "meta", "title", "link", "style", "body", "header", "h1", "h2", "h3", "p", "span", "time",
        "main", "ul", "li", "b", "div", "label", "input", "output", "table", "caption", "thead", "tbody", "tr", "th",
        "td", "footer", "dl", "dt", "dd", "script", "section", "strong", "details", "summary", "code",
    ];
    const ATTRIBUTES: [&str; 21] = [
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "rel",
        "href",
        "class",
        "datetime",
        "hidden",
        "type",
        "placeholder",
        "aria-live",
        "role",
        "aria-label",
        "tabindex",
        "scope",
        "rowspan",
        "data-row",
        "xmlns",
        "id",
    ];
    for element in page.elements.keys() {
        assert!(ELEMENTS.contains(&&**element), "<{element}>");
    }
    for (key, value) in &page.attributes {
        assert!(ATTRIBUTES.contains(&&**key), "{key}");
        assert!(key != "href" || value == "data:,", "{value} would be fetched");
    }
    assert_eq!((page.elements["style"], page.elements["script"]), (1, 1));
    // What the policy lets run is what is there, to the byte.
    let digest = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let mut policies = page.attributes.iter().filter(|(_, value)| value.starts_with("default-src 'none'; "));
    let (_, policy) = policies.next().expect("a policy");
    for text in [&page.style, &page.script] {
        assert!(policy.contains(&digest(text)), "{policy}");
    }
    assert!(!page.style.contains("url(") && !page.style.contains("@import"), "nothing is fetched");
}

#[test]
fn the_page_has_every_cell_the_legend_the_date_and_what_is_not_known() {
    let world = example();
    let read = read(&page(&world, &heading()));
    assert_tame(&read);
    let matrix = matrix(&world, &Resources::well_known(), &Options::default()).columns.len();
    assert_eq!(read.elements["td"] % matrix, 0, "each row has a cell for each column");
    assert!(read.elements["td"] > 20);
    for text in [
        "prod.example.com",
        "1 June 2026, 12:00 UTC",
        "user ops/bob as bob",
        "admin",
        "edit!",
        "secrets",
        "dev",
        "?no-such-role",
    ] {
        assert!(read.texts.iter().any(|found| found == text), "{text} is not in {:?}", read.texts);
    }
    let incomplete = super::world(&[("access.yaml", super::EXAMPLE)]);
    let read = self::read(&page(&incomplete, &heading()));
    assert!(read.texts.iter().any(|text| text == "Incomplete."));
    assert!(read.texts.iter().any(|text| text.starts_with("only access files were given")), "{:?}", read.texts);
}

#[test]
fn the_page_about_one_of_them_has_each_grant() {
    let (world, resources, options) = (example(), Resources::well_known(), Options::default());
    let whose = "arn:aws:iam::111122223333:user/alice".parse().expect("an ARN");
    let person = person(&world, &resources, &options, &whose).expect("logs in");
    let read = read(&person_html(&person, &world, &heading()));
    assert_tame(&read);
    let grant = "RoleBinding developers-binding → Role developers (access.yaml:10), as Group developers";
    assert!(read.texts.iter().any(|text| text == grant), "{:?}", read.texts);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn names_are_text_and_nothing_else(
        names in prop::collection::vec("[<>&'\"/a=;{}%!\\-\\[\\]()éß]{1,12}|</(td|script|style|title)><script>1</script>|<!--|]]>|&lt;|\\{\\{ x \\}\\}", 4),
    ) {
        let [cluster, group, user, namespace] = &names[..] else { panic!("four") };
        let (group, user, namespace) = (format!("g{group}"), format!("u{user}"), format!("n{namespace}"));
        let dump = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": group, "namespace": namespace, "resourceVersion": "1"}, "rules": [
                {"verbs": ["get"], "apiGroups": [""], "resources": [user]}]},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": user, "namespace": namespace, "resourceVersion": "1"}, "roleRef": {"kind": "Role", "name": group},
             "subjects": [{"kind": "Group", "name": group}, {"kind": "User", "name": user}]},
        ]});
        let world = super::world(&[("cluster.json", &dump.to_string())]);
        let heading = Heading { cluster, ..heading() };
        let resources = Resources::well_known();
        let options = Options::default();
        let whose = crate::matrix::Whose::Subject(rbac::Subject::Group(group.as_str().into()));
        let person = person(&world, &resources, &options, &whose).expect("a subject");
        for html in [page(&world, &heading), person_html(&person, &world, &heading)] {
            let read = read(&html);
            assert_tame(&read);
            let has = |text: &str| read.texts.iter().any(|found| found.contains(text));
            prop_assert!(has(&group) && has(&namespace) && has(&user), "{:?}", read.texts);
            prop_assert!(read.texts.iter().any(|found| found == cluster.trim() || cluster.trim().is_empty()));
        }
    }
}
