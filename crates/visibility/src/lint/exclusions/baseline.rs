//! A file of exclusions for all that is found now, so that only what comes later is reported.
//!
//! Each is as narrow as what was found: whose, where, by which bindings, leading to whom, and how bad. Whatever is
//! another thing in one of these is reported.

use std::collections::{BTreeMap, BTreeSet};

use document::{quoted, visible};
use jiff::Timestamp;
use rbac::{Binding, escalation::Severity};

use super::{Found, TO_DO, pattern::literal};
use crate::lint::{Finding, Report, print};

/// Returns the file, as YAML, and how many exclusions are in it.
pub fn baseline(report: &Report<'_>, now: Timestamp) -> (String, usize) {
    let mut by_kind: BTreeMap<Kind, BTreeSet<Option<&str>>> = BTreeMap::new();
    for found in &report.left {
        by_kind.entry(Kind::of(found)).or_default().insert(found.namespace);
    }
    let mut entries: BTreeMap<(Kind, BTreeSet<Option<&str>>), Vec<&str>> = BTreeMap::new();
    for (mut kind, places) in by_kind {
        let code = std::mem::take(&mut kind.code);
        // What is everywhere and in some namespaces is two entries.
        let (everywhere, namespaces): (BTreeSet<_>, BTreeSet<_>) = places.into_iter().partition(Option::is_none);
        for places in [everywhere, namespaces].into_iter().filter(|places| !places.is_empty()) {
            entries.entry((kind.clone(), places)).or_default().push(code);
        }
    }
    let day = now.strftime("%Y-%m-%d");
    let mut text = format!(
        "# What `cluster-auth lint` found on {day}, so that only what comes later is reported: give it as `--exclusions`.\n\
         # Fill in each reason; whoever reads it next must be able to tell whether it still holds. Fix what has none.\n"
    );
    text.push_str(if entries.is_empty() { "exclusions: []\n" } else { "exclusions:\n" });
    let number = entries.len();
    for ((kind, places), codes) in entries {
        write(&kind, &places, &codes, report, &mut text);
    }
    (text, number)
}

/// What exclusions tell apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    /// The worst first.
    severity: std::cmp::Reverse<Severity>,
    subject: Option<String>,
    principal: Option<String>,
    target: Option<String>,
    bindings: Vec<String>,
    code: &'static str,
}

impl Kind {
    fn of(found: &Found<'_>) -> Self {
        let mut bindings: Vec<String> =
            found.bindings.iter().map(|binding| self::binding(binding, found.namespace)).collect();
        bindings.sort();
        bindings.dedup();
        Self {
            severity: std::cmp::Reverse(found.severity),
            subject: found.who.map(|who| literal(&who.to_string())),
            principal: found.principal.as_deref().map(literal),
            target: found.target.as_deref().map(literal),
            bindings,
            code: found.code,
        }
    }
}

/// Bindings of one name in the namespaces that something is found in are alike.
fn binding(binding: &Binding, namespace: Option<&str>) -> String {
    if binding.namespace().is_some() && binding.namespace() == namespace {
        return format!("RoleBinding */{}", literal(binding.name()));
    }
    literal(&print::binding(binding))
}

fn write(kind: &Kind, places: &BTreeSet<Option<&str>>, codes: &[&str], report: &Report<'_>, text: &mut String) {
    let Kind { severity: std::cmp::Reverse(severity), subject, principal, target, bindings, .. } = kind;
    let is_by = |by: &Binding| bindings.contains(&binding(by, by.namespace())) || bindings.contains(&binding(by, None));
    let is_of = |finding: &Finding<'_>| match (finding.who, principal) {
        (Some(who), _) => Some(literal(&who.to_string())) == *subject,
        (None, Some(principal)) => finding.message.contains(principal),
        (None, None) => finding.paths.is_empty() || finding.paths.iter().any(|path| is_by(path.binding)),
    };
    let is_in = |finding: &Finding<'_>, place: Option<&str>| match place {
        Some(name) => finding.namespaces.contains(&name),
        None => finding.is_everywhere || finding.namespaces.is_empty(),
    };
    let is_said = |finding: &&Finding<'_>| {
        finding.severity == *severity
            && codes.contains(&finding.check.code.code)
            && is_of(finding)
            && places.iter().any(|place| is_in(finding, *place))
    };
    for finding in report.findings.iter().filter(is_said) {
        let also = print::also(&finding.others);
        // Names are whatever somebody called something, and a comment ends with its line.
        let message = visible(&format!("{}{also}", finding.message));
        text.push_str(&format!("# {}: {message}\n", severity.as_str()));
    }
    let mut key = |dash: &str, key: &str, value: &str| text.push_str(&format!("{dash} {key}: {value}\n"));
    let list = |texts: Vec<String>| match &texts[..] {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    key("-", "check", &list(codes.iter().map(|code| (*code).to_owned()).collect()));
    for (name, value) in [("subject", subject), ("principal", principal), ("target", target)] {
        if let Some(value) = value {
            key(" ", name, &quoted(value));
        }
    }
    let names: Vec<String> = places.iter().flatten().map(|name| quoted(&literal(name))).collect();
    if names.is_empty() {
        key(" ", "everywhere", "true");
    } else {
        key(" ", "namespace", &list(names));
    }
    if !bindings.is_empty() {
        key(" ", "binding", &list(bindings.iter().map(|binding| quoted(binding)).collect()));
    }
    key(" ", "severity", severity.as_str());
    key(" ", "reason", &format!("\"{TO_DO}: why this is so, and until when\""));
}
