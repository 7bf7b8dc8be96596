//! What another program fills in: templates, and what a shell or Flux puts in place of a name.

use mapping::VARIABLES;

/// What to do where something is still to be filled in.
pub(crate) fn why(text: &str) -> String {
    format!("`{text}` is for another program to fill in; give what that prints, by `--from -`")
}

/// Helm's and Go's `{{ … }}`, Jinja's `{% … %}`, ERB's `<% … %>`, `${VAR}` and `$VAR` of envsubst, Flux and OpenShift, and
/// `$(VAR)` of kustomize.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let of_shell = |at: usize| {
        let next = text[at + 1..].chars().next();
        next.is_some_and(|next| next.is_ascii_alphabetic() || "_{(".contains(next))
    };
    ["{{", "{%", "<%"].iter().any(|open| text.contains(open)) || text.match_indices('$').any(|(at, _)| of_shell(at))
}

/// The same in a login, where `{{SessionName}}` and its like are the authenticator's own; and `<Account ID>`, as AWS's pages
/// have it.
pub(crate) fn is_in_login(text: &str) -> bool {
    let of_page = |at: usize| {
        let name = text[at + 1..].split('>').next().filter(|name| at + 1 + name.len() < text.len());
        let is_letter = |c: char| c.is_alphanumeric() || " _-".contains(c);
        name.is_some_and(|name| name.starts_with(char::is_alphabetic) && name.chars().all(is_letter))
    };
    let of_server = VARIABLES.iter().fold(text.to_owned(), |text, variable| text.replace(variable, ""));
    is_placeholder(&of_server) || text.match_indices('<').any(|(at, _)| of_page(at))
}
