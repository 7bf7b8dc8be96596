//! Files that other programs keep credentials in.

use std::path::Path;

use reading::Kind;

/// The longest that is read; programs write a few kilobytes.
pub(super) const MAX_FILE: u64 = 64 * 1024;

/// The text of a file, if there is one that can be read and is a file.
pub(super) fn small_file(path: &Path) -> Option<String> {
    String::from_utf8(reading::read(path, Kind::Regular, MAX_FILE).ok()?).ok()
}
