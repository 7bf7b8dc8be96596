//! What is in a program: the packages that are compiled into it, by cargo's own account.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use anyhow::Context as _;
use serde_json::Value;

use crate::{dist::Contents, run, target::Target};

/// A package that is in a program.
#[derive(Debug)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its licence, as an SPDX expression.
    pub(crate) licence: String,
    /// Where its source is published.
    pub(crate) repository: Option<String>,
    /// Its SHA-256 as the registry has it; none for our own.
    pub(crate) checksum: Option<String>,
    /// Where its source is on this machine.
    pub(crate) folder: PathBuf,
    /// The packages that it uses, of those that are in the program.
    pub(crate) uses: BTreeSet<Key>,
}

/// Name and version.
pub(crate) type Key = (String, String);

/// All packages of a program.
pub(crate) struct Dependencies {
    /// The packages; `cli` is the program.
    pub(crate) packages: BTreeMap<Key, Package>,
}

impl Dependencies {
    /// Asks cargo. What only runs while the program is built is not in it.
    pub(crate) fn of(target: &Target, contents: Contents) -> anyhow::Result<Self> {
        let features: &[&str] = match contents {
            Contents::All => &["--features", "jemalloc"],
            Contents::Server => &["--no-default-features", "--features", "jemalloc"],
        };
        let mut tree = run::cargo();
        tree.args(["tree", "--locked", "--package", "cli", "--edges", "normal,no-proc-macro", "--prefix", "none"]);
        tree.args(["--format", "{p}", "--target", target.triple]).args(features);
        let tree = run::output(&mut tree)?;
        let inside: BTreeSet<Key> = tree.lines().filter_map(key).collect();

        let mut metadata = run::cargo();
        metadata.args(["metadata", "--locked", "--format-version", "1", "--all-features"]);
        let metadata: Value = serde_json::from_str(&run::output(metadata.args(["--filter-platform", target.triple]))?)?;
        let lock = fs::read_to_string(run::root().join("Cargo.lock"))?;
        Self::read(&inside, &metadata, &lock)
    }

    /// The packages with these keys.
    fn read(inside: &BTreeSet<Key>, metadata: &Value, lock: &str) -> anyhow::Result<Self> {
        let checksums = checksums(lock);
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut by_id = BTreeMap::new();
        let mut packages = BTreeMap::new();
        for package in list(&metadata["packages"]) {
            let key = (|| Some((text(&package["name"])?, text(&package["version"])?)))().context("a package's name")?;
            by_id.insert(text(&package["id"]).context("a package's id")?, key.clone());
            if !inside.contains(&key) {
                continue;
            }
            let licence = text(&package["license"]).with_context(|| format!("{} says no licence", key.0))?;
            let manifest = PathBuf::from(text(&package["manifest_path"]).context("a package's manifest")?);
            let package = Package {
                name: key.0.clone(),
                version: key.1.clone(),
                // As it was written before there were expressions.
                licence: licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR "),
                repository: text(&package["repository"]),
                checksum: checksums.get(&key).cloned(),
                folder: manifest.parent().context("a manifest's folder")?.to_owned(),
                uses: BTreeSet::new(),
            };
            packages.insert(key, package);
        }
        for node in list(&metadata["resolve"]["nodes"]) {
            let package = text(&node["id"]).and_then(|id| packages.get_mut(by_id.get(&id)?));
            let Some(package) = package else { continue };
            let uses = list(&node["dependencies"])
                .iter()
                .filter_map(|id| by_id.get(id.as_str()?))
                .cloned()
                .collect::<Vec<_>>();
            package.uses = uses.into_iter().filter(|key| inside.contains(key)).collect();
        }
        let missing: Vec<_> = inside.iter().filter(|key| !packages.contains_key(*key)).collect();
        anyhow::ensure!(missing.is_empty(), "cargo metadata does not have {missing:?}");
        Ok(Self { packages })
    }

    /// Those that others have written.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().filter(|package| package.checksum.is_some())
    }
}

/// `name v1.2.3 (path)`.
fn key(line: &str) -> Option<Key> {
    let mut words = line.split(' ');
    Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
}

/// The checksums of Cargo.lock, which cargo writes: a line for each value.
fn checksums(lock: &str) -> BTreeMap<Key, String> {
    let row = |package: &str| -> Option<(Key, String)> {
        let value = |key: &str| {
            let begin = format!("{key} = \"");
            package.lines().find_map(|line| line.strip_prefix(&*begin)?.strip_suffix('"')).map(str::to_owned)
        };
        Some(((value("name")?, value("version")?), value("checksum")?))
    };
    lock.split("[[package]]").filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::{Dependencies, key};

    #[test]
    fn a_line_of_the_tree_names_a_package() {
        assert_eq!(key("ring v0.17.14"), Some(("ring".to_owned(), "0.17.14".to_owned())));
        let ours = key("cli v0.1.0 (/x/crates/cli)").expect("ours");
        assert_eq!(ours, ("cli".to_owned(), "0.1.0".to_owned()));
        assert_eq!(key(""), None);
    }

    #[test]
    fn what_is_in_the_program_is_known_with_its_licence_and_what_it_uses() {
        let metadata = serde_json::json!({
            "packages": [
                {"name": "cli", "version": "1.0.0", "id": "a", "license": "Apache-2.0", "manifest_path": "/x/Cargo.toml"},
                {"name": "ring", "version": "0.17.0", "id": "b", "license": "MIT / Apache-2.0", "manifest_path": "/y/Cargo.toml"},
                {"name": "cc", "version": "1.0.0", "id": "c", "license": "MIT", "manifest_path": "/z/Cargo.toml"}],
            "resolve": {"nodes": [{"id": "a", "dependencies": ["b", "c"]}, {"id": "b", "dependencies": ["c"]}]}
        });
        let lock = "[[package]]\nname = \"cli\"\nversion = \"1.0.0\"\n[[package]]\nname = \"ring\"\nversion = \"0.17.0\"\nchecksum = \"00ff\"\n";
        let inside = ["cli v1.0.0 (/x)", "ring v0.17.0"].iter().filter_map(|line| key(line)).collect();
        let found = Dependencies::read(&inside, &metadata, lock).expect("both");
        let foreign: Vec<_> = found.foreign().map(|package| (&*package.name, &*package.licence)).collect();
        assert_eq!(foreign, [("ring", "MIT OR Apache-2.0")]);
        let cli = &found.packages[&("cli".to_owned(), "1.0.0".to_owned())];
        assert_eq!(cli.uses.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["ring"]);

        let more = ["cli v1.0.0", "lost v1.0.0"].iter().filter_map(|line| key(line)).collect();
        assert!(Dependencies::read(&more, &metadata, lock).is_err(), "one that nobody knows");
    }
}
