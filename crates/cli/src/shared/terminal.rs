//! Text for a terminal, with colours.

use anstyle::AnsiColor;
use report::{Segment, Style};

/// Pieces of text with their colours.
pub(crate) fn styled(segments: &[Segment]) -> String {
    segments.iter().map(|segment| coloured(segment.text(), segment.style())).collect()
}

fn coloured(text: &str, style: Style) -> String {
    let style = match style {
        Style::Plain => anstyle::Style::new(),
        Style::Title => anstyle::Style::new().bold(),
        Style::Danger => AnsiColor::Red.on_default().bold(),
        Style::Add => AnsiColor::Green.on_default(),
        Style::Change => AnsiColor::Yellow.on_default(),
        Style::Remove => AnsiColor::Red.on_default(),
        Style::Note => anstyle::Style::new().dimmed(),
    };
    // The escapes stay within the line, for whoever greps.
    let line = text.trim_end_matches('\n');
    format!("{style}{line}{style:#}{}", &text[line.len()..])
}
