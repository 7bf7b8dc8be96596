//! Texts that were given: places in them, and words in them that mean something wherever they stand.

pub(crate) mod place;
pub(crate) mod placeholder;
pub(crate) mod standing;
pub(crate) mod within;
pub(crate) mod words;
