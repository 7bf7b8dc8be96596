//! Small worlds, and what they answer.

mod chosen;
mod dead;
mod eks;
mod explaining;
mod given;
mod joining;
mod lint;
mod matrix;
mod modes;
mod oneself;
mod rights;
mod twice;
mod unfilled;
mod unknown;
mod words;

use document::Source;
use inventory::Inputs;
use jiff::Timestamp;
use rbac::{Request, ResourceRequest, Subject};

use crate::{Answer, GrantPlace, Path, World};

/// The time of every test.
pub(crate) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().expect("a time")
}

/// What files with these names and texts say.
pub(crate) fn world(files: &[(&str, &str)]) -> World {
    let mut given = Inputs::default();
    for (name, text) in files {
        assert!(given.read(name, text.as_bytes()).expect(name), "{name}");
    }
    let world = World::new(given, None, now()).expect("readable");
    assert!(
        world.unread().iter().all(|gap| !gap.why.contains("kubectl") && !gap.why.contains("refuses")),
        "{:?}",
        world.unread()
    );
    world
}

/// The same with nothing left of which logins might be: the server's own files on the control plane name nobody, and there
/// are no other `IAMIdentityMapping`s.
pub(crate) fn whole(files: &[(&str, &str)]) -> World {
    let mut given = Inputs::default();
    let none = [
        (
            "a.json",
            r#"{"kind": "IAMIdentityMappingList", "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "items": []}"#,
        ),
        ("b.json", r#"{"kind": "ConfigMapList", "apiVersion": "v1", "items": []}"#),
        ("c.json", r#"{"cluster": {"accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"}}}"#),
        ("d.json", r#"{"accessEntries": []}"#),
    ];
    let is_eks = files.iter().any(|(_, text)| text.contains("\"accessEntr"));
    for (name, text) in files.iter().chain(&none[..if is_eks { 4 } else { 2 }]) {
        assert!(given.read(name, text.as_bytes()).expect(name), "{name}");
    }
    if given.dump.configuration().is_none() {
        given.configure(Source::new("config.yaml", "server: {backendMode: [MountedFile, EKSConfigMap, CRD]}\n"));
    }
    World::new(given, None, now()).expect("readable")
}

/// `get pods` in a namespace, or in the whole cluster.
fn resource<'a>(verb: &'a str, api_group: &'a str, resource: &'a str, namespace: &'a str) -> Request<'a> {
    Request::Resource(ResourceRequest { verb, api_group, resource, namespace, ..ResourceRequest::default() })
}

/// One line for each subject and path, then one for each principal.
fn lines(world: &World, answer: &Answer<'_>) -> String {
    let mut lines = String::new();
    for holder in &answer.subjects {
        for path in &holder.paths {
            lines += &format!("{}: {}\n", said(&holder.subject), through(world, path));
        }
    }
    for reached in &answer.principals {
        let by: Vec<String> = reached.subjects.iter().map(|at| said(&answer.subjects[*at].subject)).collect();
        let policies: Vec<String> = reached.policies.iter().map(|path| through(world, path)).collect();
        lines += &format!(
            "{} as {:?}: {}\n",
            reached.principal.arn(),
            reached.principal.login,
            [by, policies].concat().join("; ")
        );
    }
    lines
}

fn said(subject: &Subject) -> String {
    match subject {
        Subject::User(name) => format!("User {name}"),
        Subject::Group(name) => format!("Group {name}"),
        Subject::ServiceAccount { namespace, name } => {
            format!("ServiceAccount {}/{name}", namespace.as_deref().unwrap_or("?"))
        }
    }
}

fn through(world: &World, path: &Path<'_>) -> String {
    let place = match path.place() {
        GrantPlace::Cluster => "everywhere".to_owned(),
        GrantPlace::Namespace(name) => name.to_owned(),
        GrantPlace::Namespaces(globs) => globs.join(", "),
    };
    let written = world.place(path.origin()).map(|(file, at)| format!(" ({file}:{})", at.line)).unwrap_or_default();
    match path {
        Path::Masters => "masters".to_owned(),
        Path::Binding { binding, role, .. } => {
            format!(
                "{place}: {} {} > {} {}{written}",
                binding.kind(),
                binding.name(),
                role.kind().as_str(),
                role.name()
            )
        }
        Path::Policy { policy, .. } => format!("{place}: {}{written}", policy.name),
    }
}
