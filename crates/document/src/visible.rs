//! Texts of others, in which nothing hides.

/// Returns whether a letter is not seen, or changes how others are seen: control characters, line ends included; what turns the
/// direction of writing; and what has no width. A name may hold any of them, and could be taken for another, or for a line of its
/// own.
///
/// Source: Unicode's general categories Cc, Cf, Zl and Zp, as far as they are of no use in a name.
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Returns the text in one line, with U+FFFD in place of what [hides](is_hidden).
pub fn visible(text: &str) -> String {
    text.replace(is_hidden, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_hides_is_shown_and_nothing_else_changes() {
        let rows = [
            ("bob\nGroup system:all", "bob\u{fffd}Group system:all"),
            ("\u{1b}[31mred\t\r", "\u{fffd}[31mred\u{fffd}\u{fffd}"),
            ("system:masters\u{200b}", "system:masters\u{fffd}"),
            ("g\u{202e}nimda\u{2066}", "g\u{fffd}nimda\u{fffd}"),
            ("\u{9b}x\u{feff}", "\u{fffd}x\u{fffd}"),
            ("Zoë, 王, 😀 – @system:masters", "Zoë, 王, 😀 – @system:masters"),
        ];
        for (text, expected) in rows {
            assert_eq!(visible(text), expected);
        }
    }
}
