//! What something is and where it stands, in words.

use std::{fmt, sync::Arc};

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stands {
    /// What it is: a login by its ARN, `the group testers of arn:…`.
    pub what: String,
    /// The place within whatever holds it: `mapRoles[1] of aws-auth`, `iamIdentityMappings[0]`.
    pub section: String,
    /// File and line, from 1, where a file was given that says it.
    pub file: Option<(Arc<str>, usize)>,
}

impl Stands {
    /// Something that has no place.
    pub(super) fn nowhere(what: impl Into<String>) -> Self {
        Self { what: what.into(), section: String::new(), file: None }
    }

    /// The same place of something else.
    pub(super) fn of(&self, what: String) -> Self {
        Self { what, ..self.clone() }
    }

    /// The place alone.
    pub(super) fn place(&self) -> String {
        match &self.file {
            Some((file, line)) if self.section.is_empty() => format!("{file}:{line}"),
            Some((file, line)) => format!("{file}:{line}, {}", self.section),
            None => self.section.clone(),
        }
    }
}

impl fmt::Display for Stands {
    /// `arn:… (aws-auth.yaml:7, mapRoles[1])`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        if place.is_empty() { f.write_str(&self.what) } else { write!(f, "{} ({place})", self.what) }
    }
}
