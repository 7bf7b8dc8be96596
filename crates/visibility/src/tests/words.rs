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

fn unknown(word: &str, meant: Option<&str>, is_of_cluster: bool) -> Note {
    Note::UnknownResource { word: word.into(), group: None, meant: meant.map(Into::into), is_of_cluster }
}

#[test]
fn what_is_not_known_is_said_with_what_may_be_meant() {
    let known = Resources::well_known();
    let discovered = Resources::discovered(&[r#"{"items": [{"metadata": {"name": "example.com"}, "versions": [
        {"resources": [{"resource": "widgets", "scope": "Namespaced", "singularResource": "widget"}]}]}]}"#]);
    let discovered = discovered.expect("a list");
    let rows = [
        (
            &known,
            ["get", "deploymnets"],
            "no resource type 'deploymnets' is known here; matched literally; did you mean deployments?",
        ),
        (&known, ["get", "pod.apps"], "no resource type 'pod' in group 'apps' is known here; matched literally"),
        (
            &discovered,
            ["get", "widgetz"],
            "the server doesn't have a resource type 'widgetz'; matched literally; did you mean widgets?",
        ),
        (
            &discovered,
            ["get", "widgetz.example.com"],
            "the server doesn't have a resource type 'widgetz' in group 'example.com'; matched literally; did you mean widgets?",
        ),
        (&known, ["read", "pods"], "unknown verb `read`; matched literally; did you mean get, list, watch?"),
        (&known, ["delte", "pods"], "unknown verb `delte`; matched literally; did you mean delete?"),
        // An authorizer may be asked about them, but nobody does.
        (
            &known,
            ["use", "psp"],
            "no API server serves podsecuritypolicies.policy any more, so no rule about them takes effect; \
             matched literally",
        ),
        (
            &discovered,
            ["use", "podsecuritypolicies"],
            "no API server serves podsecuritypolicies.policy any more, so no rule about them takes effect; \
             matched literally",
        ),
        (&known, ["frobnicate", "pods"], "unknown verb `frobnicate`; matched literally"),
    ];
    for (known, [verb, what], expected) in rows {
        let question = known.question(Words { verb, what, subresource: "", namespace: None }).expect("a question");
        assert_eq!(question.notes.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn whoever_asks_is_told_how_their_words_were_taken() {
    let known = Resources::well_known();
    let rows: &[(&str, [&str; 2], Option<Note>)] = &[
        ("nothing", ["get", "pods"], None),
        ("an unknown resource", ["get", "podz"], Some(unknown("podz", Some("pods"), false))),
        ("one that nothing is like", ["get", "frobnicators"], Some(unknown("frobnicators", None, false))),
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

/// Each row was put to an API server 1.37, which says in its refusal how it took it; `who_can::urls_are_what_the_api_server_takes_them_for`
/// puts these and more to one.
#[test]
fn a_url_is_what_the_api_server_takes_it_for() {
    let known = Resources::well_known();
    let rows: &[(&str, [&str; 2], &str, &[&str])] = &[
        ("a query", ["get", "/api?x=1"], "get /api", &["the query of `/api?x=1` is ignored"]),
        ("an empty query", ["get", "/api?"], "get /api", &["the query of `/api?` is ignored"]),
        ("a fragment", ["get", "/metrics#top"], "get /metrics", &["is never sent"]),
        ("a fragment in front of a query", ["get", "/metrics#x?y"], "get /metrics", &["is never sent"]),
        ("a slash at the end", ["get", "/api/"], "get /api/", &["compare paths exactly"]),
        ("two slashes", ["get", "//api"], "get //api", &["compare paths exactly"]),
        ("dots", ["get", "/a/../metrics"], "get /a/../metrics", &["compare paths exactly"]),
        ("the root", ["get", "/"], "get /", &[]),
        ("encoded", ["get", "/metrics%2Fx"], "get /metrics/x", &["to `/metrics/x`"]),
        ("an encoded question mark", ["get", "/metrics%3Fx=1"], "get /metrics?x=1", &["to `/metrics?x=1`"]),
        ("a wildcard is a letter like any other", ["get", "/api/*"], "get /api/*", &[]),
        ("a verb of objects", ["list", "/metrics"], "list /metrics", &["a URL is asked for with `get`"]),
        ("a version", ["get", "/apis/apps/v1"], "get /apis/apps/v1", &[]),
        ("a group", ["get", "/apis/apps"], "get /apis/apps", &[]),
        ("below a version", ["get", "/api/v1/pods"], "list group= pods sub= name= ns=", &["is a request for objects"]),
        ("more slashes", ["get", "//api/v1/pods/"], "list group= pods sub= name= ns=", &["is a request for objects"]),
        ("not a prefix", ["get", "/API/v1/pods"], "get /API/v1/pods", &[]),
        (
            "of a namespace, watched",
            ["get", "/apis/apps/v1/namespaces/dev/deployments?watch=true"],
            "watch group=apps deployments sub= name= ns=dev",
            &["is a request for objects"],
        ),
        (
            "one by a field",
            ["get", "/api/v1/namespaces/dev/pods?fieldSelector=status.phase%3DRunning%2Cmetadata.name%3Dweb"],
            "list group= pods sub= name=web ns=dev",
            &["is a request for objects"],
        ),
        (
            "a subresource, and what is below it",
            ["get", "/api/v1/namespaces/dev/pods/web/proxy/a/b"],
            "get group= pods sub=proxy name=web ns=dev",
            &["is a request for objects"],
        ),
        (
            "a namespace",
            ["get", "/api/v1/namespaces/dev"],
            "get group= namespaces sub= name=dev ns=dev",
            &["is a request"],
        ),
        (
            "a namespace's own",
            ["put", "/api/v1/namespaces/dev/finalize"],
            "update group= namespaces sub=finalize name=dev ns=dev",
            &["is a request for objects"],
        ),
        ("all of them", ["delete", "/api/v1/pods"], "deletecollection group= pods sub= name= ns=", &["is a request"]),
        ("one of them", ["delete", "/api/v1/pods/x"], "delete group= pods sub= name=x ns=", &["is a request"]),
        ("made", ["post", "/api/v1/pods"], "create group= pods sub= name= ns=", &["is a request"]),
        ("the old way to watch", ["get", "/api/v1/watch/pods"], "watch group= pods sub= name= ns=", &["is a request"]),
        ("in the words of rules", ["list", "/api/v1/pods"], "list group= pods sub= name= ns=", &["is a request"]),
    ];
    for (name, [verb, what], expected, notes) in rows {
        let question = known.question(Words { verb, what, subresource: "", namespace: None }).expect(name);
        assert_eq!(said(&question.request()), *expected, "{name}");
        let said: Vec<String> = question.notes.iter().map(ToString::to_string).collect();
        assert!(
            said.len() == notes.len() && said.iter().zip(*notes).all(|(said, note)| said.contains(note)),
            "{name}: {said:?}"
        );
    }
    for what in ["/metrics%zz", "/metrics%2", "/api/v1/watch", "/apis/apps/v1/proxy/"] {
        assert!(known.question(Words { verb: "get", what, ..Words::default() }).is_err(), "{what}");
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
    assert_eq!(ask("pods").notes, [unknown("pods", None, true)], "it serves no pods");
    let old = r#"{"items": [{"metadata": {"name": "policy"}, "versions": [
        {"resources": [{"resource": "podsecuritypolicies", "scope": "Cluster", "singularResource": "", "shortNames": ["psp"]}]}]}]}"#;
    let old = Resources::discovered(&[old]).expect("a list");
    let asked = old.question(Words { verb: "use", what: "psp", subresource: "", namespace: None }).expect("a question");
    assert_eq!(asked.notes, [], "a cluster of before Kubernetes 1.25 has them");
    assert_eq!(ask("users/x").notes, [Note::NotNamespaced("users".into())], "authorizers know users everywhere");
}
