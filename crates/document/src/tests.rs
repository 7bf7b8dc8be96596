//! What the tree holds, what is refused and how that looks, and the laws of spans and edits.

mod dialects;
mod edits;
mod encoding;
mod fields;
mod laws;
mod problems;
mod scalars;
mod toml;
mod tree;

use crate::{Limits, Node, RenderStyle, Source, parse, render};

/// The tree of a text that has one.
fn tree(text: &str) -> Node {
    parse(&Source::new("f.yaml", text), &Limits::default()).expect("readable").expect("not empty")
}

/// What is said about a text that cannot be read within some limits.
fn refusal(text: &str, limits: &Limits) -> String {
    let source = Source::new("f.yaml", text);
    let problems = parse(&source, limits).expect_err("not readable");
    render(&source, &problems, RenderStyle::Plain)
}
