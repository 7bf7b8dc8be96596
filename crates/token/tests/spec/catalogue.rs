//! The catalogue of codes: complete, unique, stable, and fit for a log line.

use std::{
    collections::BTreeSet,
    fmt::{Debug, Display},
    marker::PhantomData,
};

use token::{Accepted, Confirmed, Refusal, StsRequest, Upstream, catalogue};

use crate::{confirming, refusals};

#[test]
fn codes_are_stable() {
    let codes: Vec<_> = catalogue().map(|entry| entry.code).collect();
    insta::assert_snapshot!(codes.join("\n"), @"
    token.not-aws
    token.too-long
    token.encoding
    token.url
    token.scheme
    token.host
    token.path
    token.query
    token.parameter-unknown
    token.parameter-repeated
    token.parameter-missing
    token.action
    token.version
    token.algorithm
    token.signed-headers
    token.expires
    token.date
    token.credential
    token.scope
    token.security-token
    token.signature
    token.partition
    token.expired
    token.future
    sts.signature-mismatch
    sts.signature-expired
    sts.signature-not-yet-current
    sts.incomplete-signature
    sts.unknown-access-key
    sts.expired-credentials
    sts.access-denied
    sts.unsupported-principal
    upstream.throttled
    upstream.unreachable
    upstream.timeout
    upstream.redirect
    upstream.unreadable
    upstream.inconsistent
    upstream.too-large
    upstream.server-error
    upstream.status
    ");
}

#[test]
fn codes_are_unique() {
    let codes: BTreeSet<_> = catalogue().map(|entry| entry.code).collect();
    assert_eq!(codes.len(), catalogue().count());
}

#[test]
fn every_code_comes_up_in_a_test() {
    // These have no answer that could be read: the transport alone makes them.
    let mut seen: BTreeSet<_> =
        [Upstream::Unreachable, Upstream::Timeout, Upstream::TooLarge].map(Upstream::code).into();
    // Tested by time and by partition, in `vectors` and `refusals`.
    seen.extend([Refusal::Expired, Refusal::Future, Refusal::Partition].map(Refusal::code));
    seen.extend(refusals::cases().into_iter().map(|(_, _, refusal)| refusal.code()));
    seen.extend(confirming::cases().into_iter().map(|(_, _, _, code)| code));
    seen.remove("confirmed");
    assert_eq!(seen, catalogue().map(|entry| entry.code).collect());
}

#[test]
fn every_entry_reads_well() {
    for entry in catalogue() {
        let (area, name) = entry.code.split_once('.').expect("codes are area.name");
        assert!(["token", "sts", "upstream"].contains(&area), "{}", entry.code);
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", entry.code);
        assert!(!entry.summary.ends_with('.') && !entry.summary.contains(". "), "{}", entry.summary);
        assert!(entry.summary.len() <= 80, "{}", entry.summary);
        assert!(entry.meaning.ends_with('.') && entry.fix.ends_with('.'), "{}", entry.code);
        assert_eq!(entry.to_string(), format!("{} {}", entry.meaning, entry.fix));
    }
}

#[test]
fn a_refusal_shows_its_summary_and_trouble_its_status() {
    assert_eq!(Refusal::Expired.to_string(), "the token has expired");
    assert_eq!(Upstream::Throttled.to_string(), "STS asks for fewer requests");
    assert_eq!(Upstream::ServerError(503).to_string(), "STS failed (503)");
    assert_eq!(token::Unconfirmed::from(Upstream::ServerError(503)).to_string(), "STS failed (503)");
}

/// Whether a type can be printed. The inherent constants are chosen where their bound holds, the trait's otherwise.
struct Probe<T>(PhantomData<T>);

trait NotPrintable {
    const DEBUG: bool = false;
    const DISPLAY: bool = false;
}

impl<T> NotPrintable for Probe<T> {}

impl<T: Debug> Probe<T> {
    const DEBUG: bool = true;
}

impl<T: Display> Probe<T> {
    const DISPLAY: bool = true;
}

#[test]
fn what_holds_a_signature_cannot_be_printed() {
    let printable = [
        ("Refusal", Probe::<Refusal>::DEBUG && Probe::<Refusal>::DISPLAY),
        ("Accepted", Probe::<Accepted>::DEBUG || Probe::<Accepted>::DISPLAY),
        ("StsRequest", Probe::<StsRequest<'_>>::DEBUG || Probe::<StsRequest<'_>>::DISPLAY),
        ("Confirmed", Probe::<Confirmed>::DEBUG || Probe::<Confirmed>::DISPLAY),
    ];
    let expected = [("Refusal", true), ("Accepted", false), ("StsRequest", false), ("Confirmed", false)];
    assert_eq!(printable, expected);
}
