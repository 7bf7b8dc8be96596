//! What a token may be, what becomes of it, and what every refusal looks like.

mod catalogue;
mod confirming;
mod duplicates;
mod fixture;
mod laws;
mod refusals;
mod vectors;
