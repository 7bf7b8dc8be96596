//! What API servers call the kinds of their objects: what words on a command line mean.

mod known;
mod url;

use document::nearest;
use rbac::{Request, ResourceRequest, names::meant_verb, resources::Resource};
use serde::Deserialize;

/// The resources of one cluster, in the order in which words are compared with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resources {
    list: Vec<ApiResource>,
    /// API groups of which the cluster itself has no answer at the moment.
    silent: Vec<Box<str>>,
    /// Whether a cluster said so itself.
    is_discovered: bool,
    /// Kinds of objects, by API group and name, that are no more: authorizers may be asked about them, and nobody does.
    gone: Vec<(Box<str>, Box<str>)>,
}

/// A resource of the cluster's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiResource {
    /// The API group; empty is the core group.
    pub api_group: Box<str>,
    /// The plural: `pods`.
    pub name: Box<str>,
    /// The singular, and other words for it: `pod`, `po`.
    pub also: Vec<Box<str>>,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// What is below an object: `log`, `exec`.
    pub subresources: Vec<Box<str>>,
}

/// A question as typed: verb, resource and namespace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// `get`.
    pub verb: &'a str,
    /// `pods`, `deploy.apps`, `secrets/db`, or a URL that begins with a slash, taken as the API server takes it.
    pub what: &'a str,
    /// `log`; empty for the objects themselves.
    pub subresource: &'a str,
    /// The namespace; `None` is the whole cluster.
    pub namespace: Option<&'a str>,
}

/// A question, with its words resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    verb: Box<str>,
    on: On,
    /// What whoever asked should know about how their words were taken.
    pub notes: Vec<Note>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum On {
    Url(Box<str>),
    Resource { api_group: Box<str>, resource: Box<str>, subresource: Box<str>, name: Box<str>, namespace: Box<str> },
}

/// A note on how a question was interpreted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// No such resource is known, so it was taken as it was written.
    UnknownResource {
        /// The word.
        word: Box<str>,
        /// The API group, if one was named.
        group: Option<Box<str>>,
        /// What was probably meant.
        meant: Option<Box<str>>,
        /// Whether the cluster itself said what it has.
        is_of_cluster: bool,
    },
    /// Its objects are no more: no API server serves them. By name and API group.
    Gone(Box<str>, Box<str>),
    /// The API server of this group does not answer, so that what it serves is not known.
    SilentGroup(Box<str>),
    /// Other groups have a resource of the name too.
    OtherGroups(Box<str>, Vec<Box<str>>),
    /// Kubernetes itself uses no such verb.
    UnknownVerb(Box<str>),
    /// No request for a URL has such a verb.
    NotAUrlVerb(Box<str>),
    /// Its objects are in no namespace, so the whole cluster was asked about.
    NotNamespaced(Box<str>),
    /// What was taken for a name is what a subresource is called.
    NameIsSubresource(Box<str>, Box<str>),
    /// What stands behind a URL's `?` plays no part: the URL, and the path that was asked about.
    Query(Box<str>, Box<str>),
    /// What stands behind a URL's `#` is never sent.
    Fragment(Box<str>),
    /// A path whose percent-encoding is undone before anybody looks at it: as typed, and as asked about.
    Encoded(Box<str>, Box<str>),
    /// A path with slashes and dots that others would take away.
    LetterByLetter(Box<str>),
    /// A URL of objects, which rules of URLs are not about: the URL.
    UrlOfObjects(Box<str>),
}

/// The reasons why words are not a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAQuestion {
    /// Nothing where something is needed.
    #[error("give a verb and a resource or URL, as in `get pods` or `get /healthz`")]
    Empty,
    /// A URL has neither subresources nor namespaces.
    #[error("a URL has no subresource; leave `--subresource` out")]
    UrlWithSubresource,
    /// Go's `net/url` refuses it before anybody is asked.
    #[error(
        "`{0}` is not percent-encoded as URLs are: the API server answers 400 without asking who may; write a percent sign as `%25`"
    )]
    Encoding(Box<str>),
    /// `/api/v1/watch` without what is watched.
    #[error("`{0}` names no objects: the API server answers 500 without asking who may")]
    NoObjects(Box<str>),
}

/// Verbs that `rbac`'s table lacks: what a kubelet may ask tokens for (Kubernetes, `ServiceAccountNodeAudienceRestriction`), and
/// all of them.
const MORE_VERBS: [&str; 2] = ["request-serviceaccounts-token-audience", "*"];

/// Source: Kubernetes, `kubectl auth can-i` (`nonResourceURLVerbs`).
const URL_VERBS: [&str; 8] = ["get", "put", "post", "head", "options", "delete", "patch", "*"];

/// Returns the verbs of requests, and those that only RBAC knows.
pub fn verbs() -> impl Iterator<Item = &'static str> {
    rbac::names::VERBS.into_iter().chain(MORE_VERBS)
}

impl Resources {
    /// Returns those of every cluster: what Kubernetes itself has, and the authenticator.
    pub fn well_known() -> Self {
        Self { list: known::all(), silent: Vec::new(), is_discovered: false, gone: known::gone() }
    }

    /// Returns those that a cluster says it has, in its order; what authorizers know beyond that is added.
    ///
    /// `lists` are the answers of `/api` and `/apis` as `APIGroupDiscoveryList`s (Kubernetes, "Aggregated discovery").
    pub fn discovered(lists: &[impl AsRef<[u8]>]) -> Result<Self, serde_json::Error> {
        let (mut all, mut silent) = (Vec::new(), Vec::new());
        for list in lists {
            let list: DiscoveryList = serde_json::from_slice(list.as_ref())?;
            silent.extend(list.items.iter().filter(|group| group.is_silent()).map(|group| group.metadata.name.clone()));
            all.extend(list.items.into_iter().flat_map(DiscoveredGroup::into_resources));
        }
        let is_served = |(group, name): &(Box<str>, Box<str>)| {
            all.iter().any(|one: &ApiResource| (&one.api_group, &one.name) == (group, name))
        };
        let gone = known::gone().into_iter().filter(|one| !is_served(one)).collect();
        let mut discovered = Self { list: all, silent, is_discovered: true, gone };
        discovered.add(known::virtual_ones());
        Ok(discovered)
    }

    /// Returns those and what `CustomResourceDefinition`s say besides. What a cluster says itself stays.
    #[must_use]
    pub fn with(mut self, custom: &[Resource]) -> Self {
        self.add(custom.iter().map(ApiResource::from).collect());
        self
    }

    fn add(&mut self, more: Vec<ApiResource>) {
        let is_same = |a: &ApiResource, b: &ApiResource| (&a.api_group, &a.name) == (&b.api_group, &b.name);
        let new = more.into_iter().filter(|one| !self.list.iter().any(|known| is_same(known, one)));
        let new: Vec<ApiResource> = new.collect();
        self.list.extend(new);
    }

    /// Returns each of them.
    pub fn iter(&self) -> impl Iterator<Item = &ApiResource> {
        self.list.iter()
    }

    /// Returns what words mean here.
    pub fn question(&self, words: Words<'_>) -> Result<Question, NotAQuestion> {
        let Words { verb, what, subresource, namespace } = words;
        if verb.is_empty() || what.is_empty() {
            return Err(NotAQuestion::Empty);
        }
        let mut notes = Vec::new();
        if what.starts_with('/') {
            if !subresource.is_empty() {
                return Err(NotAQuestion::UrlWithSubresource);
            }
            let (verb, on, mut notes) = url::on(verb, what)?;
            match on {
                On::Url(_) if !URL_VERBS.contains(&&*verb) => notes.push(Note::NotAUrlVerb(verb.clone())),
                On::Resource { .. } if !is_known(&verb) => notes.push(Note::UnknownVerb(verb.clone())),
                On::Url(_) | On::Resource { .. } => {}
            }
            return Ok(Question { verb, on, notes });
        }
        if !is_known(verb) {
            notes.push(Note::UnknownVerb(verb.into()));
        }
        let (typed, name) = what.split_once('/').unwrap_or((what, ""));
        let (word, group) = match typed.split_once('.') {
            Some((word, group)) => (word, Some(without_version(group))),
            None => (typed, None),
        };
        let found = self.find(word, group);
        let known = found.first();
        let (api_group, resource) = match known {
            Some(known) => (known.api_group.clone(), known.name.clone()),
            // Everything of a group, or of all of them.
            None if word == "*" => (group.unwrap_or("*").into(), "*".into()),
            None => {
                notes.push(self.unknown(word, group));
                if group.is_none_or(|group| self.silent.iter().any(|silent| **silent == *group)) {
                    notes.extend(self.silent.iter().cloned().map(Note::SilentGroup));
                }
                (group.unwrap_or_default().into(), word.into())
            }
        };
        if self.gone.iter().any(|(group, name)| (group, name) == (&api_group, &resource)) {
            notes.push(Note::Gone(resource.clone(), api_group.clone()));
        }
        // Measurements of pods are hardly meant.
        let others: Vec<_> =
            found.iter().skip(1).filter(|other| !other.api_group.ends_with("metrics.k8s.io")).collect();
        if !others.is_empty() {
            let others = others.iter().map(|other| format!("{}.{}", other.name, other.api_group).into());
            notes.push(Note::OtherGroups(
                format!("{resource}.{api_group}").trim_end_matches('.').into(),
                others.collect(),
            ));
        }
        if let Some(known) = known
            && subresource.is_empty()
            && known.subresources.iter().any(|subresource| **subresource == *name)
        {
            notes.push(Note::NameIsSubresource(resource.clone(), name.into()));
        }
        let is_namespace = (&*api_group, &*resource) == ("", "namespaces");
        let namespace = match (namespace, known) {
            // A request about a namespace is one in it (Kubernetes, `request.RequestInfo`).
            (Some(_), Some(_)) if is_namespace && !name.is_empty() => name,
            (Some(asked), Some(known)) if !known.namespaced => {
                if !asked.is_empty() {
                    notes.push(Note::NotNamespaced(resource.clone()));
                }
                ""
            }
            (asked, _) => asked.unwrap_or_default(),
        };
        let (subresource, name, namespace) = (subresource.into(), name.into(), namespace.into());
        Ok(Question {
            verb: verb.into(),
            on: On::Resource { api_group, resource, subresource, name, namespace },
            notes,
        })
    }

    fn unknown(&self, word: &str, group: Option<&str>) -> Note {
        let of_group = self.list.iter().filter(|one| group.is_none_or(|group| *one.api_group == *group));
        let names = of_group.flat_map(|one| [&one.name].into_iter().chain(one.also.first()));
        // Short names are like many others: what begins otherwise is hardly meant.
        let first = word.chars().next().map(|first| first.to_ascii_lowercase());
        let is_like = |name: &&str| name.len() > 4 || name.chars().next() == first;
        let meant = nearest(word, names.map(|name| &**name)).filter(is_like).map(Box::from);
        let (word, group) = (word.into(), group.map(Box::from));
        Note::UnknownResource { word, group, meant, is_of_cluster: self.is_discovered }
    }

    /// What a word may mean: by the plural first, then by other words for it.
    fn find(&self, word: &str, group: Option<&str>) -> Vec<&ApiResource> {
        let of_group = |one: &&ApiResource| group.is_none_or(|group| *one.api_group == *group);
        let by_name = self.list.iter().filter(of_group).filter(|one| *one.name == *word);
        let found: Vec<&ApiResource> = by_name.collect();
        if !found.is_empty() {
            return found;
        }
        let word = word.to_ascii_lowercase();
        let is_called = |one: &&ApiResource| *one.name == *word || one.also.iter().any(|also| **also == *word);
        self.list.iter().filter(of_group).filter(is_called).collect()
    }
}

impl Question {
    /// Returns the request that is asked about.
    pub fn request(&self) -> Request<'_> {
        let verb = &*self.verb;
        match &self.on {
            On::Url(path) => Request::Url { verb, path },
            On::Resource { api_group, resource, subresource, name, namespace } => {
                Request::Resource(ResourceRequest { verb, api_group, resource, subresource, name, namespace })
            }
        }
    }
}

/// Whether a verb is one of requests for objects, or one that RBAC knows.
fn is_known(verb: &str) -> bool {
    // `impersonate:user-info` and the like.
    let root = verb.split([':', '-']).next().unwrap_or_default();
    verbs().any(|known| known == verb) || root == "impersonate"
}

/// `v1.apps` means `apps`, as kubectl takes it.
fn without_version(group: &str) -> &str {
    let (first, rest) = group.split_once('.').unwrap_or((group, ""));
    let is_version = first.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if is_version { rest } else { group }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownResource { word, group, meant, is_of_cluster } => {
                let of = group.as_ref().map(|group| format!(" in group '{group}'")).unwrap_or_default();
                if *is_of_cluster {
                    // kubectl's words.
                    write!(f, "the server doesn't have a resource type '{word}'{of}")?;
                } else {
                    write!(f, "no resource type '{word}'{of} is known here")?;
                }
                f.write_str("; matched literally")?;
                meant.iter().try_for_each(|meant| write!(f, "; did you mean {meant}?"))
            }
            Self::Gone(resource, group) => {
                write!(
                    f,
                    "no API server serves {resource}.{group} any more, so no rule about them takes effect; \
                     matched literally"
                )
            }
            Self::SilentGroup(group) => {
                write!(f, "the resources of the API group {group} are not known: its API server does not answer")
            }
            Self::OtherGroups(what, others) => {
                write!(
                    f,
                    "asked about `{what}`; there is also {}",
                    others.iter().map(|other| format!("`{other}`")).collect::<Vec<_>>().join(", ")
                )
            }
            Self::UnknownVerb(verb) => {
                write!(f, "unknown verb `{verb}`; matched literally")?;
                meant_verb(verb).iter().try_for_each(|meant| write!(f, "; did you mean {meant}?"))
            }
            Self::NotAUrlVerb(verb) => {
                let verbs = "`get`, `head`, `post`, `put`, `patch`, `delete` or `options`";
                write!(f, "a URL is asked for with {verbs}; `{verb}` was matched literally")
            }
            Self::Query(url, path) => {
                write!(f, "the query of `{url}` is ignored, because rules are about paths; asked about `{path}`")
            }
            Self::Fragment(url) => write!(f, "what comes after the `#` of `{url}` is never sent to the API server"),
            Self::Encoded(typed, path) => write!(f, "the API server decodes `{typed}` to `{path}`; asked about that"),
            Self::LetterByLetter(path) => {
                write!(f, "rules compare paths exactly: `{path}` differs from the path without these slashes and dots")
            }
            Self::UrlOfObjects(url) => write!(
                f,
                "`{url}` is a request for objects, to which nonResourceURLs do not apply; asked about the objects"
            ),
            Self::NotNamespaced(what) => write!(f, "{what} are in no namespace; asked about the whole cluster"),
            Self::NameIsSubresource(resource, name) => {
                write!(
                    f,
                    "`{name}` was taken for the name of one of the {resource}; `{resource} --subresource {name}` asks about the subresource"
                )
            }
        }
    }
}

#[derive(Deserialize)]
struct DiscoveryList {
    items: Vec<DiscoveredGroup>,
}

#[derive(Deserialize)]
struct DiscoveredGroup {
    #[serde(default)]
    metadata: DiscoveredMetadata,
    #[serde(default)]
    versions: Vec<DiscoveredVersion>,
}

#[derive(Default, Deserialize)]
struct DiscoveredMetadata {
    #[serde(default)]
    name: Box<str>,
}

#[derive(Deserialize)]
struct DiscoveredVersion {
    #[serde(default)]
    freshness: Box<str>,
    #[serde(default)]
    resources: Vec<DiscoveredResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DiscoveredResource {
    resource: Box<str>,
    scope: Box<str>,
    #[serde(default)]
    singular_resource: Box<str>,
    #[serde(default)]
    short_names: Vec<Box<str>>,
    #[serde(default)]
    subresources: Vec<DiscoveredSubresource>,
}

#[derive(Deserialize)]
struct DiscoveredSubresource {
    subresource: Box<str>,
}

impl DiscoveredGroup {
    /// Whether an aggregated API server has not said what it serves.
    fn is_silent(&self) -> bool {
        self.versions.iter().any(|version| *version.freshness == *"Stale" && version.resources.is_empty())
    }

    fn into_resources(self) -> Vec<ApiResource> {
        let mut all: Vec<ApiResource> = Vec::new();
        for found in self.versions.into_iter().flat_map(|version| version.resources) {
            if all.iter().any(|known| known.name == found.resource) {
                continue; // Of an older version.
            }
            let DiscoveredResource { resource, scope, singular_resource, mut short_names, subresources } = found;
            short_names.insert(0, singular_resource);
            all.push(ApiResource {
                api_group: self.metadata.name.clone(),
                name: resource,
                also: short_names,
                namespaced: *scope == *"Namespaced",
                subresources: subresources.into_iter().map(|found| found.subresource).collect(),
            });
        }
        all
    }
}
