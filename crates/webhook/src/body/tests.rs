//! Which unfinished bodies go.

use tokio::time::{Duration, advance};

use super::{Bodies, Limits, Reading, STREAM};

fn bodies(most: usize) -> Bodies {
    Bodies::new(Limits { length: 1_000, together: most * STREAM, time: Duration::from_secs(5) })
}

fn is_to_go(reading: &Reading<'_>) -> bool {
    !reading.bodies.lock().bodies.contains_key(&reading.number)
}

fn to_go(readings: &[Reading<'_>]) -> Vec<usize> {
    (0..readings.len()).filter(|at| is_to_go(&readings[*at])).collect()
}

/// Whatever comes on all connections there can be, on as many streams as each has.
#[tokio::test(start_paused = true)]
async fn streams_of_which_nothing_comes_are_as_many_as_may_be() {
    let bodies = bodies(512);
    let mut readings = Vec::new();
    for connection in 0..256 {
        readings.extend((0..128).map(|_| bodies.begin(connection, false)));
        let left = readings.len() - to_go(&readings).len();
        assert!(left <= 512, "{left}");
        readings.retain(|reading| !is_to_go(reading));
    }
    assert_eq!(readings.len(), 512);
    drop(readings);
    let unfinished = bodies.lock();
    assert_eq!((unfinished.bytes, unfinished.bodies.len(), unfinished.of_connections.len()), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn whose_unfinished_bodies_have_been_there_longest_goes() {
    let bodies = bodies(4);
    let second = Duration::from_secs(1);
    let mut readings = vec![bodies.begin(1, false)];
    advance(second).await;
    readings.extend([bodies.begin(2, false), bodies.begin(2, false)]);
    advance(second * 2).await;
    // Three seconds of one, and four of the other.
    readings.extend([bodies.begin(3, false), bodies.begin(4, false)]);
    assert_eq!(to_go(&readings), [1], "the oldest of the connection with the most");
    readings.push(bodies.begin(4, false));
    assert_eq!(to_go(&readings), [0, 1]);
    drop(readings.remove(0));
    assert_eq!(bodies.lock().bytes, 4 * STREAM);
}

/// Fresh bodies of many connections, each there for a moment, while an API server's waits.
#[tokio::test(start_paused = true)]
async fn connections_on_which_somebody_was_let_in_go_last() {
    let bodies = bodies(4);
    let let_in = bodies.begin(1, true);
    advance(Duration::from_secs(4)).await;
    let strangers: Vec<_> = (2..8).map(|connection| bodies.begin(connection, false)).collect();
    assert!(!is_to_go(&let_in));
    assert_eq!(to_go(&strangers), [0, 1, 2]);
    drop(strangers);
    let of_api_servers: Vec<_> = (8..12).map(|connection| bodies.begin(connection, true)).collect();
    assert!(is_to_go(&let_in), "among themselves the oldest goes");
    drop(of_api_servers);
}
