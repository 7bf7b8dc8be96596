//! The AWS CLI's words for EKS, which this program answers to as well.
//!
//! ```text
//!   options   what every command of the AWS CLI takes ─► done, said to have no effect, or refused by name
//!   get_token aws eks get-token ─► token
//!   answer    --output and --query: the credential as the AWS CLI prints it
//! ```

mod answer;
mod format;
mod get_token;
mod options;

use std::ffi::OsString;

pub(crate) use self::{answer::Answer, get_token::GetToken, options::Options};

/// The words around two that follow each other, where they do: the AWS CLI takes its options anywhere, between them too.
pub(crate) fn around(arguments: &[OsString], [first, second]: [&str; 2]) -> Option<Vec<OsString>> {
    let words = arguments.get(1..)?;
    let of = |at: usize| {
        let behind = at + 1 + words[at + 1..].iter().position(|word| word == second)?;
        let is_option = |word: &OsString| word.as_encoded_bytes().starts_with(b"--");
        let follows = behind == at + 1 || is_option(&words[at + 1]);
        follows.then(|| [&words[..at], &words[at + 1..behind], &words[behind + 1..]].concat())
    };
    (0..words.len()).filter(|at| words[*at] == first).find_map(of)
}
