//! What the server that is in aws-iam-authenticator's place reads: its configuration file, strictly and with every problem in
//! one run, and the other mapping sources, entry by entry.
//!
//! Keys are compared without regard to case, as the existing program does; values are not. What it reads weakly (one
//! entry for a list, a text for several) is read where the meaning is certain, with a warning, and refused where a digit
//! may have been lost. Source: `cmd/root.go` and `pkg/config/types.go` of version 0.7.18.

pub mod defaults;

mod aws_auth;
mod config;
mod entries;
mod flags;
mod gates;
mod place;
mod read;
mod sources;
mod values;

pub use aws_auth::{AwsAuth, AwsAuthRead};
pub use config::{ClientConfig, Config, ServerConfig};
pub use flags::{ListenAddress, address, boolean, whole_number};
pub use gates::{FeatureGates, GateError};
pub use place::FileLine;
pub use read::{read_config, read_config_in, read_indexed};
pub use sources::{dynamic_file, objects};
