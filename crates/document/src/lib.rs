//! Text with spans, one located tree for YAML, JSON and TOML, problems and how they are printed, and edits that keep the rest.
//!
//! Whatever people write by hand – configuration, access files, kubeconfigs – is read through this crate, so that every
//! problem has a file, a line, a column and an excerpt, and all problems of a file come out in one run:
//!
//! ```text
//!   Source ─ parse ─► Node (every scalar, key and collection with its byte span)
//!                       └─ Fields: typed reading of a mapping ─► values, and Problems ─ render ─► text for a person
//!   Source + Edits ─ apply_as ─► text, every other byte kept, and read again before it is handed out
//! ```
//!
//! Values stay text until somebody says what they must be: `012345678901` is an account or a number by the reader's
//! decision, never by YAML's.

mod builder;
mod dialect;
mod edits;
mod encoding;
mod entries;
mod fields;
mod go;
mod json;
mod libyaml;
mod limits;
mod machine;
mod manifests;
mod nearest;
mod problem;
mod render;
mod repeated;
mod scalar;
mod shell;
mod slips;
mod source;
mod toml;
mod tree;
mod value;
mod visible;
pub mod wildcard;
mod write;
mod yaml;
mod yaml_1_1;

pub use dialect::Dialect;
pub use edits::Edits;
pub use encoding::{Undecodable, decode, decode_lossy, is_utf_16};
pub use fields::{Fields, KeyCase};
pub use json::unescape as unescape_json;
pub use libyaml::TAB;
pub use limits::Limits;
pub use machine::{Elsewhere, RuleText, to_json, to_sarif};
pub use manifests::{Document, parse_documents, parse_manifests};
pub use nearest::{by_nearness, distance, nearest};
pub use problem::{Problem, Problems, Severity};
pub use render::{RenderStyle, render};
pub use scalar::Scalar;
pub use shell::shell_word;
pub use source::{Position, Source, Sources, Span};
pub use toml::is_toml;
pub use tree::{Entry, Node, Read, Style, Value};
pub use visible::{is_hidden, visible};
pub use write::{plain_or_quoted, quoted};
pub use yaml::{SEVERAL, parse, parse_as, parse_each};

#[cfg(test)]
mod tests;
