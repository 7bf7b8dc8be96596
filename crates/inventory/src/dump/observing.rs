//! What was read, as a cluster that was observed.

use std::collections::{BTreeMap, BTreeSet};

use access::ConfigMap;
use identity::Partition;
use jiff::Timestamp;
use mapping::{Mode, Reader};

use super::{
    Dump, MAPPING_KIND,
    gaps::{KINDS, LACKS, NOT_IN_DUMPS, missing_in_words, only_of},
};
use crate::{
    LiveMapping, MappingObject, MappingTarget, Observed, RECORD_NAME, Reading, RecordError, Seen, Unseen, UnseenLogins,
    declared::{BindingPlaces, last_definitions},
    foreign::Foreign,
    format::FileFormat,
    identities::one_of_each,
};

/// The logins of places that stand there twice and differ, by what does not count of them.
fn other_logins(
    maps: Vec<(String, ConfigMap)>,
    objects: Vec<MappingObject>,
    reading: Reading,
    now: Timestamp,
) -> Vec<mapping::Source> {
    let of_map = |(name, map): (String, ConfigMap)| {
        let target = MappingTarget::ALL.into_iter().find(|target| target.config_map() == Some(&name))?;
        LiveMapping::of_config_map(target, map, &reading, now).ok()
    };
    let seen = |object: MappingObject| Seen { object, ..Seen::default() };
    let of_objects = LiveMapping::of_objects(objects.into_iter().map(seen).collect());
    maps.into_iter().filter_map(of_map).chain([of_objects]).map(|live| live.source).collect()
}

impl Dump {
    /// Returns the cluster as observed, with every gap named. Where mappings are written nowhere, none say who somebody is but those that EKS asks: elsewhere
    /// they stand in files of the servers' own, and what the cluster has is left aside.
    pub fn observed(self, target: MappingTarget, partition: Partition, now: Timestamp) -> Observed {
        let idle = self.idle_flags(partition, now);
        let (record, targets) = (self.record(), self.targets());
        let (settings, told, is_eks) = (self.settings().unwrap_or_default(), self.told(), self.is_of_eks());
        let makes_eks = self.makes_eks();
        let (knowledge, knows_mapping_objects) = (self.knowledge(), self.knows_mapping_objects());
        let not_read = |target| Some((target, self.servers.not_read(target, &told)?));
        let mut not_read: BTreeMap<_, _> = MappingTarget::ALL.into_iter().filter_map(not_read).collect();
        // The first chart mounts the configuration that it writes.
        if self.foreign.iter().any(|foreign| foreign.format == FileFormat::Chart2018) {
            not_read.remove(&MappingTarget::ConfigMap);
        }
        let of_some = KINDS.map(|(kind, _)| (kind, self.is_of_some_namespaces(kind)));
        let of_some: BTreeMap<&str, BTreeSet<Box<str>>> =
            of_some.into_iter().filter_map(|(kind, namespaces)| Some((kind, namespaces?))).collect();
        let made: Vec<Unseen> = self.made_unseen().collect();
        let Self {
            roles,
            bindings,
            namespaces,
            mapping_objects,
            config_maps,
            other_config_maps,
            kinds,
            mut missing,
            has_manifests,
            refused,
            beside,
            mut twice,
            foreign,
            dynamic,
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
        let (bindings, other_bindings) = one_of_each(bindings, &binding_places, &mut twice);
        let (foreign, replaced) = last_definitions(foreign);
        unseen.extend(twice[of_logins..].iter().map(|twice| twice.gap.clone()));
        let unreadable = unseen.iter().map(|gap| gap.what.clone()).collect();
        for (kind, what) in KINDS {
            let lacks = || if has_manifests { LACKS } else { NOT_IN_DUMPS };
            let why = missing.remove(kind).or_else(|| (!kinds.contains(kind)).then(|| lacks().into()));
            let why = why.or_else(|| of_some.get(kind).map(|namespaces| only_of(kind, namespaces).into()));
            unseen.extend(why.map(|why| Unseen { what: what.into(), why }));
        }
        if config_maps.contains_key(RECORD_NAME) && record.is_none() {
            let (what, why) = ("what was applied last", RecordError.to_string());
            unseen.push(Unseen { what: what.into(), why: why.into() });
        }
        let looks_at = |of: MappingTarget| match target {
            MappingTarget::None => is_eks && of == MappingTarget::AwsAuth,
            _ => of != MappingTarget::None,
        };
        let looks_at_map = |name: &str| {
            let of = MappingTarget::ALL.into_iter().find(|of| of.config_map() == Some(name));
            target != MappingTarget::None || name == RECORD_NAME || of.is_some_and(looks_at)
        };
        let (mut mappings, mut unread_logins) = (Vec::new(), Vec::new());
        let reading = Reading { partition, options: told.options, reader: told.reader };
        for (name, why) in missing.iter().filter(|(name, _)| looks_at_map(name)) {
            unseen.push(Unseen { what: missing_in_words(name).into(), why: why.clone() });
        }
        // A cluster may not know the kind, so that a dump has none of it; where logins are there, it must.
        let needs_objects =
            [Some(target), record.as_ref().map(|seen| seen.object.target)].contains(&Some(MappingTarget::Crd));
        if needs_objects && !kinds.contains(MAPPING_KIND) && !missing.contains_key(MAPPING_KIND) {
            unseen.push(Unseen { what: "IAMIdentityMappings".into(), why: "the dumps do not have them".into() });
        }
        let live = |target: MappingTarget| match target.config_map().and_then(|name| config_maps.get(name)) {
            Some(map) => LiveMapping::of_config_map(target, map.clone(), &reading, now),
            None => Ok(LiveMapping::of_objects(mapping_objects.clone())),
        };
        let (looked_at, left): (Vec<_>, Vec<_>) = targets.into_iter().partition(|of| looks_at(*of));
        for target in looked_at {
            match live(target) {
                Ok(live) => mappings.push(live),
                Err(gap) => unread_logins.push(UnseenLogins::unreadable(gap, target)),
            }
        }
        // EKS asks nothing else, wherever mappings are written.
        let (mut left_aside, mut left_aside_unseen) = (Vec::new(), Vec::new());
        for target in left.into_iter().filter(|_| !is_eks && !makes_eks) {
            match live(target) {
                Ok(live) => left_aside.push(live.source),
                Err(gap) => left_aside_unseen.push(gap),
            }
        }
        let refused = missing.iter().filter(|(name, _)| !is_eks && !makes_eks && !looks_at_map(name));
        left_aside_unseen
            .extend(refused.map(|(name, why)| Unseen { what: missing_in_words(name).into(), why: why.clone() }));
        let other_logins = other_logins(other_config_maps, other_objects, reading, now);
        let is_asked = target != MappingTarget::None;
        let of_file = |(name, text): (Box<str>, Vec<u8>)| LiveMapping::of_file(&name, &text, told.options);
        mappings.extend(dynamic.into_iter().filter(|_| is_asked).map(of_file));
        // What is in force goes before what other programs are going to make.
        for live in foreign.iter().filter_map(|foreign| foreign.live(&reading, now)) {
            match live {
                Ok(live) => mappings.push(live),
                Err(gap) => unread_logins.push(UnseenLogins::unreadable(gap, MappingTarget::ConfigMap)),
            }
        }
        unread_logins.extend(mappings.iter_mut().flat_map(LiveMapping::take_unfilled));
        unseen.extend(unread_logins.iter().map(|place| place.gap.clone()));
        notes.sort();
        notes.dedup();
        let is_read = |live: &LiveMapping| live.source.mode == Mode::MountedFile && !live.source.is_blank();
        let may_count = !(is_eks || makes_eks) || mappings.iter().any(LiveMapping::is_in_file);
        let hides = || unseen.iter().any(|gap| gap.hides_as_read(MappingTarget::ConfigMap));
        if may_count && (mappings.iter().any(is_read) || hides()) {
            notes.extend(told.note());
            unseen.extend(told.disputed.clone());
        }
        for live in &mut mappings {
            let source = &mut live.source;
            if source.reader == Reader::AwsIamAuthenticator {
                source.reserved_prefixes = settings.reserved_prefixes.get(&source.mode).cloned().unwrap_or_default();
            }
            live.is_asked = is_eks || makes_eks || told.asks(source.mode);
            if !live.is_asked && !source.is_blank() {
                let (mode, modes) = (source.mode, told.modes.iter().flatten().map(|mode| mode.as_str()));
                let modes: Vec<&str> = modes.collect();
                notes.push(
                    format!("nobody is let in by {mode}: the server's backend mode is {}", modes.join(", ")).into(),
                );
            }
        }
        mappings.sort_by_key(|live| told.turn(live.source.mode));
        let mut observed = Observed {
            roles,
            bindings,
            namespaces,
            mappings,
            record,
            partition,
            unseen,
            unread_logins,
            twice,
            others: rbac::Objects { roles: other_roles, bindings: other_bindings },
            other_logins,
            left_aside,
            left_aside_unseen,
            notes,
            idle,
            knowledge,
            unreadable,
            is_eks,
            makes_eks,
            modes: told.modes,
            knows_mapping_objects,
            not_read,
            definitions: foreign.iter().filter_map(|foreign| foreign.definition.clone()).collect(),
            ..Observed::default()
        };
        let namespaces = kinds.contains("Namespace").then(|| observed.namespaces.clone());
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
}
