//! A plan on a terminal, and what stops it.

use plan::{Allowed, Flag, Plan, Refusal, print::text};

use crate::{process, shared::terminal::styled};

/// The plan with colours, and with what the flags allow.
pub(crate) fn printed(plan: &Plan, allowed: &Allowed) -> String {
    styled(&text(plan, allowed))
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
