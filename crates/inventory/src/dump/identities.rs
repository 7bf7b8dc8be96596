//! Several objects of one identity, of which a cluster has one.
//!
//! What counts is what `kubectl apply` of one after the other leaves: the later one, but for a binding whose `roleRef` is
//! another one, which an API server refuses to change (Kubernetes, `pkg/apis/rbac/validation`, `ValidateRoleBindingUpdate`).

use std::collections::HashMap;

use rbac::{AnyRole, Binding};

use crate::{ClusterObject, MappingObject, Twice, Unseen, text::place::WrittenAt};

/// What is said of two objects of one identity.
pub(crate) const TWICE: &str = "it is there twice, with different content";

/// What has an identity.
pub(crate) trait Identified {
    /// Its kind, as Kubernetes writes it.
    fn kind(&self) -> &'static str;
    /// Namespace and name.
    fn id(&self) -> (Option<&str>, &str);
    /// Whether another one says the same.
    fn says_the_same(&self, other: &Self) -> bool;
    /// Why an API server would not put it in the place of another one.
    fn cannot_replace(&self, _other: &Self) -> Option<&'static str> {
        None
    }
}

impl Identified for AnyRole {
    fn kind(&self) -> &'static str {
        self.kind().as_str()
    }

    fn id(&self) -> (Option<&str>, &str) {
        self.id()
    }

    fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ClusterRole(a), Self::ClusterRole(b)) => {
                (&a.rules, &a.labels, &a.aggregation) == (&b.rules, &b.labels, &b.aggregation)
            }
            _ => self.rules() == other.rules(),
        }
    }
}

impl Identified for Binding {
    fn kind(&self) -> &'static str {
        self.kind()
    }

    fn id(&self) -> (Option<&str>, &str) {
        self.id()
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (self.role(), self.subjects()) == (other.role(), other.subjects())
    }

    fn cannot_replace(&self, other: &Self) -> Option<&'static str> {
        (self.role() != other.role()).then_some("its roleRef differs, which no API server allows to change")
    }
}

impl Identified for MappingObject {
    fn kind(&self) -> &'static str {
        "IAMIdentityMapping"
    }

    fn id(&self) -> (Option<&str>, &str) {
        (None, &self.name)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (&self.arn, &self.username, &self.groups) == (&other.arn, &other.username, &other.groups)
    }
}

/// One object of each identity, in the order of those that count, and those that do not and differ; of these it is said
/// which one counts.
pub(crate) fn one_of_each<T: Identified>(
    objects: Vec<ClusterObject<T>>,
    places: &[WrittenAt],
    said: &mut Vec<Twice>,
) -> (Vec<ClusterObject<T>>, Vec<T>) {
    let mut keep = vec![true; objects.len()];
    let mut differs = vec![false; objects.len()];
    let mut counts: HashMap<(Option<&str>, &str), usize> = HashMap::with_capacity(objects.len());
    for (at, seen) in objects.iter().enumerate() {
        let Some(before) = counts.insert(seen.object.id(), at) else { continue };
        let (first, second) = (&objects[before].object, &seen.object);
        if first.says_the_same(second) {
            keep[before] = false;
            continue;
        }
        let refused = second.cannot_replace(first);
        if refused.is_some() {
            counts.insert(first.id(), before);
        }
        let other = if refused.is_some() { at } else { before };
        (keep[other], differs[other]) = (false, true);
        said.push(differing(&named(first), &places[before], &places[at], refused));
    }
    drop(counts);
    let (mut kept, mut others) = (Vec::with_capacity(objects.len()), Vec::new());
    for ((seen, keep), differs) in objects.into_iter().zip(keep).zip(differs) {
        if keep {
            kept.push(seen);
        } else if differs {
            others.push(seen.object);
        }
    }
    (kept, others)
}

/// What is said of two objects of one identity.
pub(crate) fn differing(what: &str, first: &WrittenAt, second: &WrittenAt, refused: Option<&str>) -> Twice {
    let why = match refused {
        None => format!("{TWICE}; the later one counts here, {second}"),
        Some(refused) => format!("{TWICE}; the earlier one counts here, {first}: of the later one {refused}"),
    };
    let gap = Unseen::new(format!("{what} ({first} and {second})"), why);
    // A cluster's own is nothing that a person wrote.
    let place = if second.is_known() { second } else { first };
    Twice { gap, object: what.into(), file: place.file.clone(), line: place.line }
}

/// What is said of two objects of one identity of which nobody knows which one a cluster has.
pub(crate) fn disputed(object: &impl Identified, first: &WrittenAt, second: &WrittenAt) -> Twice {
    let what = named(object);
    let why = format!(
        "{TWICE}; the one of {first} counts here, and a cluster has the one that was made first: rbac-manager makes none over it"
    );
    let gap = Unseen::new(format!("{what} ({first} and {second})"), why);
    Twice { gap, object: what.into(), file: second.file.clone(), line: second.line }
}

fn named(object: &impl Identified) -> String {
    let (namespace, name) = object.id();
    let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{} {namespace}{name}", object.kind())
}
