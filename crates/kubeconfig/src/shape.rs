//! What values of a kubeconfig must be: kubectl loads no file in which one of them is something else.
//!
//! Source: `client-go/tools/clientcmd/api/v1/types.go`, read as `encoding/json` reads it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use document::{Node, Problem, Value};

/// What a value must be, unless it is null.
enum Shape {
    Text,
    Flag,
    /// Bytes, in base64.
    Bytes,
    List(&'static Self),
    /// A mapping of names that nobody knows beforehand.
    Map(&'static Self),
    /// A mapping; keys that are not here are not looked at.
    Fields(&'static [(&'static str, Self)]),
    Anything,
}

use Shape::{Anything, Bytes, Fields, Flag, List, Map, Text};

const EXTENSIONS: Shape = List(&Fields(&[("name", Text), ("extension", Anything)]));

const CLUSTER: Shape = Fields(&[
    ("server", Text),
    ("tls-server-name", Text),
    ("insecure-skip-tls-verify", Flag),
    ("certificate-authority", Text),
    ("certificate-authority-data", Bytes),
    ("proxy-url", Text),
    ("disable-compression", Flag),
    ("extensions", EXTENSIONS),
]);

const CONTEXT: Shape = Fields(&[("cluster", Text), ("user", Text), ("namespace", Text), ("extensions", EXTENSIONS)]);

const USER: Shape = Fields(&[
    ("client-certificate", Text),
    ("client-certificate-data", Bytes),
    ("client-key", Text),
    ("client-key-data", Bytes),
    ("token", Text),
    ("tokenFile", Text),
    ("as", Text),
    ("as-uid", Text),
    ("as-groups", List(&Text)),
    ("as-user-extra", Map(&List(&Text))),
    ("username", Text),
    ("password", Text),
    ("auth-provider", Fields(&[("name", Text), ("config", Map(&Text))])),
    ("exec", EXEC),
    ("extensions", EXTENSIONS),
]);

const EXEC: Shape = Fields(&[
    ("command", Text),
    ("args", List(&Text)),
    ("env", List(&Fields(&[("name", Text), ("value", Text)]))),
    ("apiVersion", Text),
    ("installHint", Text),
    ("provideClusterInfo", Flag),
    ("interactiveMode", Text),
]);

const KUBECONFIG: Shape = Fields(&[
    ("preferences", Fields(&[("colors", Flag), ("extensions", EXTENSIONS)])),
    ("clusters", List(&Fields(&[("name", Text), ("cluster", CLUSTER)]))),
    ("users", List(&Fields(&[("name", Text), ("user", USER)]))),
    ("contexts", List(&Fields(&[("name", Text), ("context", CONTEXT)]))),
    ("current-context", Text),
    ("extensions", EXTENSIONS),
]);

/// Returns the values that kubectl takes for something else than they must be, as `namespace: n`, which is `false` in YAML 1.1.
pub(crate) fn of_another_shape(root: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    KUBECONFIG.check("the kubeconfig", root, &mut problems);
    problems
}

impl Shape {
    fn check(&self, key: &str, node: &Node, problems: &mut Vec<Problem>) {
        if node.is_null() {
            return;
        }
        let is_not = match (self, &node.value) {
            (Text, _) => (!node.to_json().is_string()).then_some("a string"),
            (Flag, _) => (!node.to_json().is_boolean()).then_some("true or false"),
            (Bytes, Value::Scalar(scalar)) => (!is_base64(&scalar.text)).then_some("base64"),
            // A list of numbers is bytes as well.
            (Anything, _) | (Bytes, Value::Sequence(..)) => None,
            (Bytes, Value::Mapping(..)) => Some("base64"),
            (List(of), Value::Sequence(nodes, _)) => {
                let items = nodes.iter().enumerate();
                items.for_each(|(at, node)| of.check(&format!("{key}[{at}]"), node, problems));
                None
            }
            (List(_), _) => Some("a list"),
            (Map(of), Value::Mapping(entries, _)) => {
                for entry in entries {
                    of.check(&entry.key.text, &entry.value, problems);
                }
                None
            }
            (Fields(fields), Value::Mapping(..)) => {
                let there = fields.iter().filter_map(|(key, of)| Some((key, of, node.get(key)?)));
                there.for_each(|(key, of, node)| of.check(key, node, problems));
                None
            }
            (Map(_) | Fields(_), _) => Some("a mapping"),
        };
        if let Some(what) = is_not {
            let message = format!("`{key}` is not {what} to kubectl, which does not load such a kubeconfig");
            let problem = Problem::error("kubeconfig.type", node.span, message);
            let is_bare = matches!((self, &node.value), (Text, Value::Scalar(_)));
            problems.push(if is_bare { problem.hint("write it in quotes") } else { problem });
        }
    }
}

/// As Go reads it: line ends do not count.
fn is_base64(text: &str) -> bool {
    let text: String = text.chars().filter(|letter| !matches!(letter, '\n' | '\r')).collect();
    STANDARD.decode(text).is_ok()
}
