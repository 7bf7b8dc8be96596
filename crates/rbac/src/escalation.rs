//! Which rights let their holder become more.
