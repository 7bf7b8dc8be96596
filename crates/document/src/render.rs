//! Problems as text for a person, in rustc's style.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};

use crate::{Problem, Severity, Source, Span, is_hidden, visible};

/// The style of rendered problems, with or without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenderStyle {
    /// For files and pipes.
    Plain,
    /// For terminals (ANSI).
    Coloured,
}

/// Places this far apart, in bytes, are shown in excerpts of their own; between nearer ones lines are left out.
const MAX_EXCERPT: usize = 16 << 10;

/// Prints problems one below the other in the order of the text, each with file, line, column, excerpt and hint.
///
/// Texts of the source are shown with what hides in them made visible, so that no file can write to a terminal.
pub fn render(sources: &(impl AsRef<[Source]> + ?Sized), problems: &[Problem], style: RenderStyle) -> String {
    let renderer = match style {
        RenderStyle::Plain => Renderer::plain(),
        RenderStyle::Coloured => Renderer::styled(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by_key(|problem| problem.span.start);
    let excerpts: Vec<_> = sources.as_ref().iter().map(|source| Excerpts { source }).collect();
    let texts = sorted.into_iter().map(|problem| renderer.render(&[group(&excerpts, problem)]));
    let text: String = texts.flat_map(|text| [text.trim_end().to_owned(), "\n\n".to_owned()]).collect();
    // The renderer leaves no ESC but its own, and the line breaks are its own, too.
    text.replace(|letter: char| is_hidden(letter) && !['\n', '\u{1b}'].contains(&letter), "\u{fffd}")
}

fn group<'a>(excerpts: &[Excerpts<'a>], problem: &'a Problem) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(visible(&problem.message)).id(problem.code);
    let of = |span: Span| excerpts.partition_point(|excerpts| excerpts.source.base() <= span.start).checked_sub(1);
    let Some(home) = of(problem.span) else { return Group::with_title(title) };

    let primary = excerpts[home].visible(problem.span);
    let (mut near, mut far) = (vec![(primary.clone(), None)], Vec::new());
    for (span, label) in &problem.related {
        let Some(at) = of(*span) else { continue };
        let place = (excerpts[at].visible(*span), Some(label.as_str()));
        if at == home && place.0.start.abs_diff(primary.start) <= MAX_EXCERPT {
            near.push(place);
        } else {
            far.push(excerpts[at].excerpt(&[place]));
        }
    }
    let group = title.element(excerpts[home].excerpt(&near)).elements(far);
    match &problem.hint {
        Some(hint) => group.element(Level::HELP.message(visible(hint))),
        None => group,
    }
}

/// Cuts excerpts, so that a problem in a large file costs what its own lines cost.
struct Excerpts<'a> {
    source: &'a Source,
}

impl<'a> Excerpts<'a> {
    /// The lines of some places; the place without a label is the problem's own.
    fn excerpt(&self, places: &[(Range<usize>, Option<&'a str>)]) -> Snippet<'a, Annotation<'a>> {
        let first = places.iter().map(|(range, _)| range.start).min().unwrap_or_default();
        let last = places.iter().map(|(range, _)| range.end).max().unwrap_or_default();
        let lines = self.source.line_starts();
        let line = lines.partition_point(|start| *start <= first);
        let start = lines[line - 1];
        let text = self.source.text();
        let end = last + text[last..].find(['\n', '\r']).unwrap_or(text.len() - last);
        let annotations = places.iter().map(|(range, label)| {
            let kind = if label.is_none() { AnnotationKind::Primary } else { AnnotationKind::Context };
            kind.span(range.start - start..range.end - start).label(label.map(visible))
        });
        // The renderer would leave this one out. Both are three bytes, so that places stay where they are.
        let shown = text[start..end].replace('\u{200d}', "\u{fffd}");
        let snippet = Snippet::source(shown).line_start(line).path(self.source.name());
        snippet.annotations(annotations)
    }

    /// The first line of a span, so that a whole block is not drawn for one problem in it. The end of the text is shown
    /// at the end of its last line.
    fn visible(&self, span: Span) -> Range<usize> {
        let text = self.source.text();
        let written = text.trim_end_matches(['\n', '\r']).len();
        let base = self.source.base();
        let start = text.floor_char_boundary(span.start.saturating_sub(base).min(written));
        let end = text.ceil_char_boundary(span.end.saturating_sub(base).clamp(start, text.len()));
        let line = text[start..end].find(['\n', '\r']).map_or(end, |at| start + at);
        start..line
    }
}
