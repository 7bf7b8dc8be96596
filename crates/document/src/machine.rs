//! Problems for programs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{Problem, Severity, Source, Span, source};

/// The description of a code for SARIF's list of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// The code of its problems.
    pub code: &'static str,
    /// What it means, one sentence.
    pub about: &'static str,
    /// What to do.
    pub advice: &'static str,
}

/// `{"problems": […]}`: code, severity, file, line, column, message, hint, related places. Lines and columns begin at 1,
/// columns count characters.
pub fn to_json(sources: &(impl AsRef<[Source]> + ?Sized), problems: &[Problem]) -> Value {
    let sources = sources.as_ref();
    let problem = |problem: &Problem| {
        let related = problem.related.iter().map(|(span, label)| {
            let mut place = place(sources, *span);
            place["message"] = label.as_str().into();
            place
        });
        let mut value = place(sources, problem.span);
        value["code"] = problem.code.into();
        value["severity"] = word(problem.severity).into();
        value["message"] = problem.message.as_str().into();
        value["hint"] = problem.hint.as_deref().into();
        value["related"] = related.collect();
        value
    };
    json!({"problems": problems.iter().map(problem).collect::<Vec<_>>()})
}

/// SARIF 2.1.0, which code hosts show beside the changed lines.
pub fn to_sarif(sources: &(impl AsRef<[Source]> + ?Sized), problems: &[Problem], rules: &[RuleText]) -> Value {
    let sources = sources.as_ref();
    let location = |span: Span, message: Option<&str>| {
        let Some(source) = source::of(sources, span.start) else { return json!({}) };
        let (start, end) = (source.position(span.start), source.position(span.end));
        let mut location = json!({"physicalLocation": {
            "artifactLocation": {"uri": uri(source.name())},
            "region": {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column},
        }});
        if let Some(message) = message {
            location["message"] = json!({"text": message});
        }
        location
    };
    let result = |problem: &Problem| {
        let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        json!({
            "ruleId": problem.code,
            "level": word(problem.severity),
            "message": {"text": format!("{}{hint}", problem.message)},
            "locations": [location(problem.span, None)],
            "relatedLocations": problem.related.iter().map(|(span, label)| location(*span, Some(label))).collect::<Vec<_>>(),
        })
    };
    let rule = |rule: &RuleText| json!({"id": rule.code, "shortDescription": {"text": rule.about}, "help": {"text": rule.advice}});
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "cluster-auth", "rules": rules.iter().map(rule).collect::<Vec<_>>()}},
            "columnKind": "unicodeCodePoints",
            "results": problems.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// A path as a URI reference (RFC 3986, section 4.2): what it does not allow is written by its bytes.
fn uri(path: &str) -> String {
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    utf8_percent_encode(&path.replace('\\', "/"), ESCAPED).to_string()
}

fn place(sources: &[Source], span: Span) -> Value {
    let Some(source) = source::of(sources, span.start) else { return json!({}) };
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "file": source.name(),
        "line": start.line,
        "column": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
