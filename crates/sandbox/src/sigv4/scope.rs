//! What a signature is good for.

use super::Unverified;
use crate::endpoint::Endpoint;

/// `<access key id>/<date>/<region>/<service>/aws4_request`
pub(super) struct Scope<'a> {
    pub(super) access_key_id: &'a str,
    /// `YYYYMMDD`
    pub(super) date: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

impl<'a> Scope<'a> {
    pub(super) fn read(credential: &'a str) -> Result<Self, Unverified> {
        let fields: Vec<_> = credential.split('/').collect();
        let [access_key_id, date, region, service, terminator] = fields[..] else {
            let message =
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term";
            return Err(Unverified::Incomplete(format!("{message}, got '{credential}'")));
        };
        if terminator != "aws4_request" {
            let message = "Credential should be scoped with a valid terminator: 'aws4_request', not";
            return Err(Unverified::Scope(format!("{message} '{terminator}'.")));
        }
        Ok(Self { access_key_id, date, region, service })
    }

    /// Compares with where the request was sent, and with its date.
    pub(super) fn check(&self, endpoint: &Endpoint, date: &str) -> Result<(), Unverified> {
        let service = endpoint.service.as_str();
        let day = date.get(..8).unwrap_or_default();
        let message = if self.service != service {
            format!("Credential should be scoped to correct service: '{service}'.")
        } else if endpoint.region.as_ref().is_some_and(|region| region != self.region) {
            format!("Credential should be scoped to a valid region, not '{}'.", self.region)
        } else if self.date != day {
            let message = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP";
            format!("{message}: '{}' != '{day}', from '{date}'.", self.date)
        } else {
            return Ok(());
        };
        Err(Unverified::Scope(message))
    }
}
