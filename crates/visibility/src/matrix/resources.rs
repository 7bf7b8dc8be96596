//! The verbs on resources that are asked for, in place of levels.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use rbac::{Request, ResourceRequest, Rule};

use super::{Cell, Verbs, levels::name};
use crate::{NotAQuestion, Note, Resources, Words};

/// A resource as it is asked for: `pods`, `deployments.apps`, `pods/exec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixResource {
    /// Empty is the core group.
    pub api_group: String,
    /// `pods`.
    pub resource: String,
    /// `exec`; empty is none.
    pub subresource: String,
}

impl MatrixResource {
    /// Parses `pods`, `deploy`, `deployments.apps` or `pods/exec`: by any name that a cluster has for it, and what whoever asked
    /// should know about how it was taken.
    pub fn parse(resources: &Resources, text: &str) -> Result<(Self, Vec<Note>), NotAQuestion> {
        let (what, subresource) = text.split_once('/').unwrap_or((text, ""));
        let question = resources.question(Words { verb: "get", what, subresource, namespace: None })?;
        let Request::Resource(ResourceRequest { api_group, resource, subresource, .. }) = question.request() else {
            return Err(NotAQuestion::Empty);
        };
        let [api_group, resource, subresource] = [api_group, resource, subresource].map(str::to_owned);
        Ok((Self { api_group, resource, subresource }, question.notes))
    }
}

impl fmt::Display for MatrixResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name(&self.api_group, &self.resource))?;
        if self.subresource.is_empty() { Ok(()) } else { write!(f, "/{}", self.subresource) }
    }
}

/// Makes cells of what is held.
pub(super) struct ResourceForm<'a> {
    asked: &'a [MatrixResource],
    /// By role, what its rules say about each resource.
    answers: Vec<Vec<Verbs>>,
    /// The numbers of roles that could not be read.
    unknown: BTreeSet<u32>,
}

impl<'a> ResourceForm<'a> {
    pub(super) fn new(asked: &'a [MatrixResource]) -> Self {
        Self { asked, answers: Vec::new(), unknown: BTreeSet::new() }
    }

    /// Takes the rules of one role; they are called by the number of calls before.
    pub(super) fn take(&mut self, rules: &[Rule]) {
        self.answers.push(self.asked.iter().map(|asked| asked.verbs(rules)).collect());
    }

    /// Takes a role that does not exist, or that could not be read.
    pub(super) fn take_missing(&mut self, is_unknown: bool) {
        let number = u32::try_from(self.answers.len()).expect("fewer than fit into memory");
        self.unknown.extend(is_unknown.then_some(number));
        self.take(&[]);
    }

    /// Whether it is known of all roles what they say.
    pub(super) fn knows(&self, mut roles: impl Iterator<Item = u32>) -> bool {
        self.unknown.is_empty() || !roles.any(|role| self.unknown.contains(&role))
    }

    /// What rules allow that are held together.
    pub(super) fn cell(&self, of_cluster: &[u32], of_place: &[u32]) -> Cell {
        let mut all: Vec<Verbs> = Vec::new();
        for (at, asked) in self.asked.iter().enumerate() {
            let resource = if self.asked.len() == 1 { Box::default() } else { asked.to_string().into() };
            let mut verbs = Verbs { resource, ..Verbs::default() };
            for number in of_cluster.iter().chain(of_place) {
                let answer = &self.answers[*number as usize][at];
                verbs.verbs.extend(answer.verbs.iter().cloned());
                for (verb, names) in &answer.named {
                    verbs.named.entry(verb.clone()).or_default().extend(names.iter().cloned());
                }
            }
            if verbs.verbs.contains("*") {
                verbs.verbs = BTreeSet::from(["*".into()]);
            }
            let Verbs { verbs: held, named, .. } = &mut verbs;
            named.retain(|verb, _| !held.contains(verb) && !held.contains("*"));
            all.push(verbs);
        }
        Cell::Verbs(all)
    }
}

impl MatrixResource {
    /// What rules allow on it: every verb that they name is put to the evaluator.
    fn verbs(&self, rules: &[Rule]) -> Verbs {
        let (mut verbs, mut named): (BTreeSet<Box<str>>, BTreeMap<_, BTreeSet<Box<str>>>) = Default::default();
        let Self { api_group, resource, subresource } = self;
        for rule in rules {
            for verb in &rule.verbs {
                let request = |name| {
                    let request = ResourceRequest { verb, api_group, resource, subresource, name, namespace: "" };
                    Request::Resource(request)
                };
                if rule.allows(&request("")) {
                    verbs.insert(verb.clone());
                    continue;
                }
                for object in rule.resource_names.iter().filter(|object| rule.allows(&request(object))) {
                    named.entry(verb.clone()).or_default().insert(object.clone());
                }
            }
        }
        Verbs { resource: Box::default(), verbs, named }
    }
}
