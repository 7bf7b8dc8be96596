//! What was read, as a cluster that was observed.

use std::{collections::BTreeMap, sync::Arc};

use access::ConfigMap;
use identity::Partition;
use jiff::Timestamp;
use mapping::{BackendMode, Reader, aws_iam_authenticator::Settings};
use rbac::Binding;

use super::{
    Dump, MAPPING_KIND,
    declared::{BindingPlaces, last_definitions},
    gaps::{KINDS, LACKS, NOT_IN_DUMPS, missing_gap, only_of, resources},
    identities::{Identified as _, one_of_each},
    servers::Told,
};
use crate::{
    About, BindingId, ClusterObject, LiveMapping, MappingObject, MappingTarget, ObjectKind, Observed, RECORD_NAME,
    Reading, Record, RecordError, Unseen, UnseenLogins, foreign::Foreign, format::FileFormat, text::place::WrittenAt,
};

/// The file of each binding; if several have the same identity, that of the binding that counts.
fn files_of(bindings: &[ClusterObject<Binding>], places: &[WrittenAt]) -> BTreeMap<BindingId, Arc<str>> {
    let mut files: BTreeMap<BindingId, (&Binding, Arc<str>)> = BTreeMap::new();
    for (ClusterObject { object, .. }, place) in bindings.iter().zip(places) {
        let id = (object.namespace().map(Box::from), object.name().into());
        match files.get(&id) {
            Some((first, _)) if object.cannot_replace(first).is_some() => {}
            _ if place.is_known() => drop(files.insert(id, (object, place.file.clone()))),
            _ => drop(files.remove(&id)),
        }
    }
    files.into_iter().map(|(id, (_, file))| (id, file)).collect()
}

impl Dump {
    /// Returns the cluster as observed, with every gap named. Where mappings are written nowhere, none say who somebody is but those that EKS asks: elsewhere
    /// they stand in files of the servers' own, and what the cluster has is left aside.
    pub fn observed(self, target: MappingTarget, partition: Partition, now: Timestamp) -> Observed {
        let idle = self.idle_flags(partition, now);
        let record = self.record();
        let (settings, told) = (self.settings().unwrap_or_default(), self.told());
        let (is_eks, makes_eks) = (self.is_of_eks(), self.makes_eks());
        let (knowledge, knows_mapping_objects) = (self.knowledge(), self.knows_mapping_objects());
        let (not_read, without_cluster) = (self.not_read(&told), self.without_cluster(&told));
        let made: Vec<Unseen> = self.made_unseen().chain(self.labels_unseen()).collect();
        let looked_at = LookedAt { target, is_eks };
        let has_maps_of_logins = self.has_maps_of_logins(&not_read, is_eks);
        let lacking = [self.lists_unseen(), self.sources_unseen(looked_at, record.as_ref())].concat();
        let (targets, mut left): (Vec<_>, Vec<_>) = self.targets().into_iter().partition(|of| looked_at.holds(*of));
        let mut left_aside_unseen = self.left_aside_unseen(looked_at);
        // EKS asks nothing else, wherever mappings are written.
        if is_eks || makes_eks {
            left.clear();
            left_aside_unseen.clear();
        }
        let Self {
            roles,
            bindings,
            namespaces,
            mapping_objects,
            config_maps,
            other_config_maps,
            refused,
            beside,
            mut twice,
            foreign,
            mut dynamic,
            role_places,
            binding_places,
            mapping_object_places,
            mut notes,
            ..
        } = self;
        let (mapping_objects, other_objects) = one_of_each(mapping_objects, &mapping_object_places, &mut twice);
        let of_logins = twice.iter().map(|twice| twice.gap.clone()).collect();
        let mut unseen = [refused, beside, made, of_logins].concat();
        let of_logins = twice.len();
        let (roles, other_roles) = one_of_each(roles, &role_places, &mut twice);
        let mut places: BindingPlaces = bindings
            .iter()
            .zip(&binding_places)
            .filter(|_| !foreign.is_empty())
            .map(|(seen, place)| ((seen.object.namespace().map(Box::from), seen.object.name().into()), place.clone()))
            .collect();
        let binding_files = files_of(&bindings, &binding_places);
        let (bindings, other_bindings) = one_of_each(bindings, &binding_places, &mut twice);
        let (foreign, replaced) = last_definitions(foreign);
        unseen.extend(twice[of_logins..].iter().map(|twice| twice.gap.clone()));
        let unreadable = unseen.iter().map(|gap| gap.what.clone()).collect();
        unseen.extend(lacking);
        let reading = Reading { partition, options: told.options, reader: told.reader };
        if target == MappingTarget::None {
            dynamic.clear();
        }
        let stored = Stored { config_maps, mapping_objects };
        let (left_aside, refused) = stored.left_aside(left, reading, now);
        left_aside_unseen.extend(refused);
        let (mut mappings, unread_logins) = stored.mappings(targets, dynamic, &foreign, reading, now);
        unseen.extend(unread_logins.iter().map(|place| place.gap.clone()));
        notes.sort();
        notes.dedup();
        let is_read = |live: &LiveMapping| live.source.mode == BackendMode::MountedFile && !live.source.is_blank();
        let may_count = !(is_eks || makes_eks) || mappings.iter().any(LiveMapping::is_in_file);
        let hides = || unseen.iter().any(|gap| gap.hides_as_read(MappingTarget::ConfigMap));
        if may_count && (mappings.iter().any(is_read) || hides()) {
            notes.extend(told.note());
            unseen.extend(told.disputed.clone());
            unseen.extend(without_cluster);
        }
        for live in &mut mappings {
            notes.extend(live.ask(&told, &settings, is_eks || makes_eks));
        }
        mappings.sort_by_key(|live| told.turn(live.source.mode));
        let mut observed = Observed {
            roles,
            bindings,
            binding_files,
            namespaces,
            mappings,
            record,
            partition,
            unseen,
            unread_logins,
            twice,
            others: rbac::Objects { roles: other_roles, bindings: other_bindings },
            other_logins: other_logins(other_config_maps, other_objects, reading, now),
            left_aside,
            left_aside_unseen,
            notes,
            idle,
            knowledge,
            unreadable,
            is_eks,
            makes_eks,
            modes: told.modes,
            unread_modes: told.unread_modes,
            knows_mapping_objects,
            has_maps_of_logins,
            not_read,
            definitions: foreign.iter().filter_map(|foreign| foreign.definition.clone()).collect(),
            ..Observed::default()
        };
        let namespaces = observed.knowledge.namespaces.then(|| observed.namespaces.clone());
        if namespaces.is_none() {
            observed.unseen.extend(foreign.iter().filter_map(Foreign::chooses_unknown_namespaces));
        }
        for foreign in &foreign {
            observed.add_declared(foreign, namespaces.as_deref(), &mut places, now);
        }
        for (definition, by) in &replaced {
            observed.add_replaced((definition, by), namespaces.as_deref());
        }
        observed
    }

    /// The mapping sources of which nothing says that a server reads them, and why not.
    fn not_read(&self, told: &Told) -> BTreeMap<MappingTarget, Box<str>> {
        // The first chart mounts the configuration that it writes.
        let is_mounted = self.foreign.iter().any(|foreign| foreign.format == FileFormat::Chart2018);
        let targets = MappingTarget::ALL.into_iter().filter(|of| !(is_mounted && *of == MappingTarget::ConfigMap));
        targets.filter_map(|target| Some((target, self.servers.not_read(target, told)?))).collect()
    }

    /// Whether the `ConfigMap`s that are read for logins are here, as far as it shows who reads any, and nobody was kept from seeing
    /// others: `aws-auth` as a cluster has it, and the authenticator's where one mounts it.
    fn has_maps_of_logins(&self, not_read: &BTreeMap<MappingTarget, Box<str>>, is_eks: bool) -> bool {
        let map = |target: MappingTarget| self.config_maps.get(target.config_map()?);
        let is_stored = |map: &ConfigMap| map.resource_version.as_ref().is_some_and(|version| !version.is_empty());
        let others = [MappingTarget::ConfigMap, MappingTarget::AccessFile];
        let has_others = others.iter().all(|of| not_read.contains_key(of) || map(*of).is_some());
        let is_kept = self.missing.contains_key("ConfigMap");
        !is_kept && map(MappingTarget::AwsAuth).is_some_and(is_stored) && (is_eks || has_others)
    }

    /// The kinds of which not all objects are here that every cluster has.
    fn lists_unseen(&self) -> Vec<Unseen> {
        let lacks = if self.has_manifests { LACKS } else { NOT_IN_DUMPS };
        let gap = |(kind, of): (&str, ObjectKind)| {
            let why = self.missing.get(kind).cloned();
            let why = why.or_else(|| (!self.kinds.contains(kind)).then(|| lacks.into()));
            let in_some = || Some(only_of(kind, self.is_of_some_namespaces(kind)?).into());
            let selected = || Some(self.selected(kind)?.why(resources(of)).into());
            Some(Unseen::of_kind(of, why.or_else(in_some).or_else(selected)?))
        };
        KINDS.into_iter().filter_map(gap).collect()
    }

    /// The mapping sources, and the record, that are looked at and are not here.
    fn sources_unseen(&self, looked_at: LookedAt, record: Option<&ClusterObject<Record>>) -> Vec<Unseen> {
        let mut unseen = Vec::new();
        if self.config_maps.contains_key(RECORD_NAME) && record.is_none() {
            unseen.push(Unseen::new("what was applied last", RecordError.to_string()).about(About::Record));
        }
        let is_list = |name: &str| KINDS.iter().any(|(kind, _)| *kind == name);
        let missing = self.missing.iter().filter(|(name, _)| !is_list(name) && looked_at.holds_map(name));
        unseen.extend(missing.map(|(name, why)| missing_gap(name, why)));
        // A cluster may not know the kind, so that a dump has none of it; where logins are there, it must.
        let written = [Some(looked_at.target), record.map(|seen| seen.object.target)];
        let is_known = self.kinds.contains(MAPPING_KIND) || self.missing.contains_key(MAPPING_KIND);
        if written.contains(&Some(MappingTarget::Crd)) && !is_known {
            unseen.push(Unseen::of_kind(ObjectKind::IdentityMappings, NOT_IN_DUMPS));
        }
        if let Some(selection) = self.selected(MAPPING_KIND).filter(|_| !self.missing.contains_key(MAPPING_KIND)) {
            unseen.push(Unseen::of_kind(ObjectKind::IdentityMappings, selection.why("iamidentitymappings")));
        }
        unseen
    }

    /// The `ConfigMap`s that could not be read and are not looked at for logins.
    fn left_aside_unseen(&self, looked_at: LookedAt) -> Vec<Unseen> {
        let is_list = |name: &str| KINDS.iter().any(|(kind, _)| *kind == name);
        let missing = self.missing.iter().filter(|(name, _)| !is_list(name) && !looked_at.holds_map(name));
        missing.map(|(name, why)| missing_gap(name, why)).collect()
    }
}

/// Which mapping sources are looked at.
#[derive(Clone, Copy)]
struct LookedAt {
    /// Where mappings are written.
    target: MappingTarget,
    is_eks: bool,
}

impl LookedAt {
    fn holds(self, of: MappingTarget) -> bool {
        match self.target {
            MappingTarget::None => self.is_eks && of == MappingTarget::AwsAuth,
            _ => of != MappingTarget::None,
        }
    }

    fn holds_map(self, name: &str) -> bool {
        let of = MappingTarget::in_config_map(name);
        self.target != MappingTarget::None || name == RECORD_NAME || of.is_some_and(|of| self.holds(of))
    }
}

/// What holds mappings, as it was read.
struct Stored {
    config_maps: BTreeMap<String, ConfigMap>,
    mapping_objects: Vec<ClusterObject<MappingObject>>,
}

impl Stored {
    fn live(&self, target: MappingTarget, reading: Reading, now: Timestamp) -> Result<LiveMapping, Unseen> {
        match target.config_map().and_then(|name| self.config_maps.get(name)) {
            Some(map) => LiveMapping::of_config_map(target, map.clone(), &reading, now),
            None => Ok(LiveMapping::of_objects(self.mapping_objects.clone())),
        }
    }

    /// What is taken for nobody's login, and what of it its reader refuses.
    fn left_aside(
        &self,
        targets: Vec<MappingTarget>,
        reading: Reading,
        now: Timestamp,
    ) -> (Vec<mapping::Source>, Vec<Unseen>) {
        let (mut sources, mut refused) = (Vec::new(), Vec::new());
        for target in targets {
            match self.live(target, reading, now) {
                Ok(live) => sources.push(live.source),
                Err(gap) => refused.push(gap),
            }
        }
        (sources, refused)
    }

    /// The mappings, with the dynamic files of control plane nodes, by name, and those that other programs' files make; and
    /// what its reader refuses, or is still to be filled in.
    fn mappings(
        &self,
        targets: Vec<MappingTarget>,
        dynamic: Vec<(Box<str>, Vec<u8>)>,
        foreign: &[Foreign],
        reading: Reading,
        now: Timestamp,
    ) -> (Vec<LiveMapping>, Vec<UnseenLogins>) {
        let (mut mappings, mut unread) = (Vec::new(), Vec::new());
        let mut take = |target: MappingTarget, live: Result<LiveMapping, Unseen>| match live {
            Ok(live) => mappings.push(live),
            Err(gap) => unread.push(UnseenLogins::unreadable(gap, target)),
        };
        for target in targets {
            take(target, self.live(target, reading, now));
        }
        for (name, text) in dynamic {
            take(MappingTarget::None, Ok(LiveMapping::of_file(&name, &text, reading.options)));
        }
        // What is in force goes before what other programs are going to make.
        for live in foreign.iter().filter_map(|foreign| foreign.live(&reading, now)) {
            take(MappingTarget::ConfigMap, live);
        }
        unread.extend(mappings.iter_mut().flat_map(LiveMapping::take_unfilled));
        (mappings, unread)
    }
}

impl LiveMapping {
    /// Notes whether the server asks it, and with which prefixes reserved; returns a note where nobody is let in by it.
    fn ask(&mut self, told: &Told, settings: &Settings, is_eks: bool) -> Option<Box<str>> {
        let source = &mut self.source;
        if source.reader == Reader::AwsIamAuthenticator {
            source.reserved_prefixes = settings.reserved_prefixes.get(&source.mode).cloned().unwrap_or_default();
        }
        self.is_asked = is_eks || told.asks(source.mode);
        if self.is_asked || source.is_blank() {
            return None;
        }
        let (mode, modes) = (source.mode, BackendMode::join(told.modes.as_deref().unwrap_or_default(), ", "));
        Some(format!("nobody is let in by {mode}: the server's backend mode is {modes}").into())
    }
}

/// The logins of places that stand there twice and differ, by what does not count of them.
fn other_logins(
    maps: Vec<(String, ConfigMap)>,
    objects: Vec<MappingObject>,
    reading: Reading,
    now: Timestamp,
) -> Vec<mapping::Source> {
    let of_map = |(name, map): (String, ConfigMap)| {
        let target = MappingTarget::in_config_map(&name)?;
        LiveMapping::of_config_map(target, map, &reading, now).ok()
    };
    let seen = |object: MappingObject| ClusterObject { object, ..ClusterObject::default() };
    let of_objects = LiveMapping::of_objects(objects.into_iter().map(seen).collect());
    maps.into_iter().filter_map(of_map).chain([of_objects]).map(|live| live.source).collect()
}
