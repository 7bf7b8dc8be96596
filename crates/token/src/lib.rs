//! The bearer token: describe, wrap, accept, confirm or refuse.
