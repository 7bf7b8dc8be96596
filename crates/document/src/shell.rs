//! Words of a command that is to be typed into a shell.

/// Returns a word as a POSIX shell reads it: in quotes where it would mean something else without.
pub fn shell_word(word: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_./:@%+=,".contains(char);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        let rows = [
            ("arn:aws:eks:eu-west-1:111122223333:cluster/a", "arn:aws:eks:eu-west-1:111122223333:cluster/a"),
            ("My Files/k.yaml", "'My Files/k.yaml'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("$HOME", "'$HOME'"),
            ("~a", "'~a'"),
        ];
        for (word, typed) in rows {
            assert_eq!(shell_word(word), typed);
        }
    }
}
