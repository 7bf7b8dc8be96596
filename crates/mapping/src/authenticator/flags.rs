//! Values of flags and settings, as aws-iam-authenticator's libraries read them.

use core::net::{AddrParseError, IpAddr, Ipv4Addr};

/// Returns a truth value in the spellings of Go's `strconv.ParseBool`, which flags of aws-iam-authenticator take.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Returns a whole number in the spellings of Go's `strconv.ParseInt` with base 0, which flags of aws-iam-authenticator take:
/// `21362`, `0x5372`, `0o51562`, `051562`, `0b101001101110010`, and `_` between digits.
pub fn whole_number(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits, has_prefix) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..], true),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..], true),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..], true),
        [b'0', _, ..] => (8, &digits[1..], true),
        _ => (10, digits, false),
    };
    let is_apart = !digits.ends_with('_') && !digits.contains("__") && (has_prefix || !digits.starts_with('_'));
    let is_of_digits = digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_apart || !is_of_digits {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{}", digits.replace('_', "")), radix).ok()
}

/// Returns an address to listen on. `localhost` is the one that everybody means by it, without asking for names; and an address of
/// IPv4 is one in whatever form it is written.
///
/// # Errors
///
/// It is another name, or none at all: who serves before names can be asked for would not know where.
pub fn address(text: &str) -> Result<IpAddr, AddrParseError> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    text.parse::<IpAddr>().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::{address, whole_number};

    #[test]
    fn numbers_are_read_as_go_reads_flags() {
        let rows = [
            ("0", Some(0)),
            ("21362", Some(21362)),
            ("+21362", Some(21362)),
            ("-1", Some(-1)),
            ("0x5372", Some(21362)),
            ("0X5372", Some(21362)),
            ("0x_53_72", Some(21362)),
            ("0o51562", Some(21362)),
            ("0O51562", Some(21362)),
            ("051562", Some(21362)),
            ("00021362", Some(8946)),
            ("0_21362", Some(8946)),
            ("0b101001101110010", Some(21362)),
            ("21_362", Some(21362)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("", None),
            ("-", None),
            ("0x", None),
            ("0x_", None),
            ("0b2", None),
            ("08", None),
            ("_1", None),
            ("1_", None),
            ("1__0", None),
            ("--1", None),
            ("0x-1", None),
            ("1e4", None),
            (" 1", None),
            ("1 ", None),
            ("abc", None),
        ];
        for (text, expected) in rows {
            assert_eq!(whole_number(text), expected, "{text:?}");
        }
    }

    #[test]
    fn addresses_are_addresses_or_localhost() {
        let rows = [
            ("127.0.0.1", Some("127.0.0.1")),
            ("localhost", Some("127.0.0.1")),
            ("0.0.0.0", Some("0.0.0.0")),
            ("::", Some("::")),
            ("::ffff:10.0.0.1", Some("10.0.0.1")),
            ("", None),
            ("[::1]", None),
            ("a.example.com", None),
            ("LOCALHOST", None),
        ];
        for (text, expected) in rows {
            let expected = expected.map(|address| address.parse().expect("an address"));
            assert_eq!(address(text).ok(), expected, "{text:?}");
        }
    }
}
