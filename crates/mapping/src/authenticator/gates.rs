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

    /// `A=true,B=false`; the last of two counts, and a gate's own name goes before `AllAlpha` (all of them are alpha).
    fn from_str(text: &str) -> Result<Self, GateError> {
        let (mut all, mut own) = (None, None);
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let error = || GateError(pair.to_owned());
            let (name, value) = pair.split_once('=').ok_or_else(error)?;
            let on = boolean(value.trim()).ok_or_else(error)?;
            match name.trim() {
                "ConfiguredInitDirectories" => own = Some(on),
                "AllAlpha" => all = Some(on),
                "IAMIdentityMappingCRD" | "SSORoleMatch" | "AllBeta" => {}
                _ => return Err(error()),
            }
        }
        Ok(Self { configured_init_directories: own.or(all).unwrap_or_default() })
    }
}

/// The spellings of Go's `strconv.ParseBool`.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}
