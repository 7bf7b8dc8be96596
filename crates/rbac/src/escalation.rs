//! Which permissions let their holder escalate privileges.
//!
//! One table, used by whoever judges a grant before it is given (an access file's findings, a plan) and by whoever looks at
//! what has been given (`lint`). The list is what the field's scanners look for, each with Kubernetes' own reason; whether a
//! right is held is the evaluator's own question, so wildcards count, and what it would refuse is not held.

mod table;

use crate::{Request, ResourceRequest, Rule, resources};
pub use table::ALL;

/// A privilege escalation: permissions that lead to more permissions.
#[derive(Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Stable.
    pub code: &'static str,
    /// How bad it is where it matters.
    pub severity: Severity,
    /// Where it matters.
    pub within: Within,
    /// What the holder has by it where it holds in a namespace only.
    pub takes: Takes,
    /// What the holder can do, behind "can".
    pub title: &'static str,
    /// Why that is more.
    pub why: &'static str,
    /// Where it leads when it holds everywhere, behind "can …,".
    pub path: &'static str,
    /// What to grant instead.
    pub fix: &'static str,
    /// Who says so: a page of Kubernetes' documentation, a CVE.
    pub reference: &'static str,
    /// What must be held: of each, one of the alternatives.
    pub needs: &'static [&'static [Need]],
    /// What is needed besides to take this way; who lacks it is one right short of it.
    pub also: &'static [&'static [Need]],
}

/// The severity of an escalation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing: it weakens something, or is one right short of more.
    Info,
    /// Leads to rights of others, or to all of them where something else comes together with it.
    Warning,
    /// Leads to every right in the cluster.
    Danger,
}

/// The places in which an escalation matters; each place has what the one before has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Within {
    /// In every namespace.
    Anywhere,
    /// In the namespaces of Kubernetes' own, `kube-*`.
    Privileged,
    /// In `kube-system`.
    KubeSystem,
}

/// What an escalation leads to in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Takes {
    /// The service accounts there; it is as severe as they are privileged.
    Accounts,
    /// Everything there, the service accounts with it.
    Namespace,
    /// No more than what it says.
    Nothing,
}

/// A needed permission: one of the verbs on one of the resources.
#[derive(Debug, PartialEq, Eq)]
pub struct Need {
    /// Any of these.
    pub verbs: &'static [&'static str],
    /// Of this group.
    pub api_group: &'static str,
    /// Any of these, with subresource; `x/*` is any subresource that a rule names.
    pub resources: &'static [&'static str],
    /// The object of this name; empty is all of them, which a rule for named objects does not give.
    pub name: &'static str,
}

/// The place in which permissions apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Everywhere.
    Cluster,
    /// In one namespace, or in those that a glob matches.
    Namespace(&'a str),
}

/// A need that is met: what can be asked, and which rule allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met<'a> {
    /// A request that the rule allows.
    pub request: ResourceRequest<'a>,
    /// Which of the rules it is: those of the cluster first, then those of the namespace.
    pub rule: usize,
}

/// Returns the escalations, from warnings on, that rules held together allow: those of the whole cluster, and those of the place.
pub fn escalations(of_cluster: &[&Rule], of_place: &[&Rule], scope: Scope<'_>) -> Vec<&'static Escalation> {
    let matters =
        |escalation: &&Escalation| escalation.severity > Severity::Info && escalation.within <= scope.standing();
    let (of_cluster, of_place) = match scope {
        Scope::Cluster => (&[of_cluster, of_place].concat()[..], &[][..]),
        Scope::Namespace(_) => (of_cluster, of_place),
    };
    ALL.iter().filter(matters).filter(|one| one.met(of_cluster, of_place, scope).is_some()).collect()
}

impl Escalation {
    /// Returns what meets its needs, one for each; `None` if one is not met.
    pub fn met<'a>(&self, of_cluster: &[&'a Rule], of_place: &[&'a Rule], scope: Scope<'a>) -> Option<Vec<Met<'a>>> {
        all_met(self.needs, of_cluster, of_place, scope)
    }

    /// Returns what meets that which is needed besides; `None` if something is lacking.
    pub fn completed<'a>(
        &self,
        of_cluster: &[&'a Rule],
        of_place: &[&'a Rule],
        scope: Scope<'a>,
    ) -> Option<Vec<Met<'a>>> {
        all_met(self.also, of_cluster, of_place, scope)
    }
}

fn all_met<'a>(
    needs: &[&[Need]],
    of_cluster: &[&'a Rule],
    of_place: &[&'a Rule],
    scope: Scope<'a>,
) -> Option<Vec<Met<'a>>> {
    let met = |alternatives: &&[Need]| alternatives.iter().find_map(|need| need.met(of_cluster, of_place, scope));
    needs.iter().map(met).collect()
}

impl<'a> Scope<'a> {
    /// Returns how much matters here: in the whole cluster everything.
    pub fn standing(self) -> Within {
        match self {
            Self::Cluster | Self::Namespace("kube-system") => Within::KubeSystem,
            Self::Namespace(name) if name.starts_with("kube-") => Within::Privileged,
            Self::Namespace(_) => Within::Anywhere,
        }
    }

    /// As requests name it.
    fn namespace(self) -> &'a str {
        match self {
            Self::Cluster => "",
            Self::Namespace(name) => name,
        }
    }
}

impl Need {
    /// Returns the first rule that meets it, and by which request. Objects of the cluster are reached by rules of the cluster
    /// only.
    pub fn met<'a>(&self, of_cluster: &[&'a Rule], of_place: &[&'a Rule], scope: Scope<'a>) -> Option<Met<'a>> {
        let rules = of_cluster.iter().map(|rule| (*rule, false)).chain(of_place.iter().map(|rule| (*rule, true)));
        rules.enumerate().find_map(|(at, (rule, is_of_place))| {
            // The group is what nearly every rule lacks.
            let request = rule.has_group(self.api_group).then(|| self.allowed_by(rule, is_of_place, scope))??;
            Some(Met { request, rule: at })
        })
    }

    fn allowed_by<'a>(&self, rule: &'a Rule, is_of_place: bool, scope: Scope<'a>) -> Option<ResourceRequest<'a>> {
        let mut pairs =
            self.verbs.iter().flat_map(|verb| self.resources.iter().map(move |resource| (*verb, *resource)));
        pairs.find_map(|(verb, resource)| {
            let is_in_namespace = is_namespaced(verb, self.api_group, resource);
            if is_of_place && !is_in_namespace {
                return None;
            }
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            let subresource = if subresource == "*" { named_subresource(rule, resource)? } else { subresource };
            let namespace = if is_in_namespace { scope.namespace() } else { "" };
            let (api_group, name) = (self.api_group, self.name);
            let request = ResourceRequest { verb, api_group, resource, subresource, name, namespace };
            rule.allows(&Request::Resource(request)).then_some(request)
        })
    }
}

/// A subresource that a rule gives; where it gives all, any will do.
fn named_subresource<'a>(rule: &'a Rule, resource: &str) -> Option<&'a str> {
    let mut given = rule.resources.iter().filter_map(|of_rule| match &**of_rule {
        "*" => Some("any"),
        of_rule => of_rule.strip_prefix(resource)?.strip_prefix('/'),
    });
    given.next()
}

/// Whether requests for a resource of the table name a namespace. What `bind` is asked for names that of the binding
/// (Kubernetes, `pkg/registry/rbac/escalation_check.go`), and a namespace is asked for within itself.
fn is_namespaced(verb: &str, api_group: &str, resource: &str) -> bool {
    // Of Kyverno, Gatekeeper and the Gateway API.
    const OTHERS_OF_CLUSTER: [&str; 12] = [
        "constrainttemplates",
        "clusterpolicies",
        "validatingpolicies",
        "imagevalidatingpolicies",
        "mutatingpolicies",
        "generatingpolicies",
        "deletingpolicies",
        "assign",
        "assignimage",
        "assignmetadata",
        "modifyset",
        "gatewayclasses",
    ];
    let (resource, _) = resource.split_once('/').unwrap_or((resource, ""));
    match (verb, resources::of(api_group, resource)) {
        ("bind", _) => true,
        (_, Some(known)) => known.namespaced || *known.name == *"namespaces",
        (_, None) => !OTHERS_OF_CLUSTER.contains(&resource),
    }
}

impl Severity {
    /// Returns the name as it is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }
}

/// Returns what a rule allows that hardly anybody means, in words behind "this rule allows".
pub fn too_broad(rule: &Rule) -> Option<&'static str> {
    let all = |list: &[Box<str>]| list.iter().any(|text| &**text == "*");
    if !rule.resource_names.is_empty() {
        return None;
    }
    match (all(&rule.verbs), all(&rule.api_groups), all(&rule.resources)) {
        (true, true, true) => Some("everything on everything"),
        (_, true, true) => Some("its verbs on every resource, present and future, secrets included"),
        (true, _, true) if rule.api_groups.iter().any(|group| group.is_empty()) => {
            Some("everything on all resources of the core group, secrets included")
        }
        _ if all(&rule.verbs) && all(&rule.non_resource_urls) => Some("everything on every URL"),
        _ => None,
    }
}
