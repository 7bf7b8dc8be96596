//! The table of resources is one that can be looked up in.

use crate::resources::{RESOURCES, Resource, Served, of};

#[test]
fn every_row_is_found_by_its_group_and_name() {
    for row in &*RESOURCES {
        assert_eq!(of(row.api_group, row.name), Some(row), "rows stand in the order of groups and names");
    }
    assert_eq!(of("apps", "pods"), None);
}

#[test]
fn a_row_says_what_rules_and_people_call_it() {
    let rows = [
        ("", "pods", "Pod pod [\"po\"] true ByDefault"),
        ("", "nodes", "Node node [\"no\"] false ByDefault"),
        (
            "apiextensions.k8s.io",
            "customresourcedefinitions",
            "CustomResourceDefinition customresourcedefinition [\"crd\", \"crds\"] false ByDefault",
        ),
        ("scheduling.k8s.io", "workloads", "Workload workload [] true Enabled"),
        ("extensions", "deployments", "Deployment deployment [\"deploy\"] true Formerly"),
        ("metrics.k8s.io", "pods", "PodMetrics podmetrics [] true Beside"),
        ("", "users", " user [] false Never"),
    ];
    for (group, name, expected) in rows {
        let row: &Resource = of(group, name).expect(name);
        let Resource { kind, short_names, namespaced, served, .. } = row;
        assert_eq!(format!("{kind} {} {short_names:?} {namespaced} {served:?}", row.singular()), expected, "{name}");
        assert_eq!(row.verbs.contains(&"get"), *served != Served::Never, "{name}");
    }
    assert!(of("", "pods").is_some_and(|pods| pods.subresources.contains(&"exec")));
}
