//! Which logins an EKS cluster looks at.
//!
//! Source: Amazon EKS API Reference, `AccessConfigResponse`.

use serde::Deserialize;

/// The authentication mode of an EKS cluster: aws-auth, access entries or both (EKS API, `authenticationMode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthenticationMode {
    /// `aws-auth` alone.
    ConfigMap,
    /// Access entries first, then `aws-auth`.
    ApiAndConfigMap,
    /// Access entries alone.
    Api,
}

impl AuthenticationMode {
    /// Every authentication mode.
    pub const ALL: [Self; 3] = [Self::ConfigMap, Self::ApiAndConfigMap, Self::Api];

    /// Returns the name as AWS writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfigMap => "CONFIG_MAP",
            Self::ApiAndConfigMap => "API_AND_CONFIG_MAP",
            Self::Api => "API",
        }
    }
}
