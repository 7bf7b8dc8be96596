//! What was seen lately, in a bounded memory in which whoever fills it makes room. Pure: `now` is an argument, of the clock that
//! only goes forward.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use tokio::time::{Duration, Instant};

/// Keys that were seen lately, each with its owner.
pub(crate) struct Lately {
    most: usize,
    live: Duration,
    seen: HashMap<u64, Seen>,
    /// The keys of each owner, in the order in which they were seen last.
    of_owners: HashMap<u64, BTreeMap<u64, u64>>,
    next_number: u64,
}

struct Seen {
    owner: u64,
    number: u64,
    at: Instant,
}

impl Lately {
    /// So many at most, each for so long after it was seen last.
    pub(crate) fn new(most: usize, live: Duration) -> Self {
        Self { most, live, seen: HashMap::new(), of_owners: HashMap::new(), next_number: 0 }
    }

    /// Whether this was seen lately.
    pub(crate) fn has(&self, key: u64, now: Instant) -> bool {
        self.seen.get(&key).is_some_and(|seen| now < seen.at + self.live)
    }

    /// This was seen, of that owner. Where there are too many, the one goes that the owner with the most has not shown for the
    /// longest time: whoever shows ever new ones drives out their own.
    pub(crate) fn insert(&mut self, key: u64, owner: u64, now: Instant) {
        self.remove(key);
        if self.seen.len() >= self.most {
            self.make_room();
        }
        let number = self.next_number;
        self.next_number += 1;
        self.seen.insert(key, Seen { owner, number, at: now });
        self.of_owners.entry(owner).or_default().insert(number, key);
    }

    /// This is known no more.
    pub(crate) fn remove(&mut self, key: u64) {
        let Some(Seen { owner, number, .. }) = self.seen.remove(&key) else { return };
        if let Some(keys) = self.of_owners.get_mut(&owner) {
            keys.remove(&number);
            if keys.is_empty() {
                self.of_owners.remove(&owner);
            }
        }
    }

    fn make_room(&mut self) {
        let firsts = self.of_owners.values().filter_map(|keys| Some((keys.len(), Reverse(keys.first_key_value()?))));
        if let Some((_, Reverse((_, key)))) = firsts.max() {
            self.remove(*key);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::{Duration, Instant};

    use super::Lately;

    const LIVE: Duration = Duration::from_secs(10);

    #[test]
    fn whoever_shows_ever_new_ones_drives_out_their_own() {
        let (mut lately, now) = (Lately::new(100, LIVE), Instant::now());
        for modest in 0..10 {
            lately.insert(modest, modest, now);
        }
        for key in 1_000..10_000 {
            lately.insert(key, 99, now);
        }
        assert!((0..10).all(|modest| lately.has(modest, now)));
        let kept = (1_000..10_000).filter(|key| lately.has(*key, now)).collect::<Vec<_>>();
        assert_eq!(kept, (9_910..10_000).collect::<Vec<_>>(), "and what came last is kept");
    }

    #[test]
    fn among_equals_whoever_was_not_seen_for_the_longest_time_goes() {
        let (mut lately, now) = (Lately::new(3, LIVE), Instant::now());
        for key in [1, 2, 3, 1, 4] {
            lately.insert(key, key, now);
        }
        assert_eq!([1, 2, 3, 4].map(|key| lately.has(key, now)), [true, false, true, true]);
    }

    #[test]
    fn it_is_known_for_a_while_after_it_was_seen_last() {
        let (mut lately, start) = (Lately::new(3, LIVE), Instant::now());
        lately.insert(1, 1, start);
        lately.insert(1, 1, start + LIVE / 2);
        assert!(lately.has(1, start + LIVE) && !lately.has(1, start + LIVE * 3 / 2));
    }

    proptest! {
        #[test]
        fn no_more_are_kept_than_there_are_places(steps in prop::collection::vec((0..40_u64, 0..5_u64, any::<bool>()), 0..300)) {
            let (mut lately, now) = (Lately::new(8, LIVE), Instant::now());
            for (key, owner, is_seen) in steps {
                if is_seen { lately.insert(key, owner, now) } else { lately.remove(key) }
                prop_assert_eq!(lately.has(key, now), is_seen);
                prop_assert!(lately.seen.len() <= 8);
                let of_owners: usize = lately.of_owners.values().map(std::collections::BTreeMap::len).sum();
                prop_assert_eq!(of_owners, lately.seen.len());
            }
        }
    }
}
