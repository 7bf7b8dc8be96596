//! A plan on a terminal, and what stops it.

use anstyle::AnsiColor;
use plan::{Flag, Plan, Refusal, print::text};
use report::{Segment, Style};

use crate::process;

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

/// Says what stops apply, and what overrides it: once of those that are alike.
pub(crate) fn stops(refusals: &[Refusal]) {
    for alike in refusals.chunk_by(|one, other| one.code() == other.code()) {
        let (code, advice) = (alike[0].code(), alike[0].advice());
        let flag = match alike[0].flag() {
            Some(Flag::Forget) => {
                let files = alike.iter().filter_map(|refusal| match refusal {
                    Refusal::FileMissing { file } => Some(format!("--forget {file}")),
                    _ => None,
                });
                format!(" (`{}`)", files.collect::<Vec<_>>().join(" "))
            }
            Some(flag) if !advice.contains(flag.as_str()) => format!(" (`{}`)", flag.as_str()),
            Some(_) | None => String::new(),
        };
        if let [refusal] = alike {
            process::note(&format!("error: [{code}] {}; {advice}{flag}", refusal.summary()));
            continue;
        }
        for refusal in alike {
            process::note(&format!("error: [{code}] {}", refusal.summary()));
        }
        process::note(&format!("help: {advice}{flag}"));
    }
}
