//! What EKS has beside a cluster's own objects: access entries, and the policies that go with them.

mod entries;
mod policies;

pub use self::{
    entries::{AccessEntries, AccessEntriesError, Association, Entry},
    policies::{Policy, policy, unknown_policy},
};
