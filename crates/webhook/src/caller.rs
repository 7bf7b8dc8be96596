//! What a line of the log says of a caller, if that may be said.

use identity::AccountId;
use token::Confirmed;

/// Who it is to AWS.
pub(crate) struct Caller {
    pub(crate) arn: String,
    pub(crate) canonical_arn: String,
    pub(crate) session_name: Option<String>,
    pub(crate) principal_id: String,
    pub(crate) account: AccountId,
    pub(crate) access_key_id: String,
    pub(crate) endpoint: String,
}

impl Caller {
    /// Nothing of accounts that are scrubbed.
    pub(crate) fn of(confirmed: &Confirmed, scrubbed: bool) -> Option<Self> {
        let identity = confirmed.identity();
        (!scrubbed).then(|| Self {
            arn: identity.arn(),
            canonical_arn: identity.canonical_arn(),
            session_name: identity.session_name().map(str::to_owned),
            principal_id: identity.unique_id.clone(),
            account: identity.account,
            access_key_id: confirmed.access_key_id().to_owned(),
            endpoint: confirmed.host().as_str().to_owned(),
        })
    }
}
