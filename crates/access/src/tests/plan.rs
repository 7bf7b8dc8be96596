//! What a plan says, and what holds for all of them.

mod importing;
mod kinds;
mod laws;
mod printing;
mod stops;
mod world;
