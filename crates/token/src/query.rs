//! The query of a presigned URL: strict in, canonical out.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::Refusal;

/// The parameters of a presigned `GetCallerIdentity`, in the order in which Signature Version 4 sorts them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    Action,
    Version,
    Algorithm,
    Credential,
    Date,
    Expires,
    SecurityToken,
    Signature,
    SignedHeaders,
}

impl Parameter {
    const ALL: [Self; 9] = [
        Self::Action,
        Self::Version,
        Self::Algorithm,
        Self::Credential,
        Self::Date,
        Self::Expires,
        Self::SecurityToken,
        Self::Signature,
        Self::SignedHeaders,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Action => "Action",
            Self::Version => "Version",
            Self::Algorithm => "X-Amz-Algorithm",
            Self::Credential => "X-Amz-Credential",
            Self::Date => "X-Amz-Date",
            Self::Expires => "X-Amz-Expires",
            Self::SecurityToken => "X-Amz-Security-Token",
            Self::Signature => "X-Amz-Signature",
            Self::SignedHeaders => "X-Amz-SignedHeaders",
        }
    }
}

/// The decoded values of a query, each parameter at most once.
#[derive(Default)]
pub(crate) struct Parameters([Option<String>; Parameter::ALL.len()]);

impl Parameters {
    /// Reads a query of known parameters, in any order.
    ///
    /// A second parameter whose name differs only in case counts as a repetition: to STS it may be the same one.
    pub(crate) fn parse(query: &str) -> Result<Self, Refusal> {
        let mut parameters = Self::default();
        if query.is_empty() {
            return Ok(parameters);
        }
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').ok_or(Refusal::Query)?;
            let (name, value) = (decode(name)?, decode(value)?);
            let known = Parameter::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(&name));
            let known = known.ok_or(Refusal::ParameterUnknown)?;
            if parameters.0[known as usize].replace(value).is_some() {
                return Err(Refusal::ParameterRepeated);
            }
            if known.name() != name {
                return Err(Refusal::ParameterUnknown);
            }
        }
        Ok(parameters)
    }

    /// Takes a value out.
    pub(crate) fn take(&mut self, parameter: Parameter) -> Option<String> {
        self.0[parameter as usize].take()
    }
}

/// Writes `pairs` as a query in their order; sorted pairs give Signature Version 4's canonical query.
pub(crate) fn encode<'a>(pairs: impl IntoIterator<Item = (Parameter, &'a str)>) -> String {
    let mut query = String::new();
    for (parameter, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(parameter.name());
        query.push('=');
        query.extend(utf8_percent_encode(value, ENCODED));
    }
    query
}

/// Everything but RFC 3986's unreserved characters; hexadecimal digits are written in upper case.
///
/// Source: `UriEncode` in <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The visible ASCII text of which `raw` is the one canonical encoding.
///
/// Signers write the canonical form, since that is what they sign. Whatever else decodes to the same text – a `+`, a
/// lower-case `%2f`, an encoded letter, half an escape – is refused instead of understood: two readers might differ.
fn decode(raw: &str) -> Result<String, Refusal> {
    let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| Refusal::Query)?;
    let canonical = utf8_percent_encode(&decoded, ENCODED).to_string() == raw;
    let visible = decoded.bytes().all(|byte| byte.is_ascii_graphic());
    if canonical && visible { Ok(decoded.into_owned()) } else { Err(Refusal::Query) }
}
