//! What dumps lack, in words.

use std::collections::{BTreeMap, BTreeSet};

use super::{ACCOUNT_KIND, About, MAPPING_KIND, Unseen};
use crate::ObjectKind;

/// What has to be known of every cluster, by the names of its kinds.
pub(super) const KINDS: [(&str, ObjectKind); 6] = [
    ("Namespace", ObjectKind::Namespaces),
    ("Role", ObjectKind::Roles),
    ("ClusterRole", ObjectKind::ClusterRoles),
    ("RoleBinding", ObjectKind::RoleBindings),
    ("ClusterRoleBinding", ObjectKind::ClusterRoleBindings),
    ("ConfigMap", ObjectKind::ConfigMaps),
];
/// Why a kind is not known.
pub(super) const LACKS: &str = "manifests may not be all of them";
pub(super) const NOT_IN_DUMPS: &str = "the dumps do not have them";

/// Where every cluster has objects of a kind: the API server itself makes roles and bindings (Kubernetes,
/// `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/namespace_policy.go`), and the `ConfigMap`
/// `extension-apiserver-authentication`.
pub(super) fn everywhere(kind: &str) -> &'static [&'static str] {
    match kind {
        "ConfigMap" => &["kube-system"],
        "Role" | "RoleBinding" => &["kube-public", "kube-system"],
        _ => &[],
    }
}

/// Why a kind is not known of which some namespaces' objects were dumped, all of one perhaps chosen by a label.
pub(super) fn only_of(kind: &str, (namespaces, label): (&BTreeSet<Box<str>>, Option<&str>)) -> String {
    const NAMED: usize = 3;
    let mut names = namespaces.iter().take(NAMED).map(|name| &**name).collect::<Vec<_>>().join(", ");
    if namespaces.len() > NAMED {
        names.push_str(&format!(" and {} more", namespaces.len() - NAMED));
    }
    let chosen = label.map(|label| format!(" (perhaps a selection by `-l`: all in one dump has the label {label})"));
    let chosen = chosen.unwrap_or_default();
    format!(
        "the dumps have only those of {names}{chosen}, but every cluster has some in {}; `kubectl get -A` prints all",
        everywhere(kind).join(" and ")
    )
}

/// What kubectl calls the objects of a kind that has to be known of every cluster.
pub(super) fn resources(kind: ObjectKind) -> &'static str {
    if kind == ObjectKind::ConfigMaps { "configmaps" } else { kind.in_words() }
}

/// Joins gaps for people: those that manifests leave are one, which says what else to give.
pub fn joined(gaps: &[Unseen]) -> Vec<Unseen> {
    let resource = |gap: &Unseen| match gap.about {
        About::Kind(kind) => resources(kind).to_owned(),
        _ => gap.what.to_string(),
    };
    let is_lack = |why: &&str, gap: &Unseen| *gap.why == **why && gap.is_of(&KINDS.map(|(_, kind)| kind));
    let mut all: Vec<Unseen> = Vec::with_capacity(gaps.len());
    for why in [LACKS, NOT_IN_DUMPS] {
        let of_kind = |(_, kind): &(&str, ObjectKind)| gaps.iter().find(|gap| gap.is_of(&[*kind]) && *gap.why == *why);
        let lacking: Vec<&Unseen> = KINDS.iter().filter_map(of_kind).collect();
        let mut what: Vec<&str> = lacking.iter().map(|gap| &*gap.what).collect();
        let Some(last) = what.pop() else { continue };
        let what = if what.is_empty() { last.to_owned() } else { format!("{} and {last}", what.join(", ")) };
        let resources = lacking.iter().map(|gap| resource(gap)).collect::<Vec<_>>().join(",");
        let why = format!("{why}; give what `kubectl get {resources} -A -o json` prints as well");
        all.push(Unseen::new(what, why));
    }
    let is_single = |gap: &&Unseen| ![LACKS, NOT_IN_DUMPS].iter().any(|why| is_lack(why, gap));
    all.extend(gaps.iter().filter(is_single).cloned());
    all
}

/// Joins gaps like [`joined`], and names only the first of many objects with the same problem; JSON has all of them.
pub fn shown(gaps: &[Unseen]) -> Vec<Unseen> {
    const NAMED: usize = 5;
    let mut by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    let all = joined(gaps);
    for gap in &all {
        *by_reason.entry(&gap.why).or_default() += 1;
    }
    let mut shown: Vec<Unseen> = Vec::with_capacity(all.len());
    let mut said: BTreeSet<&str> = BTreeSet::new();
    for gap in &all {
        let count = by_reason[&*gap.why];
        if count <= NAMED {
            shown.push(gap.clone());
        } else if said.insert(&gap.why) {
            let of_reason: Vec<&str> = all.iter().filter(|one| one.why == gap.why).map(|one| &*one.what).collect();
            let what = format!("{} and {} more", of_reason[..NAMED].join(", "), count - NAMED);
            let why = format!("{} (`-o json` names all of them)", gap.why);
            shown.push(Unseen::new(what, why));
        }
    }
    shown
}

/// The gap that something is missing: a kind, or a `ConfigMap` by its name.
pub(super) fn missing_gap(name: &str, why: &str) -> Unseen {
    let others = [(MAPPING_KIND, ObjectKind::IdentityMappings), (ACCOUNT_KIND, ObjectKind::ServiceAccounts)];
    if let Some((_, kind)) = KINDS.iter().chain(&others).find(|(known, _)| *known == name) {
        return Unseen::of_kind(*kind, why);
    }
    Unseen::of_config_map(name, why)
}
