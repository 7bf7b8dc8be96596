//! What STS's answers mean: yes, no, or nothing.

use token::{Accepted, Confirmed, Unconfirmed, confirm};

use crate::fixture::Vector;

fn accepted() -> Accepted {
    let vector = Vector::with_session();
    vector.accept(&vector.token).expect("a good token")
}

fn outcome(status: u16, body: &str) -> &'static str {
    confirm(&accepted(), status, body.as_bytes()).map_or_else(Unconfirmed::code, |_| "confirmed")
}

fn answer(arn: &str, account: &str, user_id: &str) -> String {
    format!(
        r#"{{"GetCallerIdentityResponse":{{"GetCallerIdentityResult":{{"Account":"{account}","Arn":"{arn}","UserId":"{user_id}"}},"ResponseMetadata":{{"RequestId":"01234567-89ab-cdef-0123-456789abcdef"}}}}}}"#
    )
}

fn error(code: &str, message: &str) -> String {
    format!(r#"{{"Error":{{"Code":"{code}","Message":"{message}","Type":"Sender"}},"RequestId":"01234567"}}"#)
}

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";

#[test]
fn every_kind_of_caller_is_confirmed() {
    let session = "arn:aws:sts::111122223333:assumed-role/Admin/alice@example.com";
    let federated = "arn:aws:sts::111122223333:federated-user/bob";
    let cases = [
        (ALICE, "AIDAEXAMPLE", ALICE),
        ("arn:aws:iam::111122223333:user/ops/bob", "AIDAEXAMPLE", "arn:aws:iam::111122223333:user/ops/bob"),
        (session, "AROAEXAMPLE:alice@example.com", "arn:aws:iam::111122223333:role/Admin"),
        (federated, "111122223333:bob", federated),
        ("arn:aws:iam::111122223333:root", "111122223333", "arn:aws:iam::111122223333:root"),
    ];
    let accepted = accepted();
    for (arn, user_id, canonical) in cases {
        let confirmed: Confirmed = confirm(&accepted, 200, answer(arn, "111122223333", user_id).as_bytes())
            .ok()
            .unwrap_or_else(|| panic!("{arn} was not confirmed"));
        assert_eq!(confirmed.identity().arn(), arn);
        assert_eq!(confirmed.identity().canonical_arn(), canonical);
        assert_eq!(confirmed.access_key_id(), "ASIAIOSFODNN7EXAMPLE");
        assert_eq!(confirmed.host(), accepted.host());
        assert_eq!(confirmed.valid_until(), accepted.valid_until());
    }
}

#[test]
fn members_that_aws_may_add_do_not_lock_everybody_out() {
    let grown = answer(ALICE, "111122223333", "AIDAEXAMPLE").replace(r#""UserId""#, r#""New":{"x":[1]},"UserId""#);
    assert_eq!(outcome(200, &grown), "confirmed");
}

/// Name, status, body, expected code.
pub(crate) fn cases() -> Vec<(&'static str, u16, String, &'static str)> {
    let good = answer(ALICE, "111122223333", "AIDAEXAMPLE");
    let mismatch = "SignatureDoesNotMatch";
    let expired =
        "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T031906Z - 15 min.)";
    let future =
        "Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z (20260102T024904Z + 15 min.)";
    let wrong = "The request signature we calculated does not match the signature you provided.";
    let twice = good.replace(r#""Arn":"#, r#""Arn":"arn:aws:iam::111122223333:user/eve","Arn":"#);
    vec![
        ("wrong key or cluster", 403, error(mismatch, wrong), "sts.signature-mismatch"),
        ("no message", 403, r#"{"Error":{"Code":"SignatureDoesNotMatch"}}"#.to_owned(), "sts.signature-mismatch"),
        ("too old for AWS", 403, error(mismatch, expired), "sts.signature-expired"),
        ("too old, elsewhere in the message", 403, error(mismatch, "x Signature expired"), "sts.signature-mismatch"),
        ("too old, the documented code", 400, error("RequestExpired", ""), "sts.signature-expired"),
        ("too new for AWS", 403, error(mismatch, future), "sts.signature-not-yet-current"),
        ("malformed for AWS", 400, error("IncompleteSignature", ""), "sts.incomplete-signature"),
        ("malformed for AWS, as 403", 403, error("IncompleteSignature", ""), "sts.incomplete-signature"),
        (
            "unknown key",
            403,
            error("InvalidClientTokenId", "The security token included in the request is invalid."),
            "sts.unknown-access-key",
        ),
        (
            "session over",
            403,
            error("ExpiredToken", "The security token included in the request is expired"),
            "sts.expired-credentials",
        ),
        ("endpoint policy", 403, error("AccessDenied", ""), "sts.access-denied"),
        (
            "caller of an unknown kind",
            200,
            answer("arn:aws:sts::111122223333:new-thing/x", "111122223333", "AIDAEXAMPLE"),
            "sts.unsupported-principal",
        ),
        (
            "a role, which cannot call",
            200,
            answer("arn:aws:iam::111122223333:role/Admin", "111122223333", "AROAEXAMPLE"),
            "sts.unsupported-principal",
        ),
        // Trouble: nobody said no.
        ("throttled", 400, error("Throttling", "Rate exceeded"), "upstream.throttled"),
        ("throttled, newer name", 400, error("ThrottlingException", ""), "upstream.throttled"),
        ("throttled, EC2's name", 400, error("RequestLimitExceeded", ""), "upstream.throttled"),
        ("throttled by a proxy", 429, String::new(), "upstream.throttled"),
        ("the word in a message only", 403, error(mismatch, "Throttling"), "sts.signature-mismatch"),
        ("the word in a page", 403, "<html>Throttling</html>".to_owned(), "upstream.unreadable"),
        ("redirect", 301, String::new(), "upstream.redirect"),
        ("temporary redirect with a good body", 307, good.clone(), "upstream.redirect"),
        ("server error", 500, error("InternalFailure", ""), "upstream.server-error"),
        ("server error with a denial in it", 503, error(mismatch, wrong), "upstream.server-error"),
        ("server error with a good body", 502, good.clone(), "upstream.server-error"),
        ("no content", 204, String::new(), "upstream.status"),
        ("another success", 201, good.clone(), "upstream.status"),
        ("no status at all", 0, good.clone(), "upstream.status"),
        ("informational", 100, String::new(), "upstream.status"),
        ("unknown code", 403, error("SomethingNew", ""), "upstream.status"),
        ("our request is not understood", 400, error("InvalidAction", ""), "upstream.status"),
        ("code in another case", 403, error("accessdenied", ""), "upstream.status"),
        ("proxy wants a password", 407, String::new(), "upstream.unreadable"),
        (
            "error in XML",
            403,
            "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>".to_owned(),
            "upstream.unreadable",
        ),
        ("error code twice", 403, r#"{"Error":{"Code":"X","Code":"AccessDenied"}}"#.to_owned(), "upstream.unreadable"),
        (
            "a list of the fields",
            200,
            format!(r#"[[["111122223333","{ALICE}","AIDAEXAMPLE"]]]"#),
            "upstream.unreadable",
        ),
        (
            "a list in an object",
            200,
            format!(r#"{{"GetCallerIdentityResponse":[["111122223333","{ALICE}","AIDAEXAMPLE"]]}}"#),
            "upstream.unreadable",
        ),
        ("an error as a list", 403, r#"[["AccessDenied",""]]"#.to_owned(), "upstream.unreadable"),
        ("empty", 200, String::new(), "upstream.unreadable"),
        ("page", 200, "<html>sign in</html>".to_owned(), "upstream.unreadable"),
        ("answer in XML", 200, "<GetCallerIdentityResponse/>".to_owned(), "upstream.unreadable"),
        ("null", 200, "null".to_owned(), "upstream.unreadable"),
        ("error with status 200", 200, error(mismatch, ""), "upstream.unreadable"),
        ("cut", 200, good[..good.len() - 1].to_owned(), "upstream.unreadable"),
        ("text after", 200, format!("{good}{good}"), "upstream.unreadable"),
        ("field twice", 200, twice, "upstream.unreadable"),
        ("field missing", 200, good.replace(r#""UserId":"AIDAEXAMPLE""#, r#""X":"Y""#), "upstream.unreadable"),
        ("field in another case", 200, good.replace("Arn", "arn"), "upstream.unreadable"),
        ("field of another type", 200, good.replace(r#""111122223333","#, "111122223333,"), "upstream.unreadable"),
        ("another call's answer", 200, good.replace("GetCallerIdentity", "AssumeRole"), "upstream.unreadable"),
        ("something beside the answer", 200, good.replacen('{', r#"{"x":1,"#, 1), "upstream.unreadable"),
        ("something around the answer", 200, format!("[{good}]"), "upstream.unreadable"),
        ("deep", 200, "[".repeat(100_000), "upstream.unreadable"),
        ("account of another", 200, answer(ALICE, "444455556666", "AIDAEXAMPLE"), "upstream.inconsistent"),
        ("no ARN", 200, answer("alice", "111122223333", "AIDAEXAMPLE"), "upstream.inconsistent"),
        (
            "line break in the ARN",
            200,
            answer(&format!("{ALICE}\\n"), "111122223333", "AIDAEXAMPLE"),
            "upstream.inconsistent",
        ),
        (
            "user id of another session",
            200,
            answer("arn:aws:sts::111122223333:assumed-role/A/alice", "111122223333", "AROAEXAMPLE:eve"),
            "upstream.inconsistent",
        ),
        (
            "another partition",
            200,
            answer("arn:aws-us-gov:iam::111122223333:user/alice", "111122223333", "AIDAEXAMPLE"),
            "upstream.inconsistent",
        ),
        (
            "unknown partition",
            200,
            answer("arn:aws-moon:iam::111122223333:user/alice", "111122223333", "AIDAEXAMPLE"),
            "upstream.inconsistent",
        ),
    ]
}

#[test]
fn each_answer_has_its_own_meaning() {
    for (name, status, body, expected) in cases() {
        assert_eq!(outcome(status, &body), expected, "{name}");
    }
}

#[test]
fn bytes_that_are_no_text_are_unreadable() {
    for status in [200, 403] {
        let result = confirm(&accepted(), status, b"\xff\xfe{}").map_or_else(Unconfirmed::code, |_| "confirmed");
        assert_eq!(result, "upstream.unreadable");
    }
}

#[test]
fn an_answer_that_is_not_utf_8_says_nothing_wherever_that_stands() {
    let answer = answer(ALICE, "111122223333", "AIDAEXAMPLE").into_bytes();
    let at = |text: &str| answer.windows(text.len()).position(|part| part == text.as_bytes()).expect("it is there");
    for place in [at("alice"), at("RequestId"), at("01234567")] {
        let mut broken = answer.clone();
        broken[place] = 0xff;
        let outcome = confirm(&accepted(), 200, &broken).map_or_else(Unconfirmed::code, |_| "confirmed");
        assert_eq!(outcome, "upstream.unreadable", "{place}");
    }
}
