//! docs/glossary.md: its terms are in order, and nothing that people read says otherwise.

use std::fs;

use anyhow::Context as _;
use pages::Page;

use crate::run;

const PAGE: &str = "docs/glossary.md";

/// One row: what something is called, and what it is not.
struct Term<'a> {
    name: &'a str,
    others: Vec<&'a str>,
}

/// Reports terms out of order, and pages that use the other words.
pub(super) fn glossary(problems: &mut Vec<String>) -> anyhow::Result<()> {
    let page = fs::read_to_string(run::root().join(PAGE)).context(PAGE)?;
    let terms = terms(&page);
    anyhow::ensure!(terms.len() > 20, "{PAGE} has no table of terms");
    for pair in terms.windows(2) {
        if pair[0].name.to_lowercase() >= pair[1].name.to_lowercase() {
            problems.push(format!("{PAGE}: {} stands before {}", pair[0].name, pair[1].name));
        }
    }
    for page in Page::all()?.iter().filter(|page| page.path != PAGE) {
        let text = fs::read_to_string(run::root().join(&page.path))?.to_lowercase();
        for term in &terms {
            for other in term.others.iter().filter(|other| has_word(&text, other)) {
                problems.push(format!("{}: {other} is called {} ({PAGE})", page.path, term.name));
            }
        }
    }
    Ok(())
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

/// Whether a text has a word, or words that follow each other, as a whole.
fn has_word(text: &str, word: &str) -> bool {
    let is_apart = |character: Option<char>| character.is_none_or(|character| !character.is_alphanumeric());
    text.match_indices(word)
        .any(|(at, _)| is_apart(text[..at].chars().next_back()) && is_apart(text[at + word.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use super::{has_word, terms};

    #[test]
    fn rows_are_terms_and_words_are_whole() {
        let terms = terms("| term | is | not |\n|---|---|---|\n| a | x | b, c d |\n| e | y | |\n");
        let read: Vec<_> = terms.iter().map(|term| (term.name, term.others.clone())).collect();
        assert_eq!(read, [("a", vec!["b", "c d"]), ("e", vec![])]);
        assert!(has_word("say b.", "b") && !has_word("say bee", "b") && has_word("a c d", "c d"));
    }
}
