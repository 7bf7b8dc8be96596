//! The words of a cell, each defined by questions to the evaluator and by nothing else: what a role is called says nothing.

use std::collections::{BTreeSet, HashMap, HashSet};

use rbac::{
    Request, ResourceRequest, Rule,
    escalation::{self, Escalation, Need, Scope, Severity, Within},
};

use super::{Cell, Level, Levels, Right};
use crate::{Resources, default_permissions::are_default_permissions};

type Resource = (&'static str, &'static str);

/// What most people's work is about.
const MAIN: [Resource; 9] = [
    ("", "pods"),
    ("", "services"),
    ("", "configmaps"),
    ("", "persistentvolumeclaims"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
];
const GRANTING: [Resource; 2] = [("rbac.authorization.k8s.io", "roles"), ("rbac.authorization.k8s.io", "rolebindings")];
const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 4] = ["create", "update", "patch", "delete"];

/// What is said wherever it is held, because everybody asks for it.
const ALWAYS_SAID: [&str; 2] = ["secrets", "exec"];
/// What gives the service accounts of a place, which whoever may start pods there has already.
const OF_ACCOUNTS: [&str; 9] = [
    "ephemeral-containers",
    "impersonate",
    "jobs",
    "pods",
    "pods-update",
    "replicationcontrollers",
    "secrets-write",
    "serviceaccount-token",
    "workloads",
];

impl Level {
    /// Every level, from the lowest.
    pub const EACH: [Self; 4] = [Self::View, Self::Edit, Self::Admin, Self::All];

    /// Returns the word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Edit => "edit",
            Self::Admin => "admin",
            Self::All => "all",
        }
    }

    /// Returns the meaning of the level.
    pub fn meaning(self) -> String {
        let names = |resources: &[Resource]| {
            let names: Vec<String> = resources.iter().map(|(group, resource)| name(group, resource)).collect();
            names.join(", ")
        };
        match self {
            Self::View => format!("{} {}", READ.join(", "), names(&MAIN)),
            Self::Edit => {
                format!("view, and {} them (and so start pods under the service accounts there)", WRITE.join(", "))
            }
            Self::Admin => format!("edit, and {} {}", WRITE.join(", "), names(&GRANTING)),
            Self::All => "every verb on every resource".to_owned(),
        }
    }

    /// What it asks beyond the level before.
    fn asks(self) -> Vec<ResourceRequest<'static>> {
        let product = |verbs: &[&'static str], resources: &[Resource]| {
            let of = |(api_group, resource): &Resource| {
                let request = ResourceRequest { api_group, resource, ..ResourceRequest::default() };
                verbs.iter().map(|verb| ResourceRequest { verb, ..request }).collect::<Vec<_>>()
            };
            resources.iter().flat_map(of).collect()
        };
        match self {
            Self::View => product(&READ, &MAIN),
            Self::Edit => product(&WRITE, &MAIN),
            Self::Admin => product(&WRITE, &GRANTING),
            Self::All => product(&["*"], &[("*", "*")]),
        }
    }

    /// Returns the questions all of which somebody with this level may ask with success, in whatever namespace.
    pub fn questions(self) -> Vec<ResourceRequest<'static>> {
        let up_to = Self::EACH.into_iter().filter(|level| *level <= self);
        up_to.flat_map(Self::asks).collect()
    }
}

/// Makes cells of what is held.
pub(super) struct LevelForm<'a> {
    /// What every authenticated user may do: no cell says it again.
    everybody: HashSet<&'a Rule>,
    /// The questions of each level, as bits of [`Answers::questions`].
    levels: [u128; 4],
    questions: Vec<ResourceRequest<'static>>,
    /// Which of the needs of the table each escalation has, as bits.
    escalations: Vec<(&'static Escalation, Vec<u128>)>,
    needs: Vec<&'static Need>,
    /// What a level means for the escalations: those that it implies, from its own questions.
    implied: [HashSet<&'static str>; 4],
    /// Which groups have a resource, and whether its objects are in namespaces.
    known: HashMap<&'a str, Vec<(&'a str, bool)>>,
    things: Vec<Thing>,
    numbers_of_things: HashMap<Box<str>, u32>,
    answers: Vec<Answers>,
}

/// Where rules are held together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Spot {
    /// In the whole cluster.
    Cluster,
    /// In a namespace of such standing.
    Namespace(Within),
}

/// What one role's rules say to every question.
#[derive(Default)]
struct Answers {
    questions: u128,
    /// Needs that are met where the rules hold everywhere, and where they hold in a namespace.
    of_cluster: u128,
    of_place: u128,
    /// What may be read and written, by number: what not every cluster lets everybody do, and what not everybody may here.
    own: Things,
    beyond: Things,
    /// Whether there is something that every cluster lets everybody do.
    baseline: bool,
    missing: Option<Box<str>>,
    unknown: Option<Box<str>>,
}

#[derive(Default)]
struct Things {
    writes: Vec<u32>,
    reads: Vec<u32>,
    /// Whether there are other verbs.
    others: bool,
    /// Whether there are URLs, which are in no namespace.
    urls: bool,
}

impl Answers {
    /// What is said of it: what everybody may do, of everybody alone.
    fn things(&self, of_everybody: bool) -> &Things {
        if of_everybody { &self.own } else { &self.beyond }
    }
}

struct Thing {
    name: Box<str>,
    /// Whether requests for it name a namespace.
    namespaced: bool,
}

impl<'a> LevelForm<'a> {
    /// `everybody` are the rules of whoever logs in.
    pub(super) fn new(everybody: HashSet<&'a Rule>, resources: &'a Resources) -> Self {
        let mut questions = Vec::new();
        let levels = Level::EACH.map(|level| {
            let from = questions.len();
            questions.extend(level.asks());
            bits(from..questions.len())
        });
        let mut needs: Vec<&'static Need> = Vec::new();
        let mut escalations = Vec::new();
        for escalation in escalation::ALL.iter().filter(|escalation| escalation.severity > Severity::Info) {
            let alternatives = escalation.needs.iter().map(|alternatives| {
                let from = needs.len();
                needs.extend(alternatives.iter());
                bits(from..needs.len())
            });
            escalations.push((escalation, alternatives.collect()));
        }
        let implied = Level::EACH.map(|level| {
            let rules: Vec<Rule> = level.questions().into_iter().map(rule_of).collect();
            let rules: Vec<&Rule> = rules.iter().collect();
            escalation::escalations(&rules, &[], Scope::Cluster).into_iter().map(|one| one.code).collect()
        });
        let mut known: HashMap<&str, Vec<(&str, bool)>> = HashMap::new();
        for one in resources.iter() {
            known.entry(&one.name).or_default().push((&one.api_group, one.namespaced));
        }
        let (things, numbers_of_things, answers) = Default::default();
        Self { everybody, levels, questions, escalations, needs, implied, known, things, numbers_of_things, answers }
    }

    /// Takes the rules of one role; they are called by the number of calls before.
    pub(super) fn take(&mut self, rules: &'a [Rule]) {
        let mut answers = Answers::default();
        let rules_of_all: Vec<&Rule> = rules.iter().collect();
        for (at, question) in self.questions.iter().enumerate() {
            let question = Request::Resource(*question);
            answers.questions |= u128::from(rules.iter().any(|rule| rule.allows(&question))) << at;
        }
        for (at, need) in self.needs.iter().enumerate() {
            let of_cluster = need.met(&rules_of_all, &[], Scope::Cluster).is_some();
            let of_place = need.met(&[], &rules_of_all, Scope::Namespace("default")).is_some();
            answers.of_cluster |= u128::from(of_cluster) << at;
            answers.of_place |= u128::from(of_place) << at;
        }
        for rule in rules {
            if are_default_permissions(rule) {
                answers.baseline = true;
            } else {
                self.sort(rule, &mut answers.own);
            }
            if !self.everybody.contains(rule) {
                self.sort(rule, &mut answers.beyond);
            }
        }
        self.answers.push(answers);
    }

    /// Takes a role that does not exist, or that could not be read.
    pub(super) fn take_missing(&mut self, role: &str, is_unknown: bool) {
        let role = Some(role.into());
        let (missing, unknown) = if is_unknown { (None, role) } else { (role, None) };
        self.answers.push(Answers { missing, unknown, ..Answers::default() });
    }

    /// What rules allow that are held together: those of the whole cluster, and those of a place. What everybody may do is
    /// said of everybody alone.
    pub(super) fn cell(&self, of_cluster: &[u32], of_place: &[u32], spot: Spot, is_everybody: bool) -> Cell {
        let of = |numbers: &'_ [u32]| numbers.iter().map(|number| &self.answers[*number as usize]).collect::<Vec<_>>();
        let (of_cluster, of_place) = (of(of_cluster), of(of_place));
        let standing = match spot {
            Spot::Cluster => Scope::Cluster.standing(),
            Spot::Namespace(standing) => standing,
        };
        let all: Vec<&Answers> = of_cluster.iter().chain(&of_place).copied().collect();
        let allowed = all.iter().fold(0, |bits, answers| bits | answers.questions);
        let met = of_cluster.iter().fold(0, |bits, answers| bits | answers.of_cluster)
            | of_place.iter().fold(0, |bits, answers| bits | answers.of_place);
        let reached = self.levels.iter().take_while(|level| allowed & **level == **level).count();
        // Whoever may do everything has every level.
        let reached = if allowed & self.levels[3] != 0 { 4 } else { reached };
        let level = reached.checked_sub(1).map(|at| Level::EACH[at]);

        let implied = reached.checked_sub(1).map(|at| &self.implied[at]);
        let is_implied = |escalation: &Escalation| implied.is_some_and(|codes| codes.contains(escalation.code));
        let (mut rights, mut is_dangerous) = (Vec::new(), false);
        for (escalation, needs) in &self.escalations {
            if needs.iter().any(|alternatives| met & alternatives == 0) {
                continue;
            }
            let matters = escalation.within <= standing;
            if is_implied(escalation) {
                is_dangerous |= matters;
                continue;
            }
            // In the whole cluster users and groups can be impersonated, too.
            let is_of_accounts =
                OF_ACCOUNTS.contains(&escalation.code) && !(escalation.code == "impersonate" && spot == Spot::Cluster);
            let adds = !(level >= Some(Level::Edit) && is_of_accounts);
            let is_always_said = ALWAYS_SAID.contains(&escalation.code) && level != Some(Level::All);
            if is_always_said || (matters && adds) {
                rights.push(Right { escalation, is_dangerous: matters });
            }
        }
        let [held_of_cluster, held_of_place] = [&of_cluster, &of_place]
            .map(|answers| answers.iter().map(|answers| answers.things(is_everybody)).collect::<Vec<_>>());
        let things = |of: fn(&Things) -> &[u32]| -> Vec<Box<str>> {
            let thing = |at: &'_ u32| &self.things[*at as usize];
            // What is in no namespace is said of the whole cluster; but a namespace is asked for within itself.
            let is_here = |thing: &&Thing| thing.namespaced || spot == Spot::Cluster;
            let of_cluster = held_of_cluster.iter().flat_map(|things| of(things)).map(thing).filter(is_here);
            let of_place = held_of_place.iter().flat_map(|things| of(things)).map(thing);
            let of_place = of_place.filter(|thing| thing.namespaced || thing.name.starts_with("namespaces"));
            let names: BTreeSet<&str> = of_cluster.chain(of_place).map(|thing| &*thing.name).collect();
            names.into_iter().map(Box::from).collect()
        };
        let writes = if level < Some(Level::Edit) { things(|things| &things.writes) } else { Vec::new() };
        let mut reads = if level.is_none() { things(|things| &things.reads) } else { Vec::new() };
        reads.retain(|read| writes.binary_search(read).is_err());
        let is_other = |things: &&Things| things.others || (things.urls && spot == Spot::Cluster);
        let others = level.is_none() && held_of_cluster.iter().chain(&held_of_place).any(is_other);
        let here = if spot == Spot::Cluster { &of_cluster } else { &of_place };
        let roles = |of: fn(&Answers) -> &Option<Box<str>>| -> Vec<Box<str>> {
            let roles: BTreeSet<&str> = here.iter().filter_map(|answers| of(answers).as_deref()).collect();
            roles.into_iter().map(Box::from).collect()
        };
        let (missing, unknown) = (roles(|answers| &answers.missing), roles(|answers| &answers.unknown));
        let baseline = is_everybody && spot == Spot::Cluster && of_cluster.iter().any(|answers| answers.baseline);
        Cell::Levels(Levels { level, is_dangerous, rights, writes, reads, others, baseline, missing, unknown })
    }

    fn sort(&mut self, rule: &Rule, things: &mut Things) {
        let any = |verbs: &[&str]| verbs.iter().any(|verb| rule.verbs.iter().any(|of_rule| **of_rule == **verb));
        let writes = any(&["*", "create", "update", "patch", "delete", "deletecollection"]);
        let reads = any(&["*", "get", "list", "watch"]);
        things.urls |= !rule.non_resource_urls.is_empty();
        things.others |= !(writes || reads || rule.verbs.is_empty() || rule.resources.is_empty());
        if !writes && !reads {
            return;
        }
        for resource in &rule.resources {
            for group in &rule.api_groups {
                let Some(namespaced) = self.is_namespaced(group, resource) else { continue };
                let thing = name(group, resource);
                let numbers: Vec<u32> = if rule.resource_names.is_empty() {
                    vec![self.number(&thing, namespaced)]
                } else {
                    let named = rule.resource_names.iter().map(|object| format!("{thing} \"{object}\""));
                    named.map(|thing| self.number(&thing, namespaced)).collect()
                };
                if writes {
                    things.writes.extend(&numbers);
                }
                if reads {
                    things.reads.extend(&numbers);
                }
            }
        }
    }

    /// Whether requests for a resource name a namespace, as far as is known; `None` if only other groups have it: rules
    /// are often written as every group with every resource.
    fn is_namespaced(&self, api_group: &str, resource: &str) -> Option<bool> {
        let (resource, _) = resource.split_once('/').unwrap_or((resource, ""));
        let Some(groups) = self.known.get(resource).filter(|_| api_group != "*") else { return Some(true) };
        groups.iter().find(|(group, _)| *group == api_group).map(|(_, namespaced)| *namespaced)
    }

    fn number(&mut self, thing: &str, namespaced: bool) -> u32 {
        if let Some(number) = self.numbers_of_things.get(thing) {
            return *number;
        }
        let number = u32::try_from(self.things.len()).expect("fewer than fit into memory");
        self.things.push(Thing { name: thing.into(), namespaced });
        self.numbers_of_things.insert(thing.into(), number);
        number
    }
}

/// `deployments.apps`; `*` stands for itself.
pub(super) fn name(api_group: &str, resource: &str) -> String {
    match (api_group, resource) {
        ("*", "*") => "everything".to_owned(),
        ("", resource) => resource.to_owned(),
        (group, resource) => format!("{resource}.{group}"),
    }
}

fn bits(range: std::ops::Range<usize>) -> u128 {
    range.fold(0, |bits, at| bits | 1 << at)
}

/// The rule that grants one question and nothing else.
fn rule_of(question: ResourceRequest<'_>) -> Rule {
    Rule {
        verbs: vec![question.verb.into()],
        api_groups: vec![question.api_group.into()],
        resources: vec![question.resource.into()],
        ..Rule::default()
    }
}
