//! What names may look like.

use document::{Problems, visible};

use crate::{Code, Kind, Located};

/// A Kubernetes group, whose name also becomes that of objects.
pub(super) fn group(name: &Located<Box<str>>, problems: &mut Problems) {
    if name.value.starts_with("system:") && &*name.value != "system:masters" {
        let message = format!("`{}` is Kubernetes' own group", name.value);
        problems
            .push(Code::SystemName.at(name.span, message).hint("choose another name; machines belong under `nodes`"));
    } else if name.value.contains("{{") {
        problems.push(Code::Name.at(name.span, "groups have no variables: the caller would choose the group"));
    } else {
        object(name, "a group", problems);
    }
}

/// The name of an RBAC object (Kubernetes, `apimachinery/pkg/api/validation/path`).
pub(super) fn object(name: &Located<Box<str>>, what: &str, problems: &mut Problems) {
    let text = &*name.value;
    let allowed = !text.is_empty()
        && !matches!(text, "." | "..")
        && !text.contains(['/', '%'])
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if !allowed {
        let message =
            format!("{what} cannot be named `{text}`: names have no spaces, `/` or `%`, and are not `.` or `..`");
        problems.push(Code::Name.at(name.span, message));
    }
}

/// A namespace (RFC 1123 label), with `*` where globs are allowed.
pub(super) fn namespace(name: &Located<Box<str>>, globs: bool, problems: &mut Problems) {
    let text = &*name.value;
    let label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || (globs && c == '*');
    let allowed =
        (1..=63).contains(&text.len()) && text.chars().all(label) && !text.starts_with('-') && !text.ends_with('-');
    if !allowed {
        let message =
            format!("`{text}` is not a valid namespace: at most 63 of a-z, 0-9 and `-`, with no `-` at either end");
        let problem = Code::Name.at(name.span, message);
        let is_glob = text.contains('*') && !globs;
        problems.push(if is_glob {
            problem.hint("`namespaces` takes globs: `namespaces: [\"team-*\"]`")
        } else {
            problem
        });
    }
}

/// A name in IAM, without its path (IAM, `CreateUser`, `CreateRole`; Identity Center, `CreatePermissionSet`).
pub(super) fn iam(name: &str, kind: Kind) -> Result<(), String> {
    let max = match kind {
        Kind::User | Kind::Role => 64,
        Kind::PermissionSet => 32,
        Kind::IamGroup => 128,
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if (1..=max).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(format!("`{name}` is not a valid name in IAM: 1 to {max} letters, digits and +=,.@_-"))
}

/// A path in IAM, with the slashes at both ends (IAM, `CreateUser`: up to 512 characters, from `!` to DEL).
pub(super) fn iam_path(path: &str) -> Result<(), String> {
    if path.len() <= 512 && path.chars().all(|c| ('!'..='\u{7f}').contains(&c)) {
        return Ok(());
    }
    Err(format!("`{}` is not a valid path in IAM: up to 512 visible characters of ASCII, and no spaces", visible(path)))
}

/// What tokens are bound to, in a header: visible ASCII and blanks, and something visible among them.
pub(super) fn cluster_id(id: &Located<Box<str>>, problems: &mut Problems) {
    let allowed = |c: char| c == ' ' || c.is_ascii_graphic();
    if !id.value.chars().all(allowed) || id.value.trim().is_empty() {
        let message = format!("`{}` is not a cluster id: visible ASCII characters and blanks", visible(&id.value));
        problems.push(Code::Name.at(id.span, message).hint("`aws eks` calls it the cluster's name; choose one"));
    }
}

/// The key of a label (Kubernetes, `apimachinery/pkg/util/validation`, `IsQualifiedName`).
pub(super) fn label_key(key: &str) -> Result<(), String> {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_domain = |text: &str| {
        let is_label = |part: &str| {
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !part.is_empty() && part.chars().all(allowed) && !part.starts_with('-') && !part.ends_with('-')
        };
        text.len() <= 253 && text.split('.').all(is_label)
    };
    if !name.is_empty() && label_value(name).is_ok() && prefix.is_none_or(is_domain) {
        return Ok(());
    }
    Err(format!(
        "`{}` is not the key of a label: 1 to 63 letters, digits, `-`, `_` and `.`, with a domain and `/` before it or not",
        visible(key)
    ))
}

/// The value of a label (the same, `IsValidLabelValue`).
pub(super) fn label_value(value: &str) -> Result<(), String> {
    let is_end = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if value.len() <= 63 && value.chars().all(allowed) && is_end(value.chars().next()) && is_end(value.chars().last()) {
        return Ok(());
    }
    Err(format!(
        "`{}` is not the value of a label: up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
        visible(value)
    ))
}
