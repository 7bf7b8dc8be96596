//! What holds whatever callers do, and some orders by hand.

use proptest::prelude::*;

use super::{Admission, Asker, Lane, Lanes, Limits, Started};

const LIMITS: Limits = Limits { under_way: 16, waiting: 8 };

/// Most that strangers can have under way together.
const OF_STRANGERS: usize = 4;

fn asker(credentials: u64, host: u64) -> Asker {
    Asker { credentials, account: 0, host, is_expected: false, came_beside_logins: false }
}

/// The lanes beside a plain account of them.
struct Watched {
    lanes: Lanes<u64>,
    under_way: Vec<(Lane, Asker)>,
    waiting: Vec<(u64, u64)>,
    asked: u64,
}

impl Watched {
    fn new(limits: Limits) -> Self {
        Self { lanes: Lanes::new(limits), under_way: Vec::new(), waiting: Vec::new(), asked: 0 }
    }

    fn ask(&mut self, lane: Lane, asker: Asker) -> Admission {
        self.asked += 1;
        let name = self.asked;
        let asked = self.lanes.ask(lane, asker, || name);
        // Whoever lost the place to a modest one waits no more.
        let still: Vec<u64> = self.lanes.waiting.iter().map(|waiting| waiting.tell).collect();
        self.waiting.retain(|(_, name)| still.contains(name));
        match asked {
            Admission::UnderWay => self.under_way.push((lane, asker)),
            Admission::Waits(number) => self.waiting.push((number, name)),
            Admission::Full => {}
        }
        asked
    }

    fn end(&mut self, index: usize) {
        let (lane, asker) = self.under_way.swap_remove(index);
        let started = self.lanes.end(lane, asker);
        self.started(started);
    }

    fn forget(&mut self, index: usize) {
        let (number, _) = self.waiting.swap_remove(index);
        self.lanes.forget(number);
    }

    fn started(&mut self, started: Vec<Started<u64>>) {
        for Started { lane, asker, tell } in started {
            let before = self.waiting.len();
            self.waiting.retain(|(_, name)| *name != tell);
            assert_eq!(self.waiting.len() + 1, before, "only who waited is started, and once");
            self.under_way.push((lane, asker));
        }
    }

    fn count(&self, lane: Lane) -> usize {
        self.under_way.iter().filter(|(of, _)| *of == lane).count()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Ask(Lane, Asker),
    End(usize),
    Forget(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lane = prop::sample::select(Lane::ALL.to_vec());
    let step = prop_oneof![
        3 => (lane, 0..6_u64, 0..3_u64).prop_map(|(lane, credentials, host)| Step::Ask(lane, asker(credentials, host))),
        2 => (0..64_usize).prop_map(Step::End),
        1 => (0..64_usize).prop_map(Step::Forget),
    ];
    prop::collection::vec(step, 0..200)
}

fn take(watched: &mut Watched, step: &Step) {
    match *step {
        Step::Ask(lane, asker) => drop(watched.ask(lane, asker)),
        Step::End(index) if !watched.under_way.is_empty() => watched.end(index % watched.under_way.len()),
        Step::Forget(index) if !watched.waiting.is_empty() => watched.forget(index % watched.waiting.len()),
        Step::End(_) | Step::Forget(_) => {}
    }
}

proptest! {
    #[test]
    fn no_limit_is_passed_and_nobody_waits_beside_an_empty_place(steps in steps()) {
        let mut watched = Watched::new(LIMITS);
        for step in &steps {
            take(&mut watched, step);
            prop_assert!(watched.under_way.len() <= LIMITS.under_way);
            for lane in Lane::ALL {
                prop_assert!(watched.count(lane) <= LIMITS.under_way_in(lane));
            }
            for waiting in &watched.lanes.waiting {
                prop_assert!(!watched.lanes.has_room(waiting.lane, waiting.asker));
            }
            prop_assert_eq!(watched.lanes.waiting.len(), watched.waiting.len());
        }
    }

    #[test]
    fn everybody_who_waits_has_a_turn_in_the_end(steps in steps()) {
        let mut watched = Watched::new(LIMITS);
        for step in &steps {
            take(&mut watched, step);
        }
        let (mut turns, all) = (0, watched.under_way.len() + watched.waiting.len());
        while !watched.under_way.is_empty() {
            watched.end(0);
            turns += 1;
        }
        prop_assert_eq!((turns, watched.waiting.len()), (all, 0));
        let left = &watched.lanes.under_way;
        prop_assert!(left.by_host.is_empty() && left.by_account.is_empty() && left.by_caller.is_empty());
    }

    #[test]
    fn what_strangers_do_takes_no_place_that_a_known_caller_needs(steps in steps(), known in 1..12_u64) {
        let mut watched = Watched::new(LIMITS);
        for step in &steps {
            match step {
                Step::Ask(Lane::Known | Lane::Expected, _) => {}
                _ => take(&mut watched, step),
            }
        }
        prop_assert!(watched.under_way.len() <= OF_STRANGERS);
        // Of two hosts, so that none has more than its part of the lane.
        for number in 0..known {
            prop_assert_eq!(watched.ask(Lane::Known, asker(100 + number, 100 + number % 2)), Admission::UnderWay);
        }
    }
}

#[test]
fn whoever_has_the_fewest_under_way_is_next() {
    let mut watched = Watched::new(Limits { under_way: 2, waiting: 8 });
    let (greedy, modest) = (asker(1, 0), asker(2, 0));
    assert_eq!(watched.ask(Lane::Known, greedy), Admission::UnderWay);
    for _ in 0..3 {
        assert!(matches!(watched.ask(Lane::Known, greedy), Admission::Waits(_)));
    }
    assert!(matches!(watched.ask(Lane::Known, modest), Admission::Waits(_)));
    watched.end(0);
    assert_eq!(watched.under_way, [(Lane::Known, greedy)], "nothing was under way, so whoever came first");
    let mut wide = Watched::new(Limits { under_way: 4, waiting: 8 });
    for _ in 0..4 {
        wide.ask(Lane::Known, greedy);
    }
    wide.ask(Lane::Known, modest);
    wide.end(0);
    assert_eq!(wide.under_way.last(), Some(&(Lane::Known, modest)), "it came last, and the other has one under way");
}

#[test]
fn whoever_fills_a_lane_has_to_make_room_for_others() {
    let mut watched = Watched::new(Limits { under_way: 1, waiting: 4 });
    let greedy = asker(1, 0);
    let asked: Vec<_> = (0..6).map(|_| watched.ask(Lane::Known, greedy)).collect();
    assert!(matches!(asked[..], [Admission::UnderWay, _, _, _, Admission::Waits(3), Admission::Full]), "{asked:?}");
    for (modest, is_taken) in [(2, true), (3, true), (4, true), (5, false), (2, false)] {
        assert_eq!(watched.ask(Lane::Known, asker(modest, 0)) != Admission::Full, is_taken, "{modest}");
    }
    assert_eq!(watched.waiting.len(), 4);
}

#[test]
fn a_host_that_never_answers_leaves_the_others_their_turn() {
    let mut watched = Watched::new(LIMITS);
    for credentials in 0..20 {
        watched.ask(Lane::Known, asker(credentials, 1));
    }
    assert_eq!(watched.count(Lane::Known), 9);
    assert_eq!(watched.ask(Lane::Known, asker(100, 2)), Admission::UnderWay);
}

#[test]
fn those_who_come_to_be_known_go_before_strangers() {
    let mut watched = Watched::new(Limits { under_way: 8, waiting: 2 });
    assert_eq!(watched.ask(Lane::NewHost, asker(0, 0)), Admission::UnderWay);
    for credentials in 1..3 {
        assert!(matches!(watched.ask(Lane::NewHost, asker(credentials, 0)), Admission::Waits(_)));
    }
    let started = watched.lanes.sort_anew(|_| Lane::Expected);
    watched.started(started);
    assert_eq!((watched.count(Lane::NewHost), watched.count(Lane::Expected)), (1, 2));
}

#[test]
fn at_a_new_host_those_who_are_expected_go_first_and_lose_no_place_to_others() {
    let mut watched = Watched::new(Limits { under_way: 8, waiting: 2 });
    let expected = |credentials, host| Asker { is_expected: true, ..asker(credentials, host) };
    for credentials in 0..3 {
        watched.ask(Lane::NewHost, asker(credentials, credentials));
    }
    assert_eq!(watched.ask(Lane::NewHost, asker(3, 3)), Admission::Full);
    assert!(matches!(watched.ask(Lane::NewHost, expected(4, 4)), Admission::Waits(_)));
    watched.end(0);
    assert_eq!(watched.under_way, [(Lane::NewHost, expected(4, 4))], "before the other, who came earlier");
    for _ in 0..2 {
        assert!(matches!(watched.ask(Lane::NewHost, expected(5, 4)), Admission::Waits(_)));
    }
    assert_eq!(watched.ask(Lane::NewHost, asker(6, 6)), Admission::Full, "though two wait for one host");
}

#[test]
fn whoever_forges_keys_takes_no_place_from_those_whom_an_api_server_sends() {
    // The people's account and their host are those that are forged.
    for (lane, is_expected) in [(Lane::Expected, true), (Lane::Stranger, false), (Lane::NewHost, true)] {
        let mut watched = Watched::new(Limits { under_way: 64, waiting: 32 });
        let of = |credentials, came_beside_logins| Asker {
            account: 1,
            is_expected,
            came_beside_logins,
            ..asker(credentials, 7)
        };
        for forged in 0..100 {
            watched.ask(lane, of(forged, false));
        }
        assert!((0..4).all(|person| watched.ask(lane, of(1_000 + person, true)) != Admission::Full), "{lane:?}");
        assert_eq!(watched.ask(lane, of(2_000, false)), Admission::Full, "{lane:?}: elsewhere it is full");
        watched.end(0);
        assert_eq!(watched.under_way.last(), Some(&(lane, of(1_000, true))), "{lane:?}: and they are next");
    }
}

/// Keys of an account can be made up without end, and its people cannot be told from them. Those of other accounts can.
#[test]
fn whoever_forges_many_keys_of_one_account_fills_the_lane_for_no_other() {
    let mut watched = Watched::new(Limits { under_way: 8, waiting: 8 });
    let of = |account, credentials| Asker { account, is_expected: true, ..asker(credentials, credentials % 2) };
    for forged in 0..100 {
        watched.ask(Lane::Expected, of(1, forged));
    }
    assert_eq!((watched.under_way.len(), watched.waiting.len()), (4, 8), "the lane is full");
    assert!((0..4).all(|person| watched.ask(Lane::Expected, of(2, 1_000 + person)) != Admission::Full));
    assert_eq!(watched.ask(Lane::Expected, of(1, 2_000)), Admission::Full, "for that account it is");
    let started: Vec<_> = (0..4)
        .map(|_| {
            watched.end(0);
            watched.under_way.last().expect("one more").1.account
        })
        .collect();
    assert_eq!(started, [2, 2, 2, 2], "whose account has the fewest under way is next");
}
