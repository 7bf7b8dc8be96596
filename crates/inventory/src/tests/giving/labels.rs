//! Labels that kustomizations add, where roles are chosen by them.

use identity::Partition;

use super::RBAC;
use crate::{How, Inputs, Kustomizations, MappingTarget, tests::now};

/// What it is, kustomizations by their folders, the aggregated role, the labels that are there, and the gap.
type Row<'a> = (&'a str, &'a [(&'a str, String)], &'a String, &'a str, Option<&'a str>);

const AGGREGATED: &str = "kind: ClusterRole\nmetadata: {name: all}\naggregationRule: {clusterRoleSelectors: [";

/// What a kustomization adds is there as `kubectl kustomize` adds it: an outer one last. What several do not add alike is a gap where
/// a role is chosen by it.
#[test]
fn labels_of_kustomizations_choose_roles() {
    let k = |more: &str| format!("resources: [it.yaml]\n{more}");
    let outer = |more: &str| format!("resources: [../k]\n{more}");
    let by = |selector: &str| format!("{AGGREGATED}{selector}]}}\nrules: null\n");
    let (team, expression) =
        (by("{matchLabels: {team: a}}"), by("{matchExpressions: [{key: team, operator: DoesNotExist}]}"));
    let none = by("{matchLabels: {other: a}}");
    let of = "whether the ClusterRole part (k/it.yaml:1) is aggregated: the ClusterRole all chooses by the label team, which \
              kustomizations do not give it alike; give what `kubectl kustomize` makes of each, by `--from -`";
    let rows: &[Row<'_>] = &[
        ("no label", &[("k", k(""))], &team, "", None),
        ("commonLabels", &[("k", k("commonLabels: {team: a}\n"))], &team, "team: a", None),
        (
            "labels",
            &[("k", k("labels:\n- pairs: {x: w}\n- {pairs: {team: a}, includeSelectors: true}\n"))],
            &team,
            "team: a, x: w",
            None,
        ),
        ("another value", &[("k", k("commonLabels: {team: b}\n"))], &team, "team: b", None),
        (
            "an outer one goes before an inner one",
            &[("k", k("commonLabels: {team: b, x: w}\n")), ("d", outer("labels: [{pairs: {team: a}}]\n"))],
            &team,
            "team: a, x: w",
            None,
        ),
        (
            "two that agree",
            &[("k", k("")), ("d", outer("commonLabels: {team: a}\n")), ("e", outer("commonLabels: {team: a}\n"))],
            &team,
            "team: a",
            None,
        ),
        (
            "two that differ",
            &[("k", k("")), ("d", outer("commonLabels: {team: a}\n")), ("e", outer("commonLabels: {team: b}\n"))],
            &team,
            "",
            Some(of),
        ),
        (
            "one of two",
            &[("k", k("")), ("d", outer("commonLabels: {team: a}\n")), ("e", outer(""))],
            &expression,
            "",
            Some(of),
        ),
        (
            "two that differ, and nobody asks",
            &[("k", k("")), ("d", outer("commonLabels: {team: a}\n")), ("e", outer("commonLabels: {team: b}\n"))],
            &none,
            "",
            None,
        ),
    ];
    for (name, files, aggregated, labels, gap) in rows {
        let mut kustomizations = Kustomizations::default();
        for (folder, text) in *files {
            kustomizations.add(&format!("{folder}/kustomization.yaml"), text).expect(name);
        }
        for written in ["", ", labels: {team: z}", ", labels: "] {
            let of = kustomizations.of(["k/it.yaml"]);
            let how = How { kustomized: of.get("k/it.yaml"), ..How::default() };
            let part = format!("{RBAC}\nkind: ClusterRole\nmetadata: {{name: part{written}}}\nrules: []\n");
            let mut given = Inputs::default();
            given.read_as("k/it.yaml", part.as_bytes(), how).expect(name);
            given.read_as("all.yaml", format!("{RBAC}\n{aggregated}").as_bytes(), How::default()).expect(name);
            let observed = given.dump.observed(MappingTarget::ConfigMap, Partition::Aws, now());
            let roles = observed.roles.iter().filter_map(|seen| seen.object.as_cluster_role());
            let found: Vec<String> = roles
                .filter(|role| *role.name == *"part")
                .flat_map(|role| role.labels.iter().map(|(key, value)| format!("{key}: {value}")))
                .collect();
            // What is written counts where nothing is known to replace it.
            let is_kept = written.contains('z') && !labels.contains("team");
            let expected = if is_kept { "team: z" } else { labels };
            assert_eq!(found.join(", "), expected, "{name}{written}");
            let gaps: Vec<String> = observed.unseen.iter().map(ToString::to_string).collect();
            let said = gaps.iter().map(String::as_str).find(|said| said.contains("aggregated"));
            assert_eq!(said, *gap, "{name}{written}: {gaps:?}");
        }
    }
}
