//! Who is in the file: everybody whom a mapping source lets in, in the file's terms.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use access::{Facts, Kind, entries::NODE};
use identity::{AccountId, Arn, Partition};
use inventory::{AuthenticationMode, LiveMapping, LoginStore, Named, Observed, foreign::EntryType};
use jiff::Timestamp;
use mapping::{BackendMode, Defect, DefectKind, Membership, PermissionSet, Reader, Rule, RulePrincipal, UniqueId};
use rbac::MASTERS;
use report::count;

use super::{
    Stands, Subject,
    draft::{Draft, Member},
    places::Id,
};
use crate::chosen::{ByRule, by_rule, for_all_of_rule};

/// Somebody as one place has them: who they are in the cluster.
#[derive(Clone)]
pub(super) struct Login {
    username: String,
    groups: Vec<Membership>,
    /// The groups to which something is bound and that whoever this is comes into by what they call their session.
    chosen: BTreeSet<String>,
    /// Whether the variables make something of it that lets nobody in.
    lets_nobody_in: bool,
    stands: Stands,
}

impl Login {
    fn is_as(&self, other: &Self) -> bool {
        let groups = |login: &Self| -> BTreeMap<String, Option<Timestamp>> {
            login.groups.iter().map(|one| (one.group.clone(), one.ends)).collect()
        };
        self.username == other.username && groups(self) == groups(other)
    }
}

impl Draft {
    /// Takes in everybody. The first place that is asked decides.
    pub(super) fn logins(&mut self, subject: &Subject<'_>) {
        let Subject { observed, facts, .. } = *subject;
        let entries = &observed.entries;
        let sets = &Sets::of(facts, observed);
        let mut seen: BTreeMap<Id, Login> = BTreeMap::new();
        if entries.mode() == Some(AuthenticationMode::ConfigMap) {
            let all = entries.described().map(|entry| entry.principal.to_owned());
            self.leave_all(
                all,
                ["EKS access entry", "EKS access entries"],
                "EKS does not read them, because its authentication mode is CONFIG_MAP",
            );
        } else {
            self.entries(observed, &mut seen, sets);
        }
        for live in &observed.mappings {
            if let Some(why) = observed.not_asked(live) {
                self.leave_source(live, why.in_words());
                continue;
            }
            if !live.is_asked {
                let modes = BackendMode::join(observed.modes.as_deref().unwrap_or_default(), ", ");
                let why = format!("no server reads them, because its backend mode is {modes}");
                self.leave_source(live, &why);
                continue;
            }
            self.names_somebody |= !live.source.is_blank();
            self.place(live, &mut seen, sets);
        }
    }

    /// Leaves a source that nobody asks, and says whom it names.
    fn leave_source(&mut self, live: &LiveMapping, why: &str) {
        let of_rules = live.source.roles.iter().chain(&live.source.users).map(written);
        let of_accounts = live.source.accounts.iter().map(|(account, _)| format!("everybody in {account}"));
        let what = ["login", "logins"].map(|word| format!("{word} of {}", live.target.title()));
        self.leave_all(of_rules.chain(of_accounts), [&what[0], &what[1]], why);
    }

    /// Leaves what is not looked at, and says whom it names.
    fn leave_all(&mut self, all: impl Iterator<Item = String>, [one, many]: [&str; 2], why: &str) {
        let all: Vec<String> = all.collect();
        if all.is_empty() {
            return;
        }
        let what = format!("{} ({})", count(all.len(), one, many), all.join(", "));
        self.leave(Stands::nowhere(what), why);
    }

    /// Takes in one place.
    fn place(&mut self, live: &LiveMapping, seen: &mut BTreeMap<Id, Login>, sets: &Sets<'_>) {
        for (account, source) in &live.source.accounts {
            let what = format!("everybody in {account}");
            self.leave(stands(live, source, what), "an access file names people, not whole accounts");
        }
        for defect in &live.source.defects {
            // Of objects for one ARN both are left, with what is said of them below.
            if live.source.mode == BackendMode::Crd && defect.kind == DefectKind::Undetermined {
                continue;
            }
            // An object of a cluster is called by its name alone.
            let is_named = live.source.mode == BackendMode::Crd && defect.section.starts_with("items[");
            let is_of_file = !defect.file.starts_with("ConfigMap ") && !is_named;
            let section = match live.source.mode {
                _ if is_named => defect.place(),
                mode => section_of(live, mode, is_of_file, defect.section.to_string()),
            };
            let what = match (named(&live.source, defect), defect.excerpt.trim()) {
                // Whoever the entry is for is in the file all the same.
                (Some((arn, true)), _) if defect.kind == DefectKind::UnknownKey => format!("a key of {arn}"),
                (Some((arn, true)), _) if defect.kind == DefectKind::Type => format!("a value of {arn}"),
                (Some((arn, _)), _) => arn,
                (None, "") => "an entry".to_owned(),
                (None, excerpt) => format!("`{excerpt}`"),
            };
            let file = is_of_file.then(|| (Arc::clone(&defect.file), defect.line));
            self.leave(Stands { what, section, file }, defect.message.as_str());
        }
        // Roles are looked through before users.
        let mut here: BTreeMap<Id, Vec<(Member, Login, &'static str)>> = BTreeMap::new();
        for rule in live.source.roles.iter().chain(&live.source.users) {
            let stands = stands(live, &rule.source, written(rule));
            let group =
                |one: &Membership| Membership { group: for_all_of_rule(&one.group, &rule.principal), ..one.clone() };
            let (chosen, lets_nobody_in) = self.chosen(&live.source, rule);
            let login = Login {
                username: rule.username.clone(),
                groups: rule.groups.iter().map(group).collect(),
                chosen,
                lets_nobody_in,
                stands: stands.clone(),
            };
            match member(rule, sets, stands.clone()) {
                Some(member) => here.entry(id(&member)).or_default().push((member, login, rule.source.list)),
                None => self.leave(stands, "a file names users, roles and permission sets"),
            }
        }
        for (id, mut all) in here {
            let first_list = all.first().map(|(.., list)| *list).unwrap_or_default();
            let are_alike = all.iter().all(|(_, login, _)| login.is_as(&all[0].1));
            // Whichever of them Go's map gives out first, or the index of the objects.
            if live.source.reader == Reader::AwsIamAuthenticator && !are_alike {
                let places: Vec<String> = all.iter().map(|(_, login, _)| login.stands.place()).collect();
                for (_, login, _) in &all {
                    let why = format!(
                        "several entries are for this principal, and any of them may be used ({}); keep one",
                        places.join("; ")
                    );
                    self.leave(login.stands.clone(), why);
                }
                seen.entry(id).or_insert_with(|| all.swap_remove(0).1);
                continue;
            }
            let counts = match live.source.mode {
                BackendMode::Crd => 0,
                // The last of the first list.
                _ => all.iter().rposition(|(.., list)| *list == first_list).unwrap_or_default(),
            };
            let (member, login, _) = all.remove(counts);
            for (_, other, _) in all.iter().filter(|(_, other, _)| !other.is_as(&login)) {
                self.leave(
                    other.stands.clone(),
                    format!("{} is for the same principal, and takes precedence", login.stands.place()),
                );
            }
            match seen.get(&id) {
                Some(first) if first.is_as(&login) => {}
                Some(first) => {
                    let why = format!("{} is for the same principal, and is asked first", first.stands.place());
                    self.leave(login.stands, why);
                }
                None => {
                    seen.insert(id.clone(), login.clone());
                    self.login(id, member, &login, Vec::new());
                }
            }
        }
    }

    /// The groups to which something is bound and that some sessions of whoever a rule is for come into, and not all of them;
    /// and whether none of them is let in at all.
    fn chosen(&self, source: &mapping::Source, rule: &Rule) -> (BTreeSet<String>, bool) {
        let bound = Named::of_groups(self.groups.keys().map(String::as_str));
        // Memberships that have ended are in the file, with their ends.
        let Some(ByRule { always, by_name }) = by_rule(source, rule, &bound, Timestamp::MIN) else {
            return (BTreeSet::new(), false);
        };
        let lets_nobody_in = always.is_empty() && by_name.is_empty();
        let groups = by_name.into_iter().flat_map(|(_, login)| login.groups);
        let is_bound = |group: &String| self.groups.contains_key(group) || group == MASTERS;
        let is_new = |group: &String| !always.iter().any(|login| login.groups.contains(group));
        (groups.filter(|group| is_bound(group) && is_new(group)).collect(), lets_nobody_in)
    }

    /// Takes in access entries.
    fn entries(&mut self, observed: &Observed, seen: &mut BTreeMap<Id, Login>, sets: &Sets<'_>) {
        let entries = &observed.entries;
        for gap in entries.unseen() {
            if !entries.is_empty() {
                self.leave(Stands::nowhere(gap.what), gap.why);
            }
        }
        let source = entries.source();
        let associations = entries.associations();
        for entry in entries.described() {
            self.names_somebody = true;
            let stands = Stands { what: entry.principal.to_owned(), section: entry.section.into(), file: entry.file };
            let rule = source.roles.iter().chain(&source.users).find(|rule| *rule.source.file == *entry.principal);
            let Some(member) = rule.and_then(|rule| member(rule, sets, stands.clone())) else {
                self.leave(stands, "its ARN is not that of a user or role");
                continue;
            };
            // EKS compares whole ARNs, with the path.
            let member = Member { has_path: false, ..member };
            let groups = entry.groups.iter().cloned().map(Membership::from).collect();
            let (username, chosen) = (entry.username.to_owned(), BTreeSet::new());
            let login = Login { username, groups, chosen, lets_nobody_in: false, stands: stands.clone() };
            let id = id(&member);
            seen.insert(id.clone(), login.clone());
            match entry.kind {
                Some(EntryType::Standard) => {
                    let of_it = associations.iter().filter(|association| *association.principal == *entry.principal);
                    let granted = of_it.filter_map(|association| self.policy(association, &stands, observed));
                    let granted: Vec<String> = granted.collect();
                    self.login(id, member, &login, granted);
                }
                Some(EntryType::Ec2Linux) => drop(self.nodes.insert(id, member)),
                Some(kind) => {
                    let why =
                        format!("an entry of the type {} is EKS' own; `nodes` of a file are EC2_LINUX", kind.as_str());
                    self.leave(stands, why);
                }
                None => self.leave(stands, "its type is unknown"),
            }
        }
    }

    /// Takes somebody in, who is in some groups that the file has besides.
    fn login(&mut self, id: Id, member: Member, login: &Login, granted: Vec<String>) {
        let Login { username, groups, chosen, lets_nobody_in, stands } = login;
        if *lets_nobody_in {
            return self.leave(
                stands.clone(),
                "its variables result in a name that the server refuses, so nobody can log in through it",
            );
        }
        let groups: BTreeMap<&str, Option<Timestamp>> =
            groups.iter().map(|one| (one.group.as_str(), one.ends)).collect();
        if *username == *NODE.0 && groups.keys().copied().eq(NODE.1) && member.kind == Kind::Role {
            let ends = groups.values().copied().next().flatten();
            self.nodes.insert(id, Member { ends, ..member });
            return;
        }
        if username.starts_with("system:node:") {
            let groups: Vec<&str> = groups.into_keys().collect();
            let why = format!(
                "machines log in by it as `{username}` in {}; `nodes` of a file are `{}` in {}",
                groups.join(", "),
                NODE.0,
                NODE.1.join(", ")
            );
            return self.leave(stands.clone(), why);
        }
        if !chosen.is_empty() {
            let chosen: Vec<&str> = chosen.iter().map(String::as_str).collect();
            let why = format!(
                "which group they are in goes by the name of their session, so they may choose to be in {}; a file has no \
                 such groups",
                chosen.join(", ")
            );
            return self.leave(stands.clone(), why);
        }
        let is_bound = |(group, _): &(&str, Option<Timestamp>)| **group == *MASTERS || self.groups.contains_key(*group);
        let (bound, unbound): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_bound);
        if bound.is_empty() && granted.is_empty() {
            return self.leave(stands.clone(), "none of its groups is bound to anything");
        }
        for (group, ends) in bound {
            self.groups.entry(group.to_owned()).or_default().members.insert(id.clone(), ends);
        }
        for group in granted {
            self.groups.entry(group).or_default().members.insert(id.clone(), None);
        }
        let unbound = unbound.into_iter().map(|(group, _)| group.to_owned()).collect();
        self.members.insert(id, Member { unbound, ..member });
    }
}

/// What tells principals apart: STS compares without regard to case, and leaves the path of roles out.
fn id(member: &Member) -> Id {
    let bare = member.name.rsplit('/').next().unwrap_or(&member.name);
    let name = if member.kind == Kind::User { &member.name } else { bare };
    (member.kind, member.account, name.to_ascii_lowercase())
}

/// Where a rule stands: in the cluster, or in a file that was given.
fn stands(live: &LiveMapping, source: &mapping::RuleSource, what: String) -> Stands {
    let of_cluster = source.file.starts_with("ConfigMap ");
    let section = match (&live.holder, source.list) {
        (LoginStore::Objects(_), "items") => {
            return Stands { what, section: format!("IAMIdentityMapping {}", source.file), file: None };
        }
        (_, "mapAccounts") => "mapAccounts".to_owned(),
        (_, list) => format!("{list}[{}]", source.index),
    };
    let section = section_of(live, source.mode, !of_cluster, section);
    let file = (!of_cluster).then(|| (Arc::clone(&source.file), source.line));
    Stands { what, section, file }
}

/// A section with what it is of, where its file does not say that.
fn section_of(live: &LiveMapping, mode: BackendMode, is_of_file: bool, section: String) -> String {
    let is_of_map = !is_of_file || (mode == BackendMode::EksConfigMap && section.starts_with("map"));
    if is_of_map { format!("{section} of {}", live.target.as_str()) } else { section }
}

/// Whom a rule is for, in the file's terms. A role is its permission set only where IAM has it as the set's role.
fn member(rule: &Rule, sets: &Sets<'_>, stands: Stands) -> Option<Member> {
    let username = rule.username.clone();
    let (ends, unbound) = Default::default();
    let arn = match &rule.principal {
        RulePrincipal::PermissionSet(set) => {
            let (kind, account, name) = (Kind::PermissionSet, set.account, name_of(rule, &set.name));
            let (partition, has_path) = (Partition::Aws, false);
            return Some(Member { kind, partition, account, name, username, ends, unbound, stands, has_path });
        }
        RulePrincipal::Arn(arn) | RulePrincipal::UniqueId(UniqueId { arn: Some(arn), .. }) => arn_of(rule, arn)?,
        RulePrincipal::UniqueId(UniqueId { arn: None, .. }) => return None,
    };
    let (partition, account) = (arn.partition, arn.account);
    let has_path = arn.resource.strip_prefix("role/").is_some_and(|role| role.contains('/'));
    let (kind, name) = match arn.resource.split_once('/')? {
        ("user", name) if arn.service == "iam" => (Kind::User, name.to_owned()),
        ("role", role) => match sets.of_role(&arn) {
            Some(set) => (Kind::PermissionSet, set),
            None => (Kind::Role, role.to_owned()),
        },
        _ => return None,
    };
    Some(Member { kind, partition, account, name, username, ends, unbound, stands, has_path })
}

/// Whom the entry is for that a defect is about, as it is written there, and whether it lets them in.
fn named(source: &mapping::Source, defect: &Defect) -> Option<(String, bool)> {
    let rules = source.roles.iter().chain(&source.users).map(|rule| (&rule.source, (written(rule), true)));
    let unused = source.unused.iter().map(|unused| (&unused.source, (unused.written.to_string(), false)));
    let is_it = |at: &mapping::RuleSource| {
        at.file == defect.file && defect.section.strip_prefix(at.list) == Some(&*format!("[{}]", at.index))
    };
    let (_, found) = rules.chain(unused).find(|(at, _)| is_it(at))?;
    Some(found).filter(|(arn, _)| !arn.is_empty())
}

/// The principal in the letters in which it is written.
fn written(rule: &Rule) -> String {
    match (&rule.principal, &rule.written) {
        (RulePrincipal::PermissionSet(set), _) => format!("the permission set {}", name_of(rule, &set.name)),
        (_, Some(written)) => written.to_string(),
        (RulePrincipal::Arn(arn) | RulePrincipal::UniqueId(UniqueId { arn: Some(arn), .. }), None) => arn.clone(),
        (RulePrincipal::UniqueId(UniqueId { arn: None, .. }), None) => "a principal by its unique id".to_owned(),
    }
}

fn name_of(rule: &Rule, name: &str) -> String {
    let written = rule.written.as_deref().filter(|written| written.eq_ignore_ascii_case(name));
    written.unwrap_or(name).to_owned()
}

/// The ARN that is compared, in the letters in which it is written. A session's ARN stands for its role.
fn arn_of(rule: &Rule, compared: &str) -> Option<Arn> {
    let written = rule.written.as_deref().and_then(|written| written.parse::<Arn>().ok());
    let is_it = |arn: &Arn| RulePrincipal::of_arn(arn) == Some(RulePrincipal::Arn(compared.to_owned()));
    let arn = match written.filter(is_it) {
        Some(arn) if arn.service == "iam" => Some(arn),
        Some(Arn { partition, account, resource, .. }) => {
            let role = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next());
            let of_role = |role: &str| format!("arn:{partition}:iam::{account}:role/{role}").parse().ok();
            role.and_then(of_role)
        }
        None => None,
    };
    arn.or_else(|| compared.parse().ok())
}

/// Which roles can be written as their permission sets.
struct Sets<'a> {
    facts: &'a Facts,
    /// Sets of which several roles are let in: all but one are left over, and the set's name would let in as one what are two.
    several: BTreeSet<(AccountId, String)>,
}

impl<'a> Sets<'a> {
    fn of(facts: &'a Facts, observed: &Observed) -> Self {
        let mut roles: BTreeMap<(AccountId, String), BTreeSet<String>> = BTreeMap::new();
        let of_entries = observed.entries.source();
        let sources = observed.mappings.iter().map(|live| &live.source).chain([&of_entries]);
        for rule in sources.flat_map(|source| source.roles.iter().chain(&source.users)) {
            if let RulePrincipal::Arn(arn) = &rule.principal
                && let Some((set, role)) = arn.parse().ok().as_ref().and_then(set_of)
            {
                roles.entry((set.account, set.name)).or_default().insert(role.to_ascii_lowercase());
            }
        }
        let several = roles.into_iter().filter(|(_, roles)| roles.len() > 1).map(|(set, _)| set).collect();
        Self { facts, several }
    }

    /// The set that a role is of, as IAM spells it.
    fn of_role(&self, arn: &Arn) -> Option<String> {
        let (PermissionSet { account, name }, role) = set_of(arn)?;
        let key = (account, name);
        let known = self.facts.permission_sets.get(&key).filter(|_| !self.several.contains(&key))?;
        let known = known.rsplit('/').next().unwrap_or(known);
        // `AWSReservedSSO_` before the set's name, and an underscore and 16 digits behind it.
        known.eq_ignore_ascii_case(role).then(|| known["AWSReservedSSO_".len()..][..key.1.len()].to_owned())
    }
}

/// The permission set that a role was made for, and the role without its path.
fn set_of(arn: &Arn) -> Option<(PermissionSet, &str)> {
    let role = arn.resource.strip_prefix("role/")?.rsplit('/').next()?;
    Some((PermissionSet::of_role(arn.account, role)?, role))
}
