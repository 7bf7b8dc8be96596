//! What is allowed, as cases; that the API server says the same is tested with it, end to end.

mod authorize;
mod dump;
mod escalation;
mod names;
mod resources;
mod user;
