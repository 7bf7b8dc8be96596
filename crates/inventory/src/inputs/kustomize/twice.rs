//! Objects that a kustomization takes in twice, for which kustomize refuses it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Id, Kustomizations, OF_NAMESPACE};
use crate::Unseen;

impl Kustomizations {
    /// Returns a gap for each kustomization that kustomize refuses because it takes an object of access in twice, though it may be
    /// the same one.
    pub fn refused(&self) -> Vec<Unseen> {
        let (mut gaps, mut made) = (Vec::new(), BTreeMap::new());
        for folder in self.by_folder.keys() {
            self.made(folder, &mut BTreeSet::new(), &mut made, &mut gaps);
        }
        gaps
    }

    /// What a kustomization makes, as far as it is known what that is called.
    fn made(
        &self,
        folder: &[Box<str>],
        on_the_way: &mut BTreeSet<Vec<Box<str>>>,
        known: &mut BTreeMap<Vec<Box<str>>, BTreeSet<Id>>,
        gaps: &mut Vec<Unseen>,
    ) -> BTreeSet<Id> {
        if let Some(made) = known.get(folder) {
            return made.clone();
        }
        let Some(one) = self.by_folder.get(folder).filter(|_| on_the_way.insert(folder.to_vec())) else {
            return BTreeSet::new();
        };
        let (mut made, mut twice) = (BTreeSet::new(), BTreeMap::new());
        for (resource, written) in one.resources.iter().zip(&one.written) {
            let of_resource: Vec<Id> = if self.by_folder.contains_key(resource) {
                self.made(resource, on_the_way, known, gaps).into_iter().collect()
            } else {
                self.objects.get(resource).cloned().unwrap_or_default()
            };
            for id in of_resource {
                if let Some((kind, namespace, name)) = made.replace(id) {
                    let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
                    twice.entry(written).or_insert_with(|| format!("{kind} {namespace}{name}"));
                }
            }
        }
        for (written, id) in twice {
            let folder = one.file.rsplit_once('/').map_or(".", |(folder, _)| folder);
            let what = format!("what kustomize makes of {folder} ({}: {written})", one.file);
            let why = format!(
                "kustomize refuses it, because {id} is taken in twice (\"may not add resource with an already registered id\"); here \
                 it counts once"
            );
            gaps.push(Unseen::new(what, why));
        }
        // Who does more to them may call them otherwise.
        if !one.more.is_empty() {
            made.clear();
        }
        if let Some(to) = &one.namespace {
            let put = |(kind, namespace, name): Id| {
                let is_put = OF_NAMESPACE.contains(&&*kind);
                (kind, if is_put { Some(to.name.clone()) } else { namespace }, name)
            };
            made = made.into_iter().map(put).collect();
        }
        on_the_way.remove(folder);
        known.insert(folder.to_vec(), made.clone());
        made
    }
}
