//! One of them: everything they may do, and what grants it.

use std::collections::BTreeMap;

use rbac::{Binding, Rule, Subject, User};

use super::{Known, Matrix, Member, Options, rows::RowSubject};
use crate::{
    GrantPlace, NamedPrincipal, Path, Resources, World,
    explain::{Caller, NotACaller},
};

/// The person or subject to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Somebody with an AWS identity.
    Arn(Box<Caller>),
    /// A Kubernetes user or group, whoever that is.
    Subject(Subject),
}

/// The text names no person or subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPerson {
    /// Neither of the forms.
    #[error(
        "name somebody by their ARN, or a Kubernetes name as `user:NAME` or `group:NAME`; `--who` filters by names"
    )]
    Form,
    /// An ARN of nobody who could log in.
    #[error(transparent)]
    Arn(#[from] NotACaller),
}

/// All permissions of one person or subject.
#[derive(Debug)]
pub struct Person<'a> {
    /// Who, in AWS's terms; none for a Kubernetes name.
    pub principal: Option<NamedPrincipal>,
    /// Who authorizers see.
    pub user: User,
    /// The matrix, with this one row.
    pub matrix: Matrix<'a>,
    /// What grants it, place by place, the whole cluster first.
    pub places: Vec<GrantedAt<'a>>,
}

/// The grants in places where they are the same.
#[derive(Debug)]
pub struct GrantedAt<'a> {
    /// Names or globs of namespaces; none is the whole cluster.
    pub namespaces: Vec<&'a str>,
    /// By what.
    pub grants: Vec<Granted<'a>>,
}

/// A role that somebody has by one binding; of places that are alike, the first one's.
#[derive(Debug)]
pub struct Granted<'a> {
    /// The binding or the policy, with the first of the rules.
    pub path: Path<'a>,
    /// What the binding calls them; none for a policy.
    pub subject: Option<Subject>,
    /// What it allows; nothing for `system:masters`, who may do everything.
    pub rules: Vec<&'a Rule>,
}

impl std::str::FromStr for Whose {
    type Err = NotAPerson;

    fn from_str(text: &str) -> Result<Self, NotAPerson> {
        if let Some(name) = text.strip_prefix("user:").filter(|name| !name.is_empty()) {
            return Ok(Self::Subject(Subject::User(name.into())));
        }
        if let Some(name) = text.strip_prefix("group:").filter(|name| !name.is_empty()) {
            return Ok(Self::Subject(Subject::Group(name.into())));
        }
        if !text.starts_with("arn:") {
            return Err(NotAPerson::Form);
        }
        Ok(Self::Arn(Box::new(Caller::of_arn(text)?)))
    }
}

/// Returns whether a binding or a login names a user or a group. Kubernetes puts people into groups of its own, which nothing
/// names.
pub fn is_named(world: &World, subject: &Subject) -> bool {
    match subject {
        Subject::User(name) => world.index().names_user(name) || world.called(name).next().is_some(),
        Subject::Group(name) => {
            let mut subjects = world.index().bindings().iter().flat_map(Binding::subjects);
            name.starts_with("system:") || world.members(name).next().is_some() || subjects.any(|one| one == subject)
        }
        Subject::ServiceAccount { .. } => true,
    }
}

/// Returns everything that one of them may do. Whoever cannot log in, or does as any of several users, comes back as the error.
pub fn person<'a>(
    world: &'a World,
    resources: &'a Resources,
    options: &'a Options,
    whose: &Whose,
) -> Result<Person<'a>, Box<NamedPrincipal>> {
    let (principal, user) = match whose {
        Whose::Subject(subject) => (None, User::of(subject)),
        Whose::Arn(caller) => {
            let Caller { who, identity, .. } = &**caller;
            // Whoever is listed has their own spelling.
            let is_one = |principal: &&NamedPrincipal| principal.identity.session_name() == identity.session_name();
            let principal = match world.named(&identity.canonical_arn()).find(is_one) {
                Some(listed) => listed.clone(),
                None => world.principal(who.clone(), identity.clone()),
            };
            let Some(user) = principal.user().filter(|_| !principal.is_by_chance) else {
                return Err(Box::new(principal));
            };
            (Some(principal), user)
        }
    };
    let paths = match &principal {
        Some(principal) => world.held_by(principal),
        None => world.held_by_user(&user),
    };
    let is_theirs = |at: &usize| {
        let associated = &world.policies()[*at];
        principal.as_ref().is_some_and(|principal| associated.is_of(&principal.identity))
    };
    let policies = (0..world.policies().len()).filter(is_theirs).collect();
    let member = match (whose, &principal) {
        (Whose::Subject(subject), _) => Member::Subject(subject.clone()),
        (Whose::Arn(_), Some(principal)) => {
            let listed = world.principals().iter().find(|one| one.who == principal.who);
            listed.map_or(Member::Subject(Subject::User((&*user.name).into())), |one| Member::Principal(Known(one)))
        }
        (Whose::Arn(_), None) => unreachable!("an ARN is a principal"),
    };
    let holder = RowSubject::new(vec![member], user.clone(), policies);
    let matrix = super::of_holders(world, resources, options, vec![holder]);
    let places = places(&paths, &user, options);
    Ok(Person { principal, user, matrix, places })
}

fn places<'a>(paths: &[Path<'a>], user: &User, options: &Options) -> Vec<GrantedAt<'a>> {
    let is_shown = |namespace: &str| {
        options.namespaces.is_empty() || options.namespaces.iter().any(|glob| access::glob(glob, namespace))
    };
    let mut of_place: BTreeMap<Vec<&'a str>, Vec<Granted<'a>>> = BTreeMap::new();
    for path in paths {
        let namespaces = path.place().namespaces();
        if path.place() != GrantPlace::Cluster && !namespaces.iter().any(|namespace| is_shown(namespace)) {
            continue;
        }
        let grants = of_place.entry(namespaces).or_default();
        match grants.last_mut().filter(|granted| granted.path.is_by_same(path)) {
            Some(granted) => granted.rules.extend(path.rule()),
            None => {
                let subject = match path {
                    Path::Masters => Some(Subject::Group("system:masters".into())),
                    Path::Binding { binding, .. } => binding.subjects_of(user).next().cloned(),
                    Path::Policy { .. } => None,
                };
                grants.push(Granted { path: *path, subject, rules: path.rule().into_iter().collect() });
            }
        }
    }
    // Namespaces in which the same bindings grant the same are one place.
    let mut alike: Vec<GrantedAt<'a>> = Vec::new();
    let mut known: BTreeMap<Vec<Grant<'_>>, usize> = BTreeMap::new();
    for (namespaces, grants) in of_place {
        let key = grants.iter().map(|granted| {
            let [name, role] = granted.names();
            (name, role, granted.rules.clone())
        });
        let key: Vec<_> = key.collect();
        match known.get(&key).filter(|_| !namespaces.is_empty()) {
            Some(at) => alike[*at].namespaces.extend(namespaces),
            None => {
                if !namespaces.is_empty() {
                    known.insert(key, alike.len());
                }
                alike.push(GrantedAt { namespaces, grants });
            }
        }
    }
    alike
}

/// The names of a binding and a role, and the role's rules.
type Grant<'a> = (&'a str, &'a str, Vec<&'a Rule>);

impl<'a> Granted<'a> {
    /// What the binding and the role are called.
    fn names(&self) -> [&'a str; 2] {
        match self.path {
            Path::Masters => ["", ""],
            Path::Binding { binding, .. } => [binding.name(), binding.role().name],
            Path::Policy { policy, .. } => ["", policy.name],
        }
    }
}
