//! Files of the AWS CLI that are written anew, as it would write them.

use std::{io::Write as _, path::Path};

use super::Secret;

/// Replaces a file in one step. It is its owner's alone, as the AWS CLI makes it.
pub(super) fn replace(path: &Path, content: &Secret) -> Option<()> {
    let mut file = tempfile::Builder::new().suffix(".tmp").tempfile_in(path.parent()?).ok()?;
    file.write_all(content.expose().as_bytes()).ok()?;
    file.as_file().sync_all().ok()?;
    file.persist(path).ok().map(drop)
}
