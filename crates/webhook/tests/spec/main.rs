//! The server from outside: every kind of request and what it answers, STS asked as seldom as possible, bounds kept, and
//! nothing secret said. STS is the sandbox, over TLS, with its faults.

mod answers;
mod attacks;
mod bounds;
mod clock;
mod once;
mod probes;
mod shadow;
mod stage;
