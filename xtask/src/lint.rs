//! `cargo xtask lint`.

use crate::{docs, needs, run, tidy};

/// Format, clippy, tidy, and whether generated pages are up to date.
pub(crate) fn lint() -> anyhow::Result<()> {
    needs::ensure("lint", needs::LINT)?;
    run::check(run::cargo().args(["fmt", "--all", "--check"]))?;
    run::check(run::cargo().args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    docs::docs(&docs::DocsArgs { check: true })?;
    tidy::tidy()
}
