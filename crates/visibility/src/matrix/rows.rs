//! The kind of rows of a matrix (`--by`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use inventory::Who;
use rbac::{Subject, User};

use super::Options;
use crate::{NamedPrincipal, World, who_can::resolved, world::Variants};

/// Who the rows are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum By {
    /// Everybody who logs in with an AWS identity, and the users and groups of other people that bindings name. It is what
    /// somebody who answers for access is asked about, so it is what is shown unless something else is asked for.
    #[default]
    People,
    /// The groups that bindings name or that people log in into.
    Groups,
    /// All that bindings name, service accounts and Kubernetes' own users too.
    Subjects,
}

/// A member of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member<'a> {
    /// Everybody who logs in.
    Everybody,
    /// Whoever reaches the API server, without logging in.
    Anonymous,
    /// Somebody with an AWS identity.
    Principal(Known<'a>),
    /// A subject of bindings.
    Subject(Subject),
}

/// A principal, compared by who they are.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a>(pub &'a NamedPrincipal);

/// The subjects that have permissions, but no row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Service accounts.
    pub service_accounts: usize,
    /// Users and groups of Kubernetes' own, `system:…`.
    pub built_in: usize,
    /// Other users.
    pub users: usize,
}

/// Some whom authorizers cannot tell apart.
pub(super) struct RowSubject<'a> {
    pub(super) members: Vec<Member<'a>>,
    pub(super) user: User,
    /// The EKS access policies that they have, by their place in the world's list.
    pub(super) policies: Vec<usize>,
    /// Whether it is not known if they log in at all.
    pub(super) is_doubtful: bool,
}

impl<'a> RowSubject<'a> {
    pub(super) fn new(members: Vec<Member<'a>>, user: User, policies: Vec<usize>) -> Self {
        Self { members, user, policies, is_doubtful: false }
    }
}

const AUTHENTICATED: &str = "system:authenticated";
const UNAUTHENTICATED: &str = "system:unauthenticated";
const ANONYMOUS: &str = "system:anonymous";

/// Everybody who is to have a row, and who is left out.
pub(super) fn holders<'a>(world: &'a World, options: &Options) -> (Vec<RowSubject<'a>>, LeftOut) {
    // Whoever only an object names that does not count here has a row too: the cluster may have that one.
    let doubtful = world.variants.as_ref().map(Variants::bindings).unwrap_or_default();
    let subjects: BTreeSet<Subject> = world
        .index()
        .bindings()
        .iter()
        .chain(doubtful)
        .flat_map(|binding| binding.subjects().iter().filter_map(|subject| resolved(subject, binding)))
        .collect();
    let mut holders = Vec::new();
    let mut left_out = LeftOut::default();
    if options.by == By::People {
        holders.extend(built_in());
        holders.extend(principals(world));
    }
    let groups: BTreeSet<Subject> = match options.by {
        By::People => BTreeSet::new(),
        By::Groups | By::Subjects => {
            let of =
                |principal: &'a NamedPrincipal| principal.login.as_ref().into_iter().flat_map(|login| &login.groups);
            let groups = world.principals().iter().flat_map(of).map(|group| Subject::Group((**group).into()));
            groups.chain([Subject::Group("system:masters".into())]).collect()
        }
    };
    let has_people = |subject: &Subject| match subject {
        Subject::User(name) => world.called(name).next().is_some(),
        Subject::Group(name) => world.members(name).next().is_some(),
        Subject::ServiceAccount { .. } => false,
    };
    for subject in subjects.union(&groups) {
        let is_shown = match (options.by, subject) {
            (By::Subjects, _) | (By::Groups, Subject::Group(_)) => true,
            (_, Subject::ServiceAccount { .. }) => {
                left_out.service_accounts += 1;
                false
            }
            (By::People, Subject::User(name) | Subject::Group(name)) if name.starts_with("system:") => {
                let is_said = [AUTHENTICATED, UNAUTHENTICATED, ANONYMOUS].contains(&&**name);
                left_out.built_in += usize::from(!is_said && !has_people(subject));
                false
            }
            // Whoever has an AWS identity stands there with it.
            (By::People, subject) => !has_people(subject),
            (By::Groups, Subject::User(_)) => {
                left_out.users += 1;
                false
            }
        };
        if is_shown {
            let (user, policies) = (User::of(subject), Vec::new());
            holders.push(RowSubject::new(vec![Member::Subject(subject.clone())], user, policies));
        }
    }
    for holder in &mut holders {
        holder
            .members
            .retain(|member| options.who.is_empty() || options.who.iter().any(|pattern| member.is_meant_by(pattern)));
    }
    holders.retain(|holder| !holder.members.is_empty());
    (holders, left_out)
}

fn built_in<'a>() -> [RowSubject<'a>; 2] {
    [
        RowSubject::new(vec![Member::Everybody], User::authenticated("", [""; 0]), Vec::new()),
        RowSubject::new(vec![Member::Anonymous], User::anonymous(), Vec::new()),
    ]
}

/// Principals who log in; those with the same groups whom no binding and no policy tells apart are one holder.
fn principals(world: &World) -> Vec<RowSubject<'_>> {
    let mut policies: HashMap<*const NamedPrincipal, Vec<usize>> = HashMap::new();
    for (at, associated) in world.policies().iter().enumerate() {
        for principal in world.holders(associated) {
            policies.entry(std::ptr::from_ref(principal)).or_default().push(at);
        }
    }
    let mut alike: BTreeMap<(User, Vec<usize>), Vec<Member<'_>>> = BTreeMap::new();
    for principal in world.principals() {
        let Some(mut user) = principal.user() else { continue };
        let alone = User { name: user.name.clone(), groups: Vec::new() };
        if world.index().bindings_of(&alone).next().is_none() {
            user.name.clear();
        }
        let policies = policies.get(&std::ptr::from_ref(principal)).cloned().unwrap_or_default();
        alike.entry((user, policies)).or_default().push(Member::Principal(Known(principal)));
    }
    let members: Vec<Member<'_>> =
        world.doubtful().iter().map(|principal| Member::Principal(Known(principal))).collect();
    let nobody = User { name: String::new(), groups: Vec::new() };
    let doubtful = RowSubject { is_doubtful: true, ..RowSubject::new(members, nobody, Vec::new()) };
    let all = alike.into_iter().map(|((user, policies), members)| RowSubject::new(members, user, policies));
    all.chain([doubtful]).collect()
}

impl Member<'_> {
    /// Returns whether it stands for everybody.
    pub fn is_built_in(&self) -> bool {
        matches!(self, Self::Everybody | Self::Anonymous)
    }

    /// Whether a pattern asks for it.
    fn is_meant_by(&self, pattern: &str) -> bool {
        let fits = |pattern: &str, text: &str| access::glob(pattern, text);
        match (self, pattern.split_once(':')) {
            (Self::Principal(Known(principal)), Some(("user", name))) => {
                principal.login.as_ref().is_ok_and(|login| fits(name, &login.username))
            }
            (Self::Principal(Known(principal)), Some(("group", name))) => {
                principal.login.as_ref().is_ok_and(|login| login.groups.iter().any(|group| fits(name, group)))
            }
            (Self::Principal(Known(principal)), _) => {
                let username = principal.login.as_ref().map(|login| &*login.username).unwrap_or_default();
                let arn = principal.arn();
                fits(pattern, principal.who.name())
                    || fits(pattern, username)
                    || fits(&pattern.to_ascii_lowercase(), &arn.to_ascii_lowercase())
            }
            (Self::Subject(Subject::User(name)), Some(("user", asked)))
            | (Self::Subject(Subject::Group(name)), Some(("group", asked))) => fits(asked, name),
            // They are in these whoever they are, and in none that a pattern may mean besides.
            (Self::Everybody, Some(("group", name))) => name == AUTHENTICATED,
            (Self::Anonymous, Some(("group", name))) => name == UNAUTHENTICATED,
            (Self::Anonymous, Some(("user", name))) => name == ANONYMOUS,
            (Self::Subject(_), Some(("user" | "group", _))) | (Self::Everybody | Self::Anonymous, _) => false,
            (Self::Subject(Subject::User(name) | Subject::Group(name) | Subject::ServiceAccount { name, .. }), _) => {
                fits(pattern, name)
            }
        }
    }
}

impl Known<'_> {
    fn key(&self) -> (&Who, Option<&str>) {
        (&self.0.who, self.0.login.as_ref().ok().map(|login| &*login.username))
    }
}

impl PartialEq for Known<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Known<'_> {}

impl PartialOrd for Known<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Known<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl std::hash::Hash for Known<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
