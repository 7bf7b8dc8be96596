//! What dumps lack, in words.

use std::collections::{BTreeMap, BTreeSet};

use super::{ACCOUNT_KIND, MAPPING_KIND, Unseen};

/// What has to be known of every cluster, as its kinds and in words.
pub(super) const KINDS: [(&str, &str); 6] = [
    ("Namespace", "namespaces"),
    ("Role", "roles"),
    ("ClusterRole", "clusterroles"),
    ("RoleBinding", "rolebindings"),
    ("ClusterRoleBinding", "clusterrolebindings"),
    ("ConfigMap", "the ConfigMaps of kube-system"),
];
/// Why a kind is not known.
pub(super) const LACKS: &str = "manifests may not be all of them";
pub(super) const NOT_IN_DUMPS: &str = "the dumps do not have them";

/// Where every cluster has objects of a kind: the API server itself makes roles and bindings (Kubernetes,
/// `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/namespace_policy.go`), and the `ConfigMap`
/// `extension-apiserver-authentication`.
pub(super) fn everywhere(kind: &str) -> &'static [&'static str] {
    if kind == "ConfigMap" { &["kube-system"] } else { &["kube-public", "kube-system"] }
}

/// Why a kind is not known of which some namespaces' objects were dumped.
pub(super) fn only_of(kind: &str, namespaces: &BTreeSet<Box<str>>) -> String {
    const NAMED: usize = 3;
    let mut names = namespaces.iter().take(NAMED).map(|name| &**name).collect::<Vec<_>>().join(", ");
    if namespaces.len() > NAMED {
        names.push_str(&format!(" and {} more", namespaces.len() - NAMED));
    }
    format!(
        "the dumps have only those of {names}, but every cluster has some in {}; `kubectl get -A` prints all",
        everywhere(kind).join(" and ")
    )
}

/// Joins gaps for people: those that manifests leave are one, which says what else to give.
pub fn joined(gaps: &[Unseen]) -> Vec<Unseen> {
    let resource = |gap: &Unseen| match &*gap.what {
        "the ConfigMaps of kube-system" => "configmaps".to_owned(),
        what => what.to_owned(),
    };
    let is_lack = |why: &&str, gap: &Unseen| *gap.why == **why && KINDS.iter().any(|(_, what)| *what == &*gap.what);
    let mut all: Vec<Unseen> = Vec::with_capacity(gaps.len());
    for why in [LACKS, NOT_IN_DUMPS] {
        let of_kind = |(_, what): &(&str, &str)| gaps.iter().find(|gap| &*gap.what == *what && *gap.why == *why);
        let lacking: Vec<&Unseen> = KINDS.iter().filter_map(of_kind).collect();
        let mut what: Vec<&str> = lacking.iter().map(|gap| &*gap.what).collect();
        let Some(last) = what.pop() else { continue };
        let what = if what.is_empty() { last.to_owned() } else { format!("{} and {last}", what.join(", ")) };
        let resources = lacking.iter().map(|gap| resource(gap)).collect::<Vec<_>>().join(",");
        let why = format!("{why}; give what `kubectl get {resources} -A -o json` prints as well");
        all.push(Unseen { what: what.into(), why: why.into() });
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
            shown.push(Unseen { what: what.into(), why: why.into() });
        }
    }
    shown
}

/// What is missing: a kind, or a `ConfigMap` by its name.
pub(super) fn missing_in_words(name: &str) -> String {
    let kinds = [(MAPPING_KIND, "IAMIdentityMappings"), (ACCOUNT_KIND, "serviceaccounts")];
    let known = KINDS.iter().chain(&kinds).find(|(kind, _)| *kind == name);
    known.map_or_else(|| format!("the ConfigMap kube-system/{name}"), |(_, what)| (*what).to_owned())
}
