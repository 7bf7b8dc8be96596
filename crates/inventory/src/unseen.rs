//! What could not be read.

use std::fmt;

use mapping::BackendMode;

use crate::MappingTarget;

/// How a configuration is called that stands in a file.
pub(super) const CONFIGURATION: &str = "the authenticator's configuration in ";

/// A gap: something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unseen {
    /// What, in words: `rolebindings`, `the ConfigMap kube-system/aws-auth`.
    pub what: Box<str>,
    /// Why, in words: `not allowed to list them`.
    pub why: Box<str>,
}

/// A mapping source that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnseenLogins {
    /// Which of the server's sources it is.
    pub mode: BackendMode,
    /// What, and why.
    pub gap: Unseen,
    /// What would help, as a sentence in the imperative.
    pub help: Box<str>,
    /// Whether nobody may be let in by what stands there: the program whose file it is makes nothing of it, or nothing says that a
    /// server reads it. Others may be named by what the cluster has all the same.
    pub is_of_nothing: bool,
}

impl UnseenLogins {
    /// Returns one by which whoever is named there may be let in.
    pub fn new(mode: BackendMode, gap: Unseen, help: impl Into<Box<str>>) -> Self {
        Self { mode, gap, help: help.into(), is_of_nothing: false }
    }

    /// A place that its reader refuses as a whole.
    pub(super) fn unreadable(gap: Unseen, target: MappingTarget) -> Self {
        Self::new(target.mode().unwrap_or(BackendMode::MountedFile), gap, "give it in a form that can be read")
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.what {
            // The reason names it.
            "the cluster" => f.write_str(&self.why),
            what => write!(f, "{what}: {}", self.why),
        }
    }
}

impl Unseen {
    /// Whether it is a mapping source that its reader refuses as a whole.
    pub(super) fn hides_as_read(&self, target: MappingTarget) -> bool {
        self.what.starts_with(target.title()) || self.what.starts_with(CONFIGURATION)
    }

    /// Returns whether it may hold the logins of a target.
    pub fn hides(&self, target: MappingTarget) -> bool {
        let is = |what: &str| *self.what == *what;
        match target.config_map() {
            Some(name) => {
                is(&format!("the ConfigMap kube-system/{name}"))
                    || is(target.title())
                    || (target == MappingTarget::ConfigMap && self.what.starts_with(CONFIGURATION))
                    || is("the ConfigMaps of kube-system")
            }
            None => target == MappingTarget::Crd && is("IAMIdentityMappings"),
        }
    }
}
