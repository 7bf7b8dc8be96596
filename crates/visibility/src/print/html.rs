//! How pages say what others called something.

use std::{fmt, ops::Deref};

/// A text of a page, in which nothing hides. The templates escape what HTML would read; all that pages say which is not of
/// this program is one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(String);

impl<T: AsRef<str>> From<T> for Text {
    fn from(text: T) -> Self {
        Self(document::visible(text.as_ref()))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}
