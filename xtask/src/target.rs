//! What the program is released for, and how it is compiled for that.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use crate::{
    needs::{self, Need},
    run, tools,
};

/// A system and its processor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Rust's name.
    pub(crate) triple: &'static str,
    /// The name in those of archives, as Go and OCI have it: the system, and the architecture.
    pub(crate) system: &'static str,
    /// The architecture.
    pub(crate) architecture: &'static str,
    /// What the machine must have.
    needs: &'static [Need],
}

/// Linux on Intel and AMD: what is built without being asked for.
pub(crate) const LINUX_AMD64: Target =
    Target { triple: "x86_64-unknown-linux-musl", system: "linux", architecture: "amd64", needs: needs::DIST };

/// Linux on ARM.
pub(crate) const LINUX_ARM64: Target =
    Target { triple: "aarch64-unknown-linux-musl", system: "linux", architecture: "arm64", needs: needs::DIST_ARM64 };

/// Windows: the client's commands.
pub(crate) const WINDOWS_AMD64: Target =
    Target { triple: "x86_64-pc-windows-gnu", system: "windows", architecture: "amd64", needs: needs::WINDOWS };

/// macOS on Apple's processors, which is compiled on macOS alone.
pub(crate) const MACOS_ARM64: Target =
    Target { triple: "aarch64-apple-darwin", system: "darwin", architecture: "arm64", needs: needs::DIST_MACOS };

/// All of them.
pub(crate) const ALL: [&Target; 4] = [&LINUX_AMD64, &LINUX_ARM64, &WINDOWS_AMD64, &MACOS_ARM64];

/// Where a compiler is told that the folders of this machine are, so that what it writes is the same in every folder.
const SOURCE: &str = "/cluster-auth";
const CRATES: &str = "/crates";

/// The version of cargo-auditable, which puts the list of dependencies into the program.
const AUDITABLE: &str = "0.7.7";

impl Target {
    /// The target of this name, Rust's or as archives have it.
    pub(crate) fn named(name: &str) -> anyhow::Result<&'static Self> {
        let found = ALL.into_iter().find(|target| target.triple == name || target.name() == name);
        found.with_context(|| format!("{name} is none of {}", ALL.map(|target| target.triple).join(", ")))
    }

    /// As archives are called: `linux-amd64`.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.system, self.architecture)
    }

    /// The file's name.
    pub(crate) fn program(&self) -> &'static str {
        if self.system == "windows" { "cluster-auth.exe" } else { "cluster-auth" }
    }

    /// Where cargo puts what it builds.
    pub(crate) fn folder(&self, root: &Path) -> PathBuf {
        root.join("target").join(self.triple).join("dist")
    }

    /// `cargo build` for this target in a checkout, with the profile of the release and all that makes it the same on every machine.
    pub(crate) fn cargo_build(&self, root: &Path) -> anyhow::Result<Command> {
        needs::ensure("dist", self.needs)?;
        run::check(run::command("rustup").args(["target", "add", self.triple]))?;
        let mut build = Command::new(tools::cargo_program("cargo-auditable", AUDITABLE, &[])?);
        build.current_dir(root).args(["auditable", "build", "--locked", "--profile", "dist", "--target", self.triple]);
        let crates = cargo_home()?.join("registry/src");
        let maps = [(root, SOURCE), (&crates, CRATES)].map(|(from, to)| format!("{}={to}", from.display()));
        let mut flags = maps.each_ref().map(|map| format!("--remap-path-prefix={map}")).to_vec();
        if self != &MACOS_ARM64 {
            flags.push("-Ctarget-feature=+crt-static".to_owned());
        }
        if self.system == "linux" {
            // Relocating a position-independent binary of this size costs more than a whole `token` call.
            flags.push("-Crelocation-model=static".to_owned());
        }
        let underscored = self.triple.replace('-', "_");
        if self == &LINUX_ARM64 {
            flags.push("-Clinker=rust-lld".to_owned());
            build.env(format!("CC_{underscored}"), zig_cc("aarch64-linux-musl")?);
        }
        build.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        let maps = maps.each_ref().map(|map| format!("-ffile-prefix-map={map}"));
        build.env(format!("CFLAGS_{underscored}"), maps.join(" "));
        // jemalloc is told at build time: one arena for the one thread, and unused memory goes back at once. Keeping it for a second makes a
        // review about 5 % cheaper, and what one attack needed was still held when the next one came: 20 MiB did not suffice.
        build.env("JEMALLOC_SYS_WITH_MALLOC_CONF", "narenas:1,dirty_decay_ms:0,muzzy_decay_ms:0");
        Ok(build)
    }
}

fn cargo_home() -> anyhow::Result<PathBuf> {
    let given = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    given.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).context("no CARGO_HOME and no home folder")
}

/// A C compiler for another target: Zig's, which brings that one's headers. It has names of its own for targets, and
/// so does not understand the one that it is given.
fn zig_cc(target: &str) -> anyhow::Result<PathBuf> {
    let python = tools::zig()?;
    let script = tools::cache()?.join(format!("zig-cc-{target}"));
    let text = format!(
        "#!/bin/sh\n\
         for word do\n  shift\n  case $word in --target=*) ;; *) set -- \"$@\" \"$word\" ;; esac\ndone\n\
         exec '{}' -m ziglang cc -target {target} -fno-sanitize=all \"$@\"\n",
        python.display()
    );
    if fs::read_to_string(&script).is_ok_and(|there| there == text) {
        return Ok(script);
    }
    // In one step: another build may be using it.
    let new = script.with_extension(std::process::id().to_string());
    fs::write(&new, text)?;
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755))?;
    fs::rename(&new, &script)?;
    Ok(script)
}

#[cfg(test)]
mod tests {
    use super::{ALL, LINUX_ARM64, Target, WINDOWS_AMD64};

    #[test]
    fn a_target_has_two_names() {
        for target in ALL {
            assert_eq!(Target::named(target.triple).expect("Rust's name"), target);
            assert_eq!(Target::named(&target.name()).expect("the archive's"), target);
        }
        let names = (LINUX_ARM64.name(), WINDOWS_AMD64.program());
        assert_eq!(names, ("linux-arm64".to_owned(), "cluster-auth.exe"));
        assert!(Target::named("sparc").expect_err("there is none").to_string().contains("x86_64-unknown-linux-musl"));
    }
}
