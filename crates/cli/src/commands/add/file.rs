//! An entry more in a file.

use std::path::Path;

use access::merge::add::{Addition, add_to_file};
use anyhow::{Context as _, ensure};

use super::{refused, warn};
use crate::{commands::kubeconfig::file::Locked, exit::CommandResult, process};

/// Adds an entry to a file, which nobody else changes with this program meanwhile.
pub(super) fn add(path: &Path, addition: &Addition) -> CommandResult {
    let shown = path.display();
    ensure_there(path)?;
    let locked = Locked::new(path)?;
    let source = locked.read()?.with_context(|| format!("there is no file {shown}"))?;
    let (text, added) = add_to_file(&source, addition).map_err(|why| refused(&why, addition))?;
    // An editor takes no heed of the lock.
    let now = locked.read()?;
    let is_same = now.is_some_and(|now| (now.prefix(), now.text()) == (source.prefix(), source.text()));
    if !is_same {
        return Err(
            anyhow::anyhow!("{shown} was changed by somebody else at the same time; run the command again").into()
        );
    }
    locked.write(&text)?;
    warn(&added);
    Ok(process::print_line(&format!("added {}", added.place))?)
}

/// A file that is not there is not made: nobody could say which kind it is to be.
fn ensure_there(path: &Path) -> anyhow::Result<()> {
    ensure!(
        path.exists(),
        "there is no file {}; `cluster-auth add` adds to a manifest of aws-auth or a configuration that is there",
        path.display()
    );
    Ok(())
}
