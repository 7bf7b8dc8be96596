//! One canonical way to each local refusal, and the other ways that look different.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use token::{Refusal, accept, wrap};

use crate::fixture::{Vector, outcome, raw};

/// Name, token, expected refusal. All for the server and the moment of [`Vector::with_session`].
pub(crate) fn cases() -> Vec<(&'static str, String, Refusal)> {
    let good = Vector::with_session();
    let mut cases = whole_tokens(&good);
    for (name, from, to, refusal) in EDITS {
        assert!(good.url.contains(from), "{name}: there is nothing to replace");
        cases.push((name, wrap(&good.url.replacen(from, to, 1)), *refusal));
    }
    cases
}

#[test]
fn each_is_refused_for_its_own_reason() {
    let good = Vector::with_session();
    for (name, token, refusal) in cases() {
        assert_eq!(outcome(good.accept(&token)), refusal.code(), "{name}");
    }
}

#[test]
fn every_parameter_but_the_security_token_is_required() {
    let good = Vector::with_session();
    let (base, query) = good.url.split_once('?').expect("the URL has a query");
    for left_out in query.split('&') {
        let rest: Vec<_> = query.split('&').filter(|pair| *pair != left_out).collect();
        let expected =
            if left_out.starts_with("X-Amz-Security-Token") { "accepted" } else { "token.parameter-missing" };
        let without = format!("{base}?{}", rest.join("&"));
        assert_eq!(outcome(good.accept_url(&without)), expected, "{left_out}");
    }
}

#[test]
fn a_token_of_another_kind_is_called_so_whatever_its_size() {
    let good = Vector::with_session();
    for foreign in
        ["", "k8s-aws-v1", "K8S-AWS-V1.aHR0", "k8s-aws-v2.aHR0", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", &"x".repeat(1 << 20)]
    {
        assert_eq!(outcome(good.accept(foreign)), "token.not-aws");
    }
}

fn whole_tokens(good: &Vector) -> Vec<(&'static str, String, Refusal)> {
    let encoded = BASE64_URL_SAFE_NO_PAD.encode(&good.url);
    // The URL's length leaves unused bits in the last character; a lax decoder ignores them.
    assert_ne!(good.url.len() % 3, 0, "the case below needs spare bits");
    let last = encoded.chars().last().expect("not empty");
    let stray = char::from(u8::try_from(last).expect("ASCII") + 1);
    let with_stray_bits = format!("{}{stray}", &encoded[..encoded.len() - 1]);
    vec![
        ("nothing", String::new(), Refusal::NotAws),
        ("blank before", format!(" {}", good.token), Refusal::NotAws),
        ("too long", raw(&"A".repeat(4096)), Refusal::TooLong),
        ("standard alphabet", raw("aHR0cHM6Ly9+/w"), Refusal::Encoding),
        ("padding", raw("aHR0cA=="), Refusal::Encoding),
        ("stray bits at the end", raw(&with_stray_bits), Refusal::Encoding),
        ("line break at the end", format!("{}\n", good.token), Refusal::Encoding),
        ("line break inside", raw("aHR0\ncHM6"), Refusal::Encoding),
        ("prefix twice", raw(&good.token), Refusal::Encoding),
        ("not UTF-8", raw(&BASE64_URL_SAFE_NO_PAD.encode(b"https://\xff")), Refusal::Encoding),
        ("nothing after the prefix", raw(""), Refusal::Url),
        ("no URL", wrap("hello"), Refusal::Url),
        ("no query", wrap("https://sts.us-west-2.amazonaws.com/"), Refusal::ParameterMissing),
        ("empty query", wrap("https://sts.us-west-2.amazonaws.com/?"), Refusal::ParameterMissing),
    ]
}

/// Name, what to replace in the good URL (its first occurrence), with what, and what comes of it.
const EDITS: &[(&str, &str, &str, Refusal)] = &[
    ("relative", "https://", "", Refusal::Url),
    ("no authority", "https://", "//", Refusal::Url),
    ("blank before", "https", " https", Refusal::Url),
    ("line break before", "https", "\nhttps", Refusal::Url),
    ("not ASCII", "Action", "Äction", Refusal::Url),
    ("NUL", "Action", "\0Action", Refusal::Url),
    ("fragment", "&X-Amz-Signature", "#&X-Amz-Signature", Refusal::Url),
    ("backslash for slash", ".com/?", ".com\\?", Refusal::Url),
    ("http", "https", "http", Refusal::Scheme),
    ("upper-case scheme", "https", "HTTPS", Refusal::Scheme),
    ("another scheme", "https", "file", Refusal::Scheme),
    ("scheme twice", "https://", "https://https://", Refusal::Host),
    ("foreign host", "sts.us-west-2.amazonaws.com", "example.com", Refusal::Host),
    ("AWS host as prefix", "amazonaws.com", "amazonaws.com.example.com", Refusal::Host),
    ("AWS host as suffix", "https://sts", "https://evilsts", Refusal::Host),
    ("AWS host as user", "amazonaws.com", "amazonaws.com@example.com", Refusal::Host),
    ("user info", "https://", "https://user:password@", Refusal::Host),
    ("empty user info", "https://", "https://@", Refusal::Host),
    ("port", "amazonaws.com", "amazonaws.com:443", Refusal::Host),
    ("empty port", "amazonaws.com", "amazonaws.com:", Refusal::Host),
    ("trailing dot", "amazonaws.com", "amazonaws.com.", Refusal::Host),
    ("upper-case host", "sts.us-west-2", "STS.us-west-2", Refusal::Host),
    ("encoded host", "sts.us-west-2", "sts%2Eus-west-2", Refusal::Host),
    ("another service", "https://sts.", "https://s3.", Refusal::Host),
    ("no Region there", "sts.us-west-2", "sts.evil", Refusal::Host),
    ("suffix of another partition", "amazonaws.com", "amazonaws.com.cn", Refusal::Host),
    ("IPv6", "sts.us-west-2.amazonaws.com", "[::1]", Refusal::Host),
    ("no host", "sts.us-west-2.amazonaws.com", "", Refusal::Host),
    ("no path", ".com/?", ".com?", Refusal::Path),
    ("another path", ".com/?", ".com/latest/?", Refusal::Path),
    ("double slash", ".com/?", ".com//?", Refusal::Path),
    ("dot segment", ".com/?", ".com/./?", Refusal::Path),
    ("path parameter", ".com/?", ".com/;a=b?", Refusal::Path),
    ("no question mark", ".com/?", ".com/", Refusal::Path),
    ("plus sign", "us-west-2%2Fsts", "us-west-2+sts", Refusal::Query),
    ("plus sign in the session token", "%2B", "+", Refusal::Query),
    ("lower-case escape", "%2F2026", "%2f2026", Refusal::Query),
    ("raw slash", "%2F2026", "/2026", Refusal::Query),
    ("needless escape in a value", "=GetCaller", "=%47etCaller", Refusal::Query),
    ("needless escape in a name", "X-Amz-Date", "X%2DAmz-Date", Refusal::Query),
    ("half an escape", "Expires=60", "Expires=60%", Refusal::Query),
    ("no hexadecimal escape", "Expires=60", "Expires=60%ZZ", Refusal::Query),
    ("escape of an escape's sign", "Expires=60", "Expires=%256", Refusal::Expires),
    ("encoded NUL", "Expires=60", "Expires=60%00", Refusal::Query),
    ("encoded line break", "=GetCallerIdentity", "=GetCallerIdentity%0D%0A", Refusal::Query),
    ("encoded blank", "=GetCallerIdentity", "=GetCallerIdentity%20", Refusal::Query),
    ("encoded non-UTF-8", "Token=", "Token=%FF", Refusal::Query),
    ("encoded non-ASCII", "Token=", "Token=%C3%A9", Refusal::Query),
    ("semicolon for ampersand", "&Version", ";Version", Refusal::Query),
    ("name without a value", "Expires=60", "Expires", Refusal::Query),
    ("empty pair", "&Version", "&&Version", Refusal::Query),
    ("second question mark", "/?Action", "/??Action", Refusal::Query),
    ("equals sign in a value", "Expires=60", "Expires==60", Refusal::Query),
    ("unknown parameter", "&Version", "&RoleArn=x&Version", Refusal::ParameterUnknown),
    ("empty name", "&Version", "&=x&Version", Refusal::ParameterUnknown),
    ("another spelling", "X-Amz-Date", "x-amz-date", Refusal::ParameterUnknown),
    ("a parameter of IAM's list form", "&Version", "&Tags.1=x&Version", Refusal::ParameterUnknown),
    ("repeated", "&Version", "&Action=GetCallerIdentity&Version", Refusal::ParameterRepeated),
    ("repeated in lower case", "&Version", "&action=AssumeRole&Version", Refusal::ParameterRepeated),
    ("missing", "&Version=2011-06-15", "", Refusal::ParameterMissing),
    ("another action", "GetCallerIdentity", "AssumeRole", Refusal::Action),
    ("action in another case", "GetCallerIdentity", "getcalleridentity", Refusal::Action),
    ("empty action", "GetCallerIdentity", "", Refusal::Action),
    ("another version", "2011-06-15", "2010-05-08", Refusal::Version),
    ("another algorithm", "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", Refusal::Algorithm),
    ("cluster id not signed", "host%3Bx-k8s-aws-id", "host", Refusal::SignedHeaders),
    ("host not signed", "host%3Bx-k8s-aws-id", "x-k8s-aws-id", Refusal::SignedHeaders),
    ("a header more", "host%3Bx-k8s-aws-id", "accept%3Bhost%3Bx-k8s-aws-id", Refusal::SignedHeaders),
    ("headers unsorted", "host%3Bx-k8s-aws-id", "x-k8s-aws-id%3Bhost", Refusal::SignedHeaders),
    ("header twice", "host%3Bx", "host%3Bhost%3Bx", Refusal::SignedHeaders),
    ("headers in upper case", "host%3B", "Host%3B", Refusal::SignedHeaders),
    ("expires too late", "Expires=60", "Expires=901", Refusal::Expires),
    ("expires beyond any number", "Expires=60", "Expires=99999999999999999999", Refusal::Expires),
    ("expires negative", "Expires=60", "Expires=-1", Refusal::Expires),
    ("expires with a sign", "Expires=60", "Expires=%2B60", Refusal::Expires),
    ("expires with a leading zero", "Expires=60", "Expires=060", Refusal::Expires),
    ("expires empty", "Expires=60", "Expires=", Refusal::Expires),
    ("date of another form", "20260102T030405Z", "2026-01-02T03%3A04%3A05Z", Refusal::Date),
    ("date without a zone", "20260102T030405Z", "20260102T030405", Refusal::Date),
    ("date in lower case", "20260102T030405Z", "20260102t030405z", Refusal::Date),
    ("date with a sign", "20260102T030405Z", "-2260102T030405Z", Refusal::Date),
    ("hour with a sign", "T030405Z", "T%2B30405Z", Refusal::Date),
    ("day of three digits", "=20260102T", "=202601002T", Refusal::Date),
    ("day of one digit", "=20260102T", "=2026012T", Refusal::Date),
    ("second of one digit", "T030405Z", "T03045Z", Refusal::Date),
    ("no such month", "20260102T030405Z", "20261302T030405Z", Refusal::Date),
    ("no such day", "20260102T030405Z", "20260230T030405Z", Refusal::Date),
    ("no such second", "20260102T030405Z", "20260102T030460Z", Refusal::Date),
    ("beyond the end of time", "20260102T030405Z", "99991231T235959Z", Refusal::Date),
    ("valid beyond the end of time", "20260102T030405Z", "99991230T215959Z", Refusal::Date),
    ("no scope", "%2F20260102%2Fus-west-2%2Fsts%2Faws4_request", "", Refusal::Credential),
    ("access key id too short", "ASIAIOSFODNN7EXAMPLE", "ASIA", Refusal::Credential),
    ("access key id with other characters", "ASIAIOSFODNN7EXAMPLE", "ASIA%22IOSFODNN7EXAMPLE", Refusal::Credential),
    ("scope of another day", "%2F20260102%2F", "%2F20260101%2F", Refusal::Scope),
    ("scope of another Region", "%2Fus-west-2%2F", "%2Fus-east-1%2F", Refusal::Scope),
    ("scope of another service", "%2Fsts%2F", "%2Fiam%2F", Refusal::Scope),
    ("another terminator", "aws4_request", "aws4_requests", Refusal::Scope),
    ("scope too long", "aws4_request", "aws4_request%2Fx", Refusal::Scope),
    ("host of another Region than the scope", "sts.us-west-2", "sts.us-east-1", Refusal::Scope),
    ("global host, regional scope", "sts.us-west-2.amazonaws", "sts.amazonaws", Refusal::Scope),
    ("empty session token", "IQoJb3JpZ2luX2VjEAAaCXVzLXdlc3QtMiJ%2F%2B%3Dabc%3D%3D", "", Refusal::SecurityToken),
    ("short signature", "X-Amz-Signature=8", "X-Amz-Signature=", Refusal::Signature),
    ("long signature", "X-Amz-Signature=8", "X-Amz-Signature=88", Refusal::Signature),
    ("signature in upper case", "Signature=877fd", "Signature=877FD", Refusal::Signature),
    ("signature not hexadecimal", "Signature=877fd", "Signature=877gd", Refusal::Signature),
];

#[test]
fn a_host_of_the_own_region_is_known_and_no_other_of_such_a_name() {
    let good = Vector::with_session();
    let url = good.url.replace("us-west-2", "xz-other-3");
    assert_eq!(outcome(good.accept_url(&url)), "token.host");
    let mut rules = good.rules();
    rules.own_hosts = identity::StsHost::of_own_region("xz-other-3", identity::Partition::Aws);
    let with_own = |url: &str| outcome(accept(&wrap(url), &good.cluster(), &rules, good.signed_at()));
    assert_eq!(with_own(&url), "accepted");
    assert_eq!(with_own(&url.replace("xz-other-3.amazonaws", "xz-other-4.amazonaws")), "token.host");
    assert_eq!(with_own(&url.replace("amazonaws.com", "example.com")), "token.host");
    assert_eq!(with_own(&good.url), "accepted");
    // It counts for the server's partition alone.
    rules.partitions = identity::Partition::AwsCn.into();
    assert_eq!(outcome(accept(&wrap(&url), &good.cluster(), &rules, good.signed_at())), "token.partition");
}

#[test]
fn the_hosts_of_other_partitions_are_refused_although_genuine() {
    for vector in Vector::all() {
        if !matches!(vector.name.as_str(), "cn" | "gov") {
            continue;
        }
        let commercial = Vector::with_session();
        assert_eq!(outcome(commercial.accept(&vector.token)), "token.partition", "{}", vector.name);
        assert_eq!(outcome(vector.accept(&commercial.token)), "token.partition", "{}", vector.name);
    }
}
