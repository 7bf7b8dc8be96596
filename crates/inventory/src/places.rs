//! Mapping sources that could not be read, or that nobody is known to read: who somebody is may be otherwise by them.
//!
//! Which of them can say otherwise follows from the order in which the server asks them: what an earlier place decides, no
//! later one changes. Everything that says who somebody is – `explain`, `who-can`, `matrix`, `lint`, `diff`, `plan` – knows of
//! them by this file alone.

use std::collections::BTreeSet;

use identity::{AccountId, Identity, Principal};
use mapping::{BackendMode, Snapshot};

use crate::{About, AccessEntries, LiveMapping, MappingTarget, ObjectKind, Observed, Unseen, UnseenLogins};

/// The mappings that were given beside a cluster.
#[derive(Clone, Copy, Debug, Default)]
pub struct GivenLogins {
    /// The server's access file.
    pub access_file: bool,
    /// The authenticator's configuration.
    pub config: bool,
}

/// All mapping sources of a cluster that could not be read.
#[derive(Clone, Debug, Default)]
pub struct Places {
    unseen: Vec<UnseenLogins>,
    /// Of access entries, with whose they are where that is known.
    of_entries: Vec<(Option<String>, UnseenLogins)>,
    /// That it is not known which of its two kinds of logins EKS looks at.
    of_mode: Option<UnseenLogins>,
    /// The modes in the order in which the server asks, where that is known.
    modes: Option<Vec<BackendMode>>,
    /// A file that the server may have on its machine, which no API shows.
    own_files: Option<UnseenLogins>,
    /// The places in the cluster that were looked at, and of which nothing says that a server reads them.
    not_read: Vec<UnseenLogins>,
    /// IAM groups of an access file of which nobody said who is in them, with the accounts of whoever may be.
    of_iam_groups: Vec<(BTreeSet<AccountId>, UnseenLogins)>,
}

impl Places {
    /// Returns those of a cluster. `is_eks` says whether it is one of EKS, where nothing but access entries and `aws-auth` is
    /// asked.
    pub fn of(observed: &Observed, given: GivenLogins, is_eks: bool) -> Self {
        let entries = &observed.entries;
        let mut places = Self {
            of_entries: if is_eks { of_entries(entries) } else { Vec::new() },
            of_mode: of_mode(entries, is_eks),
            modes: observed.modes.clone().filter(|_| !is_eks),
            ..Self::default()
        };
        if !is_eks {
            if !given.access_file {
                places.unseen.extend(of_map(observed, MappingTarget::AccessFile));
                places.not_read.extend(not_read(observed, MappingTarget::AccessFile));
            }
            if places.asks(BackendMode::MountedFile) && !given.config {
                places.unseen.extend(of_map(observed, MappingTarget::ConfigMap).map(own_files_instead));
                places.not_read.extend(not_read(observed, MappingTarget::ConfigMap));
            }
            places.own_files = own_files(observed, given, &places);
            places.not_read.extend(of_unknown_modes(observed, given));
            if places.asks(BackendMode::Crd) {
                places.unseen.extend(of_objects(observed));
            }
        }
        if !entries.are_alone() && places.asks(BackendMode::EksConfigMap) {
            places.unseen.extend(of_map(observed, MappingTarget::AwsAuth));
        }
        let of_eks = |place: &&UnseenLogins| place.mode == BackendMode::EksConfigMap && !entries.are_alone();
        let unread = observed.unread_logins.iter().filter(|place| !is_eks || of_eks(place));
        places.add(unread);
        places
    }

    /// Returns those of what was given piece by piece: what of it cannot be read. Of what nobody gave nothing is said.
    pub fn of_pieces(unread: &[Unseen], entries: &AccessEntries) -> Self {
        let of_gap = |gap: &Unseen| {
            let is_of = |target: &MappingTarget| gap.hides(*target) || gap.hides_as_read(*target);
            let mode = match gap.about {
                About::BareLogins => BackendMode::EksConfigMap,
                _ => MappingTarget::ALL.into_iter().find(is_of)?.mode()?,
            };
            let is_twice = matches!(gap.about, About::Twice(_));
            let help = if is_twice { "give one of the two" } else { "give it in a form that can be read" };
            Some(UnseenLogins::new(mode, gap.clone(), help))
        };
        Self {
            unseen: unread.iter().filter_map(of_gap).collect(),
            of_entries: if entries.is_empty() { Vec::new() } else { of_entries(entries) },
            ..Self::default()
        }
    }

    /// Adds that it is not known whether a server asks what was given, where its flag says so in words that cannot be read.
    pub fn add_unread_modes(&mut self, observed: &Observed) {
        let Some(why) = &observed.unread_modes else { return };
        let targets = [MappingTarget::ConfigMap, MappingTarget::AwsAuth, MappingTarget::Crd];
        let is_there = |target: &MappingTarget| {
            observed.mappings.iter().any(|live| live.target == *target && !live.source.is_blank())
        };
        let place = |target: MappingTarget| doubtful(target, why, WRITE_MODES);
        self.not_read.extend(targets.into_iter().filter(is_there).filter_map(place));
    }

    /// Adds those of which nothing is said yet.
    pub fn add<'u>(&mut self, unread: impl IntoIterator<Item = &'u UnseenLogins>) {
        for place in unread {
            if !self.unseen.iter().any(|known| known.gap == place.gap) && self.asks(place.mode) {
                self.unseen.push(place.clone());
            }
        }
    }

    /// Adds that nothing says at all who logs in.
    pub fn add_nothing_said(&mut self, gap: Unseen) {
        let help = "give what says it: by `--from` what `kubectl get configmap aws-auth -n kube-system -o yaml` or `aws eks \
                    describe-access-entry` prints, an access file, or the server's configuration by `--config`";
        self.unseen.push(UnseenLogins::new(BackendMode::MountedFile, gap, help));
    }

    /// Adds an IAM group of which nobody said who is in it: it may be any user of these accounts.
    pub fn add_iam_group(&mut self, accounts: BTreeSet<AccountId>, gap: Unseen) {
        let help = "give what `aws iam get-group` prints by `--from`";
        self.of_iam_groups.push((accounts, UnseenLogins::new(BackendMode::AccessFile, gap, help)));
    }

    /// Returns what is not known where nothing says that a server reads a place.
    pub fn whether_read(target: MappingTarget) -> String {
        format!("whether a server reads {}", target.title())
    }

    /// Returns every mapping source that could not be read.
    pub fn all(&self) -> impl Iterator<Item = &UnseenLogins> {
        let of_entries = self.of_entries.iter().map(|(_, place)| place);
        let of_iam_groups = self.of_iam_groups.iter().map(|(_, place)| place);
        let others = self.of_mode.iter().chain(&self.not_read).chain(&self.own_files);
        self.unseen.iter().chain(of_entries).chain(others).chain(of_iam_groups)
    }

    /// Returns a file that the server may have on its machine, which no API shows: nobody can look there, whatever they may.
    pub fn own_files(&self) -> Option<&UnseenLogins> {
        self.own_files.as_ref()
    }

    /// Returns those that may say otherwise of somebody than a snapshot of what could be read: those that are asked before the
    /// source that decides there, or all of them where none does.
    pub fn that_may_say_otherwise(&self, snapshot: &Snapshot, identity: &Identity) -> Vec<&UnseenLogins> {
        let asked = snapshot.ask(identity);
        let deciding = asked.iter().find(|asked| !asked.entries.is_empty());
        let decided = deciding.map(|asked| asked.mode);
        // What a role is let in by without its path counts behind all others.
        let comes_last = deciding.is_none_or(|asked| asked.without_paths);
        let is_earlier = |mode| decided.is_some_and(|decided| self.turn(mode) < self.turn(decided));
        let before = |place: &&UnseenLogins| comes_last || is_earlier(place.mode);
        let is_about = |whose: &Option<String>| {
            whose.as_ref().is_none_or(|arn| identity.canonical_arn().eq_ignore_ascii_case(arn))
        };
        let of_entries = self.of_entries.iter().filter(|(whose, _)| is_about(whose)).map(|(_, place)| place);
        // Whoever neither of EKS' two kinds names is not let in, whichever of them counts.
        let of_mode = self.of_mode.iter();
        let of_mode =
            of_mode.filter(|_| matches!(decided, Some(BackendMode::AccessEntries | BackendMode::EksConfigMap)));
        let all = of_entries.chain(&self.unseen).chain(&self.own_files);
        let not_read = self.not_read.iter().filter(|place| decided == Some(place.mode));
        let is_user = matches!(identity.principal, Principal::User { .. });
        let of_iam_groups = self.of_iam_groups.iter().filter(|(of, _)| is_user && of.contains(&identity.account));
        let of_iam_groups = of_iam_groups.map(|(_, place)| place);
        let mut places: Vec<_> = not_read.chain(of_iam_groups).chain(all.filter(before)).chain(of_mode).collect();
        places.sort_by_key(|place| self.turn(place.mode));
        places
    }

    /// Whether the server asks there, as far as that is known.
    fn asks(&self, mode: BackendMode) -> bool {
        self.modes.as_ref().is_none_or(|modes| modes.contains(&mode))
    }

    /// When the server asks there.
    fn turn(&self, mode: BackendMode) -> usize {
        let by_default = match mode {
            BackendMode::AccessFile => 0,
            BackendMode::MountedFile => 1,
            BackendMode::DynamicFile => 2,
            BackendMode::AccessEntries => 3,
            BackendMode::EksConfigMap => 4,
            BackendMode::Crd => 5,
        };
        let Some(modes) = self.modes.as_ref().filter(|_| BackendMode::BACKENDS.contains(&mode)) else {
            return by_default;
        };
        modes.iter().position(|one| *one == mode).map_or(usize::MAX, |at| at + 1)
    }
}

/// The server's own files, where it is not known to have those of a `ConfigMap`: they lie on the control plane.
fn own_files(observed: &Observed, given: GivenLogins, places: &Places) -> Option<UnseenLogins> {
    let is_read = |target| !observed.not_read.contains_key(&target);
    let is_unseen = places.unseen.iter().any(|place| place.mode == BackendMode::MountedFile);
    let is_given = given.config || observed.mappings.iter().any(LiveMapping::is_in_file);
    // A server whose files come from a ConfigMap has no others.
    let reads_maps = is_read(MappingTarget::ConfigMap) || is_read(MappingTarget::AccessFile);
    if is_given || is_unseen || reads_maps || !places.asks(BackendMode::MountedFile) {
        return None;
    }
    let gap =
        Unseen::new("the server's own files on the control plane", "they cannot be read through the cluster's API");
    Some(UnseenLogins::new(BackendMode::MountedFile, gap, GIVE_OWN_FILES))
}

/// A file in the cluster counts where a server has it mounted. One on hosts reads the file that lies there.
fn not_read(observed: &Observed, target: MappingTarget) -> Option<UnseenLogins> {
    let has_something = |live: &LiveMapping| live.target == target && !live.is_in_file() && !live.source.is_blank();
    let is_there = observed.mappings.iter().any(has_something);
    let why = observed.not_read.get(&target).filter(|_| is_there)?;
    let help = if target == MappingTarget::AccessFile {
        "pass `--reader cluster-auth` if one does, or give the server's access file"
    } else {
        "give what runs the server, as `kubectl get daemonsets,deployments,pods -n kube-system -o json` prints it, by `--from`; say by \
         `--reader` which server reads it; or give the file that the server has by `--config FILE`"
    };
    doubtful(target, why, help)
}

/// That it is not known whether a server reads a place, and why.
fn doubtful(target: MappingTarget, why: &str, help: &str) -> Option<UnseenLogins> {
    let gap = Unseen::new(Places::whether_read(target), why).about(About::WhetherRead(target));
    Some(UnseenLogins { is_of_nothing: true, ..UnseenLogins::new(target.mode()?, gap, help) })
}

/// What stands in a cluster of which the configuration that was given does not say that a server asks it: it does where a flag of
/// the server says so, and nobody saw the flags.
fn of_unknown_modes(observed: &Observed, given: GivenLogins) -> impl Iterator<Item = UnseenLogins> {
    let is_given = given.config || observed.mappings.iter().any(LiveMapping::is_in_file);
    let targets =
        [MappingTarget::AwsAuth, MappingTarget::Crd].into_iter().filter(move |_| is_given && observed.modes.is_none());
    targets.filter_map(|target| {
        let place = not_read(observed, target)?;
        let why = format!("the configuration has no `backendMode`, without which one reads MountedFile alone, and {}", place.gap.why);
        let help = format!(
            "give what runs the server, as `kubectl get daemonsets,deployments,pods -n kube-system -o json` prints it, by `--from`; or \
             write the server's modes into the configuration, such as `backendMode: [MountedFile, {}]`",
            place.mode.as_str()
        );
        let gap = Unseen { why: why.into(), ..place.gap };
        Some(UnseenLogins { gap, help: help.into(), ..place })
    })
}

const WRITE_MODES: &str = "write the modes into the flag, such as `--backend-mode=EKSConfigMap,MountedFile`, or give what the cluster \
                           runs, as `kubectl get daemonsets,deployments,pods -n kube-system -o json` prints it, by `--from`";

const GIVE_OWN_FILES: &str = "give the file of the server's `--config` as `--config \
                              FILE`, and the server's access file";

/// Whoever may not look at the configuration may have the file itself.
fn own_files_instead(place: UnseenLogins) -> UnseenLogins {
    UnseenLogins { help: GIVE_OWN_FILES.into(), ..place }
}

fn of_map(observed: &Observed, target: MappingTarget) -> Option<UnseenLogins> {
    let has = observed.mappings.iter().any(|live| live.target == target);
    let gap = observed.unseen.iter().find(|gap| gap.hides(target)).filter(|_| !has)?;
    let name = target.config_map()?;
    let help = format!(
        "have somebody run this who may `get` it, or give the output of `kubectl get configmap {name} -n kube-system -o yaml` by \
         `--from`"
    );
    Some(UnseenLogins::new(target.mode()?, gap.clone(), help))
}

fn of_objects(observed: &Observed) -> Option<UnseenLogins> {
    let gap = observed.unseen.iter().find(|gap| gap.hides(MappingTarget::Crd)).cloned();
    let not_given = || {
        let why = "the dumps do not have them, and a cluster may have some";
        (!observed.knows_mapping_objects).then(|| Unseen::of_kind(ObjectKind::IdentityMappings, why))
    };
    let help = "have somebody run this who may `list` them, or give what `kubectl get iamidentitymappings -o json` prints by \
                `--from`, where the cluster knows them";
    Some(UnseenLogins::new(BackendMode::Crd, gap.or_else(not_given)?, help))
}

fn of_mode(entries: &AccessEntries, is_eks: bool) -> Option<UnseenLogins> {
    let gap = || {
        Unseen::new("the cluster's authentication mode", "it decides whether access entries, aws-auth or both are read")
    };
    let help = "give what `aws eks describe-cluster` prints by `--from`";
    (is_eks && entries.mode().is_none()).then(|| UnseenLogins::new(BackendMode::AccessEntries, gap(), help))
}

fn of_entries(entries: &AccessEntries) -> Vec<(Option<String>, UnseenLogins)> {
    let place = |(whose, gap)| {
        let help =
            "give what `aws eks list-access-entries`, `describe-access-entry` and `describe-cluster` print by `--from`";
        (whose, UnseenLogins::new(BackendMode::AccessEntries, gap, help))
    };
    entries.unseen_logins().into_iter().map(place).collect()
}
