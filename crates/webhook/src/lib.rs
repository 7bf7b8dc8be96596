//! The TokenReview server.
