//! `cargo xtask bench`
/// Flags of `bench`.
#[derive(clap::Args)]
pub(crate) struct BenchArgs {}
pub(crate) fn bench(_: &BenchArgs) -> anyhow::Result<()> {
    Ok(())
}
