//! Texts, and what YAML's two versions take them for.
//!
//! Sources: YAML 1.2.2, section 10.3 (core schema); YAML 1.1's type repository (bool, int, float).

use crate::{
    Dialect,
    go::{self, Resolved},
};

/// A piece of text that may mean a string, a number, a truth value or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text after escapes are undone; empty where a value is missing.
    pub text: Box<str>,
    /// Whether it was quoted, a block scalar, or tagged as text: then it is a string and nothing else.
    pub quoted: bool,
    dialect: Dialect,
}

impl Scalar {
    /// Creates a scalar that is a string.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), quoted: true, dialect: Dialect::Strict }
    }

    /// Creates a scalar that is written without quotes.
    pub fn plain(text: impl Into<Box<str>>, dialect: Dialect) -> Self {
        Self { text: text.into(), quoted: false, dialect }
    }

    /// The same text as another program reads it.
    pub(crate) fn read_as(&self, dialect: Dialect) -> Self {
        Self { dialect, ..self.clone() }
    }

    /// Returns whether it means nothing: absent, `~` or `null`, not quoted (YAML 1.2 core schema).
    pub fn is_null(&self) -> bool {
        !self.quoted && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// Returns the truth value it means, if it is one: YAML 1.2's, and where kubectl reads 1.1's too.
    pub fn as_bool(&self) -> Option<bool> {
        match self.resolved() {
            Some(Resolved::Bool(truth)) => Some(truth),
            Some(_) => None,
            None => match &*self.text {
                "true" | "True" | "TRUE" if !self.quoted => Some(true),
                "false" | "False" | "FALSE" if !self.quoted => Some(false),
                _ => None,
            },
        }
    }

    /// Returns whether it is read as a number; in our own files by YAML 1.1 (Helm, Go's older parsers) or 1.2.
    pub fn is_number(&self) -> bool {
        match self.resolved() {
            Some(resolved) => matches!(resolved, Resolved::Int(_) | Resolved::Uint(_) | Resolved::Float(_)),
            None => !self.quoted && Number::of(&self.text).is_some(),
        }
    }

    /// Returns whether it is a string.
    pub fn is_text(&self) -> bool {
        self.quoted || (!self.is_null() && !self.is_number() && self.as_bool().is_none() && !self.is_date())
    }

    /// Returns what it is, for messages: `a number`, `text` …
    pub fn kind(&self) -> &'static str {
        match () {
            () if self.is_null() => "nothing",
            () if self.as_bool().is_some() => "a truth value",
            () if self.is_number() => "a number",
            () if self.is_date() => "a date",
            () => "text",
        }
    }

    /// Whether viper would make a time of it, which is not text to it.
    pub(crate) fn is_date(&self) -> bool {
        self.dialect == Dialect::Viper && self.resolved() == Some(Resolved::Timestamp)
    }

    /// What the program's own library takes it for, where that library is one of Go's YAML libraries.
    pub(crate) fn resolved(&self) -> Option<Resolved> {
        match self.dialect {
            Dialect::Kubernetes | Dialect::Viper if !self.quoted => {
                Some(go::resolve(&self.text, self.dialect == Dialect::Kubernetes))
            }
            _ => None,
        }
    }

    /// Returns what YAML 1.1 (Helm, Go's older parsers) takes it for, where a person meant the text: `no` and `on` are truth
    /// values there, `0755` is octal, `1e3` a thousand and `22:30` a number to base 60. Plain numbers surprise nobody.
    pub fn surprises_yaml_1_1(&self) -> Option<&'static str> {
        if self.quoted {
            return None;
        }
        match Number::of(&self.text) {
            _ if is_yaml_1_1_bool(&self.text) => Some("a truth value"),
            Some(Number::Octal) => Some("an octal number"),
            Some(Number::Exponent) => Some("a number with an exponent"),
            Some(Number::Other) => Some("a number"),
            None if is_sexagesimal(&self.text) => Some("a number to base 60"),
            Some(Number::Decimal) | None => None,
        }
    }
}

/// The spellings of numbers.
enum Number {
    /// Digits, and perhaps a point.
    Decimal,
    /// Digits behind a zero: octal in version 1.1, decimal in 1.2.
    Octal,
    /// `1e3`.
    Exponent,
    /// Another base, underscores, infinity, not a number.
    Other,
}

impl Number {
    fn of(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let first = digits.bytes().next()?;
        if first != b'.' && !first.is_ascii_digit() {
            return None;
        }
        let based = |prefix: &str, radix: u32| {
            let rest = digits.strip_prefix(prefix)?;
            rest.chars().any(|c| c.is_digit(radix)).then(|| rest.chars().all(|c| c.is_digit(radix) || c == '_'))
        };
        if matches!(digits, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
            || [("0x", 16), ("0o", 8), ("0b", 2)].iter().any(|(prefix, radix)| based(prefix, *radix) == Some(true))
        {
            return Some(Self::Other);
        }
        let spelled = digits.replace('_', "");
        let whole = spelled.bytes().all(|b| b.is_ascii_digit());
        if !whole && spelled.parse::<f64>().is_err() {
            return None;
        }
        Some(match () {
            () if whole && digits.len() > 1 && first == b'0' => Self::Octal,
            () if digits.contains('_') => Self::Other,
            () if digits.contains(['e', 'E']) => Self::Exponent,
            () => Self::Decimal,
        })
    }
}

fn is_yaml_1_1_bool(text: &str) -> bool {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        let capitalised = text.strip_prefix(&*first.to_uppercase()) == Some(rest);
        text == word || text == word.to_uppercase() || capitalised
    };
    text.len() <= 3 && ["y", "yes", "n", "no", "on", "off"].into_iter().any(word)
}

/// Digits in groups below 60 behind colons: `22:30`, `190:20:30.15`.
fn is_sexagesimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits.split_once('.').map_or(digits, |(whole, _)| whole);
    let Some((first, rest)) = whole.split_once(':') else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let below_60 = |group: &str| is_digits(group) && group.len() <= 2 && group.parse().is_ok_and(|n: u8| n < 60);
    is_digits(first) && rest.split(':').all(below_60)
}
