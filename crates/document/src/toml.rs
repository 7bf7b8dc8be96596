//! TOML: events for the tree. What a table holds may stand in several places of the text; it comes in the order of its keys there.

use ::toml::{
    Spanned,
    de::{DeTable, DeValue, Error},
};

use crate::{
    Dialect, Problem, Scalar, Span, Style,
    builder::{Builder, Collection, Fatal},
};

/// Returns whether a text is TOML, by what it is called: nothing in it says so.
pub fn is_toml(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension == "toml")
}

/// Reads a text.
pub(crate) fn read(text: &str, dialect: Dialect, builder: &mut Builder<'_>) -> Result<(), Fatal> {
    let root = DeTable::parse(text).map_err(|error| syntax(text, &error))?;
    if root.get_ref().is_empty() {
        return Ok(());
    }
    table(root.get_ref(), Span { start: 0, end: text.len() }, dialect, builder)
}

fn table(table: &DeTable<'_>, span: Span, dialect: Dialect, builder: &mut Builder<'_>) -> Result<(), Fatal> {
    builder.open(Collection::Mapping, Style::Flow, span, 0)?;
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, held) in entries {
        builder.scalar(Scalar::text(&**key.get_ref()), span_of(key), 0)?;
        value(held, dialect, builder)?;
    }
    builder.close(span, span.end).map(drop)
}

fn value(value_there: &Spanned<DeValue<'_>>, dialect: Dialect, builder: &mut Builder<'_>) -> Result<(), Fatal> {
    let span = span_of(value_there);
    let scalar = match value_there.get_ref() {
        DeValue::Table(held) => return table(held, span, dialect, builder),
        DeValue::Array(list) => {
            builder.open(Collection::Sequence, Style::Flow, span, 0)?;
            for element in &**list {
                value(element, dialect, builder)?;
            }
            return builder.close(span, span.end).map(drop);
        }
        DeValue::String(text) => Scalar::text(&**text),
        // Another base, or a `+`, is only a way to write it.
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Scalar::plain(number.to_string(), dialect),
            Err(_) => return Err(Problem::error("document.number", span, "this number is too large").into()),
        },
        DeValue::Float(number) => Scalar::plain(number.as_str(), dialect),
        DeValue::Boolean(truth) => Scalar::plain(truth.to_string(), dialect),
        DeValue::Datetime(moment) => Scalar::plain(moment.to_string(), dialect),
    };
    builder.scalar(scalar, span, 0).map(drop)
}

fn span_of<T>(spanned: &Spanned<T>) -> Span {
    let range = spanned.span();
    Span { start: range.start, end: range.end }
}

fn syntax(text: &str, error: &Error) -> Problem {
    let range = error.span().unwrap_or(text.len()..text.len());
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    Problem::error(
        "document.syntax",
        Span { start: range.start, end: range.end },
        format!("this is not TOML: {message}"),
    )
}
