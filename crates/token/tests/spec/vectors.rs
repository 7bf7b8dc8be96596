//! Every token of the usual clients is accepted, and its request is the one that was signed.

use jiff::{SignedDuration, ToSpan as _};
use token::{ClusterId, ClusterIdError, Rules, accept, describe, wrap};

use crate::fixture::{Vector, outcome};

#[test]
fn every_vector_for_an_aws_host_is_accepted_and_rebuilt_as_it_was_signed() {
    let (aws, elsewhere): (Vec<_>, Vec<_>) =
        Vector::all().into_iter().partition(|vector| vector.name != "endpoint override");
    assert_eq!((aws.len(), elsewhere.len()), (11, 1));

    for vector in aws {
        let name = &vector.name;
        assert_eq!(wrap(&vector.url), vector.token, "{name}");
        assert_eq!(outcome(vector.accept(&vector.token)), "accepted", "{name}");

        let accepted = vector.accept(&vector.token).expect("accepted a line above");
        assert_eq!(accepted.access_key_id(), vector.access_key_id, "{name}");
        assert_eq!(accepted.signed_at(), vector.signed_at(), "{name}");
        assert_eq!(accepted.valid_until(), vector.signed_at() + 15.minutes(), "{name}");

        let request = accepted.request();
        let (query, signature) =
            request.path_and_query.split_once("&X-Amz-Signature=").expect("the signature comes last");
        assert_eq!(signature, vector.signature, "{name}");
        let [(host, host_value), (id, id_value), accept] = &request.headers;
        assert_eq!(*accept, ("accept", "application/json".to_owned()), "{name}");
        assert_eq!(host_value, request.host, "{name}");
        // SHA-256 of nothing: the request has no body.
        let payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let query = query.strip_prefix("/?").expect("the path is /");
        assert_eq!(
            format!("GET\n/\n{query}\n{host}:{host_value}\n{id}:{id_value}\n\n{host};{id}\n{payload}"),
            vector.canonical_request,
            "{name}"
        );
    }
    for vector in elsewhere {
        assert_eq!(outcome(vector.accept(&vector.token)), "token.scheme");
        assert_eq!(outcome(vector.accept_url(&vector.url.replacen("http", "https", 1))), "token.host");
    }
}

#[test]
fn the_order_of_the_go_sdk_is_accepted_too() {
    let vector = Vector::with_session();
    let (base, query) = vector.url.split_once('?').expect("the URL has a query");
    let mut pairs: Vec<_> = query.split('&').collect();
    pairs.sort_unstable();
    let sorted = format!("{base}?{}", pairs.join("&"));
    assert_ne!(sorted, vector.url, "botocore does not sort");

    let (go, botocore) = (vector.accept_url(&sorted).ok(), vector.accept_url(&vector.url).ok());
    let url = |accepted: &Option<token::Accepted>| accepted.as_ref().map(|accepted| accepted.request().url());
    assert!(go.is_some());
    assert_eq!(url(&go), url(&botocore));
}

#[test]
fn a_token_is_good_from_a_minute_before_its_date_until_fifteen_after() {
    let vector = Vector::with_session();
    let cases = [
        ("long before", -900, "token.future"),
        ("just outside the skew", -61, "token.future"),
        ("at the skew", -60, "accepted"),
        ("as signed", 0, "accepted"),
        ("past X-Amz-Expires, which STS ignores", 61, "accepted"),
        ("last second", 899, "accepted"),
        ("the end", 900, "token.expired"),
        ("later", 86_400, "token.expired"),
    ];
    for (name, seconds, expected) in cases {
        let now = vector.signed_at() + SignedDuration::from_secs(seconds);
        assert_eq!(outcome(accept(&vector.token, &vector.cluster(), &vector.rules(), now)), expected, "{name}");
    }
}

#[test]
fn the_limit_on_length_counts_the_whole_token() {
    let vector = Vector::with_session();
    let at = |max_length| {
        let rules = Rules { max_length, ..Rules::default() };
        outcome(accept(&vector.token, &vector.cluster(), &rules, vector.signed_at()))
    };
    assert_eq!(at(vector.token.len()), "accepted");
    assert_eq!(at(vector.token.len() - 1), "token.too-long");
}

#[test]
fn the_cache_key_differs_for_another_token_or_cluster() {
    let vector = Vector::with_session();
    let other = ClusterId::parse("other").expect("a valid id");
    let key = |token: &str, cluster: &ClusterId| {
        accept(token, cluster, &vector.rules(), vector.signed_at()).expect("a good token").cache_key()
    };
    let here = key(&vector.token, &vector.cluster());
    assert_eq!(here, key(&vector.token, &vector.cluster()));
    assert_ne!(here, key(&vector.token, &other));
    assert_ne!(here, key(&wrap(&vector.url.replace("Expires=60", "Expires=61")), &vector.cluster()));
}

#[test]
fn no_text_moved_from_token_to_cluster_id_keeps_the_cache_key() {
    let vector = Vector::with_session();
    let (base, query) = vector.url.split_once('?').expect("the URL has a query");
    // The security token comes last, so that the URL can grow at its end, by whole groups of base64.
    let (last, mut pairs): (Vec<_>, Vec<_>) = query.split('&').partition(|pair| pair.starts_with("X-Amz-Security"));
    pairs.extend(last);
    let mut url = format!("{base}?{}", pairs.join("&"));
    while url.len() % 3 != 0 {
        url.push('a');
    }
    let (short, long) = (wrap(&url), wrap(&format!("{url}xyz")));
    let moved = long.strip_prefix(&short).expect("whole groups only add to the text");

    let key = |token: &str, cluster: &str| {
        let cluster = ClusterId::parse(cluster).expect("a valid id");
        accept(token, &cluster, &vector.rules(), vector.signed_at()).expect("a good token").cache_key()
    };
    assert_ne!(key(&long, "prod"), key(&short, &format!("{moved}prod")));
}

#[test]
fn a_description_leaves_the_secrets_out() {
    let vector = Vector::with_session();
    let description = describe(&vector.token).expect("a good token");
    insta::assert_debug_snapshot!(description, @r#"
    Description {
        host: StsHost {
            host: "sts.us-west-2.amazonaws.com",
            region: "us-west-2",
            partition: Aws,
        },
        access_key_id: "ASIAIOSFODNN7EXAMPLE",
        signed_at: 2026-01-02T03:04:05Z,
        valid_until: 2026-01-02T03:19:05Z,
        expires: 60,
        signed_headers: [
            "host",
            "x-k8s-aws-id",
        ],
        has_security_token: true,
    }
    "#);
    let shown = format!("{description:?}");
    let session_token = vector.session_token.expect("a vector of temporary credentials");
    assert!(!shown.contains(&vector.signature) && !shown.contains(&session_token[..8]));
}

#[test]
fn cluster_ids_are_kept_as_they_are_signed() {
    let cases = [
        ("my-cluster", Ok("my-cluster")),
        ("prod.example.com", Ok("prod.example.com")),
        ("  my  cluster ", Ok("my cluster")),
        ("", Err(ClusterIdError::Empty)),
        ("   ", Err(ClusterIdError::Empty)),
        ("a\tb", Err(ClusterIdError::Character)),
        ("a\r\nx-evil: 1", Err(ClusterIdError::Character)),
        ("a\0", Err(ClusterIdError::Character)),
        ("clüster", Err(ClusterIdError::Character)),
    ];
    for (text, expected) in cases {
        let id = ClusterId::parse(text);
        assert_eq!(id.as_ref().map(ClusterId::as_str), expected.as_ref().copied(), "{text:?}");
    }
}
