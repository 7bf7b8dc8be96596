//! Reviews that wait for an answer to another's question, which is about the same token. They ask nothing, so that no turn limits
//! how many there are: a forged token may be shown on as many streams as there can be, and each costs memory while it waits.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

/// Who share the question about one token. An API server asks once, whoever shows it.
const MOST_OF_ONE: usize = 32;

/// Who share one, of all tokens together, besides the one who asks.
const MOST: usize = 256;

/// A token's cache key.
type Key = [u8; 32];

/// All reviews that wait for an answer of STS, by token.
#[derive(Default)]
pub(crate) struct Sharing(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    of_token: HashMap<Key, usize>,
    /// Those that are not the first of their token.
    others: usize,
}

/// One of them, until dropped.
pub(crate) struct Share<'a> {
    sharing: &'a Sharing,
    key: Key,
}

impl Sharing {
    /// One more waits for what is said of this token; `None` if too many do. The first of a token always may: in which lane it
    /// waits, and among how many, is for the lanes to say.
    pub(crate) fn join(&self, key: Key) -> Option<Share<'_>> {
        let mut counts = self.lock();
        let others = counts.others;
        let count = counts.of_token.entry(key).or_default();
        if *count > 0 {
            if *count >= MOST_OF_ONE || others >= MOST {
                return None;
            }
            *count += 1;
            counts.others += 1;
        } else {
            *count = 1;
        }
        Some(Share { sharing: self, key })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut counts = self.sharing.lock();
        match counts.of_token.get_mut(&self.key) {
            Some(count @ 2..) => {
                *count -= 1;
                counts.others -= 1;
            }
            _ => drop(counts.of_token.remove(&self.key)),
        }
    }
}

#[cfg(test)]
mod tests;
