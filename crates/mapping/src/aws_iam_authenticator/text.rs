//! The text that is read, places in it, and what is said of it.

use document::Span;

use super::Standing;
use crate::{BackendMode, Defect, DefectKind, RuleSource};

/// How much of a line is shown.
const MAX_EXCERPT: usize = 120;

/// One text, and where it stands.
pub(super) struct Text<'a> {
    pub(super) mode: BackendMode,
    pub(super) source: document::Source,
    pub(super) standing: Standing,
    pub(super) defects: &'a mut Vec<Defect>,
}

impl<'a> Text<'a> {
    pub(super) fn new(mode: BackendMode, text: &str, standing: Standing, defects: &'a mut Vec<Defect>) -> Self {
        let source = document::Source::new(&*standing.file, text);
        Self { mode, source, standing, defects }
    }

    /// The line in the file that holds the text.
    pub(super) fn line(&self, at: usize) -> usize {
        let line = self.source.line(at);
        self.standing.line_of(line)
    }

    /// The place of an entry.
    pub(super) fn place(&self, list: &'static str, index: usize, at: usize) -> RuleSource {
        let (mode, file, line) = (self.mode, self.standing.file.clone(), self.line(at));
        self.standing.placed(&RuleSource { mode, list, index, file, line })
    }

    /// Says that something is not what it looks like.
    pub(super) fn say(
        &mut self,
        kind: DefectKind,
        section: impl Into<Box<str>>,
        at: usize,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let (mode, file, line) = (self.mode, self.standing.file.clone(), self.line(at));
        let (section, excerpt, message) = (section.into(), self.excerpt(at), message.into());
        self.defects.push(Defect { kind, mode, section, file, line, excerpt, message, hint });
    }

    /// The same of an entry.
    pub(super) fn say_of(
        &mut self,
        kind: DefectKind,
        place: &RuleSource,
        at: usize,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let RuleSource { mode, list, index, file, line } = place.clone();
        let (section, excerpt) = (format!("{list}[{index}]").into(), self.excerpt(at));
        self.defects.push(Defect { kind, mode, section, file, line, excerpt, message: message.into(), hint });
    }

    /// The same of problems that a parser has.
    pub(super) fn say_problems(&mut self, kind: DefectKind, section: &str, problems: &[document::Problem], what: &str) {
        for document::Problem { span: Span { start, .. }, message, hint, .. } in problems {
            self.say(kind, section, *start, format!("{what}{message}"), hint.clone());
        }
    }

    /// The line of the text, or of a long one what stands at the place; nothing of a text that nobody sees.
    fn excerpt(&self, at: usize) -> Box<str> {
        if !self.standing.entries.is_empty() {
            return Box::default();
        }
        let text = self.source.text();
        let at = text.floor_char_boundary(at);
        let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let line = |from: usize| text[from..].lines().next().unwrap_or_default().trim_end();
        let is_long = line(start).chars().count() > MAX_EXCERPT;
        let line = if is_long { line(at) } else { line(start) };
        line.char_indices().nth(MAX_EXCERPT).map_or(line, |(end, _)| &line[..end]).into()
    }
}
