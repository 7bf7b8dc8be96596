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

/// Where something stands whose text is not among the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elsewhere<'a> {
    /// The file, or what stands for it.
    pub file: &'a str,
    /// From 1.
    pub line: usize,
}

/// SARIF 2.1.0, which code hosts show beside the changed lines. Each problem comes with where it stands if that is in none of the sources: GitHub
/// takes no file with a result that is at no physical location ("SARIF support for code scanning").
pub fn to_sarif<'p>(
    sources: &(impl AsRef<[Source]> + ?Sized),
    problems: impl IntoIterator<Item = (&'p Problem, Elsewhere<'p>)>,
    rules: &[RuleText],
) -> Value {
    let sources = sources.as_ref();
    let location = |span: Span| {
        let source = source::of(sources, span.start)?;
        let (start, end) = (source.position(span.start), source.position(span.end));
        Some(physical(source.name(), [start.line, start.column, end.line, end.column]))
    };
    let result = |(problem, elsewhere): (&Problem, Elsewhere<'_>)| {
        let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        let Elsewhere { file, line } = elsewhere;
        let related = problem.related.iter().filter_map(|(span, label)| {
            let mut location = location(*span)?;
            location["message"] = json!({"text": label});
            Some(location)
        });
        json!({
            "ruleId": problem.code,
            "level": word(problem.severity),
            "message": {"text": format!("{}{hint}", problem.message)},
            "locations": [location(problem.span).unwrap_or_else(|| physical(file, [line, 1, line, 1]))],
            "relatedLocations": related.collect::<Vec<_>>(),
        })
    };
    let rule = |rule: &RuleText| json!({"id": rule.code, "shortDescription": {"text": rule.about}, "help": {"text": rule.advice}});
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "cluster-auth", "rules": rules.iter().map(rule).collect::<Vec<_>>()}},
            "columnKind": "unicodeCodePoints",
            "results": problems.into_iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn physical(file: &str, [start_line, start_column, end_line, end_column]: [usize; 4]) -> Value {
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(file)},
        "region": {"startLine": start_line, "startColumn": start_column, "endLine": end_line, "endColumn": end_column},
    }})
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
