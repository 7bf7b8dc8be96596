//! How much is read.

/// Bounds on what is read; each error names the one that was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of the text.
    pub max_bytes: usize,
    /// Of collections inside collections, those that aliases bring along included.
    pub max_depth: usize,
    /// Of all values and keys, those that aliases bring along included.
    pub max_nodes: usize,
    /// Of the values and keys that anchors keep and aliases repeat: what makes a small text large.
    pub max_alias_expansion: usize,
}

impl Default for Limits {
    /// 64 MiB, 64 levels, 8 million nodes, a million of them by aliases: an access file with 100,000 grants has 14 MB and
    /// 2 million nodes.
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_depth: 64, max_nodes: 8_000_000, max_alias_expansion: 1_000_000 }
    }
}
