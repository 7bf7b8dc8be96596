//! The words of a line that no shell reads, as Python's `shlex.split` has them: so the AWS CLI takes a `credential_process` apart.

/// Why a line has no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// A quotation does not end.
    Quotation,
    /// Nothing comes behind the last backslash.
    Escape,
}

/// Splits a line at blanks outside of quotation marks. A backslash takes the meaning of what follows; between double quotation marks only that of
/// these and of itself, and between single ones none.
pub(super) fn words(line: &str) -> Result<Vec<String>, Open> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next().ok_or(Open::Quotation)? {
                        '\'' => break,
                        letter => word.push(letter),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next().ok_or(Open::Quotation)? {
                        '"' => break,
                        '\\' => match letters.next().ok_or(Open::Escape)? {
                            letter @ ('"' | '\\') => word.push(letter),
                            letter => word.extend(['\\', letter]),
                        },
                        letter => word.push(letter),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(letters.next().ok_or(Open::Escape)?),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::{Open, words};

    /// What `shlex.split` says of them, of which each was asked.
    #[test]
    fn a_line_is_taken_apart_as_python_does_it() {
        let rows: &[(&str, Result<&[&str], Open>)] = &[
            ("", Ok(&[])),
            ("  ", Ok(&[])),
            ("aws-vault exec dev --json", Ok(&["aws-vault", "exec", "dev", "--json"])),
            ("a\tb\nc", Ok(&["a", "b", "c"])),
            (r#""/opt/my tools/creds" --x 'a b'"#, Ok(&["/opt/my tools/creds", "--x", "a b"])),
            (r"/opt/my\ tools/creds", Ok(&["/opt/my tools/creds"])),
            (r#"a"b"'c'd"#, Ok(&["abcd"])),
            (r#"'' "" x"#, Ok(&["", "", "x"])),
            (r#""a\"b\\c\d$""#, Ok(&[r#"a"b\c\d$"#])),
            (r"'a\b'", Ok(&[r"a\b"])),
            ("a | b && c > $HOME # d", Ok(&["a", "|", "b", "&&", "c", ">", "$HOME", "#", "d"])),
            ("'a", Err(Open::Quotation)),
            ("\"a", Err(Open::Quotation)),
            ("a\\", Err(Open::Escape)),
            ("\"a\\", Err(Open::Escape)),
        ];
        for (line, expected) in rows {
            let expected = expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            assert_eq!(words(line), expected, "{line}");
        }
    }
}
