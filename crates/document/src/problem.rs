//! What is wrong with a text, and where.

use crate::Span;

/// The severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Cannot be used without guessing.
    Error,
    /// Can be used, but is probably not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// A problem in a file, with everything that a person needs to fix it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable; documentation and `accept` name it.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What, in one sentence without a full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Other places that matter, each with a few words.
    pub related: Vec<(Span, String)>,
}

impl Problem {
    /// Creates an error: something that cannot be used.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        let severity = Severity::Error;
        Self { code, severity, span, message: message.into(), hint: None, related: Vec::new() }
    }

    /// Creates a warning: something that is probably not intended.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Adds advice to a problem.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn shift(&mut self, by: usize) {
        self.span.shift(by);
        self.related.iter_mut().for_each(|(span, _)| span.shift(by));
    }

    /// Adds a related place to a problem.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }
}

/// Problems as they are found.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Returns whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Adds all of them to others.
    pub fn move_into(self, others: &mut Self) {
        others.0.extend(self.0);
    }

    /// Returns all of them, in the order of the text.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.0.sort_by_key(|problem| (problem.span, problem.severity));
        self.0
    }
}
