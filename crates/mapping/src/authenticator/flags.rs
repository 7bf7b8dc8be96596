//! Values of flags and settings, as aws-iam-authenticator's libraries read them.

use core::{
    fmt,
    net::{AddrParseError, IpAddr, Ipv4Addr},
};

/// An address to listen on, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// An address.
    Ip(IpAddr),
    /// A host's name. Whoever starts asks what it stands for.
    Name(Box<str>),
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

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

/// Returns an address to listen on. `localhost` is the one that everybody means by it, without asking for names; an address of
/// IPv4 is one in whatever form it is written.
///
/// # Errors
///
/// It is neither an address nor what a host may be called.
pub fn address(text: &str) -> Result<ListenAddress, AddrParseError> {
    if text == "localhost" {
        return Ok(ListenAddress::Ip(Ipv4Addr::LOCALHOST.into()));
    }
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(ListenAddress::Ip(address.to_canonical())),
        Err(_) if !text.is_empty() && text.bytes().all(is_letter) => Ok(ListenAddress::Name(text.into())),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{ListenAddress, address, whole_number};

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
    fn addresses_are_addresses_or_names() {
        let rows = [
            ("127.0.0.1", Some("127.0.0.1")),
            ("localhost", Some("127.0.0.1")),
            ("0.0.0.0", Some("0.0.0.0")),
            ("::", Some("::")),
            ("::ffff:10.0.0.1", Some("10.0.0.1")),
            ("", None),
            ("[::1]", None),
            ("::1%lo", None),
            ("127.0.0.1:80", None),
            ("http://a", None),
        ];
        for (text, expected) in rows {
            let expected = expected.map(|address| ListenAddress::Ip(address.parse().expect("an address")));
            assert_eq!(address(text).ok(), expected, "{text:?}");
        }
        for name in ["a.example.com", "LOCALHOST", "node_1", "1.2.3"] {
            assert_eq!(address(name).ok(), Some(ListenAddress::Name(name.into())));
        }
    }
}
