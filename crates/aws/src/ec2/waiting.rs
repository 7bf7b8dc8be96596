//! Who waits for which instance, until somebody takes them along.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::oneshot::{Receiver, Sender, channel};

/// Those that nobody asks for yet, by instance id.
pub(super) struct Waiting<A>(Mutex<BTreeMap<String, Vec<Sender<A>>>>);

/// Instances that are asked for together, with those who wait for them. Dropped without [`Batch::tell`], it tells them
/// that they have to ask again.
pub(super) struct Batch<A>(Vec<(String, Vec<Sender<A>>)>);

impl<A> Default for Waiting<A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<A> Waiting<A> {
    pub(super) fn join(&self, id: &str) -> Receiver<A> {
        let (sender, receiver) = channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.entry(id.to_owned()).or_default().push(sender);
        receiver
    }

    /// Takes those along whose answer has come to be known since they joined.
    pub(super) fn take_known(&self, is_known: impl Fn(&str) -> bool) -> Batch<A> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Batch(waiting.extract_if(.., |id, _| is_known(id)).collect())
    }

    /// Takes `first` and others along, `limit` instances at most; those whose waiters have all gone away are left out.
    pub(super) fn take(&self, first: &str, limit: usize) -> Batch<A> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, waiters| waiters.iter().any(|waiter| !waiter.is_closed()));
        let mut batch: Vec<_> = waiting.remove_entry(first).into_iter().collect();
        while batch.len() < limit
            && let Some(next) = waiting.pop_first()
        {
            batch.push(next);
        }
        Batch(batch)
    }
}

impl<A: Clone> Batch<A> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(id, _)| id.as_str())
    }

    pub(super) fn halves(mut self) -> [Self; 2] {
        let second = self.0.split_off(self.0.len() / 2);
        [Self(second), self]
    }

    pub(super) fn tell(self, mut answer: impl FnMut(&str) -> A) {
        for (id, waiters) in self.0 {
            let answer = answer(&id);
            // A waiter that has gone away needs no answer.
            for waiter in waiters {
                drop(waiter.send(answer.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Waiting;

    #[test]
    fn a_batch_holds_the_first_and_as_many_others_as_may_be() {
        let waiting = Waiting::<&str>::default();
        let mut receivers: Vec<_> = ["d", "c", "b", "a", "c"].map(|id| waiting.join(id)).into();
        drop(receivers.remove(2)); // whoever waited for b
        let batch = waiting.take("d", 2);
        assert_eq!(batch.ids().collect::<Vec<_>>(), ["d", "a"]);
        batch.tell(|id| if id == "d" { "of d" } else { "of a" });
        assert_eq!(receivers.remove(0).try_recv(), Ok("of d"));

        let rest = waiting.take("c", 2);
        assert_eq!(rest.ids().collect::<Vec<_>>(), ["c"], "b has nobody left, c has two");
        drop(rest);
        assert!(receivers.pop().is_some_and(|mut c| c.try_recv().is_err()), "told to ask again");
    }
}
