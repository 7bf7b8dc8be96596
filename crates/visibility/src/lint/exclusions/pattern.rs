//! Texts with stars.

/// Whether a text is what a pattern says, in which `*` stands for any text and `[*]` for a star.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    // Where the last star stood, and the text from which on it may stand for more.
    let (mut pattern, mut text) = (pattern, text);
    let mut last: Option<(&str, &str)> = None;
    loop {
        if let Some(rest) = pattern.strip_prefix('*') {
            last = Some((rest, text));
            pattern = rest;
            continue;
        }
        let (letter, rest) = match pattern.strip_prefix("[*]") {
            Some(rest) => (Some('*'), rest),
            None => {
                let mut letters = pattern.chars();
                (letters.next(), letters.as_str())
            }
        };
        match (letter, text.chars().next()) {
            (None, None) => return true,
            (Some(letter), Some(next)) if letter == next => {
                pattern = rest;
                text = &text[next.len_utf8()..];
            }
            _ => {
                let Some((after, from)) = last else { return false };
                let Some(skipped) = from.chars().next() else { return false };
                let from = &from[skipped.len_utf8()..];
                last = Some((after, from));
                (pattern, text) = (after, from);
            }
        }
    }
}

/// The pattern that fits one text and no other.
pub(super) fn literal(text: &str) -> String {
    text.replace('*', "[*]")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{fits, literal};

    #[test]
    fn stars_stand_for_any_text_and_stars_in_brackets_for_themselves() {
        for (pattern, text, expected) in [
            ("Group dev", "Group dev", true),
            ("Group dev", "Group devs", false),
            ("Group *", "Group ", true),
            ("*/bot", "ci/bot", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("User [*]", "User *", true),
            ("User [*]", "User x", false),
            ("User [*", "User [anything", true),
            ("User CORP\\*", "User CORP\\ann", true),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("ü*", "üß", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_literal_fits_itself_and_nothing_else(text in "[a\\[\\]*]{0,6}", other in "[a\\[\\]*]{0,6}") {
            prop_assert!(fits(&literal(&text), &text));
            prop_assert_eq!(fits(&literal(&text), &other), text == other);
        }
    }
}
