//! What every parser must do with any bytes at all.
//!
//! A target takes bytes, gives them to a parser and to what stands on it, and panics where a law does not hold: nothing
//! panics, what is accepted is accepted again, what was not ours stays as it was. `fuzz/` runs the targets under libFuzzer
//! (`cargo xtask fuzz`); the tests of this crate run them on the kept inputs of `fuzz/corpus` and on random ones, so that
//! they are held by every test run on stable Rust.
//!
//! The first byte of an input says how the rest is taken: an even one as text, an odd one as choices from the words of the
//! format ([`grammar`]), which gets deep into readers that random text never passes. Where the first byte is text itself,
//! one with which no text begins stands for choices ([`grammar::are_choices`]).

mod access_files;
mod answers;
mod clusters;
mod documents;
mod grammar;
mod kubeconfigs;
mod logins;
mod tokens;
mod words;

pub use tokens::{Made, token};

/// One target.
pub struct Target {
    /// Its name: that of its folder in `fuzz/corpus` and of its program in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Panics where a law does not hold. Returns whether the reader took the input, so that laws about what it read were held.
    pub run: fn(&[u8]) -> bool,
}

/// Every target.
pub const TARGETS: [Target; 14] = [
    Target { name: "token_accept", run: tokens::accepts },
    Target { name: "token_confirm", run: tokens::confirms },
    Target { name: "token_review", run: tokens::reviews },
    Target { name: "documents", run: documents::reads },
    Target { name: "access_file", run: access_files::reads },
    Target { name: "plan", run: access_files::plans },
    Target { name: "authenticator_config", run: logins::configures },
    Target { name: "logins", run: logins::maps },
    Target { name: "dumps", run: clusters::takes },
    Target { name: "config_map_merge", run: logins::merges },
    Target { name: "kubeconfig_merge", run: kubeconfigs::merges },
    Target { name: "kubeconfig_convert", run: kubeconfigs::converts },
    Target { name: "aws_config", run: answers::configures },
    Target { name: "aws_xml", run: answers::lists },
];

/// Runs the target of a name.
///
/// # Panics
///
/// There is no such target, or one of its laws does not hold.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    let _ = (target.run)(bytes);
}
