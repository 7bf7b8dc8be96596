//! In which order questions go to STS. Pure: no clock, no I/O.
//!
//! A token proves nothing before STS has confirmed it, so strangers can send as many as they like, in anybody's name. What
//! they cause is charged to strangers: questions go in lanes, each lane has a share of the questions under way, and in a
//! lane whoever has the fewest under way is next.

use std::{
    cmp::Ordering,
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

/// Who asks, as far as the token says. Nothing of it is proven; [`Lane`] says what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asker {
    /// Access key id and session token together. Of temporary credentials nobody else knows both.
    pub(crate) credentials: u64,
    /// The account that the access key id looks like one of, where it does.
    pub(crate) account: u64,
    /// The host that is asked.
    pub(crate) host: u64,
    /// Whether the access key id looks like one of an account that is mapped.
    pub(crate) is_expected: bool,
    /// Whether it came on a connection on which somebody was let in: then it is an API server's, and otherwise anybody's.
    pub(crate) came_beside_logins: bool,
}

/// What is known of an asker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Lane {
    /// With these very credentials somebody logged in lately.
    Known,
    /// [`Asker::is_expected`]: somebody's first login, most likely.
    Expected,
    /// Anybody else.
    Stranger,
    /// Through this host nobody has logged in lately. It may not exist, or never answer.
    NewHost,
}

impl Lane {
    const ALL: [Self; 4] = [Self::Known, Self::Expected, Self::Stranger, Self::NewHost];

    /// Who goes first in a lane. Elsewhere those who are expected have a lane of their own.
    fn rank(self, asker: Asker) -> bool {
        self == Self::NewHost && asker.is_expected
    }

    /// What callers are treated alike by: a group, and in it their credentials or, where nothing is known of the host, the host. In
    /// the name of an account anybody can forge as many keys as they like, so that among those who are expected each account is a
    /// group. Those whom an API server sends are a group beside the others, of the same account if there are accounts.
    fn told_apart_by(self, asker: Asker) -> (u64, u64) {
        let sent = u64::from(asker.came_beside_logins);
        match self {
            Self::Known => (0, asker.credentials),
            Self::Expected => (asker.account ^ sent, asker.credentials),
            Self::Stranger => (sent, asker.credentials),
            Self::NewHost => (sent, asker.host),
        }
    }
}

/// The limits of concurrent and waiting requests to STS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Under way, of all callers together, when STS answers well.
    pub under_way: usize,
    /// Waiting: so many of each kind of callers, and a quarter of it of those of whom nothing is known.
    pub waiting: usize,
}

impl Limits {
    /// Questions under way in one lane. Together more than all: what one lane leaves, another may take. But none can
    /// take so much that nothing is left for the people who are mapped.
    fn under_way_in(self, lane: Lane) -> usize {
        let share = match lane {
            Lane::Known => self.under_way * 3 / 4,
            Lane::Expected => self.under_way / 2,
            Lane::Stranger | Lane::NewHost => self.under_way / 8,
        };
        share.max(1)
    }

    /// Questions under way to one host in one lane, so that a Region which is down leaves the others their turn.
    fn under_way_to_one_host(self, lane: Lane) -> usize {
        let limit = self.under_way_in(lane);
        match lane {
            Lane::NewHost => (limit / 4).max(1),
            Lane::Known | Lane::Expected | Lane::Stranger => (limit - limit / 4).max(1),
        }
    }

    fn waiting_in(self, lane: Lane) -> usize {
        match lane {
            Lane::Known | Lane::Expected | Lane::NewHost => self.waiting,
            Lane::Stranger => self.waiting / 4,
        }
    }
}

/// The questions under way, and those that wait, each with a `T` that its asker is told by.
///
/// After every change all that there is room for is under way, so that nobody waits beside an empty place.
pub(crate) struct Lanes<T> {
    limits: Limits,
    under_way: UnderWay,
    /// In the order in which they came.
    waiting: Vec<Waiting<T>>,
    next_number: u64,
}

struct Waiting<T> {
    number: u64,
    lane: Lane,
    asker: Asker,
    tell: T,
}

/// What came of asking for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is under way, until [`Lanes::end`].
    UnderWay,
    /// It waits under this number.
    Waits(u64),
    /// Too many wait in its lane.
    Full,
}

/// A question that has waited and is under way now.
pub(crate) struct Started<T> {
    pub(crate) lane: Lane,
    pub(crate) asker: Asker,
    pub(crate) tell: T,
}

impl<T> Lanes<T> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, under_way: UnderWay::default(), waiting: Vec::new(), next_number: 0 }
    }

    /// Asks for a turn. `tell` is called if it waits; what it makes is dropped if somebody else gets the place.
    pub(crate) fn ask(&mut self, lane: Lane, asker: Asker, tell: impl FnOnce() -> T) -> Admission {
        if self.has_room(lane, asker) {
            self.under_way.begin(lane, asker);
            return Admission::UnderWay;
        }
        let in_lane = self.waiting.iter().filter(|waiting| waiting.lane == lane).count();
        if in_lane >= self.limits.waiting_in(lane) && !self.take_place(lane, asker) {
            return Admission::Full;
        }
        let number = self.next_number;
        self.next_number += 1;
        self.waiting.push(Waiting { number, lane, asker, tell: tell() });
        Admission::Waits(number)
    }

    /// A question is over.
    pub(crate) fn end(&mut self, lane: Lane, asker: Asker) -> Vec<Started<T>> {
        self.under_way.end(lane, asker);
        self.start()
    }

    /// Somebody has waited long enough, or has gone away. Whoever is under way already is not touched.
    pub(crate) fn forget(&mut self, number: u64) {
        self.waiting.retain(|waiting| waiting.number != number);
    }

    /// So many may be under way from now on. If there are more, none is begun until some have ended.
    pub(crate) fn set_under_way(&mut self, under_way: usize) -> Vec<Started<T>> {
        self.limits.under_way = under_way;
        self.start()
    }

    /// More is known of those who wait: each goes into the lane that it belongs to now.
    pub(crate) fn sort_anew(&mut self, lane: impl Fn(Asker) -> Lane) -> Vec<Started<T>> {
        for waiting in &mut self.waiting {
            waiting.lane = lane(waiting.asker);
        }
        self.start()
    }

    /// Drops one who waits in a full lane, for somebody who has a better right to the place: the last of a lower rank or,
    /// among equals, the last of whoever waits oftener than the asker would. An account is asked first, then who of it.
    fn take_place(&mut self, lane: Lane, asker: Asker) -> bool {
        let mut lowest = None;
        let mut equals = Vec::new();
        for (index, waiting) in self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.lane == lane) {
            match lane.rank(waiting.asker).cmp(&lane.rank(asker)) {
                Ordering::Less => lowest = Some(index),
                Ordering::Equal => equals.push((index, lane.told_apart_by(waiting.asker))),
                Ordering::Greater => {}
            }
        }
        let (account, caller) = lane.told_apart_by(asker);
        let of_account = equals.iter().map(|(index, (account, _))| (*index, *account));
        let of_caller =
            equals.iter().filter(|(_, (other, _))| *other == account).map(|(index, (_, caller))| (*index, *caller));
        let taken = lowest.or_else(|| greediest(of_account, account)).or_else(|| greediest(of_caller, caller));
        taken.inspect(|index| drop(self.waiting.remove(*index))).is_some()
    }

    fn start(&mut self) -> Vec<Started<T>> {
        let mut started = Vec::new();
        while let Some(index) = self.next() {
            let Waiting { lane, asker, tell, .. } = self.waiting.remove(index);
            self.under_way.begin(lane, asker);
            started.push(Started { lane, asker, tell });
        }
        started
    }

    /// Of the lane that has used the least of its share, the asker who has the fewest under way; of several, whoever has
    /// waited longest.
    fn next(&self) -> Option<usize> {
        let mut lanes = Lane::ALL;
        let used = |lane| self.under_way.in_lane(lane) * self.limits.under_way / self.limits.under_way_in(lane);
        lanes.sort_by_key(|lane| used(*lane));
        lanes.into_iter().find_map(|lane| {
            let waiting = self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.lane == lane);
            let with_room = waiting.filter(|(_, waiting)| self.has_room(lane, waiting.asker));
            let order = |asker| (!lane.rank(asker), self.under_way.of(lane, asker));
            with_room.min_by_key(|(_, waiting)| order(waiting.asker)).map(|(index, _)| index)
        })
    }

    fn has_room(&self, lane: Lane, asker: Asker) -> bool {
        self.under_way.total < self.limits.under_way
            && self.under_way.in_lane(lane) < self.limits.under_way_in(lane)
            && self.under_way.to_host(lane, asker.host) < self.limits.under_way_to_one_host(lane)
    }
}

/// What is under way, counted.
#[derive(Default)]
struct UnderWay {
    total: usize,
    by_lane: HashMap<Lane, usize>,
    by_host: HashMap<(Lane, u64), usize>,
    by_account: HashMap<(Lane, u64), usize>,
    by_caller: HashMap<(Lane, u64), usize>,
}

impl UnderWay {
    fn begin(&mut self, lane: Lane, asker: Asker) {
        self.total += 1;
        *self.by_lane.entry(lane).or_default() += 1;
        *self.by_host.entry((lane, asker.host)).or_default() += 1;
        let (account, caller) = lane.told_apart_by(asker);
        *self.by_account.entry((lane, account)).or_default() += 1;
        *self.by_caller.entry((lane, caller)).or_default() += 1;
    }

    fn end(&mut self, lane: Lane, asker: Asker) {
        self.total -= 1;
        one_less(&mut self.by_lane, lane);
        one_less(&mut self.by_host, (lane, asker.host));
        let (account, caller) = lane.told_apart_by(asker);
        one_less(&mut self.by_account, (lane, account));
        one_less(&mut self.by_caller, (lane, caller));
    }

    fn in_lane(&self, lane: Lane) -> usize {
        self.by_lane.get(&lane).copied().unwrap_or_default()
    }

    fn to_host(&self, lane: Lane, host: u64) -> usize {
        self.by_host.get(&(lane, host)).copied().unwrap_or_default()
    }

    /// What counts against the asker: of their account, and of themselves.
    fn of(&self, lane: Lane, asker: Asker) -> (usize, usize) {
        let (account, caller) = lane.told_apart_by(asker);
        let count = |counts: &HashMap<_, _>, key| counts.get(&(lane, key)).copied().unwrap_or_default();
        (count(&self.by_account, account), count(&self.by_caller, caller))
    }
}

/// The last of whoever waits oftener than the asker would.
fn greediest(all: impl Iterator<Item = (usize, u64)>, asker: u64) -> Option<usize> {
    let mut often = HashMap::<u64, (usize, usize)>::new();
    for (index, who) in all {
        let (times, last) = often.entry(who).or_default();
        (*times, *last) = (*times + 1, index);
    }
    let own = often.get(&asker).map_or(0, |(times, _)| *times);
    often.into_values().max().filter(|(times, _)| *times > own + 1).map(|(_, last)| last)
}

/// Nothing is kept of what has ended: callers choose keys.
fn one_less<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K) {
    if let Entry::Occupied(mut count) = counts.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

#[cfg(test)]
mod tests;
