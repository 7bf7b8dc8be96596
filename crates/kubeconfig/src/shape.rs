//! What values of a kubeconfig must be: kubectl loads no file in which one of them is something else. Its kuberc is held to
//! shapes in the same way.
//!
//! Source: `client-go/tools/clientcmd/api/v1/types.go`, read as `encoding/json` reads it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use document::{Node, Problem, Value};

/// What a value must be, unless it is null.
pub(crate) enum Shape {
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
    let problem = |Misfit { key, node, wanted }: Misfit<'_>| {
        let message = format!("`{key}` is not {wanted} to kubectl, which does not load such a kubeconfig");
        let problem = Problem::error("kubeconfig.type", node.span, message);
        let is_bare = wanted == TEXT && matches!(node.value, Value::Scalar(_));
        if is_bare { problem.hint("write it in quotes") } else { problem }
    };
    KUBECONFIG.misfits("the kubeconfig", root).into_iter().map(problem).collect()
}

/// What stands where something else belongs.
pub(crate) struct Misfit<'a> {
    /// Under which key, with its place in a list.
    pub(crate) key: String,
    pub(crate) node: &'a Node,
    /// What belongs there.
    pub(crate) wanted: &'static str,
}

/// What [`Misfit::wanted`] calls a text.
pub(crate) const TEXT: &str = "a string";

impl Shape {
    /// Returns everything below a key that does not fit, in the order of the shape. `null` fits everywhere.
    pub(crate) fn misfits<'a>(&self, key: &str, node: &'a Node) -> Vec<Misfit<'a>> {
        if node.is_null() {
            return Vec::new();
        }
        let wanted = match (self, &node.value) {
            (Text, _) => (!node.to_json().is_string()).then_some(TEXT),
            (Flag, _) => (!node.to_json().is_boolean()).then_some("true or false"),
            (Bytes, Value::Scalar(scalar)) => decode_base64(&scalar.text).is_none().then_some("base64"),
            // A list of numbers is bytes as well.
            (Anything, _) | (Bytes, Value::Sequence(..)) => None,
            (Bytes, Value::Mapping(..)) => Some("base64"),
            (List(of), Value::Sequence(nodes, _)) => {
                let items = nodes.iter().enumerate();
                return items.flat_map(|(at, node)| of.misfits(&format!("{key}[{at}]"), node)).collect();
            }
            (List(_), _) => Some("a list"),
            (Map(of), Value::Mapping(entries, _)) => {
                return entries.iter().flat_map(|entry| of.misfits(&entry.key.text, &entry.value)).collect();
            }
            (Fields(fields), Value::Mapping(..)) => {
                let there = fields.iter().filter_map(|(key, of)| Some((key, of, node.get(key)?)));
                return there.flat_map(|(key, of, node)| of.misfits(key, node)).collect();
            }
            (Map(_) | Fields(_), _) => Some("a mapping"),
        };
        wanted.into_iter().map(|wanted| Misfit { key: key.to_owned(), node, wanted }).collect()
    }
}

/// Returns the bytes of a `…-data` field, or `None` if it is not base64. Go's decoder, and so kubectl, skips line ends in it.
pub fn decode_base64(data: &str) -> Option<Vec<u8>> {
    STANDARD.decode(data.replace(['\r', '\n'], "")).ok()
}
