//! `--feature-gates`: accepted, because manifests carry them; one changes something here, and one what aws-iam-authenticator reads.

use std::str::FromStr;

use super::flags::boolean;

/// The feature gates of aws-iam-authenticator that have a meaning here. The others of aws-iam-authenticator are accepted: what they switch on is always on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeatureGates {
    /// `init` writes to the server's folders instead of the current one.
    pub configured_init_directories: bool,
    /// aws-iam-authenticator reads `sso` of an entry. `cluster-auth server` always does.
    pub sso_role_match: bool,
}

/// Why a text is not a list of gates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not Name=true or Name=false with one of ConfiguredInitDirectories, IAMIdentityMappingCRD, SSORoleMatch, AllAlpha, AllBeta"
)]
pub struct GateError(String);

impl FromStr for FeatureGates {
    type Err = GateError;

    /// `A=true,B=false`; the last of two counts, and a gate's own name goes before `AllAlpha` (all of them are alpha).
    fn from_str(text: &str) -> Result<Self, GateError> {
        let (mut all, mut directories, mut sso) = (None, None, None);
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let error = || GateError(pair.to_owned());
            let (name, value) = pair.split_once('=').ok_or_else(error)?;
            let on = boolean(value.trim()).ok_or_else(error)?;
            match name.trim() {
                "ConfiguredInitDirectories" => directories = Some(on),
                "SSORoleMatch" => sso = Some(on),
                "AllAlpha" => all = Some(on),
                "IAMIdentityMappingCRD" | "AllBeta" => {}
                _ => return Err(error()),
            }
        }
        let is_on = |own: Option<bool>| own.or(all).unwrap_or_default();
        Ok(Self { configured_init_directories: is_on(directories), sso_role_match: is_on(sso) })
    }
}
