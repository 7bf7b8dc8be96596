//! Reading the identities file. What cannot be used becomes a problem, and reading goes on.

use std::{collections::HashMap, sync::Arc};

use document::{Entry, Fields, KeyCase, Node, Problem, Problems, Span};
use identity::{AccountId, AccountIdError, Arn, Partition, UnknownPartition};
use jiff::Timestamp;

use super::forms::{
    CLUSTER_NAME, CODE, Form, GROUP_NAME, INSTANCE_ID, LONG_TERM_KEY, NAME, PATH, PEM, PERMISSION_SET, REGION,
    SESSION_NAME, SUFFIX, TEMPORARY_KEY, TIME, URL, VISIBLE,
};
use crate::{
    actions::IAM_ACTIONS,
    directory::{Directory, Group, Key, KubernetesCluster, Mfa, Role, iam_arn, unique_id},
};

/// Reads all of the file; what the directory holds is of use only if there are no errors.
pub(super) fn file(mut fields: Fields<'_>, problems: &mut Problems) -> Directory {
    let mut reader = Reader {
        problems,
        directory: Directory::default(),
        partition: Partition::Aws,
        account: Account::Unsaid,
        first: HashMap::new(),
        trusted: Vec::new(),
        grouped: Vec::new(),
    };
    reader.account = reader.own_account(&mut fields);
    reader.partition = reader.own_partition(&mut fields).unwrap_or_default();
    reader.each(&mut fields, "users", Reader::user);
    reader.each(&mut fields, "roles", Reader::role);
    reader.each(&mut fields, "permissionSets", Reader::permission_set);
    reader.each(&mut fields, "federatedUsers", Reader::federated_user);
    if let Some(entry) = fields.take("root") {
        reader.mapping(&entry.value, Reader::root);
    }
    reader.each(&mut fields, "groups", Reader::group);
    reader.each(&mut fields, "instances", Reader::instance);
    reader.each(&mut fields, "clusters", Reader::cluster);
    reader.check_trusted();
    reader.check_grouped();
    fields.finish(reader.problems, unknown_key);
    reader.directory
}

struct Reader<'p> {
    problems: &'p mut Problems,
    directory: Directory,
    partition: Partition,
    /// Of entries that name none.
    account: Account,
    /// Where each name, access key and instance stands, by what it is and how it is written.
    first: HashMap<(&'static str, String), Span>,
    /// Who is said to be allowed to assume a role.
    trusted: Vec<(String, Span)>,
    /// Who is said to be in a group, and of which account they have to be.
    grouped: Vec<(String, AccountId, Span)>,
}

/// What is said about an account.
#[derive(Clone, Copy)]
enum Account {
    Unsaid,
    /// Something that is none, which is a problem already.
    Unreadable,
    Known(AccountId),
}

/// Where a principal is.
#[derive(Clone, Copy)]
struct Home {
    partition: Partition,
    account: AccountId,
}

/// Holders and roles share their names: who may assume a role is said by name.
const NAMES: &str = "name";

/// The path of the roles that IAM Identity Center makes.
const SSO_PATH: &str = "/aws-reserved/sso.amazonaws.com/";

/// What the entries of keys have in common.
struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expires: Option<Timestamp>,
    denied: Vec<String>,
}

// Each entry takes all of its fields before it looks at what is missing, so that all of its problems are found.
impl Reader<'_> {
    fn user(&mut self, fields: &mut Fields<'_>) {
        let path = self.optional(fields, "path", PATH).unwrap_or("/");
        let (name, home) = (self.holder(fields), self.home(fields));
        let credentials = self.long_term(fields);
        let (Some(name), Some(home)) = (name, home) else { return };
        let arn = home.arn(format!("user{path}{name}"));
        let user_id = unique_id("AIDA", &arn);
        self.directory.users.insert(name.to_owned(), arn.clone());
        self.add(name, credentials, arn, user_id, None);
    }

    fn role(&mut self, fields: &mut Fields<'_>) {
        let path = self.optional(fields, "path", PATH).unwrap_or("/");
        let name = self.required(fields, "name", NAME);
        self.assumable(fields, name.map(str::to_owned), path);
    }

    fn permission_set(&mut self, fields: &mut Fields<'_>) {
        let set = self.required(fields, "name", PERMISSION_SET);
        let suffix = self.required(fields, "suffix", SUFFIX);
        let name = set.zip(suffix).map(|(set, suffix)| format!("AWSReservedSSO_{set}_{suffix}"));
        self.assumable(fields, name, SSO_PATH);
    }

    /// What roles of either kind have. Sessions are read even if the role's name cannot be.
    fn assumable(&mut self, fields: &mut Fields<'_>, name: Option<String>, path: &str) {
        let home = self.home(fields);
        let assumable_by = self.trusted(fields);
        let external_id = self.optional(fields, "externalId", VISIBLE).map(str::to_owned);
        let mfa = fields.take("mfa").and_then(|entry| self.mfa(&entry.value));
        let max_session_seconds = self.max_session_duration(fields);
        if let Some(name) = &name {
            self.once(NAMES, name, fields.span());
        }
        let role = name.zip(home).map(|(name, home)| {
            let arn = home.arn(format!("role{path}{name}"));
            Role { arn, name, assumable_by, external_id, mfa, max_session_seconds }
        });
        self.each(fields, "sessions", |reader, fields| reader.session(fields, role.as_ref()));
        self.directory.roles.extend(role);
    }

    fn mfa(&mut self, node: &Node) -> Option<Mfa> {
        let mut mfa = None;
        self.mapping(node, |reader, fields| {
            let serial = reader.required(fields, "serial", VISIBLE);
            let code = reader.required(fields, "code", CODE);
            mfa = serial.zip(code).map(|(serial, code)| Mfa { serial: serial.to_owned(), code: code.to_owned() });
        });
        mfa
    }

    fn session(&mut self, fields: &mut Fields<'_>, role: Option<&Role>) {
        let name = self.holder(fields);
        let session_name = self.required(fields, "sessionName", SESSION_NAME);
        let credentials = self.temporary(fields);
        let (Some(name), Some(session_name), Some(role)) = (name, session_name, role) else { return };
        let (arn, user_id) = (role.session_arn(session_name), role.session_id(session_name));
        self.add(name, credentials, arn, user_id, Some(role.name.clone()));
    }

    fn federated_user(&mut self, fields: &mut Fields<'_>) {
        let (name, home) = (self.holder(fields), self.home(fields));
        let credentials = self.temporary(fields);
        let (Some(name), Some(home)) = (name, home) else { return };
        let arn = Arn { service: "sts".to_owned(), ..home.arn(format!("federated-user/{name}")) };
        self.add(name, credentials, arn, format!("{}:{name}", home.account), None);
    }

    fn root(&mut self, fields: &mut Fields<'_>) {
        let (name, home) = (self.holder(fields), self.home(fields));
        let credentials = self.long_term(fields);
        let (Some(name), Some(home)) = (name, home) else { return };
        self.add(name, credentials, home.arn("root".to_owned()), home.account.to_string(), None);
    }

    fn instance(&mut self, fields: &mut Fields<'_>) {
        let id = self.required(fields, "id", INSTANCE_ID);
        let name = self.required(fields, "privateDnsName", VISIBLE);
        let (Some(id), Some(name)) = (id, name) else { return };
        self.once("instance", id, fields.span());
        self.directory.instances.insert(id.to_owned(), name.to_owned());
    }

    fn cluster(&mut self, fields: &mut Fields<'_>) {
        let (name, region) = (self.required(fields, "name", CLUSTER_NAME), self.required(fields, "region", REGION));
        let account = self.account(fields);
        let reach = [("endpoint", URL), ("certificateAuthority", PEM)].map(|(key, form)| {
            let entry = fields.take(key);
            (entry.is_some(), entry.and_then(|entry| self.text(entry, key, form)))
        });
        let [(has_url, url), (has_authority, authority)] = reach;
        let (Some(name), Some(region), Some(account)) = (name, region, account) else { return };
        self.once("cluster", &format!("{region}/{name}"), fields.span());
        let reach = url.zip(authority).map(|(url, authority)| (url.to_owned(), authority.to_owned()));
        if has_url != has_authority {
            self.problems.push(wrong(fields.span(), "`endpoint` and `certificateAuthority` go together"));
        }
        let (name, region) = (name.to_owned(), region.to_owned());
        self.directory.clusters.push(KubernetesCluster { name, region, account, reach });
    }

    fn group(&mut self, fields: &mut Fields<'_>) {
        let path = self.optional(fields, "path", PATH).unwrap_or("/");
        let (name, home) = (self.required(fields, "name", GROUP_NAME), self.home(fields));
        let users = self.names(fields, "users");
        let (Some(name), Some(home)) = (name, home) else { return };
        self.once("group", name, fields.span());
        self.grouped.extend(users.iter().map(|(user, span)| (user.clone(), home.account, *span)));
        let arn = home.arn(format!("group{path}{name}"));
        let users = users.into_iter().map(|(user, _)| user).collect();
        self.directory.groups.insert(name.to_owned(), Group { arn, users });
    }

    /// The name under which tests and the demo ask for a key.
    fn holder<'a>(&mut self, fields: &mut Fields<'a>) -> Option<&'a str> {
        let name = self.required(fields, "name", NAME)?;
        self.once(NAMES, name, fields.span());
        Some(name)
    }

    fn add(&mut self, holder: &str, found: Option<Credentials>, arn: Arn, user_id: String, role: Option<String>) {
        let Some(found) = found else { return };
        let Credentials { access_key_id, secret_access_key, session_token, expires, denied } = found;
        let (id, holder) = (access_key_id.clone(), holder.to_owned());
        let key = Key { holder, access_key_id, secret_access_key, session_token, expires, arn, user_id, role, denied };
        self.directory.keys.insert(id, Arc::new(key));
    }
}

impl Home {
    fn arn(self, resource: String) -> Arn {
        iam_arn(self.partition, self.account, resource)
    }
}

/// Fields that several entries have.
impl Reader<'_> {
    fn long_term(&mut self, fields: &mut Fields<'_>) -> Option<Credentials> {
        let (id, secret) = self.key_and_secret(fields, LONG_TERM_KEY);
        let denied = self.denied(fields);
        let (session_token, expires) = (None, None);
        Some(Credentials { access_key_id: id?, secret_access_key: secret?, session_token, expires, denied })
    }

    fn temporary(&mut self, fields: &mut Fields<'_>) -> Option<Credentials> {
        let (id, secret) = self.key_and_secret(fields, TEMPORARY_KEY);
        let token = self.required(fields, "sessionToken", VISIBLE);
        let expires = self.optional(fields, "expires", TIME).and_then(|text| text.parse().ok());
        let denied = self.denied(fields);
        let session_token = Some(token?.to_owned());
        Some(Credentials { access_key_id: id?, secret_access_key: secret?, session_token, expires, denied })
    }

    fn key_and_secret(&mut self, fields: &mut Fields<'_>, form: Form) -> (Option<String>, Option<String>) {
        let id = self.required(fields, "accessKeyId", form);
        let secret = self.required(fields, "secretAccessKey", VISIBLE);
        if let Some(id) = id {
            self.once("access key", id, fields.span());
        }
        (id.map(str::to_owned), secret.map(str::to_owned))
    }

    fn trusted(&mut self, fields: &mut Fields<'_>) -> Vec<String> {
        let names = self.names(fields, "assumableBy");
        self.trusted.extend(names.iter().cloned());
        names.into_iter().map(|(name, _)| name).collect()
    }

    /// Actions that the holder of a key may not call.
    fn denied(&mut self, fields: &mut Fields<'_>) -> Vec<String> {
        let names = self.names(fields, "denied");
        for (name, span) in &names {
            if !IAM_ACTIONS.iter().any(|action| name.strip_prefix("iam:") == Some(action)) {
                let known = IAM_ACTIONS.map(|action| format!("iam:{action}")).join(", ");
                self.problems.push(wrong(*span, format!("`{name}` is not an action that can be denied: {known}")));
            }
        }
        names.into_iter().map(|(name, _)| name).collect()
    }

    /// `MaxSessionDuration`: from 1 to 12 hours.
    fn max_session_duration(&mut self, fields: &mut Fields<'_>) -> i64 {
        let Some((seconds, span)) = fields.number("maxSessionDuration", 43_200, self.problems) else { return 3_600 };
        if seconds < 3_600 {
            self.problems.push(wrong(span, "`maxSessionDuration` is 3600 to 43200 seconds"));
        }
        i64::try_from(seconds).unwrap_or(i64::MAX)
    }

    /// The entry's own partition and account, or the file's.
    fn home(&mut self, fields: &mut Fields<'_>) -> Option<Home> {
        let partition = self.own_partition(fields).unwrap_or(self.partition);
        Some(Home { partition, account: self.account(fields)? })
    }

    /// None where nothing is said, and where it is a problem already.
    fn own_partition(&mut self, fields: &mut Fields<'_>) -> Option<Partition> {
        let (text, span) = fields.text("partition", self.problems)?;
        let wrong = |error: &UnknownPartition| self.problems.push(wrong(span, error.to_string()));
        text.parse().inspect_err(wrong).ok()
    }

    /// The entry's own account, or the file's.
    fn account(&mut self, fields: &mut Fields<'_>) -> Option<AccountId> {
        match (self.own_account(fields), self.account) {
            (Account::Known(account), _) | (Account::Unsaid, Account::Known(account)) => Some(account),
            (Account::Unsaid, Account::Unsaid) => {
                self.problems.push(wrong(fields.span(), "needs `account`, here or at the top of the file"));
                None
            }
            (Account::Unreadable, _) | (Account::Unsaid, Account::Unreadable) => None,
        }
    }

    fn own_account(&mut self, fields: &mut Fields<'_>) -> Account {
        let Some(entry) = fields.take("account") else { return Account::Unsaid };
        let Some((text, span)) = entry.value.text(self.problems) else { return Account::Unreadable };
        text.parse().map_or_else(
            |error: AccountIdError| {
                self.problems.push(wrong(span, error.to_string()));
                Account::Unreadable
            },
            Account::Known,
        )
    }
}

/// Reading by form, once each.
impl Reader<'_> {
    fn each(&mut self, fields: &mut Fields<'_>, key: &'static str, mut read: impl FnMut(&mut Self, &mut Fields<'_>)) {
        for node in self.list(fields, key) {
            self.mapping(node, &mut read);
        }
    }

    fn mapping(&mut self, node: &Node, read: impl FnOnce(&mut Self, &mut Fields<'_>)) {
        let Some(mut fields) = Fields::new(node, KeyCase::Exact, self.problems) else { return };
        read(self, &mut fields);
        fields.finish(self.problems, unknown_key);
    }

    fn list<'a>(&mut self, fields: &mut Fields<'a>, key: &'static str) -> &'a [Node] {
        let Some(entry) = fields.take(key) else { return &[] };
        entry.value.as_sequence().unwrap_or_else(|| {
            self.problems.push(wrong(entry.value.span, format!("`{key}` is a list, found {}", entry.value.kind())));
            &[]
        })
    }

    /// A list of texts, each with its place.
    fn names(&mut self, fields: &mut Fields<'_>, key: &'static str) -> Vec<(String, Span)> {
        let texts = self.list(fields, key).iter().filter_map(|node| node.text(self.problems));
        texts.map(|(text, span)| (text.to_owned(), span)).collect()
    }

    fn required<'a>(&mut self, fields: &mut Fields<'a>, key: &'static str, form: Form) -> Option<&'a str> {
        let Some(entry) = fields.take(key) else {
            self.problems.push(wrong(fields.span(), format!("needs `{key}`")));
            return None;
        };
        self.text(entry, key, form)
    }

    fn optional<'a>(&mut self, fields: &mut Fields<'a>, key: &'static str, form: Form) -> Option<&'a str> {
        let entry = fields.take(key)?;
        self.text(entry, key, form)
    }

    fn text<'a>(&mut self, entry: &'a Entry, key: &str, form: Form) -> Option<&'a str> {
        let (text, span) = entry.value.text(self.problems)?;
        if !(form.holds)(text) {
            self.problems.push(wrong(span, format!("`{key}` has another form: {}", form.words)));
            return None;
        }
        Some(text)
    }

    /// Reports what stands in the file twice.
    fn once(&mut self, what: &'static str, text: &str, span: Span) {
        let key = (what, text.to_owned());
        match self.first.get(&key) {
            None => drop(self.first.insert(key, span)),
            Some(first) => {
                let problem = Problem::error("identities.duplicate", span, format!("the {what} `{text}` stands twice"));
                self.problems.push(problem.related(*first, "first here"));
            }
        }
    }

    fn check_grouped(&mut self) {
        for (name, account, span) in std::mem::take(&mut self.grouped) {
            if self.directory.users.get(&name).is_none_or(|user| user.account != account) {
                self.problems.push(wrong(span, format!("no user of the group's account is called `{name}`")));
            }
        }
    }

    fn check_trusted(&mut self) {
        for (name, span) in std::mem::take(&mut self.trusted) {
            if !self.first.contains_key(&(NAMES, name.clone())) {
                self.problems.push(wrong(span, format!("nobody and no role in this file is called `{name}`")));
            }
        }
    }
}

fn wrong(span: Span, message: impl Into<String>) -> Problem {
    Problem::error("identities.entry", span, message)
}

fn unknown_key(entry: &Entry, near: Option<&'static str>) -> Problem {
    let problem = Problem::error("identities.unknown-key", entry.key_span, format!("unknown key `{}`", entry.key.text));
    match near {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}
