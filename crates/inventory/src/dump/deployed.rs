//! Objects by which another program deploys a chart or a folder that is not looked at here: counted, since a repository may have
//! nothing else.
//!
//! Sources: Flux, `api/v2/helmrelease_types.go` of helm-controller and `api/v1/kustomization_types.go` of kustomize-controller; Argo
//! CD, `manifests/crds`; K3s, Fleet, kapp-controller, Crossplane's provider for Helm, Cluster API's add-on provider for Helm, Sveltos,
//! Config Sync and Operator Lifecycle Manager, their API references.

use std::collections::BTreeMap;

use super::{Unseen, WrittenAt};

/// What deploys something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deployer(usize);

/// What it deploys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Charts.
    Charts,
    /// Manifests that lie elsewhere, or are made there.
    Manifests,
}

/// The API groups, the kinds and their programs, in the order in which they are said.
const DEPLOYERS: [(&[&str], &str, &str, What); 15] = [
    (&["helm.toolkit.fluxcd.io"], "HelmRelease", "Flux", What::Charts),
    (&["argoproj.io"], "Application", "Argo CD", What::Manifests),
    (&["argoproj.io"], "ApplicationSet", "Argo CD", What::Manifests),
    (&["kustomize.toolkit.fluxcd.io"], "Kustomization", "Flux", What::Manifests),
    (&["helm.cattle.io"], "HelmChart", "K3s", What::Charts),
    (&["helm.cattle.io"], "HelmChartConfig", "K3s", What::Charts),
    (&["fleet.cattle.io"], "GitRepo", "Fleet", What::Manifests),
    (&["kappctrl.k14s.io"], "App", "kapp-controller", What::Manifests),
    (&["helm.crossplane.io", "helm.m.crossplane.io"], "Release", "Crossplane", What::Charts),
    (&["addons.cluster.x-k8s.io"], "HelmChartProxy", "Cluster API", What::Charts),
    (&["config.projectsveltos.io"], "ClusterProfile", "Sveltos", What::Manifests),
    (&["config.projectsveltos.io"], "Profile", "Sveltos", What::Manifests),
    (&["configsync.gke.io"], "RootSync", "Config Sync", What::Manifests),
    (&["configsync.gke.io"], "RepoSync", "Config Sync", What::Manifests),
    (&["operators.coreos.com"], "Subscription", "Operator Lifecycle Manager", What::Manifests),
];

/// How many there are of each, and where the first one stands. The flag says whether a cluster has them, and so what they
/// deploy.
#[derive(Clone, Debug, Default)]
pub(super) struct Deployed(BTreeMap<(Deployer, bool), (usize, WrittenAt)>);

impl Deployer {
    /// The one that objects of a kind are.
    pub(super) fn of(group: &str, kind: &str) -> Option<Self> {
        DEPLOYERS.iter().position(|(groups, of, ..)| groups.contains(&group) && *of == kind).map(Self)
    }

    /// The kind, for one and for several, and its program.
    fn in_words(self, count: usize) -> String {
        let (_, kind, program, _) = DEPLOYERS[self.0];
        match kind.strip_suffix('y') {
            _ if count == 1 => format!("{count} {kind} of {program}"),
            Some(kind) => format!("{count} {kind}ies of {program}"),
            None => format!("{count} {kind}s of {program}"),
        }
    }

    /// Why it is not known what they bring.
    pub(super) const fn why(self) -> &'static str {
        match DEPLOYERS[self.0].3 {
            What::Charts => {
                "charts are not read, and may hold roles and bindings; give what `helm template` prints of them, or what \
                 `kubectl get roles,clusterroles,rolebindings,clusterrolebindings -A -o json` prints where they are installed"
            }
            What::Manifests => {
                "what they deploy is not read unless it is given, and may hold roles and bindings; give what \
                 `kubectl get roles,clusterroles,rolebindings,clusterrolebindings -A -o json` prints where it is deployed"
            }
        }
    }
}

impl Deployed {
    pub(super) fn add(&mut self, deployer: Deployer, is_of_cluster: bool, at: &WrittenAt) {
        self.0.entry((deployer, is_of_cluster)).or_insert_with(|| (0, at.clone())).0 += 1;
    }

    pub(super) fn extend(&mut self, other: Self) {
        for (key, (count, first)) in other.0 {
            self.0.entry(key).or_insert((0, first)).0 += count;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One gap for each. Of what a cluster has nothing is missing where all its roles and bindings are known.
    pub(super) fn gaps(&self, knows_all_rights: bool) -> impl Iterator<Item = Unseen> {
        let counted = self.0.iter().filter(move |((_, is_of_cluster), _)| !(*is_of_cluster && knows_all_rights));
        counted.map(|((deployer, _), (count, first))| {
            let deployers = deployer.in_words(*count);
            let at = match (first.is_known(), *count) {
                (false, _) => String::new(),
                (true, 1) => format!(" ({first})"),
                (true, _) => format!(" (the first: {first})"),
            };
            Unseen::new(format!("{deployers}{at}"), deployer.why())
        })
    }
}
