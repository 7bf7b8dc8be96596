//! Markdown, for pull requests.

use super::sections::{Item, Section, Sign};

/// Renders sections as GitHub-flavoured Markdown.
pub fn markdown_of(sections: &[Section]) -> String {
    let mut text = String::new();
    for (at, Section { title, items }) in sections.iter().enumerate() {
        let level = if at == 0 { "##" } else { "###" };
        text.push_str(&format!("{level} {}\n\n", escaped(title)));
        for item in items {
            push(item, 0, &mut text);
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

fn push(item: &Item, depth: usize, text: &mut String) {
    let sign = match item.sign {
        Sign::Danger => "⚠️ ",
        Sign::Add => "➕ ",
        Sign::Change => "🔸 ",
        Sign::Remove => "➖ ",
        Sign::Note | Sign::None => "",
    };
    text.push_str(&format!("{:width$}- {sign}{}\n", "", escaped(&item.text), width = depth * 2));
    for item in &item.below {
        push(item, depth + 1, text);
    }
}

/// Without anything that Markdown or HTML would read: names are whatever somebody called something. Commands in
/// backticks stay.
fn escaped(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let is_code = |at: usize| at % 2 == 1 && parts.len() % 2 == 1;
    let part = |(at, part): (usize, &&str)| if is_code(at) { document::visible(part) } else { literal(part) };
    parts.iter().enumerate().map(part).collect::<Vec<_>>().join("`")
}

/// Escapes everything that Markdown or HTML would interpret, backticks included.
pub fn literal(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // Nobody is to be notified because a user is called like them.
            '@' => escaped.push_str("&#64;"),
            '\\' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '`' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if document::is_hidden(c) => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
