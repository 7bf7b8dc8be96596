//! `IAMIdentityMapping` objects (iamauthenticator.k8s.aws/v1alpha1).

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    Desired, Facts,
    entries::{Entry, entries},
};

const API_VERSION: &str = "iamauthenticator.k8s.aws/v1alpha1";
const KIND: &str = "IAMIdentityMapping";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mapping<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec<'a>,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
}

#[derive(Serialize)]
struct Spec<'a> {
    arn: String,
    username: &'a str,
    groups: Vec<&'a str>,
}

pub(super) fn mappings<'a>(desired: &'a Desired, facts: &Facts) -> Vec<Mapping<'a>> {
    let mapping = |Entry { arn, username, groups, .. }| Mapping {
        api_version: API_VERSION,
        kind: KIND,
        metadata: Metadata { name: name(&arn) },
        spec: Spec { arn, username, groups },
    };
    entries(desired, facts).into_iter().map(mapping).collect()
}

/// How long an object's name may be (RFC 1123 subdomain).
const MAX_NAME: usize = 253;

/// Returns a name that only this ARN has: its account and resource, every byte but a-w, y, z and digits as `x` and its number.
/// Very long ones end in a hash instead.
pub fn name(arn: &str) -> String {
    let mut name = String::from("cluster-auth");
    for part in arn.splitn(6, ':').skip(4).flat_map(|field| field.split('/')) {
        name.push('.');
        for byte in part.bytes() {
            match byte {
                b'a'..=b'w' | b'y' | b'z' | b'0'..=b'9' => name.push(byte.into()),
                _ => name.push_str(&format!("x{byte:02x}")),
            }
        }
    }
    if name.len() > MAX_NAME {
        let hash: String = Sha256::digest(arn).iter().map(|byte| format!("{byte:02x}")).collect();
        name.truncate(MAX_NAME - hash.len());
        name.push_str(&hash);
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_NAME, name};

    proptest! {
        #[test]
        fn two_arns_have_two_names(a in "[a-cxA-C0/_-]{0,6}[a-cxA-C0_-]", b in "[a-cxA-C0/_-]{0,6}[a-cxA-C0_-]") {
            let name = |path: &str| name(&format!("arn:aws:iam::111122223333:role/{path}"));
            prop_assert_eq!(name(&a) == name(&b), a == b);
        }
    }

    #[test]
    fn names_are_allowed_however_long_the_path_is() {
        let long = |letter: &str| name(&format!("arn:aws:iam::111122223333:user/{}/bob", letter.repeat(500)));
        assert_eq!(long("A").len(), MAX_NAME);
        assert_ne!(long("A"), long("B"));
        assert!(
            long("A").bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        );
    }
}
