//! The text of elements in AWS's XML answers, found by the name of what they stand in.

use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};

/// The elements directly inside one element, as name and text.
pub type Fields = Vec<(String, String)>;

/// Returns the fields of every element called `parent`, wherever it stands. Anything that is not XML gives `None`.
pub fn children(body: &[u8], parent: &str) -> Option<Vec<Fields>> {
    find(body, |path| path.last().is_some_and(|name| name == parent))
}

/// Returns the fields of every `item` directly inside an element called `list`, as EC2 writes lists.
pub fn items(body: &[u8], list: &str) -> Option<Vec<Fields>> {
    entries(body, list, "item")
}

/// Returns the fields of every `member` directly inside an element called `list`, as IAM writes lists.
pub fn members(body: &[u8], list: &str) -> Option<Vec<Fields>> {
    entries(body, list, "member")
}

/// Returns the text of one field, unless it is empty; the first where there are several.
pub fn text<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    found.filter(|value| !value.is_empty())
}

/// Returns whether there is such a field, empty or not.
pub fn has(fields: &[(String, String)], name: &str) -> bool {
    fields.iter().any(|(other, _)| other == name)
}

fn entries(body: &[u8], list: &str, entry: &str) -> Option<Vec<Fields>> {
    find(body, |path| matches!(path, [.., parent, last] if parent == list && last == entry))
}

fn find(body: &[u8], wanted: impl Fn(&[String]) -> bool) -> Option<Vec<Fields>> {
    let mut reader = Reader::from_reader(body);
    // `<Users/>` is a field as much as `<Users></Users>` is.
    reader.config_mut().expand_empty_elements = true;
    let mut path: Vec<String> = Vec::new();
    let mut found: Vec<Fields> = Vec::new();
    // How deep the element is whose fields are being read.
    let mut inside: Option<usize> = None;
    loop {
        let text = match reader.read_event().ok()? {
            Event::Start(element) => {
                path.push(String::from_utf8(element.local_name().as_ref().to_vec()).ok()?);
                if inside.is_none() && wanted(&path) {
                    inside = Some(path.len());
                    found.push(Vec::new());
                } else if inside.is_some_and(|depth| path.len() == depth + 1) {
                    found.last_mut()?.push((path.last()?.clone(), String::new()));
                }
                continue;
            }
            Event::End(_) => {
                if inside == Some(path.len()) {
                    inside = None;
                }
                path.pop()?;
                continue;
            }
            Event::Text(text) => text.decode().ok()?.into_owned(),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => character.into(),
                None => resolve_predefined_entity(&reference.decode().ok()?)?.to_owned(),
            },
            Event::Eof => return path.is_empty().then_some(found),
            _ => continue,
        };
        if inside.is_some_and(|depth| path.len() == depth + 1) {
            found.last_mut()?.last_mut()?.1.push_str(&text);
        }
    }
}
