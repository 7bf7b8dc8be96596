//! What the AWS CLI prints: one answer, several one after another as a loop of a shell collects them, lists of them, as JSON
//! or YAML. Which command it was shows by its keys.
//!
//! Source: the outputs of AWS CLI 2 with `--output json`, `yaml` and `yaml-stream`.

use access::IamDumpError;
use document::{Dialect, Document, Limits, Node, Source};
use serde_json::json;

use super::{How, InputError, Inputs, unkinded};
use crate::{
    AccessEntriesError,
    foreign::{self, identity_providers},
};

/// The outermost keys of `aws eks`; the last one stands in what `--query accessEntry` leaves of an entry.
const EKS: [&str; 5] = ["accessEntries", "accessEntry", "associatedAccessPolicies", "cluster", ENTRY];
/// Those of `aws iam`.
const IAM: [&str; 3] = ["Group", "Users", "Roles"];
const ENTRY: &str = "accessEntryArn";

/// Whether a document is one, or a list of them.
pub(super) fn are(root: &Node) -> bool {
    match root.as_sequence() {
        Some([]) => false,
        Some(answers) => answers.iter().all(is_one),
        None => is_one(root),
    }
}

fn is_one(node: &Node) -> bool {
    let has = |key: &str| node.get(key).is_some();
    // Others have these two words for their own as well.
    let is_cluster = || node.get("cluster").is_some_and(|cluster| cluster.get("accessConfig").is_some());
    node.get("kind").is_none()
        && unkinded::fragment(node).is_none()
        && (identity_providers::are(node)
            || EKS.iter().filter(|key| **key != "cluster").any(|key| has(key))
            || is_cluster()
            || is_of_iam(node))
}

fn is_of_iam(node: &Node) -> bool {
    let list = |key: &str| node.get(key).is_some_and(|value| value.as_sequence().is_some());
    (node.get("Group").is_some() && list("Users")) || list("Roles")
}

impl Inputs {
    /// Takes all answers of a document; `false` where it holds none after all.
    pub(super) fn read_outputs(
        &mut self,
        source: &Source,
        document: &Document,
        how: How<'_>,
    ) -> Result<bool, InputError> {
        let Some(root) = document.root() else { return Ok(false) };
        let at = |at: usize| source.position(at).line;
        let text = &source.text()[document.span.start - source.base()..document.span.end - source.base()];
        let parts = apart(text);
        // Of keys that stand twice a document keeps the last: there each answer is one of its own.
        if parts.len() > 1 && root.as_sequence().is_none() && !text.trim_start().starts_with('{') {
            let mut known = false;
            for (start, part) in parts {
                let part = Source::new(source.name(), part);
                let line = at(document.span.start + start);
                let read = document::parse_as(&part, &Limits::default(), Dialect::Kubernetes);
                let read = read.map_err(|problems| InputError::Yaml(super::in_lines(&part, &problems)))?;
                let Some(answer) = &read.root else { continue };
                if identity_providers::are(answer) {
                    // Its places are those of a text of our own.
                    let problems = foreign::read(&part, answer).map(|foreign| foreign.problems).unwrap_or_default();
                    for problem in &problems {
                        self.dump.lacks_beside(foreign::gap(problem, source.name(), line));
                    }
                    known = true;
                } else {
                    known |= self.read_output((source, line), answer, how)?;
                }
            }
            return Ok(known);
        }
        let mut known = false;
        for answer in root.as_sequence().unwrap_or(std::slice::from_ref(root)) {
            known |= self.read_output((source, at(answer.span.start)), answer, how)?;
        }
        Ok(known)
    }

    fn read_output(
        &mut self,
        (source, line): (&Source, usize),
        answer: &Node,
        how: How<'_>,
    ) -> Result<bool, InputError> {
        if let Some(foreign) = foreign::read(source, answer).filter(|_| identity_providers::are(answer)) {
            self.declare(foreign, source);
            return Ok(true);
        }
        let mut value = answer.to_json();
        if value.get(ENTRY).is_some() {
            value = json!({"accessEntry": value});
        }
        let text = value.to_string();
        let is_of_eks = EKS.iter().any(|key| value.get(key).is_some_and(|value| !value.is_null()));
        let (is_other, error) = if is_of_eks {
            match self.entries.read_at(text.as_bytes(), Some((source.name(), line))) {
                Ok(()) => return Ok(true),
                Err(error) => (matches!(error, AccessEntriesError::Shape), error.to_string()),
            }
        } else {
            match self.facts.add_iam_dump(text.as_bytes()) {
                Ok(known) => return Ok(known),
                Err(error) => (matches!(error, IamDumpError::Shape), error.to_string()),
            }
        };
        // Others use these words too. What is a part of an answer is one, wherever it lies.
        if is_other && how.is_of_folder {
            return Ok(false);
        }
        Err(InputError::Output { line, error })
    }
}

/// Whether a text of JSON holds several documents.
pub(super) fn are_several(json: &[u8]) -> bool {
    let mut documents = serde_json::Deserializer::from_slice(json).into_iter::<serde::de::IgnoredAny>();
    documents.next().is_some_and(|first| first.is_ok()) && documents.next().is_some_and(|second| second.is_ok())
}

/// A text of YAML taken apart where an answer begins: with a key of its own, or one that stands again. Each part with where
/// it begins.
fn apart(text: &str) -> Vec<(usize, &str)> {
    let (mut begins, mut keys, mut at) = (vec![0], Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let key = line.split_once(':').map(|(key, _)| key).filter(|_| line.starts_with(char::is_alphabetic));
        if let Some(key) = key {
            let begins_one = EKS.contains(&key) || identity_providers::KEYS.contains(&key);
            if keys.contains(&key) || (begins_one && !keys.is_empty()) {
                begins.push(at);
                keys.clear();
            }
            keys.push(key);
        }
        at += line.len();
    }
    let ends = begins.iter().skip(1).copied().chain([text.len()]);
    begins.iter().zip(ends).map(|(begin, end)| (*begin, &text[*begin..end])).collect()
}

/// Whether JSON may be one, by a key of its outermost object.
pub(super) fn about(key: &str) -> Option<super::About> {
    if EKS.contains(&key) {
        return Some(super::About::Eks);
    }
    (IAM.contains(&key) || ["IsTruncated", "Marker"].contains(&key)).then_some(super::About::Iam)
}
