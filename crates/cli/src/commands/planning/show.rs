//! A plan on a terminal, and what stops it.

use access::plan::{
    Flag, Plan, Refusal,
    print::{Segment, Style, text},
};
use anstyle::AnsiColor;

use crate::rim;

/// The plan with colours.
pub(crate) fn printed(plan: &Plan) -> String {
    styled(&text(plan))
}

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

/// Says what stops apply, and what overrides it.
pub(crate) fn stops(refusals: &[Refusal]) {
    for refusal in refusals {
        let flag = match refusal.flag() {
            Some(Flag::Forget) => " (`--forget FILE`)",
            Some(Flag::Adopt) => " (`--adopt`)",
            Some(Flag::AllowLockout) => " (`--allow-lockout`)",
            None => "",
        };
        let (summary, code, advice) = (refusal.summary(), refusal.code(), refusal.advice());
        rim::note(&format!("error: [{code}] {summary}; {advice}{flag}"));
    }
}
