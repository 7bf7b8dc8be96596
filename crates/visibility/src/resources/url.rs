//! What the API server takes a URL for: a path that rules of URLs are about, or a request for objects.
//!
//! Source: Kubernetes, `staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go`; the tests ask an API server, which
//! says in what it refuses how it took it.

use super::{NotAQuestion, Note, On};

/// The path that is asked about, and what is to be said of it.
pub(super) fn on(verb: &str, url: &str) -> Result<(Box<str>, On, Vec<Note>), NotAQuestion> {
    let mut notes = Vec::new();
    let (sent, fragment) = url.split_once('#').map_or((url, None), |(sent, fragment)| (sent, Some(fragment)));
    if fragment.is_some() {
        notes.push(Note::Fragment(url.into()));
    }
    let (encoded, query) = sent.split_once('?').unwrap_or((sent, ""));
    let path = decoded(encoded).ok_or_else(|| NotAQuestion::Encoding(encoded.into()))?;
    if let Some(objects) = objects(verb, &path, query)? {
        let (verb, on) = (objects.verb.into(), objects.on());
        notes.push(Note::UrlOfObjects(sent.into()));
        return Ok((verb, on, notes));
    }
    if sent.contains('?') {
        notes.push(Note::Query(sent.into(), path.as_str().into()));
    }
    if path != encoded {
        notes.push(Note::Encoded(encoded.into(), path.as_str().into()));
    }
    let has_slashes = path.contains("//") || path.len() > 1 && path.ends_with('/');
    if has_slashes || path.split('/').any(|part| [".", ".."].contains(&part)) {
        notes.push(Note::LetterByLetter(path.as_str().into()));
    }
    Ok((verb.into(), On::Url(path.into()), notes))
}

/// A request for objects.
#[derive(Debug, Default)]
struct Objects<'a> {
    verb: &'a str,
    api_group: &'a str,
    resource: &'a str,
    subresource: &'a str,
    name: Box<str>,
    namespace: &'a str,
}

impl Objects<'_> {
    fn on(&self) -> On {
        let Self { api_group, resource, subresource, name, namespace, .. } = self;
        On::Resource {
            api_group: (*api_group).into(),
            resource: (*resource).into(),
            subresource: (*subresource).into(),
            name: name.clone(),
            namespace: (*namespace).into(),
        }
    }
}

/// Below `/api/VERSION/` and `/apis/GROUP/VERSION/` everything is objects.
fn objects<'a>(verb: &'a str, path: &'a str, query: &'a str) -> Result<Option<Objects<'a>>, NotAQuestion> {
    let trimmed = path.trim_matches('/');
    let parts: Vec<&str> = trimmed.split('/').collect();
    let (api_group, parts) = match parts[..] {
        ["api", _version, _, ..] => ("", &parts[2..]),
        ["apis", group, _version, _, ..] => (group, &parts[3..]),
        _ => return Ok(None),
    };
    // `/api/v1/watch/…` is how lists were watched once.
    let (by_path, parts) = match parts {
        [special @ ("watch" | "proxy"), rest @ ..] => {
            if rest.is_empty() {
                return Err(NotAQuestion::NoObjects(path.into()));
            }
            (Some(*special), rest)
        }
        parts => (None, parts),
    };
    let (namespace, parts) = match parts {
        ["namespaces", namespace, of, ..] if !["status", "finalize"].contains(of) => (*namespace, &parts[2..]),
        ["namespaces", namespace, ..] => (*namespace, parts),
        parts => ("", parts),
    };
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let (resource, name) = (part(0), part(1));
    let subresource = if by_path == Some("proxy") { "" } else { part(2) };
    let is_named = !name.is_empty();
    let objects = Objects { verb: "", api_group, resource, subresource, name: name.into(), namespace };
    if let Some(verb) = by_path {
        return Ok(Some(Objects { verb, ..objects }));
    }
    Ok(Some(match (verb, is_named) {
        ("get" | "head", true) => Objects { verb: "get", ..objects },
        ("get" | "head", false) => {
            let verb = if watches(query) { "watch" } else { "list" };
            Objects { verb, name: named(query), ..objects }
        }
        ("delete", false) => Objects { verb: "deletecollection", ..objects },
        ("post", _) => Objects { verb: "create", ..objects },
        ("put", _) => Objects { verb: "update", ..objects },
        // A verb of objects, in the words of rules.
        (verb, _) => Objects { verb, ..objects },
    }))
}

/// Whether a list is watched: `watch` with whatever is not "no".
fn watches(query: &str) -> bool {
    value(query, "watch").is_some_and(|value| !["false", "0"].contains(&value.to_ascii_lowercase().as_str()))
}

/// The one name that a list is asked for by its field selector.
fn named(query: &str) -> Box<str> {
    let selector = value(query, "fieldSelector").unwrap_or_default();
    let name = |term: &str| {
        let rest = term.strip_prefix("metadata.name")?;
        rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')).map(Box::from)
    };
    let found: Option<Box<str>> = selector.split(',').find_map(name);
    // What cannot be a part of a path is not a name (`path.IsValidPathSegmentName`).
    found.filter(|name| !name.contains(['/', '%']) && ![".", ".."].contains(&&**name)).unwrap_or_default()
}

/// What a query first says of a key.
fn value(query: &str, key: &str) -> Option<String> {
    let pair = query.split('&').find(|pair| pair.split('=').next() == Some(key))?;
    decoded(&pair.split_once('=').map_or("", |(_, value)| value).replace('+', " "))
}

/// Percent-encoding undone, as Go's `net/url` does it before anybody looks at the path; `None` if that refuses it.
fn decoded(text: &str) -> Option<String> {
    let is_code = |rest: &str| rest.as_bytes().get(..2).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit));
    let is_whole = text.split('%').skip(1).all(is_code);
    let bytes = percent_encoding::percent_decode_str(text);
    is_whole.then(|| bytes.decode_utf8().ok().map(Into::into)).flatten()
}
