//! The keys of the configuration file, and what nobody reads of it.
//!
//! Source: `pkg/config/types.go`, and the flags that are bound in `cmd/aws-iam-authenticator` of 0.7.18. viper passes over all
//! other keys.

use document::{Node, nearest};

use super::text::Text;
use crate::DefectKind;

/// Those of the file itself.
pub const CONFIG_KEYS: [&str; 12] = [
    "server",
    "clusterID",
    "region",
    "role",
    "externalID",
    "sessionName",
    "tokenOnly",
    "forwardSessionName",
    "cache",
    "token",
    "output",
    "partition",
];

/// Those below `server`; the last two are `cluster-auth server`'s own.
pub const SERVER_KEYS: [&str; 24] = [
    "mapRoles",
    "mapUsers",
    "mapAccounts",
    "partition",
    "address",
    "port",
    "hostname",
    "stateDir",
    "generateKubeconfig",
    "kubeconfigPregenerated",
    "kubeconfig",
    "master",
    "backendMode",
    "scrubbedAccounts",
    "ec2DescribeInstancesRoleARN",
    "sourceARN",
    "ec2DescribeInstancesQps",
    "ec2DescribeInstancesBurst",
    "dynamicfilepath",
    "dynamicfileUserIDStrict",
    "dynamicBackendModePath",
    "reservedPrefixConfig",
    "accessFile",
    "denyWith200",
];

/// Says which keys of a mapping nobody reads: misspelt ones, and those that belong elsewhere. `known` are read, `elsewhere` are
/// read in another place.
pub(super) fn say_unread(text: &mut Text<'_>, node: &Node, known: &[&str], elsewhere: (&[&str], &str)) {
    for entry in node.as_mapping().unwrap_or_default() {
        let key = &*entry.key.text;
        let is = |one: &&&str| one.eq_ignore_ascii_case(key);
        if known.iter().any(|one| is(&one)) {
            continue;
        }
        let (keys, place) = elsewhere;
        let hint = match (keys.iter().find(is), nearest(key, known.iter().copied())) {
            (Some(_), _) => format!("it belongs {place}"),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => match nearest(key, keys.iter().copied()) {
                Some(near) => format!("did you mean `{near}`, which belongs {place}?"),
                // Other keys are other programs', or hold what is taken over by its anchor.
                None => continue,
            },
        };
        let message = format!("unknown key `{key}`, which is ignored here");
        text.say(DefectKind::UnknownKey, key, entry.key_span.start, message, Some(hint));
    }
}

/// Returns whether a text has a key of the configuration's, or one that is nearly its.
pub fn names_a_key<'a>(keys: impl IntoIterator<Item = &'a str>) -> bool {
    let is_near = |key: &str, known: &[&str]| nearest(key, known.iter().copied()).is_some();
    keys.into_iter().any(|key| is_near(key, &CONFIG_KEYS) || is_near(key, &SERVER_KEYS))
}
