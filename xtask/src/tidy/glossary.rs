//! docs/glossary.md: its terms are in order, and nothing that people read says otherwise – pages, and what the program prints.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use pages::Page;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::run;

const PAGE: &str = "docs/glossary.md";

/// One row: what something is called, and what it is not.
struct Term<'a> {
    name: &'a str,
    others: Vec<&'a str>,
}

/// Reports terms out of order, and pages and texts of the crates that use the other words.
pub(super) fn glossary(files: &[PathBuf], problems: &mut Vec<String>) -> anyhow::Result<()> {
    let page = fs::read_to_string(run::root().join(PAGE)).context(PAGE)?;
    let terms = terms(&page);
    anyhow::ensure!(terms.len() > 20, "{PAGE} has no table of terms");
    for pair in terms.windows(2) {
        if pair[0].name.to_lowercase() >= pair[1].name.to_lowercase() {
            problems.push(format!("{PAGE}: {} stands before {}", pair[0].name, pair[1].name));
        }
    }
    let mut search = |place: &str, text: &str| {
        for term in &terms {
            for other in term.others.iter().filter(|other| has_word(text, other)) {
                problems.push(format!("{place}: {other} is called {} ({PAGE})", term.name));
            }
        }
    };
    for page in Page::all()?.iter().filter(|page| page.path != PAGE) {
        search(&page.path, &fs::read_to_string(run::root().join(&page.path))?.to_lowercase());
    }
    for file in files {
        let path = file.strip_prefix(run::root())?.to_string_lossy();
        if is_printed(&path) {
            let tokens =
                fs::read_to_string(file)?.parse::<TokenStream>().map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
            let mut texts = Vec::new();
            // clap makes help of documentation.
            take_texts(tokens, path.starts_with("crates/cli/"), &mut texts);
            for text in &texts {
                search(&path, &text.to_lowercase());
            }
        }
    }
    Ok(())
}

/// Whether a file has texts that the program prints: sources of the crates, and no tests.
fn is_printed(path: &str) -> bool {
    let is_rust = Path::new(path).extension().is_some_and(|extension| extension == "rs");
    let is_source = path.starts_with("crates/") && path.contains("/src/") && is_rust;
    is_source && !path.contains("/tests/") && !path.ends_with("/tests.rs")
}

/// Takes the texts of a source, but for its tests and – unless asked for – its documentation.
fn take_texts(tokens: TokenStream, with_documentation: bool, texts: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let is_inner = matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
                let Some(TokenTree::Group(attribute)) = tokens.get(at + usize::from(is_inner)) else { continue };
                at += 1 + usize::from(is_inner);
                let says: String = attribute.stream().to_string().split_whitespace().collect();
                if says.starts_with("cfg(test") || says.starts_with("cfg(all(test") {
                    // The item behind it ends with a block or a semicolon.
                    let is_end = |token: &TokenTree| match token {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        TokenTree::Punct(punct) => punct.as_char() == ';',
                        _ => false,
                    };
                    at += tokens[at..].iter().position(is_end).map_or(0, |end| end + 1);
                } else if with_documentation || !says.starts_with("doc") {
                    take_texts(attribute.stream(), with_documentation, texts);
                }
            }
            TokenTree::Group(group) => take_texts(group.stream(), with_documentation, texts),
            TokenTree::Literal(literal) => {
                texts.extend(syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value()));
            }
            _ => {}
        }
    }
}

fn terms(page: &str) -> Vec<Term<'_>> {
    let cells = |line| str::trim(line).strip_prefix('|')?.strip_suffix('|');
    let rows = page.lines().filter_map(cells).map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    rows.skip(2)
        .filter_map(|row| match row[..] {
            [name, _, others] => {
                Some(Term { name, others: others.split(", ").filter(|other| !other.is_empty()).collect() })
            }
            _ => None,
        })
        .collect()
}

/// Whether a text has a word, or words that follow each other, as a whole. Names that programs read are none: flags,
/// keys, variables and labels (`--master`, `server.master`, `KUBERNETES_MASTER`, `role.kubernetes.io/master`), and a
/// value that has its line to itself (`- Master`).
fn has_word(text: &str, word: &str) -> bool {
    let is_apart = |next: Option<char>| next.is_none_or(|next| !next.is_alphanumeric() && next != '_');
    let begins = |before: &str| is_apart(before.chars().next_back()) && !before.ends_with(['-', '/', '.']);
    text.lines().filter(|line| line.trim_start_matches([' ', '-']) != word).any(|line| {
        line.match_indices(word).any(|(at, _)| begins(&line[..at]) && is_apart(line[at + word.len()..].chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::{has_word, is_printed, take_texts, terms};

    #[test]
    fn texts_are_those_of_the_program_and_not_of_its_tests() {
        let source = r#"
            #![doc = "a"]
            /// b
            #[error("c {0}")]
            struct S;
            fn f() { g(format!("d {}", 'x'), "e"); }
            #[cfg(test)]
            mod tests { const T: &str = "f"; }
            #[cfg(test)]
            mod others;
            const H: &str = "h";
        "#;
        let texts = |with_documentation| {
            let mut texts = Vec::new();
            take_texts(source.parse().expect("Rust"), with_documentation, &mut texts);
            texts.join(",")
        };
        assert_eq!(texts(false), "c {0},d {},e,h");
        assert_eq!(texts(true), "a, b,c {0},d {},e,h");
        assert!(is_printed("crates/cli/src/run.rs") && !is_printed("crates/cli/tests/given/main.rs"));
        assert!(!is_printed("crates/rbac/src/tests/dump.rs") && !is_printed("crates/tls/src/tests.rs"));
    }

    #[test]
    fn rows_are_terms_and_words_are_whole() {
        let terms = terms("| term | is | not |\n|---|---|---|\n| a | x | b, c d |\n| e | y | |\n");
        let read: Vec<_> = terms.iter().map(|term| (term.name, term.others.clone())).collect();
        assert_eq!(read, [("a", vec!["b", "c d"]), ("e", vec![])]);
        assert!(has_word("say b.", "b") && !has_word("say bee", "b") && has_word("a c d", "c d"));
        assert!(has_word("on a b", "b") && has_word("a\nb, and c", "b"));
        for name in ["--b", "`server.b`", "a_b", "b_url", "role.kubernetes.io/b", "b", "roles:\n    - b"] {
            assert!(!has_word(name, "b"), "{name}");
        }
    }
}
