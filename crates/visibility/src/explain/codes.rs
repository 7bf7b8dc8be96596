//! Every code that a server gives as its reason, in one table for `explain` and for the documentation.

use ::codes::{Code, Server};

/// Returns every code, in the order in which they can come up.
pub fn codes() -> impl Iterator<Item = Code> {
    token::catalogue().chain(mapping::catalogue()).chain(Server::CATALOGUE).copied()
}

/// Returns the code of this name, if it is one.
pub fn code_named(name: &str) -> Option<Code> {
    codes().find(|code| code.code == name)
}
