//! Kubeconfigs that are edited.

use document::{Dialect, Limits, Source, parse_as};
use kubeconfig::{
    ApiVersion, Authority, ClusterEndpoint, ExecEntry, ExecPlugin, InteractiveMode, OtherFiles, convert, merge,
    read_cluster,
};
use serde_json::Value;

use crate::{grammar, words::KUBECONFIG};

fn entry() -> ExecEntry {
    ExecEntry {
        context: "prod".to_owned(),
        cluster: "prod".to_owned(),
        user: "prod".to_owned(),
        endpoint: ClusterEndpoint {
            server: "https://api.example.com".to_owned(),
            authority: Authority::Pem("PEM\n".to_owned()),
            other: std::collections::BTreeMap::new(),
        },
        namespace: None,
        exec: ExecPlugin {
            command: "cluster-auth".to_owned(),
            args: ["token", "-i", "prod"].map(str::to_owned).to_vec(),
            env: Vec::new(),
            api_version: ApiVersion::V1Beta1,
            install_hint: None,
            interactive_mode: InteractiveMode::IfAvailable,
            provide_cluster_info: false,
        },
    }
}

/// What kubectl makes of a text.
fn meaning(text: &str) -> Option<Value> {
    let read = parse_as(&Source::new("config", text), &Limits::default(), Dialect::Kubernetes).ok()?;
    Some(read.root?.to_json())
}

/// Whatever is merged into is read again, has the entry, and everything that is called otherwise as it was; merged once more it
/// stays as it is.
pub(crate) fn merges(bytes: &[u8]) -> bool {
    let Some(text) = grammar::text(bytes, &KUBECONFIG) else { return false };
    let source = Source::new("config", text.as_str());
    let _ = read_cluster(&source, None);
    let Ok(merged) = merge(&source, &OtherFiles::default(), &entry(), true) else { return false };
    let after = meaning(&merged.text).expect("what was written is read");
    assert_eq!(after["current-context"], "prod");
    let before = meaning(&text).unwrap_or_default();
    for list in ["clusters", "contexts", "users"] {
        let named = |config: &Value| -> Vec<(String, Value)> {
            let entries = config[list].as_array().cloned().unwrap_or_default();
            let of = |entry: Value| Some((entry["name"].as_str()?.to_owned(), entry));
            entries.into_iter().filter_map(of).collect()
        };
        let after = named(&after);
        assert!(after.iter().any(|(name, _)| name.starts_with("prod")), "the entry is not in {list}");
        for (name, entry) in named(&before) {
            if !name.starts_with("prod") {
                assert!(after.contains(&(name, entry)), "another's entry of {list} has changed");
            }
        }
    }
    let again = merge(&Source::new("config", merged.text.as_str()), &OtherFiles::default(), &entry(), true)
        .expect("it can be merged again");
    assert_eq!(again.text, merged.text, "merged again, it changes");
    true
}

/// Whatever is converted is read again, and nothing but users' exec plugins has another meaning.
pub(crate) fn converts(bytes: &[u8]) -> bool {
    let Some(text) = grammar::text(bytes, &KUBECONFIG) else { return false };
    let source = Source::new("config", text.as_str());
    let Ok(converted) = convert(&source, "cluster-auth", "hint", |_| Ok(())) else { return false };
    if converted.users.is_empty() {
        assert_eq!(meaning(&converted.text), meaning(&text), "nobody was converted and something changed");
        return true;
    }
    let without_plugins = |text: &str| {
        let mut config = meaning(text).expect("it is read");
        for user in config.get_mut("users").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(user) = user.get_mut("user").and_then(Value::as_object_mut) {
                user.remove("exec");
            }
        }
        config
    };
    assert_eq!(without_plugins(&converted.text), without_plugins(&text), "something else has changed");
    true
}
