//! The table of resources is one that can be looked up in.

use crate::resources::{RESOURCES, Resource, Served, of};

#[test]
fn every_row_is_found_by_its_group_and_name() {
    for row in &*RESOURCES {
        assert_eq!(of(&row.api_group, &row.name), Some(row), "rows stand in the order of groups and names");
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
        let Resource { kind, singular, short_names, namespaced, served, .. } = row;
        assert_eq!(format!("{kind} {singular} {short_names:?} {namespaced} {served:?}"), expected, "{name}");
        assert_eq!(row.verbs.contains(&"get".into()), *served != Served::Never, "{name}");
    }
    assert!(of("", "pods").is_some_and(|pods| pods.subresources.contains(&"exec".into())));
}

#[test]
fn a_definition_says_what_an_api_server_serves_by_it() {
    let names = r#""names": {"plural": "widgets", "singular": "wgt", "kind": "Widget", "shortNames": ["wd"]}"#;
    let served = r#""versions": [{"name": "v2", "served": false}, {"name": "v1", "served": true, "subresources": {"status": {}}}]"#;
    let spec = |names: &str, scope: &str, versions: &str| {
        format!(r#"{{"group": "example.com", {names}, "scope": "{scope}", {versions}}}"#)
    };
    let said = |name: &str, spec: &str| {
        let row = Resource::defined(name, spec)?;
        let Resource { api_group, name, singular, kind, short_names, namespaced, subresources, .. } = row;
        Some(format!("{name}.{api_group} {singular} {kind} {short_names:?} {namespaced} {subresources:?}"))
    };
    let whole = Some(r#"widgets.example.com wgt Widget ["wd"] true ["status"]"#.to_owned());
    assert_eq!(said("widgets.example.com", &spec(names, "Namespaced", served)), whole);
    let bare = r#""names": {"plural": "widgets", "singular": null, "kind": "Widget", "shortNames": null}"#;
    let of_cluster = Some("widgets.example.com widget Widget [] false []".to_owned());
    let without = r#""versions": [{"name": "v1", "served": true, "subresources": null}]"#;
    assert_eq!(said("widgets.example.com", &spec(bare, "Cluster", without)), of_cluster);
    // An API server refuses them, or serves nothing of them.
    let rows = [
        ("another name", "gadgets.example.com", spec(names, "Namespaced", served)),
        ("another scope", "widgets.example.com", spec(names, "Everywhere", served)),
        ("no kind", "widgets.example.com", spec(r#""names": {"plural": "widgets", "kind": ""}"#, "Cluster", served)),
        ("no names", "widgets.example.com", spec(r#""names": null"#, "Cluster", served)),
        (
            "nothing served",
            "widgets.example.com",
            spec(names, "Cluster", r#""versions": [{"name": "v1", "served": false}]"#),
        ),
        ("no mapping", "widgets.example.com", "[]".to_owned()),
    ];
    for (what, name, spec) in rows {
        assert_eq!(said(name, &spec), None, "{what}");
    }
}
