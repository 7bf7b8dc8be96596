//! Findings about a file that can be read: what is probably not meant.

use std::collections::{HashMap, HashSet};

use document::{Problem, Problems, Severity, Span};
use jiff::{SignedDuration, Timestamp};
use rbac::{
    AnyRole, RoleKind,
    names::{Misnomer, misnomers},
    resources::Resource,
};

use crate::{Accept, Access, AccessPrincipal, Code, Facts, Grant, Group, Kind, Right, Scope, compile};

/// How long before its end an entry is reported.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Returns everything that compiling and looking find. Findings that the file accepts are left out.
pub fn check(access: &Access, facts: &Facts, now: Timestamp) -> Vec<Problem> {
    findings(access, facts, now, compile(access, facts, now).1)
}

/// Returns the errors that checking and compiling find in a file that could be read. A file with errors is neither served nor
/// applied. A missing `clusterID` is not an error here, because a flag can name the cluster.
pub fn errors(access: &Access, compiled: Vec<Problem>) -> Vec<Problem> {
    let mut problems = Problems::default();
    let of_compiling = compiled.into_iter().filter(|problem| problem.severity == Severity::Error);
    let of_groups = access.groups.iter().flatten().filter_map(of_masters);
    of_compiling.chain(of_groups).for_each(|problem| problems.push(problem));
    problems.into_sorted()
}

/// Checks a file that could be read only in part. Problems that follow only from an unreadable part are left out.
pub fn check_what_was_read(access: &Access, facts: &Facts, now: Timestamp, errors: &[Problem]) -> Vec<Problem> {
    let bound_by_name = access.groups.iter().flatten().filter(|group| group.grants.is_none());
    let bound_by_name: HashSet<Span> = bound_by_name.map(|group| group.name.span).collect();
    let within = |span: Span, error: &Problem| span.start <= error.span.start && error.span.end <= span.end;
    let has_error = |span: Span| errors.iter().any(|error| error.severity == Severity::Error && within(span, error));
    let is_of_absence = |problem: &Problem| {
        let is = |code: Code| problem.code == code.code();
        let mut places = problem.related.iter().map(|(span, _)| *span).chain([problem.span]);
        [Code::Missing, Code::NobodyIn, Code::BindsNothing].into_iter().any(is)
            || (is(Code::NoRole) && bound_by_name.contains(&problem.span))
            || (is(Code::UsernameTwice) && places.any(has_error))
    };
    let mut problems = check(access, facts, now);
    problems.retain(|problem| !is_of_absence(problem));
    problems
}

/// What looking finds, together with what compiling found.
pub(crate) fn findings(access: &Access, facts: &Facts, now: Timestamp, compiled: Vec<Problem>) -> Vec<Problem> {
    let mut findings = Findings::default();
    let known = Known::of(facts);
    if access.cluster_id.is_none() {
        let problem = Code::Missing.at(Span::default(), "no file has a `clusterID`");
        findings.problems.push(problem.hint("exactly one of the files names the cluster that tokens are bound to"));
    }
    for group in access.groups.iter().flatten() {
        of_group(group, &known, facts, now, &mut findings);
    }
    let mut seen: HashMap<_, &AccessPrincipal> = HashMap::with_capacity(access.nodes.len());
    for node in &access.nodes {
        if let Some(first) = seen.insert(node.identity(), node) {
            findings.push(listed_twice(first, node, "nodes"), &[&node.accept]);
        }
        if let Some(problem) = in_iam(node, facts) {
            findings.push(problem, &[&node.accept]);
        }
        ends(node.expires.as_ref().map(|at| (at.value, at.span)), now, &[&node.accept], &mut findings);
    }
    let accepted = accepted_places(access);
    let compiled = compiled.into_iter().filter(|problem| !accepted.contains(&(problem.code, problem.span)));
    compiled.for_each(|problem| findings.problems.push(problem));
    findings.problems.into_sorted()
}

/// Kind, namespace and name.
type RoleName<'a> = (RoleKind, Option<&'a str>, &'a str);

/// The facts, made for looking up.
struct Known<'a> {
    /// `None` where no cluster was given: then no role is missing.
    roles: Option<HashMap<RoleName<'a>, &'a AnyRole>>,
    custom_resources: &'a [Resource],
}

impl<'a> Known<'a> {
    fn of(facts: &'a Facts) -> Self {
        let role = |role: &'a AnyRole| ((role.kind(), role.namespace(), role.name()), role);
        let roles = facts.roles.as_ref().map(|objects| objects.roles.iter().map(role).collect());
        Self { roles, custom_resources: &facts.custom_resources }
    }

    fn lacks(&self, kind: RoleKind, name: &str, namespace: Option<&str>) -> bool {
        self.roles.is_some() && self.role(kind, name, namespace).is_none()
    }

    fn role(&self, kind: RoleKind, name: &str, namespace: Option<&str>) -> Option<&'a AnyRole> {
        self.roles.as_ref()?.get(&(kind, namespace, name)).copied()
    }
}

#[derive(Default)]
struct Findings {
    problems: Problems,
}

impl Findings {
    /// One more, unless it is a warning that one of the lists accepts.
    fn push(&mut self, problem: Problem, accept: &[&[Accept]]) {
        let accepts = |list: &&[Accept]| list.iter().any(|accept| *accept.code.value == *problem.code);
        if problem.severity == Severity::Error || !accept.iter().any(accepts) {
            self.problems.push(problem);
        }
    }
}

/// Where compiling's warnings are accepted: at the group's name, and at each of a grant's places.
fn accepted_places(access: &Access) -> HashSet<(&'static str, Span)> {
    let mut places = HashSet::new();
    let code = |accept: &Accept| {
        let known = Code::ALL.iter().find(|code| code.code() == &*accept.code.value)?;
        (known.severity() == Severity::Warning).then_some(known.code())
    };
    for group in access.groups.iter().flatten() {
        for code in group.accept.iter().filter_map(code) {
            places.insert((code, group.name.span));
        }
        let accepting = |grant: &&Grant| !group.accept.is_empty() || !grant.accept.is_empty();
        for grant in group.grants.iter().flatten().filter(accepting) {
            let spans: Vec<Span> = match &grant.scope {
                Scope::Cluster => Vec::new(),
                Scope::Namespaces(names) => names.iter().map(|name| name.span).collect(),
                Scope::Selector(_, span) => vec![*span],
            };
            for code in group.accept.iter().chain(&grant.accept).filter_map(code) {
                places.extend(spans.iter().map(|span| (code, *span)));
            }
        }
    }
    places
}

/// That a group is `system:masters`, and nobody says that it is meant. Of all findings about groups this is the one error.
fn of_masters(group: &Group) -> Option<Problem> {
    let accepts_system = group.accept.iter().any(|accept| &*accept.code.value == Code::SystemName.code());
    let is_refused = &*group.name.value == "system:masters" && (!accepts_system || group.grants.is_some());
    let message = "`system:masters` has every permission, and removing bindings has no effect";
    let hint = "take a group of your own bound to cluster-admin, or accept access.system-name with a reason and \
                without `authorization`";
    is_refused.then(|| Code::SystemName.at(group.name.span, message).hint(hint))
}

/// That somebody is listed again, where they are already.
fn listed_twice(first: &AccessPrincipal, again: &AccessPrincipal, list: &str) -> Problem {
    let (code, message) = if first.path == again.path {
        (Code::Duplicate, format!("`{}` is listed twice in `{list}`", again.name))
    } else {
        let (a, b, bare) = (&first.path, &again.path, &again.name);
        (Code::SamePath, format!("`{a}{bare}` and `{b}{bare}` are one role: STS leaves paths out"))
    };
    code.at(again.span, message).related(first.span, "first here")
}

fn of_group(group: &Group, known: &Known<'_>, facts: &Facts, now: Timestamp, findings: &mut Findings) {
    let name = &*group.name.value;
    if let Some(problem) = of_masters(group) {
        findings.problems.push(problem);
    }
    if group.members.is_empty() && group.iam_groups.is_empty() {
        findings.push(Code::NobodyIn.at(group.name.span, format!("`{name}` has no members")), &[&group.accept]);
    }
    ends(group.expires.as_ref().map(|at| (at.value, at.span)), now, &[&group.accept], findings);
    let mut seen: HashMap<_, &AccessPrincipal> = HashMap::with_capacity(group.members.len());
    for member in group.members.iter().chain(&group.iam_groups) {
        let accept: [&[Accept]; 2] = [&member.accept, &group.accept];
        ends(member.expires.as_ref().map(|at| (at.value, at.span)), now, &accept, findings);
        if let Some(first) = seen.insert(member.identity(), member) {
            findings.push(listed_twice(first, member, name), &accept);
        }
        if let Some(problem) = in_iam(member, facts) {
            findings.push(problem, &accept);
        }
    }
    for grant in group.grants.iter().flatten() {
        of_grant(grant, group, known, findings);
    }
    if group.grants.is_none() && name != "system:masters" {
        let missing = known.lacks(RoleKind::ClusterRole, name, None);
        if missing {
            let problem = Code::NoRole.at(group.name.span, format!("the cluster has no ClusterRole `{name}`"));
            let problem = problem.hint("a group without `authorization` is bound to the ClusterRole of the same name");
            findings.push(problem, &[&group.accept]);
        }
    }
}

/// What is wrong with a principal by what IAM has under its name; `None` if it was not asked.
fn in_iam(principal: &AccessPrincipal, facts: &Facts) -> Option<Problem> {
    let AccessPrincipal { kind, account, path, name, span, .. } = principal;
    let found = facts.in_iam.get(&(*kind, principal.iam_account(), name.to_ascii_lowercase()))?;
    match (kind, found) {
        (Kind::IamGroup, None) => {
            let problem = Code::NoIamGroup.at(*span, format!("the account {account} has no IAM group `{name}`"));
            Some(problem.hint("correct the name, or remove it; a missing group is not an empty group"))
        }
        (Kind::PermissionSet, None) => {
            let message = format!("the account {account} has no role of the permission set `{name}`");
            Some(
                Code::NotInIam
                    .at(*span, message)
                    .hint("assign it to somebody in this account in IAM Identity Center, or remove it"),
            )
        }
        (Kind::User | Kind::Role, None) => {
            let arn = principal.arn()?;
            let problem = Code::NotInIam.at(*span, format!("IAM has no {arn}"));
            Some(problem.hint("remove it: whoever creates one of this name gets its access"))
        }
        (Kind::User | Kind::Role, Some(found)) => {
            // STS leaves the paths of roles out; one that is written is still meant.
            let meant = if *kind == Kind::User { format!("user{path}{name}") } else { format!("role{path}{name}") };
            let fits = found.resource.eq_ignore_ascii_case(&meant) || (*kind == Kind::Role && &**path == "/");
            let message = || format!("IAM has this name under another path than `{path}`");
            (!fits).then(|| Code::NotInIam.at(*span, message()).hint(format!("write {found}")))
        }
        (Kind::IamGroup | Kind::PermissionSet, Some(_)) => None,
    }
}

fn of_grant(grant: &Grant, group: &Group, known: &Known<'_>, findings: &mut Findings) {
    let accept: [&[Accept]; 2] = [&grant.accept, &group.accept];
    match &grant.right {
        Right::Rules { rules, spans } => {
            for (rule, span) in rules.iter().zip(spans) {
                if let Some(words) = rbac::escalation::too_broad(rule) {
                    let problem = Code::TooBroad.at(*span, format!("this rule allows {words}"));
                    findings.push(problem.hint("name the resources and verbs that are needed"), &accept);
                }
                for Misnomer { message, hint, .. } in
                    misnomers(rule, grant.scope != Scope::Cluster, known.custom_resources)
                {
                    let problem = Code::MatchesNothing.at(*span, message);
                    findings.push(hint.into_iter().fold(problem, Problem::hint), &accept);
                }
            }
            escalates(grant, rules, &accept, findings);
        }
        Right::ClusterRole(role) => {
            if known.lacks(RoleKind::ClusterRole, &role.value, None) {
                let message = format!("the cluster has no ClusterRole `{}`", role.value);
                findings.push(Code::NoRole.at(role.span, message), &accept);
            }
            match (&*role.value, known.role(RoleKind::ClusterRole, &role.value, None)) {
                ("cluster-admin", _) => {
                    let (name, scope) = (&group.name.value, &grant.scope);
                    let message = match scope {
                        Scope::Cluster => format!(
                            "members of `{name}` have every permission in the whole cluster, and can give it to others"
                        ),
                        Scope::Namespaces(_) | Scope::Selector(..) => {
                            format!(
                                "members of `{name}` have every permission in these namespaces, and can act as whatever runs there"
                            )
                        }
                    };
                    let problem = Code::AllPowerful.at(role.span, message);
                    findings.push(
                        problem.hint("take `edit`, or rules of what is needed, or accept it with a reason"),
                        &accept,
                    );
                }
                (_, Some(role)) => escalates(grant, role.rules(), &accept, findings),
                // Kubernetes, `bootstrappolicy/policy.go`: both may read secrets and start pods, wherever they are bound.
                ("edit" | "admin", None) if grant.scope == Scope::Cluster => {
                    let message = format!("`{}` in the whole cluster reads the secrets of kube-system too", role.value);
                    let problem = Code::Escalates.at(grant.span, message);
                    findings.push(problem.hint("name the namespaces, or bind cluster-admin, which says so"), &accept);
                }
                (_, None) => {}
            }
        }
        Right::Role(role) => {
            let Scope::Namespaces(names) = &grant.scope else { return };
            for namespace in names.iter().filter(|name| !name.value.contains('*')) {
                if let Some(role) = known.role(RoleKind::Role, &role.value, Some(&namespace.value)) {
                    escalates(grant, role.rules(), &accept, findings);
                }
                if known.lacks(RoleKind::Role, &role.value, Some(&namespace.value)) {
                    let message = format!("the namespace {} has no Role `{}`", namespace.value, role.value);
                    findings.push(Code::NoRole.at(role.span, message), &accept);
                }
            }
        }
    }
}

/// Says once for each privilege escalation how the grant's holder can take it.
fn escalates(grant: &Grant, rules: &[rbac::Rule], accept: &[&[Accept]], findings: &mut Findings) {
    let mut said = HashSet::new();
    let rules: Vec<&rbac::Rule> = rules.iter().collect();
    for scope in scopes(grant) {
        for escalation in rbac::escalation::escalations(&[], &rules, scope) {
            if said.insert(escalation.code) {
                let message = format!("the holder can {}: {}", escalation.title, escalation.why);
                findings.push(Code::Escalates.at(grant.span, message), accept);
            }
        }
    }
}

/// Where a grant's rules hold, for judging them: one ordinary namespace stands for all.
fn scopes(grant: &Grant) -> Vec<rbac::escalation::Scope<'_>> {
    match &grant.scope {
        Scope::Cluster => vec![rbac::escalation::Scope::Cluster],
        Scope::Namespaces(names) => names.iter().map(|name| rbac::escalation::Scope::Namespace(&name.value)).collect(),
        Scope::Selector(..) => vec![rbac::escalation::Scope::Namespace("")],
    }
}

fn ends(expires: Option<(Timestamp, Span)>, now: Timestamp, accept: &[&[Accept]], findings: &mut Findings) {
    let Some((at, span)) = expires else { return };
    if at <= now {
        findings.push(Code::Expired.at(span, format!("this expired at {at}")), accept);
    } else if at.duration_since(now) < SOON {
        findings.push(Code::ExpiresSoon.at(span, format!("this expires at {at}")), accept);
    }
}
