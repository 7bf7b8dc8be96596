//! `cargo xtask site`: the documentation as a site, by mdBook.
//!
//! Pages stand there where they stand in the repository, and what they link to stands beside them: one link is right in both.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use pages::{CONTENTS, Page};

use crate::{run, tools};

const VERSION: &str = "0.5.4";

/// Without the web server and what looks for changes, which take most of its build.
const FLAGS: [&str; 3] = ["--no-default-features", "--features", "search"];

/// Builds it into target/site, and follows every link of it.
pub(crate) fn site() -> anyhow::Result<()> {
    let contents = Page::read(CONTENTS)?;
    let pages = pages_of(&contents)?;
    let dead = pages::dead_links(&pages);
    ensure!(dead.is_empty(), "{}", dead.join("\n"));
    let mdbook = tools::cargo_program("mdbook", VERSION, &FLAGS)?;

    let book = run::root().join("target/site-source");
    let site = run::root().join("target/site");
    for folder in [&book, &site].into_iter().filter(|folder| folder.exists()) {
        fs::remove_dir_all(folder)?;
    }
    let folders = stage(&contents, &pages, &book)?;
    run::check(run::command(mdbook).arg("build").arg(&book).arg("--dest-dir").arg(&site))?;
    for folder in folders {
        fs::write(site.join(&folder).join("index.html"), listing(&site.join(&folder))?)?;
    }
    let dead = dead_links(&site, &pages)?;
    ensure!(dead.is_empty(), "the site has links that lead nowhere:\n{}", dead.join("\n"));
    println!("{}", site.join("index.html").display());
    Ok(())
}

/// The pages that the contents name.
fn pages_of(contents: &Page) -> anyhow::Result<Vec<Page>> {
    contents.links().into_iter().map(|(_, path, _)| Page::read(&contents.beside(path))).collect()
}

/// Puts mdBook's settings, the pages and what they link to into a folder. The folders among that are its answer: nothing
/// lists their files on a site.
fn stage(contents: &Page, pages: &[Page], book: &Path) -> anyhow::Result<BTreeSet<String>> {
    let source = book.join("src");
    fs::create_dir_all(&source)?;
    for name in ["book.toml", "site.css"] {
        copy(&format!("docs/{name}"), &book.join(name))?;
    }
    fs::write(source.join("SUMMARY.md"), from_the_root(contents))?;
    let mut folders = BTreeSet::new();
    for page in pages {
        copy(&page.path, &source.join(&page.path))?;
        for (_, path, _) in page.links().into_iter().filter(|(_, path, _)| !path.is_empty()) {
            let target = page.beside(path);
            if run::root().join(&target).is_dir() {
                folders.insert(target);
            } else if Path::new(&target).extension().is_none_or(|extension| extension != "md") {
                copy(&target, &source.join(&target))?;
            }
        }
    }
    for folder in &folders {
        for file in run::output(run::command("git").args(["ls-files", folder]))?.lines() {
            copy(file, &source.join(file))?;
        }
    }
    Ok(folders)
}

/// The contents with links as they are for a page in the repository's own folder, where mdBook wants it.
fn from_the_root(contents: &Page) -> String {
    let mut text = contents.text.clone();
    let links: BTreeMap<&str, String> =
        contents.links().into_iter().map(|(_, path, _)| (path, contents.beside(path))).collect();
    for (path, target) in links {
        text = text.replace(&format!("]({path})"), &format!("](./{target})"));
    }
    text
}

fn copy(path: &str, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
    fs::copy(run::root().join(path), to).with_context(|| path.to_owned())?;
    Ok(())
}

/// What is in a folder, as a page.
fn listing(folder: &Path) -> anyhow::Result<String> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if let Some(name) = path.strip_prefix(folder)?.to_str().filter(|name| *name != "index.html") {
                files.push(format!("<li><a href=\"{name}\">{name}</a></li>\n"));
            }
        }
    }
    files.sort();
    Ok(format!("<!doctype html>\n<meta charset=\"utf-8\">\n<ul>\n{}</ul>\n", files.concat()))
}

/// Links of the site to what it does not have.
fn dead_links(site: &Path, pages: &[Page]) -> anyhow::Result<Vec<String>> {
    let html = |page: &Page| page.path.replace(".md", ".html");
    let mut dead = Vec::new();
    let mut followed = 0;
    for page in pages {
        let text = fs::read_to_string(site.join(html(page))).with_context(|| html(page))?;
        let content = text.split("<main>").nth(1).and_then(|text| text.split("</main>").next());
        let content = content.with_context(|| format!("{} has no content", html(page)))?;
        for link in attributes(content, "href").filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            followed += 1;
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { html(page) } else { page.beside(path) };
            let target: PathBuf = site.join(target);
            let has_it = heading.is_empty()
                || fs::read_to_string(&target).is_ok_and(|text| attributes(&text, "id").any(|id| id == heading));
            if !target.exists() || target.is_dir() && !target.join("index.html").exists() || !has_it {
                dead.push(format!("{}: {link}", html(page)));
            }
        }
    }
    ensure!(followed > 100, "only {followed} links were found");
    Ok(dead)
}

/// The values of an attribute.
fn attributes<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let begin = format!(" {name}=\"");
    html.match_indices(&begin)
        .filter_map(move |(at, found)| html[at + found.len()..].split('"').next())
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests {
    use pages::Page;

    use super::{attributes, from_the_root};

    #[test]
    fn contents_lead_to_pages_from_the_repositorys_own_folder() {
        let text = "[a](../README.md)\n\n# Start\n\n- [b](quickstart.md)\n  - [c](../chart/x/README.md)\n";
        let contents = Page { path: "docs/SUMMARY.md".to_owned(), text: text.to_owned() };
        let expected = "[a](./README.md)\n\n# Start\n\n- [b](./docs/quickstart.md)\n  - [c](./chart/x/README.md)\n";
        assert_eq!(from_the_root(&contents), expected);
    }

    #[test]
    fn links_and_names_of_headings_are_found() {
        let html = "<h2 id=\"a\"><a class=\"header\" href=\"#a\">A</a></h2><p data-id=\"x\"><a href=\"b.html\">";
        assert_eq!(attributes(html, "href").collect::<Vec<_>>(), ["#a", "b.html"]);
        assert_eq!(attributes(html, "id").collect::<Vec<_>>(), ["a"]);
    }
}
