//! Everything that knows AWS's wire: credentials, signing, and the few calls we make.
//!
//! ```text
//!   credentials::resolve   environment + shared files ─► Plan      pure, botocore's order
//!   credentials::fetch     Plan ─► Credentials                     asks SSO, STS, IMDS … only where the plan says so
//!   presign_…              Credentials ─► the URL inside a token   no runtime, no TLS, no roots
//!   StsClient              token::Accepted ─► status and body      the server's one call, bounded in every way
//!   iam::IamClient         a group's name ─► its users             whole or not at all
//!   describe_eks_cluster   a cluster's name ─► its API server       for kubeconfigs
//! ```
//!
//! There are no service SDKs here: a handful of calls do not need hundreds of crates. This crate only transports what
//! the `token` crate made; it can neither accept nor confirm a token.

// Whoever calls what does I/O decides what its failing means.
#![warn(clippy::missing_errors_doc)]

pub mod credentials;
pub mod iam;
pub mod s3;
pub mod xml;

mod attempts;
mod calls;
mod ec2;
mod eks;
mod endpoint;
mod environment;
mod error;
mod http;
mod keys;
mod rules;
mod sign;
mod sts;

pub use attempts::{AttemptsError, attempts};
pub use calls::{Caller, Client, Obtained, assume_role, get_caller_identity, trusted_roots};
pub use ec2::{DescribeError, Ec2, Ec2Options};
pub use eks::{EksCluster, EksClusterName, EksClusterNameError, EksError, describe_eks_cluster, eks_endpoint};
pub use endpoint::{Endpoint, EndpointError, sts_endpoint};
pub use error::{AwsError, NoAnswer};
pub use http::{Transport, proxies};
pub use sign::presign_get_caller_identity;
pub use sts::StsClient;
