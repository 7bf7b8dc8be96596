//! Objects by which somebody may log in or may do something, and that are not read here: none is passed over unsaid.
//!
//! Sources: the API references of ACK's and Crossplane's EKS controllers, Operator Lifecycle Manager, Cluster API and its
//! provider for AWS, EKS Anywhere, Rancher, Crossplane's provider for Kubernetes, Open Cluster Management, Kyverno, HNC,
//! Capsule (`api/v1beta2`) and the programs of [`MAKERS`];
//! Kubernetes, `apimachinery/pkg/apis/meta/v1/types.go` (`Status`, `Table`).

use document::{Node, Source};
use mapping::aws_iam_authenticator::LISTS;
use rbac::dump::{Other, Refusal, Refused};
use serde_json::{Value, value::RawValue};

use super::{ACCOUNT_KIND, Dump, MAPPING, Unseen, WrittenAt, deployed::Deployer};

/// Who made an object that is not read.
enum Of {
    /// An `IAMIdentityMapping` that no API server has.
    Mapping,
    /// An API server's error in place of what was asked for.
    Status,
    /// An API server's answer for people.
    Table,
    /// An access entry that another program makes on EKS.
    AccessEntry,
    /// Operator Lifecycle Manager.
    Operator,
    /// Cluster API.
    ResourceSet,
    /// A program whose controller makes roles or bindings of it: its name.
    Maker(&'static str),
    /// An API server's own configuration of who logs in by a token.
    Authentication,
    /// Another cluster's logins, as EKS Anywhere or Cluster API makes them.
    Logins,
    /// Objects that it brings to a cluster.
    Bearer,
    /// The Hierarchical Namespace Controller.
    Hierarchy,
    /// A namespace that this makes.
    Subnamespace,
    /// Capsule's tenants.
    Tenant,
    /// Their owners.
    TenantOwner,
    /// OpenShift's own groups of users.
    Members,
    /// A chart or a folder.
    Deployer(Deployer),
}

/// The API groups, the kinds and the names of programs that make roles or bindings of such objects, whatever is in them.
const MAKERS: [(&[&str], &[&str], &str); 11] = [
    (
        &["management.cattle.io"],
        &[
            "GlobalRole",
            "GlobalRoleBinding",
            "RoleTemplate",
            "ClusterRoleTemplateBinding",
            "ProjectRoleTemplateBinding",
        ],
        "Rancher",
    ),
    (&["managed.openshift.io"], &["SubjectPermission"], "OpenShift's RBAC permissions operator"),
    (&["auth.giantswarm.io"], &["RoleBindingTemplate"], "Giant Swarm's RBAC operator"),
    (&["kubeflow.org"], &["Profile"], "Kubeflow"),
    (&["kubermatic.k8c.io", "kubermatic.k8s.io"], &["UserProjectBinding", "GroupProjectBinding"], "Kubermatic"),
    (
        &["rbac.open-cluster-management.io"],
        &["ClusterPermission", "MulticlusterRoleAssignment"],
        "Open Cluster Management",
    ),
    (
        &["types.kubefed.io"],
        &["FederatedClusterRole", "FederatedClusterRoleBinding", "FederatedRole", "FederatedRoleBinding"],
        "KubeFed",
    ),
    (
        &["iam.kubesphere.io"],
        &["GlobalRoleBinding", "ClusterRoleBinding", "WorkspaceRoleBinding", "RoleBinding"],
        "KubeSphere",
    ),
    (&["rbacsync.getcruise.com"], &["RBACConfig", "ClusterRBACConfig"], "RBACSync"),
    (&["storage.loft.sh", "management.loft.sh"], &["ClusterAccess"], "vCluster Platform"),
    (&["tenancy.stakater.com", "tenantoperator.stakater.com"], &["Tenant"], "Stakater's tenant operator"),
];

/// What to give in place of what another program makes roles and bindings of.
const GIVE: &str = "give what `kubectl get roles,clusterroles,rolebindings,clusterrolebindings -A -o json` prints where it is installed";

/// How versions of Kubernetes' own roles and bindings begin.
const RBAC: &str = "rbac.authorization.k8s.io/";

/// Whether objects of a kind are among these.
pub(super) fn is_one(api_version: &str, kind: &str) -> bool {
    of(api_version, kind).is_some()
}

fn of(api_version: &str, kind: &str) -> Option<Of> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let is_mapping = kind.trim().eq_ignore_ascii_case(MAPPING.1) && !api_version.is_empty();
    let mapping_group = MAPPING.0.split('/').next().unwrap_or_default();
    Some(match (group, kind) {
        _ if (api_version, kind) == MAPPING => return None,
        _ if is_mapping || group.trim().eq_ignore_ascii_case(mapping_group) => Of::Mapping,
        ("", "Status") if api_version == "v1" => Of::Status,
        ("meta.k8s.io", "Table" | "PartialObjectMetadata") => Of::Table,
        (group, "AccessEntry" | "AccessPolicyAssociation") if group.starts_with("eks.") => Of::AccessEntry,
        ("operators.coreos.com", "ClusterServiceVersion") => Of::Operator,
        ("addons.cluster.x-k8s.io", "ClusterResourceSet") => Of::ResourceSet,
        ("apiserver.config.k8s.io", "AuthenticationConfiguration") => Of::Authentication,
        ("anywhere.eks.amazonaws.com", "AWSIamConfig")
        | ("controlplane.cluster.x-k8s.io", "AWSManagedControlPlane" | "AWSManagedControlPlaneTemplate") => Of::Logins,
        ("kubernetes.crossplane.io" | "kubernetes.m.crossplane.io", "Object")
        | ("work.open-cluster-management.io", "ManifestWork")
        | ("kyverno.io", "ClusterPolicy" | "Policy")
        | ("capsule.clastix.io", "TenantResource" | "GlobalTenantResource") => Of::Bearer,
        ("hnc.x-k8s.io", "HierarchyConfiguration") => Of::Hierarchy,
        ("hnc.x-k8s.io", "SubnamespaceAnchor") => Of::Subnamespace,
        ("capsule.clastix.io", "Tenant") => Of::Tenant,
        ("capsule.clastix.io", "TenantOwner") => Of::TenantOwner,
        ("user.openshift.io", "Group") => Of::Members,
        _ => match maker(group, kind) {
            Some(program) => Of::Maker(program),
            None => Of::Deployer(Deployer::of(group, kind)?),
        },
    })
}

fn maker(group: &str, kind: &str) -> Option<&'static str> {
    let mut makers = MAKERS.iter().filter(|(groups, kinds, _)| groups.contains(&group) && kinds.contains(&kind));
    makers.next().map(|(_, _, program)| *program)
}

/// Objects of access that something brings to a cluster, as kind and name.
fn brought(spec: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut manifests = vec![spec["forProvider"]["manifest"].clone()];
    manifests.extend(list(&spec["workload"]["manifests"]));
    for rule in list(&spec["rules"]) {
        manifests.extend(list(&rule["mutate"]["targets"]));
        let generate = &rule["generate"];
        manifests.extend([vec![generate.clone()], list(&generate["foreach"])].concat());
        for kind in list(&generate["cloneList"]["kinds"]) {
            let kind = kind.as_str().unwrap_or_default();
            let (version, kind) = kind.rsplit_once('/').unwrap_or_default();
            manifests.push(serde_json::json!({"apiVersion": version, "kind": kind}));
        }
    }
    for resource in list(&spec["resources"]) {
        manifests.extend([list(&resource["rawItems"]), list(&resource["namespacedItems"])].concat());
        let templates = list(&resource["generators"]);
        let is_of_rbac = |one: &Value| one["template"].as_str().is_some_and(|text| text.contains(RBAC));
        let template = || serde_json::json!({"apiVersion": RBAC, "kind": "a template"});
        manifests.extend(templates.iter().filter(|one| is_of_rbac(one)).map(|_| template()));
    }
    manifests.iter().filter(|manifest| is_of_access(manifest)).map(in_words).collect()
}

/// Whether somebody logs in or may do something by an object.
fn is_of_access(manifest: &Value) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&manifest["apiVersion"]), text(&manifest["kind"]));
    if kind != "ConfigMap" {
        return version.starts_with(RBAC) || (&*version, &*kind) == MAPPING;
    }
    let name = text(&manifest["metadata"]["name"]) + &text(&manifest["name"]);
    Dump::config_map_names().any(|known| known == name) || LISTS.iter().any(|list| manifest["data"].get(list).is_some())
}

fn in_words(manifest: &Value) -> String {
    let name = [&manifest["metadata"]["name"], &manifest["name"]].into_iter().find_map(Value::as_str);
    format!("{} {}", manifest["kind"].as_str().unwrap_or_default(), name.unwrap_or_default()).trim_end().to_owned()
}

/// Why it is not known what an object says of access, and what to do; `None` if it says nothing of it.
fn why(other: &Other) -> Option<String> {
    let json = |raw: &Option<Box<RawValue>>| -> Value {
        raw.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    };
    let spec = || json(&other.spec);
    Some(match of(&other.api_version, &other.kind)? {
        Of::Mapping => {
            let (version, kind) = MAPPING;
            if *other.api_version == *version {
                format!("its `kind` is `{}`, and clusters have `kind: {kind}` alone: kubectl refuses it", other.kind)
            } else {
                format!(
                    "its `apiVersion` is `{}`, and clusters have `{version}`, `kind: {kind}` alone: kubectl refuses it",
                    other.api_version
                )
            }
        }
        Of::Status => {
            if json(&other.status) != "Failure" {
                return None;
            }
            "it is an error of an API server, not an answer; ask again as somebody who may read it".to_owned()
        }
        Of::Table => {
            "it is a table for people, without the objects; give what `kubectl get … -o json` prints".to_owned()
        }
        Of::AccessEntry => {
            let program = if other.api_version.contains("services.k8s.aws") { "ACK" } else { "Crossplane" };
            format!(
                "{program} turns it into an EKS access entry, which is not read here; give what `aws eks \
                 list-access-entries`, `describe-access-entry` and `list-associated-access-policies` print"
            )
        }
        Of::Operator => {
            let strategy = &spec()["install"]["spec"];
            let grants = |key: &str| strategy[key].as_array().is_some_and(|permissions| !permissions.is_empty());
            if !grants("permissions") && !grants("clusterPermissions") {
                return None;
            }
            format!("Operator Lifecycle Manager makes roles and bindings of its install strategy; {GIVE}")
        }
        Of::ResourceSet => {
            let resources = spec();
            let resources = resources["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
            if resources.is_empty() {
                return None;
            }
            let text = |resource: &Value, key: &str| resource[key].as_str().unwrap_or_default().to_owned();
            let named = |resource: &Value| format!("the {} {}", text(resource, "kind"), text(resource, "name"));
            let names: Vec<String> = resources.iter().map(named).collect();
            format!(
                "Cluster API applies the manifests in {}, which are not read; give the manifests themselves",
                names.join(", ")
            )
        }
        Of::Maker("Rancher") if other.kind.ends_with("Binding") => format!("Rancher makes bindings of it; {GIVE}"),
        Of::Maker(program) => format!("{program} makes roles or bindings of it; {GIVE}"),
        Of::Authentication => {
            "API servers that have it let people in by tokens of an identity provider, as users and in groups of which nothing \
             is known here; bindings say what these may do"
                .to_owned()
        }
        Of::Logins => {
            let spec = spec();
            let (of, template) = (&spec, &spec["template"]["spec"]);
            let has = |of: &Value, key: &str| !of[key].is_null() && of[key] != serde_json::json!([]);
            let keys = ["mapRoles", "mapUsers", "iamAuthenticatorConfig", "accessEntries"];
            let key = keys.into_iter().find(|key| has(of, key) || has(template, key))?;
            format!(
                "its `{key}` says who logs in, and is not read here; give what that cluster has: the ConfigMap aws-auth or \
                 aws-iam-authenticator of kube-system, or its access entries"
            )
        }
        Of::Bearer => {
            let objects = brought(&spec());
            if objects.is_empty() {
                return None;
            }
            format!(
                "it adds access objects to a cluster, which are not read here ({}); give the objects themselves",
                objects.join(", ")
            )
        }
        Of::Hierarchy => {
            let spec = spec();
            let parent = spec["parent"].as_str().filter(|parent| !parent.is_empty())?;
            format!("the Hierarchical Namespace Controller copies roles and bindings of the namespace {parent}; {GIVE}")
        }
        Of::Subnamespace => {
            let parent = other.namespace.as_ref().map(|parent| format!(" {parent}")).unwrap_or_default();
            let name = &other.name;
            format!(
                "the Hierarchical Namespace Controller makes the namespace {name} of it, and copies roles and bindings of the \
                 namespace{parent} to it; {GIVE}"
            )
        }
        Of::Tenant => {
            let spec = spec();
            let has = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty()) || value.is_object();
            let mut rules = spec["rules"].as_array().into_iter().flatten();
            // `owner` was one alone in v1alpha1.
            let is_of_access = ["owners", "owner", "additionalRoleBindings"].iter().any(|key| has(&spec[*key]))
                || has(&spec["permissions"]["matchOwners"])
                || rules.any(|rule| has(&rule["permissions"]));
            if !is_of_access {
                return None;
            }
            format!("Capsule makes bindings of it in the namespaces of the tenant; {GIVE}")
        }
        Of::TenantOwner => format!("Capsule makes bindings of it in the namespaces of its tenants; {GIVE}"),
        Of::Members => {
            "OpenShift puts users into this group, which is not read here: they have what is bound to it as well".to_owned()
        }
        Of::Deployer(deployer) => deployer.why().to_owned(),
    })
}

impl Dump {
    /// Whether documents of a kind are among these.
    pub(crate) fn overlooks(api_version: &str, kind: &str) -> bool {
        is_one(api_version, kind)
    }

    /// Takes a document that is one as a gap; `false` where it says nothing of access.
    pub(crate) fn overlook_document(
        &mut self,
        (api_version, kind): (&str, &str),
        object: &Node,
        source: &Source,
    ) -> bool {
        let raw = |key: &str| RawValue::from_string(object.get(key)?.to_json().to_string()).ok();
        let metadata = object.get("metadata").map(Node::to_json).unwrap_or_default();
        let text = |key: &str| metadata[key].as_str().filter(|text| !text.is_empty()).map(Box::from);
        let other = Other {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: text("namespace"),
            name: text("name").unwrap_or_default(),
            data: None,
            binary_data: None,
            spec: raw("spec"),
            status: raw("status"),
        };
        self.here = WrittenAt { file: source.name().into(), line: source.position(object.span.start).line };
        let is_gap = self.overlook(&other, text("resourceVersion").is_some());
        self.here = WrittenAt::default();
        self.has_manifests |= is_gap;
        is_gap
    }

    /// Takes one as a gap; `false` where it says nothing of access. `is_of_cluster` says whether a cluster has it, and so what it
    /// was to make.
    pub(super) fn overlook(&mut self, other: &Other, is_of_cluster: bool) -> bool {
        if let Some(Of::Deployer(deployer)) = of(&other.api_version, &other.kind) {
            let at = self.here.clone();
            self.deployed.add(deployer, is_of_cluster, &at);
            return true;
        }
        let Some(why) = why(other) else { return false };
        let is_maker = !matches!(
            of(&other.api_version, &other.kind),
            Some(Of::Mapping | Of::Status | Of::Table | Of::AccessEntry | Of::Authentication | Of::Members)
        );
        let namespace = other.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let name = if other.name.is_empty() { String::new() } else { format!(" {namespace}{}", other.name) };
        let what = format!("{}{name}{}", other.kind, self.at());
        let gaps = if is_of_cluster && is_maker { &mut self.made } else { &mut self.refused };
        gaps.push(Unseen::new(what, why));
        true
    }

    /// Whether what is refused may say something of access. `has_role` says whether it names an AWS role.
    pub(super) fn matters(&mut self, refused: &Refused, has_role: bool) -> bool {
        let Refused { kind, name, data, why } = refused;
        let is_by_chance = matches!(why, Refusal::NoNamespace | Refusal::NoName | Refusal::Misspelt(_));
        let kind = kind.trim();
        if kind.eq_ignore_ascii_case(ACCOUNT_KIND) && is_by_chance {
            return has_role;
        }
        if !kind.eq_ignore_ascii_case("ConfigMap") || !is_by_chance || self.is_looked_for(name) {
            return true;
        }
        let Some(data) = data else { return false };
        if *why == Refusal::NoNamespace {
            // Wherever it is, it is not the one that is read.
            self.note_alike(None, name, data);
            return false;
        }
        let keys: std::collections::BTreeMap<String, Value> = serde_json::from_str(data.get()).unwrap_or_default();
        LISTS.iter().any(|list| keys.contains_key(*list))
    }
}
