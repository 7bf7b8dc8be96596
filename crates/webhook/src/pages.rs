//! Which page a request is for, as Go's net/http finds it (1.26: `ServeMux.findHandler`, and `readRequest` of its server), by
//! which the existing program is served. A kubeconfig that says `https://localhost:21362//authenticate` is led on, and what is
//! not a request of HTTP/1.1 is not taken for one.

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use hyper::body::Bytes;
use percent_encoding::percent_decode_str;

use crate::reply::{TEXT, response};

/// What is answered in place of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoPage {
    /// It is no request, for this reason: the last answer of its connection.
    Malformed(&'static str),
    /// It expects what nobody knows.
    Unexpected,
    /// It asks of the server as a whole, of which there is nothing to say.
    Server,
    /// The page is known by this path.
    Elsewhere(String),
}

/// The path of the page, decoded.
pub(crate) fn asked_for<B>(request: &Request<B>) -> Result<String, NoPage> {
    let (path, method, headers) = (request.uri().path(), request.method(), request.headers());
    if let Some(why) = malformed(request.version(), method, path, headers) {
        return Err(NoPage::Malformed(why));
    }
    let expected = headers.get(header::EXPECT).map(HeaderValue::as_bytes);
    if expected.is_some_and(|what| !what.is_empty() && !what.eq_ignore_ascii_case(b"100-continue")) {
        return Err(NoPage::Unexpected);
    }
    if path == "*" {
        return Err(if method == Method::OPTIONS { NoPage::Server } else { NoPage::Malformed("") });
    }
    let clean = clean(path);
    if clean != path && method != Method::CONNECT {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return Err(NoPage::Elsewhere(format!("{clean}{query}")));
    }
    Ok(percent_decode_str(path).decode_utf8_lossy().into_owned())
}

impl NoPage {
    /// The answer.
    pub(crate) fn answer(self) -> Response<Bytes> {
        let empty = |status| {
            let mut answer = Response::new(Bytes::new());
            *answer.status_mut() = status;
            answer
        };
        let (mut answer, name, value) = match self {
            Self::Elsewhere(place) => (empty(StatusCode::TEMPORARY_REDIRECT), header::LOCATION, place),
            Self::Malformed("") => (empty(StatusCode::BAD_REQUEST), header::CONNECTION, "close".to_owned()),
            Self::Malformed(why) => {
                (response(StatusCode::BAD_REQUEST, TEXT, why), header::CONNECTION, "close".to_owned())
            }
            Self::Unexpected => (empty(StatusCode::EXPECTATION_FAILED), header::CONNECTION, "close".to_owned()),
            Self::Server => (empty(StatusCode::OK), header::CONNECTION, "close".to_owned()),
        };
        // A path that came in a request can stand in an answer.
        if let Ok(value) = HeaderValue::try_from(value) {
            answer.headers_mut().insert(name, value);
        }
        answer
    }
}

/// What is wrong with a request, in the existing program's words.
fn malformed(version: Version, method: &Method, path: &str, headers: &HeaderMap) -> Option<&'static str> {
    const BAD: &str = "400 Bad Request";
    let is_path = path == "*" || path.starts_with('/') || method == Method::CONNECT;
    if !is_path || !is_encoded(path) {
        return Some(BAD);
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => Some(BAD),
        (Some(host), None) if !host.as_bytes().iter().all(|byte| may_stand_in_a_host(*byte)) => {
            Some("400 Bad Request: malformed Host header")
        }
        (None, None) if version == Version::HTTP_11 && method != Method::CONNECT => {
            Some("400 Bad Request: missing required Host header")
        }
        _ => None,
    }
}

/// As Go has it (`httpguts.ValidHostHeader`): what it lets stand there is more than a host's name has.
fn may_stand_in_a_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=[]_~".contains(&byte)
}

/// Whether each `%` begins a byte in hexadecimal digits.
fn is_encoded(path: &str) -> bool {
    let mut parts = path.split('%');
    parts.next();
    parts.all(|part| part.len() >= 2 && part.bytes().take(2).all(|digit| digit.is_ascii_hexdigit()))
}

/// The path without empty segments, `.` and `..`.
fn clean(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let end = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use http::{Method, Request, header};

    use super::asked_for;

    /// What was sent, and what comes of it: a page, or status and place.
    #[test]
    fn requests_are_for_the_page_that_go_finds() {
        const AUTHENTICATE: &str = "/authenticate";
        let rows = [
            (AUTHENTICATE, AUTHENTICATE),
            ("/authenticate/", "/authenticate/"),
            ("/authenticate?x=1", AUTHENTICATE),
            ("/%61uthenticate", AUTHENTICATE),
            ("/authenticate%2f", "/authenticate/"),
            ("http://localhost/authenticate", AUTHENTICATE),
            ("//authenticate", "307 /authenticate"),
            ("///authenticate?x=//", "307 /authenticate?x=//"),
            ("/./authenticate", "307 /authenticate"),
            ("/a/../authenticate", "307 /authenticate"),
            ("/authenticate//", "307 /authenticate/"),
            ("/../..", "307 /"),
            ("/authenticate%zz", "400"),
            ("/authenticate%", "400"),
            ("authenticate", "400"),
            ("*", "400"),
        ];
        for (uri, expected) in rows {
            let request = Request::post(uri).header(header::HOST, "localhost").body(()).expect("a request");
            assert_eq!(answered(&request), expected, "{uri}");
        }
        let everything = Request::options("*").header(header::HOST, "x").body(()).expect("a request");
        assert_eq!(answered(&everything), "200");
    }

    #[test]
    fn requests_name_one_host_and_expect_nothing_unknown() {
        let rows: [(&[(&str, &str)], &str); 9] = [
            (&[("host", "localhost")], "/healthz"),
            (&[("host", "[::1]:21362")], "/healthz"),
            (&[("host", "")], "/healthz"),
            (&[], "400"),
            (&[("host", "a"), ("host", "a")], "400"),
            (&[("host", "a b")], "400"),
            (&[("host", "a/b")], "400"),
            (&[("host", "a"), ("expect", "100-Continue")], "/healthz"),
            (&[("host", "a"), ("expect", "x")], "417"),
        ];
        for (headers, expected) in rows {
            let mut request = Request::builder().method(Method::GET).uri("/healthz");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            assert_eq!(answered(&request.body(()).expect("a request")), expected, "{headers:?}");
        }
    }

    fn answered(request: &Request<()>) -> String {
        asked_for(request).unwrap_or_else(|none| {
            let answer = none.answer();
            let place = answer.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
            [answer.status().as_str()].into_iter().chain(place).collect::<Vec<_>>().join(" ")
        })
    }
}
