//! What a plan says, and what holds for all of them.

mod all_powerful;
mod importing;
mod kinds;
mod laws;
mod left_alone;
mod not_known;
mod observing;
mod people;
mod printing;
mod required_permissions;
mod round_trip;
mod stepping;
mod stops;
mod world;

use access::{Access, Read, read};
use document::{Limits, RenderStyle, Sources};
use jiff::Timestamp;

/// The time of every test.
fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().expect("a time")
}

/// One file around groups, with everything that is required.
fn around(groups: &str) -> String {
    format!("clusterID: c\naccount: '111122223333'\ngroups:\n{groups}")
}

fn sources(texts: &[&str]) -> Sources {
    let mut sources = Sources::default();
    for (at, text) in texts.iter().enumerate() {
        sources.add(format!("{at}.yaml"), *text);
    }
    sources
}

/// A file without problems.
fn good(text: &str) -> Access {
    let sources = sources(&[text]);
    let Read { access, problems } = read(&sources, &Limits::default());
    assert!(problems.is_empty(), "{}", document::render(&sources, &problems, RenderStyle::Plain));
    access
}
