//! Keys that only the Helm chart knows: they mean nothing to us, and are still what the chart takes.

use document::{Dialect, Node, Problems, nearest};

use super::values::{View, text};
use crate::{
    Code,
    keys::{Key, Shape},
};

/// Checks those of a mapping.
pub(super) fn check(view: &View<'_>, problems: &mut Problems) {
    for (key, node) in view.of_chart() {
        check_value(view, key, node, problems);
    }
}

fn check_value(view: &View<'_>, key: &'static Key, node: &Node, problems: &mut Problems) {
    let is = |scalar: Option<&document::Scalar>, test: fn(&document::Scalar) -> bool| scalar.is_some_and(test);
    let mut expect = |what: &str| {
        let message = format!("`{}` is {what}, this is {}", key.name, node.kind());
        let problem = Code::Type.at(node.span, message);
        // What is one to Helm alone is written as both read it.
        let of_helm = node.to_json_as(Dialect::Kubernetes);
        let is_it =
            (key.shape == Shape::Flag && of_helm.is_boolean()) || (key.shape == Shape::Number && of_helm.is_u64());
        problems.push(if is_it { problem.hint(format!("write {of_helm}, as Helm reads it")) } else { problem });
    };
    match key.shape {
        Shape::Flag if !is(node.as_scalar(), |scalar| !scalar.quoted && scalar.as_bool().is_some()) => {
            expect("true or false");
        }
        Shape::Number
            if !is(node.as_scalar(), |scalar| {
                !scalar.quoted && scalar.text.parse::<u32>().is_ok() && scalar.surprises_yaml_1_1().is_none()
            }) =>
        {
            expect("a whole number");
        }
        Shape::Text => drop(text(node, problems)),
        Shape::Texts => drop(view.texts(key.name, problems)),
        Shape::TextMap => drop(view.text_map(key.name, problems)),
        Shape::Choice(texts) => {
            let Some(found) = text(node, problems) else { return };
            if !texts.contains(&&*found.value) {
                let problem = Code::Type.at(found.span, format!("`{}` has no `{}`", key.name, found.value));
                problems.push(match nearest(&found.value, texts.iter().copied()) {
                    Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
                    None => problem.hint(format!("it is one of {}", texts.join(", "))),
                });
            }
        }
        Shape::One(object) => {
            if let Some(view) = View::of(node, object, problems) {
                check(&view, problems);
            }
        }
        // What others define, what is right, and shapes that no key of the chart has.
        Shape::Foreign | Shape::Flag | Shape::Number | Shape::Many(_) | Shape::Principals => {}
    }
}
