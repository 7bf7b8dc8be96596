//! What the file is going to say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use access::Kind;
use document::Span;
use identity::{AccountId, Partition};
use inventory::{ClusterObject, Observed, Unseen};
use jiff::Timestamp;
use rbac::{AnyRole, Binding, Labels, ObjectId, RoleKind, RoleReference, Subject as To};

use super::{
    Imported, Left, Stands, Subject,
    places::{Id, Places},
    right::Right,
    scope::{Scope, by_labels, stands},
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
    pub(super) careful: Vec<Left>,
    /// Whether any mapping source that is asked has something in it.
    pub(super) names_somebody: bool,
    /// The groups that stand for EKS access policies, each with the policy and its namespaces.
    pub(super) of_policies: BTreeMap<String, Scoped>,
    /// The groups that are granted something by labels, and where that stands.
    by_labels: Vec<(String, Stands)>,
}

/// An EKS access policy, and its namespaces; none is the whole cluster.
pub(super) type Scoped = (&'static str, Option<Vec<Box<str>>>);

#[derive(Default)]
pub(super) struct Group {
    /// Each until the membership ends.
    pub(super) members: BTreeMap<Id, Option<Timestamp>>,
    /// By what they grant, with where.
    pub(super) grants: BTreeMap<Right, BTreeSet<Scope>>,
    /// It is bound to the `ClusterRole` of its name and to nothing else, by a binding of the name that the file gives.
    pub(super) is_default: bool,
}

/// Somebody.
pub(super) struct Member {
    pub(super) kind: Kind,
    pub(super) partition: Partition,
    pub(super) account: AccountId,
    /// With its path.
    pub(super) name: String,
    pub(super) username: String,
    /// When a machine's role ends; people's memberships end one by one.
    pub(super) ends: Option<Timestamp>,
    /// The groups that nothing is bound to, which the file does not have.
    pub(super) unbound: Vec<String>,
    /// Where it stands, for what is said if it is left out.
    pub(super) stands: Stands,
    /// It stands there as a role with a path, which not every reader of the place matches.
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
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let (account, left, careful) = Default::default();
        let (groups, members, nodes, of_policies, by_labels) = Default::default();
        let cluster_id = subject.cluster_id.to_owned();
        let names_somebody = false;
        let mut draft =
            Self { cluster_id, account, groups, members, nodes, left, careful, names_somebody, of_policies, by_labels };
        for Unseen { what, why, .. } in subject.untold {
            draft.leave(Stands::nowhere(&**what), &**why);
        }
        draft.bindings(subject.observed);
        draft.logins(subject);
        draft.groups.retain(|_, group| !group.members.is_empty());
        let mut accounts: HashMap<AccountId, usize> = HashMap::new();
        draft
            .members
            .keys()
            .chain(draft.nodes.keys())
            .for_each(|(_, account, _)| *accounts.entry(*account).or_default() += 1);
        let most = accounts.into_iter().max_by_key(|(account, number)| (*number, std::cmp::Reverse(*account)));
        draft.account = most.map(|(account, _)| account);
        draft
    }

    /// What groups are granted.
    fn bindings(&mut self, observed: &Observed) {
        let roles: HashMap<(Option<&str>, &str), &AnyRole> =
            observed.roles.iter().map(|ClusterObject { object, .. }| (object.id(), object)).collect();
        let (by_labels, others) = by_labels(observed);
        for (definition, chosen) in &others {
            let why = "it also chooses namespaces that come later, and not all that it chooses now have its binding; the file names \
                       those that have it";
            self.careful.push(Left { what: stands(definition, chosen), why: why.to_owned() });
        }
        for (definition, chosen) in &by_labels {
            let role = RoleReference { kind: chosen.role.kind, name: &*chosen.role.name };
            for subject in chosen.subjects {
                let To::Group(name) = subject else { continue };
                let at =
                    self.groups.entry(name.to_string()).or_default().grants.entry(Right::of_role(role)).or_default();
                at.insert(Scope::Selector(chosen.selector.clone()));
                self.by_labels.push((name.to_string(), stands(definition, chosen)));
            }
        }
        let labels = labels(observed);
        let mut of_labels: HashMap<&str, Vec<Scope>> = HashMap::new();
        for (_, chosen) in &by_labels {
            of_labels.entry(chosen.binding).or_default().push(Scope::Selector(chosen.selector.clone()));
        }
        for ClusterObject { object: binding, .. } in &observed.bindings {
            // Later namespaces are chosen by the same labels.
            let scopes = of_labels.get(binding.name());
            if scopes.is_some_and(|scopes| scopes.iter().any(|scope| scope.covers(binding, &labels))) {
                continue;
            }
            for subject in binding.subjects() {
                let To::Group(name) = subject else { continue };
                let group = self.groups.entry(name.to_string()).or_default();
                let RoleReference { kind, name: role } = binding.role();
                let of_role = binding.namespace().filter(|_| kind == RoleKind::Role);
                let right = match roles.get(&(of_role, role)) {
                    Some(role) if is_own(binding, name) && can_be_written(role) => Right::Rules(role.rules().to_vec()),
                    _ => Right::of(binding),
                };
                group.grants.entry(right).or_default().insert(Scope::of(binding));
            }
        }
        for (name, group) in &mut self.groups {
            let default = Right::ClusterRole(name.as_str().into());
            let only =
                group.grants.len() == 1 && group.grants.get(&default).is_some_and(|at| *at == [Scope::Cluster].into());
            group.is_default = only;
        }
    }

    pub(super) fn leave(&mut self, what: Stands, why: impl Into<String>) {
        self.left.push(Left { what, why: why.into() });
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
            self.leave(Stands::nowhere(format!("what the group {name} is granted by {}", right.in_words())), why);
            return was_there;
        }
        places.group_at(span).cloned().is_some_and(|name| self.leave_group(&name, why))
    }

    /// Leaves out a group with everybody in it: whoever is in it is either in all of their groups or stays as they are.
    fn leave_group(&mut self, name: &str, why: &str) -> bool {
        let Some(group) = self.groups.remove(name) else { return false };
        for id in group.members.into_keys() {
            let Some(member) = self.members.remove(&id) else { continue };
            self.without(&id);
            self.leave(member.stands, format!("of its group {name}: {why}"));
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

    /// What came of it, but for the text.
    pub(super) fn imported(mut self, observed: &Observed, text: String) -> Imported {
        let superseded = self.superseded(observed);
        let mut careful = std::mem::take(&mut self.careful);
        for member in self.members.values().chain(self.nodes.values()).filter(|member| member.has_path) {
            let why = "the role ARN has a path, so aws-iam-authenticator lets nobody in by this entry. The access file has \
                       the role without its path, and lets it in: remove it there if that is not intended. `apply \
                       --mapping configmap` stops until you remove the path from the existing entry, or the entry itself";
            careful.push(Left { what: member.stands.clone(), why: why.to_owned() });
        }
        for (_, stands) in self.by_labels.iter().filter(|(group, _)| self.groups.contains_key(group)) {
            let why = "rbac-manager evaluates this selector whenever a label changes, an access file only when it is \
                       applied; matching namespaces among kube-* and cluster-auth are listed by name";
            careful.push(Left { what: stands.clone(), why: why.to_owned() });
        }
        careful.sort();
        careful.dedup();
        Imported { text, left: self.all_left(), careful, superseded }
    }

    /// All that the file does not say, in order. Whoever is not in it is taken out of nothing.
    pub(super) fn all_left(&self) -> Vec<Left> {
        let mut left = self.left.clone();
        for Member { unbound, stands, .. } in self.members.values() {
            for group in unbound {
                let group = if group.is_empty() { "without a name" } else { group };
                let what = stands.of(format!("the group {group} of {}", stands.what));
                let why = "no binding names it, so it is left out";
                left.push(Left { what, why: why.to_owned() });
            }
        }
        left.sort();
        left.dedup();
        left
    }

    /// The bindings that grant nothing but what the file grants, under other names than it gives.
    fn superseded(&self, observed: &Observed) -> Vec<ObjectId> {
        let labels = labels(observed);
        let is_said = |binding: &Binding, subject: &To| {
            let To::Group(name) = subject else { return false };
            // Of this group's rights the file says nothing: they are Kubernetes' own.
            let Some(group) = self.groups.get(&**name).filter(|_| **name != *"system:masters") else { return false };
            let right = Right::of(binding);
            let takes_its_name = match (&right, group.is_default) {
                (_, true) => *binding.name() == *format!("{name}-binding"),
                (Right::ClusterRole(role) | Right::Role(role), false) => {
                    *binding.name() == *format!("cluster-auth:{name}:{role}")
                }
                (Right::Rules(_), false) => false,
            };
            !takes_its_name
                && group.grants.get(&right).is_some_and(|at| at.iter().any(|scope| scope.covers(binding, &labels)))
        };
        let mut superseded: Vec<ObjectId> = observed
            .bindings
            .iter()
            .map(|seen| &seen.object)
            .filter(|binding| !binding.subjects().is_empty())
            .filter(|binding| binding.subjects().iter().all(|subject| is_said(binding, subject)))
            .map(ObjectId::of_binding)
            .collect();
        superseded.sort();
        superseded
    }
}

fn labels(observed: &Observed) -> HashMap<&str, &Labels> {
    observed.namespaces.iter().map(|namespace| (&*namespace.name, &namespace.labels)).collect()
}

/// Whether a binding and its role are of the shape that the file gives inline rules, so that it takes them over.
fn is_own(binding: &Binding, group: &str) -> bool {
    let (role, name) = match binding.namespace() {
        Some(_) => (group.to_owned(), format!("{group}-binding")),
        None => (format!("cluster-auth:{group}"), format!("cluster-auth:{group}")),
    };
    let kind = if binding.namespace().is_some() { RoleKind::Role } else { RoleKind::ClusterRole };
    let RoleReference { kind: of, name: of_name } = binding.role();
    binding.subjects().len() == 1 && (of, of_name) == (kind, role.as_str()) && *binding.name() == *name
}

/// Whether rules can stand in the file as they are.
fn can_be_written(role: &AnyRole) -> bool {
    let is_rule = |rule: &rbac::Rule| {
        let is_resource =
            !rule.resources.is_empty() && !rule.api_groups.is_empty() && rule.non_resource_urls.is_empty();
        let is_url = !rule.non_resource_urls.is_empty()
            && rule.resources.is_empty()
            && rule.api_groups.is_empty()
            && rule.resource_names.is_empty()
            && role.namespace().is_none();
        !rule.verbs.is_empty() && (is_resource || is_url)
    };
    !role.rules().is_empty() && role.aggregation().is_none() && role.rules().iter().all(is_rule)
}
