//! Places of logins that could not be looked at: whoever may be named there is not known.
//!
//! Which of them can say otherwise follows from the order in which the server asks them: what an earlier place decides, no
//! later one changes.

use access::cluster::{AccessEntries, MappingTarget, Observed, Unseen};
use identity::Identity;
use mapping::Mode;

use super::World;

/// A place of logins that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnseenLogins {
    /// Which of the server's sources it is.
    pub mode: Mode,
    /// What, and why.
    pub gap: Unseen,
    /// What would help, as a sentence in the imperative.
    pub help: Box<str>,
}

/// What is known of a cluster's places.
pub(super) struct Known<'a> {
    pub(super) observed: &'a Observed,
    /// Whether the cluster has no `IAMIdentityMapping`s but those that were seen.
    pub(super) knows_mapping_objects: bool,
    /// Whether an access file was given, and the authenticator's configuration.
    pub(super) access_file: bool,
    pub(super) config: bool,
    pub(super) is_eks: bool,
    pub(super) entries: &'a AccessEntries,
}

impl Known<'_> {
    /// The places that could not be looked at, access entries aside: [`AccessEntries::unseen_of`] knows of whom they are.
    pub(super) fn unseen(&self) -> Vec<UnseenLogins> {
        let mut places = Vec::new();
        // Nothing but access entries and `aws-auth` is asked on EKS.
        if !self.is_eks {
            if !self.access_file {
                places.extend(self.of_map(MappingTarget::AccessFile, Mode::AccessFile));
            }
            places.extend(self.of_server());
            places.extend(self.of_objects());
        }
        if !self.entries.are_alone() {
            places.extend(self.of_map(MappingTarget::AwsAuth, Mode::EksConfigMap));
        }
        places
    }

    /// The server's own files. A server whose files come from a `ConfigMap` has no others: where there is none of the two that
    /// are used for that, they lie on the control plane.
    fn of_server(&self) -> Option<UnseenLogins> {
        if self.config || self.has(MappingTarget::ConfigMap) {
            return None;
        }
        let (what, why) = ("the server's own files on the control plane", "the cluster's API does not have them");
        let on_control_plane = || Unseen { what: what.into(), why: why.into() };
        let gap = match self.of_map(MappingTarget::ConfigMap, Mode::MountedFile) {
            Some(place) => place.gap,
            None if self.has(MappingTarget::AccessFile) => return None,
            None => on_control_plane(),
        };
        let help = "give the file that the server on the control plane has by its `--config` as `--config FILE`, and the \
                    access file that it has";
        Some(UnseenLogins { mode: Mode::MountedFile, gap, help: help.into() })
    }

    fn has(&self, target: MappingTarget) -> bool {
        self.observed.mappings.iter().any(|live| live.target == target)
    }

    fn of_map(&self, target: MappingTarget, mode: Mode) -> Option<UnseenLogins> {
        let gap = self.observed.unseen.iter().find(|gap| gap.hides(target)).filter(|_| !self.has(target))?;
        let name = target.config_map()?;
        let help = format!(
            "let somebody look who may `get` it, or give everything that `kubectl get configmap {name} -n kube-system -o \
             yaml` and its like print by `--from`"
        );
        Some(UnseenLogins { mode, gap: gap.clone(), help: help.into() })
    }

    fn of_objects(&self) -> Option<UnseenLogins> {
        let gap = self.observed.unseen.iter().find(|gap| gap.hides(MappingTarget::Crd)).cloned();
        let not_given = || {
            let why = "they are not in the dumps, and a cluster may have some";
            (!self.knows_mapping_objects).then(|| Unseen { what: "IAMIdentityMappings".into(), why: why.into() })
        };
        let help = "let somebody look who may `list` them, or give what `kubectl get iamidentitymappings -o json` prints by \
                    `--from`, where the cluster knows them";
        Some(UnseenLogins { mode: Mode::Crd, gap: gap.or_else(not_given)?, help: help.into() })
    }
}

/// That it is not known which of its two kinds of logins EKS looks at.
pub(super) fn of_mode(entries: &AccessEntries, is_eks: bool) -> Option<UnseenLogins> {
    let gap = || Unseen {
        what: "the cluster's authentication mode".into(),
        why: "access entries and aws-auth count, or only one of the two".into(),
    };
    let help = "give what `aws eks describe-cluster` prints by `--from`";
    (is_eks && entries.mode().is_none()).then(|| UnseenLogins {
        mode: Mode::AccessEntries,
        gap: gap(),
        help: help.into(),
    })
}

/// What is not known of access entries, on EKS.
pub(super) fn of_entries(entries: &AccessEntries, is_eks: bool) -> Vec<(Option<String>, UnseenLogins)> {
    if !is_eks {
        return Vec::new();
    }
    let place = |(whose, gap)| {
        let help =
            "give what `aws eks list-access-entries`, `describe-access-entry` and `describe-cluster` print by `--from`";
        (whose, UnseenLogins { mode: Mode::AccessEntries, gap, help: help.into() })
    };
    entries.unseen_logins().into_iter().map(place).collect()
}

impl World {
    /// The places that may say otherwise of somebody than what could be looked at: those that are asked before the source
    /// that decided, or all of them where none did.
    ///
    /// Of what was given piece by piece – access files, manifests – nothing is said: what was not given is not asked about.
    pub fn may_say_otherwise(&self, identity: &Identity) -> Vec<&UnseenLogins> {
        if !self.is_whole {
            return Vec::new();
        }
        let asked = self.snapshot().ask(identity);
        let decided = asked.iter().find(|asked| !asked.entries.is_empty()).map(|asked| asked.mode);
        let before = |mode: Mode| decided.is_none_or(|decided| rank(mode) < rank(decided));
        let of_entries = self
            .unseen_entries
            .iter()
            .filter(|(whose, _)| whose.as_ref().is_none_or(|arn| identity.canonical_arn().eq_ignore_ascii_case(arn)));
        let all = of_entries.map(|(_, place)| place).chain(&self.unseen_logins);
        // Whoever neither of EKS' two kinds names is not let in, whichever of them counts.
        let of_mode = self.unseen_mode.iter();
        let of_mode = of_mode.filter(|_| matches!(decided, Some(Mode::AccessEntries | Mode::EksConfigMap)));
        let mut places: Vec<_> = all.filter(|place| before(place.mode)).chain(of_mode).collect();
        places.sort_by_key(|place| rank(place.mode));
        places
    }

    /// Whether a cluster was asked, or lists of one were given, and not only files that may hold a part.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }
}

/// In which order the server asks.
const fn rank(mode: Mode) -> u8 {
    match mode {
        Mode::AccessFile => 0,
        Mode::MountedFile => 1,
        Mode::DynamicFile => 2,
        Mode::AccessEntries => 3,
        Mode::EksConfigMap => 4,
        Mode::Crd => 5,
    }
}
