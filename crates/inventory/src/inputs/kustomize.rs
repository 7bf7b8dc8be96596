//! Kustomizations, as far as they are followed here: which namespace they put manifests in. Whatever else they do is named.
//!
//! Source: `kubectl kustomize` (sigs.k8s.io/kustomize, `api/types/kustomization.go`), which the tests were put to.

mod twice;

use std::collections::{BTreeMap, BTreeSet};

use document::{Dialect, Limits, Node, Source};
use serde_json::{Map, Value};

use crate::Unseen;

/// The names that a kustomization's file may have; kubectl takes no other names.
pub const FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What changes nothing of access.
const HARMLESS: [&str; 13] = [
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "namespace",
    "images",
    "replicas",
    "commonAnnotations",
    "generatorOptions",
    "sortOptions",
    "buildMetadata",
    "openapi",
];

/// The kinds with a namespace that kustomizations put somewhere.
const OF_NAMESPACE: [&str; 4] = ["Role", "RoleBinding", "ConfigMap", "ServiceAccount"];

/// The kustomizations of all folders that were given.
#[derive(Debug, Default)]
pub struct Kustomizations {
    /// By their own folders.
    by_folder: BTreeMap<Vec<Box<str>>, Kustomization>,
    /// The service accounts of the files that they list.
    accounts: BTreeMap<Vec<Box<str>>, Vec<Account>>,
    /// The objects of access that stand in these files.
    objects: BTreeMap<Vec<Box<str>>, Vec<Id>>,
}

/// What an object is called: kind, namespace and name.
type Id = (Box<str>, Option<Box<str>>, Box<str>);

#[derive(Debug)]
struct Kustomization {
    /// The file.
    file: Box<str>,
    namespace: Option<Namespace>,
    /// Files and folders.
    resources: Vec<Vec<Box<str>>>,
    /// The same as they are written, with lines.
    written: Vec<Box<str>>,
    /// The labels that it adds to everything.
    labels: Pairs,
    /// Files that change what it takes in, and are not manifests of their own.
    patches: Vec<Vec<Box<str>>>,
    /// What else it does, with lines.
    more: Vec<String>,
}

/// Labels with their values.
type Pairs = BTreeMap<Box<str>, Box<str>>;

/// Files by their paths.
type Reached = BTreeMap<Vec<Box<str>>, Reach>;

/// What is made of one file.
#[derive(Debug, Default)]
struct Reach {
    namespaces: BTreeSet<Namespace>,
    /// One that leads to it by a way on which nothing says a namespace.
    without_namespace: BTreeSet<Box<str>>,
    /// The kustomizations that do more to it.
    more: BTreeSet<Box<str>>,
    accounts: BTreeSet<Account>,
    /// The labels that they add, by each way to it.
    labels: BTreeSet<Pairs>,
}

/// A service account, with the namespace that it says itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    name: Box<str>,
    namespace: Option<Box<str>>,
}

/// A namespace, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Namespace {
    /// Its name.
    pub name: Box<str>,
    /// `dev/kustomization.yaml:2`.
    pub place: Box<str>,
}

/// The effect of kustomizations on one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kustomized {
    /// The namespaces that it is put in: none, one, or several where several kustomizations take it.
    pub namespaces: Vec<Namespace>,
    /// A kustomization, as a file, that takes it and puts it in none, where others put it in some.
    pub in_none_by: Option<Box<str>>,
    /// The kustomizations that do more to it, as files.
    pub more: Vec<Box<str>>,
    /// The service accounts that are taken in with it: subjects that are these follow them into the namespace.
    pub accounts: Vec<Account>,
    /// The labels that are added to it: several where several kustomizations take it and do not add the same.
    pub labels: Vec<BTreeMap<Box<str>, Box<str>>>,
    /// The kustomization beside it, as a file, that does not list it.
    pub unlisted_by: Option<Box<str>>,
}

impl Kustomizations {
    /// Adds one by its path, or says why it cannot be read.
    pub fn add(&mut self, path: &str, text: &str) -> Result<(), Unseen> {
        let source = Source::new(path, text);
        let unreadable = |why: String| Unseen::new(path, why);
        let root = match document::parse_as(&source, &Limits::default(), Dialect::Kubernetes) {
            Ok(read) => read.root,
            Err(problems) => {
                let first = problems.into_iter().next();
                let said = first.map(|problem| (source.position(problem.span.start).line, problem.message));
                let (line, message) = said.unwrap_or_default();
                return Err(unreadable(format!("this kustomization cannot be read: line {line}: {message}")));
            }
        };
        let folder = folder_of(path);
        if self.by_folder.get(&folder).is_some_and(|first| parts(&first.file) == parts(path)) {
            return Ok(()); // It lies in two folders that were given, of which one is in the other.
        }
        if let Some((node, what)) = root.as_ref().and_then(refused_type) {
            let line = source.position(node.span.start).line;
            return Err(unreadable(format!(
                "kustomize refuses this kustomization: line {line}: {what}; here what lies beside it counts as it stands"
            )));
        }
        let line = |node: &Node| source.position(node.span.start).line;
        let text = |node: &Node| node.as_scalar().map(|scalar| scalar.text.clone());
        let mut one = Kustomization {
            file: path.into(),
            namespace: None,
            resources: Vec::new(),
            written: Vec::new(),
            labels: Pairs::new(),
            patches: Vec::new(),
            more: Vec::new(),
        };
        for entry in root.iter().filter_map(Node::as_mapping).flatten() {
            let key = known(&entry.key.text);
            if key == "namespace" {
                let name = text(&entry.value).filter(|name| !name.is_empty() && !entry.value.is_null());
                one.namespace = name.map(|name| Namespace { name, place: place(path, line(&entry.value)) });
            }
            if ["resources", "bases", "components"].contains(&key) {
                for node in entry.value.as_sequence().unwrap_or_default() {
                    let Some(name) = text(node) else { continue };
                    match joined(&folder, &name) {
                        Some(path) => {
                            one.resources.push(path);
                            one.written.push(format!("{name} in line {}", line(node)).into());
                        }
                        None => one.more.push(format!("{name} in line {}", line(node))),
                    }
                }
            }
            if key.starts_with("patches") {
                let paths = entry.value.as_sequence().unwrap_or_default().iter();
                let path = |node: &Node| text(node.get("path").unwrap_or(node)).and_then(|path| joined(&folder, &path));
                one.patches.extend(paths.filter_map(path));
            }
            let is_empty = entry.value.is_null()
                || text(&entry.value).is_some_and(|text| text.is_empty())
                || entry.value.as_sequence().is_some_and(<[Node]>::is_empty)
                || entry.value.as_mapping().is_some_and(<[document::Entry]>::is_empty);
            let is_of_labels = ["labels", "commonLabels"].contains(&key);
            let is_tame = HARMLESS.contains(&key) || (is_of_labels && is_followed(&entry.value));
            match key {
                // Whichever stands first, kustomize adds these last.
                "commonLabels" => one.labels.extend(pairs(&entry.value)),
                "labels" => {
                    let mut all = pairs(&entry.value);
                    all.extend(std::mem::take(&mut one.labels));
                    one.labels = all;
                }
                _ => {}
            }
            if !is_tame && !is_empty {
                one.more.push(format!("{key} in line {}", source.position(entry.key_span.start).line));
            }
        }
        if let Some(first) = self.by_folder.get_mut(&folder) {
            // Which of the two namespaces somebody means is not known.
            first.namespace = None;
            let file = &first.file;
            return Err(unreadable(format!(
                "it is a second kustomization beside {file}, and kustomize refuses the folder; give what it is to become"
            )));
        }
        self.by_folder.insert(folder, one);
        Ok(())
    }

    /// Returns the files that they list, and perhaps folders among them: what [`Self::add_objects`] wants.
    pub fn listed(&self) -> BTreeSet<String> {
        self.by_folder.values().flat_map(|one| &one.resources).map(|path| path.join("/")).collect()
    }

    /// Adds what the objects of a file are called, by its path; of one that cannot be read nothing is said here.
    pub fn add_objects(&mut self, path: &str, text: &str) {
        let source = Source::new(path, text);
        let text_of = |node: Option<&Node>| {
            let scalar = node.filter(|node| !node.is_null())?.as_scalar()?;
            Some(scalar.text.clone()).filter(|text| !text.is_empty())
        };
        if !["ServiceAccount", "rbac.authorization.k8s.io/", "ConfigMap"].iter().any(|word| text.contains(word)) {
            return; // Most files have none of interest.
        }
        let id = |node: &Node| {
            let version = text_of(node.get("apiVersion"))?;
            let kind = text_of(node.get("kind"))?;
            let is_one = version.starts_with("rbac.authorization.k8s.io/")
                || (*version == *"v1" && OF_NAMESPACE.contains(&&*kind));
            let metadata = node.get("metadata").filter(|_| is_one)?;
            Some((kind, text_of(metadata.get("namespace")), text_of(metadata.get("name"))?))
        };
        let mut found: Vec<Id> = Vec::new();
        let documents = document::parse_manifests(&source, &Limits::default(), "items", |_, node| {
            found.extend(id(&node));
        });
        found.extend(documents.iter().filter_map(|document| id(document.root()?)));
        let (accounts, objects): (Vec<Id>, Vec<Id>) =
            found.into_iter().partition(|(kind, ..)| **kind == *"ServiceAccount");
        let accounts = accounts.into_iter().map(|(_, namespace, name)| Account { name, namespace });
        self.accounts.insert(parts(path), accounts.collect());
        self.objects.insert(parts(path), objects);
    }

    /// Returns for each of the files what the kustomizations beside it do to it, and those that list it, directly or by way of
    /// others. Of two namespaces the outer kustomization's wins.
    pub fn of<'a>(&self, files: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, Kustomized> {
        let taken: BTreeSet<&Vec<Box<str>>> = self.by_folder.values().flat_map(|one| &one.resources).collect();
        let roots = self.by_folder.iter().filter(|(folder, _)| !taken.contains(folder));
        let mut reached: Reached = BTreeMap::new();
        for (folder, _) in roots {
            let mut of_root = Reached::new();
            self.follow(folder, &Outer::default(), &mut BTreeSet::new(), &mut of_root);
            let accounts: Vec<Account> =
                of_root.keys().filter_map(|file| self.accounts.get(file)).flatten().cloned().collect();
            for (file, reach) in of_root {
                let all = reached.entry(file).or_default();
                all.namespaces.extend(reach.namespaces);
                all.without_namespace.extend(reach.without_namespace);
                all.more.extend(reach.more);
                all.accounts.extend(accounts.iter().cloned());
                all.labels.extend(reach.labels);
            }
        }
        let of = |path: &'a str| {
            let parts = parts(path);
            let beside = self.by_folder.get(&parts[..parts.len().saturating_sub(1)]);
            let mut kustomized = Kustomized::default();
            match (reached.get(&parts), beside) {
                (Some(reach), _) => {
                    // Several that agree are one.
                    kustomized.namespaces = reach.namespaces.iter().cloned().collect();
                    kustomized.namespaces.dedup_by(|a, b| a.name == b.name);
                    kustomized.in_none_by = reach.without_namespace.first().cloned();
                    kustomized.more = reach.more.iter().cloned().collect();
                    kustomized.accounts = reach.accounts.iter().cloned().collect();
                    kustomized.labels = reach.labels.iter().cloned().collect();
                }
                // One that is not listed is none of its own; the folder's namespace is as good a word as there is.
                (None, Some(beside)) => {
                    kustomized.namespaces.extend(beside.namespace.clone());
                    kustomized.unlisted_by = Some(beside.file.clone());
                }
                (None, None) => {}
            }
            (path, kustomized)
        };
        files.into_iter().map(of).collect()
    }

    /// Returns what kustomizations do besides, as a gap for each that changes what one of these files says, or takes in what is
    /// not here.
    pub fn gaps<'a>(&self, changed: impl IntoIterator<Item = &'a str>) -> Vec<Unseen> {
        let changed: BTreeSet<&str> = changed.into_iter().collect();
        let is_named = |one: &&Kustomization| !one.more.is_empty() && changed.contains(&*one.file);
        let gap = |one: &Kustomization| {
            let folder = one.file.rsplit_once('/').map_or(".", |(folder, _)| folder);
            let what = format!("what kustomize makes of {folder} ({}: {})", one.file, one.more.join(", "));
            let why = format!(
                "of a kustomization only resources, `namespace` and labels are followed here; give `kubectl kustomize {folder} | \
                 cluster-auth … --from -`"
            );
            Unseen::new(what, why)
        };
        self.by_folder.values().filter(is_named).map(gap).collect()
    }

    /// Returns what they take in that lies outside of all paths that were given, as a gap for each.
    pub fn beyond(&self, given: &[String]) -> Vec<Unseen> {
        let given: Vec<Vec<Box<str>>> = given.iter().map(|path| parts(path)).collect();
        let is_in = |resource: &[Box<str>], path: &[Box<str>]| {
            resource.strip_prefix(path).is_some_and(|rest| rest.first().is_none_or(|first| **first != *".."))
        };
        let mut gaps = Vec::new();
        for one in self.by_folder.values() {
            let outside = one.resources.iter().zip(&one.written);
            let outside = outside.filter(|(resource, _)| !given.iter().any(|path| is_in(resource, path)));
            let names: Vec<&str> = outside.map(|(_, written)| &**written).collect();
            if names.is_empty() {
                continue;
            }
            let folder = one.file.rsplit_once('/').map_or(".", |(folder, _)| folder);
            let what = format!("what kustomize makes of {folder} ({}: {})", one.file, names.join(", "));
            let why = format!(
                "it refers to files that were not given; give `kubectl kustomize {folder} | cluster-auth … --from -`"
            );
            gaps.push(Unseen::new(what, why));
        }
        gaps
    }

    /// Returns the kustomization that a file is a patch of: then it is not a manifest.
    pub fn patched_by(&self, file: &str) -> Option<&str> {
        let parts = parts(file);
        let of = self.by_folder.values().find(|one| one.patches.contains(&parts))?;
        Some(&of.file)
    }

    /// Returns the files of kustomizations that take in what lies elsewhere, or make manifests themselves: whatever it is may be
    /// about access.
    pub fn that_bring_more(&self) -> Vec<&str> {
        let brings = |one: &&Kustomization| {
            let makes = ["helmCharts", "helmChartInflationGenerator", "generators"];
            one.more.iter().any(|more| makes.iter().any(|made| more.starts_with(made)) || is_remote(more))
        };
        self.by_folder.values().filter(brings).map(|one| &*one.file).collect()
    }

    fn follow(
        &self,
        folder: &[Box<str>],
        outer: &Outer<'_>,
        on_the_way: &mut BTreeSet<Vec<Box<str>>>,
        reached: &mut Reached,
    ) {
        let Some(one) = self.by_folder.get(folder) else { return };
        if !on_the_way.insert(folder.to_vec()) {
            return; // kustomize refuses a cycle.
        }
        let mut here = outer.clone();
        here.namespace = outer.namespace.or(one.namespace.as_ref());
        here.outermost = outer.outermost.or(Some(&one.file));
        if !one.more.is_empty() {
            here.more.insert(one.file.clone());
        }
        // What is added last counts.
        here.labels = one.labels.clone();
        here.labels.extend(outer.labels.clone());
        for resource in &one.resources {
            if self.by_folder.contains_key(resource) {
                self.follow(resource, &here, on_the_way, reached);
            } else {
                let reach = reached.entry(resource.clone()).or_default();
                match here.namespace {
                    Some(namespace) => drop(reach.namespaces.insert(namespace.clone())),
                    None => reach.without_namespace.extend(here.outermost.map(Box::from)),
                }
                reach.more.extend(here.more.iter().cloned());
                reach.labels.insert(here.labels.clone());
            }
        }
        on_the_way.remove(folder);
    }
}

/// What kustomizations make of everything that one inside of them takes in.
#[derive(Clone, Default)]
struct Outer<'a> {
    namespace: Option<&'a Namespace>,
    /// The file of the outermost of them.
    outermost: Option<&'a str>,
    more: BTreeSet<Box<str>>,
    labels: Pairs,
}

/// Returns a gap for each kustomization with the manifests of access beside it that it does not list.
pub fn unlisted(files: &[(&str, &str)]) -> Vec<Unseen> {
    let mut by_kustomization: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (kustomization, file) in files {
        by_kustomization.entry(kustomization).or_default().push(file);
    }
    let gap = |(kustomization, files): (&str, Vec<&str>)| {
        let what = files.join(", ");
        let folder = kustomization.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let (is, counts) = if files.len() == 1 { ("it is", "it counts") } else { ("they are", "they count") };
        let why = format!(
            "{is} in no list of resources, so kustomize makes nothing of what stands there, and {kustomization} beside says no word of \
             it; here {counts} all the same; give `kubectl kustomize {folder} | cluster-auth … --from -`"
        );
        Unseen::new(what, why)
    };
    by_kustomization.into_iter().map(gap).collect()
}

/// What of kustomizations cannot be followed onto one object.
#[derive(Debug, Default)]
pub(crate) struct NotFollowed {
    /// What is done to it, as reasons.
    pub(crate) reasons: Vec<String>,
    /// Whether it is in several namespaces, so that there is no one object.
    pub(crate) is_several: bool,
    /// The labels of a `ClusterRole` that several kustomizations do not give alike.
    pub(crate) labels: BTreeSet<Box<str>>,
}

/// Does to one object what kustomizations do, and returns what cannot be followed. Their namespace goes before the object's own, and
/// both before the one that somebody names for those without: `kubectl kustomize | kubectl apply -n` refuses another one.
pub(crate) fn onto(object: &mut Value, kustomized: &Kustomized) -> NotFollowed {
    let kind = object["kind"].as_str().unwrap_or_default();
    let is_binding = ["RoleBinding", "ClusterRoleBinding"].contains(&kind);
    let is_of_namespace = OF_NAMESPACE.contains(&kind);
    let own = object["metadata"]["namespace"].as_str().filter(|own| !own.is_empty()).map(str::to_owned);
    let NotFollowed { mut reasons, mut is_several, .. } = NotFollowed::default();
    let labels = onto_labels(object, &kustomized.labels);
    let is_of_none_too = kustomized.in_none_by.is_some() && own.is_none();
    match &kustomized.namespaces[..] {
        [] => {}
        // Kustomize makes nothing of what it does not list.
        [_] if kustomized.unlisted_by.is_some() => {}
        [one] if !(is_of_namespace && is_of_none_too) => {
            if is_of_namespace {
                match (own.filter(|own| *own != *one.name), &kustomized.in_none_by) {
                    (Some(own), Some(by)) => {
                        let Namespace { name, place } = one;
                        reasons.push(format!(
                            "{place} puts it in {name}, and {by} leaves it in its own namespace; here it counts in its own, {own}"
                        ));
                    }
                    _ => put_in(object, &one.name),
                }
            }
            if is_binding && let Some(subjects) = object["subjects"].as_array_mut() {
                for subject in subjects {
                    reasons.extend(onto_subject(subject, one, &kustomized.accounts));
                }
            }
        }
        several if is_of_namespace => {
            is_several = true;
            let mut places: Vec<String> = several.iter().map(|one| format!("{} ({})", one.name, one.place)).collect();
            places.extend(kustomized.in_none_by.iter().map(|by| match &own {
                Some(own) => format!("{own}, its own ({by})"),
                None => format!("none ({by})"),
            }));
            let why = "kustomizations put it in several namespaces";
            reasons.push(format!(
                "{why}: {}; give what `kubectl kustomize` makes of each, by `--from -`",
                places.join(", ")
            ));
        }
        _ => {}
    }
    NotFollowed { reasons, is_several, labels }
}

fn put_in(object: &mut Value, namespace: &str) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
}

/// Labels choose roles for aggregation; returns those that hang on which kustomization somebody means.
fn onto_labels(object: &mut Value, ways: &[Pairs]) -> BTreeSet<Box<str>> {
    let group = object["apiVersion"].as_str().and_then(|version| version.split_once('/')).map(|(group, _)| group);
    if (group, object["kind"].as_str()) != (Some("rbac.authorization.k8s.io"), Some("ClusterRole")) {
        return BTreeSet::new();
    }
    let keys: BTreeSet<&Box<str>> = ways.iter().flat_map(BTreeMap::keys).collect();
    let mut open = BTreeSet::new();
    for key in keys {
        let value = ways.first().and_then(|pairs| pairs.get(key));
        match (value, object["metadata"].as_object_mut()) {
            _ if ways.iter().any(|pairs| pairs.get(key) != value) => {
                open.insert(key.clone());
            }
            (Some(value), Some(metadata)) => {
                let labels = metadata.entry("labels").or_insert_with(|| Value::Object(Map::default()));
                if labels.is_null() {
                    *labels = Value::Object(Map::default());
                }
                if let Some(labels) = labels.as_object_mut() {
                    labels.insert(key.to_string(), (**value).into());
                }
            }
            _ => {}
        }
    }
    open
}

/// A service account that is taken in as well is the one of the namespace, if the subject names no other one; `default` is so
/// wherever it is from.
fn onto_subject(subject: &mut Value, to: &Namespace, accounts: &[Account]) -> Option<String> {
    let name = subject["name"].as_str().filter(|_| subject["kind"] == "ServiceAccount")?.to_owned();
    let own = subject["namespace"].as_str().filter(|own| !own.is_empty()).map(str::to_owned);
    let is_taken_in = |account: &Account| {
        let from = account.namespace.as_deref().unwrap_or("default");
        *account.name == *name && own.as_ref().is_none_or(|own| own == from)
    };
    if name != "default" && !accounts.iter().any(is_taken_in) {
        return None;
    }
    match own {
        None => {
            subject["namespace"] = (&*to.name).into();
            None
        }
        Some(own) if *own == *to.name => None,
        Some(own) => {
            let Namespace { name: to, place } = to;
            Some(format!("{place} makes its subject {own}/{name} {to}/{name}; here it counts as written"))
        }
    }
}

/// The labels that are added: of `labels` those of each `pairs`, of `commonLabels` those that stand there.
fn pairs(labels: &Node) -> Pairs {
    let of_map = |node: &Node| -> Pairs {
        let pair = |entry: &document::Entry| Some((entry.key.text.clone(), entry.value.as_scalar()?.text.clone()));
        node.as_mapping().unwrap_or_default().iter().filter_map(pair).collect()
    };
    let listed = labels.as_sequence().unwrap_or_default().iter().filter_map(|node| node.get("pairs"));
    listed.map(of_map).chain([of_map(labels)]).flatten().collect()
}

/// Whether labels are added to nothing but what is called so: `fields` says where else.
fn is_followed(labels: &Node) -> bool {
    labels.as_sequence().unwrap_or_default().iter().all(|node| node.get("fields").is_none())
}

/// The name of a field that kustomize reads, which takes any case.
fn known(key: &str) -> &str {
    let others = ["components", "labels", "commonLabels", "patches", "patchesStrategicMerge", "patchesJson6902"];
    HARMLESS.iter().chain(&others).find(|known| known.eq_ignore_ascii_case(key)).copied().unwrap_or(key)
}

/// The first value of a type that kustomize refuses, and what it has to be.
fn refused_type(root: &Node) -> Option<(&Node, String)> {
    let is_text = |node: &Node| node.is_null() || node.to_json().is_string();
    for entry in root.as_mapping()? {
        let (key, value) = (known(&entry.key.text), &entry.value);
        match key {
            "namespace" if !is_text(value) => {
                return Some((value, "`namespace` must be a text: quote it".to_owned()));
            }
            "resources" | "bases" | "components" if !value.is_null() => {
                let Some(all) = value.as_sequence() else {
                    return Some((value, format!("`{key}` must be a list")));
                };
                if let Some(wrong) = all.iter().find(|node| !is_text(node)) {
                    return Some((wrong, format!("`{key}` must be a list of texts")));
                }
            }
            "labels" if !value.is_null() && value.as_sequence().is_none() => {
                return Some((value, "`labels` must be a list".to_owned()));
            }
            "labels" | "commonLabels" => {
                let listed = value.as_sequence().unwrap_or_default().iter().filter_map(|node| node.get("pairs"));
                let entries = listed.chain([value]).filter_map(Node::as_mapping).flatten();
                if let Some(wrong) = entries.into_iter().find(|entry| !is_text(&entry.value)) {
                    let name = &wrong.key.text;
                    return Some((&wrong.value, format!("the value of the label {name} must be a text: quote it")));
                }
            }
            _ => {}
        }
    }
    None
}

fn is_remote(resource: &str) -> bool {
    resource.contains("://") || resource.contains("?ref=") || resource.starts_with("git@") || {
        let first = resource.split('/').next().unwrap_or_default();
        resource.contains('/') && ["github.com", "gitlab.com", "bitbucket.org"].contains(&first)
    }
}

fn place(file: &str, line: usize) -> Box<str> {
    format!("{file}:{line}").into()
}

fn folder_of(path: &str) -> Vec<Box<str>> {
    let mut parts = parts(path);
    parts.pop();
    parts
}

/// The parts of a path, of which `.` is none and `..` takes one away.
fn parts(path: &str) -> Vec<Box<str>> {
    let mut parts: Vec<Box<str>> = Vec::new();
    for part in path.split('/') {
        match part {
            "" if parts.is_empty() && path.starts_with('/') => parts.push("".into()),
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(&**last, ".." | "")) => drop(parts.pop()),
            part => parts.push(part.into()),
        }
    }
    parts
}

/// A resource's path, if it is one.
fn joined(folder: &[Box<str>], resource: &str) -> Option<Vec<Box<str>>> {
    let is_path = !is_remote(resource) && !resource.contains('\n');
    let whole = if folder.is_empty() { resource.to_owned() } else { format!("{}/{resource}", folder.join("/")) };
    is_path.then(|| parts(&whole))
}
