//! Where mappings are written, and which entries change there.

use std::collections::{BTreeMap, BTreeSet};

use access::{OWNED, Owner, merge::owned};
use inventory::{LiveMapping, LoginStore, MappingTarget, Observed};
use jiff::Timestamp;
use mapping::{BackendMode, Membership, Reader, Rule, RulePrincipal, RuleSource};

use super::Wanted;

/// Where the entries stand that a plan makes.
pub(super) const THE_PLAN: &str = "the plan";

/// A mapping as one entry: principal, username and groups.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoginEntry {
    /// The username, possibly with variables.
    pub username: String,
    /// The groups, each until it ends; only the access file has ends.
    pub groups: BTreeMap<String, Option<Timestamp>>,
}

/// The change of one mapping.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryChange {
    /// Where.
    pub target: MappingTarget,
    /// The principal: an ARN in lower case, or `permission set dev in 111122223333`.
    pub principal: String,
    /// The same in the letters in which somebody wrote it.
    pub written: Box<str>,
    /// What stands there now.
    pub before: Option<LoginEntry>,
    /// What is going to stand there; the same as before where only its owner changes.
    pub after: Option<LoginEntry>,
    /// What stands there is not ours: it is adopted.
    pub adopted: bool,
}

/// What happens to logins.
#[derive(Debug, Default)]
pub(super) struct Logins {
    /// In the order of targets and principals.
    pub(super) changes: Vec<EntryChange>,
    /// How many entries are as the file asks for.
    pub(super) unchanged: usize,
    /// Every source in force now.
    pub(super) before: Vec<mapping::Source>,
    /// Every source in force afterwards.
    pub(super) after: Vec<mapping::Source>,
    /// Every source with the entries alone that are neither the file's nor taken out.
    pub(super) others: Vec<mapping::Source>,
    /// The principals of entries that the file asks for where logins could not be read.
    pub(super) unknown: Vec<String>,
    /// Whether people are taken to be whom the file says, because nothing of logins is written, and not all of them are read.
    pub(super) assumed: Option<Assumed>,
}

/// Who is taken to be whom the file says, where logins are not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assumed {
    /// Everybody.
    All,
    /// Whom nothing names that EKS asks and that was looked at.
    NotNamed,
}

pub(super) fn diff(wanted: &Wanted<'_>, observed: &Observed) -> Logins {
    let asked = observed.mappings.iter().filter(|live| observed.asks(live));
    let before = with_entries(asked.map(|live| live.source.clone()).collect(), observed);
    let Some(mode) = wanted.target.mode() else {
        let (others, mut all) = (before.clone(), before);
        let assumed = assumed(&all, observed);
        all.extend(assumed.map(|_| access::mapping_source(wanted.desired, wanted.sources)));
        return Logins { before: all.clone(), after: all, others, assumed, ..Logins::default() };
    };
    let others = vec![observed.entries.source()];
    let mut logins = Logins { before, others, ..Logins::default() };
    for live in &observed.mappings {
        let nothing = mapping::Source::empty(live.source.mode, live.source.reader);
        let desired = if live.target == wanted.target { desired_source(wanted, mode) } else { nothing };
        let ours = ours(live, wanted);
        let (after, others) = logins.of_target(live.target, &live.source, &desired, &ours);
        logins.after.extend(observed.asks(live).then_some(after));
        // Nobody may do anything by what EKS does not look at.
        logins.others.extend(observed.not_asked(live).is_none().then_some(others));
    }
    if !observed.mappings.iter().any(|live| live.target == wanted.target) {
        let (after, _) =
            logins.of_target(wanted.target, &source(mode), &desired_source(wanted, mode), &BTreeSet::new());
        // EKS asks no server, and so none of its places; a server asks its access file first.
        if observed.leaves_out(wanted.target).is_none() {
            let at = if mode == BackendMode::AccessFile { 0 } else { logins.after.len() };
            logins.after.insert(at, after);
        }
        // What stands there already is not known where nobody could look.
        if observed.unseen.iter().any(|gap| gap.hides(wanted.target)) {
            let (unknown, changes) =
                std::mem::take(&mut logins.changes).into_iter().partition(|change| change.target == wanted.target);
            let unknown: Vec<EntryChange> = unknown;
            logins.unknown = unknown.into_iter().map(|change| change.principal).collect();
            logins.changes = changes;
        }
    }
    logins.after = with_entries(logins.after, observed);
    logins.changes.sort();
    logins
}

/// Who is taken to be whom the file says, where logins are not written. EKS has two places for them, and whoever stands in neither
/// is not let in; elsewhere a server has files of its own.
fn assumed(before: &[mapping::Source], observed: &Observed) -> Option<Assumed> {
    if !observed.is_eks {
        return before.is_empty().then_some(Assumed::All);
    }
    let is_hidden = observed.unseen.iter().any(|gap| gap.hides(MappingTarget::AwsAuth));
    let is_blank = before.iter().all(mapping::Source::is_blank);
    let assumed = if is_blank { Assumed::All } else { Assumed::NotNamed };
    (observed.entries.is_empty() && !is_hidden).then_some(assumed)
}

/// The sources with EKS access entries, which no plan writes and EKS asks before all but an access file.
fn with_entries(mut sources: Vec<mapping::Source>, observed: &Observed) -> Vec<mapping::Source> {
    let of_entries = observed.entries.source();
    if !of_entries.is_empty() {
        let at = sources.iter().take_while(|source| source.mode == BackendMode::AccessFile).count();
        sources.insert(at, of_entries);
    }
    sources
}

impl Logins {
    /// Compares one mapping, and says what it is going to be, and of that what is not ours and not in the file: it stays.
    fn of_target(
        &mut self,
        target: MappingTarget,
        current: &mapping::Source,
        desired: &mapping::Source,
        ours: &BTreeSet<Box<str>>,
    ) -> (mapping::Source, mapping::Source) {
        let mut now = by_principal(current);
        let next = by_principal(desired);
        for (principal, rule) in &next {
            let after = entry(rule);
            let before = now.remove(principal).map(entry);
            let adopted = before.is_some() && !ours.contains(principal.as_str());
            if before.as_ref() == Some(&after) && !adopted {
                self.unchanged += 1;
                continue;
            }
            let (principal, written) = (principal.clone(), written(principal, rule));
            self.changes.push(EntryChange { target, principal, written, before, after: Some(after), adopted });
        }
        for (principal, rule) in now {
            if ours.contains(principal.as_str()) {
                let (before, after) = (Some(entry(rule)), None);
                let written = written(&principal, rule);
                self.changes.push(EntryChange { target, principal, written, before, after, adopted: false });
            }
        }
        let stays = |rule: &&Rule| {
            let principal = key(&rule.principal);
            !ours.contains(principal.as_str()) && !next.contains_key(&principal)
        };
        let [roles, users] =
            [&current.roles, &current.users].map(|rules| rules.iter().filter(stays).cloned().collect());
        let others = mapping::Source { roles, users, ..current.clone() };
        let mut after = others.clone();
        after.roles.extend(desired.roles.iter().cloned());
        after.users.extend(desired.users.iter().cloned());
        (after, others)
    }
}

fn source(mode: BackendMode) -> mapping::Source {
    mapping::Source::empty(mode, Reader::ClusterAuth)
}

/// What the file asks for, as the target's reader will see it.
fn desired_source(wanted: &Wanted<'_>, mode: BackendMode) -> mapping::Source {
    if mode == BackendMode::AccessFile {
        return access::mapping_source(wanted.desired, wanted.sources);
    }
    let mut desired = source(mode);
    for entry in access::entries::entries(wanted.desired, wanted.facts) {
        let is_user = entry.is_user;
        let (list, rules) = if is_user { ("mapUsers", &mut desired.users) } else { ("mapRoles", &mut desired.roles) };
        rules.push(Rule {
            principal: RulePrincipal::Arn(entry.arn.to_ascii_lowercase()),
            written: Some(entry.arn.as_str().into()),
            username: entry.username.to_owned(),
            groups: entry.groups.iter().map(|group| Membership::from((*group).to_owned())).collect(),
            source: RuleSource { mode, list, index: rules.len(), file: THE_PLAN.into(), line: 1 },
        });
    }
    desired
}

/// The principals of a mapping's entries that are ours.
fn ours(live: &LiveMapping, wanted: &Wanted<'_>) -> BTreeSet<Box<str>> {
    let cluster_id = wanted.cluster_id;
    match &live.holder {
        // It is written as a whole, so that nothing of it stays; whether it may be is asked about the whole.
        LoginStore::ConfigMap(map) if live.target == MappingTarget::AccessFile => {
            let is_ours = live.target == wanted.target || Owner::of_map(map).mark_of(cluster_id).is_some();
            if is_ours { by_principal(&live.source).into_keys().map(Into::into).collect() } else { BTreeSet::new() }
        }
        LoginStore::ConfigMap(map) => {
            map.annotations.get(OWNED).into_iter().flat_map(|named| owned(named)).map(Into::into).collect()
        }
        LoginStore::Objects(objects) => {
            let ours = objects.iter().filter(|seen| seen.owner.mark_of(cluster_id).is_some());
            ours.map(|seen| seen.object.principal()).collect()
        }
    }
}

/// The rules by principal. Where one stands twice, the last one counts, and roles go before users.
fn by_principal(source: &mapping::Source) -> BTreeMap<String, &Rule> {
    let rules = source.users.iter().chain(&source.roles);
    rules.map(|rule| (key(&rule.principal), rule)).collect()
}

/// A principal as one text that no other has.
pub(super) fn key(principal: &RulePrincipal) -> String {
    match principal {
        RulePrincipal::Arn(arn) => arn.clone(),
        RulePrincipal::PermissionSet(set) => format!("permission set {} in {}", set.name, set.account),
        RulePrincipal::UniqueId(id) => format!("unique id {}", id.id),
    }
}

/// A principal as somebody wrote it. Of a permission set only the name was.
fn written(principal: &str, rule: &Rule) -> Box<str> {
    match (&rule.principal, &rule.written) {
        (RulePrincipal::Arn(_), Some(written)) => written.clone(),
        (RulePrincipal::PermissionSet(set), Some(name)) => format!("permission set {name} in {}", set.account).into(),
        _ => principal.into(),
    }
}

fn entry(rule: &Rule) -> LoginEntry {
    let groups = rule.groups.iter().map(|membership| (membership.group.clone(), membership.ends));
    LoginEntry { username: rule.username.clone(), groups: groups.collect() }
}
