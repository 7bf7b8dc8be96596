//! The tree as it grows, and the bounds it grows within.
//!
//! Finished nodes and entries wait on two stacks until their collection ends; then it takes exactly those that are its own.

use std::collections::HashMap;

use crate::{
    Dialect, Entry, KeyCase, Limits, Node, Problem, Read, Scalar, Span, Style, Value,
    entries::{self, MAX_REPEATED},
    go::Resolved,
};

/// A problem behind which nothing can be read.
pub(crate) type Fatal = Box<Problem>;

/// Lists whose elements are handed over as they end, instead of becoming part of the tree.
pub(crate) struct Handed<'a> {
    /// Each by the keys that lead to it from the outermost mapping.
    pub(crate) lists: &'a [&'a [&'a str]],
    /// How its keys are compared.
    pub(crate) case: KeyCase,
    /// Takes an element of the list of this number.
    pub(crate) to: &'a mut dyn FnMut(usize, Node),
}

/// Takes events in the order of the text and makes nodes of them.
pub(crate) struct Builder<'a> {
    text: &'a str,
    limits: &'a Limits,
    dialect: Dialect,
    handed: Option<Handed<'a>>,
    open: Vec<Open>,
    waiting_nodes: Vec<Node>,
    waiting_entries: Vec<Entry>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    expanded: usize,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    has_handed: bool,
}

/// What is opened and closed.
#[derive(Clone, Copy)]
pub(crate) enum Collection {
    Sequence,
    Mapping,
}

/// A finished node that aliases may repeat.
struct Anchored {
    node: Node,
    size: Size,
}

/// How large a node is: aliases must not make a tree larger or deeper than the limits allow.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    depth: usize,
}

/// A collection that has begun and not ended.
struct Open {
    start: usize,
    anchor: usize,
    nodes_before: usize,
    /// Of the deepest collection in it.
    depth_below: usize,
    style: Style,
    content: Content,
}

/// Where on its stack a collection's own begin.
enum Content {
    Sequence { first: usize, handed: Option<usize> },
    Mapping { first: usize, key: Option<(Scalar, Span)> },
}

impl<'a> Builder<'a> {
    pub(crate) fn new(text: &'a str, limits: &'a Limits, dialect: Dialect, handed: Option<Handed<'a>>) -> Self {
        Self {
            text,
            limits,
            dialect,
            handed,
            open: Vec::new(),
            waiting_nodes: Vec::new(),
            waiting_entries: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            nodes: 0,
            expanded: 0,
            problems: Vec::new(),
            warnings: Vec::new(),
            has_handed: false,
        }
    }

    /// The tree and what is to be said about it, or what is wrong.
    pub(crate) fn finish(mut self, fatal: Option<Fatal>) -> Result<Read, Vec<Problem>> {
        while let Some(open) = self.open.pop() {
            if let Content::Mapping { first, .. } = open.content {
                self.settle(first);
            }
        }
        self.problems.sort_by_key(|problem| problem.span);
        self.problems.truncate(MAX_REPEATED);
        self.problems.extend(fatal.map(|problem| *problem));
        self.warnings.sort_by_key(|warning| warning.span);
        if self.problems.is_empty() {
            Ok(Read { root: self.root, warnings: self.warnings })
        } else {
            Err(self.problems)
        }
    }

    /// Something to say about a text that can be read.
    pub(crate) fn warn(&mut self, warning: Problem) {
        self.warnings.push(warning);
    }

    /// A scalar as key, value or element. Returns where it stands.
    pub(crate) fn scalar(&mut self, scalar: Scalar, span: Span, anchor: usize) -> Result<Span, Fatal> {
        self.count(1, span)?;
        match self.open.last_mut().map(|open| &mut open.content) {
            Some(Content::Mapping { key: key @ None, .. }) => {
                if anchor != 0 {
                    let node = Node { span, value: Value::Scalar(scalar.clone()) };
                    self.anchors.insert(anchor, Anchored { node, size: Size { nodes: 1, depth: 0 } });
                }
                *key = Some((scalar, span));
                Ok(span)
            }
            Some(Content::Mapping { key: Some(_), .. }) => {
                self.check_value(&scalar, span);
                let span = if span.start == span.end { self.behind_colon(span) } else { span };
                self.add(Node { span, value: Value::Scalar(scalar) }, anchor, Size { nodes: 1, depth: 0 })?;
                Ok(span)
            }
            Some(Content::Sequence { .. }) | None => {
                self.check_value(&scalar, span);
                self.add(Node { span, value: Value::Scalar(scalar) }, anchor, Size { nodes: 1, depth: 0 })?;
                Ok(span)
            }
        }
    }

    pub(crate) fn open(
        &mut self,
        collection: Collection,
        style: Style,
        span: Span,
        anchor: usize,
    ) -> Result<(), Fatal> {
        self.count(1, span)?;
        self.check_depth(1, span)?;
        self.refuse_as_key(span)?;
        let content = match collection {
            // What an anchor names stays, for aliases may repeat it.
            Collection::Sequence => {
                let handed = if anchor == 0 { self.expects_handed() } else { None };
                self.has_handed |= handed.is_some();
                Content::Sequence { first: self.waiting_nodes.len(), handed }
            }
            Collection::Mapping => Content::Mapping { first: self.waiting_entries.len(), key: None },
        };
        let nodes_before = self.nodes - 1;
        self.open.push(Open { start: span.start, anchor, nodes_before, depth_below: 0, style, content });
        Ok(())
    }

    /// Whether the innermost collection is written in brackets.
    pub(crate) fn is_in_flow(&self) -> bool {
        self.open.last().is_some_and(|open| open.style == Style::Flow)
    }

    /// Where the innermost bracket is that is open. A pair within a list is a collection that has none.
    pub(crate) fn bracket(&self) -> Option<usize> {
        let has_one = |open: &&Open| matches!(self.text.as_bytes().get(open.start), Some(b'[' | b'{'));
        self.open.iter().rev().take_while(|open| open.style == Style::Flow).find(has_one).map(|open| open.start)
    }

    /// Ends the innermost collection: flow ones at the end of their bracket, block ones at the end of what they hold.
    /// Returns that end.
    pub(crate) fn close(&mut self, bracket: Span, last_end: usize) -> Result<usize, Fatal> {
        let open = self.open.pop().expect("the parser balances its events");
        let end = if open.style == Style::Flow { bracket.end } else { last_end }.max(open.start);
        let value = match open.content {
            Content::Sequence { first, .. } => Value::Sequence(self.waiting_nodes.drain(first..).collect(), open.style),
            Content::Mapping { first, .. } => Value::Mapping(self.settle(first), open.style),
        };
        let size = Size { nodes: self.nodes - open.nodes_before, depth: open.depth_below + 1 };
        self.add(Node { span: Span { start: open.start, end }, value }, open.anchor, size)?;
        Ok(end)
    }

    /// Whether a whole document was read.
    pub(crate) fn is_complete(&self) -> bool {
        self.open.is_empty() && self.root.is_some()
    }

    /// A node once more. The copy stands where the alias stands; what is in it keeps its places.
    pub(crate) fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Fatal> {
        let Some(Anchored { node, size }) = self.anchors.get(&anchor) else {
            let message = "an alias stands inside what it repeats";
            return Err(Problem::error("document.alias", span, message).into());
        };
        let size = *size;
        if let (Value::Scalar(scalar), true) = (&node.value, self.expects_key()) {
            let scalar = scalar.clone();
            self.expand(1, span)?;
            return self.scalar(scalar, span, 0).map(drop);
        }
        self.refuse_as_key(span)?;
        // Bounds come before the copy.
        self.expanded += size.nodes;
        self.check_expansion(span)?;
        self.nodes += size.nodes;
        self.check_nodes(span)?;
        self.check_depth(size.depth, span)?;
        let node = Node { span, value: self.anchors[&anchor].node.value.clone() };
        self.add(node, 0, size)
    }

    /// A finished node goes where the open collection wants it.
    fn add(&mut self, node: Node, anchor: usize, size: Size) -> Result<(), Fatal> {
        if anchor != 0 {
            self.expand(size.nodes, node.span)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.depth_below = open.depth_below.max(size.depth);
        match &mut open.content {
            Content::Sequence { handed: Some(list), .. } => {
                (self.handed.as_mut().expect("a list to hand over").to)(*list, node);
            }
            Content::Sequence { .. } => self.waiting_nodes.push(node),
            Content::Mapping { key, .. } => {
                let (key, key_span) = key.take().expect("a value follows its key");
                self.waiting_entries.push(Entry { key, key_span, value: node });
            }
        }
        Ok(())
    }

    /// The entries of a mapping that has ended.
    fn settle(&mut self, first: usize) -> Vec<Entry> {
        let entries: Vec<Entry> = self.waiting_entries.drain(first..).collect();
        // What was handed over cannot be taken back.
        if self.open.is_empty()
            && self.has_handed
            && let Some(handed) = &self.handed
        {
            let outermost = handed.lists.iter().filter_map(|keys| if let [key] = keys { Some(*key) } else { None });
            // Where no key may stand twice, it is said already.
            let again = outermost.filter(|_| self.dialect != Dialect::Strict);
            self.problems.extend(again.filter_map(|key| entries::second_list(&entries, key)));
        }
        entries::settle(entries, self.text, self.dialect, &mut self.problems, &mut self.warnings)
    }

    /// kubectl makes JSON of what it reads, and JSON has no infinity.
    fn check_value(&mut self, scalar: &Scalar, span: Span) {
        if self.dialect == Dialect::Kubernetes
            && matches!(scalar.resolved(), Some(Resolved::Float(float)) if !float.is_finite())
        {
            self.problems.push(Problem::error(
                "document.number",
                span,
                format!("`{}` is not a number in JSON", scalar.text),
            ));
        }
    }

    /// Where a missing value would stand.
    fn behind_colon(&self, span: Span) -> Span {
        let rest = self.text.get(span.start..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let at = if rest[blanks..].starts_with(':') { span.start + blanks + 1 } else { span.start };
        Span { start: at, end: at }
    }

    /// Which of the lists to hand over begins now, if it is one.
    fn expects_handed(&self) -> Option<usize> {
        let Handed { lists, case, .. } = self.handed.as_ref()?;
        let leads = |open: &Open, to: &str| match &open.content {
            Content::Mapping { key: Some((key, _)), .. } => case.is_same(&key.text, to),
            Content::Mapping { key: None, .. } | Content::Sequence { .. } => false,
        };
        let leads_to = |keys: &[&str]| {
            self.open.len() == keys.len() && self.open.iter().zip(keys).all(|(open, key)| leads(open, key))
        };
        lists.iter().position(|keys| leads_to(keys))
    }

    /// Whether what begins now is a key.
    pub(crate) fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Mapping { key: None, .. }, .. }))
    }

    /// Whether what begins now is the value of a key.
    pub(crate) fn expects_value(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Mapping { key: Some(_), .. }, .. }))
    }

    fn refuse_as_key(&self, span: Span) -> Result<(), Fatal> {
        if self.expects_key() {
            return Err(Problem::error("document.key", span, "a list or mapping cannot be a key").into());
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Fatal> {
        self.nodes += nodes;
        self.check_nodes(span)
    }

    fn check_nodes(&self, span: Span) -> Result<(), Fatal> {
        let max = self.limits.max_nodes;
        let message = || format!("the file has more than {max} values, counting aliases");
        within(self.nodes <= max, "document.too-many", span, message)
    }

    fn expand(&mut self, nodes: usize, span: Span) -> Result<(), Fatal> {
        self.expanded += nodes;
        self.check_expansion(span)
    }

    fn check_expansion(&self, span: Span) -> Result<(), Fatal> {
        let max = self.limits.max_alias_expansion;
        let message = || format!("anchors and aliases repeat more than {max} values");
        within(self.expanded <= max, "document.alias-expansion", span, message)
    }

    fn check_depth(&self, more: usize, span: Span) -> Result<(), Fatal> {
        let max = self.limits.max_depth;
        let message = || format!("collections are nested deeper than {max} levels");
        within(self.open.len() + more <= max, "document.too-deep", span, message)
    }
}

fn within(holds: bool, code: &'static str, span: Span, message: impl Fn() -> String) -> Result<(), Fatal> {
    if holds { Ok(()) } else { Err(Problem::error(code, span, message()).into()) }
}
