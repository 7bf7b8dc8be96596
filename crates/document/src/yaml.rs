//! From a YAML parser's events to the tree. Everything that knows the parser is in this file.
//!
//! JSON is read by the same parser: it is YAML, but for tabs as indentation, which the parser takes inside brackets.

use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};

use crate::{
    Limits, Node, Problem, Scalar, Source, Span, Style,
    builder::{Builder, Collection, Fatal, Handed},
};

/// Reads a text that holds one document, or none (`Ok(None)`: nothing but comments).
///
/// Syntax errors end the reading, so there is one of them; repeated keys are all found, up to a hundred.
pub fn parse(source: &Source, limits: &Limits) -> Result<Option<Node>, Vec<Problem>> {
    build(source, limits, None)
}

/// Reads a text as [`parse`] does, and hands over each element of one list when it has ended: of the list under `key` of
/// the outermost mapping, which is empty in the tree that is returned. So a long list never stands in memory as a whole.
///
/// Elements are handed over before the rest is read: where this ends in `Err`, they count for nothing. A list that an
/// anchor names stays in the tree.
pub fn parse_each(
    source: &Source,
    limits: &Limits,
    key: &str,
    mut each: impl FnMut(Node),
) -> Result<Option<Node>, Vec<Problem>> {
    let base = source.base();
    let mut to = |mut node: Node| {
        node.shift(base);
        each(node);
    };
    build(source, limits, Some(Handed { key, to: &mut to }))
}

/// Reads a text that may hold several documents, as manifests do, and hands over each element of the list under `key` of
/// each, as [`parse_each`] does, with the document's number. What is returned are the documents that are not empty, with
/// their numbers.
///
/// A line that begins with `---` ends a document, wherever it stands (YAML 1.2.2, section 9.1.2).
pub fn parse_documents(
    source: &Source,
    limits: &Limits,
    key: &str,
    mut each: impl FnMut(usize, Node),
) -> Result<Vec<(usize, Node)>, Vec<Problem>> {
    too_large(source, limits)?;
    let mut documents = Vec::new();
    for (number, range) in ranges(source.text()).into_iter().enumerate() {
        let base = source.base() + range.start;
        let mut to = |mut node: Node| {
            node.shift(base);
            each(number, node);
        };
        let text = &source.text()[range];
        let mut builder = Builder::new(text, limits, Some(Handed { key, to: &mut to }));
        let read = read(text, limits, &mut builder);
        let root = at_base(builder.finish(read.err()), base)?;
        // `---` with nothing behind it is a document that says null.
        documents.extend(root.filter(|root| !root.is_null()).map(|root| (number, root)));
    }
    Ok(documents)
}

/// Where documents stand in a text, each with the marker that begins it.
fn ranges(text: &str) -> Vec<Range<usize>> {
    let is_marker = |at: usize| {
        let behind = text[at..].strip_prefix("---");
        behind.is_some_and(|behind| behind.is_empty() || behind.starts_with([' ', '\t', '\r', '\n']))
    };
    let lines = text.match_indices('\n').map(|(at, _)| at + 1);
    let mut begins: Vec<usize> = lines.filter(|at| is_marker(*at)).collect();
    begins.insert(0, 0);
    let ends = begins.iter().skip(1).copied().chain([text.len()]);
    begins.iter().zip(ends).map(|(begin, end)| *begin..end).collect()
}

fn too_large(source: &Source, limits: &Limits) -> Result<(), Vec<Problem>> {
    if source.text().len() > limits.max_bytes {
        let message = format!("the file is larger than {} bytes", limits.max_bytes);
        return Err(vec![Problem::error("document.too-large", Span::at(source.base()), message)]);
    }
    Ok(())
}

fn build<'a>(source: &'a Source, limits: &'a Limits, handed: Option<Handed<'a>>) -> Result<Option<Node>, Vec<Problem>> {
    too_large(source, limits)?;
    let mut builder = Builder::new(source.text(), limits, handed);
    let read = read(source.text(), limits, &mut builder);
    at_base(builder.finish(read.err()), source.base())
}

/// Everything was read as if the text began at 0.
fn at_base(mut read: Result<Option<Node>, Vec<Problem>>, base: usize) -> Result<Option<Node>, Vec<Problem>> {
    match &mut read {
        Ok(root) => root.iter_mut().for_each(|root| root.shift(base)),
        Err(problems) => problems.iter_mut().for_each(|problem| problem.shift(base)),
    }
    read
}

fn read(text: &str, limits: &Limits, builder: &mut Builder<'_>) -> Result<(), Fatal> {
    let mut documents = 0;
    // Where the last thing ended that stands in the text. Block collections end with whatever follows them; theirs is
    // the end of their last entry.
    let mut end = 0;
    for event in Parser::new_from_str_with_options(text, options(limits)) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
            Problem::error("document.syntax", Span { start: at, end: at }, error.info())
        })?;
        let range = span.byte_range().unwrap_or(end..end);
        let mut span = Span { start: range.start, end: range.end };
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    let message = "a second document begins here; one file holds one document";
                    return Err(Problem::error("document.several", span, message).into());
                }
                continue;
            }
            Event::Scalar(value, style, anchor, tag) => {
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    span.start = block_header(text, end, span.start);
                }
                let quoted = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
                // The parser calls a missing value `~`.
                let missing = !quoted && span.start == span.end;
                let value = if missing { Box::default() } else { value.into_owned().into_boxed_str() };
                end = builder.scalar(Scalar { text: value, quoted }, span, anchor)?.end;
                continue;
            }
            Event::SequenceStart(style, anchor, _) => {
                builder.open(Collection::Sequence, style_of(style), span, anchor)?;
            }
            Event::MappingStart(style, anchor, _) => {
                builder.open(Collection::Mapping, style_of(style), span, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                end = builder.close(span, end)?;
                continue;
            }
            Event::Alias(anchor) => builder.alias(anchor, span)?,
            _ => continue,
        }
        end = span.end;
    }
    Ok(())
}

fn options(limits: &Limits) -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    // Go's parsers, which read the same files, add no line break that is not there.
    options.block_scalar_eof_without_line_feed = true;
    // One more than allowed, so that the error is ours and names the bound.
    options.flow_nesting_limit = limits.max_depth.saturating_add(1);
    options.block_nesting_limit = limits.max_depth.saturating_add(1);
    options
}

fn style_of(style: StructureStyle) -> Style {
    if style == StructureStyle::Flow { Style::Flow } else { Style::Block }
}

/// Where a block scalar's `|` or `>` stands; the parser's span begins at the content. Between the end of what came before
/// and the content there is nothing but the colon or dash, properties, the header and a comment.
fn block_header(text: &str, before: usize, content: usize) -> usize {
    let between = text.get(before..content).unwrap_or_default();
    let line = between.trim_end().rfind('\n').map_or(0, |at| at + 1);
    let header = between[line..].split(" #").next().unwrap_or_default().trim_end();
    match header.rfind(['|', '>']) {
        Some(at) => before + line + at,
        None => content,
    }
}
