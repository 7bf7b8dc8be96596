//! Which escalations each subject has, where, and by which rules.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use rbac::{
    AnyRole, Rule, User,
    escalation::{Escalation, Met, Need, Scope},
};

use super::{
    checks::rows,
    holders::{BindingSubject, BoundRole, BoundSubject},
    named,
    subject_escalation::{By, SubjectEscalation},
};

/// Everything that everybody has, in the order of subjects, places and the table. What everybody has who logs in is theirs
/// who log in, and not once more everybody's.
pub(super) fn escalations<'a>(holders: &BTreeMap<BindingSubject<'a>, BoundSubject<'a>>) -> Vec<SubjectEscalation<'a>> {
    let mut known = Known::default();
    let mut escalations = Vec::new();
    for (who, holder) in holders {
        let groups = User::of(&who.subject()).groups;
        let beside: Vec<&BoundSubject<'a>> = groups
            .iter()
            .filter(|group| *who != BindingSubject::Group(group))
            .filter_map(|group| holders.get(&BindingSubject::Group(group)))
            .collect();
        of_holder(*who, holder, &beside, &mut known, &mut escalations);
    }
    escalations
}

/// A role by where it stands in memory: two of one content are two.
type Id = *const AnyRole;

/// Those of the whole cluster, and those of a place.
type Roles = (Vec<Id>, Vec<Id>);

/// What is the same for many holders.
#[derive(Default)]
struct Known<'a> {
    matters: HashMap<Id, bool>,
    ways: HashMap<Roles, Rc<[Way<'a>]>>,
}

/// What a set of roles gives.
struct Way<'a> {
    row: &'static Escalation,
    met: Vec<Met<'a>>,
    is_short: bool,
}

fn of_holder<'a>(
    who: BindingSubject<'a>,
    holder: &BoundSubject<'a>,
    beside: &[&BoundSubject<'a>],
    known: &mut Known<'a>,
    escalations: &mut Vec<SubjectEscalation<'a>>,
) {
    let own = known.that_matter(&holder.everywhere);
    let of_others = beside.iter().flat_map(|other| &other.everywhere).copied().collect::<Vec<_>>();
    let of_others = known.that_matter(&of_others);
    let start = escalations.len();
    let with_others = [&own[..], &of_others].concat();
    for (everywhere, is_shared) in [(&own, false), (&with_others, true)] {
        if is_shared && (own.is_empty() || of_others.is_empty()) {
            continue;
        }
        let (granted, known_ways) = (granted(everywhere, &[]), known.ways(everywhere, &[]));
        for way in known_ways.iter() {
            let by = by(way, &granted, None);
            if !is_shared || (by.iter().any(|by| is_of(by, &own)) && is_new(&escalations[start..], way)) {
                let is_short = way.is_short;
                escalations.push(SubjectEscalation {
                    who,
                    escalation: way.row,
                    scope: Scope::Cluster,
                    by,
                    is_short,
                    of: None,
                });
            }
        }
    }
    let end = escalations.len();
    named::of_place(who, &own, Scope::Cluster, escalations);
    let is_admin = escalations[start..end].iter().any(|escalation| escalation.escalation.code == "cluster-admin");
    for (namespace, bound) in &holder.in_namespaces {
        let own_here = known.that_matter(bound);
        if own_here.is_empty() || is_admin {
            continue;
        }
        let others = beside.iter().filter_map(|other| other.in_namespaces.get(namespace)).flatten().copied();
        let others = known.that_matter(&others.collect::<Vec<_>>());
        let here_with_others = [&own_here[..], &others].concat();
        let scope = Scope::Namespace(namespace);
        let start_here = escalations.len();
        for (everywhere, here, is_shared) in [(&own, &own_here, false), (&with_others, &here_with_others, true)] {
            if is_shared && of_others.is_empty() && others.is_empty() {
                continue;
            }
            let (granted, known_ways) = (granted(everywhere, here), known.ways(everywhere, here));
            for way in known_ways.iter() {
                let by = by(way, &granted, Some(namespace));
                let is_own = by.iter().any(|by| is_of(by, &own_here) || is_of(by, &own));
                let is_here = by.iter().any(|by| by.binding.namespace().is_some());
                let is_new = is_new(&escalations[start..end], way) && is_new(&escalations[start_here..], way);
                if is_own && is_here && is_new {
                    escalations.push(SubjectEscalation {
                        who,
                        escalation: way.row,
                        scope,
                        by,
                        is_short: way.is_short,
                        of: None,
                    });
                }
            }
        }
        named::of_place(who, &own_here, scope, escalations);
    }
    without_halves(escalations, start);
}

/// Of a way that they have completely with the rights of others, nothing is said of what they lack alone.
fn without_halves(escalations: &mut Vec<SubjectEscalation<'_>>, start: usize) {
    let theirs = escalations.split_off(start);
    let is_half = |escalation: &SubjectEscalation<'_>| {
        let is_whole = |other: &SubjectEscalation<'_>| {
            (other.escalation.code, other.scope) == (escalation.escalation.code, escalation.scope)
                && !other.is_short
                && other.of.is_none()
        };
        escalation.is_short && escalation.of.is_none() && theirs.iter().any(is_whole)
    };
    escalations.extend(theirs.iter().filter(|escalation| !is_half(escalation)).cloned());
}

/// Whether a way is not among escalations, or only as one that they are short of.
fn is_new(escalations: &[SubjectEscalation<'_>], way: &Way<'_>) -> bool {
    let is_same = |escalation: &SubjectEscalation<'_>| {
        escalation.escalation.code == way.row.code && (way.is_short || !escalation.is_short)
    };
    !escalations.iter().any(is_same)
}

fn is_of<'a>(by: &By<'a>, bound: &[BoundRole<'a>]) -> bool {
    bound.iter().any(|bound| std::ptr::eq(bound.binding, by.binding))
}

/// Every rule with the role and binding that it comes from, in the order in which ways count rules.
fn granted<'a>(everywhere: &[BoundRole<'a>], here: &[BoundRole<'a>]) -> Vec<(BoundRole<'a>, &'a Rule)> {
    let rules = |bound: &BoundRole<'a>| {
        let bound = *bound;
        bound.role.rules().iter().map(move |rule| (bound, rule))
    };
    everywhere.iter().chain(here).flat_map(rules).collect()
}

/// What allows each request of a way, in a namespace or everywhere.
fn by<'a>(way: &Way<'a>, granted: &[(BoundRole<'a>, &'a Rule)], namespace: Option<&'a str>) -> Vec<By<'a>> {
    let of = |met: &Met<'a>| {
        let (BoundRole { binding, role }, rule) = granted[met.rule];
        let mut request = met.request;
        if let Some(namespace) = namespace.filter(|_| !request.namespace.is_empty()) {
            request.namespace = namespace;
        }
        By { binding, role, rule, request }
    };
    way.met.iter().map(of).collect()
}

impl<'a> Known<'a> {
    /// Those of the roles that are part of some way, each once.
    fn that_matter(&mut self, bound: &[BoundRole<'a>]) -> Vec<BoundRole<'a>> {
        let mut kept: Vec<BoundRole<'a>> = Vec::new();
        for one in bound {
            let id: Id = one.role;
            let matters = *self.matters.entry(id).or_insert_with(|| matters(one.role));
            if matters && !kept.iter().any(|kept| std::ptr::eq(kept.role, one.role)) {
                kept.push(*one);
            }
        }
        kept
    }

    /// What roles give together, everywhere or (where there are any of a place) in a place.
    fn ways(&mut self, everywhere: &[BoundRole<'a>], here: &[BoundRole<'a>]) -> Rc<[Way<'a>]> {
        let ids = |bound: &[BoundRole<'a>]| bound.iter().map(|bound| -> Id { bound.role }).collect::<Vec<_>>();
        let key = (ids(everywhere), ids(here));
        if let Some(known) = self.ways.get(&key) {
            return Rc::clone(known);
        }
        let rules =
            |bound: &[BoundRole<'a>]| bound.iter().flat_map(|bound| bound.role.rules().iter()).collect::<Vec<_>>();
        let (of_cluster, of_place) = (rules(everywhere), rules(here));
        // Any namespace stands for all: `by` puts the real one in, and reachability knows which ways matter there.
        let scope = if here.is_empty() { Scope::Cluster } else { Scope::Namespace("kube-system") };
        let way = |row: &'static Escalation| {
            let met = row.met(&of_cluster, &of_place, scope)?;
            let is_short = row.completed(&of_cluster, &of_place, scope).is_none();
            Some(Way { row, met, is_short })
        };
        let mut ways: Vec<Way<'a>> = rows().filter_map(way).collect();
        without_what_follows(&mut ways);
        let ways: Rc<[Way<'a>]> = ways.into();
        self.ways.insert(key, Rc::clone(&ways));
        ways
    }
}

/// What goes without saying where the first is said.
const FOLLOWING: [(&str, &str); 3] = [("steal-pods", "nodes"), ("escalate", "role-objects"), ("bind", "role-objects")];

/// Whoever may do everything needs no list, and what one rule for every resource gives follows from it.
fn without_what_follows(ways: &mut Vec<Way<'_>>) {
    if ways.iter().any(|way| way.row.code == "cluster-admin") {
        ways.retain(|way| way.row.code == "cluster-admin");
    }
    let is_broad = |way: &Way<'_>| way.row.needs[0][0].resources == ["*"];
    let broad: Vec<usize> =
        ways.iter().filter(|way| is_broad(way)).flat_map(|way| &way.met).map(|met| met.rule).collect();
    ways.retain(|way| is_broad(way) || !way.met.iter().all(|met| broad.contains(&met.rule)));
    for (code, follows) in FOLLOWING {
        if ways.iter().any(|way| way.row.code == code && !way.is_short) {
            ways.retain(|way| way.row.code != follows);
        }
    }
}

/// Whether a role has a part in any way.
fn matters(role: &AnyRole) -> bool {
    let needs = || rows().flat_map(|row| row.needs.iter().chain(row.also)).copied().flatten();
    let meets = |rule: &&Rule| needs().any(|need: &Need| need.met(&[*rule], &[], Scope::Cluster).is_some());
    role.rules().iter().any(|rule| meets(&rule) || named::matters(rule))
}
