//! What a plan says, and what holds for all of them.

mod importing;
mod kinds;
mod laws;
mod people;
mod printing;
mod stepping;
mod stops;
mod world;
