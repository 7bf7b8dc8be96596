//! Files that other programs keep credentials in.

use std::{fs::File, io::Read as _, path::Path};

/// The longest that is read; programs write a few kilobytes.
pub(super) const MAX_FILE: u64 = 64 * 1024;

/// The text of a file, if there is one that can be read and is a file.
pub(super) fn small_file(path: &Path) -> Option<String> {
    // A pipe would be waited for until somebody writes into it.
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_FILE + 1).read_to_string(&mut text).ok()?;
    (text.len() as u64 <= MAX_FILE).then_some(text)
}
