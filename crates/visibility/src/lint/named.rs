//! Rules for objects of certain names: as bad as what they name.

use rbac::{
    AnyRole, Request, ResourceRequest, Rule,
    escalation::{Escalation, Scope},
};

use super::{
    checks::row,
    holders::{BindingSubject, BoundRole},
    subject_escalation::{By, Of, SubjectEscalation},
};

const RBAC: &str = "rbac.authorization.k8s.io";

/// What of the table can be granted by name: code, verb, group, resource, subresource.
const NAMED: [(&str, &str, &str, &str, &str); 6] = [
    ("impersonate", "impersonate", "", "users", ""),
    ("impersonate", "impersonate", "", "groups", ""),
    ("impersonate", "impersonate", "", "serviceaccounts", ""),
    ("serviceaccount-token", "create", "", "serviceaccounts", "token"),
    ("bind", "bind", RBAC, "clusterroles", ""),
    ("escalate", "escalate", RBAC, "clusterroles", ""),
];

/// Whether a rule names objects that it may matter for.
pub(super) fn matters(rule: &Rule) -> bool {
    !rule.resource_names.is_empty() && of_rule(rule, Scope::Cluster).next().is_some()
}

/// Every way by names that roles give in a place.
pub(super) fn of_place<'a>(
    who: BindingSubject<'a>,
    bound: &[BoundRole<'a>],
    scope: Scope<'a>,
    escalations: &mut Vec<SubjectEscalation<'a>>,
) {
    let rules: Vec<&Rule> = bound.iter().flat_map(|bound| bound.role.rules().iter()).collect();
    let cluster_roles = || bound.iter().map(|bound| bound.role).filter_map(AnyRole::as_cluster_role);
    for BoundRole { binding, role } in bound {
        for rule in role.rules().iter().filter(|rule| !rule.resource_names.is_empty()) {
            for (escalation, request) in of_rule(rule, scope) {
                let of = match request.resource {
                    // A service account is asked for as such (Kubernetes, `filters/impersonation`).
                    "users" => match BindingSubject::user(request.name) {
                        user @ BindingSubject::User(_) => Of::Subject(user),
                        BindingSubject::Group(_) | BindingSubject::ServiceAccount(..) => continue,
                    },
                    "groups" => Of::Subject(BindingSubject::Group(request.name)),
                    "serviceaccounts" => match scope {
                        Scope::Namespace(namespace) => {
                            Of::Subject(BindingSubject::ServiceAccount(namespace, request.name))
                        }
                        Scope::Cluster => Of::AnyAccount(request.name),
                    },
                    _ if request.verb == "bind" => Of::Role(request.name),
                    _ => match cluster_roles().find(|held| *held.name == *request.name) {
                        Some(held) => Of::Held(held),
                        None => continue,
                    },
                };
                let is_short = match of {
                    Of::Held(_) => !["update", "patch"].into_iter().any(|verb| {
                        let write = Request::Resource(ResourceRequest { verb, ..request });
                        rules.iter().any(|rule| rule.allows(&write))
                    }),
                    // Whoever acts as somebody needs nothing else; binding takes a binding.
                    _ => escalation.completed(&rules, &rules, scope).is_none(),
                };
                let by = vec![By { binding, role, rule, request }];
                escalations.push(SubjectEscalation { who, escalation, scope, by, is_short, of: Some(of) });
            }
        }
    }
}

/// What of the table a rule gives by name in a place. What is asked about objects of the cluster names no namespace, but for
/// `bind`, which is asked for where the binding is.
fn of_rule<'a>(rule: &'a Rule, scope: Scope<'a>) -> impl Iterator<Item = (&'static Escalation, ResourceRequest<'a>)> {
    let namespace = if let Scope::Namespace(namespace) = scope { namespace } else { "" };
    let in_namespace = move |verb: &str, resource: &str| verb == "bind" || resource == "serviceaccounts";
    NAMED
        .iter()
        .filter(move |(_, verb, _, resource, _)| namespace.is_empty() || in_namespace(verb, resource))
        .flat_map(move |(code, verb, api_group, resource, subresource)| {
            rule.resource_names.iter().map(move |name| {
                let request = ResourceRequest { verb, api_group, resource, subresource, name, namespace };
                (row(code), request)
            })
        })
        .filter(|(_, request)| rule.allows(&Request::Resource(*request)))
}
