//! `--feature-gates`: accepted, because manifests carry them; one changes something here.

use std::str::FromStr;

/// The gates that mean something. The others of aws-iam-authenticator are accepted: what they switch on is always on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeatureGates {
    /// `init` writes to the server's folders instead of the current one.
    pub configured_init_directories: bool,
}

/// Why a text is no list of gates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not Name=true or Name=false with one of ConfiguredInitDirectories, IAMIdentityMappingCRD, SSORoleMatch, AllAlpha, AllBeta"
)]
pub struct GateError(String);

impl FromStr for FeatureGates {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let mut gates = Self::default();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let error = || GateError(pair.to_owned());
            let (name, value) = pair.split_once('=').ok_or_else(error)?;
            let on = value.trim().to_ascii_lowercase().parse().map_err(|_| error())?;
            match name.trim() {
                "ConfiguredInitDirectories" | "AllAlpha" => gates.configured_init_directories = on,
                "IAMIdentityMappingCRD" | "SSORoleMatch" | "AllBeta" => {}
                _ => return Err(error()),
            }
        }
        Ok(gates)
    }
}
