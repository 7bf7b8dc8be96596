//! What aws-iam-authenticator 0.7.18 makes of a mapping source: its own reading, mistakes included.
//!
//! ```text
//!   text ─ Located (as its libraries read it) ─ decode (encoding/json, mapstructure) ─► entries, as its structs hold them
//!     entries ─ keep (Validate, Canonicalize, one map for each list) ─► Source: what can match, what cannot, and why
//! ```
//!
//! It never fails over a whole: what cannot be read counts as absent, and is among [`crate::Source::defects`]. One thing apart:
//! a `DynamicFile` is taken as a whole or not at all, and with a bad configuration file the program does not start.
//!
//! Source: `pkg/mapper`, `pkg/config/mapper.go`, `pkg/arn/arn.go` and `cmd/aws-iam-authenticator/root.go` of that version.

mod aws_auth;
mod backend_modes;
mod decode;
mod dynamic_file;
mod elsewhere;
mod keep;
mod keys;
mod located;
mod mounted_file;
mod objects;
mod settings;
mod text;

use std::{collections::BTreeMap, sync::Arc};

pub use aws_auth::aws_auth;
pub use backend_modes::{checked_modes, modes};
pub use dynamic_file::dynamic_file;
pub use elsewhere::unread_entries_of;
pub use keys::{CONFIG_KEYS, SERVER_KEYS, names_a_key};
pub use mounted_file::mounted_file;
pub use objects::{Object, objects};
pub use settings::{Settings, cluster_id, lacks_cluster_id, settings};

use crate::{
    BackendMode, Never, RuleSource,
    canonical::{canonicalize, fold, lower, of_a_caller},
};

/// The lists of who logs in: keys of `aws-auth`, of a dynamic file, and of a configuration's `server` (aws-iam-authenticator,
/// `pkg/mapper`).
pub const LISTS: [&str; 3] = ["mapRoles", "mapUsers", "mapAccounts"];

/// The flags of aws-iam-authenticator that change how it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The gate `SSORoleMatch`, which is off unless it is given.
    pub sso_role_match: bool,
    /// `dynamicfileUserIDStrict`: a `DynamicFile` is compared by `userid`.
    pub user_id_strict: bool,
}

/// The place of a text: in a file of its own, or as a value in another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The file's name, or what holds the text.
    pub file: Arc<str>,
    /// The line of its first line, from 1.
    pub line: usize,
    /// Whether each of its lines is a line of the file; otherwise all of it stands in one.
    pub is_spread: bool,
    /// Of a text that was made of the file, where each of its entries stands there, by list and index in the text. Nobody sees
    /// such a text. Empty for one that somebody wrote.
    pub entries: BTreeMap<(&'static str, usize), EntryPlace>,
}

/// The place of an entry in the file of another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryPlace {
    /// The file's own list.
    pub list: &'static str,
    /// Which entry of that, from 0.
    pub index: usize,
    /// The line, from 1.
    pub line: usize,
}

impl Standing {
    /// Returns a text that is a file of its own.
    pub fn alone(file: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), line: 1, is_spread: true, entries: BTreeMap::new() }
    }

    /// Returns where an entry of the text stands in the file.
    pub fn placed(&self, place: &RuleSource) -> RuleSource {
        let file = Arc::clone(&self.file);
        match self.entries.get(&(place.list, place.index)) {
            Some(&EntryPlace { list, index, line }) => RuleSource { mode: place.mode, list, index, file, line },
            None => RuleSource { file, ..place.clone() },
        }
    }

    /// Returns the line of the file in which one of its own stands, both from 1.
    pub fn line_of(&self, line: usize) -> usize {
        if self.is_spread { self.line + line - 1 } else { self.line }
    }
}

/// Returns the callers' ARN that an entry is compared with, in lower case; or why it never is the same as one.
pub fn compared(mode: BackendMode, arn: &str) -> Result<String, Never> {
    let text = match mode {
        BackendMode::EksConfigMap => fold(arn),
        BackendMode::MountedFile | BackendMode::Crd | BackendMode::DynamicFile => canonicalize(&lower(arn))?,
        BackendMode::AccessFile | BackendMode::AccessEntries => arn.to_ascii_lowercase(),
    };
    of_a_caller(&text).map(|()| text)
}
