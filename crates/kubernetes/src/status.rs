//! What API servers say where they have no answer: why one refuses a write, and whether a 404 is its own.

use serde::Deserialize;

/// How much of a message is said.
const MAX: usize = 300;

/// Kubernetes, `meta/v1` `Status`.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    message: String,
}

/// Whether a 404 is an API server's, and not that of something in front of it: only the former says that there is no such
/// thing. Of a path that it does not serve it says so in plain words (Kubernetes, `apiserver/pkg/server/handler.go`).
pub(crate) fn says_not_found(body: &[u8]) -> bool {
    let is_status = || serde_json::from_slice::<Status>(body).is_ok_and(|status| status.kind == "Status");
    body.trim_ascii() == b"404 page not found" || is_status()
}

/// Whether a 400 is what servers of Go say to whoever speaks no TLS (`net/http`).
pub(crate) fn needs_tls(body: &[u8]) -> bool {
    body.trim_ascii().starts_with(b"Client sent an HTTP request to an HTTPS server")
}

/// The message.
pub(crate) fn says(body: &[u8]) -> String {
    let message = serde_json::from_slice(body).map(|status: Status| status.message).unwrap_or_default();
    let line = one_line(&message);
    if line.is_empty() { "it does not say why".to_owned() } else { line }
}

/// A text of the cluster's in one line: webhooks write what they like, and a terminal does what control characters say.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(MAX) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::says;

    #[test]
    fn a_refusal_is_one_line_without_what_a_terminal_obeys() {
        let rows = [
            ("a plain one", r#"{"message": "no such thing"}"#, "no such thing".to_owned()),
            ("lines and colours", r#"{"message": "a\n\tb \u001b[31mred\u0007"}"#, "a b [31mred".to_owned()),
            ("without a message", r#"{"kind": "Status"}"#, "it does not say why".to_owned()),
            ("no JSON", "<html>", "it does not say why".to_owned()),
            ("a long one", &format!(r#"{{"message": "{}"}}"#, "ä".repeat(400)), "ä".repeat(300) + "…"),
        ];
        for (name, body, expected) in rows {
            assert_eq!(says(body.as_bytes()), expected, "{name}");
        }
    }
}
