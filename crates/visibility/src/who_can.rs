//! Everybody who may do something, and what says so.

mod print;

use std::collections::{BTreeMap, HashMap};

use inventory::Unseen;
use rbac::{AnyRole, Binding, MASTERS, Request, Rule, Subject, User};

use crate::{Associated, NamedPrincipal, Path, Reach, World, path::namespace_of};

pub use self::print::AnswerOut;

/// The answer of `who-can`: the subjects and principals who have the permission asked about.
#[derive(Debug)]
pub struct Answer<'a> {
    /// Kubernetes' subjects, by kind, namespace and name. `system:masters` is always among them.
    pub subjects: Vec<Holder<'a>>,
    /// The AWS principals behind them, and those to whom EKS access policies allow it, in the order of who they are.
    pub principals: Vec<Reached<'a>>,
}

/// A subject that has the permission asked about.
#[derive(Debug)]
pub struct Holder<'a> {
    /// Who; a service account with its namespace.
    pub subject: Subject,
    /// What says so, each binding once; the whole cluster first.
    pub paths: Vec<Path<'a>>,
    /// Who logs in as that, or into that group.
    pub principals: Vec<&'a NamedPrincipal>,
}

/// A principal who has the permission asked about.
#[derive(Debug)]
pub struct Reached<'a> {
    /// Who.
    pub principal: &'a NamedPrincipal,
    /// By which of the answer's subjects.
    pub subjects: Vec<usize>,
    /// By which EKS access policies.
    pub policies: Vec<Path<'a>>,
}

impl World {
    /// Returns who may do something where the request says: in its namespace, or in the whole cluster.
    pub fn who_can(&self, request: &Request<'_>) -> Answer<'_> {
        self.holders_of(request, Some(namespace_of(request)))
    }

    /// Returns who may do something in any namespace; where, each path says. The request's own namespace is of no meaning.
    pub fn who_can_anywhere(&self, request: &Request<'_>) -> Answer<'_> {
        self.holders_of(request, None)
    }

    /// Returns what could not be read, so that others may be able to do it as well; `anywhere` is in whichever namespace.
    pub fn gaps_about_question(&self, request: &Request<'_>, anywhere: bool) -> Vec<&Unseen> {
        match namespace_of(request) {
            _ if anywhere => self.gaps_about(Reach::Anywhere),
            "" => self.gaps_about(Reach::Cluster),
            namespace => self.gaps_about(Reach::Namespaces(&[namespace])),
        }
    }

    fn holders_of<'a>(&'a self, request: &Request<'_>, namespace: Option<&str>) -> Answer<'a> {
        let mut found: BTreeMap<Subject, Vec<Path<'a>>> = BTreeMap::new();
        found.insert(Subject::Group(MASTERS.into()), vec![Path::Masters]);
        let is_there = |binding: &&Binding| {
            let own = binding.namespace();
            own.is_none() || namespace.is_none_or(|asked| own == Some(asked))
        };
        // Most roles are bound many times.
        let mut of_role: HashMap<*const AnyRole, Option<&'a Rule>> = HashMap::new();
        for binding in self.index().bindings().iter().filter(is_there) {
            let Some(role) = self.index().role_of(binding) else { continue };
            let rule = of_role.entry(role).or_insert_with(|| role.rules().iter().find(|rule| rule.allows(request)));
            let Some(rule) = *rule else { continue };
            for subject in binding.subjects().iter().filter_map(|subject| resolved(subject, binding)) {
                let paths = found.entry(subject).or_default();
                // A binding may name somebody twice.
                let is_known = |path: &Path<'_>| matches!(path, Path::Binding { binding: last, .. } if std::ptr::eq(*last, binding));
                if !paths.last().is_some_and(is_known) {
                    paths.push(Path::Binding { binding, role, rule });
                }
            }
        }
        let there = |associated: &&Associated| namespace.is_none_or(|asked| associated.holds_in(asked));
        let policies = self.policies().iter().filter(there).filter_map(|one| Some((one, one.path(request)?)));
        let mut reached: BTreeMap<usize, (Vec<usize>, Vec<Path<'a>>)> = BTreeMap::new();
        for (associated, path) in policies {
            for at in &associated.principals {
                reached.entry(*at).or_default().1.push(path);
            }
        }
        let principals = self.principals();
        let mut subjects = Vec::with_capacity(found.len());
        for (subject, mut paths) in found {
            paths.sort_by_key(Path::order);
            let behind = self.behind(&subject);
            for at in behind {
                reached.entry(*at).or_default().0.push(subjects.len());
            }
            subjects.push(Holder { subject, paths, principals: behind.iter().map(|at| &principals[*at]).collect() });
        }
        let reached = reached.into_iter();
        let reached =
            reached.map(|(at, (subjects, policies))| Reached { principal: &principals[at], subjects, policies });
        Answer { subjects, principals: reached.collect() }
    }

    /// Where in the list of principals those are who log in as a subject, or into it.
    fn behind(&self, subject: &Subject) -> &[usize] {
        let found = match subject {
            Subject::User(name) => self.by_user.names.get(&**name),
            Subject::Group(name) => self.by_user.groups.get(&**name),
            // Whoever a mapping gives an account's name has what it is bound to, and not its groups.
            Subject::ServiceAccount { namespace, name } => {
                let namespace = namespace.as_deref().unwrap_or_default();
                self.by_user.names.get(&User::service_account(namespace, name).name)
            }
        };
        found.map(Vec::as_slice).unwrap_or_default()
    }
}

impl Answer<'_> {
    /// Returns whether a user, with the groups that the API server sees, is among the subjects.
    pub fn covers(&self, user: &User) -> bool {
        self.subjects.iter().any(|holder| match &holder.subject {
            Subject::User(name) => **name == *user.name,
            Subject::Group(name) => user.groups.iter().any(|group| **group == **name),
            Subject::ServiceAccount { namespace, name } => {
                namespace.as_ref().is_some_and(|namespace| User::service_account(namespace, name).name == user.name)
            }
        })
    }
}

/// A subject on its own: a service account that names no namespace is one of its binding's. Of no namespace it is nobody.
pub(crate) fn resolved(subject: &Subject, binding: &Binding) -> Option<Subject> {
    match subject {
        Subject::ServiceAccount { namespace, name } => {
            let namespace = Some(namespace.as_deref().or(binding.namespace())?.into());
            Some(Subject::ServiceAccount { namespace, name: name.clone() })
        }
        Subject::User(_) | Subject::Group(_) => Some(subject.clone()),
    }
}
