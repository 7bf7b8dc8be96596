//! Which programs kubectl runs by a kuberc.
//!
//! Source: `ValidatePluginPolicy` and `checkAllowlistLocked` of `client-go/plugin/pkg/client/auth/exec/exec.go`.

use document::{Node, Problem};

use super::path::{Platform, clean};
use crate::kind::text_of;

pub(super) const POLICY: &str = "credentialPluginPolicy";
pub(super) const LIST: &str = "credentialPluginAllowlist";

/// The policy by which only what is listed runs.
pub(super) const LISTED: &str = "Allowlist";

/// What runs.
pub(super) enum Standing {
    /// Any program.
    Open,
    /// The commands of a list, which has none where nobody has written one yet.
    Listed(Vec<String>),
}

/// What runs by a kuberc; a problem where nothing does, be it by the policy or because kubectl refuses what stands there.
pub(super) fn standing(root: &Node) -> Result<Standing, Box<Problem>> {
    let policy = text_of(root.get(POLICY));
    let at = root.get(POLICY).unwrap_or(root).span;
    let list = root.get(LIST).filter(|list| !list.is_null());
    match (&*policy, list) {
        (LISTED, list) => {
            let entries = list.and_then(Node::as_sequence).unwrap_or_default();
            Ok(Standing::Listed(entries.iter().map(listed).collect::<Result<_, _>>()?))
        }
        ("" | "AllowAll", None) => Ok(Standing::Open),
        ("DenyAll", _) => {
            let problem =
                Problem::error("kuberc.deny-all", at, "with this policy kubectl runs no program for credentials");
            let hint =
                "the policy is left as it is; if you may loosen it, write `Allowlist` in its place and try again";
            Err(Box::new(problem.hint(hint)))
        }
        ("" | "AllowAll", Some(list)) => {
            let message = "kubectl refuses every command: a list needs the policy `Allowlist`";
            let problem = Problem::error("kuberc.list", list.span, message);
            Err(Box::new(problem.hint("write `credentialPluginPolicy: Allowlist`, or remove the list")))
        }
        (other, _) => {
            let message = format!("kubectl knows no policy {other:?}, and refuses every command");
            let problem = Problem::error("kuberc.policy", at, message);
            Err(Box::new(problem.hint("policies are `AllowAll`, `Allowlist` and `DenyAll`")))
        }
    }
}

/// The command of an entry, which kubectl 1.35 calls `name` and later ones call `command` as well.
fn listed(entry: &Node) -> Result<String, Box<Problem>> {
    let [name, command] = ["name", "command"].map(|key| text_of(entry.get(key)));
    let command = if command.is_empty() { name } else { command };
    let refused = |message: String, hint: String| {
        let message = format!("kubectl refuses every command because of this entry: {message}");
        Err(Box::new(Problem::error("kuberc.entry", entry.span, message).hint(hint)))
    };
    if command.is_empty() {
        return refused("it names no command".to_owned(), "remove it, or write `command: NAME`".to_owned());
    }
    let cleaned = clean(&command, Platform::HERE);
    if cleaned != command {
        return refused(format!("{command:?} is not the shortest form of its path"), format!("write {cleaned:?}"));
    }
    Ok(command)
}

/// Whether kubectl runs a command by a list: it stands there, or is the same file as one of its name that does.
pub(super) fn runs(listed: &[String], command: &str, resolve: &dyn Fn(&str) -> Option<String>) -> bool {
    if listed.iter().any(|entry| entry == command) {
        return true;
    }
    let Some(file) = resolve(command) else { return false };
    let of_its_name = |entry: &&String| base(entry) == base(&file);
    listed.contains(&file) || listed.iter().filter(of_its_name).any(|entry| resolve(entry).as_ref() == Some(&file))
}

fn base(path: &str) -> &str {
    path.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(path)
}
