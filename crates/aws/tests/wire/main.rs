//! What this crate sends, and what it makes of answers: against botocore's vectors, against servers on loopback that do
//! as they are told, and against the sandbox, whose verifier shares no code with our signer.

mod calls;
mod double;
mod ec2;
mod fetch;
mod iam;
mod s3;
mod transport;
mod vectors;

use aws::credentials::{Credentials, Environment};

/// An environment of these variables, and no home.
fn environment(pairs: &[(&str, &str)]) -> Environment {
    let vars = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Environment { vars, home: None }
}

/// Keys that nobody checks.
fn keys() -> Credentials {
    Credentials::long_term("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
}

/// Half past noon, as good as any other time.
fn noon() -> jiff::Timestamp {
    "2026-01-02T12:30:00Z".parse().expect("a time")
}

/// The clock, for tests with the sandbox: its certificates are held against the machine's time.
#[expect(clippy::disallowed_methods, reason = "TLS reads the clock, so the sandbox and its callers must agree with it")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
