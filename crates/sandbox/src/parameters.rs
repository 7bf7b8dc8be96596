//! The parameters of a request, from its query or from a form.

use std::collections::HashSet;

/// Names and values, decoded, in the order sent. No name stands twice, in whatever case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, String)>);

/// The text is not a list of parameters, or names one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// More than any call has: `DescribeInstances` takes 1,000 instance ids.
const MAX_PARAMETERS: usize = 1_100;

impl Parameters {
    /// Reads a query string. A bare `+` is refused: who signs it means a plus, who reads it sees a blank.
    pub(crate) fn of_query(query: &str) -> Result<Self, Malformed> {
        if query.contains('+') { Err(Malformed) } else { Self::read(query) }
    }

    /// Reads a body of type `application/x-www-form-urlencoded`.
    pub(crate) fn of_form(body: &[u8]) -> Result<Self, Malformed> {
        Self::read(&std::str::from_utf8(body).map_err(|_| Malformed)?.replace('+', "%20"))
    }

    /// Both together; what one names, the other may not.
    pub(crate) fn and(self, others: Self) -> Result<Self, Malformed> {
        if others.0.is_empty() {
            return Ok(self);
        }
        Self(self.0.into_iter().chain(others.0).collect()).unique()
    }

    /// The value under a name, in exactly this case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn read(text: &str) -> Result<Self, Malformed> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(MAX_PARAMETERS + 1).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        Self(pairs.collect::<Result<_, _>>()?).unique()
    }

    fn unique(self) -> Result<Self, Malformed> {
        let mut names = HashSet::with_capacity(self.0.len());
        let unique = self.0.iter().all(|(name, _)| names.insert(name.to_ascii_lowercase()));
        if unique && self.0.len() <= MAX_PARAMETERS { Ok(self) } else { Err(Malformed) }
    }
}

/// Undoes percent-encoding; a `%` without two hexadecimal digits is refused.
fn decode(text: &str) -> Result<String, Malformed> {
    let well_formed = text.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    if !well_formed {
        return Err(Malformed);
    }
    percent_encoding::percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::{MAX_PARAMETERS, Malformed, Parameters};

    fn query(text: &str) -> Result<Vec<(String, String)>, Malformed> {
        Parameters::of_query(text).map(|parameters| parameters.0)
    }

    #[test]
    fn queries_and_forms_are_read() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(query("a=1&b=%2F"), Ok(vec![pair("a", "1"), pair("b", "/")]));
        assert_eq!(query("&&a&b="), Ok(vec![pair("a", ""), pair("b", "")]));
        assert_eq!(query("a=b=c"), Ok(vec![pair("a", "b=c")]));
        assert_eq!(Parameters::of_form(b"a=b+c%2B").map(|form| form.0), Ok(vec![pair("a", "b c+")]));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let many = (0..=MAX_PARAMETERS).map(|n| format!("{n}=")).collect::<Vec<_>>().join("&");
        let rows = [
            ("twice", "a=1&a=1"),
            ("twice in different case", "Action=x&action=y"),
            ("twice, once encoded", "Action=x&%41ction=y"),
            ("a bare plus", "a=1+2"),
            ("half an escape", "a=%2"),
            ("no escape", "a=%zz"),
            ("no UTF-8", "a=%ff"),
            ("too many", &many),
        ];
        for (name, text) in rows {
            assert_eq!(query(text), Err(Malformed), "{name}");
        }
        assert_eq!(Parameters::of_form(b"a=1&A=2"), Err(Malformed));
        assert_eq!(Parameters::of_form(b"a=\xff"), Err(Malformed));
        let (query, form) = (Parameters::of_query("Action=x"), Parameters::of_form(b"Action=x"));
        assert_eq!(query.and_then(|query| query.and(form?)), Err(Malformed), "in the query and in the form");
    }
}
