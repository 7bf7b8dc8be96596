//! What one of two worlds does not have because nobody gave it: compared, it would count as lost or gained.

use inventory::{Extent, Unseen};
use mapping::BackendMode;
use rbac::Binding;

use crate::{World, lint};

/// A kind that was given for only one of two worlds: 0 is the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotGiven {
    /// In which.
    pub side: usize,
    /// What, and what to do.
    pub gap: Unseen,
    /// Whether it is a mapping source, and not a kind of rights.
    pub is_of_logins: bool,
}

/// Returns the kinds that only one of two worlds has. What neither has is not compared by anybody.
pub fn not_given(worlds: [&World; 2]) -> Vec<NotGiven> {
    let mut all = Vec::new();
    for (side, [world, other]) in [worlds, [worlds[1], worlds[0]]].into_iter().enumerate() {
        let mut lacks = |lacking: Vec<Lacking>, so: &str, is_of_logins: bool| {
            all.extend(lacking.into_iter().map(|(what, command)| {
                let why = format!("given for the other side only, so {so}; give what `{command}` prints as well");
                NotGiven { side, gap: Unseen::new(what, why), is_of_logins }
            }));
        };
        lacks(rights(world, other), "nothing is compared", false);
        let lacking = logins(world, other);
        let may_be_elsewhere = lacking.is_empty() && may_be_elsewhere(world, other);
        lacks(lacking, "people are not compared", true);
        if may_be_elsewhere {
            let why = "no mapping was found, and the servers may read files of their own, so that people are not compared; \
                       give the authenticator's configuration as well";
            all.push(NotGiven { side, gap: Unseen::new("logins", why), is_of_logins: true });
        }
    }
    all
}

/// Wherever logins stand.
const ANYWHERE: [BackendMode; 6] = [
    BackendMode::MountedFile,
    BackendMode::DynamicFile,
    BackendMode::AccessFile,
    BackendMode::EksConfigMap,
    BackendMode::Crd,
    BackendMode::AccessEntries,
];

/// A kind and what prints it.
type Lacking = (&'static str, &'static str);

fn rights(world: &World, other: &World) -> Vec<Lacking> {
    let extents = |world: &World| {
        let all = |is_known: bool| if is_known { Extent::All } else { Extent::default() };
        let knowledge = &world.knowledge;
        let (roles, bindings) = (knowledge.roles.clone(), knowledge.role_bindings.clone());
        [roles, all(knowledge.cluster_roles), bindings, all(knowledge.cluster_role_bindings)]
    };
    let has = |world: &World| {
        let (roles, bindings) = (world.index().roles(), world.index().bindings());
        [
            roles.iter().any(|role| role.namespace().is_some()),
            // Those that every cluster has are in each world.
            roles.iter().any(|role| role.as_cluster_role().is_some() && role.origin().is_some()),
            bindings.iter().any(|binding| binding.namespace().is_some()),
            bindings.iter().any(|binding| binding.namespace().is_none()),
        ]
    };
    let kinds: [Lacking; 4] = [
        ("roles", "kubectl get roles -A -o json"),
        ("clusterroles", "kubectl get clusterroles -o json"),
        ("rolebindings", "kubectl get rolebindings -A -o json"),
        ("clusterrolebindings", "kubectl get clusterrolebindings -o json"),
    ];
    let lacks = |at: usize| match (world.is_whole(), other.is_whole()) {
        (true, true) => !covers(&extents(world)[at], &extents(other)[at]),
        (true, false) => extents(world)[at].is_nothing() && has(other)[at],
        (false, _) => false,
    };
    let mut lacking: Vec<Lacking> = (0..kinds.len()).filter(|at| lacks(*at)).map(|at| kinds[at]).collect();
    // Of manifests nobody knows what else there is; without any binding they are none of who may do what.
    let is_own = |binding: &Binding| lint::built_in_subjects(binding).len() < binding.subjects().len();
    let are_pieces = !world.is_whole() && other.is_whole() && world.surroundings().access.is_none();
    if are_pieces && world.index().bindings().is_empty() && other.index().bindings().iter().any(is_own) {
        lacking
            .push(("rolebindings and clusterrolebindings", "kubectl get rolebindings,clusterrolebindings -A -o json"));
    }
    lacking
}

/// Whether what is known of one world covers what is known of the other.
fn covers(extent: &Extent, of: &Extent) -> bool {
    match of {
        Extent::All => *extent == Extent::All,
        Extent::In(namespaces) => namespaces.iter().all(|namespace| extent.covers(namespace)),
    }
}

/// Whether no mapping source was found of one world, though there may be one that cannot be seen, and the other world has
/// logins: nobody is known to have lost theirs. A source that is there and empty lets nobody in.
fn may_be_elsewhere(world: &World, other: &World) -> bool {
    // Objects and access entries of which there are none are an empty source as well.
    let is_of_none = [BackendMode::Crd, BackendMode::AccessEntries];
    let is_none = |source: &mapping::Source| is_of_none.contains(&source.mode) && source.is_blank();
    let has_none = world.surroundings().logins.iter().all(is_none);
    world.is_whole() && has_none && has(other, &ANYWHERE) && world.places.all().next().is_some()
}

/// Whether logins stand somewhere.
fn has(world: &World, modes: &[BackendMode]) -> bool {
    let mut sources = world.surroundings().logins.iter();
    sources.any(|source| modes.contains(&source.mode) && !source.is_blank())
}

fn logins(world: &World, other: &World) -> Vec<Lacking> {
    let has_any = |world: &World| has(world, &ANYWHERE);
    let maps = "kubectl get configmaps -n kube-system -o json";
    let places = [
        (&[BackendMode::EksConfigMap][..], world.looked_at.config_maps, "the ConfigMap kube-system/aws-auth", maps),
        (
            &[BackendMode::Crd],
            world.looked_at.mapping_objects,
            "IAMIdentityMappings",
            "kubectl get iamidentitymappings -o json",
        ),
        (&[BackendMode::AccessEntries], world.looked_at.entries, "EKS access entries", "aws eks list-access-entries"),
    ];
    let is_whole = world.is_whole() && other.is_whole();
    // A cluster always has ConfigMaps: where they are looked at and none of them lets anybody in, those of the other one may.
    let are_empty = |modes: &[BackendMode]| {
        modes.contains(&BackendMode::EksConfigMap) && other.looked_at.config_maps && !has_any(world)
    };
    let lacks = |(modes, is_known, ..): &(&[BackendMode], bool, &str, &str)| {
        is_whole && !is_known && !has(world, modes) && (has(other, modes) || are_empty(modes))
    };
    let mut lacking: Vec<Lacking> =
        places.into_iter().filter(lacks).map(|(_, _, what, command)| (what, command)).collect();
    // Whether a configuration or an access file is given in place of a ConfigMap plays no part.
    let is_known = world.is_whole() && world.looked_at.config_maps;
    let are_compared = world.is_whole() || other.is_whole();
    if lacking.is_empty() && are_compared && !is_known && !has_any(world) && has_any(other) {
        lacking.push(("logins", maps));
    }
    lacking
}
