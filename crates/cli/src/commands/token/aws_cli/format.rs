//! In which form something is printed: `--output` and `--query`.

use std::str::FromStr;

use clap::ValueEnum;
use serde_json::Value as Json;

/// Formats of the AWS CLI; `yaml` is one of version 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Json,
    Yaml,
    Text,
    Table,
}

/// A question of JMESPath.
#[derive(Clone, Debug)]
pub(crate) struct Query(jmespath::Expression<'static>);

impl FromStr for Query {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expression = jmespath::compile(&with_quoted_literals(text));
        expression.map(Self).map_err(|why| format!("it is not JMESPath: {}", why.reason))
    }
}

/// The same question with every literal as JSON: `` `Exec` `` stands for `` `"Exec"` `` to `jmespath.py`, which the AWS CLI has.
fn with_quoted_literals(text: &str) -> String {
    let (mut out, mut literal, mut quote) = (String::new(), None::<String>, None);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (&mut literal, letter) {
            (Some(inner), '\\') => {
                inner.push(letter);
                inner.extend(letters.next());
            }
            (Some(inner), '`') => {
                let json = inner.trim_start().replace("\\`", "`");
                let is_json = serde_json::from_str::<Json>(&json).is_ok();
                out.push('`');
                out.push_str(&if is_json { inner.clone() } else { format!("\"{}\"", inner.trim_start()) });
                out.push('`');
                literal = None;
            }
            (Some(inner), _) => inner.push(letter),
            (None, '`') if quote.is_none() => literal = Some(String::new()),
            (None, _) => {
                out.push(letter);
                match (quote, letter) {
                    (Some(_), '\\') => out.extend(letters.next()),
                    (Some(open), _) if open == letter => quote = None,
                    (None, '\'' | '"') => quote = Some(letter),
                    _ => {}
                }
            }
        }
    }
    // One that is not closed is said to be wrong where it is.
    out.extend(literal.map(|inner| format!("`{inner}")));
    out
}

impl Query {
    pub(super) fn of(&self, credential: &Json) -> anyhow::Result<Json> {
        let found = self.0.search(credential).map_err(|why| anyhow::anyhow!("--query {}: {}", self.0, why.reason))?;
        Ok(serde_json::to_value(found)?)
    }
}

#[cfg(test)]
mod tests {
    use super::with_quoted_literals;

    #[test]
    fn literals_are_json_or_texts() {
        let rows = [
            ("status.token", "status.token"),
            ("starts_with(kind, `Exec`)", "starts_with(kind, `\"Exec\"`)"),
            ("a[?b == `1`]", "a[?b == `1`]"),
            ("a[?b == `\"x\"`]", "a[?b == `\"x\"`]"),
            ("a[?b == ` x y`]", "a[?b == `\"x y\"`]"),
            ("a[?b == `x\\`y`]", "a[?b == `\"x\\`y\"`]"),
            ("a[?b == '`x`']", "a[?b == '`x`']"),
            ("\"a`\".b", "\"a`\".b"),
            ("a == `x", "a == `x"),
        ];
        for (text, expected) in rows {
            assert_eq!(with_quoted_literals(text), expected, "{text}");
        }
    }
}
