//! A short text that two plans share only if they say the same.

use std::{collections::HashMap, fmt, io, str::FromStr, sync::Arc};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    AllPowerful, Place, Plan, Refusal, Rights,
    print::{List, Out},
};

/// How many bytes of the hash are shown: nobody makes a second plan that fits 128 bits.
const SHOWN: usize = 16;

/// What `apply --expect` compares: of everything that a plan does, so that it differs where IAM groups, namespaces or
/// the cluster changed in a way that matters. Where it was read plays no part – the cluster itself and a dump of it give the
/// same –, nor does who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut hash = Hash::default();
        hash.add(&(&plan.cluster_id, plan.target.as_str()));
        let is_of_plan = |refusal: &&Refusal| !matches!(refusal, Refusal::LosesCaller { .. });
        let refusals: Vec<_> = plan.refusals.iter().filter(is_of_plan).map(Out::out).collect();
        hash.add(&(refusals, List(&plan.unseen), List(&plan.logins), List(&plan.objects)));
        for one in &plan.all_powerful {
            match one {
                AllPowerful::Login { who, username, place: _ } => hash.add(&("all-powerful", who, username)),
                AllPowerful::Binding { .. } | AllPowerful::Policy { .. } => hash.add(&("all-powerful", one.out())),
            }
        }
        for person in &plan.people {
            let logins = [&person.before, &person.after].map(|login| login.as_ref().map(Out::out));
            hash.add(&(person.who.to_string(), person.who.account().as_str(), logins));
            let change = person.known_rights();
            change.gains.iter().for_each(|rights| hash.rights("gains", rights));
            change.losses.iter().for_each(|rights| hash.rights("loses", rights));
            for still in &change.still {
                let rights = hash.once(&still.rights);
                hash.add(&("still", &still.place, still.by.to_string(), rights));
            }
            hash.add(&List(&change.escalations));
            if !person.meanwhile.is_empty() {
                hash.add(&("meanwhile", List(&person.meanwhile)));
            }
        }
        let digest = hash.hash.finalize();
        Self(digest[..SHOWN].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
    fn once<T: Out>(&mut self, list: &Arc<[T]>) -> [u8; 32] {
        *self.shared.entry(list.as_ptr().cast()).or_insert_with(|| {
            let mut hash = Sha256::default();
            serde_json::to_writer(Writer(&mut hash), &List(list)).expect("plain data can be written");
            hash.finalize().into()
        })
    }
}

/// A text that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let is_one = text.len() == 2 * SHOWN && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_one { Ok(Self(text.to_ascii_lowercase())) } else { Err(NotADigest) }
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

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
