//! How rarely is asked about whom, and that strangers change nothing of it for others.

use proptest::prelude::*;
use token::Upstream;
use tokio::time::{Duration, Instant};

use super::{BackOffs, CAPACITY, FORGOTTEN, LONGEST};

const WHY: Upstream = Upstream::Throttled;

/// When questions go, in milliseconds, if one comes every ten and none is answered.
fn asked(back_offs: &mut BackOffs, caller: u64, start: Instant, seconds: u64) -> Vec<u64> {
    let asked = (0..seconds * 100).map(|ten| ten * 10).filter(|millis| {
        let now = start + Duration::from_millis(*millis);
        let may = back_offs.check(caller, now).is_ok();
        if may {
            back_offs.failed(caller, false, WHY, now);
        }
        may
    });
    asked.collect()
}

#[test]
fn questions_become_rare_and_never_none() {
    let (mut back_offs, start) = (BackOffs::default(), Instant::now());
    let asked_in_a_minute = asked(&mut back_offs, 1, start, 24);
    assert_eq!(asked_in_a_minute, [0, 250, 750, 1_750, 3_750, 7_750, 11_750, 15_750, 19_750, 23_750]);
    assert_eq!(back_offs.check(1, start + Duration::from_secs(24)), Err(WHY));
    assert_eq!(back_offs.check(2, start), Ok(()), "others are asked about");
    back_offs.answered(1);
    assert_eq!(back_offs.check(1, start + Duration::from_secs(24)), Ok(()));
}

#[test]
fn those_that_were_under_way_count_once_and_one_tries() {
    let (mut back_offs, start) = (BackOffs::default(), Instant::now());
    (0..10).for_each(|_| back_offs.failed(1, false, WHY, start));
    let later = start + Duration::from_millis(250);
    assert_eq!(back_offs.check(1, later), Ok(()));
    assert_eq!(back_offs.check(1, later), Err(WHY), "one at a time");
}

#[test]
fn it_is_forgotten_after_a_while() {
    let (mut back_offs, start) = (BackOffs::default(), Instant::now());
    asked(&mut back_offs, 1, start, 24);
    let later = start + Duration::from_secs(24) + LONGEST + FORGOTTEN;
    assert!((0..10).all(|_| back_offs.check(1, later).is_ok()));
}

#[test]
fn no_more_are_kept_in_mind_than_there_are_places() {
    let (mut back_offs, start) = (BackOffs::default(), Instant::now());
    for caller in 0..2 * CAPACITY as u64 {
        back_offs.failed(caller, false, WHY, start + Duration::from_micros(caller));
    }
    assert_eq!(back_offs.0.len(), CAPACITY);
    assert!(back_offs.check(2 * CAPACITY as u64 - 1, start).is_err());
}

/// What happens to callers who are known, and to strangers.
#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(Duration),
    Known(u64, Doing),
    /// So many of them at once, each of their own key.
    Strangers(u64, Doing),
}

#[derive(Clone, Copy, Debug)]
enum Doing {
    /// A question, and what comes of it if it may go: no answer.
    AskInVain,
    Answered,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let doing = || prop_oneof![5 => Just(Doing::AskInVain), 1 => Just(Doing::Answered)];
    let step = prop_oneof![
        2 => (0..1_000_u64).prop_map(|millis| Step::Pass(Duration::from_millis(millis))),
        4 => (0..4_u64, doing()).prop_map(|(who, doing)| Step::Known(who, doing)),
        1 => (1..2 * CAPACITY as u64, doing()).prop_map(|(count, doing)| Step::Strangers(count, doing)),
    ];
    prop::collection::vec(step, 0..40)
}

/// Whether those who are known may be asked about, each time.
fn checked(steps: &[Step], with_strangers: bool) -> Vec<bool> {
    let (mut back_offs, mut now, mut checked) = (BackOffs::default(), Instant::now(), Vec::new());
    let mut take = |caller, is_known, doing, now| {
        let may = back_offs.check(caller, now).is_ok();
        match doing {
            Doing::AskInVain if may => back_offs.failed(caller, is_known, WHY, now),
            Doing::AskInVain => {}
            Doing::Answered => back_offs.answered(caller),
        }
        may
    };
    for step in steps {
        match *step {
            Step::Pass(time) => now += time,
            Step::Known(who, doing) => checked.push(take(who, true, doing, now)),
            Step::Strangers(count, doing) if with_strangers => {
                (100..100 + count).for_each(|stranger| {
                    take(stranger, false, doing, now);
                });
            }
            Step::Strangers(..) => {}
        }
    }
    checked
}

proptest! {
    // Each drives out thousands.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_strangers_do_never_changes_how_often_is_asked_about_known_callers(steps in steps()) {
        prop_assert_eq!(checked(&steps, true), checked(&steps, false));
    }
}
