//! aws-iam-authenticator's configuration file: read strictly, every problem in one run.
//!
//! Keys are compared without regard to case, as the existing program does; values are not. What it reads weakly (numbers
//! for text, one entry for a list) is read where the meaning is certain, with a warning, and refused where a digit may
//! have been lost. Source: `cmd/root.go` and `pkg/config/types.go` of version 0.7.18.

mod config;
mod entries;
mod gates;
mod values;

pub use config::{ClientConfig, Config, ServerConfig, read_config};
pub use gates::{FeatureGates, GateError};
