//! The page about the checks of `lint`, from the one table.

use codes::Code;
use rbac::escalation::{Severity, Within};
use visibility::lint::{Check, checks};

const INTRODUCTION: &str = "\
<!-- Written by `cargo xtask docs` from the code; changes here are lost. -->
# Privilege escalation, and what else `lint` finds

Every check of `cluster-auth lint`, by its code: what the holder can do, which rights that takes, why it leads further, and what to do about it.
[Find privilege escalation](find-privilege-escalation.md) says how to run it, how bad a finding is where, and how to accept one.
";

pub(super) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let (ways, others): (Vec<Check>, Vec<Check>) = checks().partition(|check| check.escalation.is_some());
    page.push_str("\n## Privilege escalation\n\n| code | severity | the holder can |\n|---|---|---|\n");
    page.push_str(&rows(&ways));
    page.push_str("\n## Other findings\n\n| code | severity | found where |\n|---|---|---|\n");
    page.push_str(&rows(&others));
    for check in ways.iter().chain(&others) {
        page.push_str(&section(check));
    }
    page
}

fn rows(checks: &[Check]) -> String {
    let row = |check: &Check| {
        let (code, anchor) = (check.code.code, check.code.code.replace('.', ""));
        format!("| [`{code}`](#{anchor}) | {} | {} |\n", check.severity.as_str(), check.code.summary)
    };
    checks.iter().map(row).collect()
}

fn section(check: &Check) -> String {
    let Check { code: Code { code, summary: about, meaning: why, fix, .. }, severity, reference, escalation } = check;
    let mut text = format!("\n### `{code}`\n\n");
    match escalation {
        None => text.push_str(&format!("{} (**{}**): {why}.\n", sentence(about), severity.as_str())),
        Some(way) => {
            let place = match (way.severity, way.within) {
                (Severity::Info, _) | (_, Within::Anywhere) => "",
                (_, Within::Privileged) => ", in the whole cluster and in `kube-*`",
                (_, Within::KubeSystem) => ", in the whole cluster and in `kube-system`",
            };
            text.push_str(&format!("The holder can {about} (**{}**{place}): {why}.\n\n", severity.as_str()));
            text.push_str(&format!("**Held everywhere:** they can {about}, {}.\n", way.path));
            text.push_str(&format!("**Rights:** {}", needs(way.needs)));
            if !way.also.is_empty() {
                text.push_str(&format!("; and to make use of it {}", needs(way.also)));
            }
            text.push_str(".\n");
        }
    }
    text.push_str(&format!("**What to do:** {fix}.\n**Reference:** <{reference}>\n"));
    text
}

/// `create`, `update` on `roles`; and …
fn needs(needs: &[&[rbac::escalation::Need]]) -> String {
    let list = |texts: &[&str]| texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ");
    let need = |need: &rbac::escalation::Need| {
        let group = match need.api_group {
            "" => String::new(),
            "*" => " of every group".to_owned(),
            group => format!(" of {group}"),
        };
        let name = if need.name.is_empty() { String::new() } else { format!(" `{}`", need.name) };
        format!("{} on {}{group}{name}", list(need.verbs), list(need.resources))
    };
    let of = |alternatives: &&[rbac::escalation::Need]| alternatives.iter().map(need).collect::<Vec<_>>().join(", or ");
    needs.iter().map(of).collect::<Vec<_>>().join("; with ")
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
