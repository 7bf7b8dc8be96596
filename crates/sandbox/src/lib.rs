//! A local AWS that verifies signatures, and a local Kubernetes API server, for the demo and the tests.

pub mod cluster;
