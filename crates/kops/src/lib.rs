//! What a cluster of kops needs for our server: the webhook's files in its state store, and what its specification says.
//!
//! ```text
//!   store          the folder of the files: s3://STATE/NAME/secrets/cluster-auth
//!   files          which of cert.pem, key.pem and the kubeconfig are to be written, in which order, on which condition
//!   specification  Cluster (v1alpha2): an authenticator that kops runs, or a webhook of one's own
//! ```
//!
//! What kops does with it: `pkg/apis/kops/cluster.go`, `nodeup/pkg/model` and `pkg/model/iam/iam_builder.go` of kubernetes/kops.
//! Nothing here reads or writes the store, and nothing makes a key: a new pair, and what a pair that is there is good for, come in.

mod files;
mod specification;
mod store;

pub use files::{Condition, File, FilesError, Live, NewPair, Pair, Stored, Write, completed, rotated};
pub use specification::{Cluster, HOOK_IMAGE, aws, webhook};
pub use store::{ClusterName, ClusterNameError, Folder, StateStore, StateStoreError};
