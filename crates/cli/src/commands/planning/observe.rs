//! Looking at a cluster: everything at once, and each gap by name.

use access::cluster::Dump;
use anyhow::Context as _;
use kubernetes::{Cluster, KubernetesError, Resource};
use rbac::User;

/// What was seen.
pub(crate) struct Seen {
    pub(crate) dump: Dump,
    /// Who asks.
    pub(crate) caller: Option<User>,
    /// Why that is not known, where it matters.
    pub(crate) unknown_caller: Option<&'static str>,
}

impl Seen {
    /// A cluster that is not asked: nobody asks.
    pub(crate) fn of_dump(dump: Dump) -> Self {
        Self { dump, caller: None, unknown_caller: None }
    }
}

/// Lists, by the kind that they are of.
const LISTS: [(&str, Resource); 6] = [
    ("Namespace", Resource::NAMESPACES),
    ("Role", Resource::ROLES),
    ("ClusterRole", Resource::CLUSTER_ROLES),
    ("RoleBinding", Resource::ROLE_BINDINGS),
    ("ClusterRoleBinding", Resource::CLUSTER_ROLE_BINDINGS),
    (MAPPINGS, Resource::IAM_IDENTITY_MAPPINGS),
];
const MAPPINGS: &str = "IAMIdentityMapping";
/// What the API server says about their API, to everybody (`system:discovery`).
const MAPPINGS_API: &str = "/apis/iamauthenticator.k8s.aws/v1alpha1";

/// Looks at a cluster. What may not be looked at is a gap; any other trouble ends it.
pub(crate) async fn live(cluster: &Cluster) -> anyhow::Result<Seen> {
    let lists = LISTS.map(|(kind, resource)| (kind, resource.list(None)));
    let list = |at: usize| cluster.list(&lists[at].1);
    let names: Vec<&str> = Dump::config_map_names().collect();
    let maps = async {
        let mut maps = Vec::new();
        for name in &names {
            let path = Resource::CONFIG_MAPS.object(Some("kube-system"), name);
            maps.push((*name, cluster.get(&path).await));
        }
        maps
    };
    // Who may not list them may still look whether there are such things at all.
    let mappings = async {
        match cluster.get(MAPPINGS_API).await {
            Ok(None) => Ok(None),
            _ => list(5).await,
        }
    };
    let (me, maps, namespaces, roles, cluster_roles, role_bindings, cluster_role_bindings, mappings) =
        tokio::join!(cluster.who_am_i(), maps, list(0), list(1), list(2), list(3), list(4), mappings);
    let mut dump = Dump::default();
    for ((kind, path), answer) in
        lists.iter().zip([namespaces, roles, cluster_roles, role_bindings, cluster_role_bindings, mappings])
    {
        match answer {
            Ok(Some(bytes)) => {
                dump.read(&bytes).with_context(|| format!("{path} of {}", cluster.server()))?;
                dump.has_none(kind);
            }
            // Few clusters know it.
            Ok(None) if *kind == MAPPINGS => dump.has_none(kind),
            Ok(None) => anyhow::bail!("{} serves no {path}; RBAC is off there", cluster.server()),
            Err(KubernetesError::Forbidden { .. }) => dump.could_not_see(kind, "you may not list them"),
            Err(error) => return Err(error.into()),
        }
    }
    dump.has_none("ConfigMap");
    for (name, answer) in maps {
        match answer {
            Ok(Some(bytes)) => {
                dump.read(&bytes).with_context(|| format!("the ConfigMap {name} of {}", cluster.server()))?;
            }
            Ok(None) => {}
            Err(KubernetesError::Forbidden { .. }) => dump.could_not_see(name, "you may not get it"),
            Err(error) => return Err(error.into()),
        }
    }
    let (caller, unknown_caller) = match me {
        Ok(Some(me)) => (Some(User { name: me.username, groups: me.groups }), None),
        Ok(None) => (None, Some("the cluster does not say, as those since Kubernetes 1.27 do")),
        Err(KubernetesError::Forbidden { .. }) => {
            (None, Some("you may not ask (the ClusterRole system:basic-user allows it)"))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Seen { dump, caller, unknown_caller })
}
