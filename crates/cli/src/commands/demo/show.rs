//! What the audience sees: 80 columns, readable without colour.

use anstyle::{AnsiColor, Style};
use webhook::Outcome;

use super::stage::ACCESS_NAME;
use crate::shared::token_review::Review;

const WIDTH: usize = 80;

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// The text so far.
pub(super) struct Show {
    text: String,
}

impl Show {
    pub(super) fn begin() -> Self {
        let mut show = Self { text: String::new() };
        show.paragraph(&format!(
            "A local AWS that verifies signatures and the webhook server run in this process. Each login below is a \
             real one: a token is signed, sent to the server over TLS as an API server sends it, verified by AWS, and \
             mapped by {ACCESS_NAME}."
        ));
        show
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.text.push_str(&format!("\n{BOLD}{text}{BOLD:#}\n"));
    }

    pub(super) fn scene(&mut self, who: &str, review: &Review, outcome: &Outcome) {
        self.text.push_str(&format!("\n  {who}\n"));
        match outcome {
            Outcome::Granted(granted) => {
                self.row("AWS says", &granted.confirmed.identity().arn(), Style::new());
                let groups = if review.groups.is_empty() { "no groups".to_owned() } else { review.groups.join(", ") };
                self.row("Kubernetes", &format!("user {}, group {groups}", review.username), GOOD);
                self.row("because of", &granted.user.source.to_string(), FAINT);
            }
            Outcome::RefusedCaller { confirmed, refusal, nearest, .. } => {
                self.row("AWS says", &confirmed.identity().arn(), Style::new());
                self.row("refused", refusal.code(), BAD);
                self.row("because", &sentence(refusal.explain().summary), Style::new());
                let near = nearest.as_ref().map(ToString::to_string);
                self.row("what to do", near.as_deref().unwrap_or(refusal.explain().fix), FAINT);
            }
            Outcome::RefusedToken(refusal) => {
                let asked = if refusal.code().starts_with("sts.") { "the signature is wrong" } else { "was not asked" };
                self.row("AWS says", asked, Style::new());
                self.row("refused", refusal.code(), BAD);
                self.row("because", &sentence(refusal.explain().meaning), Style::new());
            }
            Outcome::Trouble(trouble) => self.row("no answer", &trouble.meaning(), BAD),
        }
    }

    /// What to try next, by the program's name as it was called.
    pub(super) fn end(mut self, called: &str) -> String {
        self.heading("Try next");
        let rows = [
            (format!("{called} demo --cluster"), "the same with a real API server and kubectl"),
            (format!("{called} sandbox --help"), "this AWS for your own tests"),
            (format!("{called} kubeconfig --help"), "a kubeconfig for your team"),
            ("docs/server.md".to_owned(), "wiring a real cluster"),
        ];
        let widest = rows.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
        self.text.push('\n');
        for (command, what) in rows {
            self.text.push_str(&format!("  {command:<widest$}  {FAINT}{what}{FAINT:#}\n"));
        }
        self.text
    }

    fn row(&mut self, name: &str, text: &str, style: Style) {
        let indent = 4 + 12;
        for (at, line) in wrap(text, WIDTH - indent).iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            self.text.push_str(&format!("    {FAINT}{name:<12}{FAINT:#}{style}{line}{style:#}\n"));
        }
    }

    fn paragraph(&mut self, text: &str) {
        for line in wrap(text, WIDTH) {
            self.text.push_str(&format!("{line}\n"));
        }
    }
}

/// Only the first sentence: the documentation has the rest.
fn sentence(text: &str) -> String {
    let first = text.split_inclusive(". ").next().unwrap_or(text).trim_end();
    let mut letters = first.chars();
    let start: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{start}{}{}", letters.as_str(), if first.ends_with('.') { "" } else { "." })
}

/// Lines of whole words, none wider than `width`; a word that is (a long ARN) goes on behind one of its slashes.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for mut word in text.split_whitespace() {
        while word.len() > width
            && let Some(slash) = word.get(..width).and_then(|start| start.rfind('/'))
        {
            let (start, rest) = word.split_at(slash + 1);
            push(&mut lines, start, width);
            lines.push(String::new());
            word = rest;
        }
        push(&mut lines, word, width);
    }
    lines
}

fn push(lines: &mut Vec<String>, word: &str, width: usize) {
    match lines.last_mut() {
        Some(line) if line.is_empty() => line.push_str(word),
        Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
            line.push(' ');
            line.push_str(word);
        }
        _ => lines.push(word.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_keep_to_the_width_and_long_words_break_behind_a_slash() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("arn:role/abc/def", 13), ["arn:role/abc/", "def"]);
        assert_eq!(wrap("unbreakable", 5), ["unbreakable"]);
    }
}
