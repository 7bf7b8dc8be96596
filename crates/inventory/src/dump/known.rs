//! What a dump says, and what it leaves open.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use access::{ConfigMap, Facts, Owner};
use document::{Problem, Sources};
use identity::Partition;
use mapping::{
    Reader,
    aws_iam_authenticator::{Settings, Standing, cluster_id, lacks_cluster_id, settings},
};
use rbac::{Binding, RoleKind, RoleReference, resources::Resource};

use super::{
    Dump, MAPPING_KIND,
    alike::CONFIGURATION,
    gaps::{everywhere, missing_gap},
    selected::Selection,
};
use crate::{
    About, AccessEntries, ClaimedBy, CloudAccount, ClusterClaim, ClusterObject, Extent, Knowledge, MappingTarget,
    RECORD_NAME, Record, Twice, Unseen, WhichCluster, dump::servers::Told, foreign, format::FileFormat,
};

impl Dump {
    /// Returns the roles that bindings grant and that are not here, where they might be: by namespace (of a `ClusterRole` none)
    /// and name.
    pub fn roles_to_ask_for(&self) -> BTreeSet<(Option<Box<str>>, Box<str>)> {
        let knowledge = self.knowledge();
        let known: BTreeSet<(Option<&str>, &str)> = self.roles.iter().map(|seen| seen.object.id()).collect();
        let of = |seen: &ClusterObject<Binding>| {
            let RoleReference { kind, name } = seen.object.role();
            let namespace = seen.object.namespace().filter(|_| kind == RoleKind::Role);
            (namespace.map(Box::from), name.into())
        };
        let is_open = |(namespace, name): &(Option<Box<str>>, Box<str>)| {
            let namespace = namespace.as_deref();
            !knowledge.of_role(namespace, name) && !known.contains(&(namespace, &**name))
        };
        self.bindings.iter().map(of).filter(is_open).collect()
    }

    /// Returns what was asked for, or given in part, and is not known therefore: lists that may not be looked at or are cut, and
    /// `ConfigMap`s. What was last applied is not among it.
    pub fn unlisted(&self) -> Vec<Unseen> {
        let missing = self.missing.iter().filter(|(name, _)| ***name != *RECORD_NAME);
        missing.map(|(name, why)| missing_gap(name, why)).collect()
    }

    /// Returns what [`Self::unlisted`] does, and what was given and cannot be read. What nobody gave is not among it, though it is a gap.
    pub fn unread(&self) -> Vec<Unseen> {
        let twice = self.twice.iter().map(|twice| &twice.gap);
        let unread = self.refused.iter().chain(&self.beside).cloned().chain(self.made_unseen()).chain(twice.cloned());
        self.unlisted().into_iter().chain(unread).collect()
    }

    /// Objects that roles and bindings are made of that are not all here.
    pub(super) fn made_unseen(&self) -> impl Iterator<Item = Unseen> {
        let all = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
        let knows_all = all.iter().all(|kind| self.knows(kind));
        let made = self.made.iter().filter(move |_| !knows_all).cloned();
        made.chain(self.deployed.gaps(knows_all))
    }

    /// Returns the gaps that are problems of these files, which stand among `sources`.
    pub fn gaps_of_declared(&self, sources: &Sources) -> Vec<Unseen> {
        let problems = self.foreign.iter().flat_map(|foreign| &foreign.problems);
        let gap = |problem: &Problem| {
            let (file, at) = sources.locate(problem.span.start)?;
            Some(foreign::gap(problem, file, at.line))
        };
        problems.filter_map(gap).collect()
    }

    /// Returns notes about objects that look like mapping sources but are not read.
    pub fn notes(&self) -> &[Box<str>] {
        &self.notes
    }

    /// Returns how much of roles and bindings is known.
    pub fn knowledge(&self) -> Knowledge {
        let extent = |kind: &str| {
            let seen_in = || self.seen_in.get(kind).cloned().or_else(|| self.whole_namespaces(kind));
            if self.knows(kind) { Extent::All } else { Extent::In(seen_in().unwrap_or_default()) }
        };
        Knowledge {
            namespaces: self.knows("Namespace"),
            role_bindings: extent("RoleBinding"),
            cluster_role_bindings: self.knows("ClusterRoleBinding"),
            roles: extent("Role"),
            cluster_roles: self.knows("ClusterRole"),
            asked_roles: self.asked_roles.clone(),
        }
    }

    /// Whether all of a kind is here.
    fn knows(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
            && !self.missing.contains_key(kind)
            && self.is_of_some_namespaces(kind).is_none()
            && self.selected(kind).is_none()
    }

    /// What shows that the dumps of a kind are a selection.
    pub(super) fn selected(&self, kind: &str) -> Option<Selection> {
        self.listed.selection(kind)
    }

    /// Of the namespaces that alone were dumped of a kind those of which nothing shows that it is a selection.
    fn whole_namespaces(&self, kind: &str) -> Option<BTreeSet<Box<str>>> {
        self.is_of_some_namespaces(kind).map(|_| self.listed.whole_namespaces(kind).0)
    }

    /// The namespaces that alone were dumped of a kind, where that shows: without `-A` kubectl prints those of one. A label that all
    /// have of one of them may be what chose them.
    pub(super) fn is_of_some_namespaces(&self, kind: &str) -> Option<(&BTreeSet<Box<str>>, Option<&str>)> {
        let namespaces = self.listed.namespaces(kind).filter(|_| !everywhere(kind).is_empty())?;
        let is_whole = namespaces.is_empty() || everywhere(kind).iter().all(|name| namespaces.contains(*name));
        (!is_whole).then(|| (namespaces, self.listed.whole_namespaces(kind).1))
    }

    /// Returns who reads the authenticator's configuration, if a flag or what runs servers says so.
    pub fn told_reader(&self) -> Option<Reader> {
        self.servers.is_told().then(|| self.reader())
    }

    /// Returns who reads the authenticator's configuration.
    pub fn reader(&self) -> Reader {
        self.told().reader
    }

    /// How everything is read, as far as anything says it.
    pub(super) fn told(&self) -> Told {
        let is_given = self.configuring().is_some_and(|(map, ..)| map.in_file.is_some());
        self.servers.told(self.settings().as_ref(), is_given)
    }

    /// That the server which reads the authenticator's configuration is not told which cluster it is for.
    pub(super) fn without_cluster(&self, told: &Told) -> Option<Unseen> {
        let (_, text, standing) = self.configuring()?;
        let is_without = lacks_cluster_id(standing.map_or(CONFIGURATION, |standing| &standing.file), text);
        self.servers.without_cluster(told).filter(|_| is_without)
    }

    /// What the authenticator's configuration says of how everything is read.
    pub(super) fn settings(&self) -> Option<Settings> {
        let (_, text, standing) = self.configuring()?;
        Some(settings(standing.map_or(CONFIGURATION, |standing| &standing.file), text))
    }

    /// Takes in that it is one of EKS, as its server's URL or what EKS printed says.
    pub fn is_said_to_be_eks(&mut self) {
        self.is_said_to_be_eks = true;
    }

    /// Whether it is one of EKS, by the roles that EKS puts into each or because it is said.
    pub(super) fn is_of_eks(&self) -> bool {
        self.is_said_to_be_eks || self.roles.iter().any(|seen| seen.object.name().starts_with("eks:"))
    }

    /// Whether a file is here that makes clusters of EKS.
    pub(super) fn makes_eks(&self) -> bool {
        self.foreign.iter().any(|foreign| foreign.format == FileFormat::ClusterConfig)
    }

    /// Uses this configuration of the authenticator in place of the cluster's own `ConfigMap`.
    pub fn configured_by(&mut self, map: ConfigMap) {
        if let Some(name) = MappingTarget::ConfigMap.config_map() {
            self.missing.remove(name);
            self.replaced = self.configured_cluster();
            let before = self.config_maps.insert(name.to_owned(), map);
            // What a live cluster has nobody gave.
            let given = before.filter(|before| before.in_file.is_none());
            if let Some(standing) = given.as_ref().and_then(|before| before.standing.get(CONFIGURATION)) {
                let place = match standing.line_of(1) {
                    line if standing.is_spread => format!("{}:{line}", standing.file),
                    _ => standing.file.to_string(),
                };
                self.notes.push(
                    format!(
                        "the ConfigMap kube-system/{name} ({place}) is not read: the file of `--config` takes its place"
                    )
                    .into(),
                );
            } else {
                self.replaced = None;
            }
        }
    }

    /// Takes in a file of the authenticator's configuration that was found beside everything else. The cluster's own `ConfigMap` counts,
    /// where there is one, and it is not known which of the two a server has. Returns whether the file counts.
    pub fn found_configuration(&mut self, map: ConfigMap) -> bool {
        let name = MappingTarget::ConfigMap.config_map().expect("it is one");
        let Some((before, text, _)) = self.configuring() else {
            self.configured_by(map);
            return true;
        };
        let standing = map.standing.get(CONFIGURATION);
        if map.data.get(CONFIGURATION).is_none_or(|found| found == text) {
            return false;
        }
        let at = before.standing.get(CONFIGURATION).map(|standing| format!(", {}", standing.file)).unwrap_or_default();
        let file: Arc<str> = standing.map(|standing| standing.file.clone()).unwrap_or_default();
        let what = format!("the authenticator's configuration (ConfigMap kube-system/{name}{at} and {file})");
        let why = format!(
            "both are there, and they differ; the ConfigMap counts here; name the file that the server has by `--config FILE`, or leave \
             {file} out by `--exclude`"
        );
        let gap = Unseen::new(what, why).about(About::Twice(MappingTarget::ConfigMap));
        self.twice.push(Twice { gap, object: format!("ConfigMap kube-system/{name}").into(), file, line: 1 });
        self.other_config_maps.push((name.to_owned(), map));
        false
    }

    /// Returns the authenticator's configuration, if there is one.
    pub fn configuration(&self) -> Option<&str> {
        self.configuring().map(|(_, text, _)| text)
    }

    /// Returns which cluster it is: by the authenticator's configuration, whatever is wrong with the rest of that, by files of
    /// other programs, and by what EKS says. What was last applied is added apart: plans have words of their own for it.
    pub fn which_cluster(&self, entries: &AccessEntries) -> WhichCluster {
        let declared = self.foreign.iter().flat_map(|foreign| &foreign.clusters).chain(entries.cluster_claims());
        let of_maps = self.configured_cluster().into_iter().chain(self.replaced.clone());
        let said = of_maps.chain(declared.cloned()).chain(self.kube_systems.iter().cloned());
        WhichCluster::new(said.collect(), self.is_of_eks())
    }

    fn configured_cluster(&self) -> Option<ClusterClaim> {
        let (map, text, standing) = self.configuring()?;
        let (id, line) = cluster_id(standing.map_or(CONFIGURATION, |standing| &standing.file), text)?;
        let by = if map.in_file.is_some() { ClaimedBy::Configuration } else { ClaimedBy::ConfigurationInCluster };
        let place = standing.map(|standing| (standing.file.clone(), standing.line_of(line)));
        Some(ClusterClaim { place, ..ClusterClaim::of_id(by, &id) })
    }

    /// The `ConfigMap` that has the authenticator's configuration, the text, and where that stands, if it is known.
    fn configuring(&self) -> Option<(&ConfigMap, &str, Option<&Standing>)> {
        let map = self.config_maps.get(MappingTarget::ConfigMap.config_map()?)?;
        Some((map, map.data.get(CONFIGURATION)?, map.standing.get(CONFIGURATION)))
    }

    /// Returns whether `aws-auth` holds a configuration, as the chart of 2018 once wrote it.
    pub fn has_configuration_in_aws_auth(&self) -> bool {
        let map = MappingTarget::AwsAuth.config_map().and_then(|name| self.config_maps.get(name));
        map.is_some_and(|map| map.data.contains_key(CONFIGURATION))
    }

    /// Returns the partition that the first ARN of a login is of; commercial where there is none.
    pub fn partition(&self) -> Partition {
        let maps = MappingTarget::ALL.into_iter().filter_map(|target| self.config_maps.get(target.config_map()?));
        let texts = maps.flat_map(|map| map.data.values());
        let mut arns = texts.flat_map(|text| text.split("arn:").skip(1));
        arns.find_map(|arn| arn.split_once(':')?.0.parse().ok()).unwrap_or_default()
    }

    /// Returns the service accounts that act as AWS roles, as far as service accounts were looked at: only `lint` wants them.
    pub fn cloud_accounts(&self) -> &[CloudAccount] {
        &self.cloud_accounts
    }

    /// Returns what `CustomResourceDefinition`s say that there is, the last one of each name.
    pub fn custom_resources(&self) -> Vec<Resource> {
        let all = self.custom_resources.iter().map(|one| ((&one.api_group, &one.name), one));
        all.collect::<BTreeMap<_, _>>().into_values().cloned().collect()
    }

    /// Returns whether it holds anything of a cluster.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
            && self.missing.is_empty()
            && self.refused.is_empty()
            && self.made.is_empty()
            && self.deployed.is_empty()
            && !self.has_manifests
    }

    /// Returns whether this holds lists of a cluster (read, or asked for in vain), not only manifests: only lists prove
    /// that an object does not exist.
    pub fn is_of_lists(&self) -> bool {
        !self.kinds.is_empty() || !self.missing.is_empty()
    }

    /// Returns whether it holds all `IAMIdentityMapping`s.
    pub fn knows_mapping_objects(&self) -> bool {
        self.kinds.contains(MAPPING_KIND)
            && !self.missing.contains_key(MAPPING_KIND)
            && self.selected(MAPPING_KIND).is_none()
    }

    /// Adds what the access file is compiled with.
    pub fn add_to(&self, facts: &mut Facts) {
        facts.custom_resources = self.custom_resources();
        if self.knows("Namespace") {
            facts.namespaces = Some(self.namespaces.clone());
        }
        if self.knows("Role") && self.knows("ClusterRole") {
            let roles = self.roles.iter().map(|seen| seen.object.clone()).collect();
            facts.roles = Some(rbac::Objects { roles, bindings: Vec::new() });
        }
        if !self.config_maps.is_empty() {
            facts.config_maps.get_or_insert_default().extend(self.config_maps.clone());
        }
    }

    /// Returns what was last applied, if that can be said.
    pub fn record(&self) -> Option<ClusterObject<Record>> {
        let map = self.config_maps.get(RECORD_NAME)?;
        let object = Record::from_data(&map.data).ok()?;
        let version = map.resource_version.clone().unwrap_or_default().into();
        Some(ClusterObject { object, owner: Owner::of_map(map), version })
    }

    /// Returns the places that have logins, of all that there may be.
    pub fn targets(&self) -> Vec<MappingTarget> {
        let has = |target: &MappingTarget| match target.config_map() {
            Some(name) => self.config_maps.contains_key(name),
            None => *target == MappingTarget::Crd && !self.mapping_objects.is_empty(),
        };
        MappingTarget::ALL.into_iter().filter(has).collect()
    }

    /// Returns the `ConfigMap`s that matter and that the cluster did not let be looked at.
    pub fn refused_config_maps(&self) -> Vec<&'static str> {
        Self::config_map_names().filter(|name| self.missing.contains_key(*name)).collect()
    }

    /// Returns whether it is known what was last applied and which places have logins.
    pub fn knows_targets(&self) -> bool {
        self.knows("ConfigMap") && Self::config_map_names().all(|name| !self.missing.contains_key(name))
    }
}
