//! Names that EC2 has said, remembered for a while.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::time::Instant;

/// How long a name is believed. It never changes while an instance lives; the bound keeps terminated ones from staying.
const REMEMBERED: Duration = Duration::from_mins(10);

/// How many names are remembered.
const CAPACITY: usize = 10_000;

/// Until when each is believed stands beside it.
#[derive(Default)]
pub(super) struct InstanceNames(RwLock<HashMap<String, (Arc<str>, Instant)>>);

impl InstanceNames {
    pub(super) fn get(&self, id: &str, now: Instant) -> Option<Arc<str>> {
        let names = self.0.read().unwrap_or_else(PoisonError::into_inner);
        names.get(id).filter(|(_, until)| now < *until).map(|(name, _)| Arc::clone(name))
    }

    pub(super) fn remember(&self, id: &str, name: String, now: Instant) -> Arc<str> {
        let name: Arc<str> = name.into();
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= CAPACITY {
            names.retain(|_, (_, until)| now < *until);
        }
        if names.len() < CAPACITY {
            names.insert(id.to_owned(), (Arc::clone(&name), now + REMEMBERED));
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::{CAPACITY, InstanceNames, REMEMBERED};

    #[test]
    fn names_are_remembered_for_a_while_and_up_to_a_number() {
        let (names, start) = (InstanceNames::default(), Instant::now());
        for n in 0..=CAPACITY {
            names.remember(&format!("i-{n}"), format!("ip-{n}"), start);
        }
        assert_eq!(names.get("i-0", start).as_deref(), Some("ip-0"));
        assert_eq!(names.get(&format!("i-{CAPACITY}"), start), None, "one too many");

        let later = start + REMEMBERED;
        assert_eq!(names.get("i-0", later), None, "too old");
        names.remember("i-new", "ip-new".to_owned(), later);
        assert_eq!(names.get("i-new", later).as_deref(), Some("ip-new"), "the old ones made room");
    }
}
