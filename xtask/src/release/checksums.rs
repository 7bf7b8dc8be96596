//! SHA256SUMS, as `sha256sum --check` reads it.

use std::{fs, path::Path};

use sha2::{Digest as _, Sha256};

use super::archive;

/// The file's name.
pub(crate) const NAME: &str = "SHA256SUMS";

/// Writes it for every file of a folder.
pub(crate) fn write(folder: &Path) -> anyhow::Result<()> {
    let mut lines = String::new();
    for file in archive::all(folder)? {
        let name = file.strip_prefix(folder)?.to_string_lossy().into_owned();
        lines.push_str(&format!("{}  {name}\n", of(&file)?));
    }
    Ok(fs::write(folder.join(NAME), lines)?)
}

/// The SHA-256 of a file.
pub(crate) fn of(file: &Path) -> anyhow::Result<String> {
    Ok(Sha256::digest(fs::read(file)?).iter().map(|byte| format!("{byte:02x}")).collect())
}
