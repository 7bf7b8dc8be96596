//! What a plan says, and what holds for all of them.

mod kinds;
mod laws;
mod needing;
mod observing;
mod printing;
mod stops;
mod world;
