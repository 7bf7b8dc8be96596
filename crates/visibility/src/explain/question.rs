//! What somebody wants explained, by what it looks like.

use serde::Deserialize;

use super::{
    Caller, Code, NotACaller,
    codes::{code_named, codes},
};

/// What is to be explained.
// No Debug: a token is a credential.
pub enum Question {
    /// Somebody.
    Caller(Box<Caller>),
    /// A code.
    Code(Code),
    /// A token.
    Token(Token),
}

/// A token as it was given; it has no Debug and no Display.
pub struct Token(String);

/// The reasons why a text cannot be explained. It is never repeated: it may be part of a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAQuestion {
    /// An ARN of nobody.
    #[error(transparent)]
    Caller(#[from] NotACaller),
    /// Looks like a code.
    #[error("unknown code; {}docs/denials.md lists all of them", .nearest.map(|code| format!("did you mean {code}? ")).unwrap_or_default())]
    Code {
        /// The code that is meant, perhaps.
        nearest: Option<&'static str>,
    },
    /// A code that another page explains: no server gives it as an answer.
    #[error(
        "`{code}` is a code of {of}, and {page} explains those; here are those of logins: give one of docs/denials.md"
    )]
    OtherCode {
        /// The code.
        code: String,
        /// The commands that say it.
        of: &'static str,
        /// The page.
        page: &'static str,
    },
    /// JSON without a token.
    #[error("the JSON holds no token: a TokenReview has one in `spec.token`, an ExecCredential in `status.token`")]
    NoToken,
    /// JSON that cannot be read.
    #[error("not valid JSON; give a TokenReview or an ExecCredential unchanged")]
    Json,
    /// Nothing.
    #[error("nothing to explain: give an ARN, a denial code such as mapping.none, or a token on stdin (`-`)")]
    Nothing,
    /// Something else.
    #[error("not an ARN (arn:aws:iam::111122223333:user/alice), a denial code (mapping.none) or a token")]
    Unknown,
}

/// A `TokenReview`, or what a credential plugin prints.
#[derive(Deserialize)]
struct TokenDocument {
    #[serde(default)]
    spec: Option<Holding>,
    #[serde(default)]
    status: Option<Holding>,
}

#[derive(Deserialize)]
struct Holding {
    #[serde(default)]
    token: Option<String>,
}

impl Question {
    /// Recognises a text. JSON is only meant where a whole document can stand.
    pub fn read(text: &str) -> Result<Self, NotAQuestion> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NotAQuestion::Nothing);
        }
        if text.starts_with(token::PREFIX) {
            return Ok(Self::Token(Token(text.to_owned())));
        }
        if text.starts_with('{') {
            let TokenDocument { spec, status } = serde_json::from_str(text).map_err(|_| NotAQuestion::Json)?;
            let token = [spec, status].into_iter().flatten().find_map(|holding| holding.token);
            return token.map(|token| Self::Token(Token(token))).ok_or(NotAQuestion::NoToken);
        }
        if text.starts_with("arn:") {
            return Ok(Self::Caller(Box::new(Caller::of_arn(text)?)));
        }
        if let Some(code) = code_named(text) {
            return Ok(Self::Code(code));
        }
        let prefixes = ["token.", "sts.", "mapping.", "upstream.", "server."];
        if prefixes.iter().any(|prefix| text.starts_with(prefix)) {
            return Err(NotAQuestion::Code { nearest: document::nearest(text, codes().map(|code| code.code)) });
        }
        let others = [
            ("plan.", "`plan` and `apply`", "docs/plan.md"),
            ("logins.", "`plan` and `apply`", "docs/plan.md"),
            ("access.", "`check`", "docs/access-problems.md"),
        ];
        let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || b".-".contains(&byte));
        match others.into_iter().find(|(prefix, ..)| text.starts_with(prefix) && is_word(text)) {
            Some((_, of, page)) => Err(NotAQuestion::OtherCode { code: text.to_owned(), of, page }),
            None => Err(NotAQuestion::Unknown),
        }
    }
}

impl Token {
    /// Returns the token, for those who check it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
