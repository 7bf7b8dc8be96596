//! What EKS access policies allow, as rules.
//!
//! EKS asks them beside RBAC: they belong to the principal of an access entry and not to a Kubernetes user or group, and
//! `kubectl auth can-i --list` does not know them. AWS may change them; those that are not here are a gap.
//!
//! Source: Amazon EKS User Guide, "Review access policy permissions".

use std::sync::{Arc, LazyLock};

use access::glob;
use rbac::{Rule, comparison::PolicyRights};

use crate::Unseen;

/// An access policy of EKS, with its rules.
#[derive(Debug)]
pub struct Policy {
    /// The last part of its ARN.
    pub name: &'static str,
    /// What it allows, where it is associated.
    pub rules: Vec<Rule>,
}

impl Policy {
    /// Returns what somebody may do by it, once for each place that it holds in: of these, those that one of the names or globs
    /// fits, or the whole cluster where there are none.
    pub fn rights_in<'p>(
        &'static self,
        namespaces: Option<&[Box<str>]>,
        places: impl IntoIterator<Item = &'p Arc<str>>,
    ) -> Vec<PolicyRights<'static>> {
        let one = |namespace| PolicyRights { namespace, rules: &self.rules, policy: self.name };
        let Some(globs) = namespaces else { return vec![one(None)] };
        let holds = |place: &&Arc<str>| !place.is_empty() && globs.iter().any(|pattern| glob(pattern, place));
        places.into_iter().filter(holds).map(|place| one(Some(Arc::clone(place)))).collect()
    }
}

/// What EKS Auto Mode's nodes need to run: kube-proxy, `CoreDNS`, the network and storage of AWS's own programs on them. AWS does
/// not publish its rules.
///
/// Source: Amazon EKS User Guide, "Review access policy permissions" and "Create node class" ("Create node class access entry").
pub(crate) const OF_AUTO_MODE_NODES: &str = "AmazonEKSAutoNodePolicy";

/// Returns the policy of a name, if its rules are known.
pub fn policy(name: &str) -> Option<&'static Policy> {
    POLICIES.iter().find(|policy| policy.name == name)
}

/// Returns the gap that the rules of an access policy are not known.
pub fn unknown_policy(name: &str) -> Unseen {
    Unseen::new(format!("what the EKS access policy {name} allows"), "its rules are not known here")
}

/// Group, resources; resources with one space between them.
type Row = (&'static str, &'static str);

const READ: &str = "get list watch";
const WRITE: &str = "create delete deletecollection patch update";

/// What View, Edit and Admin let their holders read.
const VIEWED: [Row; 8] = [
    (
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets \
         replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
    ),
    ("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    ("batch", "cronjobs cronjobs/status jobs jobs/status"),
    ("discovery.k8s.io", "endpointslices"),
    (
        "extensions",
        "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status \
         networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale",
    ),
    ("networking.k8s.io", "ingresses ingresses/status networkpolicies"),
    ("policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    (
        "",
        "bindings configmaps endpoints events limitranges namespaces namespaces/status persistentvolumeclaims \
         persistentvolumeclaims/status pods pods/log pods/status replicationcontrollers replicationcontrollers/scale \
         replicationcontrollers/status resourcequotas resourcequotas/status serviceaccounts services services/status",
    ),
];

/// What Edit and Admin let their holders read besides.
const READ_BY_EDITORS: [Row; 1] = [("", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy")];

/// What Edit and Admin let their holders write.
const WRITTEN: [Row; 7] = [
    (
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets \
         statefulsets/scale",
    ),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "cronjobs jobs"),
    (
        "extensions",
        "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets \
         replicasets/scale replicationcontrollers/scale",
    ),
    ("networking.k8s.io", "ingresses networkpolicies"),
    ("policy", "poddisruptionbudgets"),
    (
        "",
        "configmaps events persistentvolumeclaims pods pods/attach pods/exec pods/portforward pods/proxy \
         replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy",
    ),
];

static POLICIES: LazyLock<[Policy; 6]> = LazyLock::new(|| {
    let edit = || {
        let impersonate = rule("impersonate", ("", "serviceaccounts"));
        let read = VIEWED.into_iter().chain(READ_BY_EDITORS).map(|row| rule(READ, row));
        let write = WRITTEN.into_iter().map(|row| rule(WRITE, row));
        read.chain(write).chain([impersonate])
    };
    let admin = [
        rule("create", ("authorization.k8s.io", "localsubjectaccessreviews")),
        rule(READ, ("rbac.authorization.k8s.io", "rolebindings roles")),
        rule(WRITE, ("rbac.authorization.k8s.io", "rolebindings roles")),
    ];
    let every_url = Rule { verbs: texts("*"), non_resource_urls: texts("*"), ..Rule::default() };
    [
        Policy { name: "AmazonEKSClusterAdminPolicy", rules: vec![rule("*", ("*", "*")), every_url] },
        Policy { name: "AmazonEKSAdminPolicy", rules: edit().chain(admin).collect() },
        Policy { name: "AmazonEKSAdminViewPolicy", rules: vec![rule(READ, ("*", "*"))] },
        Policy { name: "AmazonEKSEditPolicy", rules: edit().collect() },
        Policy { name: "AmazonEKSViewPolicy", rules: VIEWED.into_iter().map(|row| rule(READ, row)).collect() },
        Policy { name: "AmazonEKSSecretReaderPolicy", rules: vec![rule(READ, ("", "secrets"))] },
    ]
});

fn rule(verbs: &str, (api_group, resources): Row) -> Rule {
    let api_groups = vec![api_group.into()];
    Rule { verbs: texts(verbs), api_groups, resources: texts(resources), ..Rule::default() }
}

fn texts(words: &str) -> Vec<Box<str>> {
    words.split(' ').map(Box::from).collect()
}
