//! The tree over a YAML parser's events. Everything that knows the parser is in this file.
//!
//! JSON is read by the same parser: it is YAML, but for tabs as indentation, which the parser takes inside brackets.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};

use crate::{Entry, Limits, Node, Problem, Scalar, Source, Span, Style, Value};

/// Reads a text that holds one document, or none (`Ok(None)`: nothing but comments).
///
/// Syntax errors end the reading, so there is one of them; repeated keys are all found.
pub fn parse(source: &Source, limits: &Limits) -> Result<Option<Node>, Vec<Problem>> {
    if source.text().len() > limits.max_bytes {
        let message = format!("the file is larger than {} bytes", limits.max_bytes);
        return Err(vec![Problem::error("document.too-large", Span::default(), message)]);
    }
    let mut builder =
        Builder { limits, open: Vec::new(), root: None, anchors: HashMap::new(), nodes: 0, problems: vec![] };
    match builder.read(source.text()) {
        Ok(()) if builder.problems.is_empty() => Ok(builder.root),
        Ok(()) => Err(builder.problems),
        Err(problem) => {
            builder.problems.push(*problem);
            Err(builder.problems)
        }
    }
}

struct Builder<'a> {
    limits: &'a Limits,
    open: Vec<Open>,
    root: Option<Node>,
    /// Finished nodes that aliases may repeat, and how many nodes each has.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    problems: Vec<Problem>,
}

/// A collection that has begun and not ended.
struct Open {
    start: usize,
    anchor: usize,
    nodes_before: usize,
    style: Style,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, seen: HashSet<Box<str>>, key: Option<(Scalar, Span)> },
}

type Result1<T> = Result<T, Box<Problem>>;

impl Builder<'_> {
    fn read(&mut self, text: &str) -> Result1<()> {
        let mut options = Options::default();
        options.set_emit_comments(false);
        options.flow_nesting_limit = self.limits.max_depth + 1;
        options.block_nesting_limit = self.limits.max_depth + 1;
        let mut documents = 0;
        let mut end = 0;
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| {
                let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
                Box::new(Problem::error("document.syntax", Span { start: at, end: at }, error.info().clone()))
            })?;
            let range = span.byte_range().unwrap_or(end..end);
            let span = Span { start: range.start, end: range.end };
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        let message = "a second document begins here; one file holds one document";
                        return Err(Box::new(Problem::error("document.several", span, message)));
                    }
                    continue;
                }
                Event::Scalar(text, style, anchor, _) => {
                    let quoted = style != ScalarStyle::Plain;
                    let scalar = Scalar { text: text.into_owned().into_boxed_str(), quoted };
                    self.scalar(scalar, span, anchor)?;
                }
                Event::SequenceStart(style, anchor, _) => {
                    self.open(span, anchor, style, Content::Sequence(Vec::new()))?;
                }
                Event::MappingStart(style, anchor, _) => {
                    let content = Content::Mapping { entries: Vec::new(), seen: HashSet::new(), key: None };
                    self.open(span, anchor, style, content)?;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    self.close(span, &mut end)?;
                    continue;
                }
                Event::Alias(anchor) => self.alias(anchor, span)?,
                _ => continue,
            }
            end = span.end;
        }
        Ok(())
    }

    fn scalar(&mut self, scalar: Scalar, span: Span, anchor: usize) -> Result1<()> {
        self.count(1, span)?;
        if let Some(Open { content: Content::Mapping { seen, key: key @ None, entries }, .. }) = self.open.last_mut() {
            if !seen.insert(scalar.text.clone()) {
                let first = entries.iter().find(|entry| entry.key.text == scalar.text).map(|entry| entry.key_span);
                let message = format!("the key `{}` stands twice", scalar.text);
                let problem = Problem::error("document.duplicate-key", span, message);
                self.problems.push(problem.related(first.unwrap_or_default(), "first here"));
            }
            *key = Some((scalar, span));
            return Ok(());
        }
        self.finish(Node { span, value: Value::Scalar(scalar) }, anchor, 1)
    }

    fn open(&mut self, span: Span, anchor: usize, style: StructureStyle, content: Content) -> Result1<()> {
        self.count(1, span)?;
        if self.open.len() >= self.limits.max_depth {
            let message = format!("collections are nested deeper than {} levels", self.limits.max_depth);
            return Err(Box::new(Problem::error("document.too-deep", span, message)));
        }
        self.refuse_as_key(span)?;
        let style = if style == StructureStyle::Flow { Style::Flow } else { Style::Block };
        self.open.push(Open { start: span.start, anchor, nodes_before: self.nodes - 1, style, content });
        Ok(())
    }

    fn close(&mut self, span: Span, last_end: &mut usize) -> Result1<()> {
        let Open { start, anchor, nodes_before, style, content } =
            self.open.pop().expect("the parser balances its events");
        // Block collections end with whatever follows them; theirs is the end of their last entry.
        if style == Style::Flow {
            *last_end = span.end;
        }
        let end = (*last_end).max(start);
        let value = match content {
            Content::Sequence(nodes) => Value::Sequence(nodes, style),
            Content::Mapping { entries, .. } => Value::Mapping(entries, style),
        };
        self.finish(Node { span: Span { start, end }, value }, anchor, self.nodes - nodes_before)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result1<()> {
        let Some((node, count)) = self.anchors.get(&anchor) else {
            let message = "an alias stands inside what it repeats";
            return Err(Box::new(Problem::error("document.alias", span, message)));
        };
        let (mut node, count) = (node.clone(), *count);
        node.span = span;
        if let Some(Open { content: Content::Mapping { key: None, .. }, .. }) = self.open.last() {
            return match node.value {
                Value::Scalar(scalar) => self.scalar(scalar, span, 0),
                Value::Sequence(..) | Value::Mapping(..) => self.refuse_as_key(span),
            };
        }
        self.count(count, span)?;
        self.finish(node, 0, count)
    }

    /// A finished node goes where the open collection wants it.
    fn finish(&mut self, node: Node, anchor: usize, count: usize) -> Result1<()> {
        if anchor != 0 {
            // The copy counts as well: anchors are what makes a small text large.
            self.count(count, node.span)?;
            self.anchors.insert(anchor, (node.clone(), count));
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::Sequence(nodes)) => nodes.push(node),
            Some(Content::Mapping { entries, key, .. }) => {
                let (key, key_span) = key.take().expect("a value follows its key");
                entries.push(Entry { key, key_span, value: node });
            }
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result1<()> {
        self.nodes += nodes;
        if self.nodes <= self.limits.max_nodes {
            return Ok(());
        }
        let message = format!("the file has more than {} values, aliases counted", self.limits.max_nodes);
        Err(Box::new(Problem::error("document.too-many", span, message)))
    }

    fn refuse_as_key(&self, span: Span) -> Result1<()> {
        match self.open.last() {
            Some(Open { content: Content::Mapping { key: None, .. }, .. }) => {
                let message = "a list or mapping cannot be a key";
                Err(Box::new(Problem::error("document.key", span, message)))
            }
            _ => Ok(()),
        }
    }
}
