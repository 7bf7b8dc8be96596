//! Variables in usernames and groups, replaced literally, as aws-iam-authenticator does (`renderTemplate`).

use identity::Identity;

use crate::{Fact, Facts, Refusal};

pub(crate) const PRIVATE_DNS_NAME: &str = "{{EC2PrivateDNSName}}";
const ACCOUNT_ID: &str = "{{AccountID}}";
const SESSION_NAME: &str = "{{SessionName}}";
const SESSION_NAME_RAW: &str = "{{SessionNameRaw}}";
const ACCESS_KEY_ID: &str = "{{AccessKeyID}}";

/// Every variable there is, in the order in which they are replaced.
pub const VARIABLES: [&str; 5] = [PRIVATE_DNS_NAME, ACCOUNT_ID, SESSION_NAME, SESSION_NAME_RAW, ACCESS_KEY_ID];

/// What the names start with that Kubernetes itself uses.
const SYSTEM: &str = "system:";

/// The one `system:` prefix behind which a variable may stand: nodes are named this way, on EC2 by their DNS name and on
/// Fargate by their session's name. Anywhere else, whoever chooses the session's name would choose among
/// `system:masters`, `system:serviceaccounts:kube-system` and the like.
const NODE: &str = "system:node:";

/// How carefully variables are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// No caller chooses a name of Kubernetes' own, and instance ids are what EC2 makes.
    Careful,
    /// Whatever comes of it, as in aws-iam-authenticator.
    Literal,
}

/// Everything that variables stand for.
pub(crate) struct Variables<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) access_key_id: &'a str,
    pub(crate) facts: &'a Facts,
}

/// Why there is no text.
pub(crate) enum Unrendered {
    Refuse(Refusal),
    Needs(Fact),
}

impl Variables<'_> {
    /// Replaces every variable. Unknown ones stay as text.
    pub(crate) fn render(&self, template: &str, dialect: Dialect) -> Result<String, Unrendered> {
        if !template.contains("{{") {
            return Ok(template.to_owned());
        }
        let mut text = template.to_owned();
        if template.contains(PRIVATE_DNS_NAME) {
            text = text.replace(PRIVATE_DNS_NAME, self.private_dns_name(dialect)?);
        }
        let raw = self.identity.session_name().unwrap_or_default();
        let text = text
            .replace(ACCOUNT_ID, self.identity.account.as_str())
            .replace(SESSION_NAME, &raw.replace('@', "-"))
            .replace(SESSION_NAME_RAW, raw)
            .replace(ACCESS_KEY_ID, self.access_key_id);
        let names_a_node = template.starts_with(NODE) && text != NODE;
        if dialect == Dialect::Careful && text != template && text.starts_with(SYSTEM) && !names_a_node {
            return Err(Unrendered::Refuse(Refusal::TemplatedSystemName));
        }
        Ok(text)
    }

    /// The instance's name: its id is the session name, which EC2 sets for the role of an instance.
    fn private_dns_name(&self, dialect: Dialect) -> Result<&str, Unrendered> {
        let refuse = |refusal| Err(Unrendered::Refuse(refusal));
        let Some(id) = self.identity.session_name().filter(|name| is_instance_id(name, dialect)) else {
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

/// Whether a template is refused for every caller: it fixes `system:` and leaves the rest to a variable.
pub(crate) fn never_renders(template: &str) -> bool {
    let has_variable = VARIABLES.iter().any(|variable| template.contains(variable));
    has_variable && template.starts_with(SYSTEM) && !template.starts_with(NODE)
}

/// The pieces in double braces that are not a variable, and so stay as text: `{{ SessionName }}`, `{{Sessionname}}`.
pub(crate) fn unknown_variables(template: &str) -> impl Iterator<Item = &str> {
    template.match_indices("{{").filter_map(|(start, _)| {
        let end = start + template[start..].find("}}")? + "}}".len();
        let piece = &template[start..end];
        (!VARIABLES.contains(&piece)).then_some(piece)
    })
}

/// `i-` and 8 or 17 characters, as in the existing authenticator (`InstanceIDPattern`), hexadecimal as EC2 makes them.
fn is_instance_id(text: &str, dialect: Dialect) -> bool {
    let digits = text.strip_prefix("i-").unwrap_or_default();
    let is_digit = |b: u8| match dialect {
        Dialect::Careful => b.is_ascii_hexdigit(),
        Dialect::Literal => b.is_ascii_alphanumeric() || b == b'_',
    };
    matches!(digits.len(), 8 | 17) && digits.bytes().all(is_digit)
}
