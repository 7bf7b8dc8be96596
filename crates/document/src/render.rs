//! Problems as text for a person, in rustc's style.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};

use crate::{Problem, Severity, Source, Span};

/// With or without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenderStyle {
    /// For files and pipes.
    Plain,
    /// For terminals (ANSI).
    Coloured,
}

/// Prints problems one below the other, each with file, line, column, excerpt and hint.
pub fn render(source: &Source, problems: &[Problem], style: RenderStyle) -> String {
    let renderer = match style {
        RenderStyle::Plain => Renderer::plain(),
        RenderStyle::Coloured => Renderer::styled(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let texts: Vec<_> = problems.iter().map(|problem| renderer.render(&[group(source, problem)])).collect();
    texts.iter().flat_map(|text| [text.trim_end(), "\n\n"]).collect()
}

fn group<'a>(source: &'a Source, problem: &'a Problem) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let related = problem
        .related
        .iter()
        .map(|(span, label)| AnnotationKind::Context.span(visible(source, *span)).label(label.as_str()));
    let snippet = Snippet::source(source.text())
        .path(source.name())
        .annotation(AnnotationKind::Primary.span(visible(source, problem.span)))
        .annotations(related);
    let group = level.primary_title(problem.message.as_str()).id(problem.code).element(snippet);
    match &problem.hint {
        Some(hint) => group.element(Level::HELP.message(hint.as_str())),
        None => group,
    }
}

/// The first line of a span, so that a whole block is not drawn for one problem in it.
fn visible(source: &Source, span: Span) -> std::ops::Range<usize> {
    let text = source.text();
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
    let line = text[start..end].find(['\n', '\r']).map_or(end, |at| start + at);
    start..line
}
