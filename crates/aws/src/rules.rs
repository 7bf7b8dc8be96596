//! Which program is followed where the AWS CLI and aws-iam-authenticator are not the same.

use jiff::Timestamp;

/// Whose rules count for the shared files, where they are not the same. People compare with what the program did that they had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// The AWS CLI's, which is written with botocore.
    #[default]
    Cli,
    /// Those of AWS's SDK for Go, with which aws-iam-authenticator is written.
    Go,
}

impl Rules {
    /// Returns the name of a role's session where nobody says one. It stands in usernames made of `{{SessionName}}`, in CloudTrail, and
    /// in trust policies that ask for `sts:RoleSessionName`.
    pub fn session_name(self, at: Timestamp) -> String {
        match self {
            Self::Cli => format!("botocore-session-{}", at.as_second()),
            Self::Go => format!("aws-go-sdk-{}", at.as_nanosecond()),
        }
    }

    /// The same of a session that a web identity's token was exchanged for.
    pub(crate) fn web_session_name(self, at: Timestamp) -> String {
        match self {
            Self::Cli => self.session_name(at),
            Self::Go => at.as_nanosecond().to_string(),
        }
    }
}
