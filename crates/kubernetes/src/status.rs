//! Why an API server refuses a write, as its `Status` says it.

use serde::Deserialize;

/// How much of a message is said.
const MAX: usize = 300;

/// Kubernetes, `meta/v1` `Status`.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
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
