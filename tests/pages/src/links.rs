//! Links of a page to files of the repository and to headings.

use std::{collections::BTreeSet, path::Path};

use crate::{Page, repository};

impl Page {
    /// Where it links to within the repository: the line, the path beside the page (empty for the page itself), the heading.
    pub fn links(&self) -> Vec<(usize, &str, &str)> {
        let mut links = Vec::new();
        for (line, text) in self.running_text() {
            for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                if !target.contains("://") {
                    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
                    links.push((line, path, heading));
                }
            }
        }
        links
    }

    /// What its headings are called in links, as GitHub makes it of them.
    pub fn anchors(&self) -> BTreeSet<String> {
        let headings = self.running_text().into_iter().filter(|(_, text)| text.starts_with('#'));
        headings.map(|(_, text)| anchor(text.trim_start_matches('#').trim())).collect()
    }

    /// The path in the repository of something that is beside it.
    pub fn beside(&self, path: &str) -> String {
        let folder = Path::new(&self.path).parent().unwrap_or(Path::new(""));
        let mut parts: Vec<&str> = folder.iter().filter_map(|part| part.to_str()).collect();
        for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
            if part == ".." {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        parts.join("/")
    }
}

/// Every link of these pages that leads to no file, or to no heading of one, each with its place.
pub fn dead_links(pages: &[Page]) -> Vec<String> {
    let mut dead = Vec::new();
    for page in pages {
        for (line, path, heading) in page.links() {
            let target = if path.is_empty() { page.path.clone() } else { page.beside(path) };
            let is_there = repository().join(&target).exists();
            let has_it = heading.is_empty()
                || is_there && Page::read(&target).is_ok_and(|target| target.anchors().contains(heading));
            if !is_there || !has_it {
                dead.push(format!("{}:{line}: a link that leads nowhere: {path}#{heading}", page.path));
            }
        }
    }
    dead
}

fn anchor(heading: &str) -> String {
    let is_kept = |letter: &char| letter.is_alphanumeric() || ['-', '_', ' '].contains(letter);
    heading.chars().filter(is_kept).collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::dead_links;
    use crate::{CONTENTS, Page};

    #[test]
    fn every_link_leads_to_a_file_and_a_heading() {
        let pages = Page::all().expect("the pages");
        let followed: usize = pages.iter().map(|page| page.links().len()).sum();
        assert!(followed > 100, "only {followed} links were found");
        assert_eq!(dead_links(&pages), [""; 0]);

        let page = |text: &str| Page { path: "docs/a.md".to_owned(), text: text.to_owned() };
        let rows = [
            ("[a](lint.md) [b](../README.md#install) [c](../examples)\n", ""),
            ("\n[a](lent.md)\n", "docs/a.md:2: a link that leads nowhere: lent.md#"),
            ("[a](lint.md#nothing)\n", "docs/a.md:1: a link that leads nowhere: lint.md#nothing"),
        ];
        for (text, expected) in rows {
            assert_eq!(dead_links(&[page(text)]).join("\n"), expected, "{text}");
        }
    }

    #[test]
    fn every_page_stands_in_the_contents() {
        let contents = Page::read(CONTENTS).expect("the contents");
        let listed: BTreeSet<String> = contents.links().into_iter().map(|(_, path, _)| contents.beside(path)).collect();
        let pages = Page::all().expect("the pages").into_iter().map(|page| page.path);
        let missing: Vec<String> = pages.filter(|path| path != CONTENTS && !listed.contains(path)).collect();
        assert_eq!(missing, [""; 0], "{CONTENTS} does not name them");
    }

    #[test]
    fn a_link_is_beside_its_page_and_a_heading_has_githubs_name() {
        let text = "# What `lint` finds, and why\n\n[a](lint.md#what-lint-finds-and-why) [b](../README.md) [c](https://x.y/z#q) [d](#it)\n";
        let page = Page { path: "docs/a.md".to_owned(), text: text.to_owned() };
        let expected = [(3, "lint.md", "what-lint-finds-and-why"), (3, "../README.md", ""), (3, "", "it")];
        assert_eq!(page.links(), expected);
        assert_eq!(page.anchors().into_iter().collect::<Vec<_>>(), ["what-lint-finds-and-why"]);
        assert_eq!((page.beside("lint.md"), page.beside("../README.md")), ("docs/lint.md".into(), "README.md".into()));
    }
}
