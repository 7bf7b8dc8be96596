//! What principals are looked up by.

use identity::{AccountId, Arn, Identity, Partition};
use smol_str::SmolStr;

/// The canonical ARN in lower case, in its parts: without a place of its own in memory for short names, because in a
/// large table each such place is a cache line that has to be fetched.
///
/// It is hashed by std's `SipHash`: whoever has an AWS account chooses names that are looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) partition: Partition,
    pub(crate) account: AccountId,
    resource: SmolStr,
}

/// The same, of texts that are held elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyRef<'a> {
    pub(crate) partition: Partition,
    pub(crate) account: AccountId,
    /// `role/admin`, `user/ops/bob`, `federated-user/x` (of STS, all others of IAM) or `root`.
    pub(crate) resource: &'a str,
}

impl Key {
    /// Of a caller.
    pub(crate) fn of(identity: &Identity) -> Self {
        let resource = lowered(identity.canonical_resource_parts());
        Self { partition: identity.partition, account: identity.account, resource }
    }

    /// Of a rule, by its canonical ARN in lower case; `None` if it is not an ARN, which no caller has.
    pub(crate) fn of_rule(arn: &str) -> Option<Self> {
        let Arn { partition, account, resource, .. } = arn.parse().ok()?;
        Some(Self { partition, account, resource: resource.into() })
    }

    pub(crate) fn as_ref(&self) -> KeyRef<'_> {
        KeyRef { partition: self.partition, account: self.account, resource: &self.resource }
    }
}

impl<'a> KeyRef<'a> {
    /// The ARN.
    pub(crate) fn arn(self) -> String {
        let service = if self.resource.starts_with("federated-user/") { "sts" } else { "iam" };
        format!("arn:{}:{service}::{}:{}", self.partition, self.account, self.resource)
    }

    /// The name behind kind and path; root has none.
    pub(crate) fn name(self) -> Option<&'a str> {
        self.resource.rsplit_once('/').map(|(_, name)| name)
    }
}

/// The parts together, in lower case. Nearly all are short, and made without asking for memory.
fn lowered(parts: [&str; 3]) -> SmolStr {
    let mut short = [0; 64];
    let mut length = 0;
    for byte in parts.iter().flat_map(|part| part.bytes()) {
        let Some(place) = short.get_mut(length) else { return parts.concat().to_ascii_lowercase().into() };
        *place = byte.to_ascii_lowercase();
        length += 1;
    }
    SmolStr::new(str::from_utf8(&short[..length]).expect("texts put together, of which ASCII letters were lowered"))
}

#[cfg(test)]
mod tests {
    use identity::Identity;

    use super::Key;

    #[test]
    fn callers_and_rules_meet_however_long_their_names_are() {
        for name in ["Al", "A-name-of-exactly-18", &"N".repeat(64)] {
            for path in ["", "Ops/", &format!("{}/", "P".repeat(300))] {
                let arn = format!("arn:aws-cn:iam::111122223333:user/{path}{name}");
                let caller = Identity::from_answer(&arn, "111122223333", "AIDAEXAMPLE").expect("an answer of STS");
                let rule = Key::of_rule(&arn.to_ascii_lowercase()).expect("an ARN");
                assert_eq!(Key::of(&caller), rule);
                assert_eq!(rule.as_ref().arn(), arn.to_ascii_lowercase());
            }
        }
    }
}
