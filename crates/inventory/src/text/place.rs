//! Places in what was given.

use std::{fmt, sync::Arc};

/// Where something is written, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrittenAt {
    /// Empty where it comes from a cluster.
    pub(crate) file: Arc<str>,
    /// From 1; 0 where it is not known.
    pub(crate) line: usize,
}

impl WrittenAt {
    pub(crate) fn is_known(&self) -> bool {
        !self.file.is_empty()
    }
}

impl fmt::Display for WrittenAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.file, self.line) {
            ("", _) => f.write_str("the cluster"),
            (file, 0) => f.write_str(file),
            (file, line) => write!(f, "{file}:{line}"),
        }
    }
}
