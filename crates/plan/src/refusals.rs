//! What stops apply, each with a stable code, a sentence, what to do, and the flag that overrides it, if one does.

use std::{collections::BTreeSet, sync::Arc};

use access::Owner;
use codes::Code;
use inventory::{ACCESS_FILE_MAP, LoginStore, MappingTarget, Observed, RECORD_NAMESPACE, Unseen};

use super::{Digest, ObjectChange, Wanted, logins::Logins};

/// A reason not to apply a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Something could not be read.
    Incomplete(Unseen),
    /// Another cluster's file was applied here.
    OtherCluster {
        /// The id on record.
        recorded: Box<str>,
        /// The file's.
        wanted: Box<str>,
    },
    /// The plan is not the one that was reviewed.
    NotAsReviewed {
        /// What was reviewed.
        expected: Box<str>,
        /// What the plan is.
        found: Box<str>,
    },
    /// Nobody would be let in, and no file says that this is meant.
    Nobody {
        /// How many logins there are now.
        now: usize,
    },
    /// The text of a mapping cannot be edited without touching what is not ours.
    Unmergeable {
        /// The `ConfigMap`, as `kube-system/aws-auth`.
        what: Box<str>,
        /// Why.
        why: Box<str>,
    },
    /// A file that was applied is not among the files now.
    FileMissing {
        /// Its name on record.
        file: Box<str>,
    },
    /// The caller would lose the right to undo this.
    LosesCaller {
        /// The caller's username.
        username: Box<str>,
    },
    /// Nobody who logs in by AWS would be left who may change access.
    LosesLastAdmin {
        /// Who is it now.
        people: Vec<Box<str>>,
    },
    /// Something exists that nobody of ours made.
    NotOurs {
        /// The object or the entry.
        what: Box<str>,
    },
    /// Something exists that Helm keeps.
    Helms {
        /// The object.
        what: Box<str>,
        /// Helm's release, if it says so.
        release: Option<Box<str>>,
    },
    /// Something exists that another cluster's file made.
    OtherMark {
        /// The object.
        what: Box<str>,
        /// The id on it.
        cluster_id: Box<str>,
    },
}

/// Objects that are somebody else's.
pub(super) fn of_objects(changes: &[ObjectChange]) -> Vec<Refusal> {
    let refusal = |change: &ObjectChange| Some(of_owner(change.id.to_string().into(), change.adopted_from.as_ref()?));
    changes.iter().filter_map(refusal).collect()
}

/// Entries that are somebody else's, and a mapping that would be empty.
pub(super) fn of_logins(logins: &Logins) -> Vec<Refusal> {
    let adopted = logins.changes.iter().filter(|change| change.adopted);
    let entry = |change: &super::EntryChange| Refusal::NotOurs {
        what: format!("the login of {} in {}", change.written, change.target.title()).into(),
    };
    adopted.map(entry).collect()
}

/// The access file in the cluster, which is written as a whole, where it is somebody else's.
pub(super) fn of_access_file(wanted: &Wanted<'_>, observed: &Observed) -> Option<Refusal> {
    let live = observed.mappings.iter().find(|live| live.target == MappingTarget::AccessFile)?;
    let LoginStore::ConfigMap(map) = &live.holder else { return None };
    let owner = Owner::of_map(map);
    let is_foreign = wanted.target == MappingTarget::AccessFile && owner.mark_of(wanted.cluster_id).is_none();
    is_foreign.then(|| of_owner(format!("ConfigMap {RECORD_NAMESPACE}/{}", ACCESS_FILE_MAP.0).into(), &owner))
}

fn of_owner(what: Box<str>, owner: &Owner) -> Refusal {
    match owner {
        Owner::Nobody => Refusal::NotOurs { what },
        Owner::Helm(release) => Refusal::Helms { what, release: release.clone() },
        Owner::Ours(mark) => Refusal::OtherMark { what, cluster_id: (*mark.cluster_id).into() },
    }
}

/// What was applied before.
pub(super) fn of_record(wanted: &Wanted<'_>, observed: &Observed) -> Vec<Refusal> {
    let mut refusals: Vec<Refusal> = observed.unseen.iter().cloned().map(Refusal::Incomplete).collect();
    let record = observed.record.as_ref().map(|seen| &seen.object);
    if let Some(record) = record
        && *record.cluster_id != *wanted.cluster_id
    {
        let (recorded, wanted) = ((*record.cluster_id).into(), wanted.cluster_id.into());
        refusals.push(Refusal::OtherCluster { recorded, wanted });
        return refusals; // Whose files are missing does not matter then.
    }
    // Marks say it where the record is lost.
    let marks = observed.roles.iter().map(|seen| &seen.owner).chain(observed.bindings.iter().map(|seen| &seen.owner));
    let marked = marks.filter_map(|owner| Some(&owner.mark_of(wanted.cluster_id)?.file));
    let recorded = record.into_iter().flat_map(|record| record.files.iter().map(|file| &file.name));
    let applied: BTreeSet<&Arc<str>> = recorded.chain(marked).collect();
    let given: BTreeSet<&Arc<str>> = wanted.files.iter().map(|file| &file.name).collect();
    let missing = applied.difference(&given).map(|file| Refusal::FileMissing { file: (***file).into() });
    refusals.extend(missing);
    let now = observed.mappings.iter().map(|live| live.source.roles.len() + live.source.users.len()).sum();
    let desired = wanted.desired;
    let says_nobody = wanted.access.groups.as_ref().is_some_and(Vec::is_empty);
    if wanted.target != MappingTarget::None && now > 0 && desired.people.is_empty() && !says_nobody {
        refusals.push(Refusal::Nobody { now });
    }
    refusals
}

/// A flag of `apply` that overrides a refusal. `--yes` is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// `--adopt`
    Adopt,
    /// `--forget FILE`
    Forget,
    /// `--allow-lockout`
    AllowLockout,
}

/// The refusals that flags of `apply` override.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// `--adopt`.
    pub adopt: bool,
    /// `--forget FILE`, each.
    pub forget: Vec<String>,
    /// `--allow-lockout`.
    pub lockout: bool,
    /// `--expect DIGEST`: what was reviewed.
    pub expect: Option<Digest>,
}

/// The documentation of one kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its code, when it stops apply, and what to do, without a capital and a full stop.
    pub code: Code,
    /// The flag that overrides it.
    pub flag: Option<Flag>,
}

const fn stop(code: &'static str, flag: Option<Flag>, summary: &'static str, fix: &'static str) -> Stop {
    Stop { code: Code::new(code, summary, fix), flag }
}

/// Everything that can stop apply, in the order of the documentation.
pub static STOPS: [Stop; 11] = [
    stop(
        "plan.incomplete",
        None,
        "Something could not be read. What could not be read is never assumed to be empty.",
        "give what is missing, or have somebody plan who may read all of it: the ClusterRole `access-planner` of \
         docs/change-access.md is enough",
    ),
    stop(
        "plan.other-cluster",
        None,
        "The file is for another cluster: its `clusterID` is not the one that was last applied here.",
        "check the context (`kubectl config current-context`) and the file; if the cluster was renamed, delete the ConfigMap \
         kube-system/cluster-auth first",
    ),
    stop(
        "plan.not-as-reviewed",
        None,
        "The plan is not the one that was reviewed: its digest is not the one that `--expect` gives.",
        "review the plan again, and give its digest; the files, IAM groups, namespaces or the cluster have changed since",
    ),
    stop(
        "plan.nobody",
        None,
        "Everybody would be locked out, and the file does not say that this is intended.",
        "write `groups: []` if it is",
    ),
    stop(
        "plan.unmergeable",
        None,
        "The text of a ConfigMap that others write to as well cannot be changed without changing their entries.",
        "correct its text by hand, or choose another `mapping`",
    ),
    stop(
        "plan.file-missing",
        Some(Flag::Forget),
        "A file that was applied is not among the files now.",
        "name it too, or revoke what only it granted by `--forget FILE`",
    ),
    stop(
        "plan.loses-caller",
        Some(Flag::AllowLockout),
        "Whoever applies could no longer change access.",
        "keep an administrator in the file, or pass `--allow-lockout`; `--yes` does not cover this",
    ),
    stop(
        "plan.loses-last-admin",
        Some(Flag::AllowLockout),
        "Nobody who logs in by AWS could change access any more.",
        "keep an administrator in the file, or pass `--allow-lockout`; `--yes` does not cover this",
    ),
    stop(
        "plan.not-ours",
        Some(Flag::Adopt),
        "An object or a mapping exists under a name that the file gives, and was not created by `cluster-auth apply`.",
        "`--adopt` takes it over: it becomes what the file says, and is deleted when the file drops it",
    ),
    stop(
        "plan.helm",
        Some(Flag::Adopt),
        "An object exists that belongs to a Helm release.",
        "Helm or apply, never both: set `rbac.create: false` in the chart, and `--adopt` what it leaves",
    ),
    stop(
        "plan.other-mark",
        Some(Flag::Adopt),
        "An object exists that the file of another `clusterID` made.",
        "`--adopt` makes it this cluster's, if the cluster was renamed",
    ),
];

impl Refusal {
    /// Returns the documentation of this refusal.
    pub fn stop(&self) -> &'static Stop {
        let at = match self {
            Self::Incomplete(_) => 0,
            Self::OtherCluster { .. } => 1,
            Self::NotAsReviewed { .. } => 2,
            Self::Nobody { .. } => 3,
            Self::Unmergeable { .. } => 4,
            Self::FileMissing { .. } => 5,
            Self::LosesCaller { .. } => 6,
            Self::LosesLastAdmin { .. } => 7,
            Self::NotOurs { .. } => 8,
            Self::Helms { .. } => 9,
            Self::OtherMark { .. } => 10,
        };
        &STOPS[at]
    }

    /// Returns the stable code.
    pub fn code(&self) -> &'static str {
        self.stop().code.code
    }

    /// Returns what is wrong, in one sentence without a full stop.
    pub fn summary(&self) -> String {
        match self {
            Self::Incomplete(Unseen { what, why, .. }) => format!("{what} could not be read: {why}"),
            Self::OtherCluster { recorded, wanted } => {
                format!("the file is for the cluster `{wanted}`, and a file for `{recorded}` was last applied here")
            }
            Self::NotAsReviewed { expected, found } => {
                format!("the digest of the plan is {found}, and `--expect` gives {expected}")
            }
            Self::Nobody { now } => format!("nobody could log in by the file, and {now} mappings would be removed"),
            Self::Unmergeable { what, why } => {
                format!("{what} cannot be changed without changing entries of others: {why}")
            }
            Self::FileMissing { file } => {
                format!("`{file}` was applied to this cluster and is not among the files now")
            }
            Self::LosesCaller { username } => format!("you (`{username}`) could no longer change access"),
            Self::LosesLastAdmin { people } => {
                format!("nobody who logs in by AWS could change access any more; now {} can", people.join(", "))
            }
            Self::NotOurs { what } => format!("{what} exists already, and was not created by `cluster-auth apply`"),
            Self::Helms { what, release: Some(release) } => format!("{what} belongs to the Helm release `{release}`"),
            Self::Helms { what, release: None } => format!("{what} belongs to Helm"),
            Self::OtherMark { what, cluster_id } => format!("{what} was made for the cluster `{cluster_id}`"),
        }
    }

    /// Returns what to do.
    pub fn advice(&self) -> &'static str {
        self.stop().code.fix
    }

    /// Returns the flag that overrides it.
    pub fn flag(&self) -> Option<Flag> {
        self.stop().flag
    }
}

impl Allowed {
    /// Returns whether a refusal is overridden.
    pub fn covers(&self, refusal: &Refusal) -> bool {
        match (refusal.flag(), refusal) {
            (Some(Flag::Adopt), _) => self.adopt,
            (Some(Flag::AllowLockout), _) => self.lockout,
            (Some(Flag::Forget), Refusal::FileMissing { file }) => {
                self.forget.iter().any(|forgotten| **forgotten == **file)
            }
            (Some(Flag::Forget) | None, _) => false,
        }
    }
}

impl Flag {
    /// Returns the name as it is typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adopt => "--adopt",
            Self::Forget => "--forget",
            Self::AllowLockout => "--allow-lockout",
        }
    }
}
