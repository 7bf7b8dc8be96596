//! Names of sessions of roles: what STS takes for one, so that it can be said which letter is wrong.
//!
//! Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>, `RoleSessionName`.

/// The text is no name of a session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSessionName {
    /// It is too short or too long.
    #[error("has {0} letters, and a session name 2 to 64 ({NAME})")]
    Length(usize),
    /// A letter that none has.
    #[error("has {letter:?} in it, its letter {at}; a session name has 2 to 64 letters ({NAME})")]
    Letter {
        /// Which.
        letter: char,
        /// Where, from 1.
        at: usize,
    },
}

/// STS's pattern.
const NAME: &str = "[A-Za-z0-9_+=,.@-]";

/// Checks the name of a session.
///
/// # Errors
///
/// [`NoSessionName`]: what is wrong with it.
pub fn check_session_name(name: &str) -> Result<(), NoSessionName> {
    let is_good = |letter: char| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter);
    if let Some((before, letter)) = name.chars().enumerate().find(|(_, letter)| !is_good(*letter)) {
        return Err(NoSessionName::Letter { letter, at: before + 1 });
    }
    match name.len() {
        2..=64 => Ok(()),
        length => Err(NoSessionName::Length(length)),
    }
}

/// Returns whether AWS takes a name for a session of a role: 2 to 64 letters, digits and `_+=,.@-`.
pub fn is_session_name(text: &str) -> bool {
    check_session_name(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::check_session_name;

    #[test]
    fn the_letter_that_is_wrong_is_named() {
        let rows = [
            ("alice@example.com", None),
            ("a=b,c+d-e_f.g", None),
            ("al", None),
            (&*"x".repeat(64), None),
            ("a", Some("has 1 letters, and a session name 2 to 64 ([A-Za-z0-9_+=,.@-])")),
            ("", Some("has 0 letters, and a session name 2 to 64 ([A-Za-z0-9_+=,.@-])")),
            (&*"x".repeat(65), Some("has 65 letters, and a session name 2 to 64 ([A-Za-z0-9_+=,.@-])")),
            (
                "alice smith",
                Some("has ' ' in it, its letter 6; a session name has 2 to 64 letters ([A-Za-z0-9_+=,.@-])"),
            ),
            (
                "j\u{fc}rgen",
                Some("has '\u{fc}' in it, its letter 2; a session name has 2 to 64 letters ([A-Za-z0-9_+=,.@-])"),
            ),
            ("a/b", Some("has '/' in it, its letter 2; a session name has 2 to 64 letters ([A-Za-z0-9_+=,.@-])")),
        ];
        for (name, expected) in rows {
            let said = check_session_name(name).err().map(|why| why.to_string());
            assert_eq!(said.as_deref(), expected, "{name}");
        }
    }
}
