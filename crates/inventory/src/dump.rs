//! Reading what a cluster says: lists as an API server gives them, or what `kubectl get … -o json` prints.

mod alike;
mod declared;
mod deployed;
mod extending;
mod gaps;
pub(crate) mod identities;
mod idle;
mod known;
mod labels;
mod observing;
mod overlooked;
mod running;
mod selected;
pub(crate) mod servers;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use document::{Source, Span};
use rbac::{
    AnyRole, Binding, Labels,
    dump::{Found, FoundObject, Kinds, Other, Refusal, Refused, TextStream, each, is_known},
    resources::Resource,
};

pub use self::gaps::{joined, shown};
use access::{ConfigMap, Namespace, NotOfTexts, Owner};

use self::{
    alike::Misplaced,
    deployed::Deployed,
    gaps::KINDS,
    identities::differing,
    labels::OpenLabels,
    selected::Listed,
    servers::{Servers, may_run},
};
use crate::{
    About, CloudAccount, ClusterClaim, ClusterObject, MappingObject, MappingTarget, RECORD_NAME, Twice, Unseen,
    foreign::Foreign,
    text::{
        place::WrittenAt,
        standing::{self, Standings},
    },
};

/// The objects of a cluster read so far, and the lists that could not be read.
#[derive(Clone, Debug, Default)]
pub struct Dump {
    roles: Vec<ClusterObject<AnyRole>>,
    bindings: Vec<ClusterObject<Binding>>,
    namespaces: Vec<Namespace>,
    cloud_accounts: Vec<CloudAccount>,
    custom_resources: Vec<Resource>,
    mapping_objects: Vec<ClusterObject<MappingObject>>,
    config_maps: BTreeMap<String, ConfigMap>,
    /// Those of the same names that differ and do not count.
    other_config_maps: Vec<(String, ConfigMap)>,
    kinds: BTreeSet<Box<str>>,
    missing: BTreeMap<Box<str>, Box<str>>,
    /// Of what is missing in the whole cluster: the namespaces in which all of it is here.
    seen_in: BTreeMap<Box<str>, BTreeSet<Box<str>>>,
    asked_roles: BTreeSet<(Option<Box<str>>, Box<str>)>,
    /// Whether it holds single objects beside which there may be others.
    has_manifests: bool,
    /// What stands somewhere and cannot be taken as it is, or is not what it seems.
    refused: Vec<Unseen>,
    /// The same of what stands beside a cluster: files of other programs, and what EKS says.
    beside: Vec<Unseen>,
    /// Objects by which other programs deploy what is not looked at.
    deployed: Deployed,
    /// Objects of which a cluster has made roles and bindings, which are known where all of these are here.
    made: Vec<Unseen>,
    /// Roles with labels that are not known.
    open_labels: Vec<OpenLabels>,
    /// `ConfigMap`s that are here more than once and differ.
    twice: Vec<Twice>,
    /// Files of other programs.
    foreign: Vec<Foreign>,
    /// Who reads the authenticator's configuration.
    servers: Servers,
    /// Dynamic files of aws-iam-authenticator, by their names.
    dynamic: Vec<(Box<str>, Vec<u8>)>,
    /// What looks like a mapping source and is none.
    notes: Vec<Box<str>>,
    /// Where what is read now stands, and where roles, bindings and `ConfigMap`s stand.
    here: WrittenAt,
    /// Where the texts of the object stand that is read now.
    texts: Standings,
    role_places: Vec<WrittenAt>,
    binding_places: Vec<WrittenAt>,
    mapping_object_places: Vec<WrittenAt>,
    config_map_places: BTreeMap<String, WrittenAt>,
    /// Of which kinds there are lists that may be selections.
    listed: Listed,
    /// Whether the elements of one list are read one by one.
    is_in_list: bool,
    /// How many objects have a name of which only the beginning is known.
    generated: BTreeMap<Box<str>, usize>,
    wanted: Option<(Box<str>, Box<str>, Option<ConfigMap>)>,
    /// Namespaces `kube-system` with their uids: there is one in each cluster.
    kube_systems: Vec<ClusterClaim>,
    /// What the configuration says in whose place another one stands.
    replaced: Option<ClusterClaim>,
    /// Whether somebody says that it is one of EKS, who is not part of it.
    is_said_to_be_eks: bool,
}

/// The reasons to reject output of a cluster.
#[derive(Debug)]
pub enum DumpError {
    /// Roles, bindings or namespaces.
    Objects(rbac::dump::DumpError),
    /// `IAMIdentityMapping`s.
    MappingObjects(serde_json::Error),
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Objects(error) => error.fmt(f),
            Self::MappingObjects(error) => write!(f, "an IAMIdentityMapping in it cannot be read: {error}"),
        }
    }
}

impl std::error::Error for DumpError {}

/// The annotation by which a service account acts as an AWS role (Amazon EKS User Guide, "Assign IAM roles to Kubernetes
/// service accounts").
const AWS_ROLE: &str = "eks.amazonaws.com/role-arn";
/// The kind that only `lint` looks at.
const ACCOUNT_KIND: &str = "ServiceAccount";
/// The kind that not every cluster knows.
const MAPPING_KIND: &str = Dump::MAPPING_KIND;
/// What says what resources are called that are not Kubernetes' own.
const DEFINITION: (&str, &str) = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
/// Its `apiVersion` and `kind` (aws-iam-authenticator, `deploy/iamidentitymapping.yaml`).
const MAPPING: (&str, &str) = ("iamauthenticator.k8s.aws/v1alpha1", "IAMIdentityMapping");

impl Dump {
    /// What [`Self::could_not_see`] calls `IAMIdentityMapping`s.
    pub const MAPPING_KIND: &str = "IAMIdentityMapping.iamauthenticator.k8s.aws";

    /// Whether objects of a kind, or lists of them, are of interest; lists of mixed kinds always.
    pub(super) fn is_about(api_version: &str, kind: &str) -> bool {
        let of = match kind.strip_suffix("List") {
            Some("") => return true,
            of => of.unwrap_or(kind),
        };
        is_known(api_version, of)
            || (of == MAPPING.1 && ["", MAPPING.0].contains(&api_version))
            || overlooked::is_one(api_version, of)
    }

    /// Returns the `ConfigMap`s of `kube-system` that matter.
    pub fn config_map_names() -> impl Iterator<Item = &'static str> {
        MappingTarget::ALL.into_iter().filter_map(MappingTarget::config_map).chain([RECORD_NAME])
    }

    /// Adds a list, a list of mixed kinds, or one object.
    pub fn read(&mut self, json: &[u8]) -> Result<(), DumpError> {
        self.read_in(json, None)
    }

    /// The same where objects of a namespace that do not say which are in this one.
    pub(super) fn read_in(&mut self, json: &[u8], default_namespace: Option<&str>) -> Result<(), DumpError> {
        self.read_from(json, default_namespace, None)
    }

    /// The same of what may be a part of a text that was given, which holds it as it is.
    fn read_from(
        &mut self,
        json: &[u8],
        default_namespace: Option<&str>,
        given: Option<&[u8]>,
    ) -> Result<(), DumpError> {
        let mut wrong = None;
        let kinds = each(json, default_namespace, |found| {
            if let Err(error) = self.take(found, given) {
                wrong.get_or_insert(error);
            }
        });
        self.known(kinds, wrong)
    }

    /// Adds a text as [`Self::read`] does, while it arrives piece by piece.
    pub fn read_arriving(&mut self, pieces: impl IntoIterator<Item: AsRef<[u8]>>) -> Result<(), DumpError> {
        let (mut text, mut wrong) = (TextStream::default(), None);
        let mut take = |found| {
            if let Err(error) = self.take(found, None) {
                wrong.get_or_insert(error);
            }
        };
        pieces.into_iter().for_each(|piece| text.add(piece.as_ref(), &mut take));
        let kinds = text.end(take);
        self.known(kinds, wrong)
    }

    fn known(
        &mut self,
        kinds: Result<Kinds, rbac::dump::DumpError>,
        wrong: Option<DumpError>,
    ) -> Result<(), DumpError> {
        let Kinds { whole, cut } = kinds.map_err(DumpError::Objects)?;
        if let Some(error) = wrong {
            return Err(error);
        }
        self.listed.read(&whole, self.here.is_known(), self.is_in_list);
        self.kinds.extend(whole.into_iter().filter(|kind| is_of_interest(kind)));
        for kind in &cut {
            self.is_cut(kind);
        }
        Ok(())
    }

    /// Only a part of a list of this kind is here.
    pub(super) fn is_cut(&mut self, kind: &str) {
        if is_of_interest(kind) {
            self.kinds.insert(kind.into());
            let list = if self.here.is_known() { format!("the list in {}", self.here) } else { "the list".to_owned() };
            let why = format!("{list} is only a part (metadata.continue or remainingItemCount is set)");
            self.could_not_see(kind, &why);
        }
    }

    fn take(&mut self, found: Found, given: Option<&[u8]>) -> Result<(), DumpError> {
        let Found { mut object, labels, annotations, version, uid, is_name_generated } = found;
        if is_name_generated {
            self.tell_apart(&mut object);
        }
        if self.here.is_known() {
            self.listed.saw(&object, &labels, !version.is_empty());
        }
        match object {
            FoundObject::Refused(refused) => {
                if self.matters(&refused, annotations.contains_key(AWS_ROLE)) {
                    self.refuse(&refused);
                }
            }
            FoundObject::Namespace(name) => {
                let said = ClusterClaim::of_uid(&uid, &self.here);
                let is_new = || self.kube_systems.iter().all(|before| !before.says_the_same_as(&said));
                if *name == *"kube-system" && !uid.is_empty() && is_new() {
                    self.kube_systems.push(said);
                }
                self.namespaces.push(Namespace { name, labels });
            }
            FoundObject::Role(object) => {
                self.roles.push(ClusterObject { object, owner: owner(&labels, &annotations), version });
                self.role_places.push(self.here.clone());
            }
            FoundObject::Binding(object) => {
                self.bindings.push(ClusterObject { object, owner: owner(&labels, &annotations), version });
                self.binding_places.push(self.here.clone());
            }
            FoundObject::Other(Other { api_version, kind, name, .. })
                if *kind == *MAPPING.1 && api_version.is_empty() =>
            {
                self.refuse(&Refused { kind, name, data: None, why: Refusal::NoApiVersion });
            }
            FoundObject::Other(other) if overlooked::is_one(&other.api_version, &other.kind) => {
                self.overlook(&other, !version.is_empty());
            }
            FoundObject::Other(Other { api_version, kind, name, spec, status, .. })
                if (&*api_version, &*kind) == MAPPING =>
            {
                let object = MappingObject::read(name, spec.as_deref(), status.as_deref());
                let object = object.map_err(DumpError::MappingObjects)?;
                self.mapping_objects.push(ClusterObject { object, owner: owner(&labels, &annotations), version });
                self.mapping_object_places.push(self.here.clone());
            }
            FoundObject::Other(Other {
                api_version,
                kind,
                namespace: Some(namespace),
                name,
                data,
                binary_data,
                ..
            }) if (&*api_version, &*kind) == ("v1", "ConfigMap") => {
                let is_wanted =
                    self.wanted.as_ref().is_some_and(|(wanted, of, _)| (wanted, &**of) == (&namespace, &*name));
                let is_looked_for = is_wanted || (*namespace == *"kube-system" && self.is_looked_for(&name));
                if let Some(data) = data.as_deref().filter(|_| !is_looked_for) {
                    self.note_alike(Some(&namespace), &name, data);
                }
                let texts = match (given, &data) {
                    (Some(given), Some(data)) if is_looked_for => standing::of_json(&self.here.file, given, data.get()),
                    _ => self.texts.clone(),
                };
                let map = ConfigMap::of(labels, annotations, &version, data.as_deref(), binary_data.as_deref());
                let map = match map {
                    Ok(map) => ConfigMap { standing: texts, ..map },
                    Err(NotOfTexts::Values(_)) if !is_looked_for => return Ok(()),
                    Err(error) => {
                        self.refuse_map(&namespace, &name, &error, &texts);
                        return Ok(());
                    }
                };
                if let Some((wanted_namespace, wanted_name, found)) = &mut self.wanted
                    && (&*namespace, &*name) == (&**wanted_namespace, &**wanted_name)
                {
                    *found = Some(map.clone());
                }
                if *namespace == *"kube-system" {
                    match Self::misplaced(&name, &map) {
                        Some(Misplaced::Gap(why)) => {
                            self.could_not_see(&name, &why);
                            return Ok(());
                        }
                        Some(Misplaced::Note(why)) => {
                            self.notes.push(format!("the ConfigMap {namespace}/{name}: {why}").into());
                        }
                        None => {}
                    }
                    self.config_map(name.into(), map);
                }
            }
            FoundObject::Other(Other { api_version, kind, namespace: Some(namespace), name, .. })
                if (&*api_version, &*kind) == ("v1", ACCOUNT_KIND) =>
            {
                let role = annotations.get(AWS_ROLE).filter(|role| !role.is_empty()).cloned();
                self.cloud_accounts.extend(role.map(|role| CloudAccount { namespace, name, role }));
            }
            FoundObject::Other(Other { api_version, kind, namespace, name, spec: Some(spec), .. })
                if may_run(&api_version, &kind) =>
            {
                // There may be many pods.
                if spec.get().contains("auth") {
                    let spec = serde_json::from_str(spec.get()).unwrap_or_default();
                    self.runs(&kind, namespace.as_deref(), &name, &spec);
                }
            }
            FoundObject::Other(Other { api_version, kind, name, spec: Some(spec), .. })
                if (&*api_version, &*kind) == DEFINITION =>
            {
                self.custom_resources.extend(Resource::defined(&name, spec.get()));
            }
            FoundObject::Other(_) => {}
        }
        Ok(())
    }

    fn refuse(&mut self, refused: &Refused) {
        let target = MappingTarget::in_config_map(&refused.name).filter(|_| *refused.kind == *"ConfigMap");
        let about = target.map_or(About::Other, About::Given);
        self.refused.push(self.noted(&refused.to_string(), &refused.why.to_string()).about(about));
    }

    /// Each of its values that is none stands at a line of its own.
    fn refuse_map(&mut self, namespace: &str, name: &str, error: &NotOfTexts, texts: &Standings) {
        let what = format!("ConfigMap {namespace}/{name}");
        let target = MappingTarget::in_config_map(name).filter(|_| namespace == "kube-system");
        let is_given = self.here.is_known();
        let about = target.map_or(About::Other, if is_given { About::Given } else { About::Refused });
        let NotOfTexts::Values(values) = error else {
            return self.refused.push(self.noted(&what, &error.to_string()).about(about));
        };
        for value in values {
            if let Some(standing) = texts.get(&*value.key) {
                self.here.line = standing.line;
            }
            self.refused.push(self.noted(&what, &value.to_string()).about(about));
        }
    }

    fn is_looked_for(&self, name: &str) -> bool {
        Self::config_map_names().any(|one| one == name)
            || self.wanted.as_ref().is_some_and(|(_, wanted, _)| **wanted == *name)
    }

    fn noted(&self, what: &str, why: &str) -> Unseen {
        Unseen::new(format!("{what}{}", self.at()), why)
    }

    /// Where what is read now stands, behind what it is called; nothing where that is not known.
    fn at(&self) -> String {
        if self.here.is_known() { format!(" ({})", self.here) } else { String::new() }
    }

    /// Of two `ConfigMap`s of one name the later one counts.
    fn config_map(&mut self, name: String, map: ConfigMap) {
        let place = self.config_map_places.insert(name.clone(), self.here.clone());
        if let Some((before, place)) = self.config_maps.get(&name).zip(place)
            && before.data != map.data
        {
            let mut twice = differing(&format!("ConfigMap kube-system/{name}"), &place, &self.here, None);
            twice.gap.about = MappingTarget::in_config_map(&name).map_or(About::Other, About::Twice);
            self.twice.push(twice);
            self.other_config_maps.push((name.clone(), before.clone()));
        }
        self.config_maps.insert(name, map);
    }

    /// Several objects may begin with the same words, and each gets a name of its own.
    fn tell_apart(&mut self, object: &mut FoundObject) {
        let (kind, (namespace, name)) = match &*object {
            FoundObject::Role(role) => (role.kind().as_str(), role.id()),
            FoundObject::Binding(binding) => (binding.kind(), binding.id()),
            FoundObject::Namespace(_) | FoundObject::Other(_) | FoundObject::Refused(_) => return,
        };
        let id = format!("{kind} {}/{name}", namespace.unwrap_or_default());
        let count = self.generated.entry(id.into()).or_default();
        *count += 1;
        if *count > 1 {
            let name = format!("{name} ({count})").into();
            match object {
                FoundObject::Role(role) => role.set_name(name),
                FoundObject::Binding(binding) => binding.set_name(name),
                FoundObject::Namespace(_) | FoundObject::Other(_) | FoundObject::Refused(_) => {}
            }
        }
    }

    /// Adds a text that was given, of which only the file is known.
    pub(super) fn read_given(&mut self, file: &str, json: &[u8]) -> Result<(), DumpError> {
        self.here = WrittenAt { file: file.into(), line: 0 };
        let read = self.read_from(json, None, Some(json));
        self.here = WrittenAt::default();
        read
    }

    /// Adds what stands somewhere that a person wrote. Unless it is a list, there may be others of its kind.
    pub(super) fn read_written(
        &mut self,
        json: &[u8],
        is_list: bool,
        default_namespace: Option<&str>,
        written: &Written<'_>,
    ) -> Result<(), DumpError> {
        let (roles, bindings) = (self.roles.len(), self.bindings.len());
        (self.here, self.texts) = (written.place(), written.texts.clone());
        let read = self.read_in(json, default_namespace);
        (self.here, self.texts) = Default::default();
        read?;
        self.has_manifests |= !is_list;
        let at = written.has_origin.then_some(written.span);
        self.roles[roles..].iter_mut().for_each(|seen| seen.object.set_origin(at));
        self.bindings[bindings..].iter_mut().for_each(|seen| seen.object.set_origin(at));
        Ok(())
    }

    /// An empty one that keeps what this one looks for.
    pub(super) fn beside(&self) -> Self {
        let wanted = self.wanted.as_ref().map(|(namespace, name, _)| (namespace.clone(), name.clone(), None));
        Self { wanted, ..Self::default() }
    }

    /// The kinds that are known to be all there.
    pub(super) fn kinds(&self) -> BTreeSet<Box<str>> {
        self.kinds.clone()
    }

    /// Begins a list whose elements are read one by one, until [`Self::end_list`].
    pub(super) fn begin_list(&mut self) {
        self.is_in_list = true;
        self.listed.begin();
    }

    /// Ends a list; one of which nobody knows whether it has all of its kinds says nothing of them.
    pub(super) fn end_list(&mut self, is_part: bool) {
        self.is_in_list = false;
        if is_part { self.listed.forget() } else { self.listed.end() }
    }

    /// What was read since these were known is not all of its kinds.
    pub(super) fn are_parts(&mut self, kinds: BTreeSet<Box<str>>) {
        self.kinds = kinds;
        self.has_manifests = true;
    }

    /// Of these kinds only a part of a list stands here.
    pub(super) fn are_cut<'k>(&mut self, kinds: impl IntoIterator<Item = &'k str>, written: &Written<'_>) {
        self.here = written.place();
        for kind in kinds {
            self.is_cut(kind);
        }
        self.here = WrittenAt::default();
    }

    /// Whether it is a list, and all of it was taken.
    pub(super) fn is_list(&self) -> bool {
        !self.kinds.is_empty() && self.refused.is_empty()
    }

    /// Whether it has roles or bindings that no cluster has stored: these have versions.
    pub(super) fn has_written(&self) -> bool {
        let mut versions =
            self.roles.iter().map(|seen| &seen.version).chain(self.bindings.iter().map(|seen| &seen.version));
        versions.any(|version| version.is_empty())
    }

    /// How many things are not known, or something is to be said of.
    pub(super) fn gaps(&self) -> usize {
        self.refused.len() + self.made.len() + self.notes.len()
    }

    /// Adds a gap.
    pub(super) fn lacks(&mut self, gap: Unseen) {
        self.refused.push(gap);
    }

    /// Adds a gap of what is not part of a cluster, and stands beside one.
    pub(super) fn lacks_beside(&mut self, gap: Unseen) {
        self.beside.push(gap);
    }

    /// Adds what a file of another program says: it counts as what that program makes of it, beside what is there.
    pub fn declare(&mut self, foreign: Foreign) {
        // A manifest beside which there may be others.
        self.has_manifests |= foreign.definition.is_some();
        self.foreign.push(foreign);
    }

    /// Says who reads the authenticator's configuration, whatever the cluster runs.
    pub fn read_by(&mut self, reader: mapping::Reader) {
        self.servers.asked = Some(reader);
    }

    /// Says whether the gate `SSORoleMatch` of aws-iam-authenticator is on, whatever the cluster runs.
    pub fn sso_role_match(&mut self, is_on: bool) {
        self.servers.sso_role_match = Some(is_on);
    }

    /// Adds a dynamic file of aws-iam-authenticator.
    pub(super) fn add_dynamic_file(&mut self, name: &str, text: &[u8]) {
        self.dynamic.push((name.into(), text.to_vec()));
        self.has_manifests = true;
    }

    /// Returns what files of other programs say.
    pub fn declared(&self) -> &[Foreign] {
        &self.foreign
    }

    /// Also keeps this `ConfigMap`, which [`Self::looked_for`] returns; a second call replaces the first.
    pub fn look_for(&mut self, namespace: &str, name: &str) {
        self.wanted = Some((namespace.into(), name.into(), None));
    }

    /// Whether that `ConfigMap` is the one to keep.
    pub(crate) fn wants(&self, namespace: &str, name: &str) -> bool {
        self.wanted.as_ref().is_some_and(|(of, wanted, _)| (&**of, &**wanted) == (namespace, name))
    }

    /// Returns the `ConfigMap` that was looked for, if it was there.
    pub fn looked_for(&self) -> Option<&ConfigMap> {
        self.wanted.as_ref()?.2.as_ref()
    }

    /// Records that a kind is known and has no objects, because the cluster said so.
    pub fn has_none(&mut self, kind: &str) {
        self.kinds.insert(kind.into());
        self.listed.read(&[kind.into()], false, false);
    }

    /// Records that something could not be read: a kind as [`Self::read`] knows it, or a `ConfigMap`'s name.
    pub fn could_not_see(&mut self, what: &str, why: &str) {
        self.missing.insert(what.into(), why.into());
    }

    /// Adds what a list of one namespace holds, where the whole cluster's could not be read.
    pub fn read_of(&mut self, kind: &str, namespace: &str, part: Self) {
        let (kinds, listed) = (self.kinds.clone(), self.listed.clone());
        self.extend(part);
        (self.kinds, self.listed) = (kinds, listed);
        self.seen_in.entry(kind.into()).or_default().insert(namespace.into());
    }

    /// Adds one role that was requested by name, and by namespace unless it is a `ClusterRole`; adds nothing if it does not exist.
    pub fn read_role(&mut self, namespace: Option<&str>, name: &str, json: Option<&[u8]>) -> Result<(), DumpError> {
        let kinds = self.kinds.clone();
        json.map_or(Ok(()), |json| self.read(json))?;
        self.kinds = kinds;
        self.asked_roles.insert((namespace.map(Box::from), name.into()));
        Ok(())
    }

    /// Adds a namespace of unknown labels, unless it is known already.
    pub fn read_namespace(&mut self, name: &str) {
        if !self.namespaces.iter().any(|known| &*known.name == name) {
            self.namespaces.push(Namespace { name: name.into(), labels: Labels::default() });
        }
    }
}

/// Where something is written.
pub(super) struct Written<'a> {
    pub(super) source: &'a Source,
    pub(super) span: Span,
    /// Whether a person wrote it: what is said of it then points there.
    pub(super) has_origin: bool,
    /// Where its texts stand, of a `ConfigMap`.
    pub(super) texts: Standings,
}

impl Written<'_> {
    fn place(&self) -> WrittenAt {
        WrittenAt { file: self.source.name().into(), line: self.source.position(self.span.start).line }
    }
}

/// Whether a kind is one that is looked at.
fn is_of_interest(kind: &str) -> bool {
    [MAPPING_KIND, ACCOUNT_KIND].contains(&kind) || KINDS.iter().any(|(known, _)| *known == kind)
}

fn owner(labels: &BTreeMap<Box<str>, Box<str>>, annotations: &BTreeMap<Box<str>, Box<str>>) -> Owner {
    Owner::of(|key| labels.get(key).map(|value| &**value), |key| annotations.get(key).map(|value| &**value))
}
