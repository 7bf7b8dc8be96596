//! What a world is joined from, part by part.

use access::{Access, ConfigMap, Desired, Facts};
use document::{Limits, Severity, Source, Sources};
use inventory::{
    AccessEntries, Dump, GivenLogins, LiveMapping, NotAsked, Observed, Places, Twice, Unseen, UnseenLogins,
    WhichCluster,
};
use jiff::Timestamp;
use mapping::{Reader, authenticator::read_config_in};

use super::{Unreadable, gaps, logins};

/// An access file that counts as applied.
pub(super) struct AppliedFile {
    pub(super) access: Access,
    files: Sources,
    pub(super) desired: Desired,
}

impl AppliedFile {
    /// Reads it, and compiles it by what is known of AWS and the cluster.
    pub(super) fn read(files: Sources, facts: &Facts, now: Timestamp) -> Result<Self, Unreadable> {
        let access::Read { access, problems } = access::read(&files, &Limits::default());
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(Unreadable { sources: files, problems });
        }
        let (desired, compiled) = access::compile(&access, facts, now);
        // No server loads such a file, and nothing of it is applied.
        let problems = access::errors(&access, compiled);
        if !problems.is_empty() {
            return Err(Unreadable { sources: files, problems });
        }
        Ok(Self { access, files, desired })
    }

    /// What a server reads of it.
    fn source(&self) -> mapping::Source {
        access::mapping_source(&self.desired, &self.files)
    }
}

/// Takes the authenticator's configuration into a dump, where a file of it was given, or found. Returns whether the file counts.
pub(super) fn configure(dump: &mut Dump, configuration: Option<&Source>, is_found: bool) -> Result<bool, Unreadable> {
    let Some(source) = configuration else { return Ok(false) };
    let map = ConfigMap::of_file(source.name(), source.text());
    if !is_found {
        dump.configured_by(map);
    } else if !dump.found_configuration(map) {
        return Ok(false);
    }
    // The server does not start with it, and says all that is wrong.
    if dump.reader() == Reader::ClusterAuth
        && let Err(problems) = read_config_in(source, None)
    {
        return Err(Unreadable { sources: source.clone().into(), problems });
    }
    Ok(true)
}

/// Adds to what could not be read the logins of what was observed, and what stands there twice and differs. Returns whether
/// all that was given could be read: more than was `unlisted` is not known.
pub(super) fn add_observed(unread: &mut Vec<Unseen>, unlisted: usize, observed: &Observed, twice: &[Twice]) -> bool {
    let of_logins = twice.iter().filter(|twice| !twice.is_of_rights()).map(|twice| &twice.gap);
    unread.extend(of_logins.filter(|gap| !unread.contains(gap)).cloned().collect::<Vec<_>>());
    unread.extend(observed.unread_logins.iter().map(|place| place.gap.clone()));
    let has_read_all_given = unread.len() == unlisted;
    unread.extend(twice.iter().filter(|twice| twice.is_of_rights()).map(|twice| twice.gap.clone()));
    has_read_all_given
}

/// Which cluster it is, by the access file, what was last applied, and everything else that says so.
pub(super) fn identify(
    mut which_cluster: WhichCluster,
    file: Option<&AppliedFile>,
    observed: &Observed,
) -> (Option<Box<str>>, WhichCluster) {
    let of_file = file.and_then(|file| file.access.cluster_id.as_ref()).map(|id| id.value.clone());
    let of_record = observed.record.as_ref().map(|record| (&*record.object.cluster_id).into());
    if let Some(record) = &observed.record {
        which_cluster.add_record(&record.object);
    }
    if let Some(file) = file {
        which_cluster.add_access_file(&file.access, &file.files);
    }
    (of_file.or(of_record), which_cluster)
}

/// Who logs in by everything that says so, and where it could not be looked.
pub(super) struct WhoLogsIn {
    /// Every source, in the order in which they are asked.
    pub(super) sources: Vec<mapping::Source>,
    pub(super) places: Places,
    /// Nothing that was looked at says who logs in.
    pub(super) nothing_says: Option<Unseen>,
}

impl WhoLogsIn {
    /// Joins the access file, EKS' entries and what was observed of a cluster; `unread` is what could not be read of what was
    /// given piece by piece.
    pub(super) fn of(
        file: Option<&AppliedFile>,
        entries: &AccessEntries,
        observed: &Observed,
        given: &InputFacts<'_>,
    ) -> Self {
        let sources = logins::logins(file.map(AppliedFile::source), entries, observed);
        let logins = GivenLogins { access_file: file.is_some(), config: given.has_config };
        let mut places = if given.is_whole {
            Places::of(observed, logins, given.is_eks)
        } else {
            Places::of_pieces(given.unread, entries)
        };
        if !given.is_whole {
            places.add(&observed.unread_logins);
            places.add_unread_modes(observed);
        }
        // Of a cluster that was not asked as a whole, what its server asks may be what nobody gave.
        let is_left_out = |live: &LiveMapping| {
            observed.not_asked(live) == Some(NotAsked::OnEks) || (!given.is_whole && !observed.asks(live))
        };
        let nothing_is_given = file.is_none() && !given.has_config && entries.is_empty();
        let nothing_says =
            gaps::of_logins(&sources).filter(|_| nothing_is_given && observed.mappings.iter().all(is_left_out));
        // A source that could not be read may well say it.
        let is_there_to_see = |place: &UnseenLogins| places.own_files().is_none_or(|own| own.gap != place.gap);
        let nothing_says = nothing_says.filter(|_| !places.all().any(is_there_to_see));
        if let Some(gap) = nothing_says.clone().filter(|_| places.all().next().is_none()) {
            places.add_nothing_said(gap);
        }
        Self { sources, places, nothing_says }
    }
}

/// What was given beside what was observed.
pub(super) struct InputFacts<'a> {
    /// Whether a configuration of the authenticator was.
    pub(super) has_config: bool,
    /// Whether a cluster was asked, or lists of one were given.
    pub(super) is_whole: bool,
    pub(super) is_eks: bool,
    pub(super) unread: &'a [Unseen],
}
