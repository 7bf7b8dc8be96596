//! What a plan says, and what holds for all of them.

mod all_powerful;
mod importing;
mod kinds;
mod laws;
mod needing;
mod not_known;
mod observing;
mod people;
mod printing;
mod stepping;
mod stops;
mod world;
