//! Who may do what in a cluster, and why: the join of people, mapping, groups, bindings and rules.
//!
//! Who somebody is in the cluster is asked of [`mapping::decide`], what they may do of `rbac`'s evaluator; there is no second
//! copy of either here.

pub mod lint;

#[cfg(test)]
mod tests;
