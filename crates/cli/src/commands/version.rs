//! `version`: what this binary is, in the shape of aws-iam-authenticator's own answer.

use clap::Args;

use crate::{
    exit::CommandResult,
    global::{Boolean, Global},
    process, settings,
    shared::output::Data,
};

/// Flags of `version`.
#[derive(Args, Debug)]
pub(crate) struct VersionArgs {
    /// Print the version number alone
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = Boolean)]
    short: Option<bool>,

    /// Format of the version [default: json]
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Data>,
}

/// The version of this build.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from, where the build was told (`cargo xtask dist` does); with `-dirty` where files differed from it.
pub(crate) const COMMIT: &str = told(option_env!("CLUSTER_AUTH_COMMIT"));

/// When that commit was made, as RFC 3339.
pub(crate) const DATE: &str = told(option_env!("CLUSTER_AUTH_DATE"));

/// The target that it was built for.
const TARGET: &str = told(option_env!("CLUSTER_AUTH_TARGET"));

const fn told(value: Option<&'static str>) -> &'static str {
    match value {
        Some(value) => value,
        None => "",
    }
}

/// Which of the builds of a version this is.
fn build() -> String {
    let without = if cfg!(feature = "local") { "" } else { " without demo and sandbox" };
    format!("{TARGET}{without}")
}

/// Prints the version. A configuration that is given and cannot be read is an error, as of every command.
pub(crate) fn run(args: &VersionArgs, global: &Global) -> CommandResult {
    settings::config(global)?;
    if args.short == Some(true) {
        // aws-iam-authenticator takes both.
        if args.output.is_some() {
            process::note("note: --output has no effect with --short");
        }
        return short();
    }
    let text = match args.output.unwrap_or(Data::Json) {
        Data::Json if COMMIT.is_empty() => format!("{{\"Version\":\"{VERSION}\"}}\n"),
        Data::Json => {
            let build = build();
            format!("{{\"Version\":\"{VERSION}\",\"Commit\":\"{COMMIT}\",\"Build\":\"{build}\"}}\n")
        }
        Data::Yaml if COMMIT.is_empty() => format!("version: {VERSION}\ncommit: \"\"\ndate: \"\"\n"),
        Data::Yaml => {
            let build = build();
            format!("version: {VERSION}\ncommit: \"{COMMIT}\"\ndate: \"{DATE}\"\nbuild: \"{build}\"\n")
        }
    };
    Ok(process::print(&text)?)
}

/// What `server` says first, as aws-iam-authenticator does.
#[cfg(unix)]
pub(crate) fn banner() -> String {
    format!("Authenticator Version: {VERSION:?}, {COMMIT:?}\n")
}

/// Prints the bare version, as `--version` does.
pub(crate) fn short() -> CommandResult {
    Ok(process::print(&format!("{VERSION}\n"))?)
}
