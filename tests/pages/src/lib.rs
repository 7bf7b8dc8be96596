//! What README and docs/*.md tell people to type, and which test types it in exactly that form.
//!
//! ```text
//!   pages ─► commands ─┐
//!                      ├─► problems: what nobody runs, what stands on no page          `cargo xtask lint`
//!   commands.yaml ─────┤
//!                      └─► what a test must have typed when it is done                 the end-to-end tests
//! ```

mod links;
mod markdown;
mod table;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

pub use self::{
    links::dead_links,
    markdown::{Block, Command, bare},
    table::{CI, Elsewhere, TABLE, Table},
};

/// The page that lists all others, in the order of the site's sidebar.
pub const CONTENTS: &str = "docs/SUMMARY.md";

/// One page of the documentation.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its path in the repository, as `docs/kops.md`.
    pub path: String,
    /// Markdown.
    pub text: String,
}

impl Page {
    /// README and everything in docs/, in the order of their names.
    pub fn all() -> anyhow::Result<Vec<Self>> {
        let docs = repository().join("docs");
        let mut paths = vec!["README.md".to_owned()];
        for entry in fs::read_dir(&docs).with_context(|| docs.display().to_string())? {
            let name = entry?.file_name();
            let is_page = Path::new(&name).extension().is_some_and(|extension| extension == "md");
            paths.extend(is_page.then(|| format!("docs/{}", name.display())));
        }
        paths.sort();
        paths.into_iter().map(|path| Self::read(&path)).collect()
    }

    /// One of them, by its path in the repository.
    pub fn read(path: &str) -> anyhow::Result<Self> {
        let text = fs::read_to_string(repository().join(path)).with_context(|| path.to_owned())?;
        Ok(Self { path: path.to_owned(), text })
    }
}

/// The repository's folder.
pub fn repository() -> PathBuf {
    let below = Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent);
    below.expect("this crate is two folders below the repository's").to_owned()
}
