//! The licences of what others have written, each with its text, as they ask for it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{
    archive,
    dependencies::{Dependencies, Package},
};
use crate::run;

/// How the names of files begin that say under which licence a package is.
const BEGINNINGS: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];

/// The document: each text once, below the packages that come with it.
pub(crate) fn document(dependencies: &Dependencies) -> anyhow::Result<String> {
    let standard = standard_texts()?;
    let mut by_text: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
    for package in dependencies.foreign() {
        let mut texts = own_texts(&package.folder)?;
        if texts.is_empty() {
            texts = expression_texts(&package.licence, &standard).with_context(|| package.name.clone())?;
        }
        for text in texts {
            by_text.entry(text).or_default().push(package);
        }
    }
    let mut sections: Vec<(Vec<&Package>, String)> =
        by_text.into_iter().map(|(text, packages)| (packages, text)).collect();
    sections.sort_by_key(|(packages, _)| packages.iter().map(|package| (&package.name, &package.version)).min());
    let mut document = format!(
        "cluster-auth is under the Apache License 2.0, see LICENSE. It contains {} packages by others, each under its own licence.\n\
         Rust's standard library is in it too: COPYRIGHT-rust-library.html.\n",
        dependencies.foreign().count()
    );
    for (packages, text) in sections {
        document.push_str(&format!("\n{}\n", "=".repeat(100)));
        for Package { name, version, licence, repository, .. } in packages {
            let place = repository.as_deref().map(|place| format!(", {place}")).unwrap_or_default();
            document.push_str(&format!("{name} {version} ({licence}){place}\n"));
        }
        document.push_str(&format!("{}\n\n{text}\n", "-".repeat(100)));
    }
    Ok(document)
}

/// What a package brings itself.
fn own_texts(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    for file in archive::sorted(folder)?.into_iter().filter(|path| path.is_file()) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) {
            texts.push(String::from_utf8_lossy(&fs::read(&file)?).replace("\r\n", "\n").trim_end().to_owned());
        }
    }
    texts.dedup();
    Ok(texts)
}

/// The texts of an expression's licences, for a package that brings none.
fn expression_texts(expression: &str, standard: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let names = expression.split([' ', '(', ')']).filter(|word| !["", "OR", "AND", "WITH"].contains(word));
    names.map(|name| standard.get(name).cloned().with_context(|| format!("no text of {name}"))).collect()
}

/// The texts that come with Rust, by SPDX's names.
fn standard_texts() -> anyhow::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for file in archive::sorted(&rust_documents()?.join("licenses"))? {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        texts.insert(name, fs::read_to_string(&file)?.trim_end().to_owned());
    }
    Ok(texts)
}

/// What the standard library has of others, as Rust's own page says it.
pub(crate) fn of_rust() -> anyhow::Result<PathBuf> {
    Ok(rust_documents()?.join("COPYRIGHT-library.html"))
}

fn rust_documents() -> anyhow::Result<PathBuf> {
    let sysroot = run::output(run::command("rustc").args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(sysroot.trim()).join("share/doc/rust"))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use super::{expression_texts, own_texts};

    #[test]
    fn a_package_without_a_text_gets_the_texts_of_its_expression() {
        let standard: BTreeMap<_, _> =
            [("MIT", "m"), ("Apache-2.0", "a")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(expression_texts("MIT OR Apache-2.0", &standard).expect("both"), ["m", "a"]);
        assert_eq!(expression_texts("(MIT AND Apache-2.0)", &standard).expect("both"), ["m", "a"]);
        let error = expression_texts("SSPL-1.0", &standard).expect_err("none has it");
        assert_eq!(error.to_string(), "no text of SSPL-1.0");
    }

    #[test]
    fn a_package_brings_its_texts_under_many_names() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["LICENSE-MIT", "Copying.txt", "NOTICE", "README.md"] {
            fs::write(folder.path().join(name), format!("{name}\r\n")).expect("a file");
        }
        assert_eq!(own_texts(folder.path()).expect("texts"), ["Copying.txt", "LICENSE-MIT", "NOTICE"]);
    }
}
