//! Where in the file something stands, for what is found wrong only after reading.

use std::{collections::BTreeMap, fmt, sync::Arc};

use document::{Node, Source};

/// The place of a key: file and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLine {
    /// The file's name.
    pub file: Arc<str>,
    /// The line in it, from 1.
    pub line: usize,
}

impl fmt::Display for FileLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The lines of one file. Finding one is logarithmic, so that a hundred thousand entries can be placed.
pub(super) struct Lines {
    file: Arc<str>,
    base: usize,
    newlines: Vec<u32>,
}

impl Lines {
    pub(super) fn new(source: &Source) -> Self {
        // A file that is larger than this is refused.
        let at = |(at, _): (usize, &str)| u32::try_from(at).unwrap_or(u32::MAX);
        let newlines = source.text().match_indices('\n').map(at).collect();
        Self { file: Arc::from(source.name()), base: source.base(), newlines }
    }

    /// The place of a byte.
    pub(super) fn place(&self, offset: usize) -> FileLine {
        let offset = offset.saturating_sub(self.base);
        FileLine {
            file: Arc::clone(&self.file),
            line: self.newlines.partition_point(|newline| (*newline as usize) < offset) + 1,
        }
    }

    /// The places of the keys of the file, in lower case: `clusterid`, `server.port` …
    pub(super) fn of_keys(&self, root: &Node) -> BTreeMap<String, FileLine> {
        let mut places = BTreeMap::new();
        for entry in root.as_mapping().unwrap_or_default() {
            let key = entry.key.text.to_ascii_lowercase();
            for below in entry.value.as_mapping().unwrap_or_default() {
                let below_key = format!("{key}.{}", below.key.text.to_ascii_lowercase());
                places.insert(below_key, self.place(below.key_span.start));
            }
            places.insert(key, self.place(entry.key_span.start));
        }
        places
    }
}
