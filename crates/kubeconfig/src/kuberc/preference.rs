//! Which document of a kuberc kubectl takes: the first one that its types can hold.
//!
//! Source: `decodePreference` of `kubectl/pkg/kuberc/marshal.go`, and the types of `kubectl/pkg/config`.

use document::{Document, Node, Problem};

use crate::{
    kind::{last, text_of},
    shape::{Misfit, Shape, TEXT},
};

/// The document that counts.
pub(super) struct Preference<'a> {
    pub(super) root: &'a Node,
    /// From 0, among all documents.
    pub(super) number: usize,
}

const GROUP: &str = "kubectl.config.k8s.io";

/// The version that knows a policy for programs.
pub(super) const VERSION: &str = "kubectl.config.k8s.io/v1beta1";

/// The one before it, which does not.
const OLD_VERSION: &str = "kubectl.config.k8s.io/v1alpha1";

/// The document that kubectl takes; `None` if nobody has written one, and problems where it takes none of those that there are, or one of
/// a version that knows no policy.
pub(super) fn taken(documents: &[Document]) -> Result<Option<Preference<'_>>, Vec<Problem>> {
    let mut refused = Vec::new();
    for document in documents {
        match &document.read {
            Err(problems) => {
                refused.extend(problems.iter().cloned());
                // Nothing is read behind what is not a separator.
                if problems.iter().any(|problem| problem.code == "document.separator") {
                    return Err(refused);
                }
            }
            Ok(_) => match document.root().map(|root| (root, usable(root))) {
                None => {}
                Some((root, Ok(()))) => return Ok(Some(Preference { root, number: document.number })),
                Some((_, Err(Unusable::Refused(problem)))) => refused.push(*problem),
                Some((_, Err(Unusable::Old(problem)))) => return Err(vec![*problem]),
            },
        }
    }
    if refused.is_empty() { Ok(None) } else { Err(refused) }
}

/// Why a document cannot be changed.
enum Unusable {
    /// kubectl does not take it, and goes on to the next.
    Refused(Box<Problem>),
    /// kubectl takes it, and no policy can stand in it.
    Old(Box<Problem>),
}

fn usable(root: &Node) -> Result<(), Unusable> {
    let refused = |at: &Node, message: String, hint: &str| {
        let problem = Problem::error("kuberc.kind", at.span, message).hint(hint.to_owned());
        Unusable::Refused(Box::new(problem))
    };
    let what = "a kuberc is `apiVersion: kubectl.config.k8s.io/v1beta1` and `kind: Preference`";
    let [version, kind] = ["apiVersion", "kind"].map(|key| last(root, key));
    let is_preference = text_of(kind) == "Preference";
    let version_is = text_of(version);
    if !is_preference || !version_is.starts_with(&format!("{GROUP}/")) {
        let at = kind.or(version).unwrap_or(root);
        return Err(refused(at, "kubectl does not take this document for a kuberc".to_owned(), what));
    }
    let at = version.unwrap_or(root);
    let shape = match &*version_is {
        VERSION => &PREFERENCE,
        OLD_VERSION => &OLD_PREFERENCE,
        other => return Err(refused(at, format!("kubectl knows no `apiVersion: {other}`"), what)),
    };
    if let Some(Misfit { node, wanted, .. }) = shape.misfits("the kuberc", root).into_iter().next() {
        let message = match wanted {
            TEXT => "a text belongs here, in quotes".to_owned(),
            wanted => format!("{wanted} belongs here, found {}", node.kind()),
        };
        return Err(refused(node, format!("kubectl does not take this kuberc: {message}"), "write it in that form"));
    }
    if version_is == OLD_VERSION {
        let message = format!("`{OLD_VERSION}` knows no policy for programs, and kubectl takes this document");
        let problem = Problem::error("kuberc.version", at.span, message);
        let hint = format!(
            "make it `{VERSION}`, whose `overrides` are called `defaults` and whose `flags` are called `options`"
        );
        return Err(Unusable::Old(Box::new(problem.hint(hint))));
    }
    for entry in root.get("credentialPluginAllowlist").and_then(Node::as_sequence).unwrap_or_default() {
        let [name, command] = ["name", "command"].map(|key| text_of(entry.get(key)));
        if !name.is_empty() && !command.is_empty() && name != command {
            let message = "kubectl does not take a kuberc with an entry whose `name` and `command` differ".to_owned();
            return Err(refused(entry, message, "keep `command`"));
        }
    }
    Ok(())
}

/// What a flag is set to.
const VALUE: Shape = Shape::Fields(&[("name", Shape::Text), ("default", Shape::Text)]);
const TEXTS: Shape = Shape::List(&Shape::Text);

const PREFERENCE: Shape = Shape::Fields(&[
    ("defaults", Shape::List(&Shape::Fields(&[("command", Shape::Text), ("options", Shape::List(&VALUE))]))),
    (
        "aliases",
        Shape::List(&Shape::Fields(&[
            ("name", Shape::Text),
            ("command", Shape::Text),
            ("prependArgs", TEXTS),
            ("appendArgs", TEXTS),
            ("options", Shape::List(&VALUE)),
        ])),
    ),
    ("credentialPluginPolicy", Shape::Text),
    ("credentialPluginAllowlist", Shape::List(&Shape::Fields(&[("name", Shape::Text), ("command", Shape::Text)]))),
]);

const OLD_PREFERENCE: Shape = Shape::Fields(&[
    ("overrides", Shape::List(&Shape::Fields(&[("command", Shape::Text), ("flags", Shape::List(&VALUE))]))),
    (
        "aliases",
        Shape::List(&Shape::Fields(&[
            ("name", Shape::Text),
            ("command", Shape::Text),
            ("prependArgs", TEXTS),
            ("appendArgs", TEXTS),
            ("flags", Shape::List(&VALUE)),
        ])),
    ),
]);
