//! Who reads a mapping source. What stands there means what its reader makes of it, and nothing else.

use std::fmt;

/// The program by whose rules a mapping source is read, whichever kind of source ([`BackendMode`](crate::BackendMode)) it is. What a
/// program takes of an access file is not asked here (`access::Consumer`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// aws-iam-authenticator 0.7.18, which is also what EKS makes of `aws-auth`: ARNs are compared as they are written, an
    /// entry without a username logs in as nobody, and of two entries that match one caller any may be taken.
    AwsIamAuthenticator,
    /// `cluster-auth server`: what cannot be right is refused, and every order is fixed.
    ClusterAuth,
    /// EKS itself, for access entries, by what its documentation says: its code is not public.
    Eks,
}

impl Reader {
    /// Returns the name, as answers have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwsIamAuthenticator => "aws-iam-authenticator 0.7.18",
            Self::ClusterAuth => "cluster-auth server",
            Self::Eks => "EKS",
        }
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
