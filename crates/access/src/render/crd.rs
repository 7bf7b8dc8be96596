//! `IAMIdentityMapping` objects (iamauthenticator.k8s.aws/v1alpha1).

use serde::Serialize;

use super::authenticator::{NODE_GROUPS, NODE_USERNAME, arn, groups};
use crate::{Desired, Facts};

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
    let people = desired
        .people
        .iter()
        .filter_map(|person| Some((arn(person, facts)?, person.username.as_str(), groups(person))));
    let nodes =
        desired.nodes.iter().filter_map(|node| Some((node.arn()?.to_string(), NODE_USERNAME, NODE_GROUPS.to_vec())));
    let mapping = |(arn, username, groups): (String, &'a str, Vec<&'a str>)| Mapping {
        api_version: "iamauthenticator.k8s.aws/v1alpha1",
        kind: "IAMIdentityMapping",
        metadata: Metadata { name: name(&arn) },
        spec: Spec { arn, username, groups },
    };
    people.chain(nodes).map(mapping).collect()
}

/// A name that is unique for the ARN and allowed for objects (RFC 1123 subdomain): the ARN's own letters, those that are
/// not allowed replaced by their number.
fn name(arn: &str) -> String {
    let mut name = String::from("cluster-auth");
    for part in arn.split(':').skip(4).flat_map(|field| field.split('/')) {
        name.push('.');
        for byte in part.bytes() {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' => name.push(byte.into()),
                // `x` begins a number, and stands for itself doubled by its own number only inside parts.
                _ => name.push_str(&format!("-{byte:02x}-")),
            }
        }
    }
    // A part may neither begin nor end with a dash.
    name.replace(".-", ".0-").replace("-.", "-0.")
        + if arn.ends_with(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit()) { "0" } else { "" }
}
