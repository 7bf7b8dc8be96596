//! `cargo xtask lint`.

use crate::{docs, needs, run, tidy, tools};

/// Format, clippy, workflows, tidy, and whether generated pages are up to date.
pub(crate) fn lint() -> anyhow::Result<()> {
    needs::ensure("lint", needs::LINT)?;
    run::check(run::cargo().args(["fmt", "--all", "--check"]))?;
    run::check(run::cargo().args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    docs::docs(&docs::DocsArgs { check: true })?;
    // What runs at GitHub: workflows are YAML with expressions in it, which nothing else reads.
    run::check(&mut run::command(tools::actionlint()?))?;
    tidy::tidy()
}
