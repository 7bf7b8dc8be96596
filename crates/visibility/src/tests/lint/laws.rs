//! What holds of every cluster: nothing is found that the evaluator refuses, and no way that it allows is missed.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rbac::{Request, ResourceRequest, User, escalation::Severity};

use super::{cluster, now};
use crate::{
    World,
    lint::{BindingSubject, Finding, checks, lint},
};

const RBAC: &str = "rbac.authorization.k8s.io";

/// Rules that are part of some way, that are none, and that are all of them.
fn rule() -> impl Strategy<Value = String> {
    let verbs =
        ["get", "list", "create", "update", "patch", "delete", "impersonate", "bind", "escalate", "approve", "*"];
    let resources = [
        "pods",
        "pods/exec",
        "pods/eviction",
        "pods/status",
        "secrets",
        "secrets:mine",
        "serviceaccounts",
        "serviceaccounts/token",
        "serviceaccounts/token:bot",
        "users:ann",
        "groups:red",
        "groups:system:masters",
        "configmaps:aws-auth",
        "nodes",
        "nodes/proxy",
        "namespaces",
        "deployments.apps",
        "*.apps",
        "*",
        "*.*",
        "clusterroles.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io:cluster-admin",
        "rolebindings.rbac.authorization.k8s.io",
        "certificatesigningrequests.certificates.k8s.io",
        "certificatesigningrequests/approval.certificates.k8s.io",
        "signers.certificates.k8s.io:kubernetes.io/*",
        "userextras/scopes.authentication.k8s.io",
    ];
    (prop::sample::subsequence(verbs.to_vec(), 1..4), prop::sample::select(resources.to_vec()))
        .prop_map(|(verbs, resource)| format!("{} {resource}", verbs.join(",")))
}

fn subject() -> impl Strategy<Value = &'static str> {
    let subjects = [
        "User:ann",
        "User:ben",
        "Group:red",
        "Group:blue",
        "Group:system:authenticated",
        "Group:system:serviceaccounts",
        "Group:system:serviceaccounts:dev",
        "SA:dev/bot",
        "SA:kube-system/bot",
        "User:system:serviceaccount:ops:bot",
        "User:system:anonymous",
    ];
    prop::sample::select(subjects.to_vec())
}

/// Roles, and bindings of them everywhere and in namespaces.
fn lines() -> impl Strategy<Value = String> {
    let role = prop::collection::vec(rule(), 1..4);
    let place = prop::sample::select(vec!["", "dev/", "ops/", "kube-system/", "kube-public/"]);
    let binding = (place, 0..6_usize, prop::collection::vec(subject(), 1..3));
    (prop::collection::vec(role, 6), prop::collection::vec(binding, 1..8)).prop_map(|(roles, bindings)| {
        let roles = roles.iter().enumerate().map(|(at, rules)| format!("role r{at} = {}\n", rules.join("; ")));
        let bindings = bindings.iter().enumerate().map(|(at, (place, role, subjects))| {
            // One of Kubernetes' own roles now and then.
            let role = if at == 5 { "edit".to_owned() } else { format!("r{role}") };
            format!("bind {place}b{at} {role} {}\n", subjects.join(" "))
        });
        roles.chain(bindings).collect()
    })
}

/// Somebody who is it, and no more than it. Whoever is in the group of one namespace's service accounts is in that of all.
fn user(who: BindingSubject<'_>) -> User {
    match who {
        BindingSubject::User("system:anonymous") => User::anonymous(),
        BindingSubject::User(name) => User::authenticated(name, [""; 0]),
        BindingSubject::Group(name) if name.starts_with("system:serviceaccounts:") => {
            User::authenticated("somebody", [name, "system:serviceaccounts"])
        }
        BindingSubject::Group(name) => User::authenticated("somebody", [name]),
        BindingSubject::ServiceAccount(namespace, name) => User::service_account(namespace, name),
    }
}

/// What a finding says that somebody may ask for.
fn requests<'a>(finding: &'a Finding<'a>) -> impl Iterator<Item = ResourceRequest<'a>> {
    finding.paths.iter().filter_map(|path| path.allows.map(|(_, request)| request))
}

/// Whether everybody who is found may do what the finding says.
fn found_may(lines: &str) -> Result<(), TestCaseError> {
    let world = cluster(lines);
    for finding in &lint(&world, &[], now()).findings {
        let Some(who) = finding.who else { continue };
        for request in requests(finding) {
            let allowed = world.index().authorize(&user(who), &Request::Resource(request)).is_some();
            prop_assert!(allowed, "{}: {request:?}\n{lines}", finding.message);
        }
        for path in &finding.paths {
            if let Some((rule, request)) = path.allows {
                prop_assert!(rule.allows(&Request::Resource(request)), "{}: {request:?}", finding.message);
            }
        }
    }
    Ok(())
}

#[test]
fn half_of_a_way_may_come_from_the_group_of_all_service_accounts() -> Result<(), TestCaseError> {
    found_may(
        "role r0 = create certificatesigningrequests.certificates.k8s.io; approve signers.certificates.k8s.io
\
         role r1 = update certificatesigningrequests/approval.certificates.k8s.io
\
         bind a r0 Group:system:serviceaccounts:dev
bind b r1 Group:system:serviceaccounts
",
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn whoever_is_found_may_do_what_is_found(lines in lines()) {
        found_may(&lines)?;
    }

    /// Of every way that needs one right: whoever is bound and has it everywhere, or where it matters, is found.
    #[test]
    fn whoever_may_is_found(lines in lines()) {
        let world = cluster(&lines);
        let report = lint(&world, &[], now());
        let bound = subjects(&world);
        for row in checks().filter_map(|check| check.escalation).filter(|row| row.needs.len() == 1) {
            for need in row.needs[0].iter().filter(|need| need.resources.iter().all(|one| !one.contains('*'))) {
                for namespace in ["", "kube-system"] {
                    for (verb, resource) in pairs(need.verbs, need.resources) {
                        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                        let (api_group, name) = (need.api_group, need.name);
                        let request = ResourceRequest { verb, api_group, resource, subresource, name, namespace };
                        for who in &bound {
                            if may(&world, *who, request) {
                                prop_assert!(
                                    is_said(&report.findings, *who, row.code),
                                    "{who} may {request:?} and nothing says so of {}\n{lines}", row.code
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_order_of_objects_does_not_matter(lines in lines()) {
        let mut reversed: Vec<&str> = lines.lines().collect();
        reversed.reverse();
        let said = |lines: &str| {
            let world = cluster(lines);
            lint(&world, &[], now()).findings.iter().map(|finding| (finding.severity, finding.check.code.code, finding.message.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(said(&lines), said(&reversed.join("\n")));
    }
}

fn pairs<'a>(verbs: &'a [&'a str], resources: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    verbs.iter().flat_map(move |verb| resources.iter().map(move |resource| (*verb, *resource)))
}

/// Everybody whom a binding names.
fn subjects(world: &World) -> BTreeSet<BindingSubject<'_>> {
    let of = |binding| -> Vec<BindingSubject<'_>> {
        let binding: &rbac::Binding = binding;
        binding.subjects().iter().filter_map(|subject| BindingSubject::of(subject, binding)).collect()
    };
    world.index().bindings().iter().flat_map(of).collect()
}

/// Whether somebody may by bindings of their own: what everybody has is found of everybody. Objects of the cluster are asked
/// for without a namespace.
fn may(world: &World, who: BindingSubject<'_>, request: ResourceRequest<'_>) -> bool {
    let own = match who {
        BindingSubject::Group(name) => User { name: String::new(), groups: vec![name.to_owned()] },
        who => User { groups: Vec::new(), ..user(who) },
    };
    let is_of_cluster = request.verb != "bind"
        && ["users", "groups", "clusterroles", "clusterrolebindings", "nodes", "persistentvolumes"]
            .contains(&request.resource);
    let is_of_cluster = is_of_cluster
        || request.api_group == "admissionregistration.k8s.io"
        || ["storage.k8s.io", "certificates.k8s.io", "apiextensions.k8s.io", "iamauthenticator.k8s.aws"]
            .contains(&request.api_group)
        || (request.api_group == "authentication.k8s.io" && request.resource != "serviceaccounts")
        || request.resource.ends_with("classes");
    if is_of_cluster && !request.namespace.is_empty() {
        return false;
    }
    world.index().authorize(&own, &Request::Resource(request)).is_some()
}

/// Whether something is found of somebody: as itself, behind another way, or because something broader is said.
fn is_said(findings: &[Finding<'_>], who: BindingSubject<'_>, code: &str) -> bool {
    const BROADER: [&str; 6] =
        ["cluster-admin", "read-everything", "write-everything", "delete-everything", "steal-pods", "escalate"];
    findings.iter().any(|finding| {
        let is_broader = BROADER.contains(&finding.check.code.code)
            || (code == "role-objects" && finding.check.code.code == "bind")
            || finding.others.contains(&code);
        finding.who == Some(who) && (finding.check.code.code == code || is_broader)
    }) || findings.iter().any(|finding| {
        finding.who == Some(who) && finding.severity == Severity::Danger && finding.check.code.code == code
    })
}

#[test]
fn requests_are_of_the_group_that_rules_name() {
    let world = cluster(&format!("role r = create rolebindings.{RBAC}\nbind b r Group:red"));
    let report = lint(&world, &[], now());
    let requests: Vec<ResourceRequest<'_>> = report.findings.iter().flat_map(requests).collect();
    assert_eq!(requests.iter().map(|request| request.api_group).collect::<Vec<_>>(), [RBAC]);
}
