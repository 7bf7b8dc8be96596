//! What a decision may need that neither the mapping nor the identity says.

use std::collections::BTreeMap;

use crate::BackendMode;

/// A fact that only AWS or the cluster knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The private DNS name of an instance.
    PrivateDnsName {
        /// `i-…`.
        instance_id: String,
    },
    /// What a mapping source says that was not read yet. No fact can be given for it: the next snapshot has it.
    Logins(BackendMode),
}

/// The facts known so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Private DNS names by instance id; `None` where EC2 says that there is none.
    pub private_dns_names: BTreeMap<String, Option<String>>,
}
