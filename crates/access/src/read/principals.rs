//! Principals: a name, an ARN, or a mapping.

use document::{Node, Problems, Span};
use identity::{AccountId, Arn, Partition};
use jiff::Timestamp;

use super::{
    names,
    values::{View, text},
};
use crate::{Accept, AccessPrincipal, Carried, Code, Kind, Located, keys::Object};

/// A principal whose account may still come from its group or its file.
#[derive(Debug)]
pub(super) struct Written {
    kind: Kind,
    partition: Partition,
    account: Option<AccountId>,
    path: Box<str>,
    name: Box<str>,
    username: Option<Located<Box<str>>>,
    expires: Option<Located<Timestamp>>,
    accept: Vec<Accept>,
    carried: Carried,
    span: Span,
}

/// The account that holds for principals without one.
#[derive(Clone, Copy, Default)]
pub(super) struct Holding {
    pub(super) id: Option<AccountId>,
    /// One is written and is none, which is said there once.
    pub(super) is_wrong: bool,
}

impl Holding {
    /// What is written, or what holds around it.
    pub(super) fn or(self, outer: Self) -> Self {
        if self.id.is_some() || self.is_wrong { self } else { outer }
    }
}

/// The principals under a key, with the place of the list.
pub(super) fn list(
    of: &View<'_>,
    key: &'static str,
    kind: Kind,
    problems: &mut Problems,
) -> Option<(Span, Vec<Written>)> {
    let nodes = of.list(key, problems)?;
    let span = of.get(key)?.span;
    Some((span, nodes.iter().filter_map(|node| principal(node, kind, problems)).collect()))
}

impl Written {
    /// What stands around it holds for it as well.
    pub(super) fn add(&mut self, accept: &[Accept], carried: &Carried) {
        let known = |of: &&Accept| self.accept.iter().all(|one| one.code.value != of.code.value);
        let more: Vec<Accept> = accept.iter().filter(known).cloned().collect();
        self.accept.extend(more);
        self.carried.add(carried.clone());
    }

    /// The principal, with the account that holds where none is written.
    pub(super) fn resolve(self, account: Holding, problems: &mut Problems) -> Option<AccessPrincipal> {
        let Self { kind, partition, path, name, username, expires, accept, carried, span, .. } = self;
        let Some(account) = self.account.or(account.id) else {
            if account.is_wrong {
                return None;
            }
            let problem = Code::NoAccount.at(span, format!("`{name}` has no account"));
            problems.push(problem.hint("set `account: \"111122223333\"` for the file, the group or this principal"));
            return None;
        };
        Some(AccessPrincipal { kind, partition, account, path, name, username, expires, accept, carried, span })
    }
}

fn principal(node: &Node, kind: Kind, problems: &mut Problems) -> Option<Written> {
    if node.as_mapping().is_none() {
        return named(&text(node, problems)?, kind, None, problems);
    }
    let view = View::of(node, Object::Principal, problems)?;
    let account = view.account(problems);
    let is_account_wrong = account.is_none() && view.get("account").is_some();
    let partition = view.text("partition", problems).and_then(|text| match text.value.parse() {
        Ok(partition) => Some(Located::new(partition, text.span)),
        Err(error) => {
            problems.push(Code::Partition.at(text.span, format!("{error}")));
            None
        }
    });
    let (username, expires) = (view.text("username", problems), view.time("expires", problems));
    let accept = view.accept(problems);
    let written = match (view.text("name", problems), view.text("arn", problems)) {
        (Some(name), None) if !is_meant_as_arn(&name.value) => named(&name, kind, partition.as_ref(), problems)?,
        (Some(arn), None) | (None, Some(arn)) => {
            for (key, span) in
                [("account", account.as_ref().map(|l| l.span)), ("partition", partition.as_ref().map(|l| l.span))]
            {
                if let Some(span) = span {
                    let message = format!("the ARN names the {key} already");
                    problems.push(Code::Conflict.at(span, message).related(arn.span, "here"));
                }
            }
            by_arn(&arn, kind, problems)?
        }
        (Some(name), Some(arn)) => {
            problems.push(
                Code::Conflict.at(arn.span, "`name` and `arn` say the same thing twice").related(name.span, "here"),
            );
            return None;
        }
        (None, None) => {
            problems.push(Code::Missing.at(node.span, "a principal needs `name` or `arn`"));
            return None;
        }
    };
    if let Some(username) = &username {
        check_username(username, kind, problems);
    }
    let account = account.map(|account| account.value).or(written.account);
    // It is said already, and another account than the one that was meant would be a guess.
    if is_account_wrong && account.is_none() {
        return None;
    }
    let carried = view.carried();
    Some(Written { account, username, expires, accept, carried, span: node.span, ..written })
}

/// A name with its path, or an ARN.
fn named(
    name: &Located<Box<str>>,
    kind: Kind,
    partition: Option<&Located<Partition>>,
    problems: &mut Problems,
) -> Option<Written> {
    if is_meant_as_arn(&name.value) {
        return by_arn(name, kind, problems);
    }
    let partition = partition.map_or(Partition::Aws, |partition| partition.value);
    parts(&name.value, name.span, kind, partition, None, problems)
}

/// Whether a text is an ARN, or nearly one: no name looks like it, though a path in IAM may hold colons.
fn is_meant_as_arn(text: &str) -> bool {
    text.trim_start().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:"))
}

fn by_arn(text: &Located<Box<str>>, kind: Kind, problems: &mut Problems) -> Option<Written> {
    if wildcard(text, problems) {
        return None;
    }
    // Identity Center's own ARNs name no account.
    let is_of_set = text.value.split(':').nth(2) == Some("sso");
    if kind == Kind::PermissionSet || is_of_set {
        let problem = Code::Arn.at(text.span, "a permission set is named, not given by an ARN");
        problems.push(problem.hint(match kind {
            Kind::PermissionSet => "write its name, as `DevAccess`, or list the role under `roles`",
            _ => "write its name, as `DevAccess`, under `permissionSets`",
        }));
        return None;
    }
    let arn: Arn = match text.value.parse() {
        Ok(arn) => arn,
        Err(error) => {
            problems.push(Code::Arn.at(text.span, format!("{error}")));
            return None;
        }
    };
    let expected = match kind {
        Kind::User => "user/",
        Kind::Role => "role/",
        Kind::IamGroup => "group/",
        Kind::PermissionSet => return None,
    };
    match arn.resource.strip_prefix(expected).filter(|_| arn.service == "iam") {
        Some(name) => parts(name, text.span, kind, arn.partition, Some(arn.account), problems),
        None => {
            let shape = format!("arn:{}:iam::{}:{expected}Name", arn.partition, arn.account);
            let problem = Code::Arn.at(text.span, format!("this list takes ARNs like {shape}"));
            problems.push(match arn.service.as_str() {
                "sts" => problem.hint("a session is not a principal: list the role itself under `roles`"),
                _ => problem,
            });
            None
        }
    }
}

fn parts(
    text: &str,
    span: Span,
    kind: Kind,
    partition: Partition,
    account: Option<AccountId>,
    problems: &mut Problems,
) -> Option<Written> {
    if wildcard(&Located::new(text.into(), span), problems) {
        return None;
    }
    let text = text.trim_start_matches('/');
    let (path, name) = text.rsplit_once('/').map_or(("/".to_owned(), text), |(path, name)| (format!("/{path}/"), name));
    let has_path = path != "/";
    if kind == Kind::PermissionSet && has_path {
        problems.push(Code::Name.at(span, "permission sets have no path"));
        return None;
    }
    if let Err(message) = names::iam(name, kind).and_then(|()| names::iam_path(&path)) {
        problems.push(Code::Name.at(span, message));
        return None;
    }
    let written = Written {
        kind,
        partition,
        account,
        path: path.into(),
        name: name.into(),
        username: None,
        expires: None,
        accept: Vec::new(),
        carried: Carried::default(),
        span,
    };
    Some(written)
}

fn wildcard(text: &Located<Box<str>>, problems: &mut Problems) -> bool {
    let found = text.value.contains(['*', '?']);
    if found {
        let problem = Code::Wildcard.at(text.span, format!("`{}` would be more than one principal", text.value));
        problems.push(problem.hint("name each one, or a permission set, or an IAM group under `iamGroups`"));
    }
    found
}

/// A literal, or a template with a colon before the session's name: the caller chooses that, and it has none itself.
///
/// The same as of EKS access entries (Amazon EKS User Guide, "Create access entries"). AWS alone chooses the other variables.
fn check_username(username: &Located<Box<str>>, kind: Kind, problems: &mut Problems) {
    let text = &*username.value;
    if text.is_empty() {
        problems.push(Code::Name.at(username.span, "a username cannot be empty"));
    } else if text.starts_with("system:") {
        let problem = Code::SystemName.at(username.span, format!("`{text}` is one of Kubernetes' own usernames"));
        problems.push(problem.hint("choose another name; machines belong under `nodes`"));
    } else if text.contains("{{") {
        let known = ["{{AccountID}}", "{{SessionName}}", "{{SessionNameRaw}}", "{{AccessKeyID}}"];
        let left = known.iter().fold(text.to_owned(), |text, variable| text.replace(variable, ""));
        if left.contains("{{") {
            let problem = Code::Template.at(username.span, "a variable that is not known");
            problems.push(problem.hint(format!("variables are {}", known.join(", "))));
        } else if text.find("{{SessionName").is_some_and(|at| !text[..at].contains(':')) {
            let message = "`{{SessionName}}` needs a colon before it, as EKS has it too: whoever assumes the role chooses the \
                           session's name, and could take somebody else's username";
            let problem = Code::Template.at(username.span, message);
            problems.push(problem.hint("write for instance `deploy:{{SessionName}}`"));
        }
    } else if matches!(kind, Kind::Role | Kind::PermissionSet) && text.contains("}}") {
        problems.push(Code::Template.at(username.span, "`}}` without `{{`"));
    }
}
