//! What several readings hold, as one.

use super::{Dump, WrittenAt};

impl Dump {
    /// Adds what another one holds.
    pub fn extend(&mut self, other: Self) {
        let Self { roles, bindings, namespaces, cloud_accounts, custom_resources, mapping_objects, .. } = other;
        let Self {
            config_maps,
            kinds,
            missing,
            seen_in,
            asked_roles,
            has_manifests,
            refused,
            beside,
            deployed,
            made,
            twice,
            open_labels,
            foreign,
            dynamic,
            notes,
            ..
        } = other;
        let Self { role_places, binding_places, mapping_object_places, config_map_places, .. } = other;
        let Self { listed, wanted, servers, other_config_maps, kube_systems, replaced, .. } = other;
        self.is_said_to_be_eks |= other.is_said_to_be_eks;
        self.kube_systems.extend(kube_systems);
        self.replaced = self.replaced.take().or(replaced);
        self.other_config_maps.extend(other_config_maps);
        self.listed.extend(listed);
        self.servers.extend(servers);
        self.roles.extend(roles);
        self.bindings.extend(bindings);
        self.namespaces.extend(namespaces);
        self.cloud_accounts.extend(cloud_accounts);
        self.custom_resources.extend(custom_resources);
        self.mapping_objects.extend(mapping_objects);
        for (name, map) in config_maps {
            self.here = config_map_places.get(&name).cloned().unwrap_or_default();
            self.config_map(name, map);
        }
        self.here = WrittenAt::default();
        if let (Some((.., mine)), Some((.., Some(found)))) = (&mut self.wanted, wanted) {
            *mine = Some(found);
        }
        self.kinds.extend(kinds);
        self.missing.extend(missing);
        for (kind, namespaces) in seen_in {
            self.seen_in.entry(kind).or_default().extend(namespaces);
        }
        self.asked_roles.extend(asked_roles);
        self.has_manifests |= has_manifests;
        self.refused.extend(refused);
        self.beside.extend(beside);
        self.deployed.extend(deployed);
        self.made.extend(made);
        self.twice.extend(twice);
        self.open_labels.extend(open_labels);
        self.mapping_object_places.extend(mapping_object_places);
        self.foreign.extend(foreign);
        self.notes.extend(notes);
        self.dynamic.extend(dynamic);
        self.role_places.extend(role_places);
        self.binding_places.extend(binding_places);
    }
}
