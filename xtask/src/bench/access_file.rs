//! A large access file, the same every time: teams of ten, each with a hundred namespaces and a few rules in every one.

/// Grants of one group, each in a namespace of its own.
const GRANTS: usize = 100;

/// Members of one group.
const MEMBERS: usize = 10;

/// Everybody there is: most are in more than one group.
const PEOPLE: usize = 5_000;

/// What grants allow, in turn: groups, resources, verbs.
const RULES: [[&str; 3]; 4] = [
    ["\"\"", "pods, pods/log", "get, list, watch"],
    ["apps", "deployments", "get, patch"],
    ["\"\"", "services", "get, list"],
    ["batch", "jobs", "get, list, watch"],
];

/// A file of that many grants. 100,000 of them are 14 MB and 2 million YAML nodes.
pub(super) fn text(grants: usize) -> String {
    let mut text = String::from("clusterID: bench.example.com\naccount: \"111122223333\"\ngroups:\n");
    for group in 0..grants.div_ceil(GRANTS) {
        text.push_str(&format!("  - name: team-{group:04}\n    users:\n"));
        for member in 0..MEMBERS {
            text.push_str(&format!("      - person-{:04}\n", (group * 7 + member * 131) % PEOPLE));
        }
        text.push_str("    authorization:\n");
        for grant in group * GRANTS..grants.min((group + 1) * GRANTS) {
            let [api_groups, resources, verbs] = RULES[grant % RULES.len()];
            text.push_str(&format!("      - namespace: app-{grant:05}\n        rules:\n"));
            text.push_str(&format!("          - apiGroups: [{api_groups}]\n"));
            text.push_str(&format!("            resources: [{resources}]\n            verbs: [{verbs}]\n"));
        }
    }
    text
}
