//! The identities file: who this AWS knows.

use document::{Fields, KeyCase, Limits, Node, Problem, Problems, Source};
use identity::{AccountId, Arn, Partition};

use crate::keys::{Key, Keys, Role, iam_arn, role_id, session_arn, user_id};

/// The built-in identities, as a file that a person can copy and change.
pub const EXAMPLE_IDENTITIES: &str = include_str!("../example/identities.yaml");

/// Everybody and everything that the sandbox's AWS knows.
#[derive(Clone)]
pub struct Identities {
    pub(crate) keys: Keys,
}

/// What AWS gave to somebody. The secrets are worth nothing anywhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct SandboxCredentials {
    /// `AKIA…` or `ASIA…`.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// For temporary credentials.
    pub session_token: Option<String>,
}

impl Identities {
    /// The built-in identities.
    pub fn example() -> Self {
        Self::read(&Source::new("identities.yaml", EXAMPLE_IDENTITIES))
            .unwrap_or_else(|problems| unreachable!("the built-in identities are tested: {problems:?}"))
    }

    /// Reads a file; every problem of it is found in one run.
    pub fn read(source: &Source) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut reader = Reader { keys: Keys::default(), partition: Partition::Aws, account: None };
        if let Some(root) = document::parse(source, &Limits::default())?
            && let Some(fields) = Fields::new(&root, KeyCase::Exact, &mut problems)
        {
            reader.file(fields, &mut problems);
        }
        if problems.has_errors() { Err(problems.into_sorted()) } else { Ok(Self { keys: reader.keys }) }
    }

    /// The credentials of whoever the file calls by this name.
    pub fn credentials(&self, name: &str) -> Option<SandboxCredentials> {
        let key = self.keys.by_id.values().find(|key| key.holder == name)?;
        Some(SandboxCredentials {
            access_key_id: key.access_key_id.clone(),
            secret_access_key: key.secret_access_key.clone(),
            session_token: key.session_token.clone(),
        })
    }

    /// The ARN that STS says for whoever the file calls by this name.
    pub fn arn(&self, name: &str) -> Option<String> {
        self.keys.by_id.values().find(|key| key.holder == name).map(|key| key.arn.to_string())
    }
}

struct Reader {
    keys: Keys,
    partition: Partition,
    account: Option<AccountId>,
}

impl Reader {
    fn file(&mut self, mut fields: Fields<'_>, problems: &mut Problems) {
        let account = fields.text("account", problems);
        self.account = account.and_then(|(text, span)| {
            text.parse().map_err(|error: identity::AccountIdError| problems.push(bad(span, error.to_string()))).ok()
        });
        if let Some((text, span)) = fields.text("partition", problems) {
            match text.parse() {
                Ok(partition) => self.partition = partition,
                Err(error) => problems.push(bad(span, format!("{error}"))),
            }
        }
        for node in list(&mut fields, "users", problems) {
            self.user(node, problems);
        }
        for node in list(&mut fields, "roles", problems) {
            self.role(node, problems);
        }
        for node in list(&mut fields, "permissionSets", problems) {
            self.permission_set(node, problems);
        }
        for node in list(&mut fields, "federatedUsers", problems) {
            self.federated_user(node, problems);
        }
        if let Some(entry) = fields.take("root") {
            self.root(&entry.value, problems);
        }
        for node in list(&mut fields, "instances", problems) {
            let Some(mut fields) = Fields::new(node, KeyCase::Exact, problems) else { continue };
            let id = required(&mut fields, "id", problems);
            let name = required(&mut fields, "privateDnsName", problems);
            fields.finish(problems, unknown);
            self.keys.instances.insert(id, name);
        }
        fields.finish(problems, unknown);
    }

    fn user(&mut self, node: &Node, problems: &mut Problems) {
        let Some(mut fields) = Fields::new(node, KeyCase::Exact, problems) else { return };
        let path = fields.text("path", problems).map_or("/", |(path, _)| path).to_owned();
        let Some((mut key, name)) = self.key(&mut fields, problems) else { return };
        fields.finish(problems, unknown);
        key.arn.resource = format!("user{path}{name}");
        key.user_id = user_id(&key.arn);
        self.keys.by_id.insert(key.access_key_id.clone(), key);
    }

    fn role(&mut self, node: &Node, problems: &mut Problems) {
        let Some(mut fields) = Fields::new(node, KeyCase::Exact, problems) else { return };
        let name = required(&mut fields, "name", problems);
        let path = fields.text("path", problems).map_or("/", |(path, _)| path).to_owned();
        self.sessions(&mut fields, &name, &path, problems);
    }

    fn permission_set(&mut self, node: &Node, problems: &mut Problems) {
        let Some(mut fields) = Fields::new(node, KeyCase::Exact, problems) else { return };
        let (set, suffix) = (required(&mut fields, "name", problems), required(&mut fields, "suffix", problems));
        let path = "/aws-reserved/sso.amazonaws.com/";
        self.sessions(&mut fields, &format!("AWSReservedSSO_{set}_{suffix}"), path, problems);
    }

    fn sessions(&mut self, fields: &mut Fields<'_>, name: &str, path: &str, problems: &mut Problems) {
        let Some(account) = self.account(fields, problems) else { return };
        let arn = iam_arn(self.partition, account, format!("role{path}{name}"));
        let assumable_by = list(fields, "assumableBy", problems);
        let assumable_by = assumable_by.into_iter().filter_map(|node| node.text(problems));
        let role = Role {
            arn: arn.clone(),
            name: name.to_owned(),
            assumable_by: assumable_by.map(|(text, _)| text.to_owned()).collect(),
            external_id: fields.text("externalId", problems).map(|(text, _)| text.to_owned()),
        };
        self.keys.roles.push(role);
        for node in list(fields, "sessions", problems) {
            let Some(mut fields) = Fields::new(node, KeyCase::Exact, problems) else { continue };
            let session = required(&mut fields, "sessionName", problems);
            let Some((mut key, _)) = self.key(&mut fields, problems) else { continue };
            fields.finish(problems, unknown);
            key.user_id = format!("{}:{session}", role_id(&arn));
            key.arn = session_arn(&arn, name, &session);
            self.keys.by_id.insert(key.access_key_id.clone(), key);
        }
        fields.finish(problems, unknown);
    }

    fn federated_user(&mut self, node: &Node, problems: &mut Problems) {
        let Some(mut fields) = Fields::new(node, KeyCase::Exact, problems) else { return };
        let Some((mut key, name)) = self.key(&mut fields, problems) else { return };
        fields.finish(problems, unknown);
        key.arn = Arn { service: "sts".to_owned(), resource: format!("federated-user/{name}"), ..key.arn };
        key.user_id = format!("{}:{name}", key.arn.account);
        self.keys.by_id.insert(key.access_key_id.clone(), key);
    }

    fn root(&mut self, node: &Node, problems: &mut Problems) {
        let Some(mut fields) = Fields::new(node, KeyCase::Exact, problems) else { return };
        let Some((mut key, _)) = self.key(&mut fields, problems) else { return };
        fields.finish(problems, unknown);
        key.arn.resource = "root".to_owned();
        key.user_id = key.arn.account.to_string();
        self.keys.by_id.insert(key.access_key_id.clone(), key);
    }

    /// The fields of every key; whose it is comes from the caller. With it, the entry's name.
    fn key(&self, fields: &mut Fields<'_>, problems: &mut Problems) -> Option<(Key, String)> {
        let account = self.account(fields, problems)?;
        let name = required(fields, "name", problems);
        let key = Key {
            holder: name.clone(),
            access_key_id: required(fields, "accessKeyId", problems),
            secret_access_key: required(fields, "secretAccessKey", problems),
            session_token: fields.text("sessionToken", problems).map(|(text, _)| text.to_owned()),
            expires: None,
            arn: iam_arn(self.partition, account, String::new()),
            user_id: String::new(),
        };
        Some((key, name))
    }

    fn account(&self, fields: &mut Fields<'_>, problems: &mut Problems) -> Option<AccountId> {
        let own = fields.text("account", problems);
        let own = own
            .map(|(text, span)| text.parse().map_err(|error: identity::AccountIdError| bad(span, error.to_string())));
        match own {
            Some(Ok(account)) => Some(account),
            Some(Err(problem)) => {
                problems.push(problem);
                None
            }
            None if self.account.is_none() => {
                problems.push(bad(fields.span(), "needs `account`, here or at the top of the file"));
                None
            }
            None => self.account,
        }
    }
}

fn list<'a>(fields: &mut Fields<'a>, key: &'static str, problems: &mut Problems) -> Vec<&'a Node> {
    let Some(entry) = fields.take(key) else { return Vec::new() };
    match entry.value.as_sequence() {
        Some(nodes) => nodes.iter().collect(),
        None => {
            problems.push(bad(entry.value.span, format!("`{key}` is a list, found {}", entry.value.kind())));
            Vec::new()
        }
    }
}

fn required(fields: &mut Fields<'_>, key: &'static str, problems: &mut Problems) -> String {
    let before = problems.has_errors();
    match fields.text(key, problems) {
        Some((text, _)) => text.to_owned(),
        None => {
            if before == problems.has_errors() {
                problems.push(bad(fields.span(), format!("needs `{key}`")));
            }
            String::new()
        }
    }
}

fn bad(span: document::Span, message: impl Into<String>) -> Problem {
    Problem::error("identities.entry", span, message)
}

fn unknown(entry: &document::Entry, near: Option<&'static str>) -> Problem {
    let problem = Problem::error("identities.unknown-key", entry.key_span, format!("unknown key `{}`", entry.key.text));
    match near {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}
