//! Looking at a live cluster: everything at once, and each gap by name.

use std::cell::Cell;

use anyhow::Context as _;
use futures_util::{StreamExt as _, future::join_all, stream};
use inventory::{Dump, DumpError};
use kubernetes::{Cluster, KubernetesError, ListStream, Resource};
use tokio::sync::mpsc;

use crate::process::showing;

/// What was seen.
pub(crate) struct Looked {
    pub(crate) dump: Dump,
    /// What the cluster did not let be looked at; the dump has each as a gap.
    pub(crate) refused: Vec<KubernetesError>,
}

/// Lists, by the kind that they are of.
pub(crate) type Lists = [(&'static str, Resource)];

/// All that access depends on.
pub(crate) const EVERYTHING: &Lists = &[
    ("RoleBinding", Resource::ROLE_BINDINGS),
    ("Role", Resource::ROLES),
    ("ClusterRoleBinding", Resource::CLUSTER_ROLE_BINDINGS),
    ("ClusterRole", Resource::CLUSTER_ROLES),
    ("Namespace", Resource::NAMESPACES),
    (MAPPINGS, Resource::IAM_IDENTITY_MAPPINGS),
];
/// What `lint` looks at besides.
pub(crate) const ACCOUNTS: (&str, Resource) = ("ServiceAccount", Resource::SERVICE_ACCOUNTS);
/// What an access file is compiled with.
pub(crate) const COMPILING: &Lists =
    &[("Namespace", Resource::NAMESPACES), ("ClusterRole", Resource::CLUSTER_ROLES), ("Role", Resource::ROLES)];
/// What runs servers on control planes.
const SERVERS: &[Resource] = &[Resource::DAEMON_SETS, Resource::DEPLOYMENTS];
const MAPPINGS: &str = Dump::MAPPING_KIND;
/// How many pieces of a list wait to be read before no more are taken in.
const PIECES: usize = 64;
/// What the API server says about their API, to everybody (`system:discovery`).
const MAPPINGS_API: &str = "/apis/iamauthenticator.k8s.aws/v1alpha1";

/// How many roles are asked for at once, and how many at most where they may not be listed.
const AT_ONCE: usize = 16;
const ROLES: usize = 4_096;

/// Looks at lists of a cluster, and at the `ConfigMap`s that matter. What may not be looked at is a gap; any other trouble
/// ends it. Each list is read while the others still arrive.
///
/// Whoever may not list something in the whole cluster may in these namespaces, perhaps, and get the roles that bindings
/// there name.
pub(crate) async fn look(cluster: &Cluster, lists: &Lists, namespaces: &[String]) -> anyhow::Result<Looked> {
    let so_far = SoFar { all: lists.len(), ..SoFar::default() };
    let looking = async {
        let asked = lists.iter().map(|(kind, resource)| list(cluster, kind, *resource, namespaces, &so_far));
        let mut looked = Looked { dump: Dump::default(), refused: Vec::new() };
        let looks_at_logins = lists_roles(lists);
        let (answers, maps, running) =
            tokio::join!(join_all(asked), config_maps(cluster), servers(cluster, SERVERS, looks_at_logins));
        for part in answers.into_iter().chain([maps]) {
            let Looked { dump, refused } = part?;
            looked.dump.extend(dump);
            looked.refused.extend(refused);
        }
        looked.dump.extend(running?);
        if looks_at_logins {
            // A server that the kubelet runs from a file shows as a pod, and there may be many.
            let pods = servers(cluster, &[Resource::PODS], looked.dump.lacks_server()).await?;
            looked.dump.extend(pods);
            looked.roles(cluster).await?;
        }
        Ok(looked)
    };
    showing(|| so_far.line(), looking).await
}

/// How far looking is.
#[derive(Default)]
struct SoFar {
    all: usize,
    lists: Cell<usize>,
    bytes: Cell<usize>,
}

impl SoFar {
    fn line(&self) -> String {
        let (lists, all, megabytes) = (self.lists.get(), self.all, self.bytes.get() / 1_000_000);
        if lists < all {
            format!("looking at the cluster: {lists} of {all} lists, {megabytes} MB")
        } else {
            format!("looking at the cluster: {all} lists, {megabytes} MB, and single objects")
        }
    }
}

/// Whether roles are looked at for the bindings that name them.
fn lists_roles(lists: &Lists) -> bool {
    ["RoleBinding", "ClusterRole"].iter().all(|kind| lists.iter().any(|(listed, _)| listed == kind))
}

async fn list(
    cluster: &Cluster,
    kind: &str,
    resource: Resource,
    namespaces: &[String],
    so_far: &SoFar,
) -> anyhow::Result<Looked> {
    let path = resource.list(None);
    let mut looked = Looked { dump: Dump::default(), refused: Vec::new() };
    let is_rare = kind == MAPPINGS;
    // Who may not list them may still look whether there are such things at all.
    if is_rare && matches!(cluster.get(MAPPINGS_API).await, Ok(None)) {
        looked.dump.has_none(kind);
        so_far.lists.set(so_far.lists.get() + 1);
        return Ok(looked);
    }
    match cluster.list(&path).await {
        Ok(Some(arriving)) => {
            let read = read(arriving, so_far).await?;
            looked.dump = read.with_context(|| format!("{path} of {}", cluster.server()))?;
            looked.dump.has_none(kind);
        }
        // Few clusters know it.
        Ok(None) if is_rare => looked.dump.has_none(kind),
        Ok(None) => anyhow::bail!("{} serves no {path}; RBAC is off there", cluster.server()),
        // A webhook of its own that converts them may be down, and takes nothing else with it.
        Err(KubernetesError::Unavailable { status, .. }) if is_rare => {
            looked.dump.could_not_see(kind, &format!("the API server cannot list them now (status {status})"));
        }
        Err(error @ KubernetesError::Forbidden { .. }) if kind == "Namespace" => {
            looked.refuse(kind, "you may not list them", error)?;
            for namespace in namespaces {
                if let Ok(Some(bytes)) = cluster.get(&resource.object(None, namespace)).await {
                    looked.dump.read_of(kind, namespace, one(&bytes, &path, cluster)?);
                }
            }
        }
        Err(error @ KubernetesError::Forbidden { .. }) if resource.is_namespaced() => {
            let mut seen = Vec::new();
            for namespace in namespaces {
                let path = resource.list(Some(namespace));
                match cluster.list(&path).await {
                    Ok(Some(arriving)) => {
                        let part =
                            read(arriving, so_far).await?.with_context(|| format!("{path} of {}", cluster.server()))?;
                        looked.dump.read_of(kind, namespace, part);
                        looked.dump.read_namespace(namespace);
                        seen.push(&**namespace);
                    }
                    Ok(None) | Err(KubernetesError::Forbidden { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let why = match &seen[..] {
                [] => "you may not list them".to_owned(),
                seen => format!("you may list those of {} alone", seen.join(", ")),
            };
            looked.refuse(kind, &why, error)?;
        }
        Err(error) => looked.refuse(kind, "you may not list them", error)?,
    }
    so_far.lists.set(so_far.lists.get() + 1);
    Ok(looked)
}

fn one(json: &[u8], path: &str, cluster: &Cluster) -> anyhow::Result<Dump> {
    let mut dump = Dump::default();
    dump.read(json).with_context(|| format!("{path} of {}", cluster.server()))?;
    Ok(dump)
}

/// Reads a list on a thread of its own while it arrives: it never stands in memory as a whole, and when its last piece is
/// there, all others have been read.
async fn read(mut arriving: ListStream<'_>, so_far: &SoFar) -> anyhow::Result<Result<Dump, DumpError>> {
    let (send, mut pieces) = mpsc::channel(PIECES);
    let reading = tokio::task::spawn_blocking(move || {
        let mut dump = Dump::default();
        dump.read_arriving(std::iter::from_fn(|| pieces.blocking_recv())).map(|()| dump)
    });
    while let Some(piece) = arriving.piece().await? {
        so_far.bytes.set(so_far.bytes.get() + piece.len());
        // Whoever reads no more says why.
        if send.send(piece).await.is_err() {
            break;
        }
    }
    drop(send);
    reading.await.context("reading a list was interrupted")
}

/// Looks at what runs servers. Whoever may not gets the same answer, with a note that says so.
async fn servers(cluster: &Cluster, resources: &[Resource], is_asked: bool) -> anyhow::Result<Dump> {
    let mut dump = Dump::default();
    for resource in resources.iter().filter(|_| is_asked) {
        let path = resource.list(Some("kube-system"));
        match cluster.list(&path).await {
            Ok(Some(arriving)) => {
                let read = read(arriving, &SoFar::default()).await?;
                dump.extend(read.with_context(|| format!("{path} of {}", cluster.server()))?);
            }
            Ok(None) => {}
            Err(KubernetesError::Forbidden { .. }) => {
                dump.could_not_see_servers(&format!("you may not list {} of kube-system", resource.name));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(dump)
}

async fn config_maps(cluster: &Cluster) -> anyhow::Result<Looked> {
    let mut looked = Looked { dump: Dump::default(), refused: Vec::new() };
    looked.dump.has_none("ConfigMap");
    let asked = Dump::config_map_names()
        .map(|name| async move { (name, cluster.get(&Resource::CONFIG_MAPS.object(Some("kube-system"), name)).await) });
    for (name, found) in join_all(asked).await {
        match found {
            Ok(Some(bytes)) => {
                let read = looked.dump.read(&bytes);
                read.with_context(|| format!("the ConfigMap {name} of {}", cluster.server()))?;
            }
            Ok(None) => {}
            Err(error) => looked.refuse(name, "you may not get it", error)?,
        }
    }
    Ok(looked)
}

impl Looked {
    /// Asks for the roles that bindings grant and that no list had, one by one. What may not be got stays a gap.
    async fn roles(&mut self, cluster: &Cluster) -> anyhow::Result<()> {
        let asked = self.dump.roles_to_ask_for().into_iter().take(ROLES).map(|(namespace, name)| async move {
            let resource = if namespace.is_some() { Resource::ROLES } else { Resource::CLUSTER_ROLES };
            let found = cluster.get(&resource.object(namespace.as_deref(), &name)).await;
            (namespace, name, found)
        });
        let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        for (namespace, name, found) in answers {
            match found {
                Ok(found) => {
                    let read = self.dump.read_role(namespace.as_deref(), &name, found.as_deref());
                    read.with_context(|| format!("the role {name} of {}", cluster.server()))?;
                }
                Err(KubernetesError::Forbidden { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// What may not be looked at is a gap, and no end.
    fn refuse(&mut self, what: &str, why: &str, error: KubernetesError) -> Result<(), KubernetesError> {
        let KubernetesError::Forbidden { .. } = error else { return Err(error) };
        self.dump.could_not_see(what, why);
        self.refused.push(error);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::SoFar;

    #[test]
    fn how_far_it_is_fits_on_a_line() {
        let rows = [
            (0, 0, "looking at the cluster: 0 of 6 lists, 0 MB"),
            (5, 61_900_000, "looking at the cluster: 5 of 6 lists, 61 MB"),
            (6, 61_900_000, "looking at the cluster: 6 lists, 61 MB, and single objects"),
        ];
        for (lists, bytes, expected) in rows {
            let so_far = SoFar { all: 6, lists: lists.into(), bytes: bytes.into() };
            assert_eq!(so_far.line(), expected);
        }
    }
}
