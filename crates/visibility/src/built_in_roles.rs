//! The roles for people that every API server makes for itself, for where files bind them and no cluster says what they allow.
//!
//! Source: Kubernetes 1.37, `plugin/pkg/auth/authorizer/rbac/bootstrappolicy`; the tests ask an API server.

use rbac::{ClusterRole, LabelSelector, Labels, Rule};

/// Verbs, groups and resources with one space between them; `-` is the core group.
type Row = (&'static str, &'static str, &'static str);

const READ: &str = "get list watch";
const WRITE: &str = "create delete deletecollection patch update";
const ALL: &str = "create delete deletecollection get list patch update watch";

const VIEW: &[Row] = &[
    (
        READ,
        "-",
        "bindings configmaps endpoints limitranges namespaces namespaces/status persistentvolumeclaims \
         persistentvolumeclaims/status pods pods/log pods/status replicationcontrollers replicationcontrollers/scale \
         replicationcontrollers/status resourcequotas resourcequotas/status serviceaccounts services services/status",
    ),
    (READ, "- events.k8s.io", "events"),
    (READ, "discovery.k8s.io", "endpointslices"),
    (
        READ,
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets \
         replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
    ),
    (READ, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    (READ, "batch", "cronjobs cronjobs/status jobs jobs/status"),
    (
        READ,
        "extensions",
        "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status \
         networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale",
    ),
    (READ, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    (READ, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
    (READ, "resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates"),
];

/// What `edit` has besides.
const EDIT: &[Row] = &[
    (READ, "-", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
    ("impersonate", "-", "serviceaccounts"),
    ("create", "-", "pods/eviction serviceaccounts/token"),
    (
        WRITE,
        "-",
        "configmaps persistentvolumeclaims pods pods/attach pods/exec pods/portforward pods/proxy replicationcontrollers \
         replicationcontrollers/scale secrets serviceaccounts services services/proxy",
    ),
    (WRITE, "- events.k8s.io", "events"),
    (
        WRITE,
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets \
         statefulsets/scale",
    ),
    (WRITE, "autoscaling", "horizontalpodautoscalers"),
    (WRITE, "batch", "cronjobs jobs"),
    (
        WRITE,
        "extensions",
        "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets \
         replicasets/scale replicationcontrollers/scale",
    ),
    (WRITE, "policy", "poddisruptionbudgets"),
    (WRITE, "networking.k8s.io", "ingresses networkpolicies"),
    (ALL, "coordination.k8s.io", "leases"),
    (WRITE, "resource.k8s.io", "resourceclaims resourceclaimtemplates"),
];

/// What `admin` has besides.
const ADMIN: &[Row] = &[
    ("create", "authorization.k8s.io", "localsubjectaccessreviews"),
    (ALL, "rbac.authorization.k8s.io", "rolebindings roles"),
];

/// `cluster-admin`, `admin`, `edit` and `view`, and the roles whose rules the last three aggregate, with the labels that they
/// choose by – what else has these labels is chosen too – and the one that all have that an API server makes for itself.
pub fn built_in_roles() -> [ClusterRole; 7] {
    let every_url = Rule { verbs: texts("*"), non_resource_urls: texts("*"), ..Rule::default() };
    [
        role("cluster-admin", rules(&[("*", "*", "*")]).chain([every_url])),
        aggregated("admin", None, rules(VIEW).chain(rules(EDIT)).chain(rules(ADMIN))),
        aggregated("edit", Some("admin"), rules(VIEW).chain(rules(EDIT))),
        aggregated("view", Some("edit"), rules(VIEW)),
        part("admin", rules(ADMIN)),
        part("edit", rules(EDIT)),
        part("view", rules(VIEW)),
    ]
}

/// What an API server makes of somebody's role of the name of a built-in one that is aggregated: the labels of both are there,
/// and unless it says itself what it aggregates, its rules are replaced.
pub(crate) fn onto_built_in(role: &mut ClusterRole) {
    let built_in = built_in_roles();
    let Some(built_in) = built_in.iter().find(|one| one.name == role.name) else { return };
    for (key, value) in &built_in.labels {
        role.labels.entry(key.clone()).or_insert_with(|| value.clone());
    }
    if role.aggregation.is_none() {
        role.aggregation.clone_from(&built_in.aggregation);
    }
}

fn role(name: &str, rules: impl Iterator<Item = Rule>) -> ClusterRole {
    let labels = Labels::from([("kubernetes.io/bootstrapping".into(), "rbac-defaults".into())]);
    ClusterRole { name: name.into(), rules: rules.collect(), labels, ..ClusterRole::default() }
}

/// A role that aggregates those that are labelled for it, and may be labelled for another one.
fn aggregated(name: &str, to: Option<&str>, rules: impl Iterator<Item = Rule>) -> ClusterRole {
    let selector = LabelSelector { match_labels: label(name), ..LabelSelector::default() };
    let mut aggregated = ClusterRole { aggregation: Some(vec![selector]), ..role(name, rules) };
    aggregated.labels.extend(to.map(label).unwrap_or_default());
    aggregated
}

/// The role with the rules that one of them has of its own.
fn part(of: &str, rules: impl Iterator<Item = Rule>) -> ClusterRole {
    let mut part = role(&format!("system:aggregate-to-{of}"), rules);
    part.labels.extend(label(of));
    part
}

fn label(of: &str) -> Labels {
    Labels::from([(format!("rbac.authorization.k8s.io/aggregate-to-{of}").into(), "true".into())])
}

fn rules(rows: &'static [Row]) -> impl Iterator<Item = Rule> {
    rows.iter().map(|(verbs, groups, resources)| {
        let api_groups = groups.split(' ').map(|group| if group == "-" { "".into() } else { group.into() }).collect();
        Rule { verbs: texts(verbs), api_groups, resources: texts(resources), ..Rule::default() }
    })
}

fn texts(words: &str) -> Vec<Box<str>> {
    words.split(' ').map(Box::from).collect()
}
