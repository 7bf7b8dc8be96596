//! Texts with stars.

use document::wildcard::{self, Part};

/// Whether a text is what a pattern says, in which `*` stands for any text and `[*]` for a star.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = pattern;
    let parts = std::iter::from_fn(move || {
        let (part, behind) = match rest.strip_prefix("[*]") {
            Some(behind) => (Part::Letter('*'), behind),
            None => {
                let mut letters = rest.chars();
                let letter = letters.next()?;
                (if letter == '*' { Part::Star } else { Part::Letter(letter) }, letters.as_str())
            }
        };
        rest = behind;
        Some(part)
    });
    wildcard::fits(parts, text)
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
