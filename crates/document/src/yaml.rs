//! From a YAML parser's events to the tree. Everything that knows the parser is in this file.
//!
//! JSON is read by the same parser: it is YAML, but for tabs as indentation, which the parser takes inside brackets.

use std::borrow::Cow;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle, Tag};

use crate::{
    Dialect, KeyCase, Limits, Node, Problem, Read, Scalar, Source, Span, Style,
    builder::{Builder, Collection, Fatal, Handed},
    go::{self, Resolved},
    json,
    libyaml::{self, Scanner, Token},
    slips, toml, yaml_1_1,
};

/// Code of a second document where one is read.
pub const SEVERAL: &str = "document.several";

/// Reads a text of our own that holds one document, or none (`Ok(None)`: nothing but comments).
///
/// Syntax errors end the reading, so there is one of them; repeated keys are all found, up to a hundred.
pub fn parse(source: &Source, limits: &Limits) -> Result<Option<Node>, Vec<Problem>> {
    Ok(parse_as(source, limits, Dialect::Strict)?.root)
}

/// Reads a text as the program reads it that owns it. One whose name ends in `.toml` is TOML, whatever else is YAML or JSON.
///
/// Spans point at what is written: those of what `<<` or an alias brings in at the place of the anchor.
pub fn parse_as(source: &Source, limits: &Limits, dialect: Dialect) -> Result<Read, Vec<Problem>> {
    build(source, limits, dialect, None)
}

/// Reads a text as [`parse`] does, and hands over each element of some lists when it has ended, with the list's number. Each
/// list is named by the keys that lead to it from the outermost mapping, and is empty in the tree that is returned. So a long
/// list never stands in memory as a whole.
///
/// Elements are handed over before the rest is read: where this ends in `Err`, they count for nothing. A list that an
/// anchor names stays in the tree.
pub fn parse_each(
    source: &Source,
    limits: &Limits,
    lists: &[&[&str]],
    case: KeyCase,
    mut each: impl FnMut(usize, Node),
) -> Result<Option<Node>, Vec<Problem>> {
    let base = source.base();
    let mut to = |list: usize, mut node: Node| {
        node.shift(base);
        each(list, node);
    };
    Ok(build(source, limits, Dialect::Strict, Some(Handed { lists, case, to: &mut to }))?.root)
}

pub(crate) fn too_large(source: &Source, limits: &Limits) -> Result<(), Vec<Problem>> {
    if source.text().len() > limits.max_bytes {
        let message = format!("the file is larger than {} bytes", limits.max_bytes);
        return Err(vec![Problem::error("document.too-large", Span::at(source.base()), message)]);
    }
    Ok(())
}

fn build<'a>(
    source: &'a Source,
    limits: &'a Limits,
    dialect: Dialect,
    handed: Option<Handed<'a>>,
) -> Result<Read, Vec<Problem>> {
    too_large(source, limits)?;
    if toml::is_toml(source.name()) {
        return of_toml(source, limits, dialect, handed);
    }
    part(source.text(), source.base(), limits, dialect, Lines::AsWritten, handed)
}

/// What the end of a text counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// It is not a line break.
    AsWritten,
    /// It ends a line: kubectl hands its YAML parser whole lines.
    Ended,
}

/// Reads a part of a source, which begins at `base`.
pub(crate) fn part<'a>(
    text: &'a str,
    base: usize,
    limits: &'a Limits,
    dialect: Dialect,
    lines: Lines,
    handed: Option<Handed<'a>>,
) -> Result<Read, Vec<Problem>> {
    let written = text.len();
    let ended = (lines == Lines::Ended && !text.ends_with('\n')).then(|| format!("{text}\n"));
    let as_written = ended.as_deref().unwrap_or(text);
    let options = options(limits, dialect);
    let (text, behind) = if dialect.is_go_yaml() {
        yaml_1_1::translated(as_written, &options, dialect)
    } else {
        (Cow::Borrowed(as_written), None)
    };
    let text = &*text;
    let handed = handed.map(|handed| Handed { lists: handed.lists, case: handed.case, to: handed.to });
    let mut builder = Builder::new(text, limits, dialect, handed);
    let read = match dialect {
        Dialect::Json => json::read(text, &mut builder),
        _ => read(text, &as_written[..written.min(text.len())], &options, dialect, &mut builder),
    };
    if let Some(at) = behind {
        builder.warn(unread(Span::at(at)));
    }
    finished(builder, read, base)
}

/// Reads a text of TOML.
pub(crate) fn of_toml<'a>(
    source: &'a Source,
    limits: &'a Limits,
    dialect: Dialect,
    handed: Option<Handed<'a>>,
) -> Result<Read, Vec<Problem>> {
    let mut builder = Builder::new(source.text(), limits, dialect, handed);
    let read = toml::read(source.text(), dialect, &mut builder);
    finished(builder, read, source.base())
}

/// What was read as if the text began at 0.
fn finished(builder: Builder<'_>, read: Result<(), Fatal>, base: usize) -> Result<Read, Vec<Problem>> {
    match builder.finish(read.err()) {
        Ok(mut read) => {
            if let Some(root) = &mut read.root {
                root.shift(base);
            }
            for warning in &mut read.warnings {
                warning.shift(base);
            }
            Ok(read)
        }
        Err(mut problems) => {
            for problem in &mut problems {
                problem.shift(base);
            }
            Err(problems)
        }
    }
}

/// The tab in the indentation of the line in which the parser stops: it is the cause, whatever the parser says.
fn indenting_tab(text: &str, at: usize) -> Option<usize> {
    let line = text.get(..at)?.rfind(['\r', '\n']).map_or(0, |end| end + 1);
    let blanks = text[line..].len() - text[line..].trim_start_matches(' ').len();
    text[line + blanks..].starts_with('\t').then_some(line + blanks)
}

/// The tab that the parser means, which stops behind it, or in front of the line that begins with it.
fn tab_near(text: &str, at: usize) -> Option<usize> {
    let (before, behind) = text.split_at_checked(at)?;
    let run = before.trim_end_matches('\t').len();
    if run < at { Some(run) } else { behind.find('\t').map(|tab| at + tab) }
}

/// Reads a text that was written, perhaps in other words and with a line end more.
fn read(
    text: &str,
    as_written: &str,
    options: &Options,
    dialect: Dialect,
    builder: &mut Builder<'_>,
) -> Result<(), Fatal> {
    let written = as_written.len();
    let mut scanner = dialect.is_go_yaml().then(|| Scanner::new(text));
    let mut follow = |token: Token, span: Span, builder: &Builder<'_>| {
        scanner.as_mut().map_or(Ok(()), |scanner| scanner.token(token, span, builder.expects_key()))
    };
    let mut documents = 0;
    let mut has_ended = false;
    // Where the last thing ended that stands in the text. Block collections end with whatever follows them; theirs is
    // the end of their last entry.
    let mut end = 0;
    for event in Parser::new_from_str_with_options(text, options.clone()) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(written).min(written);
                // Where a directive stands, another document begins.
                let is_behind = has_ended || (builder.is_complete() && libyaml::is_directive(text, at));
                if is_behind && dialect.is_go_yaml() {
                    builder.warn(unread(Span::at(at)));
                    break;
                }
                let info = error.info();
                let tab = indenting_tab(as_written, at).filter(|_| !builder.is_in_flow());
                let tab = tab.or_else(|| info.contains("tab").then(|| tab_near(as_written, at))?);
                let problem = tab.map(libyaml::tab);
                let problem = problem.unwrap_or_else(|| {
                    let problem = Problem::error("document.syntax", Span::at(at), info);
                    match slips::hint(as_written, at, builder.bracket()) {
                        Some(hint) => problem.hint(hint),
                        None => problem,
                    }
                });
                return Err(problem.into());
            }
        };
        let range = span.byte_range().unwrap_or(end..end);
        let mut span = Span { start: range.start.min(written), end: range.end.min(written) };
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    if dialect.is_go_yaml() {
                        builder.warn(unread(span));
                        break;
                    }
                    let message = "a second document begins here; one file holds one document";
                    return Err(Problem::error(SEVERAL, span, message).into());
                }
                continue;
            }
            Event::DocumentEnd => {
                has_ended = true;
                continue;
            }
            Event::Scalar(value, style, anchor, tag) => {
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                if is_block {
                    span.start = block_header(text, end, span.start);
                }
                // In brackets `?` says that a key follows, with a blank behind it or without.
                let key = (dialect.is_go_yaml() && style == ScalarStyle::Plain && builder.is_in_flow())
                    .then(|| value.strip_prefix('?'))
                    .flatten()
                    .filter(|key| !key.is_empty() && !builder.expects_value());
                if let Some(key) = key {
                    let whole = span;
                    span.start += 1;
                    follow(Token::Plain, span, builder)?;
                    let key = scalar(key, style, tag.as_deref(), span, dialect)?;
                    if builder.expects_key() {
                        builder.scalar(key, span, anchor)?;
                    } else {
                        builder.open(Collection::Mapping, Style::Flow, whole, anchor)?;
                        builder.scalar(key, span, 0)?;
                        builder.scalar(Scalar::plain("", dialect), Span::at(span.end), 0)?;
                        builder.close(whole, span.end)?;
                    }
                    end = span.end;
                    continue;
                }
                let token = match style {
                    ScalarStyle::Plain => Token::Plain,
                    _ if is_block => Token::BlockScalar,
                    _ => Token::Quoted,
                };
                follow(token, span, builder)?;
                if dialect.is_go_yaml() {
                    libyaml::refuse_separators(as_written, span)?;
                }
                let scalar = scalar(&value, style, tag.as_deref(), span, dialect)?;
                end = builder.scalar(scalar, span, anchor)?.end;
                continue;
            }
            Event::SequenceStart(style, anchor, _) => {
                follow(start_of(style), span, builder)?;
                builder.open(Collection::Sequence, style_of(style), span, anchor)?;
            }
            Event::MappingStart(style, anchor, _) => {
                follow(start_of(style), span, builder)?;
                builder.open(Collection::Mapping, style_of(style), span, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let is_flow = builder.is_in_flow();
                follow(if is_flow { Token::FlowEnd } else { Token::BlockEnd }, span, builder)?;
                end = builder.close(span, end)?;
                continue;
            }
            Event::Alias(anchor) => {
                follow(Token::Alias, span, builder)?;
                builder.alias(anchor, span)?;
            }
            _ => continue,
        }
        end = span.end;
    }
    scanner.as_mut().map_or(Ok(()), Scanner::end)
}

fn start_of(style: StructureStyle) -> Token {
    if style == StructureStyle::Flow { Token::FlowStart } else { Token::BlockStart }
}

fn unread(span: Span) -> Problem {
    let message = "a second document begins here; the program that owns this file reads only the first";
    Problem::warning(SEVERAL, span, message)
}

/// A scalar by its style and tag. What Go's libraries know by its tag they resolve whether it is quoted or not.
fn scalar(value: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span, dialect: Dialect) -> Result<Scalar, Fatal> {
    let is_plain = style == ScalarStyle::Plain;
    // The parser calls a missing value `~`.
    let value = if is_plain && span.start == span.end { "" } else { value };
    let Some(tag) = tag else {
        return Ok(if is_plain { Scalar::plain(value, dialect) } else { Scalar::text(value) });
    };
    if tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() == Some("binary") {
        let message = "this is tagged `!!binary`, and is not in base64";
        let problem = || Problem::error("document.tag", span, message).into();
        return go::binary(value).map(Scalar::text).ok_or_else(problem);
    }
    let core = tag.core_suffix();
    if dialect == Dialect::Strict {
        return Ok(if is_plain && core != Some("str") { Scalar::plain(value, dialect) } else { Scalar::text(value) });
    }
    // To Go's library the tag `!` alone makes any `<<` a merge key.
    if value == "<<" && tag.to_string() == "!" {
        return Ok(Scalar::plain(value, dialect));
    }
    let Some(core @ ("null" | "bool" | "int" | "float")) = core else {
        return Ok(Scalar::text(value));
    };
    let scalar = Scalar::plain(value, dialect);
    let fits = match scalar.resolved() {
        Some(Resolved::Null) => core == "null",
        Some(Resolved::Bool(_)) => core == "bool",
        Some(Resolved::Int(_)) => matches!(core, "int" | "float"),
        Some(Resolved::Float(_)) => core == "float",
        Some(Resolved::Uint(_)) => core == "int",
        Some(Resolved::Timestamp | Resolved::Text) | None => false,
    };
    if fits {
        return Ok(scalar);
    }
    let message = format!("`{value}` is tagged `!!{core}`, but is {}", scalar.kind());
    Err(Problem::error("document.tag", span, message).into())
}

fn options(limits: &Limits, dialect: Dialect) -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.bom_inside_document_as_content = dialect.is_go_yaml();
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
    let line = between.trim_end().rfind(['\r', '\n']).map_or(0, |at| at + 1);
    let header = between[line..].split(" #").next().unwrap_or_default().trim_end();
    match header.rfind(['|', '>']) {
        Some(at) => before + line + at,
        None => content,
    }
}
