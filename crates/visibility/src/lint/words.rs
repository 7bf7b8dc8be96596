//! Findings in words.

use rbac::escalation::{Escalation, Need, Scope, Takes, Within};

use super::{
    holders::BindingSubject,
    judged::Judged,
    reachability::{Rating, Reachability},
    subject_escalation::{Of, SubjectEscalation},
};

/// How far a path is followed in words: whoever wants more looks at the accounts themselves.
const MAX_STEPS: usize = 3;
const MASTERS: &str = "system:masters";
const GRANTED_EVERYTHING: &str = ", to whom the API server grants everything";
/// How many names of a list are said.
const MAX_NAMES: usize = 3;

/// What somebody can do in some namespaces or everywhere, and where it leads: the first of the escalations is followed.
pub(super) fn of_powers<'a>(
    escalations: &[SubjectEscalation<'a>],
    reachability: &Reachability<'a>,
    alike: &[Judged<'_, 'a>],
) -> String {
    let Judged { escalation, verdict, .. } = alike[0];
    let namespaces: Vec<&str> = alike.iter().filter_map(|judged| namespace(judged.escalation.scope)).collect();
    let place = match namespaces[..] {
        [] => everywhere(escalation).to_owned(),
        // It matters in this one only, and says so.
        ["kube-system"] if escalation.escalation.within == Within::KubeSystem => String::new(),
        _ => format!(" in {}", list(&namespaces)),
    };
    let from = match namespaces[..] {
        [first, _, ..] if verdict.through.is_some() => format!(" (in {first})"),
        _ => String::new(),
    };
    let does = does(escalation);
    let lead = lead(escalations, reachability, escalation, verdict, MAX_STEPS);
    format!("{} {does}{place}{}", escalation.who, if lead.is_empty() { lead } else { format!("{lead}{from}") })
}

/// Whether it is about the one group that needs no bindings.
fn is_of_masters(escalation: &SubjectEscalation<'_>) -> bool {
    escalation.by.first().is_some_and(|by| by.request.name == MASTERS)
}

/// One namespace for all that are alike.
pub(super) fn namespace(scope: Scope<'_>) -> Option<&str> {
    match scope {
        Scope::Cluster => None,
        Scope::Namespace(name) => Some(name),
    }
}

/// `a, b and c`; of many the first ones and how many there are.
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        [rest @ .., last] if names.len() <= MAX_NAMES => format!("{} and {last}", rest.join(", ")),
        _ => format!("{} namespaces ({}, …)", names.len(), names[..MAX_NAMES].join(", ")),
    }
}

/// `can read secrets`, or `has every permission`.
fn does(escalation: &SubjectEscalation<'_>) -> String {
    let what = match escalation.of {
        Some(Of::Subject(who)) => match escalation.escalation.code {
            "serviceaccount-token" => format!("create tokens for {who}"),
            _ => format!("act as {who}"),
        },
        Some(Of::AnyAccount(name)) => match escalation.escalation.code {
            "serviceaccount-token" => format!("create tokens for every service account `{name}`"),
            _ => format!("act as every service account `{name}`"),
        },
        Some(Of::Role(name)) => format!("grant ClusterRole {name} without holding it"),
        Some(Of::Held(role)) => format!("write rights of others into ClusterRole {}", role.name),
        None if is_of_masters(escalation) => format!("act as a member of {MASTERS}"),
        None => return of_row(escalation.escalation, escalation.scope),
    };
    format!("can {what}")
}

fn of_row(row: &Escalation, scope: Scope<'_>) -> String {
    match (row.code, scope) {
        ("cluster-admin", Scope::Cluster) => "has every permission".to_owned(),
        _ => format!("can {}", row.title),
    }
}

fn everywhere(escalation: &SubjectEscalation<'_>) -> &'static str {
    let is_of_namespaces = escalation.escalation.takes == Takes::Accounts
        && escalation.of.is_none()
        && escalation.escalation.code != "impersonate";
    if is_of_namespaces { " in every namespace" } else { "" }
}

/// Where an escalation leads, from its comma on.
fn lead<'a>(
    escalations: &[SubjectEscalation<'a>],
    reachability: &Reachability<'a>,
    escalation: &SubjectEscalation<'a>,
    verdict: Rating<'a>,
    steps: usize,
) -> String {
    if escalation.is_short {
        return format!(", and would need to {} to make use of it", needs(escalation.escalation.also));
    }
    if let Some(through) = verdict.through {
        let is_named = matches!(escalation.of, Some(Of::Subject(_)));
        let act = if is_named { String::new() } else { format!(", and so act as {through}") };
        return format!("{act}{}", on(escalations, reachability, through, steps));
    }
    match escalation.of {
        Some(Of::Role(_)) => ", and so bind it to themselves".to_owned(),
        Some(Of::Held(_)) => ", which they hold".to_owned(),
        None if is_of_masters(escalation) => GRANTED_EVERYTHING.to_owned(),
        Some(Of::Subject(_) | Of::AnyAccount(_)) | None => end(escalation.escalation, escalation.scope),
    }
}

/// What somebody on the way can do, and where that leads.
fn on<'a>(
    escalations: &[SubjectEscalation<'a>],
    reachability: &Reachability<'a>,
    through: BindingSubject<'a>,
    steps: usize,
) -> String {
    if steps == 0 {
        return ", and so on".to_owned();
    }
    let next = reachability.by(through).map(|at| &escalations[at]);
    let Some(next) = next else { return GRANTED_EVERYTHING.to_owned() };
    let place = namespace(next.scope).map_or_else(|| everywhere(next).to_owned(), |name| format!(" in {name}"));
    let on = reachability
        .verdict(next)
        .map(|verdict| lead(escalations, reachability, next, verdict, steps - 1))
        .unwrap_or_default();
    format!(", which {}{place}{on}", does(next))
}

/// Where a way leads by itself.
fn end(row: &Escalation, scope: Scope<'_>) -> String {
    match (scope, row.takes) {
        (Scope::Namespace("kube-system"), Takes::Namespace) => {
            ", and so act as the service accounts of Kubernetes' own controllers there".to_owned()
        }
        (Scope::Namespace(_), Takes::Namespace) if row.code == "cluster-admin" => String::new(),
        (Scope::Namespace(_), Takes::Namespace) => ", and so have every permission there".to_owned(),
        (Scope::Namespace("kube-system"), Takes::Accounts) if row.code == "impersonate" => {
            ", and so act as the service accounts of Kubernetes' own controllers there".to_owned()
        }
        (Scope::Namespace(name), Takes::Accounts) if name != "kube-system" => {
            ", and so run there as any service account, with the node's files in reach".to_owned()
        }
        _ => format!(", {}", row.path),
    }
}

/// What a principal can do by an EKS access policy.
#[expect(clippy::too_many_arguments, reason = "one sentence, and each of them is a part of it")]
pub(super) fn of_policy<'a>(
    principal: &str,
    by: &str,
    row: &Escalation,
    scope: Scope<'a>,
    namespaces: &[&str],
    verdict: Rating<'a>,
    escalations: &[SubjectEscalation<'a>],
    reachability: &Reachability<'a>,
) -> String {
    let place = if namespaces.is_empty() { String::new() } else { format!(" in {}", list(namespaces)) };
    let lead = match verdict.through {
        Some(through) => format!(", and so act as {through}{}", on(escalations, reachability, through, MAX_STEPS)),
        None => end(row, scope),
    };
    format!("{principal} {}{place} by {by}{lead}", of_row(row, scope))
}

/// `create, update or patch rolebindings or clusterrolebindings`.
fn needs(needs: &[&[Need]]) -> String {
    let or = |words: &[&str]| match words {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    };
    let need = |need: &Need| format!("{} {}", or(need.verbs), or(need.resources));
    let of = |alternatives: &&[Need]| alternatives.iter().map(need).collect::<Vec<_>>().join(", or ");
    needs.iter().map(of).collect::<Vec<_>>().join(", and ")
}

/// What somebody has by a way that is about service accounts.
pub(super) fn by_way(who: BindingSubject<'_>, row: &Escalation, namespaces: &[&str]) -> String {
    format!("{who} can {} in {}", row.title, list(namespaces))
}
