//! What files mean, what is wrong with them, and what consumers get.

mod adding;
mod files;
mod findings;
mod iam;
mod laws;
mod reading;
mod targets;

use document::{Limits, RenderStyle, Sources};
use jiff::Timestamp;

use crate::{Access, Read, check, read};

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

/// `code line:column` of every problem, of reading and of checking.
fn codes(texts: &[&str]) -> Vec<String> {
    let sources = sources(texts);
    let Read { access, mut problems } = read(&sources, &Limits::default());
    problems.extend(check(&access, &crate::Facts::default(), now()));
    let place = |problem: &document::Problem| {
        let (name, at) = sources.locate(problem.span.start).expect("a place");
        format!("{} {}:{}:{}", problem.code, name.trim_end_matches(".yaml"), at.line, at.column)
    };
    problems.iter().map(place).collect()
}
