//! Objects by which another program deploys a chart or a folder that is not looked at here: counted, since a repository may have
//! nothing else.
//!
//! Sources: Flux, `api/v2/helmrelease_types.go` of helm-controller; Argo CD, `manifests/crds`.

use std::collections::BTreeMap;

use super::{Place, Unseen};

/// What deploys something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deployer {
    HelmRelease,
    Application,
    ApplicationSet,
}

/// How many there are of each, and where the first one stands. The flag says whether a cluster has them, and so what they
/// deploy.
#[derive(Clone, Debug, Default)]
pub(super) struct Deployed(BTreeMap<(Deployer, bool), (usize, Place)>);

impl Deployer {
    /// The one that objects of a kind are.
    pub(super) fn of(group: &str, kind: &str) -> Option<Self> {
        Some(match (group, kind) {
            ("helm.toolkit.fluxcd.io", "HelmRelease") => Self::HelmRelease,
            ("argoproj.io", "Application") => Self::Application,
            ("argoproj.io", "ApplicationSet") => Self::ApplicationSet,
            _ => return None,
        })
    }

    const fn in_words(self) -> (&'static str, &'static str) {
        match self {
            Self::HelmRelease => ("HelmRelease", "Flux"),
            Self::Application => ("Application", "Argo CD"),
            Self::ApplicationSet => ("ApplicationSet", "Argo CD"),
        }
    }

    /// Why it is not known what they bring.
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::HelmRelease => {
                "charts are not looked at, and may hold roles and bindings; give what `helm template` prints of them, or what \
                 `kubectl get roles,clusterroles,rolebindings,clusterrolebindings -A -o json` prints where they are installed"
            }
            Self::Application | Self::ApplicationSet => {
                "what is deployed by them is not looked at unless it is given, and may hold roles and bindings; give what \
                 `kubectl get roles,clusterroles,rolebindings,clusterrolebindings -A -o json` prints where it is deployed"
            }
        }
    }
}

impl Deployed {
    pub(super) fn add(&mut self, deployer: Deployer, is_of_cluster: bool, at: &Place) {
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
            let (kind, program) = deployer.in_words();
            let several = if *count == 1 { "" } else { "s" };
            let at = match (first.is_known(), *count) {
                (false, _) => String::new(),
                (true, 1) => format!(" ({first})"),
                (true, _) => format!(" (the first: {first})"),
            };
            Unseen { what: format!("{count} {kind}{several} of {program}{at}").into(), why: deployer.why().into() }
        })
    }
}
