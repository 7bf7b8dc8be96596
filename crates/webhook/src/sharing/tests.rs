//! How many wait for one answer.

use super::{MOST, MOST_OF_ONE, Sharing};

#[test]
fn so_many_share_one_question_and_so_many_share_any() {
    let sharing = Sharing::default();
    let mut shares: Vec<_> = (0..1_000).filter_map(|_| sharing.join([0; 32])).collect();
    assert_eq!(shares.len(), MOST_OF_ONE);
    let tokens = (1..=u8::MAX).flat_map(|token| [[token; 32]; 8]);
    shares.extend(tokens.filter_map(|token| sharing.join(token)));
    assert_eq!(shares.len(), MOST + 1 + usize::from(u8::MAX), "the first of each token, and so many besides");
    drop(shares);
    let counts = sharing.lock();
    assert_eq!((counts.others, counts.of_token.len()), (0, 0));
}
