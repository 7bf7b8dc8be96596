//! Which rights let their holder become more than they are.
//!
//! The list is what the field's scanners look for, each with Kubernetes' own reason; rights are matched as the evaluator
//! matches them, so wildcards count.

mod table;

use crate::Rule;
pub use table::ALL;

/// One way to become more.
#[derive(Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Stable.
    pub code: &'static str,
    /// What the holder can do, behind "can".
    pub title: &'static str,
    /// Why that is more.
    pub why: &'static str,
    /// Whether it matters in an ordinary namespace too; otherwise in `kube-*` and cluster-wide only.
    pub in_any_namespace: bool,
    /// What must be held, all of it.
    pub needs: &'static [Need],
}

/// A right: one of the verbs on one of the resources.
#[derive(Debug, PartialEq, Eq)]
pub struct Need {
    /// Any of these.
    pub verbs: &'static [&'static str],
    /// Of this group.
    pub api_group: &'static str,
    /// Any of these, with subresource.
    pub resources: &'static [&'static str],
    /// Only objects of this name; empty is any.
    pub name: &'static str,
}

/// Where rights hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Everywhere.
    Cluster,
    /// In one namespace, or in those that a glob matches.
    Namespace(&'a str),
}

/// The escalations that rules held together in one scope allow.
pub fn escalations(rules: &[&Rule], scope: Scope<'_>) -> Vec<&'static Escalation> {
    let privileged = match scope {
        Scope::Cluster => true,
        Scope::Namespace(name) => name.starts_with("kube-"),
    };
    let matters = |escalation: &&Escalation| privileged || escalation.in_any_namespace;
    let held = |need: &Need| rules.iter().any(|rule| need.is_met_by(rule));
    ALL.iter().filter(matters).filter(|escalation| escalation.needs.iter().all(held)).collect()
}

impl Need {
    fn is_met_by(&self, rule: &Rule) -> bool {
        let has_resource = |resource: &&str| {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            rule.has_resource(resource, subresource)
        };
        // The group is what nearly every rule lacks.
        rule.has_group(self.api_group)
            && self.verbs.iter().any(|verb| rule.has_verb(verb))
            && self.resources.iter().any(has_resource)
            && rule.has_name(self.name)
    }
}

/// What a rule allows that hardly anybody means, in words behind "this rule allows".
pub fn too_broad(rule: &Rule) -> Option<&'static str> {
    let all = |list: &[Box<str>]| list.iter().any(|text| &**text == "*");
    if !rule.resource_names.is_empty() {
        return None;
    }
    match (all(&rule.verbs), all(&rule.api_groups), all(&rule.resources)) {
        (true, true, true) => Some("everything on everything"),
        (_, true, true) => Some("its verbs on every resource there is and will be, secrets included"),
        (true, _, true) if rule.api_groups.iter().any(|group| group.is_empty()) => {
            Some("everything on all resources of the core group, secrets included")
        }
        _ if all(&rule.verbs) && all(&rule.non_resource_urls) => Some("everything on every URL"),
        _ => None,
    }
}
