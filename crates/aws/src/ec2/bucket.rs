//! A token bucket over the runtime's clock.

use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

/// Full at first.
#[derive(Default)]
pub(super) struct Bucket {
    /// When the bucket would be full again.
    full_at: Option<Instant>,
}

impl Bucket {
    /// When the next call may be made; it is counted as made.
    pub(super) fn next(&mut self, rate: NonZeroU32, burst: u32, now: Instant) -> Instant {
        let interval = Duration::from_secs(1) / rate.get();
        let full_at = self.full_at.map_or(now, |at| at.max(now)) + interval;
        self.full_at = Some(full_at);
        full_at.checked_sub(interval * burst.max(1)).map_or(now, |at| at.max(now))
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use tokio::time::Instant;

    use super::Bucket;

    #[test]
    fn a_burst_goes_at_once_and_what_follows_keeps_the_rate() {
        let start = Instant::now();
        let rate = NonZeroU32::new(10).expect("not zero");
        let mut bucket = Bucket::default();
        let waits: Vec<_> = (0..5).map(|_| bucket.next(rate, 3, start).duration_since(start).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200]);
        assert_eq!(bucket.next(rate, 3, start + Duration::from_secs(9)), start + Duration::from_secs(9));
    }
}
