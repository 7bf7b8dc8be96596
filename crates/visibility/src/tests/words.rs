//! What words on a command line mean.

use rbac::{Request, ResourceRequest};

use crate::{Note, Resources, Words};

fn said(request: &Request<'_>) -> String {
    match request {
        Request::Url { verb, path } => format!("{verb} {path}"),
        Request::Resource(ResourceRequest { verb, api_group, resource, subresource, name, namespace }) => {
            format!("{verb} group={api_group} {resource} sub={subresource} name={name} ns={namespace}")
        }
    }
}

#[test]
fn words_mean_what_kubectl_takes_them_for() {
    let known = Resources::well_known();
    let rows: &[(&str, [&str; 3], Option<&str>, &str)] = &[
        ("a plural", ["get", "pods", ""], Some("dev"), "get group= pods sub= name= ns=dev"),
        ("a singular", ["get", "Pod", ""], Some("dev"), "get group= pods sub= name= ns=dev"),
        ("a short name", ["get", "deploy/web", ""], Some("dev"), "get group=apps deployments sub= name=web ns=dev"),
        ("a group", ["list", "events.events.k8s.io", ""], None, "list group=events.k8s.io events sub= name= ns="),
        ("a version", ["list", "deploy.v1.apps", ""], None, "list group=apps deployments sub= name= ns="),
        ("a subresource", ["create", "po/web", "exec"], Some("dev"), "create group= pods sub=exec name=web ns=dev"),
        ("of no namespace", ["get", "nodes", ""], Some("dev"), "get group= nodes sub= name= ns="),
        ("a namespace is in itself", ["get", "ns/dev", ""], Some("x"), "get group= namespaces sub= name=dev ns=dev"),
        ("all namespaces are in none", ["list", "namespaces", ""], Some("x"), "list group= namespaces sub= name= ns="),
        ("a virtual resource", ["impersonate", "users/a", ""], Some("x"), "impersonate group= users sub= name=a ns="),
        (
            "an extra of a user",
            ["impersonate", "userextras/v", "scopes"],
            None,
            "impersonate group=authentication.k8s.io userextras sub=scopes name=v ns=",
        ),
        (
            "a signer, whose name has a slash",
            ["approve", "signers/kubernetes.io/legacy-unknown", ""],
            None,
            "approve group=certificates.k8s.io signers sub= name=kubernetes.io/legacy-unknown ns=",
        ),
        ("everything", ["*", "*", ""], None, "* group=* * sub= name= ns="),
        ("everything of a group", ["get", "*.apps", ""], None, "get group=apps * sub= name= ns="),
        (
            "what is not known",
            ["get", "widgets.example.com", ""],
            Some("dev"),
            "get group=example.com widgets sub= name= ns=dev",
        ),
        ("a URL", ["get", "/healthz/etcd", ""], Some("dev"), "get /healthz/etcd"),
    ];
    for (name, [verb, what, subresource], namespace, expected) in rows {
        let words = Words { verb, what, subresource, namespace: *namespace };
        let question = known.question(words).expect(name);
        assert_eq!(said(&question.request()), *expected, "{name}");
    }
}

#[test]
fn whoever_asks_is_told_how_their_words_were_taken() {
    let known = Resources::well_known();
    let rows: &[(&str, [&str; 2], Option<Note>)] = &[
        ("nothing", ["get", "pods"], None),
        ("an unknown resource", ["get", "podz"], Some(Note::UnknownResource("podz".into()))),
        ("an unknown verb", ["fetch", "pods"], Some(Note::UnknownVerb("fetch".into()))),
        ("a verb of URLs alone", ["post", "pods"], Some(Note::UnknownVerb("post".into()))),
        ("a verb of impersonation", ["impersonate:user-info", "serviceaccounts"], None),
        ("a name like a subresource", ["get", "pods/log"], Some(Note::NameIsSubresource("pods".into(), "log".into()))),
        ("a namespace for nothing", ["get", "nodes"], Some(Note::NotNamespaced("nodes".into()))),
        (
            "a name of two groups",
            ["get", "events"],
            Some(Note::OtherGroups("events".into(), vec!["events.events.k8s.io".into()])),
        ),
    ];
    for (name, [verb, what], expected) in rows {
        let question = known.question(Words { verb, what, subresource: "", namespace: Some("dev") }).expect(name);
        assert_eq!(question.notes, expected.iter().cloned().collect::<Vec<_>>(), "{name}");
    }
    for (name, words) in [
        ("no verb", Words { what: "pods", ..Words::default() }),
        ("nothing to do it to", Words { verb: "get", ..Words::default() }),
        ("a URL's subresource", Words { verb: "get", what: "/x", subresource: "log", namespace: None }),
    ] {
        assert!(known.question(words).is_err(), "{name}");
    }
}

#[test]
fn a_cluster_knows_its_own_resources_and_the_newest_version_of_each() {
    let list = r#"{"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": "example.com"}, "versions": [
        {"version": "v2", "resources": [{"resource": "widgets", "scope": "Namespaced", "singularResource": "widget", "shortNames": ["wd"]}]},
        {"version": "v1", "resources": [{"resource": "widgets", "scope": "Cluster", "singularResource": "old"}]}]}]}"#;
    let known = Resources::discovered(&[list]).expect("a list");
    let ask = |what| {
        known.question(Words { verb: "get", what, subresource: "", namespace: Some("dev") }).expect("a question")
    };
    assert_eq!(said(&ask("wd/x").request()), "get group=example.com widgets sub= name=x ns=dev");
    assert_eq!(ask("pods").notes, [Note::UnknownResource("pods".into())], "it serves no pods");
    assert_eq!(ask("users/x").notes, [Note::NotNamespaced("users".into())], "authorizers know users everywhere");
}
