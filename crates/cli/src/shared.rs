//! What several commands share, and no command by itself: flags that many have, and what is done with them.

pub(crate) mod access;
pub(crate) mod analysis;
pub(crate) mod observe;
pub(crate) mod output;
pub(crate) mod planning;
pub(crate) mod terminal;
pub(crate) mod token_review;
pub(crate) mod transport;
