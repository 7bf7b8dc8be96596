//! How far each way leads: who has everything in reach, and through whom.

use std::collections::{BTreeMap, HashMap};

use rbac::{
    Index, RoleKind, RoleReference, Rule,
    escalation::{Escalation, Scope, Severity, Takes, Within},
};

use super::{
    checks::rows,
    holders::BindingSubject,
    subject_escalation::{Of, SubjectEscalation},
};

/// Who has everything in reach.
#[derive(Debug, Default)]
pub(super) struct Reachability<'a> {
    privileged: HashMap<BindingSubject<'a>, Step>,
    /// By namespace, who of its service accounts is, or all of them.
    accounts: BTreeMap<&'a str, Vec<BindingSubject<'a>>>,
    /// Roles that are enough for it where they are bound in the whole cluster.
    roles: HashMap<&'a str, bool>,
}

/// Whether a way takes some more words to explain, and its place in the table.
type Rank = (bool, usize);

/// By which escalation somebody is privileged; less is nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    hops: usize,
    /// The plainest first.
    rank: Rank,
    escalation: usize,
}

/// How bad an escalation is, once it is known where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rating<'a> {
    pub(super) severity: Severity,
    /// Through whom it leads on.
    pub(super) through: Option<BindingSubject<'a>>,
}

impl<'a> Reachability<'a> {
    /// Follows escalations to service accounts and named others until nobody new is reached.
    pub(super) fn of(index: &'a Index, escalations: &[SubjectEscalation<'a>]) -> Self {
        let ranks: HashMap<&str, Rank> = rows().enumerate().map(|(at, row)| (row.code, (is_broad(row), at))).collect();
        let mut reachability = Self { roles: roles(index, escalations), ..Self::default() };
        loop {
            let mut reached: BTreeMap<BindingSubject<'a>, Step> = BTreeMap::new();
            for (at, escalation) in escalations
                .iter()
                .enumerate()
                .filter(|(_, escalation)| !reachability.privileged.contains_key(&escalation.who))
            {
                let Some(Rating { severity: Severity::Danger, through }) = reachability.verdict(escalation) else {
                    continue;
                };
                let hops =
                    through.and_then(|through| reachability.privileged.get(&through)).map_or(0, |step| step.hops + 1);
                let step = Step { hops, rank: ranks[escalation.escalation.code], escalation: at };
                reached.entry(escalation.who).and_modify(|known| *known = step.min(*known)).or_insert(step);
            }
            if reached.is_empty() {
                return reachability;
            }
            for (who, step) in reached {
                reachability.privileged.insert(who, step);
                let of_namespace = match who {
                    BindingSubject::ServiceAccount(namespace, _) => Some(namespace),
                    BindingSubject::Group(name) => rbac::service_accounts_of(name),
                    BindingSubject::User(_) => None,
                };
                if let Some(namespace) = of_namespace {
                    reachability.accounts.entry(namespace).or_default().push(who);
                }
            }
        }
    }

    /// How bad an escalation is; `None` if it does not matter.
    pub(super) fn verdict(&self, escalation: &SubjectEscalation<'a>) -> Option<Rating<'a>> {
        let row = escalation.escalation;
        if escalation.is_short {
            let matters = escalation.of.is_none() && row.within <= escalation.scope.standing();
            return matters.then_some(Rating { severity: Severity::Info, through: None });
        }
        if let Some(of) = escalation.of {
            return self.of_named(escalation.who, of, escalation.scope);
        }
        self.of_row(row, escalation.scope, Some(escalation.who))
    }

    /// How bad a way is in a place, for whoever it is that has it.
    pub(super) fn of_row(
        &self,
        row: &Escalation,
        scope: Scope<'a>,
        who: Option<BindingSubject<'a>>,
    ) -> Option<Rating<'a>> {
        let Scope::Namespace(namespace) = scope else {
            return Some(Rating { severity: row.severity, through: None });
        };
        if row.takes != Takes::Nothing
            && let Some(through) = self.account_in(namespace, who)
        {
            return Some(Rating { severity: Severity::Danger, through: Some(through) });
        }
        let severity = match (scope.standing(), row.takes) {
            (standing, _) if standing < row.within => return None,
            // Where Kubernetes' own controllers are, whether or not their bindings are among what is looked at.
            (Within::KubeSystem, _) => row.severity,
            (Within::Privileged, _) | (Within::Anywhere, Takes::Namespace | Takes::Nothing) => {
                row.severity.min(Severity::Warning)
            }
            // Whoever works in a namespace is as privileged as its service accounts, which is no more than working there.
            (Within::Anywhere, Takes::Accounts) => return None,
        };
        Some(Rating { severity, through: None })
    }

    fn of_named(&self, who: BindingSubject<'a>, of: Of<'a>, scope: Scope<'a>) -> Option<Rating<'a>> {
        let through = match of {
            Of::Subject(through) => (through == BindingSubject::Group("system:masters")
                || self.privileged.contains_key(&through))
            .then_some(through),
            Of::AnyAccount(name) => self.accounts.values().flatten().copied().find(|account| account.name() == name),
            Of::Role(name) => {
                let is_enough = scope == Scope::Cluster && self.roles.get(name).copied().unwrap_or_default();
                return is_enough.then_some(Rating { severity: Severity::Danger, through: None });
            }
            Of::Held(_) => return Some(Rating { severity: Severity::Danger, through: None }),
        };
        let through = through.filter(|through| *through != who)?;
        Some(Rating { severity: Severity::Danger, through: Some(through) })
    }

    /// The service account of a namespace, but for one, that is nearest to everything.
    fn account_in(&self, namespace: &'a str, but: Option<BindingSubject<'a>>) -> Option<BindingSubject<'a>> {
        let in_all = [BindingSubject::Group("system:serviceaccounts")];
        let accounts = self.accounts.get(namespace).into_iter().flatten().chain(&in_all);
        let privileged =
            accounts.filter(|who| Some(**who) != but).filter_map(|who| Some((self.privileged.get(who)?, *who)));
        privileged.min_by_key(|(step, who)| (step.hops, step.rank, *who)).map(|(_, who)| who)
    }

    /// The escalation by which somebody is privileged.
    pub(super) fn by(&self, who: BindingSubject<'a>) -> Option<usize> {
        self.privileged.get(&who).map(|step| step.escalation)
    }
}

/// Whether a way is one of very many that a broad rule gives: a plainer one says more.
fn is_broad(row: &Escalation) -> bool {
    row.code != "cluster-admin" && row.needs[0][0].resources == ["*"]
}

/// Of the roles that somebody may bind by name, which are enough to become anything where they are bound everywhere.
fn roles<'a>(index: &'a Index, escalations: &[SubjectEscalation<'a>]) -> HashMap<&'a str, bool> {
    let named = escalations.iter().filter_map(|escalation| match escalation.of {
        Some(Of::Role(name)) => Some(name),
        _ => None,
    });
    let is_enough = |name: &'a str| {
        let role = index.role(RoleReference { kind: RoleKind::ClusterRole, name }, None)?;
        let rules: Vec<&Rule> = role.rules().iter().collect();
        let leads = |row: &Escalation| {
            row.severity == Severity::Danger
                && row.met(&rules, &[], Scope::Cluster).is_some()
                && row.completed(&rules, &[], Scope::Cluster).is_some()
        };
        rows().any(leads).then_some(())
    };
    named.map(|name| (name, is_enough(name).is_some())).collect()
}
