//! Words that stand around names.

/// A kind of objects with "a" or "an", as it is spoken.
pub(crate) fn with_article(kind: &str) -> String {
    let is_vowel = kind.starts_with(|first: char| "aeiou".contains(first.to_ascii_lowercase()));
    let article = if is_vowel || kind.starts_with("RBAC") { "an" } else { "a" };
    format!("{article} {kind}")
}

/// Kind and name, as far as they are written.
pub(crate) fn named(value: &serde_json::Value) -> String {
    let metadata = &value["metadata"];
    let name = metadata["name"].as_str().or(metadata["generateName"].as_str()).unwrap_or("without a name");
    format!("{} {name}", value["kind"].as_str().unwrap_or("an object"))
}

#[cfg(test)]
mod tests {
    use super::with_article;

    #[test]
    fn an_article_is_as_it_is_spoken() {
        for said in ["a Role", "an RBACDefinition", "an IAMIdentityMapping", "an object of rbac.authorization.k8s.io"] {
            let (_, kind) = said.split_once(' ').expect("two words");
            assert_eq!(with_article(kind), said);
        }
    }
}
