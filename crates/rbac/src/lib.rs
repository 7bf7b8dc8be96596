//! What a Kubernetes user may do.
//!
//! ```text
//!   Role, ClusterRole, RoleBinding, ClusterRoleBinding ─► Index (aggregation resolved, subjects looked up)
//!   index.authorize(user, request) ─► the grant that allows it, or nothing
//! ```
//!
//! The evaluator decides exactly as the API server's RBAC authorizer does (Kubernetes, `plugin/pkg/auth/authorizer/rbac`
//! and `pkg/registry/rbac/validation/rule.go`), which a test asks thousands of questions to compare. What other
//! authorizers add is not RBAC and not known here: the Node authorizer's rights of kubelets, and webhooks. The one
//! exception is `system:masters`, to which the API server grants everything before RBAC is asked.
//!
//! [`escalation`] says which permissions let their holder escalate privileges, [`resources`] what there is to name
//! in rules, [`names`] which names in rules match nothing.

mod aggregate;
pub mod comparison;
mod dns;
pub mod dump;
pub mod escalation;
mod index;
mod matching;
pub mod names;
mod nulls;
mod object_id;
mod objects;
mod request;
pub mod resources;
mod selector;
mod user;

pub use dns::{is_dns_label, is_dns_subdomain};
pub use index::{Grant, Index};
pub use object_id::{ObjectId, ObjectKind};
pub use objects::{
    AnyRole, Binding, ClusterRole, ClusterRoleBinding, Objects, Role, RoleBinding, RoleKind, RoleReference, Rule,
    Subject,
};
pub use request::{Request, ResourceRequest};
pub use selector::{LabelSelector, Labels, Operator, Requirement};
pub use user::{MASTERS, User, service_account_of, service_accounts_of};

#[cfg(test)]
mod tests;
