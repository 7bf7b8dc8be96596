//! `cargo xtask release`: everything that people install, into target/release-VERSION, each opened and run.
//!
//! Times, owners and orders come from the commit, so that the same commit makes the same bytes; `--rebuild` shows it.

mod archive;
mod changelog;
mod check;
mod checksums;
mod contents;
mod dependencies;
mod files;
mod image;
mod licences;
mod packages;
mod rebuild;
mod sbom;
mod signature;

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use anyhow::Context as _;
use serde_json::Value;

use self::{archive::Archive, dependencies::Dependencies};
use crate::{
    dist::{self, Commit, Contents},
    needs, run,
    target::{ALL, LINUX_AMD64, LINUX_ARM64, MACOS_ARM64, Target, WINDOWS_AMD64},
};

/// Flags of `release`.
#[derive(clap::Args, Default)]
pub(crate) struct ReleaseArgs {
    /// For ARM and Windows too, not only for Linux on Intel and AMD
    #[arg(long)]
    all: bool,

    /// Build the programs again in another folder, and compare
    #[arg(long)]
    rebuild: bool,

    /// Build the programs and what looks at them, which is what takes long, and nothing more
    #[arg(long, conflicts_with_all = ["rebuild", "macos", "sign_with", "base_url"])]
    prepare: bool,

    /// Try what is in a folder, made of this commit here or elsewhere; no program is built
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["all", "rebuild", "prepare", "macos", "sign_with"])]
    check_only: Option<PathBuf>,

    /// Leave out the tests on a node, which need root
    #[arg(long)]
    without_node: bool,

    /// Where people will get the files, with the version as `{version}` [default: base-url in the root Cargo.toml]
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,

    /// For macOS too: the program, which `cargo xtask dist --target darwin-arm64` has built there of this commit
    #[arg(long, value_name = "FILE")]
    macos: Option<PathBuf>,

    /// minisign's secret key that signs, one without a password
    #[arg(long, value_name = "FILE", env = "CLUSTER_AUTH_SIGNING_KEY")]
    sign_with: Option<PathBuf>,
}

/// Where files are while they are made: not among those of a release, whose folders begin with `release-`.
const WORK: &str = "target/work-release";

/// The version of the workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the files of a version are put.
pub(crate) fn folder_of(version: &str) -> String {
    format!("target/release-{version}")
}

/// What all parts of a release agree on.
pub(crate) struct Release {
    /// The version, that of the workspace.
    pub(crate) version: String,
    /// What it is made of.
    pub(crate) commit: Commit,
    /// Where people will get the files, without a `/` at its end.
    pub(crate) base_url: String,
    /// Where the files are put.
    pub(crate) folder: PathBuf,
    /// Where files are while they are made.
    pub(crate) work: PathBuf,
}

/// Makes it, opens it, and says what is in it.
pub(crate) fn release(args: &ReleaseArgs) -> anyhow::Result<()> {
    let all = if args.all { needs::RELEASE_ALL } else { &[] };
    if let Some(folder) = &args.check_only {
        return check_only(folder, args);
    }
    let node = if args.without_node { Vec::new() } else { [needs::TOOLS, needs::NODE_TESTS].concat() };
    needs::ensure("release", &[needs::RELEASE, all, &node].concat())?;
    let targets: &[&'static Target] =
        if args.all { &[&LINUX_AMD64, &LINUX_ARM64, &WINDOWS_AMD64] } else { &[&LINUX_AMD64] };
    if args.prepare {
        return prepare(targets);
    }
    changelog::check(VERSION)?;
    let release = Release::begin(args.base_url.as_deref())?;

    let archives = thread::scope(|scope| {
        // To link is work for one processor: another has time for what is needed afterwards.
        let prepared = scope.spawn(check::prepare);
        let built = |target: &&'static Target| {
            release.archive(target, &dist::program(run::root(), target, Contents::All, &release.commit)?)
        };
        let mut archives = targets.iter().map(built).collect::<anyhow::Result<Vec<_>>>()?;
        if let Some(program) = &args.macos {
            archives.push(release.archive(&MACOS_ARM64, program)?);
        }
        prepared.join().ok().context("preparing panicked")??;
        anyhow::Ok(archives)
    })?;
    let images: Vec<&Target> = targets.iter().copied().filter(|target| target.system == "linux").collect();
    image::write(&release, &images)?;
    files::write(&release)?;
    packages::write(&release.base_url, &release.version, &archives, &release.folder)?;
    checksums::write(&release.folder)?;
    signature::sign(&release, args.sign_with.as_deref())?;

    check::check(&release, &archives, !args.without_node)?;
    if args.rebuild {
        rebuild::compare(&release, targets)?;
    }
    release.list()
}

/// Tries the files of a folder, whoever has made them: a draft that was downloaded, say.
fn check_only(folder: &Path, args: &ReleaseArgs) -> anyhow::Result<()> {
    let folder = folder.canonicalize().with_context(|| folder.display().to_string())?;
    let release = Release::of(folder, args.base_url.as_deref())?;
    let archives = release.archives();
    anyhow::ensure!(!archives.is_empty(), "{} has no archive of {VERSION}", release.folder.display());
    // What is compared with the release is this checkout: charts, dependencies, the page that is typed.
    for Archive { target, .. } in &archives {
        let of = sbom::commit(&release.folder.join(release.name(target, "cdx.json")))?;
        let here = &release.commit.name;
        anyhow::ensure!(of == *here, "the release is of commit {of}, and this is {here}: check that commit out");
    }
    let others = archives.iter().any(|archive| archive.target != &LINUX_AMD64);
    let others = if others { needs::RELEASE_ALL } else { &[] };
    let node = if args.without_node { Vec::new() } else { [needs::TOOLS, needs::NODE_TESTS].concat() };
    needs::ensure("release", &[needs::RELEASE, others, &node].concat())?;
    check::prepare()?;
    check::check(&release, &archives, !args.without_node)?;
    release.list()
}

/// Builds every program that a release has, and what looks at its files.
fn prepare(targets: &[&Target]) -> anyhow::Result<()> {
    let commit = Commit::here()?;
    for target in targets {
        for contents in Contents::of(target) {
            dist::program(run::root(), target, *contents, &commit)?;
        }
    }
    check::prepare()
}

impl Release {
    /// An empty folder for it.
    fn begin(base_url: Option<&str>) -> anyhow::Result<Self> {
        let release = Self::of(run::root().join(folder_of(VERSION)), base_url)?;
        empty(&release.folder)?;
        Ok(release)
    }

    /// One in a folder, whatever is in it.
    fn of(folder: PathBuf, base_url: Option<&str>) -> anyhow::Result<Self> {
        let version = VERSION.to_owned();
        let base_url = match base_url {
            Some(url) => url.to_owned(),
            None => settled_base_url()?,
        };
        let base_url = base_url.replace("{version}", &version).trim_end_matches('/').to_owned();
        let work = run::root().join(WORK);
        empty(&work)?;
        Ok(Self { version, commit: Commit::here()?, base_url, folder, work })
    }

    /// The archives that are in its folder.
    fn archives(&self) -> Vec<Archive> {
        let endings = |target: &Target| if target.system == "windows" { "zip" } else { "tar.gz" };
        let all = ALL
            .into_iter()
            .map(|target| Archive { target, file: self.folder.join(self.name(target, endings(target))) });
        all.filter(|archive| archive.file.is_file()).collect()
    }

    /// The name of a file for one target.
    pub(crate) fn name(&self, target: &Target, ending: &str) -> String {
        format!("cluster-auth-{}-{}.{ending}", self.version, target.name())
    }

    /// Writes the archive around the program for one target, and the list of what is in it.
    fn archive(&self, target: &'static Target, program: &Path) -> anyhow::Result<Archive> {
        let dependencies = Dependencies::of(target, Contents::All)?;
        let sbom = sbom::sbom(self, target, &dependencies);
        fs::write(self.folder.join(self.name(target, "cdx.json")), sbom)?;
        let folder = self.work.join(format!("cluster-auth-{}-{}", self.version, target.name()));
        contents::assemble(self, target, program, &dependencies, &folder)?;
        let kind = if target.system == "windows" { archive::Kind::Zip } else { archive::Kind::TarGz };
        archive::pack(&folder, &self.folder, kind, self.commit.seconds).map(|file| Archive { target, file })
    }

    /// Says what there is.
    fn list(&self) -> anyhow::Result<()> {
        println!("{} of {}, of {}", self.version, self.commit.name, self.commit.date);
        for file in archive::sorted(&self.folder)? {
            let size = if file.is_dir() {
                String::new()
            } else {
                format!("{} KB", fs::metadata(&file)?.len().div_ceil(1_000))
            };
            println!("{size:>10}  {}", file.strip_prefix(run::root()).unwrap_or(&file).display());
        }
        Ok(())
    }
}

/// Makes a folder in which nothing is.
fn empty(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

/// Where files will be published: `base-url` of `[workspace.metadata.release]`, the one place that says it.
pub(crate) fn settled_base_url() -> anyhow::Result<String> {
    let metadata = run::output(run::cargo().args(["metadata", "--locked", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let url = metadata["metadata"]["release"]["base-url"].as_str();
    url.map(str::to_owned).context("Cargo.toml has no base-url in [workspace.metadata.release]")
}
