//! Everything that is known, joined.

mod gaps;
mod joining;
mod logins;
mod variants;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use access::{Access, Desired};
use document::{Position, Problem, Source, Sources, Span};
use identity::{Arn, Identity, Partition, Partitions};
use inventory::{
    Association, CloudAccount, ClusterObject, Inputs, Knowledge, Login, MappingTarget, NotAsked, ObjectKind, Observed,
    Places, Policy, Record, Twice, Unseen, UnseenLogins, WhichCluster, policy,
};
use jiff::Timestamp;
use mapping::{Reader, Snapshot};
use rbac::{AnyRole, Binding, ClusterRole, Index, Labels, Objects, Subject};

pub use self::gaps::Reach;
pub(crate) use self::variants::Variants;
use self::{
    joining::{AppliedFile, InputFacts, WhoLogsIn, add_observed, configure, identify},
    logins::partition,
};
use crate::{
    built_in_roles::{built_in_roles, onto_built_in},
    principals::{ByUser, NamedPrincipal, principals},
};

/// A cluster with the people who log in to it, and everything that is not known about both.
#[derive(Debug)]
pub struct World {
    cluster_id: Option<Box<str>>,
    which_cluster: WhichCluster,
    /// The file that was given as the authenticator's configuration.
    pub(crate) configuration: Option<Box<str>>,
    index: Index,
    snapshot: Snapshot,
    principals: Vec<NamedPrincipal>,
    /// Whom only mapping sources name that stand there twice and differ, where they do not count.
    doubtful: Vec<NamedPrincipal>,
    pub(crate) by_user: ByUser,
    policies: Vec<Associated>,
    /// Users and groups of bindings whom somebody is by the id of their access key.
    by_key: BTreeSet<Subject>,
    namespaces: BTreeSet<Box<str>>,
    sources: Sources,
    gaps: Vec<Unseen>,
    unlisted: Vec<Unseen>,
    unread: Vec<Unseen>,
    /// Whether all that was given could be read: what stands in the rest may grant something, in any place.
    pub(crate) has_read_all_given: bool,
    /// What stands there twice and differs.
    twice: Vec<Twice>,
    pub(crate) variants: Option<Variants>,
    notes: Vec<Box<str>>,
    idle: Vec<Box<str>>,
    /// Where logins may stand that could not be read. Of what was given piece by piece – access files, manifests –
    /// nothing is said: what was not given is not asked about.
    pub(crate) places: Places,
    is_whole: bool,
    /// Which mapping sources were looked at, whatever is in them.
    pub(crate) looked_at: LookedAt,
    pub(crate) knowledge: Knowledge,
    /// `ClusterRole`s that could not be read and count as Kubernetes itself makes them.
    assumed: BTreeSet<Box<str>>,
    is_live: bool,
    now: Timestamp,
    surroundings: Surroundings,
}

/// Mapping sources of which it is known what is in them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LookedAt {
    /// The `ConfigMap`s of `kube-system`.
    pub(crate) config_maps: bool,
    /// `IAMIdentityMapping`s.
    pub(crate) mapping_objects: bool,
    /// EKS access entries.
    pub(crate) entries: bool,
}

/// What `lint` looks at beside rights.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// The file that has a binding, by namespace and name, where it comes of one.
    pub(crate) binding_files: BTreeMap<inventory::BindingId, Arc<str>>,
    /// The labels of the namespaces that are known.
    pub(crate) labels: BTreeMap<Box<str>, Labels>,
    /// Service accounts with AWS roles.
    pub(crate) cloud_accounts: Vec<CloudAccount>,
    /// Where logins stand.
    pub(crate) logins: Vec<mapping::Source>,
    /// Mapping sources that EKS does not ask, whatever stands there.
    pub(crate) never_asked: Vec<MappingTarget>,
    /// What EKS does not ask, each with why not.
    pub(crate) left_out: Vec<(Snapshot, NotAsked)>,
    /// What `apply` did last: which files it read, and where it writes their logins.
    pub(crate) record: Option<Record>,
    /// The access file.
    pub(crate) access: Option<Access>,
    /// Where its texts begin among all texts.
    access_files: Vec<usize>,
}

/// An EKS access policy that a principal has.
#[derive(Clone, Debug)]
pub struct Associated {
    /// Whose, and where.
    pub association: Association,
    /// What it allows; none where that is not known, which is a gap of the world too.
    pub policy: Option<&'static Policy>,
    /// The ARN that mappings compare.
    arn: Option<String>,
    /// The principals that it is for: more than one where sessions of a role are known one by one.
    pub(crate) principals: Vec<usize>,
}

/// An access file that cannot be read.
#[derive(Debug)]
pub struct Unreadable {
    /// The files.
    pub sources: Sources,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

impl World {
    /// Joins what was given. Of a live cluster what was looked at is in `given.dump`, and `server` is its URL.
    ///
    /// An access file counts as applied: its objects stand in place of those of the same names, and its logins are asked
    /// first.
    pub fn new(given: Inputs, server: Option<&str>, now: Timestamp) -> Result<Self, Unreadable> {
        let files = given.access_files();
        let access_files = files.iter().flat_map(AsRef::<[Source]>::as_ref).map(Source::base).collect();
        let Inputs { mut dump, mut facts, entries, sources, config, configuration, is_configuration_found, .. } = given;
        let only_files = dump.is_empty();
        let is_whole = server.is_some() || dump.is_of_lists();
        let is_configured = configure(&mut dump, configuration.as_ref(), is_configuration_found)?;
        let configuration = configuration.filter(|_| is_configured);
        let config = config.filter(|_| is_configured);
        let has_config = config.is_some();
        let knowledge = dump.knowledge();
        let looked_at = LookedAt {
            config_maps: server.is_some() || dump.knows_targets(),
            mapping_objects: server.is_some() || dump.knows_mapping_objects(),
            entries: !entries.is_empty(),
        };
        dump.add_to(&mut facts);
        let file = files.map(|files| AppliedFile::read(files, &facts, now)).transpose()?;
        let of_config = config.filter(|config| config.mounted_file.is_some()).map(|config| config.partitions);
        let desired = file.as_ref().map(|file| &file.desired);
        let of_others =
            || entries.partition().unwrap_or_else(|| partition(dump.partition(), desired, &entries.source())).into();
        let partitions: Partitions = of_config.unwrap_or_else(of_others);
        let partition = partitions.own();
        let which_cluster = dump.which_cluster(&entries);
        let cloud_accounts = dump.cloud_accounts().to_vec();
        let (unlisted, mut unread) = (dump.unlisted(), dump.unread());
        let without_login = logins::without_login(dump.declared(), &sources);
        // Whatever holds logins is looked at. Whoever has ended is refused in other words than whom nobody knows, so ends
        // stay in logins.
        let mut observed = dump.observed(MappingTarget::ConfigMap, partition, Timestamp::MIN);
        observed.unread_logins.extend(without_login);
        let twice = std::mem::take(&mut observed.twice);
        let has_read_all_given = add_observed(&mut unread, unlisted.len(), &observed, &twice);
        let (cluster_id, which_cluster) = identify(which_cluster, file.as_ref(), &observed);

        observed.is_of_server(server);
        let is_eks = observed.is_eks || !entries.is_empty();
        let of_entries = gaps::of_entries(&entries, is_eks);
        if !entries.is_empty() {
            // Of entries that were given in part it is not known what the rest says.
            unread.extend(of_entries.iter().cloned());
        }
        observed.entries = entries.clone();
        let given = InputFacts { has_config, is_whole, is_eks, unread: &unread };
        let WhoLogsIn { sources: logins, mut places, nothing_says } =
            WhoLogsIn::of(file.as_ref(), &entries, &observed, &given);
        let (mut notes, idle) = (observed.notes.clone(), observed.idle.clone());
        notes.extend(gaps::of_mode(&entries));
        notes.extend(observed.left_out().map(gaps::of_left_out));

        let mut gaps = gaps::of_cluster(&observed, only_files, file.is_some());
        gaps.extend(observed.unread_logins.iter().map(|place| place.gap.clone()));
        let (access, desired) = file.map(|file| (file.access, file.desired.at(now))).unzip();
        if let Some(access) = &access {
            gaps.extend(gaps::of_file(access, &facts));
            for (name, accounts) in access.accounts_of_unknown_iam_groups(&facts) {
                places.add_iam_group(accounts, gaps::of_iam_group(name));
            }
        }
        let desired = desired.unwrap_or_default();
        let surroundings = Surroundings::of(&observed, partition);
        let namespaces = namespaces(&observed, &desired);
        let spelled: Vec<Arn> = observed.spelled().into_iter().chain(entries.spelled()).collect();
        let others = std::mem::take(&mut observed.others);
        let observed_others = std::mem::take(&mut observed.other_logins);
        let (objects, assumed) = objects(observed, &desired, &knowledge, server.is_some());
        let variants = Variants::new(&objects, &others);
        let index = Index::new(objects);
        // Whoever gives files knows that they leave these four to Kubernetes.
        let assumed = if is_whole { assumed } else { BTreeSet::new() };
        gaps.extend(gaps::of_roles(index.bindings().iter(), &index, &knowledge, &assumed, server.is_some()));
        gaps.extend(index.undecided().iter().map(|name| inventory::undecided_role(name)));
        gaps.extend(of_entries);
        gaps.extend(nothing_says);
        gaps.extend(gaps::of_chance(&logins));
        gaps.extend(places.all().map(|place| place.gap.clone()));

        let snapshot = Snapshot::new(partitions, logins.clone(), []).of_server(entries.partition());
        let everybody = inventory::everybody(&desired, &facts, &logins, partition);
        let principals = principals(everybody, &spelled, &snapshot, &index, now);
        let by_user = ByUser::new(&principals);
        let doubtful = logins::doubtful(&observed_others, &principals, partition, now);
        let policies: Vec<Associated> =
            entries.associations().into_iter().map(|association| Associated::new(association, &by_user)).collect();
        let of_policies: Vec<Unseen> = gaps::of_policies(&policies).collect();
        unread.extend(of_policies.iter().cloned());
        gaps.extend(of_policies);
        let (by_key, of_keys) = gaps::of_keys(&principals, &index);
        gaps.extend(of_keys);
        gaps.sort();
        gaps.dedup();

        let surroundings = Surroundings { cloud_accounts, logins, access, access_files, ..surroundings };
        Ok(Self {
            cluster_id,
            which_cluster,
            configuration: configuration.map(|source| source.name().into()),
            index,
            snapshot,
            principals,
            doubtful,
            by_user,
            policies,
            by_key,
            namespaces,
            sources,
            gaps,
            unlisted,
            unread,
            has_read_all_given,
            twice,
            variants,
            notes,
            idle,
            places,
            is_whole,
            looked_at,
            knowledge,
            assumed,
            is_live: server.is_some(),
            now,
            surroundings,
        })
    }

    /// Returns the file that has a binding, where that is known.
    pub(crate) fn file_of(&self, binding: &Binding) -> Option<&str> {
        let id = (binding.namespace().map(Box::from), binding.name().into());
        self.surroundings.binding_files.get(&id).map(|file| &**file)
    }

    /// Returns what tokens for the cluster are bound to: by the access file, or by what was last applied.
    pub fn cluster_id(&self) -> Option<&str> {
        self.cluster_id.as_deref()
    }

    /// Returns everything that says which cluster this is.
    pub fn which_cluster(&self) -> &WhichCluster {
        &self.which_cluster
    }

    /// Returns the roles and bindings, by which questions are evaluated.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Returns everybody who is named somewhere, in the order of who they are.
    pub fn principals(&self) -> &[NamedPrincipal] {
        &self.principals
    }

    /// Whom only mapping sources name that stand there twice and differ, where they do not count: they log in, or do not.
    pub(crate) fn doubtful(&self) -> &[NamedPrincipal] {
        &self.doubtful
    }

    /// Returns all mappings, to look up any identity, whether a mapping names it or not.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The moment that all of it is of.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns a principal with the logins that the mappings give them, whether a mapping names them or not.
    pub fn principal(&self, who: inventory::Who, identity: Identity) -> NamedPrincipal {
        NamedPrincipal::of(who, identity, &self.snapshot, self.now)
    }

    /// Returns the EKS access policies that access entries have.
    pub fn policies(&self) -> &[Associated] {
        &self.policies
    }

    /// Returns the namespaces that there are, and those that bindings stand in.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.namespaces.iter().map(|name| &**name)
    }

    /// Returns whether a namespace is not there, where that is known.
    pub fn lacks_namespace(&self, name: &str) -> bool {
        self.knowledge.namespaces && !self.namespaces.contains(name)
    }

    /// Returns what is not known, so that an answer may lack something: never empty where anything could not be read.
    pub fn gaps(&self) -> &[Unseen] {
        &self.gaps
    }

    /// Returns the gaps that are lists or `ConfigMap`s, asked for or given in part: what is not in them cannot be
    /// compared.
    pub fn unlisted(&self) -> &[Unseen] {
        &self.unlisted
    }

    /// Returns the gaps that were asked for or given and could not be read, because of which an empty answer is not
    /// known to be empty. What nobody gave is not among them.
    pub fn unread(&self) -> &[Unseen] {
        &self.unread
    }

    /// Returns the assumptions that every answer rests on: by which server's rules the mappings were read where nothing
    /// says it, and which mapping sources no server asks.
    pub fn assumptions(&self) -> &[Box<str>] {
        &self.notes
    }

    /// Returns the flags that were typed and change nothing, each with the reason.
    pub fn idle(&self) -> &[Box<str>] {
        &self.idle
    }

    /// What stands there twice and differs.
    pub(crate) fn twice(&self) -> &[Twice] {
        &self.twice
    }

    /// Returns whether nothing grants anybody anything only because what was given cannot be read.
    pub fn is_blank(&self) -> bool {
        !self.unread.is_empty() && self.index.bindings().is_empty() && self.principals.is_empty()
    }

    /// Adds bindings and roles.
    pub(crate) fn add(&mut self, bindings: &[Binding], roles: &[AnyRole]) {
        self.namespaces.extend(bindings.iter().filter_map(|binding| binding.namespace().map(Box::from)));
        let bindings = [self.index.bindings(), bindings].concat();
        let roles = [self.index.roles(), roles].concat();
        self.index = Index::new(Objects { roles, bindings });
    }

    /// Returns what to know of how logins were read: what of them does nothing, and whose word it is.
    pub fn notes(&self) -> Vec<String> {
        let logins = &self.surroundings.logins;
        let mut notes = Vec::new();
        match logins.iter().map(|source| source.defects.len()).sum::<usize>() {
            0 => {}
            1 => notes.push("the mapping sources have 1 defect; `cluster-auth lint` names it".to_owned()),
            several => {
                notes.push(format!("the mapping sources have {several} defects; `cluster-auth lint` names them"));
            }
        }
        if logins.iter().any(|source| source.reader == Reader::Eks && !source.is_empty()) {
            notes.push(
                "access entries and access policies are evaluated as AWS documents them; the code of EKS is not public"
                    .to_owned(),
            );
        }
        notes
    }

    /// Returns the places that may say otherwise of somebody than what could be read.
    pub fn may_say_otherwise(&self, identity: &Identity) -> Vec<&UnseenLogins> {
        self.places.that_may_say_otherwise(&self.snapshot, identity)
    }

    /// Returns whether a cluster was asked, or lists of one were given, and not only files that may hold a part.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Returns who somebody is: more than one login where that is left to chance, and none among them where they may be turned
    /// away.
    pub fn logins_of(&self, identity: &Identity) -> Vec<Option<Login>> {
        Login::each(&self.snapshot, identity, self.now)
    }

    /// Whether a binding grants a role that is not in what was looked at, and may be there all the same.
    pub(crate) fn lacks_role_of(&self, binding: &Binding) -> bool {
        gaps::is_unknown(&self.index, &self.knowledge, binding)
    }

    /// Returns the kinds of bindings that could not all be read, joined by `and`, or `None`.
    pub fn unseen_bindings(&self) -> Option<String> {
        let of_kind = |kind| self.gaps.iter().find(|gap| gap.is_of(&[kind]));
        let unseen = [ObjectKind::RoleBindings, ObjectKind::ClusterRoleBindings].into_iter().filter_map(of_kind);
        let unseen: Vec<&str> = unseen.map(|gap| &*gap.what).collect();
        (!unseen.is_empty()).then(|| unseen.join(" and "))
    }

    /// File and place of what a person wrote.
    pub fn place(&self, span: Option<Span>) -> Option<(&str, Position)> {
        self.sources.locate(span?.start)
    }

    /// Returns the texts that people wrote, for problems that point into them.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Whether a subject of a binding is somebody whom the id of their access key makes it.
    pub(crate) fn is_by_key(&self, subject: &Subject) -> bool {
        self.by_key.contains(subject)
    }

    /// Returns those who log in under a username.
    pub fn called(&self, username: &str) -> impl Iterator<Item = &NamedPrincipal> {
        self.of(self.by_user.names.get(username))
    }

    /// Returns those who log in into a group.
    pub fn members(&self, group: &str) -> impl Iterator<Item = &NamedPrincipal> {
        self.of(self.by_user.groups.get(group))
    }

    /// Returns those whom an ARN names as mappings name them, in whatever case.
    pub fn named(&self, canonical_arn: &str) -> impl Iterator<Item = &NamedPrincipal> {
        self.of(self.by_user.arns.get(&canonical_arn.to_ascii_lowercase()))
    }

    /// Returns those whom an associated policy is for.
    pub fn holders<'a>(&'a self, associated: &'a Associated) -> impl Iterator<Item = &'a NamedPrincipal> {
        associated.principals.iter().map(|at| &self.principals[*at])
    }

    /// Whether something stands in an access file.
    pub(crate) fn is_of_access_file(&self, written: Option<Span>) -> bool {
        let source = written.and_then(|span| self.sources.of(span.start));
        source.is_some_and(|source| self.surroundings.access_files.contains(&source.base()))
    }

    /// What there is beside.
    pub(crate) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    fn of<'a>(&'a self, found: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a NamedPrincipal> {
        found.into_iter().flatten().map(|at| &self.principals[*at])
    }
}

impl Surroundings {
    /// What was observed of them.
    fn of(observed: &Observed, partition: Partition) -> Self {
        let left_out = observed.left_out();
        let left_out = left_out.map(|(live, why)| (Snapshot::new(partition, vec![live.source.clone()], []), why));
        let is_never_asked = |target: &MappingTarget| observed.leaves_out(*target).is_some();
        Self {
            binding_files: observed.binding_files.clone(),
            labels: observed.namespaces.iter().map(|one| (one.name.clone(), one.labels.clone())).collect(),
            never_asked: MappingTarget::ALL.into_iter().filter(is_never_asked).collect(),
            left_out: left_out.collect(),
            record: observed.record.as_ref().map(|record| record.object.clone()),
            ..Self::default()
        }
    }
}

impl Associated {
    fn new(association: Association, by_user: &ByUser) -> Self {
        let principal = association.principal.parse().ok().and_then(|arn| mapping::RulePrincipal::of_arn(&arn));
        let arn = match principal {
            Some(mapping::RulePrincipal::Arn(arn)) => Some(arn),
            Some(mapping::RulePrincipal::PermissionSet(_) | mapping::RulePrincipal::UniqueId(_)) | None => None,
        };
        let principals = arn.as_ref().and_then(|arn| by_user.arns.get(arn)).cloned().unwrap_or_default();
        Self { policy: policy(&association.policy), association, arn, principals }
    }

    /// The ARN that mappings compare, in lower case; `None` if it is not a principal's.
    pub(crate) fn arn(&self) -> Option<&str> {
        self.arn.as_deref()
    }

    /// Returns whether it is somebody's: of every session of a role, whether it is known one by one or not.
    pub fn is_of(&self, identity: &Identity) -> bool {
        self.arn.as_ref().is_some_and(|arn| identity.canonical_arn().eq_ignore_ascii_case(arn))
    }

    /// Returns whether it holds in a namespace; in the whole cluster for `""`.
    pub fn holds_in(&self, namespace: &str) -> bool {
        let Some(globs) = &self.association.namespaces else { return true };
        !namespace.is_empty() && globs.iter().any(|glob| access::glob(glob, namespace))
    }
}

fn namespaces(observed: &Observed, desired: &Desired) -> BTreeSet<Box<str>> {
    let bindings = observed.bindings.iter().map(|seen| &seen.object).chain(&desired.objects.bindings);
    let bound = bindings.filter_map(Binding::namespace);
    let all: BTreeSet<&str> = observed.namespaces.iter().map(|namespace| &*namespace.name).chain(bound).collect();
    all.into_iter().map(Box::from).collect()
}

/// All objects. Of two with one kind, namespace and name the later one counts, the access file's last. What every API
/// server has is there where none said what it has, and what people wrote is applied onto it; which roles these are comes
/// second.
fn objects(
    observed: Observed,
    desired: &Desired,
    knowledge: &Knowledge,
    is_live: bool,
) -> (Objects, BTreeSet<Box<str>>) {
    let is_cluster = observed.roles.iter().any(is_of_cluster);
    // Of what `kubectl get` printed it is not known whether all of them were asked for.
    let is_known = |role: &ClusterRole| if is_live { knowledge.of_role(None, &role.name) } else { is_cluster };
    let built_in: Vec<ClusterRole> = built_in_roles().into_iter().filter(|role| !is_known(role)).collect();
    let mut assumed: BTreeSet<Box<str>> = built_in.iter().map(|role| role.name.clone()).collect();
    let observed_roles = observed.roles.into_iter().map(|ClusterObject { mut object, version, .. }| {
        if let AnyRole::ClusterRole(role) = &mut object {
            if role.origin.is_some() && version.is_empty() {
                onto_built_in(role);
            }
            // What a cluster's controller wrote there counts where not all that it chose from is here.
            if !version.is_empty() && !knowledge.cluster_roles {
                role.aggregation = None;
            }
        }
        object
    });
    let seen: Vec<AnyRole> = observed_roles.chain(desired.objects.roles.iter().cloned()).collect();
    assumed.retain(|name| !seen.iter().filter_map(AnyRole::as_cluster_role).any(|role| role.name == *name));
    let roles = built_in.into_iter().map(AnyRole::from).chain(seen).collect();
    let bindings =
        observed.bindings.into_iter().map(|seen| seen.object).chain(desired.objects.bindings.iter().cloned());
    let bindings = last_of_each(bindings.collect(), Binding::id);
    (Objects { roles: last_of_each(roles, AnyRole::id), bindings }, assumed)
}

/// Whether a role is one that shows that a cluster's roles are known: every cluster has it, and nobody who writes manifests
/// has to make it.
fn is_of_cluster(ClusterObject { object: role, version, .. }: &ClusterObject<AnyRole>) -> bool {
    let is_written = role.origin().is_some() && version.is_empty();
    role.as_cluster_role().is_some_and(|role| *role.name == *"cluster-admin") && !is_written
}

fn last_of_each<T>(mut all: Vec<T>, id: impl Fn(&T) -> (Option<&str>, &str)) -> Vec<T> {
    let mut seen = HashSet::with_capacity(all.len());
    let mut keep: Vec<bool> = all.iter().rev().map(|one| seen.insert(id(one))).collect();
    drop(seen);
    if keep.contains(&false) {
        all.retain(|_| keep.pop().unwrap_or_default());
    }
    all
}
