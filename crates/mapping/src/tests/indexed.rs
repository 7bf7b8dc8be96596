//! Rules that are indexed one by one while a file is read, beside a plain account of what they mean.

use std::collections::BTreeMap;

use document::Source;
use identity::Partition;
use proptest::prelude::*;

use super::{ask, said};
use crate::{
    BackendMode, Index, List, Membership, Reader, Rule, RulePrincipal, RuleSource, Snapshot,
    authenticator::{read_config_in, read_indexed},
};

/// A rule for a user or a role of this number, called so, in these groups.
type Row = (List, u8, u8, Vec<u8>);

fn arn(list: List, name: u8) -> String {
    let kind = if list == List::Roles { "role" } else { "user/ops" };
    format!("arn:aws:iam::11112222333{}:{kind}/n{name}", name % 3)
}

/// The ARN under which STS knows them.
fn caller(list: List, name: u8) -> String {
    match list {
        List::Users => arn(list, name),
        List::Roles => format!("arn:aws:sts::11112222333{}:assumed-role/n{name}/session", name % 3),
    }
}

fn username(number: u8) -> String {
    // Some are the end of an ARN, and some are nobody's name.
    if number < 6 { format!("n{number}") } else { format!("user-{number}") }
}

fn groups(numbers: &[u8]) -> Vec<Membership> {
    numbers.iter().map(|number| format!("group-{number}").into()).collect()
}

fn rule((list, name, user, of): &Row, index: usize) -> Rule {
    Rule {
        principal: RulePrincipal::Arn(arn(*list, *name)),
        written: None,
        username: username(*user),
        groups: groups(of),
        source: RuleSource { mode: BackendMode::MountedFile, list: "list", index, file: "f".into(), line: 7 * index },
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let list = prop::sample::select(vec![List::Roles, List::Users]);
    let row = (list, 0..8_u8, 0..10_u8, prop::collection::vec(0..4_u8, 0..3));
    prop::collection::vec(row, 0..40)
}

proptest! {
    #[test]
    fn the_last_rule_for_a_principal_counts(rows in rows()) {
        let mut index = Index::new(BackendMode::MountedFile, Reader::ClusterAuth);
        let mut counts = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            index.push(row.0, rule(row, at));
            counts.insert((row.0 == List::Roles, row.1), (row.2, row.3.clone(), at));
        }
        let index = index.finish([], []);
        prop_assert_eq!(index.len(), counts.len());
        let snapshot = Snapshot::of_indexes(Partition::Aws, [index], []);
        for list in [List::Roles, List::Users] {
            for name in 0..8 {
                let answer = said(&ask(&snapshot, &caller(list, name)));
                let Some((user, of, at)) = counts.get(&(list == List::Roles, name)) else {
                    prop_assert_eq!(answer, "mapping.none");
                    continue;
                };
                let of: Vec<_> = of.iter().map(|number| format!("group-{number}")).collect();
                prop_assert_eq!(answer, format!("{} [{}]", username(*user), of.join(", ")));
                let asked = snapshot.ask(&super::identity(&caller(list, name)));
                let source = &asked[0].entries[0].source;
                prop_assert_eq!((source.list, source.index, &*source.file, source.line), ("list", *at, "f", 7 * at));
            }
        }
    }

    /// In whatever order its keys stand, and whichever partition they name.
    #[test]
    fn a_file_means_the_same_whether_its_rules_are_indexed_or_listed(
        rows in rows(),
        keys in Just(vec!["partition", "mapRoles", "MAPUSERS", "mapAccounts"]).prop_shuffle(),
        partition in prop::sample::select(vec![Partition::Aws, Partition::AwsCn]),
        of_rules in prop::sample::select(vec![Partition::Aws, Partition::AwsCn]),
    ) {
        let mut text = "server:\n".to_owned();
        for key in keys {
            match key {
                "partition" => text += &format!("  partition: {partition}\n"),
                "mapAccounts" => text += "  mapAccounts: [\"444455556666\"]\n",
                _ => {
                    let list = if key == "mapRoles" { List::Roles } else { List::Users };
                    text += &format!("  {key}:\n");
                    for (_, name, user, of) in rows.iter().filter(|row| row.0 == list) {
                        let key = if list == List::Roles { "rolearn" } else { "userarn" };
                        let arn = arn(list, *name).replace("arn:aws:", &format!("arn:{of_rules}:"));
                        let of: Vec<_> = of.iter().map(|number| format!("group-{number}")).collect();
                        let (user, of) = (username(*user), of.join(", "));
                        text += &format!("  - {{{key}: \"{arn}\", username: {user}, groups: [{of}]}}\n");
                    }
                }
            }
        }
        let source = Source::new("config.yaml", text.as_str());
        let (listed, indexed) = (read_config_in(&source, None), read_indexed(&source, None));
        let (Ok((listed, warnings)), Ok((config, index, same))) = (listed, indexed) else {
            return Err(TestCaseError::fail("it can be read"));
        };
        let of_another = warnings.iter().filter(|warning| warning.code == "config.partition").count();
        prop_assert_eq!(of_another, if partition == of_rules { 0 } else { rows.len() }, "{}", text);
        prop_assert_eq!(warnings, same);
        prop_assert!(config.server.mounted_file.is_none(), "rules are held once");
        let indexed = Snapshot::of_indexes(config.server.partitions, [index], []);
        let listed = listed.server.into_snapshot(None);
        prop_assert_eq!(indexed.len(), listed.len());
        for (list, name, _, _) in rows {
            let caller = caller(list, name).replace("arn:aws:", &format!("arn:{partition}:"));
            let (a, b) = (ask(&indexed, &caller), ask(&listed, &caller));
            prop_assert_eq!(said(&a), said(&b));
            prop_assert_eq!(a, b);
        }
    }
}

#[test]
fn what_two_sources_name_is_found_in_both() {
    let index = |rows: &[Row]| {
        let mut index = Index::new(BackendMode::MountedFile, Reader::ClusterAuth);
        rows.iter().enumerate().for_each(|(at, row)| index.push(row.0, rule(row, at)));
        index.finish([], [])
    };
    let one = index(&[(List::Users, 1, 1, vec![]), (List::Roles, 2, 2, vec![]), (List::Users, 3, 3, vec![])]);
    let other = index(&[(List::Users, 3, 9, vec![]), (List::Users, 1, 1, vec![]), (List::Users, 2, 2, vec![])]);
    let places: Vec<_> = one.also_in(&other).into_iter().map(|source| source.index).collect();
    assert_eq!(places, [0, 2]);
}
