//! EKS access policies, as groups that are granted nearly the same.
//!
//! A policy belongs to an access entry and to no Kubernetes group. So whoever has one is in a group made for it, which is
//! granted the `ClusterRole` that the policy was made after, or its rules where there is none. Where both are not the same
//! it is said.

use std::collections::BTreeSet;

use inventory::{Association, Observed, policy};
use rbac::{
    Rule,
    comparison::{On, Permission},
};

use super::{
    Left, Stands,
    draft::{Draft, Group},
    right::Right,
    scope::Scope,
};

/// The policies, each with the `ClusterRole` that it was made after (Amazon EKS User Guide, "Review access policy
/// permissions").
const MADE_AFTER: [(&str, &str); 4] = [
    ("AmazonEKSClusterAdminPolicy", "cluster-admin"),
    ("AmazonEKSAdminPolicy", "admin"),
    ("AmazonEKSEditPolicy", "edit"),
    ("AmazonEKSViewPolicy", "view"),
];

impl Draft {
    /// The group of a policy and its namespaces, made if there is none yet; `None` if it is not known what the policy
    /// allows.
    pub(super) fn policy(&mut self, association: &Association, stands: &Stands, observed: &Observed) -> Option<String> {
        let Association { policy: name, namespaces, .. } = association;
        let Some(policy) = policy(name) else {
            let what = stands.of(format!("the access policy {name} of {}", stands.what));
            self.leave(what, "what it allows is not known; it stays associated");
            return None;
        };
        let places: BTreeSet<Scope> = match namespaces {
            None => [Scope::Cluster].into(),
            Some(namespaces) => in_the_files_words(namespaces, observed).into_iter().map(Scope::Namespace).collect(),
        };
        // URLs are of no namespace.
        let rules = policy.rules.iter().filter(|rule| namespaces.is_none() || rule.non_resource_urls.is_empty());
        let rules: Vec<Rule> = rules.cloned().collect();
        let made_after = MADE_AFTER.iter().find(|(of, _)| *of == policy.name).map(|(_, role)| *role);
        let right = match made_after {
            Some(role) => Right::ClusterRole(role.into()),
            None => Right::Rules(rules.clone()),
        };
        let made = |group: &Group| group.grants.len() == 1 && group.grants.get(&right) == Some(&places);
        let base = group_name(policy.name, namespaces.as_deref());
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let group = std::iter::once(base.clone()).chain(numbered).find(|name| match self.of_policies.get(name) {
            Some(of) => *of == (policy.name, namespaces.clone()) && self.groups.get(name).is_some_and(made),
            None => !self.groups.contains_key(name) && !is_named(name, observed),
        })?;
        if self.of_policies.insert(group.clone(), (policy.name, namespaces.clone())).is_none() {
            let grants = [(right, places)].into();
            self.groups.insert(group.clone(), Group { grants, ..Group::default() });
            let globs = namespaces.iter().flatten().filter(|name| name.contains('*'));
            let globs: Vec<String> = globs.map(|glob| format!("`{glob}`")).collect();
            if !globs.is_empty() {
                let what = Stands::nowhere(format!("the access policy {} in {}", policy.name, globs.join(", ")));
                let why = format!(
                    "EKS follows it for later namespaces too; the group {group} covers those that there are when the file is \
                     applied, and of kube-* and cluster-auth only the ones that are named"
                );
                self.careful.push(Left { what, why });
            }
            if let Some(role) = made_after {
                let of_role = cluster_role(observed, role);
                self.differences(&group, (policy.name, namespaces.as_deref()), &rules, (role, of_role));
            }
        }
        Some(group)
    }

    /// Says where the `ClusterRole` that stands for a policy is not the same.
    fn differences(
        &mut self,
        group: &str,
        (policy, namespaces): (&str, Option<&[Box<str>]>),
        rules: &[Rule],
        (role, of_role): (&str, Option<&[Rule]>),
    ) {
        let place = namespaces.map_or_else(String::new, |namespaces| format!(" in {}", namespaces.join(", ")));
        let has_it = format!("the group {group} has the ClusterRole {role} for it");
        let said = match of_role {
            None => vec!["what it allows was not given".to_owned()],
            Some(of_role) => {
                let is_of_place =
                    |permission: &Permission| namespaces.is_none() || !matches!(permission.on, On::Url(_));
                let more = Permission::of_rules(of_role).into_iter();
                let more =
                    in_words(more.filter(|permission| is_of_place(permission) && !permission.is_allowed_by(rules)));
                let less = Permission::of_rules(rules).into_iter();
                let less = in_words(less.filter(|permission| !permission.is_allowed_by(of_role)));
                let more = more.map(|more| format!("it allows besides: {more}"));
                more.into_iter().chain(less.map(|less| format!("it does not allow: {less}"))).collect()
            }
        };
        if !said.is_empty() {
            let what = Stands::nowhere(format!("the access policy {policy}{place}"));
            self.careful.push(Left { what, why: format!("{has_it}; {}", said.join("; ")) });
        }
    }
}

/// Globs and names of EKS as those of a file, whose globs match neither Kubernetes' own namespaces nor ours: those that there are
/// are named.
fn in_the_files_words(namespaces: &[Box<str>], observed: &Observed) -> BTreeSet<Box<str>> {
    let (globs, names): (Vec<_>, Vec<_>) = namespaces.iter().cloned().partition(|name| name.contains('*'));
    let is_withheld = |name: &str| access::is_withheld(name) && globs.iter().any(|glob| access::glob(glob, name));
    let all = observed.namespaces.iter().map(|one| &*one.name);
    let withheld: Vec<Box<str>> = all.filter(|name| is_withheld(name)).map(Box::from).collect();
    globs.into_iter().chain(names).chain(withheld).collect()
}

/// What a `ClusterRole` allows, if there is one.
fn cluster_role<'a>(observed: &'a Observed, name: &str) -> Option<&'a [Rule]> {
    let role =
        observed.roles.iter().filter_map(|seen| seen.object.as_cluster_role()).find(|role| *role.name == *name)?;
    Some(&role.rules)
}

/// `eks-view`, or `eks-view-dev-any` for `dev` and `*`.
fn group_name(policy: &str, namespaces: Option<&[Box<str>]>) -> String {
    let short = policy.strip_prefix("AmazonEKS").unwrap_or(policy);
    let short = short.strip_suffix("Policy").unwrap_or(short);
    let mut name = String::from("eks");
    for letter in short.chars() {
        if letter.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    for namespace in namespaces.unwrap_or_default() {
        name.push('-');
        name.push_str(&namespace.replace('*', "any"));
    }
    name.truncate(MAX_NAME);
    name.trim_end_matches('-').to_owned()
}

/// So that the names of its objects are allowed.
const MAX_NAME: usize = 60;

/// Whether somebody's login has a group of this name.
fn is_named(group: &str, observed: &Observed) -> bool {
    let sources = observed.mappings.iter().map(|live| &live.source);
    let mut logins = sources.flat_map(|source| source.roles.iter().chain(&source.users));
    logins.any(|rule| rule.groups.iter().any(|one| one.group == group))
        || observed.entries.described().any(|entry| entry.groups.iter().any(|one| one == group))
}

fn in_words(permissions: impl Iterator<Item = Permission>) -> Option<String> {
    let rules: Vec<Rule> = permissions.map(|permission| permission.rule()).collect();
    let phrases = report::rules(&rules);
    (!phrases.is_empty()).then(|| phrases.join("; "))
}
