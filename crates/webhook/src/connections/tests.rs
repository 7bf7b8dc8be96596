use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use proptest::prelude::*;
use tokio::{
    pin,
    time::{Instant, advance, timeout},
};

use super::{Bounds, Busy, Connections, Place, neighbourhood};

const MOST: usize = 4;

/// Connections of these clients, all places taken.
struct Full {
    connections: Arc<Connections>,
    places: Vec<Place>,
}

impl Full {
    /// Opened one a second.
    async fn of(clients: [u8; MOST]) -> Self {
        Self::one_each(Duration::from_secs(1), clients).await
    }

    async fn one_each(time: Duration, clients: [u8; MOST]) -> Self {
        let connections = Connections::new(bounds(MOST));
        let mut places = Vec::new();
        for client in clients {
            places.push(connections.enter(address(client)).expect("there is a place"));
            advance(time).await;
        }
        Self { connections, places }
    }

    /// Which of them go for one more of this client.
    fn go_for(&self, client: u8) -> Vec<usize> {
        assert!(self.connections.enter(address(client)).is_none(), "all places are taken");
        self.connections.make_room(address(client));
        (0..MOST).filter(|number| self.places[*number].is_crowded_out()).collect()
    }

    async fn let_in(&self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.places[number].review().await.expect("there is room").has_let_in();
        }
    }
}

fn bounds(connections: usize) -> Bounds {
    let minute = Duration::from_secs(60);
    Bounds {
        connections,
        idle_timeout: minute,
        first_request_timeout: minute,
        answer_timeout: minute,
        streams: 1_024,
        answers: 1 << 20,
    }
}

fn address(client: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, client).into()
}

#[tokio::test(start_paused = true)]
async fn the_longest_idle_goes_of_whoever_has_the_most() {
    assert_eq!(Full::of([1, 1, 1, 1]).await.go_for(9), [0]);
    assert_eq!(Full::of([1, 2, 2, 3]).await.go_for(9), [1]);
    let full = Full::of([1, 1, 2, 2]).await;
    drop(full.places[0].request());
    assert_eq!(full.go_for(9), [1], "the first has asked since");
}

#[tokio::test(start_paused = true)]
async fn one_goes_at_a_time_and_makes_room() {
    let mut full = Full::of([1, 1, 1, 1]).await;
    assert_eq!(full.go_for(9), [0]);
    assert_eq!(full.go_for(9), [0], "it has not gone yet");
    drop(full.places.remove(0));
    assert!(full.connections.enter(address(9)).is_some());
}

#[tokio::test(start_paused = true)]
async fn whoever_has_as_few_is_given_the_time_to_ask() {
    let full = Full::one_each(Duration::ZERO, [1, 1, 1, 1]).await;
    assert_eq!(full.connections.make_room(address(1)), Some(Instant::now() + full.connections.to_ask()));
    advance(full.connections.to_ask()).await;
    assert_eq!(full.go_for(1), [0]);

    let full = Full::one_each(Duration::ZERO, [1, 1, 1, 1]).await;
    assert_eq!(full.go_for(2), [0], "it is of the one who has the most");
}

/// Once, those that asked again and again kept everybody of their address out for a minute.
#[tokio::test(start_paused = true)]
async fn whoever_was_answered_has_had_the_time_however_often_they_ask() {
    let full = Full::one_each(Duration::ZERO, [1, 1, 1, 1]).await;
    full.let_in([3]).await;
    for number in [2, 0, 1] {
        advance(Duration::from_millis(1)).await;
        drop(full.places[number].request());
    }
    assert_eq!(full.go_for(1), [2]);
}

#[tokio::test(start_paused = true)]
async fn those_on_which_somebody_was_let_in_go_last_and_are_told() {
    let full = Full::of([1, 1, 1, 2]).await;
    full.let_in(0..3).await;
    assert_eq!(full.go_for(9), [3]);
    assert!(full.places[3].ends_at_once());

    let full = Full::of([1, 1, 2, 2]).await;
    full.let_in(0..MOST).await;
    assert_eq!(full.go_for(9), [0]);
    assert!(!full.places[0].ends_at_once());
}

#[tokio::test(start_paused = true)]
async fn those_on_which_somebody_was_let_in_stay_while_they_are_not_the_most() {
    let full = Full::one_each(Duration::ZERO, [1, 1, 1, 1]).await;
    full.let_in([0, 1]).await;
    let _busy = [full.places[2].request(), full.places[3].request()];
    assert_eq!(full.go_for(1), [0; 0]);
    advance(Duration::from_secs(2)).await;
    assert_eq!(full.go_for(1), [2]);

    let full = Full::one_each(Duration::ZERO, [1, 1, 1, 1]).await;
    full.let_in([0, 1, 2]).await;
    let _busy = full.places[3].request();
    assert_eq!(full.go_for(1), [0], "these are more than half");
}

#[tokio::test(start_paused = true)]
async fn those_that_are_busy_go_for_whoever_has_fewer_and_for_others_after_a_time() {
    let full = Full::of([1, 1, 1, 2]).await;
    let busy: Vec<_> = full.places[..3].iter().map(Place::request).collect();
    assert_eq!(full.go_for(1), [3]);

    let full = Full::one_each(Duration::ZERO, [1, 1, 1, 1]).await;
    let busy_too: Vec<_> = full.places.iter().map(Place::request).collect();
    assert_eq!(full.go_for(1), [0; 0]);
    assert_eq!(full.go_for(2), [0]);

    let full = Full::one_each(Duration::ZERO, [1, 1, 1, 1]).await;
    let busy_as_well: Vec<_> = full.places.iter().map(Place::request).collect();
    advance(Duration::from_secs(2)).await;
    assert_eq!(full.go_for(1), [0]);
    drop((busy, busy_too, busy_as_well));
}

/// Who is let in is given the time to finish; and may never.
#[tokio::test(start_paused = true)]
async fn one_that_does_not_go_keeps_no_other_place() {
    let full = Full::of([1, 1, 1, 1]).await;
    full.let_in(0..MOST).await;
    assert_eq!(full.go_for(9), [0]);
    let _asks_on = full.places[0].request();
    advance(Duration::from_millis(500)).await;
    assert_eq!(full.go_for(9), [0, 1]);
    assert!(full.places[0].review().await.is_err(), "nothing more is reviewed on it");
}

#[tokio::test(start_paused = true)]
async fn half_a_body_is_as_idle_as_nothing_and_makes_room_for_a_review() {
    let full = Full::of([1, 1, 1, 1]).await;
    // One place is left to connections without a review.
    let half = [full.places[0].review().await, full.places[1].review().await];
    assert_eq!(full.connections.make_room_for_review(), None, "no review waits");
    let asking = full.places[2].review();
    pin!(asking);
    assert!(timeout(Duration::ZERO, &mut asking).await.is_err(), "reviews are under way on as many as may be");
    assert_eq!(full.connections.make_room_for_review(), Some(Instant::now() + full.connections.to_ask()));
    advance(full.connections.to_ask()).await;
    assert_eq!(full.connections.make_room_for_review(), None);
    assert!(full.places[0].is_crowded_out());
    drop(half);
    assert!(asking.await.is_ok());
}

#[test]
fn a_client_has_one_ipv4_address_or_a_network_of_ipv6() {
    for (client, of) in [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::1", "::"),
    ] {
        assert_eq!(neighbourhood(client.parse().expect(client)).to_string(), of);
    }
}

/// What strangers do with a connection, all the time.
#[derive(Clone, Copy, Debug)]
enum Habit {
    SayNothing,
    /// And are answered at once.
    Ask,
    /// On two streams, so that one is always under way.
    AskInTurns,
    /// That are never answered.
    BeginReviews,
    /// Of which the body is never whole.
    BeginHalfReviews,
}

const HABITS: [Habit; 5] =
    [Habit::SayNothing, Habit::Ask, Habit::AskInTurns, Habit::BeginReviews, Habit::BeginHalfReviews];

/// A connection of somebody who is never let in.
struct Stranger {
    place: Place,
    habit: Habit,
    busy: Option<Busy>,
}

impl Stranger {
    async fn goes_on(&mut self) {
        match self.habit {
            Habit::SayNothing => {}
            Habit::Ask => drop(self.place.request()),
            Habit::AskInTurns => self.busy = Some(self.place.request()),
            Habit::BeginReviews | Habit::BeginHalfReviews if self.busy.is_some() => {}
            Habit::BeginReviews | Habit::BeginHalfReviews => {
                let review = timeout(Duration::ZERO, self.place.review()).await;
                self.busy = review.ok().and_then(Result::ok);
                if let (Habit::BeginReviews, Some(busy)) = (self.habit, &mut self.busy) {
                    busy.has_read();
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Of the same address or of another, whatever strangers do on their connections, and though somebody always waits for the next place
    /// that becomes free.
    #[test]
    fn whoever_comes_gets_in_soon_and_the_connection_of_an_api_server_stays(
        coming in prop::collection::vec((1..4_u8, prop::sample::select(&HABITS[..])), 1..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let connections = Connections::new(bounds(2 * MOST));
            let api_server = connections.enter(address(1)).expect("a place");
            api_server.review().await.expect("there is room").has_let_in();
            let (mut strangers, mut coming) = (Vec::new(), coming.iter().cycle().peekable());
            let (start, mut came) = (Instant::now(), Instant::now());
            while start.elapsed() < Duration::from_secs(6) {
                let client = address(coming.peek().expect("they come without end").0);
                match connections.enter(client) {
                    Some(place) => {
                        let (_, habit) = *coming.next().expect("they come without end");
                        strangers.push(Stranger { place, habit, busy: None });
                        came = Instant::now();
                    }
                    None => drop(connections.make_room(client)),
                }
                strangers.retain(|stranger| !stranger.place.ends_at_once());
                prop_assert!(came.elapsed() < Duration::from_secs(3), "somebody waits for {:?}", came.elapsed());
                for stranger in &mut strangers {
                    stranger.goes_on().await;
                }
                advance(Duration::from_millis(5)).await;
            }
            prop_assert!(!api_server.is_crowded_out());
            Ok(())
        })?;
    }
}
