//! Both servers, sent the same bytes: odd bodies, paths, methods and heads of HTTP, and what begins a connection.
//! What differs is what docs/differences.md says under "On the wire".

use anyhow::{Context as _, ensure};
use e2e::{
    https::{self, Answer},
    server::{certificate_authority, token_review},
    world::{CLUSTER_ID, World},
};
use serde_json::Value;

use super::servers::{Two, mounted_file, shape};

/// What differs.
enum Differs {
    Nothing,
    /// Theirs and ours.
    Status(u16, u16),
    /// Both refuse it with the same status, before it is a request: theirs says so in words.
    Words,
}

use Differs::{Nothing, Status, Words};

/// Bodies of a review, each a POST to /authenticate.
const BODIES: &[(&str, Differs)] = &[
    // Where the token should be.
    (r#"{"spec":{"token":"x"}}"#, Nothing),
    (r#"{"spec":{"token":5}}"#, Nothing),
    (r#"{"spec":{"token":-0}}"#, Nothing),
    (r#"{"spec":{"token":null}}"#, Nothing),
    (r#"{"spec":{"token":[]}}"#, Nothing),
    (r#"{"spec":null}"#, Nothing),
    (r#"{"spec":[]}"#, Nothing),
    (r#"{"spec":5}"#, Nothing),
    (r#"{"spec":"x"}"#, Nothing),
    ("{}", Nothing),
    ("null", Nothing),
    ("5", Nothing),
    ("true", Nothing),
    (r#""x""#, Nothing),
    ("[]", Nothing),
    // Whose review it is.
    (r#"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"x"}}"#, Nothing),
    (r#"{"apiVersion":"v9","kind":"Pod","spec":{"token":"x"}}"#, Nothing),
    (r#"{"apiVersion":null,"kind":null,"spec":{"token":"x"}}"#, Nothing),
    (r#"{"apiVersion":5,"spec":{"token":"x"}}"#, Nothing),
    (r#"{"unknown":[1,{"a":1e999}],"spec":{"token":"x"}}"#, Nothing),
    // What is of no use to either.
    (r#"{"kind":5,"spec":{"token":"x"}}"#, Status(400, 403)),
    (r#"{"metadata":5,"spec":{"token":"x"}}"#, Status(400, 403)),
    (r#"{"status":{"user":5},"spec":{"token":"x"}}"#, Status(400, 403)),
    (r#"{"spec":{"audiences":"x","token":"x"}}"#, Status(400, 403)),
    // What one reads in one way, and one in another.
    (r#"{"spec":{"token":"x","token":"y"}}"#, Status(403, 400)),
    (r#"{"spec":{"token":"x"}} and more"#, Status(403, 400)),
    (r#"{"spec":{"token":"\ud800"}}"#, Status(403, 400)),
    (r#"{"SPEC":{"TOKEN":5}}"#, Status(400, 403)),
    // What is no JSON.
    ("", Nothing),
    ("token", Nothing),
    (r#"{"spec":{"token":"x""#, Nothing),
    (r#"{"spec":{"token":01}}"#, Nothing),
    ("\u{feff}{}", Nothing),
    ("{\"spec\":{\"token\":\"a\tb\"}}", Nothing),
];

/// Methods and paths, with a body that is a review.
const PATHS: &[(&str, Differs)] = &[
    ("GET /authenticate", Nothing),
    ("HEAD /authenticate", Nothing),
    ("OPTIONS /authenticate", Nothing),
    ("PUT /authenticate", Nothing),
    ("DELETE /authenticate", Nothing),
    ("TRACE /authenticate", Nothing),
    ("BOGUS /authenticate", Nothing),
    ("post /authenticate", Nothing),
    ("POST /authenticate?x=1", Nothing),
    ("POST /authenticate?", Nothing),
    ("POST /authenticate/", Nothing),
    ("POST //authenticate", Nothing),
    ("POST ///authenticate?x=//", Nothing),
    ("GET //healthz", Nothing),
    ("POST /./authenticate", Nothing),
    ("POST /a/../authenticate", Nothing),
    ("POST /authenticate//", Nothing),
    ("POST /AUTHENTICATE", Nothing),
    ("POST /authenticate;x", Nothing),
    ("POST /authenticate/x", Nothing),
    ("POST /%61uthenticate", Nothing),
    ("POST /authenticate%2f", Nothing),
    ("POST /authenticate%00", Nothing),
    ("POST http://localhost/authenticate", Nothing),
    ("POST https://example.com/authenticate", Nothing),
    ("GET /%68ealthz", Nothing),
    ("GET /healthz?x", Nothing),
    ("GET /healthz/", Nothing),
    ("HEAD /healthz", Nothing),
    ("DELETE /healthz", Nothing),
    ("GET /metrics/", Nothing),
    ("GET /", Nothing),
    ("GET /nope", Nothing),
    ("HEAD /nope", Nothing),
    ("GET /debug/pprof/", Nothing),
    ("OPTIONS *", Nothing),
    ("POST *", Nothing),
    ("POST authenticate", Nothing),
    ("POST /authenticate%zz", Nothing),
    // No client sends a fragment.
    ("POST /authenticate#x", Status(404, 403)),
    ("POST /a b", Words),
];

/// Lines of a head, behind `POST /authenticate HTTP/1.1`; `HTTP/` begins one that is in its place.
const HEADS: &[(&[&str], Differs)] = &[
    (&["Host: localhost"], Nothing),
    (&["Host:"], Nothing),
    (&["Host: [::1]:21362"], Nothing),
    (&[], Nothing),
    (&["Host: a", "Host: b"], Nothing),
    (&["Host: a", "Host: a"], Nothing),
    (&["Host: a b"], Nothing),
    (&["HTTP/1.0"], Nothing),
    (&["HTTP/1.0", "Host: localhost"], Nothing),
    (&["HTTP/2.0", "Host: localhost"], Status(505, 400)),
    (&["HTTP/9", "Host: localhost"], Words),
    (&["Host: localhost", "Expect: x"], Nothing),
    (&["Host: localhost", "Content-Type: text/plain"], Nothing),
    (&["Host: localhost", "Accept: application/xml"], Nothing),
    (&["Host: localhost", "Accept-Encoding: gzip"], Nothing),
    (&["Host: localhost", "Content-Encoding: gzip"], Nothing),
    (&["Host: localhost", "Content-Length: 5"], Words),
    (&["Host: localhost", "bogus"], Words),
    (&["Host: localhost", "a b: c"], Words),
];

pub(super) fn compared(world: &World) -> anyhow::Result<()> {
    let two = Two::start(world, "both-requests", &mounted_file())?;
    let review = r#"{"spec":{"token":"k8s-aws-v1.x"}}"#;
    let mut wrong = String::new();
    let mut compare = |what: String, sent: &str, differs: &Differs| -> anyhow::Result<()> {
        let theirs = two.theirs.raw(sent).with_context(|| format!("{what}: theirs"))?;
        let ours = two.ours.raw(sent).with_context(|| format!("{what}: ours"))?;
        if !is_as_listed(&theirs, &ours, differs)? {
            wrong.push_str(&format!("{what}\n  theirs {theirs:?}\n  ours   {ours:?}\n"));
        }
        Ok(())
    };
    for (body, differs) in BODIES {
        compare((*body).to_owned(), &request("POST /authenticate HTTP/1.1\r\nHost: localhost", body), differs)?;
    }
    for (line, differs) in PATHS {
        compare((*line).to_owned(), &request(&format!("{line} HTTP/1.1\r\nHost: localhost"), review), differs)?;
    }
    for (lines, differs) in HEADS {
        let (version, lines) = match lines {
            [version, rest @ ..] if version.starts_with("HTTP/") => (*version, rest),
            all => ("HTTP/1.1", *all),
        };
        let first = format!("POST /authenticate {version}");
        let head = [&[&*first][..], lines].concat().join("\r\n");
        compare(format!("{version} {lines:?}"), &request(&head, review), differs)?;
    }
    let long = format!(r#"{{"spec":{{"token":"{}"}}}}"#, "x".repeat(100_000));
    let head = "POST /authenticate HTTP/1.1\r\nHost: localhost";
    compare("a long body".to_owned(), &request(head, &long), &Status(403, 413))?;
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

fn request(head: &str, body: &str) -> String {
    format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// What a head says of where else to ask, and of what a body is taken for.
fn fields(answer: &Answer) -> [Option<&str>; 2] {
    ["location", "x-content-type-options"].map(|name| answer.field(name))
}

fn is_as_listed(theirs: &Answer, ours: &Answer, differs: &Differs) -> anyhow::Result<bool> {
    Ok(match differs {
        Status(there, here) => (theirs.status, ours.status) == (*there, *here),
        Words => theirs.status == ours.status && theirs.body != ours.body && ours.body.is_empty(),
        Nothing if theirs.status == 307 => theirs.status == ours.status && fields(theirs) == fields(ours),
        Nothing => shape(theirs)? == shape(ours)? && fields(theirs) == fields(ours),
    })
}

/// A first message of TLS by which a client could speak.
struct Hello {
    what: &'static str,
    /// The newest version: 0x0303 is TLS 1.2.
    version: u16,
    /// The only suite.
    suite: u16,
    /// The only group.
    group: u16,
    /// Whether they go on, and we.
    go_on: (bool, bool),
}

const fn hello(what: &'static str, version: u16, suite: u16, group: u16, go_on: (bool, bool)) -> Hello {
    Hello { what, version, suite, group, go_on }
}

const P_256: u16 = 0x0017;

const HELLOS: &[Hello] = &[
    hello("SSL 3.0", 0x0300, 0xc009, P_256, (false, false)),
    hello("TLS 1.0", 0x0301, 0xc009, P_256, (false, false)),
    hello("TLS 1.1", 0x0302, 0xc009, P_256, (false, false)),
    hello("TLS 1.2, AES-128-GCM", 0x0303, 0xc02b, P_256, (true, true)),
    hello("TLS 1.2, AES-256-GCM", 0x0303, 0xc02c, P_256, (true, true)),
    hello("TLS 1.2, ChaCha20-Poly1305", 0x0303, 0xcca9, P_256, (true, true)),
    hello("TLS 1.2, AES-128-CBC with SHA-1", 0x0303, 0xc009, P_256, (true, false)),
    hello("TLS 1.2, AES-256-CBC with SHA-1", 0x0303, 0xc00a, P_256, (true, false)),
    hello("TLS 1.2, AES-128-CBC with SHA-256", 0x0303, 0xc023, P_256, (false, false)),
    hello("TLS 1.2, a key encrypted by RSA", 0x0303, 0x002f, P_256, (false, false)),
    hello("TLS 1.2, 3DES", 0x0303, 0xc008, P_256, (false, false)),
    hello("TLS 1.2, X25519", 0x0303, 0xc02b, 0x001d, (true, true)),
    hello("TLS 1.2, P-384", 0x0303, 0xc02b, 0x0018, (true, true)),
    hello("TLS 1.3, AES-128-GCM", 0x0304, 0x1301, P_256, (true, true)),
    hello("TLS 1.3, AES-256-GCM", 0x0304, 0x1302, P_256, (true, true)),
    hello("TLS 1.3, ChaCha20-Poly1305", 0x0304, 0x1303, P_256, (true, true)),
    hello("TLS 1.3, AES-128-CCM", 0x0304, 0x1304, P_256, (false, false)),
    hello("TLS 1.3, X25519", 0x0304, 0x1301, 0x001d, (true, true)),
    hello("TLS 1.3, P-384", 0x0304, 0x1301, 0x0018, (true, true)),
    hello("TLS 1.3, P-521", 0x0304, 0x1301, 0x0019, (true, false)),
    hello("TLS 1.3, ML-KEM with X25519", 0x0304, 0x1301, 0x11ec, (true, false)),
    hello("TLS 1.3, X448", 0x0304, 0x1301, 0x001e, (false, false)),
];

pub(super) fn handshakes(world: &World) -> anyhow::Result<()> {
    let two = Two::start(world, "both-handshakes", &mounted_file())?;
    let mut wrong = String::new();
    for hello in HELLOS {
        let seen = (goes_on(two.theirs.port(), hello)?, goes_on(two.ours.port, hello)?);
        if seen != hello.go_on {
            wrong.push_str(&format!("{}: they and we go on: {seen:?}, not {:?}\n", hello.what, hello.go_on));
        }
    }
    ensure!(wrong.is_empty(), "{wrong}");
    // A client that speaks no TLS at all is told so.
    let asked = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let (theirs, ours) = (https::plain(two.theirs.port(), asked)?, https::plain(two.ours.port, asked)?);
    ensure!((theirs.status, &theirs.body) == (ours.status, &ours.body), "{theirs:?}\n{ours:?}");
    ensure!(ours.status == 400 && ours.body == "Client sent an HTTP request to an HTTPS server.\n", "{ours:?}");
    Ok(())
}

/// Protocols that a client offers in its first message, and what both choose of them.
const OFFERED: &[(&[&str], &str)] = &[
    (&[], ""),
    (&["h2"], "h2"),
    (&["http/1.1"], "http/1.1"),
    (&["h2", "http/1.1"], "h2"),
    // The server's order counts.
    (&["http/1.1", "h2"], "h2"),
    (&["http/1.0", "http/1.1"], "http/1.1"),
    (&["spdy/3", "h2"], "h2"),
    (&["http/1.0"], "refused"),
    (&["HTTP/1.1"], "refused"),
    (&["h2c"], "refused"),
];

/// Requests over HTTP/2, as API servers send them; `TOKEN` is a new token of somebody who is mapped.
const OVER_HTTP2: &[(&str, &str, &str)] = &[
    ("POST", "/authenticate", r#"{"spec":{"token":"TOKEN"}}"#),
    ("POST", "/authenticate", r#"{"spec":{"token":"x"}}"#),
    ("POST", "/authenticate?x=1", r#"{"spec":{"token":"x"}}"#),
    ("POST", "/authenticate", "{}"),
    ("POST", "/authenticate", "token"),
    ("POST", "/authenticate", ""),
    ("GET", "/authenticate", ""),
    ("HEAD", "/authenticate", ""),
    ("OPTIONS", "/authenticate", ""),
    ("POST", "//authenticate", "{}"),
    ("POST", "/authenticate/", "{}"),
    ("GET", "/healthz", ""),
    ("HEAD", "/healthz", ""),
    ("POST", "/healthz", "x"),
    ("GET", "/", ""),
    ("GET", "/nope", ""),
];

/// Which protocol is spoken, and that HTTP/2 says what HTTP/1.1 says.
pub(super) fn protocols(world: &World) -> anyhow::Result<()> {
    let two = Two::start(world, "both-protocols", &mounted_file())?;
    let (theirs, ours) = (two.theirs.certificate(), certificate_authority(&two.ours.folder)?);
    let mut wrong = String::new();
    for (offered, expected) in OFFERED {
        let seen =
            (https::protocol(theirs, two.theirs.port(), offered)?, https::protocol(&ours, two.ours.port, offered)?);
        if (seen.0.as_str(), seen.1.as_str()) != (*expected, *expected) {
            wrong.push_str(&format!("{offered:?}: they and we choose {seen:?}, not {expected:?}\n"));
        }
    }
    for (method, path, body) in OVER_HTTP2 {
        let body = body.replace("TOKEN", &world.fresh_token("dave", CLUSTER_ID)?);
        let ask = |ca: &str, port: u16| {
            https::request_over_http2(ca, port, method, path, &body)
                .with_context(|| format!("{method} {path} at {port}"))
        };
        let (theirs, here) = (ask(theirs, two.theirs.port())?, ask(&ours, two.ours.port)?);
        let over_http1 = two.ours.request(method, path, &body)?;
        if !is_as_listed(&theirs, &here, &Nothing)? || !is_as_listed(&over_http1, &here, &Nothing)? {
            wrong.push_str(&format!("{method} {path} {body}\n  theirs {theirs:?}\n  ours   {here:?}\n"));
        }
    }
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

/// Whether a server answers a client's first message with its own, and not with an alert.
fn goes_on(port: u16, hello: &Hello) -> anyhow::Result<bool> {
    const HANDSHAKE: u8 = 22;
    const ALERT: u8 = 21;
    match https::first_byte(port, &message(hello))? {
        HANDSHAKE => Ok(true),
        ALERT => Ok(false),
        other => anyhow::bail!("{}: {other}", hello.what),
    }
}

/// RFC 8446, 4.1.2: in the form that TLS 1.0 to 1.2 have as well. Of TLS 1.3 no share of a key is sent, so that the server asks for one.
fn message(hello: &Hello) -> Vec<u8> {
    let Hello { version, suite, group, .. } = *hello;
    let is_1_3 = version == 0x0304;
    let short = |value: u16| value.to_be_bytes().to_vec();
    let sized = |content: Vec<u8>| [short(u16::try_from(content.len()).unwrap_or_default()), content].concat();
    let extension = |kind: u16, content: Vec<u8>| [short(kind), sized(content)].concat();
    let algorithms: Vec<u8> =
        [0x0403_u16, 0x0804, 0x0401, 0x0503, 0x0203].into_iter().flat_map(u16::to_be_bytes).collect();
    let mut extensions =
        vec![extension(10, sized(short(group))), extension(11, vec![1, 0]), extension(13, sized(algorithms))];
    if is_1_3 {
        extensions.push(extension(43, [vec![2], short(version)].concat()));
        extensions.push(extension(51, sized(Vec::new())));
    }
    let body =
        [short(version.min(0x0303)), vec![7; 32], vec![0], sized(short(suite)), vec![1, 0], sized(extensions.concat())]
            .concat();
    let handshake = [vec![1, 0], sized(body)].concat();
    [vec![22, 3, 1], sized(handshake)].concat()
}

/// What stands in an answer of ours besides.
pub(super) fn answers(world: &World) -> anyhow::Result<()> {
    let two = Two::start(world, "both-answers", &mounted_file())?;
    let token = world.fresh_token("dave", CLUSTER_ID)?;
    for version in ["v1", "v1beta1"] {
        let asked = token_review(&format!("authentication.k8s.io/{version}"), &token);
        let (theirs, ours) = two.request("POST", "/authenticate", &asked)?;
        let read = |answer: &Answer| serde_json::from_str::<Value>(&answer.body);
        let (theirs, ours) = (read(&theirs)?, read(&ours)?);
        ensure!(theirs.get("kind").is_none() && theirs.get("apiVersion").is_none(), "{theirs}");
        ensure!(
            ours["kind"] == "TokenReview" && ours["apiVersion"] == format!("authentication.k8s.io/{version}"),
            "{ours}"
        );
        let (theirs, ours) = (&theirs["status"]["user"]["extra"], &ours["status"]["user"]["extra"]);
        let twins = [
            ("arn", "arn"),
            ("canonicalArn", "canonical-arn"),
            ("sessionName", "session-name"),
            ("accessKeyId", "access-key-id"),
            ("principalId", "principal-id"),
        ];
        for (key, twin) in twins {
            let twin = format!("cluster-auth.dev/{twin}");
            ensure!(!theirs[key].is_null() && theirs[key] == ours[key] && ours[key] == ours[&twin], "{key}: {ours}");
            ensure!(theirs.get(&twin).is_none(), "{theirs}");
        }
    }
    Ok(())
}
