//! Why somebody is not let in, what was nearly right, and what to do in the exact words.

use identity::{Arn, Principal as Kind};
use inventory::Record;
use mapping::{
    BackendMode, Difference, Mismatch, Nearest, Never, PermissionSet, Reader, Refusal, RulePrincipal, RuleSource,
    SourceMatch,
};

use super::{Caller, Code};
use crate::{NamedPrincipal, World, print};

/// A denial, with its reason and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Why, as it stands in the server's log.
    pub code: Code,
    /// The entry that nearly fits, where nobody is mapped.
    pub nearest: Option<Box<Near>>,
    /// What to do in this very case; the code's own advice is for all of its cases.
    pub fix: Option<Fix>,
}

/// A mapping that nearly matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// As the server's log names it.
    pub entry: Nearest,
    /// How it differs, with both sides named.
    pub words: String,
}

/// The change that would let the caller in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// In one sentence.
    pub text: String,
    /// Lines to write, or a command.
    pub lines: Vec<String>,
}

impl Denial {
    pub(super) fn of_token(refusal: token::Refusal) -> Self {
        Self { code: *refusal.explain(), nearest: None, fix: None }
    }

    pub(super) fn of_mapping(world: &World, caller: &Caller, refusal: Refusal, asked: &[SourceMatch<'_>]) -> Self {
        let code = *refusal.explain();
        match refusal {
            Refusal::NotMapped => {
                let nearest = world.snapshot().nearest(&caller.identity);
                let meant = nearest.as_ref().and_then(|nearest| EntryGrant::meant(world, nearest));
                let group = || nearest.as_ref().and_then(|nearest| group_of(world, nearest));
                let given =
                    meant.unwrap_or_else(|| EntryGrant { username: None, groups: group().into_iter().collect() });
                let first = asked.first();
                let mode = first.map_or(BackendMode::AccessFile, |asked| asked.mode);
                let reader = first.map_or(Reader::ClusterAuth, |asked| asked.reader);
                let mut fix = match applied_to(world, mode) {
                    Some(record) => {
                        let fix = added(caller, (BackendMode::AccessFile, Reader::ClusterAuth), &given);
                        Fix { text: of_applied(record), ..fix }
                    }
                    None => added(caller, (mode, reader), &given),
                };
                // Anybody can have a user of any name in an account of their own.
                let account = caller.identity.account;
                let is_known = world.principals().iter().any(|principal| principal.identity.account == account);
                let is_of_account = |nearest: &Nearest| nearest.why == Mismatch::Differs(Difference::Account);
                if !is_known && nearest.as_ref().is_some_and(is_of_account) {
                    fix.text = format!("make sure that account {account} is one of yours; then {}", fix.text);
                }
                let theirs = caller.identity.partition;
                if !world.snapshot().partitions().has(theirs) && mode != BackendMode::AccessEntries {
                    fix.text += &format!(
                        " of a server that runs with `--partition {theirs}`: each takes the tokens of one partition alone"
                    );
                }
                let near = |entry: Nearest| Box::new(Near { words: difference(world, caller, &entry), entry });
                Self { code, nearest: nearest.map(near), fix: Some(fix) }
            }
            Refusal::OtherPartition => {
                let (theirs, ours) = (caller.identity.partition, world.snapshot().partitions().own());
                let text = match world.snapshot().server() {
                    Some(ours) => format!("{theirs} is the caller's partition, and {ours} the cluster's"),
                    None => {
                        format!("{theirs} is the caller's partition, and {ours} the one of everybody who is mapped")
                    }
                };
                Self { code, nearest: None, fix: Some(Fix { text, lines: Vec::new() }) }
            }
            _ => {
                let entry = asked.iter().find_map(|asked| asked.entries.first());
                let fix = |at| Fix { text: format!("change {}", print::rule(at)), lines: Vec::new() };
                Self { code, nearest: None, fix: entry.map(|entry| fix(&entry.source)) }
            }
        }
    }
}

/// What `apply` did last, where it keeps the logins of a source: whoever is added by hand is not in the file that decides.
fn applied_to(world: &World, mode: BackendMode) -> Option<&Record> {
    world.surroundings().record.as_ref().filter(|record| record.target.mode() == Some(mode))
}

/// Where to add somebody to what is applied.
fn of_applied(record: &Record) -> String {
    let (files, target) = (record.file_names(), record.target.title());
    format!(
        "add to the access file ({files}), from which `cluster-auth apply` keeps {target}; `cluster-auth plan` shows what it gives"
    )
}

/// What an entry gives: the username, where it is not the default, and the groups.
struct EntryGrant {
    username: Option<String>,
    groups: Vec<String>,
}

impl EntryGrant {
    /// What the nearest entry gives, if it is the caller's own and only its principal is wrong: they stay who they were, with the
    /// groups that anybody may be offered.
    fn meant(world: &World, nearest: &Nearest) -> Option<Self> {
        match &nearest.why {
            Mismatch::Differs(Difference::Suffix) => {}
            // One for everybody calls everybody the same.
            Mismatch::Never(why) if *why != Never::Wildcard => {}
            Mismatch::Differs(_) | Mismatch::Never(_) => return None,
        }
        let logins = &world.surroundings().logins;
        let rules = logins.iter().flat_map(|source| source.roles.iter().chain(&source.users));
        let of_rule = rules.filter(|rule| rule.source == nearest.source).map(|rule| {
            let groups = rule.groups.iter().map(|membership| membership.group.clone());
            (rule.username.clone(), groups.collect::<Vec<_>>())
        });
        let unused = logins.iter().flat_map(|source| &source.unused).filter(|unused| unused.source == nearest.source);
        let of_unused = unused.map(|unused| {
            (unused.username.to_string(), unused.groups.iter().map(ToString::to_string).collect::<Vec<_>>())
        });
        let (username, groups) = of_rule.chain(of_unused).next()?;
        let groups = groups.into_iter().filter(|group| is_offered(group)).collect();
        Some(Self { username: Some(username).filter(|username| !username.is_empty()), groups })
    }

    /// The groups as a list, or what stands for one.
    fn groups(&self) -> Vec<&str> {
        if self.groups.is_empty() { vec!["GROUP"] } else { self.groups.iter().map(String::as_str).collect() }
    }
}

/// Nobody is handed one of Kubernetes' own groups, `system:masters` above all, for being nearly somebody who is in it.
fn is_offered(group: &str) -> bool {
    !group.starts_with("system:")
}

/// The first group that an entry gives: whoever nearly fits it is probably meant to be in it.
fn group_of(world: &World, nearest: &Nearest) -> Option<String> {
    let mapped = world.principals().iter().find(|principal| principal.source.as_ref() == Some(&nearest.source));
    let groups = &mapped?.login.as_ref().ok()?.groups;
    groups.iter().find(|group| is_offered(group)).cloned()
}

fn difference(world: &World, caller: &Caller, nearest: &Nearest) -> String {
    let identity = &caller.identity;
    let difference = match &nearest.why {
        Mismatch::Differs(difference) => *difference,
        Mismatch::Never(why) => {
            let hint = why.hint(&nearest.principal.to_string()).map(|hint| format!("; {hint}")).unwrap_or_default();
            return format!("{} looks like a match, but never matches: {why}{hint}", dead(&nearest.source, why));
        }
    };
    let (kind, name, account, partition) = match &nearest.principal {
        RulePrincipal::PermissionSet(PermissionSet { account, name }) => {
            ("permission set", name.clone(), *account, identity.partition)
        }
        RulePrincipal::UniqueId(_) => return nearest.to_string(),
        RulePrincipal::Arn(arn) => {
            let Ok(Arn { partition, account, resource, .. }) = arn.parse() else { return nearest.to_string() };
            let (kind, name) = resource.split_once('/').unwrap_or((&resource, ""));
            let kind = if kind == "role" { "role" } else { "user" };
            (kind, name.to_owned(), account, partition)
        }
    };
    // Mappings compare in lower case; people look for what they wrote.
    let is_meant = |principal: &&NamedPrincipal| {
        principal.source.as_ref() == Some(&nearest.source) && principal.who.name().eq_ignore_ascii_case(&name)
    };
    let spelled = world.principals().iter().find(is_meant).map(|principal| principal.who.name());
    let what = format!("the {kind} {}", spelled.unwrap_or(&name));
    let said = match difference {
        Difference::Account if partition != identity.partition => {
            format!("{what} is mapped in the partition {partition}, not in {}", identity.partition)
        }
        Difference::Account => format!("{what} is mapped in account {account}, not in {}", identity.account),
        Difference::PathOrKind => {
            let [kind, path, name] = identity.canonical_resource_parts();
            format!("{what} is mapped, and this is the {kind} {}{name}", path.trim_start_matches('/'))
        }
        Difference::Suffix => format!("{what} is mapped, from before AWS made the role anew with another suffix"),
        Difference::Beginning => {
            let set = caller.permission_set().unwrap_or_default();
            format!("{what} is mapped, and this is the permission set {set}: names must match exactly")
        }
    };
    format!("{said} ({})", print::rule(&nearest.source))
}

/// Where an entry stands that lets nobody in. One under a key that nobody reads stands in none of the lists.
fn dead(source: &RuleSource, why: &Never) -> String {
    match why {
        Never::Unread { key, .. } if source.mode == BackendMode::EksConfigMap => {
            let RuleSource { file, line, .. } = source;
            let place = if file.starts_with("ConfigMap ") { String::new() } else { format!(" ({file}:{line})") };
            format!("data.{key} of {}{place}", print::source(source.mode))
        }
        _ => print::rule(source),
    }
}

/// What lets somebody in by a source.
fn added(caller: &Caller, (mode, reader): (BackendMode, Reader), given: &EntryGrant) -> Fix {
    let (arn, account) = (caller.identity.canonical_arn(), caller.identity.account);
    let set = caller.permission_set();
    let is_role = matches!(caller.identity.principal, Kind::AssumedRole { .. });
    let by_default = username(caller);
    let username = given.username.as_deref().unwrap_or(&by_default);
    let groups = given.groups();
    let quoted = groups.iter().map(|group| format!("\"{group}\"")).collect::<Vec<_>>().join(", ");
    match mode {
        BackendMode::AccessFile => {
            let own = Some(username).filter(|username| *username != by_default);
            let own = own.map(|username| format!(", username: \"{username}\"")).unwrap_or_default();
            let by_arn = || if own.is_empty() { format!("\"{arn}\"") } else { format!("{{arn: \"{arn}\"{own}}}") };
            let member = match (&caller.identity.principal, set) {
                (_, Some(set)) => format!("permissionSets: [{{name: {set}, account: \"{account}\"{own}}}]"),
                (Kind::AssumedRole { .. }, None) => format!("roles: [{}]", by_arn()),
                (Kind::User { .. }, None) => format!("users: [{}]", by_arn()),
                (Kind::FederatedUser { .. } | Kind::Root, None) => {
                    let text = "log in as a user or with a role: an access file names neither root nor federated users";
                    return Fix { text: text.to_owned(), lines: Vec::new() };
                }
            };
            let of_group = |group: &&str| [format!("- name: {group}"), format!("  {member}")];
            let lines = ["groups:".to_owned()].into_iter().chain(groups.iter().flat_map(of_group)).collect();
            Fix { text: "add to the access file, and see what it gives by `cluster-auth plan`".to_owned(), lines }
        }
        BackendMode::AccessEntries => {
            let command = "aws eks create-access-entry --cluster-name CLUSTER";
            let groups = groups.join(" ");
            let own = given.username.as_ref().map(|username| format!(" --username '{username}'")).unwrap_or_default();
            let lines = vec![format!("{command} --principal-arn {arn} --kubernetes-groups {groups}{own}")];
            Fix { text: "make an access entry".to_owned(), lines }
        }
        BackendMode::Crd => {
            let lines = vec![
                "apiVersion: iamauthenticator.k8s.aws/v1alpha1".to_owned(),
                "kind: IAMIdentityMapping".to_owned(),
                "metadata: {name: NAME}".to_owned(),
                format!("spec: {{arn: \"{arn}\", username: \"{username}\", groups: [{quoted}]}}"),
            ];
            Fix { text: "create an IAMIdentityMapping".to_owned(), lines }
        }
        BackendMode::MountedFile | BackendMode::EksConfigMap | BackendMode::DynamicFile => {
            let (list, key) = if is_role { ("mapRoles", "rolearn") } else { ("mapUsers", "userarn") };
            let place = match mode {
                BackendMode::EksConfigMap => "the ConfigMap kube-system/aws-auth",
                _ => "the authenticator's configuration",
            };
            // aws-iam-authenticator looks at `sso` behind a gate that is off by default, and at the whole ARN always.
            let set = set.filter(|_| mode == BackendMode::MountedFile);
            let (by_set, needs_gate) = match reader {
                Reader::ClusterAuth | Reader::Eks => (set, None),
                Reader::AwsIamAuthenticator => (None, set),
            };
            let who = match by_set {
                Some(set) => format!("sso: {{permissionSetName: {set}, accountID: \"{account}\"}}"),
                None => format!("{key}: \"{arn}\""),
            };
            let lines = vec![format!("- {{{who}, username: \"{username}\", groups: [{quoted}]}}")];
            let gate = needs_gate.map(|set| {
                format!(
                    " (with `--feature-gates=SSORoleMatch=true` aws-iam-authenticator matches `sso: {{permissionSetName: {set}, \
                     accountID: \"{account}\"}}` as well, whatever suffix the role has)"
                )
            });
            Fix { text: format!("add to {list} of {place}{}", gate.unwrap_or_default()), lines }
        }
    }
}

/// The username that an access file would give.
fn username(caller: &Caller) -> String {
    match &caller.identity.principal {
        Kind::User { name, .. } | Kind::FederatedUser { name } => name.clone(),
        Kind::Root => "root".to_owned(),
        Kind::AssumedRole { role, .. } => {
            format!("{}:{{{{SessionName}}}}", caller.permission_set().unwrap_or(role))
        }
    }
}
