//! The forms of names, paths and keys, as IAM has them.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html> and the patterns in the API
//! references of IAM and STS.

use crate::directory::is_instance_id;

/// What a text has to look like.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) holds: fn(&str) -> bool,
    pub(super) words: &'static str,
}

/// Of users, roles and federated users.
pub(super) const NAME: Form =
    Form { holds: |text| (1..=64).contains(&text.len()) && is_word(text), words: "1 to 64 of A-Z a-z 0-9 _+=,.@-" };

pub(super) const GROUP_NAME: Form =
    Form { holds: |text| (1..=128).contains(&text.len()) && is_word(text), words: "1 to 128 of A-Z a-z 0-9 _+=,.@-" };

pub(super) const SESSION_NAME: Form =
    Form { holds: |text| (2..=64).contains(&text.len()) && is_word(text), words: "2 to 64 of A-Z a-z 0-9 _+=,.@-" };

pub(super) const PERMISSION_SET: Form =
    Form { holds: |text| (1..=32).contains(&text.len()) && is_word(text), words: "1 to 32 of A-Z a-z 0-9 _+=,.@-" };

/// What IAM Identity Center appends to a permission set's name.
pub(super) const SUFFIX: Form = Form {
    holds: |text| text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
    words: "16 hexadecimal digits in lower case",
};

pub(super) const PATH: Form = Form {
    holds: |text| text.starts_with('/') && text.ends_with('/') && !text.contains("//") && is_visible(text),
    words: "/ or visible characters between slashes, such as /ops/",
};

pub(super) const LONG_TERM_KEY: Form = Form { holds: |text| is_key(text, "AKIA"), words: "AKIA and 16 of A-Z 0-9" };

pub(super) const TEMPORARY_KEY: Form = Form { holds: |text| is_key(text, "ASIA"), words: "ASIA and 16 of A-Z 0-9" };

/// Secrets, tokens and external ids: whatever must survive in a header.
pub(super) const VISIBLE: Form =
    Form { holds: |text| !text.is_empty() && is_visible(text), words: "visible ASCII characters" };

/// Of an MFA device.
pub(super) const CODE: Form = Form {
    holds: |text| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()),
    words: "six digits, in quotes",
};

pub(super) const INSTANCE_ID: Form = Form { holds: is_instance_id, words: "i- and 8 or 17 hexadecimal digits" };

/// Of EKS clusters.
pub(super) const CLUSTER_NAME: Form = Form {
    holds: |text| {
        (1..=100).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            && text.as_bytes()[0].is_ascii_alphanumeric()
    },
    words: "1 to 100 of A-Z a-z 0-9 _-, not beginning with _ or -",
};

pub(super) const REGION: Form =
    Form { holds: |text| identity::StsHost::regional(text).is_ok(), words: "a Region such as us-west-2" };

pub(super) const URL: Form = Form {
    holds: |text| text.strip_prefix("https://").is_some_and(|host| !host.is_empty() && is_visible(host)),
    words: "a URL that begins with https://",
};

pub(super) const PEM: Form =
    Form { holds: |text| text.contains("-----BEGIN CERTIFICATE-----"), words: "a certificate as PEM" };

/// RFC 3339.
pub(super) const TIME: Form =
    Form { holds: |text| text.parse::<jiff::Timestamp>().is_ok(), words: "a time such as 2030-01-01T00:00:00Z" };

fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_key(text: &str, prefix: &str) -> bool {
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
