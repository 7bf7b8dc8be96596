//! What the file is going to say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use document::Span;
use identity::{AccountId, Arn, Partition};
use mapping::{PermissionSet, Rule, RulePrincipal, UniqueId};
use rbac::{Binding, RoleKind, RoleReference, Subject};

use super::{Left, write::Places};
use crate::{
    Facts, Kind,
    cluster::{Holder, LiveMapping, Observed, Seen},
    plan::ObjectId,
    render::NODE,
};

/// The file, before it is text.
pub(super) struct Draft {
    pub(super) cluster_id: String,
    /// The account of most, which needs no mention.
    pub(super) account: Option<AccountId>,
    /// By name.
    pub(super) groups: BTreeMap<String, Group>,
    /// By what is unique among principals.
    pub(super) members: BTreeMap<Id, Member>,
    pub(super) nodes: BTreeMap<Id, Member>,
    pub(super) left: Vec<Left>,
}

/// Kind, account and name in lower case.
pub(super) type Id = (Kind, AccountId, String);

#[derive(Default)]
pub(super) struct Group {
    pub(super) members: BTreeSet<Id>,
    /// By what they grant, with the namespaces; none in the list is the whole cluster.
    pub(super) grants: BTreeMap<Right, BTreeSet<Option<Box<str>>>>,
    /// It is bound to the `ClusterRole` of its name and to nothing else, by a binding of the name that the file gives.
    pub(super) is_default: bool,
}

/// What a grant allows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    Rules(Vec<rbac::Rule>),
    ClusterRole(Box<str>),
    Role(Box<str>),
}

/// Somebody.
pub(super) struct Member {
    pub(super) kind: Kind,
    pub(super) partition: Partition,
    pub(super) account: AccountId,
    /// With its path.
    pub(super) name: String,
    pub(super) username: String,
    /// Where it stands, for the comment if it is left out.
    pub(super) stands: String,
    /// It stands there as a role with a path.
    pub(super) has_path: bool,
}

impl Member {
    /// The username that holds where none is written.
    pub(super) fn default_username(&self) -> String {
        let bare = self.name.rsplit('/').next().unwrap_or(&self.name);
        match self.kind {
            Kind::User | Kind::IamGroup => bare.to_owned(),
            Kind::Role | Kind::PermissionSet => format!("{bare}:{{{{SessionName}}}}"),
        }
    }
}

impl Draft {
    pub(super) fn of(observed: &Observed, cluster_id: &str, facts: &Facts) -> Self {
        let mut draft = Self {
            cluster_id: cluster_id.to_owned(),
            account: None,
            groups: BTreeMap::new(),
            members: BTreeMap::new(),
            nodes: BTreeMap::new(),
            left: Vec::new(),
        };
        draft.bindings(observed);
        draft.logins(observed, facts);
        draft.groups.retain(|_, group| !group.members.is_empty());
        let mut accounts: HashMap<AccountId, usize> = HashMap::new();
        draft
            .members
            .keys()
            .chain(draft.nodes.keys())
            .for_each(|(_, account, _)| *accounts.entry(*account).or_default() += 1);
        let most = accounts.into_iter().max_by_key(|(account, number)| (*number, std::cmp::Reverse(*account)));
        draft.account = most.map(|(account, _)| account);
        draft.left.sort();
        draft.left.dedup();
        draft
    }

    /// What groups are granted.
    fn bindings(&mut self, observed: &Observed) {
        let of_role = |(role, namespace): (&RoleReference, &Option<Box<str>>)| {
            let namespace = if role.kind == RoleKind::Role { namespace.clone() } else { None };
            (namespace, role.name.clone())
        };
        let roles: HashMap<(Option<Box<str>>, Box<str>), &rbac::Role> = observed
            .roles
            .iter()
            .map(|Seen { object, .. }| ((object.namespace.clone(), object.name.clone()), object))
            .collect();
        for Seen { object: binding, .. } in &observed.bindings {
            for subject in &binding.subjects {
                let Subject::Group(name) = subject else { continue };
                let group = self.groups.entry(name.to_string()).or_default();
                let role = roles.get(&of_role((&binding.role, &binding.namespace))).copied();
                let right = match (&binding.role.kind, role) {
                    (_, Some(role)) if is_own(binding, name) && can_be_written(role) => {
                        Right::Rules(role.rules.to_vec())
                    }
                    (RoleKind::ClusterRole, _) => Right::ClusterRole(binding.role.name.clone()),
                    (RoleKind::Role, _) => Right::Role(binding.role.name.clone()),
                };
                group.grants.entry(right).or_default().insert(binding.namespace.clone());
            }
        }
        for (name, group) in &mut self.groups {
            let default = Right::ClusterRole(name.as_str().into());
            let only = group.grants.len() == 1 && group.grants.get(&default).is_some_and(|at| *at == [None].into());
            group.is_default = only;
        }
    }

    fn logins(&mut self, observed: &Observed, facts: &Facts) {
        let mut seen: BTreeSet<Id> = BTreeSet::new();
        for live in &observed.mappings {
            let spelling = Spelling::of(live);
            for (account, _) in &live.source.accounts {
                let why = "a file names people, not whole accounts";
                self.leave(format!("everybody in {account} (mapAccounts of {})", live.target.as_str()), why);
            }
            if let Holder::Objects(objects) = &live.holder {
                for Seen { object, .. } in objects.iter().filter(|seen| seen.object.principal().is_empty()) {
                    let why = "its ARN is no user's and no role's, so it lets nobody in";
                    self.leave(format!("IAMIdentityMapping {} ({})", object.name, object.arn), why);
                }
            }
            let rules = live.source.roles.iter().chain(&live.source.users);
            let as_roles = named_by_role(rules.clone(), facts);
            // The last entry for a principal counts.
            let mut last: BTreeMap<Id, (Member, &Rule)> = BTreeMap::new();
            for rule in rules {
                let (list, index) = (rule.source.list, rule.source.index);
                let stands = format!("{} ({list}[{index}] of {})", spelling.of_rule(rule), live.target.as_str());
                match member(rule, &spelling, &as_roles, stands.clone()) {
                    Some(member) => {
                        let bare = member.name.rsplit('/').next().unwrap_or(&member.name).to_ascii_lowercase();
                        let name = if member.kind == Kind::User { member.name.to_ascii_lowercase() } else { bare };
                        last.insert((member.kind, member.account, name), (member, rule));
                    }
                    None => self.leave(stands, "a file names users, roles and permission sets"),
                }
            }
            for (id, (member, rule)) in last {
                // The first mapping that is asked decides.
                if seen.insert(id.clone()) {
                    self.login(id, member, rule);
                }
            }
        }
    }

    fn login(&mut self, id: Id, member: Member, rule: &Rule) {
        let groups: BTreeSet<&str> = rule.groups.iter().map(|membership| membership.group.as_str()).collect();
        if member.username == NODE.0 && groups == NODE.1.into() && member.kind == Kind::Role {
            self.nodes.insert(id, member);
            return;
        }
        let is_bound = |group: &&str| **group == *"system:masters" || self.groups.contains_key(*group);
        let (bound, unbound): (Vec<&str>, Vec<&str>) = groups.into_iter().partition(is_bound);
        if bound.is_empty() {
            return self.leave(member.stands, "none of its groups is bound to anything");
        }
        for group in unbound {
            let what = format!("the group {group} of {}", member.stands);
            self.leave(what, "nothing is bound to it; applying the file takes them out of it");
        }
        for group in bound {
            self.groups.entry(group.to_owned()).or_default().members.insert(id.clone());
        }
        self.members.insert(id, member);
    }

    fn leave(&mut self, what: String, why: &str) {
        self.left.push(Left { what, why: why.to_owned() });
    }

    /// Says what a group is granted in words that make an object of another name, if there are any.
    pub(super) fn say_otherwise(&mut self, places: &Places, span: Span) -> bool {
        let group = places.group_at(span).and_then(|name| self.groups.get_mut(name));
        group.is_some_and(|group| std::mem::take(&mut group.is_default))
    }

    /// Leaves out what a problem is about; `false` where it is about nothing of the draft.
    pub(super) fn leave_out(&mut self, places: &Places, span: Span, why: &str) -> bool {
        if let Some(id) = places.member_at(span) {
            // It may be gone already: of two problems about one, the first counts.
            let Some(member) = self.members.remove(id).or_else(|| self.nodes.remove(id)) else { return false };
            self.without(id);
            self.leave(member.stands, why);
            return true;
        }
        if let Some((name, right)) = places.grant_at(span) {
            let Some(group) = self.groups.get_mut(name) else { return false };
            let was_there = group.grants.remove(right).is_some();
            // Without any, the file would mean the ClusterRole of the group's name.
            if group.grants.is_empty() {
                return self.leave_group(name, why);
            }
            self.leave(format!("what the group {name} is granted by {}", right.in_words()), why);
            return was_there;
        }
        places.group_at(span).cloned().is_some_and(|name| self.leave_group(&name, why))
    }

    /// Leaves out a group with everybody in it: whoever is in it is either in all of their groups or stays as they are.
    fn leave_group(&mut self, name: &str, why: &str) -> bool {
        let Some(group) = self.groups.remove(name) else { return false };
        for id in group.members {
            let Some(member) = self.members.remove(&id) else { continue };
            self.without(&id);
            self.leave(member.stands, &format!("of its group {name}: {why}"));
        }
        true
    }

    /// Takes somebody out of all groups.
    fn without(&mut self, id: &Id) {
        self.groups.retain(|_, group| {
            group.members.remove(id);
            !group.members.is_empty()
        });
    }

    /// Where those stand who are let in by the file, and by aws-iam-authenticator are not.
    pub(super) fn with_path(&self) -> Vec<String> {
        let all = self.members.values().chain(self.nodes.values());
        all.filter(|member| member.has_path).map(|member| member.stands.clone()).collect()
    }

    /// The bindings that grant nothing but what the file grants, under other names than it gives.
    pub(super) fn superseded(&self, observed: &Observed) -> Vec<ObjectId> {
        let is_said = |binding: &Binding, subject: &Subject| {
            let Subject::Group(name) = subject else { return false };
            // Of this group's rights the file says nothing: they are Kubernetes' own.
            let Some(group) = self.groups.get(&**name).filter(|_| **name != *"system:masters") else { return false };
            let right = match binding.role.kind {
                RoleKind::ClusterRole => Right::ClusterRole(binding.role.name.clone()),
                RoleKind::Role => Right::Role(binding.role.name.clone()),
            };
            let takes_its_name = match (&right, group.is_default) {
                (_, true) => *binding.name == *format!("{name}-binding"),
                (Right::ClusterRole(role) | Right::Role(role), false) => {
                    *binding.name == *format!("cluster-auth:{name}:{role}")
                }
                (Right::Rules(_), false) => false,
            };
            !takes_its_name && group.grants.get(&right).is_some_and(|at| at.contains(&binding.namespace))
        };
        let mut superseded: Vec<ObjectId> = observed
            .bindings
            .iter()
            .map(|seen| &seen.object)
            .filter(|binding| !binding.subjects.is_empty())
            .filter(|binding| binding.subjects.iter().all(|subject| is_said(binding, subject)))
            .map(ObjectId::of_binding)
            .collect();
        superseded.sort();
        superseded
    }
}

impl Right {
    fn in_words(&self) -> String {
        match self {
            Self::Rules(_) => "rules".to_owned(),
            Self::ClusterRole(name) => format!("ClusterRole {name}"),
            Self::Role(name) => format!("Role {name}"),
        }
    }
}

/// Whether a binding and its role are of the shape that the file gives inline rules, so that it takes them over.
fn is_own(binding: &Binding, group: &str) -> bool {
    let (role, name) = match &binding.namespace {
        Some(_) => (group.to_owned(), format!("{group}-binding")),
        None => (format!("cluster-auth:{group}"), format!("cluster-auth:{group}")),
    };
    let kind = if binding.namespace.is_some() { RoleKind::Role } else { RoleKind::ClusterRole };
    let RoleReference { kind: of, name: of_name } = &binding.role;
    binding.subjects.len() == 1 && (*of, &**of_name) == (kind, role.as_str()) && *binding.name == *name
}

/// Whether rules can stand in the file as they are.
fn can_be_written(role: &rbac::Role) -> bool {
    let is_rule = |rule: &rbac::Rule| {
        let is_resource =
            !rule.resources.is_empty() && !rule.api_groups.is_empty() && rule.non_resource_urls.is_empty();
        let is_url = !rule.non_resource_urls.is_empty()
            && rule.resources.is_empty()
            && rule.api_groups.is_empty()
            && rule.resource_names.is_empty()
            && role.namespace.is_none();
        !rule.verbs.is_empty() && (is_resource || is_url)
    };
    !role.rules.is_empty() && role.aggregation.is_none() && role.rules.iter().all(is_rule)
}

/// The permission sets whose roles are not all there is of them: several in one account, or another one than IAM has.
fn named_by_role<'a>(rules: impl Iterator<Item = &'a Rule>, facts: &Facts) -> BTreeSet<(AccountId, String)> {
    let mut roles: BTreeMap<(AccountId, String), BTreeSet<&str>> = BTreeMap::new();
    for rule in rules {
        if let RulePrincipal::Arn(arn) = &rule.principal
            && let Some(set) = set_of(arn)
        {
            roles.entry((set.account, set.name)).or_default().insert(arn);
        }
    }
    let is_another = |set: &(AccountId, String), arn: &str| {
        let role = facts.permission_sets.get(set).map(|role| role.rsplit('/').next().unwrap_or(role));
        role.is_some_and(|role| !arn.ends_with(&format!("/{}", role.to_ascii_lowercase())))
    };
    let by_role = |(set, roles): &(_, BTreeSet<&str>)| roles.len() > 1 || roles.iter().any(|arn| is_another(set, arn));
    roles.into_iter().filter(by_role).map(|(set, _)| set).collect()
}

fn set_of(arn: &str) -> Option<PermissionSet> {
    let arn: Arn = arn.parse().ok()?;
    PermissionSet::of_role(arn.account, arn.resource.strip_prefix("role/")?)
}

/// Whom a rule is for, in the file's terms.
fn member(
    rule: &Rule,
    spelling: &Spelling,
    as_roles: &BTreeSet<(AccountId, String)>,
    stands: String,
) -> Option<Member> {
    let username = rule.username.clone();
    let arn = match &rule.principal {
        RulePrincipal::PermissionSet(set) => {
            let (kind, account, name) = (Kind::PermissionSet, set.account, spelling.of_word(&set.name));
            return Some(Member { kind, partition: Partition::Aws, account, name, username, stands, has_path: false });
        }
        RulePrincipal::Arn(arn) | RulePrincipal::UniqueId(UniqueId { arn: Some(arn), .. }) => spelling.of_arn(arn)?,
        RulePrincipal::UniqueId(UniqueId { arn: None, .. }) => return None,
    };
    let (partition, account) = (arn.partition, arn.account);
    let has_path = arn.resource.strip_prefix("role/").is_some_and(|role| role.contains('/'));
    let (kind, name) = match arn.resource.split_once('/')? {
        ("user", name) if arn.service == "iam" => (Kind::User, name.to_owned()),
        ("role", role) => {
            let bare = role.rsplit('/').next().unwrap_or(role);
            match PermissionSet::of_role(account, bare).filter(|set| !as_roles.contains(&(account, set.name.clone()))) {
                // `AWSReservedSSO_` before the set's name, and an underscore and 16 digits behind it.
                Some(set) => (Kind::PermissionSet, bare["AWSReservedSSO_".len()..][..set.name.len()].to_owned()),
                None => (Kind::Role, role.to_owned()),
            }
        }
        _ => return None,
    };
    Some(Member { kind, partition, account, name, username, stands, has_path })
}

/// Names as they were written: rules have them in lower case.
struct Spelling {
    /// By the ARN that rules compare.
    arns: HashMap<String, Arn>,
    words: HashMap<String, String>,
}

impl Spelling {
    fn of(live: &LiveMapping) -> Self {
        let mut spelling = Self { arns: HashMap::new(), words: HashMap::new() };
        match &live.holder {
            Holder::ConfigMap(map) => map.data.values().for_each(|text| spelling.learn(text)),
            Holder::Objects(objects) => objects.iter().for_each(|seen| spelling.learn(&seen.object.arn)),
        }
        spelling
    }

    fn learn(&mut self, text: &str) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "+=.@_-:/".contains(c);
        for word in text.split(|c| !is_part(c)).filter(|word| !word.is_empty()) {
            match word.parse::<Arn>().ok().and_then(|arn| Some((RulePrincipal::of_arn(&arn)?, arn))) {
                Some((RulePrincipal::Arn(compared), arn)) => drop(self.arns.insert(compared, arn)),
                Some((RulePrincipal::PermissionSet(_) | RulePrincipal::UniqueId(_), _)) | None => {
                    self.words.entry(word.to_ascii_lowercase()).or_insert_with(|| word.to_owned());
                }
            }
        }
    }

    fn of_arn(&self, compared: &str) -> Option<Arn> {
        // A session's ARN stands for its role.
        let written = self.arns.get(compared).filter(|arn| arn.service == "iam");
        written.cloned().or_else(|| compared.parse().ok())
    }

    fn of_word(&self, word: &str) -> String {
        self.words.get(word).cloned().unwrap_or_else(|| word.to_owned())
    }

    fn of_rule(&self, rule: &Rule) -> String {
        match &rule.principal {
            RulePrincipal::Arn(arn) => self.of_arn(arn).map_or_else(|| arn.clone(), |arn| arn.to_string()),
            RulePrincipal::PermissionSet(set) => format!("the permission set {}", self.of_word(&set.name)),
            RulePrincipal::UniqueId(_) => rule.principal.to_string(),
        }
    }
}
