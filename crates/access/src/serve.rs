//! The file as a source of mappings for the server.

use std::sync::Arc;

use document::Sources;
use mapping::{BackendMode, Membership, PermissionSet, Reader, Rule, RulePrincipal, RuleSource, Source};

use crate::{AccessPrincipal, Desired, Kind, entries::NODE};

/// Returns the mapping source of an access file. Memberships keep their expiry: the server watches the clock.
pub fn mapping_source(desired: &Desired, sources: &Sources) -> Source {
    let mut files: Vec<Arc<str>> = Vec::new();
    let mut source = |principal: &AccessPrincipal, list: &'static str, index: usize| {
        let (name, at) = sources.locate(principal.span.start).expect("everything stands in a source");
        let file = match files.iter().find(|file| ***file == *name) {
            Some(file) => Arc::clone(file),
            None => {
                files.push(name.into());
                Arc::clone(&files[files.len() - 1])
            }
        };
        RuleSource { mode: BackendMode::AccessFile, list, index, file, line: at.line }
    };
    let (mut roles, mut users) = (Vec::new(), Vec::new());
    for person in &desired.people {
        let principal = &person.principal;
        let (list, of_rule) = match principal.kind {
            Kind::User | Kind::IamGroup => ("users", &mut users),
            Kind::Role => ("roles", &mut roles),
            Kind::PermissionSet => ("permissionSets", &mut roles),
        };
        let index = of_rule.len();
        let groups = person.groups.iter().map(|(group, ends)| Membership { group: group.to_string(), ends: *ends });
        of_rule.push(Rule {
            principal: rule_principal(principal),
            written: Some(written(principal)),
            username: person.username.clone(),
            groups: groups.collect(),
            source: source(principal, list, index),
        });
    }
    for (index, node) in desired.nodes.iter().enumerate() {
        let ends = node.expires.as_ref().map(|at| at.value);
        roles.push(Rule {
            principal: rule_principal(node),
            written: Some(written(node)),
            username: NODE.0.to_owned(),
            groups: NODE.1.iter().map(|group| Membership { group: (*group).to_owned(), ends }).collect(),
            source: source(node, "nodes", index),
        });
    }
    Source { roles, users, ..Source::empty(BackendMode::AccessFile, Reader::ClusterAuth) }
}

fn written(principal: &AccessPrincipal) -> Box<str> {
    principal.arn().map_or_else(|| principal.name.clone(), |arn| arn.to_string().into())
}

fn rule_principal(principal: &AccessPrincipal) -> RulePrincipal {
    match principal.arn() {
        Some(arn) => RulePrincipal::Arn(arn.to_string().to_ascii_lowercase()),
        None => RulePrincipal::PermissionSet(PermissionSet {
            account: principal.account,
            name: principal.name.to_ascii_lowercase(),
        }),
    }
}
