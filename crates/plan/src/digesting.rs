//! The digest of a plan.

use std::{collections::HashMap, io, sync::Arc};

use rbac::comparison::{Place, Rights};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    AllPowerful, Digest, Plan, Refusal,
    print::{List, ToJson},
};

/// The digest of everything that a plan does.
pub(super) fn digest(plan: &Plan) -> Digest {
    let mut hash = Hash::default();
    hash.add(&(&plan.cluster_id, plan.target.as_str()));
    let is_of_plan = |refusal: &&Refusal| !matches!(refusal, Refusal::LosesCaller { .. });
    let refusals: Vec<_> = plan.refusals.iter().filter(is_of_plan).map(ToJson::json).collect();
    hash.add(&(refusals, List(&plan.unseen), List(&plan.logins), List(&plan.objects)));
    for one in &plan.all_powerful {
        match one {
            AllPowerful::Login { who, username, session: None, place: _ } => hash.add(&("all-powerful", who, username)),
            AllPowerful::Login { who, username, session, place: _ } => {
                hash.add(&("all-powerful", who, username, session));
            }
            AllPowerful::Binding { .. } | AllPowerful::Policy { .. } => hash.add(&("all-powerful", one.json())),
        }
    }
    for person in &plan.people {
        let logins = [&person.before, &person.after].map(Option::as_ref);
        hash.add(&(person.who.to_string(), person.who.account().as_str(), logins));
        let change = person.known_rights();
        change.gains.iter().for_each(|rights| hash.rights("gains", rights));
        change.losses.iter().for_each(|rights| hash.rights("loses", rights));
        for still in &change.still {
            let rights = hash.once(&still.rights);
            hash.add(&("still", &still.place, still.by.to_string(), rights));
        }
        hash.add(&change.escalations);
        if !person.meanwhile.is_empty() {
            hash.add(&("meanwhile", &*person.meanwhile));
        }
    }
    Digest::of_hash(&hash.hash.finalize().into())
}

/// A hash of texts, in which what many people share is hashed once.
#[derive(Default)]
struct Hash {
    hash: Sha256,
    shared: HashMap<*const (), [u8; 32]>,
}

impl Hash {
    /// One more thing. JSON says where it ends.
    fn add(&mut self, thing: &impl Serialize) {
        serde_json::to_writer(Writer(&mut self.hash), thing).expect("plain data can be written");
    }

    fn rights(&mut self, verb: &str, rights: &Rights) {
        let own = self.once(&rights.rights);
        self.add(&(verb, &rights.place, own, &rights.through));
        for part in &rights.except {
            let part_of = self.once(&part.rights);
            self.add(&(&Place::Namespaces(part.namespaces.clone()), part_of));
        }
    }

    /// The hash of a shared list; the plan keeps it, so its address is its own.
    fn once<T: Serialize>(&mut self, list: &Arc<[T]>) -> [u8; 32] {
        *self.shared.entry(list.as_ptr().cast()).or_insert_with(|| {
            let mut hash = Sha256::default();
            serde_json::to_writer(Writer(&mut hash), &**list).expect("plain data can be written");
            hash.finalize().into()
        })
    }
}

struct Writer<'a>(&'a mut Sha256);

impl io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
