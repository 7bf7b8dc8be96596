//! Who AWS says the caller is: partitions, accounts, ARNs and the identity that STS confirms.
//!
//! ```text
//!   GetCallerIdentity's answer          Identity
//!   Arn    arn:aws:sts::1111…:assumed-role/Dev/alice   ─►  Principal::AssumedRole { role: "Dev", session: "alice" }
//!   UserId AROAEXAMPLE:alice                           ─►  unique_id "AROAEXAMPLE"
//! ```
//!
//! Everything here is plain data: no I/O, no clock. Names are AWS's own
//! ([IAM identifiers](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html)).

mod account;
mod arn;
mod bucket;
mod caller;
mod partition;
mod partitions;
mod session_name;
mod sts_host;

pub use account::{AccountId, AccountIdError};
pub use arn::{Arn, ArnError};
pub use bucket::{BucketName, BucketNameError};
pub use caller::{Identity, IdentityError, Principal};
pub use partition::{Partition, UnknownPartition};
pub use partitions::Partitions;
pub use session_name::{NoSessionName, check_session_name, is_session_name};
pub use sts_host::{StsHost, UnknownStsHost};
