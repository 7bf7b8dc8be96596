//! Worlds that are another at each run, and can be repeated.

/// The variable that repeats a run.
pub const SEED: &str = "CLUSTER_AUTH_SEED";

/// Another world at each run, but where one is to be repeated.
#[expect(clippy::disallowed_methods, reason = "a seed to repeat a run by has nowhere else to come from")]
pub fn seed() -> anyhow::Result<u64> {
    match std::env::var(SEED) {
        Ok(seed) => Ok(seed.parse()?),
        Err(_) => Ok(crate::sts::now().as_microsecond().unsigned_abs()),
    }
}

/// Prints a line into the log of the run.
#[expect(clippy::print_stdout, reason = "the seed that repeats this run belongs into its log")]
pub fn say(text: &str) {
    println!("{text}");
}

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to before `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or_default()
    }

    /// One of them.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// One to `max` + 1 of them, some perhaps twice.
    pub fn some<T: Copy>(&mut self, of: &[T], max: usize) -> Vec<T> {
        (0..=self.below(max)).map(|_| self.one(of)).collect()
    }
}
