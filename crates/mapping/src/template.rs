//! Variables in usernames and groups, replaced literally, as aws-iam-authenticator does (`renderTemplate`).

use identity::Identity;

use crate::{Facts, Refusal, decide::Fact};

/// What a template turned out to need.
pub(crate) enum Unrendered {
    Refuse(Refusal),
    Needs(Fact),
}

const PRIVATE_DNS_NAME: &str = "{{EC2PrivateDNSName}}";

/// Everything that variables stand for.
pub(crate) struct Variables<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) access_key_id: &'a str,
    pub(crate) facts: &'a Facts,
}

impl Variables<'_> {
    /// Replaces every variable. Unknown ones stay as text.
    pub(crate) fn render(&self, template: &str) -> Result<String, Unrendered> {
        if !template.contains("{{") {
            return Ok(template.to_owned());
        }
        let mut text = template.to_owned();
        if template.contains(PRIVATE_DNS_NAME) {
            text = text.replace(PRIVATE_DNS_NAME, self.private_dns_name()?);
        }
        let raw = self.identity.session_name().unwrap_or_default();
        let text = text
            .replace("{{AccountID}}", self.identity.account.as_str())
            .replace("{{SessionName}}", &raw.replace('@', "-"))
            .replace("{{SessionNameRaw}}", raw)
            .replace("{{AccessKeyID}}", self.access_key_id);
        if is_system(&text) && !names_its_own_kind(template) {
            return Err(Unrendered::Refuse(Refusal::TemplatedSystemName));
        }
        Ok(text)
    }

    /// The instance's name: its id is the session name, which EC2 sets for the role of an instance.
    fn private_dns_name(&self) -> Result<&str, Unrendered> {
        let refuse = |refusal| Err(Unrendered::Refuse(refusal));
        let Some(id) = self.identity.session_name().filter(|name| is_instance_id(name)) else {
            return refuse(Refusal::SessionNameNotInstance);
        };
        match self.facts.private_dns_names.get(id) {
            None => Err(Unrendered::Needs(Fact::PrivateDnsName { instance_id: id.to_owned() })),
            Some(None) => refuse(Refusal::NoPrivateDnsName),
            Some(Some(name)) if name.is_empty() => refuse(Refusal::NoPrivateDnsName),
            Some(Some(name)) => Ok(name),
        }
    }
}

/// `i-` and 8 or 17 characters, as in the existing authenticator (`InstanceIDPattern`), hexadecimal as EC2 makes them.
fn is_instance_id(text: &str) -> bool {
    let digits = text.strip_prefix("i-").unwrap_or_default();
    matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_system(name: &str) -> bool {
    name.starts_with("system:")
}

/// Whether a template fixes by its own text which kind of `system:` name it makes: `system:node:{{…}}` does,
/// `system:{{SessionName}}` lets the caller choose `masters`.
fn names_its_own_kind(template: &str) -> bool {
    let literal = template.split("{{").next().unwrap_or_default();
    is_system(literal) && literal["system:".len()..].contains(':')
}
