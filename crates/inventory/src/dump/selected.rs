//! Whether dumps have all objects of a kind or a selection: what `kubectl get` prints of names, or by a selector, is a list like any
//! other.

use std::collections::{BTreeMap, BTreeSet};

use rbac::{
    Labels,
    dump::{FoundObject, Other},
};

/// An object that every cluster has from its first minute: the API server makes it, and makes it again where it is gone. (Of the
/// `ConfigMap` that holds wherever certificates of clients are taken, or an aggregated API server is.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standard {
    kind: &'static str,
    /// Empty where it has none.
    namespace: &'static str,
    name: &'static str,
}

/// At least one that nobody asks for by its name for each kind of which all are to be known (Kubernetes,
/// `plugin/pkg/auth/authorizer/rbac/bootstrappolicy`, `pkg/controlplane/controller/systemnamespaces` and
/// `pkg/controlplane/controller/clusterauthenticationtrust`).
const IN_EVERY_CLUSTER: [Standard; 13] = [
    standard("Namespace", "", "default"),
    standard("Namespace", "", "kube-system"),
    standard("ClusterRole", "", "cluster-admin"),
    standard("ClusterRole", "", "view"),
    standard("ClusterRole", "", "system:kube-controller-manager"),
    standard("ClusterRoleBinding", "", "cluster-admin"),
    standard("ClusterRoleBinding", "", "system:kube-controller-manager"),
    standard("ClusterRoleBinding", "", "system:kube-scheduler"),
    standard("Role", "kube-public", "system:controller:bootstrap-signer"),
    standard("Role", "kube-system", "extension-apiserver-authentication-reader"),
    standard("RoleBinding", "kube-public", "system:controller:bootstrap-signer"),
    standard("RoleBinding", "kube-system", "system::extension-apiserver-authentication-reader"),
    standard("ConfigMap", "kube-system", "extension-apiserver-authentication"),
];

/// Of which kinds there are lists, and whether what they hold shows that they are selections.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    /// The kinds of which a cluster itself listed all.
    by_cluster: BTreeSet<Box<str>>,
    /// The kinds of which somebody gave a list.
    given: BTreeMap<Box<str>, Given>,
    /// What is in the list that is read now.
    being_read: Option<Text>,
}

/// What the lists of one kind hold that were given.
#[derive(Clone, Debug, Default)]
struct Given {
    /// Whether some of them has a version, as a cluster has stored it: what somebody has taken the versions out of may lack more.
    has_dumped: bool,
    found: BTreeSet<Standard>,
    namespaces: BTreeSet<Box<str>>,
    /// Whether one of them, with some of what every cluster has, is none that one label could have chosen.
    is_plain: bool,
    /// The namespaces of which one of them is none either.
    plain_namespaces: BTreeSet<Box<str>>,
    /// A label that everything in one of them has.
    label: Option<Box<str>>,
}

/// One list, of one kind or several.
#[derive(Clone, Debug, Default)]
struct Text {
    kinds: BTreeSet<Box<str>>,
    /// The labels that all in it have; nothing before the first object.
    labels: Option<BTreeSet<Box<str>>>,
    /// Whether one of them has a version.
    has_dumped: bool,
    /// The kinds of those that have versions.
    dumped: BTreeSet<&'static str>,
    found: BTreeSet<Standard>,
    namespaces: BTreeSet<(&'static str, Box<str>)>,
}

/// Why lists are not known to hold all of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// They lack what every cluster has.
    Lacks(Standard),
    /// All that they hold has this label.
    Label(Box<str>),
}

/// What every namespace has, so that it chooses none.
const OF_EVERY_NAMESPACE: &str = "kubernetes.io/metadata.name";

impl Listed {
    /// Begins a list whose objects are read one by one.
    pub(super) fn begin(&mut self) {
        self.being_read = Some(Text::default());
    }

    /// Takes in an object that somebody gave, and whether a cluster has stored it.
    pub(super) fn saw(&mut self, object: &FoundObject, labels: &Labels, is_dumped: bool) {
        let text = self.being_read.get_or_insert_default();
        text.has_dumped |= is_dumped;
        match &mut text.labels {
            Some(common) => common.retain(|key| labels.contains_key(key)),
            None => {
                let choosing = labels.keys().filter(|key| ***key != *OF_EVERY_NAMESPACE);
                text.labels = Some(choosing.cloned().collect());
            }
        }
        let (kind, namespace, name) = match object {
            FoundObject::Namespace(name) => ("Namespace", None, &**name),
            FoundObject::Role(role) => (role.kind().as_str(), role.namespace(), role.id().1),
            FoundObject::Binding(binding) => (binding.kind(), binding.namespace(), binding.name()),
            FoundObject::Other(Other { api_version, kind, namespace, name, .. })
                if (&**api_version, &**kind) == ("v1", "ConfigMap") =>
            {
                ("ConfigMap", namespace.as_deref(), &**name)
            }
            FoundObject::Other(_) | FoundObject::Refused(_) => return,
        };
        if !is_dumped {
            return;
        }
        text.dumped.insert(kind);
        if let Some(namespace) = namespace {
            text.namespaces.insert((kind, namespace.into()));
        }
        let id = (namespace.unwrap_or_default(), name);
        let is_it = |one: &&Standard| one.kind == kind && (one.namespace, one.name) == id;
        text.found.extend(IN_EVERY_CLUSTER.iter().find(is_it));
    }

    /// Takes in of which kinds what was read has lists, and whether somebody gave it. What [`Self::begin`] began ends by
    /// [`Self::end`].
    pub(super) fn read<'k>(&mut self, kinds: impl IntoIterator<Item = &'k Box<str>>, is_given: bool, is_begun: bool) {
        if !is_given {
            self.by_cluster.extend(kinds.into_iter().cloned());
            return;
        }
        self.being_read.get_or_insert_default().kinds.extend(kinds.into_iter().cloned());
        if !is_begun {
            self.end();
        }
    }

    /// Ends a list.
    pub(super) fn end(&mut self) {
        let Text { kinds, labels, has_dumped, dumped, found, namespaces } = self.being_read.take().unwrap_or_default();
        let label = labels.as_ref().and_then(BTreeSet::first).filter(|_| has_dumped);
        for kind in kinds {
            let found = found.iter().filter(|one| *one.kind == *kind).copied();
            let namespaces = namespaces.iter().filter(|(of, _)| **of == *kind).map(|(_, namespace)| namespace.clone());
            let given = self.given.entry(kind.clone()).or_default();
            given.has_dumped |= dumped.iter().any(|of| **of == *kind);
            let has_standard = found.clone().next().is_some();
            given.found.extend(found);
            let is_counted = given.has_dumped && IN_EVERY_CLUSTER.iter().any(|one| *one.kind == *kind);
            given.namespaces.extend(namespaces.clone());
            match label {
                Some(label) => given.label = Some(label.clone()),
                None => {
                    given.is_plain |= has_standard || !is_counted;
                    given.plain_namespaces.extend(namespaces);
                }
            }
        }
    }

    /// Forgets the list that is read now: it is a part.
    pub(super) fn forget(&mut self) {
        self.being_read = None;
    }

    /// What shows that the lists of a kind that were given are a selection; nothing where there are none, or the cluster itself was
    /// asked.
    pub(super) fn selection(&self, kind: &str) -> Option<Selection> {
        let given = self.given(kind)?;
        let lacks = |one: &Standard| given.has_dumped && one.kind == kind && !given.found.contains(one);
        let lacking = IN_EVERY_CLUSTER.into_iter().find(lacks);
        // Both namespaces that every cluster has got it by somebody who labels all of them.
        let label = || given.label.clone().filter(|_| !given.is_plain && kind != "Namespace");
        lacking.map(Selection::Lacks).or_else(|| label().map(Selection::Label))
    }

    /// The namespaces of objects of a kind in the lists that were given.
    pub(super) fn namespaces(&self, kind: &str) -> Option<&BTreeSet<Box<str>>> {
        Some(&self.given(kind)?.namespaces)
    }

    /// Of these those of which nothing shows that it is a selection, and a label that chooses all that there is of others.
    pub(super) fn whole_namespaces(&self, kind: &str) -> (BTreeSet<Box<str>>, Option<&str>) {
        let Some(given) = self.given(kind) else { return Default::default() };
        let mut whole = given.plain_namespaces.clone();
        for one in IN_EVERY_CLUSTER.iter().filter(|one| one.kind == kind && !given.found.contains(one)) {
            whole.remove(one.namespace);
        }
        let label = given.label.as_deref().filter(|_| given.namespaces != given.plain_namespaces);
        (whole, label)
    }

    fn given(&self, kind: &str) -> Option<&Given> {
        self.given.get(kind).filter(|_| !self.by_cluster.contains(kind))
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.by_cluster.extend(other.by_cluster);
        for (kind, other) in other.given {
            let given = self.given.entry(kind).or_default();
            given.has_dumped |= other.has_dumped;
            given.found.extend(other.found);
            given.namespaces.extend(other.namespaces);
            given.is_plain |= other.is_plain;
            given.plain_namespaces.extend(other.plain_namespaces);
            given.label = other.label.or(given.label.take());
        }
    }
}

impl Selection {
    /// Why a kind is not known. `resources` is what kubectl calls it.
    pub(super) fn why(&self, resources: &str) -> String {
        match self {
            Self::Lacks(standard) => standard.lacked(resources),
            Self::Label(label) => format!(
                "the dumps may be a selection (by `-l`): all that they hold has the label {label}; `kubectl get \
                 namespaces,{resources} -A -o json` prints what shows that it is all"
            ),
        }
    }
}

impl Standard {
    /// Why a kind is not known that lacks it. `resources` is what kubectl calls the kind.
    fn lacked(self, resources: &str) -> String {
        let Self { kind, namespace, name } = self;
        let name = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
        // An API server that takes no certificates of clients makes no such `ConfigMap`.
        let who = if kind == "ConfigMap" { "nearly every cluster" } else { "every cluster" };
        format!(
            "the dumps look like a selection (by names or `-l`): they lack the {kind} {name}, which {who} has; \
             `kubectl get {resources} -A -o json` prints all"
        )
    }
}

const fn standard(kind: &'static str, namespace: &'static str, name: &'static str) -> Standard {
    Standard { kind, namespace, name }
}
