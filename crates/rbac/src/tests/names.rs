//! Names that match nothing, as people write them, and names that only look so.

use crate::{Rule, names::misnomers, resources::Resource};

/// What is said of a rule that is written as `verbs groups resources [names]`, each with commas between; `-` is the core group.
fn said(rule: &str, in_namespace: bool) -> Vec<String> {
    let mut parts = rule.split(' ');
    let mut list = || -> Vec<Box<str>> {
        let text = parts.next().unwrap_or_default();
        let one = |text: &str| if text == "-" { "".into() } else { text.replace('_', " ").into() };
        if text.is_empty() { Vec::new() } else { text.split(';').map(one).collect() }
    };
    let (verbs, api_groups, resources, resource_names) = (list(), list(), list(), list());
    let rule = Rule { verbs, api_groups, resources, resource_names, non_resource_urls: Vec::new() };
    misnomers(&rule, in_namespace, &[])
        .into_iter()
        .map(|found| format!("{}; {}", found.message, found.hint.unwrap_or_default()))
        .collect()
}

#[test]
fn what_matches_nothing_is_said_with_what_is_meant() {
    let rows = [
        ("get - pod", "`pod` is not a resource: rules name them in small letters and plural; did you mean pods?"),
        (
            "get apps deploy",
            "`deploy` is not a resource: rules name them in small letters and plural; did you mean deployments?",
        ),
        (
            "get apps Deployment",
            "`Deployment` is not a resource: rules name them in small letters and plural; did you mean deployments?",
        ),
        (
            "get apps Deployments",
            "`Deployments` is not a resource: rules name them in small letters and plural; did you mean deployments?",
        ),
        ("get - svc", "`svc` is not a resource: rules name them in small letters and plural; did you mean services?"),
        (
            "get apps deployment/scale",
            "`deployment/scale` is not a resource: rules name them in small letters and plural; did you mean deployments/scale?",
        ),
        ("get * Pod", "`Pod` is not a resource: rules name them in small letters and plural; did you mean pods?"),
        (
            "get networking.k8s.io ingress",
            "`ingress` is not a resource: rules name them in small letters and plural; did you mean ingresses?",
        ),
        ("get apps pods", "there is no resource `pods` in apps; pods are in the API group \"\""),
        (
            "get - deployments",
            "there is no resource `deployments` in the core group; deployments are in the API group \"apps\"",
        ),
        ("get -;apps jobs", "there is no resource `jobs` in the core group, apps; jobs are in the API group \"batch\""),
        ("get - cronjob", "there is no resource `cronjob` in the core group; cronjobs are in the API group \"batch\""),
        ("get apps deploymnets", "there is no resource `deploymnets` in apps; did you mean deployments?"),
        ("get - podz", "there is no resource `podz` in the core group; did you mean pods?"),
        ("get -;apps podz/log", "there is no resource `podz/log` in the core group, apps; did you mean pods/log?"),
        ("get apps podz", "there is no resource `podz` in apps; did you mean pods, which are in the API group \"\"?"),
        ("get - all", "`all` is kubectl's shorthand, not a resource; name each resource, or write `*`"),
        (
            "get apps deployments.apps",
            "`deployments.apps` has an API group, which does not belong in resources; write deployments in resources, and apps in apiGroups",
        ),
        (
            "get - pod*",
            "`pod*` is not a resource; only `*` alone, or in front of a subresource, is a wildcard; name each resource",
        ),
        ("get - pods,services", "`pods,services` is one string, and not a name; write [pods, services]"),
        ("get - pods/logs", "pods have no subresource `logs`; did you mean pods/log?"),
        (
            "get example.com Widget",
            "`Widget` is not a resource: they are in small letters and plural; write widgets, if that is its plural",
        ),
        (
            "get example.com Policy",
            "`Policy` is not a resource: they are in small letters and plural; write policies, if that is its plural",
        ),
        (
            "get example.com Widgets/status",
            "`Widgets/status` is not a resource: they are in small letters and plural; write widgets/status, if that is its plural",
        ),
        (
            "get - Deployment",
            "`Deployment` is not a resource: they are in small letters and plural; did you mean deployments, which are in the API group \"apps\"?",
        ),
        ("get apps/v1 deployments", "`apps/v1` has a version, which does not belong in apiGroups; write apps"),
        (
            "get /v1 pods",
            "`/v1` has a version, which does not belong in apiGroups; v1 is of the core group, which is \"\"",
        ),
        (
            "get core/v1 pods",
            "`core/v1` has a version, which does not belong in apiGroups; v1 is of the core group, which is \"\"",
        ),
        ("get v1 pods", "`v1` is not an API group; the core group is \"\""),
        ("get v1beta1 pods", "`v1beta1` is not an API group; the core group is \"\""),
        ("get core pods", "`core` is not an API group; the core group is \"\""),
        ("get rbac roles", "`rbac` is not an API group; did you mean \"rbac.authorization.k8s.io\"?"),
        ("get networking ingresses", "`networking` is not an API group; did you mean \"networking.k8s.io\"?"),
        ("get app deployments", "`app` is not an API group; did you mean \"apps\"?"),
        ("get deployments deployments", "`deployments` is not an API group; did you mean \"apps\"?"),
        ("get Apps deployments", "`Apps` is not an API group: they are in small letters; write apps"),
        ("get *.k8s.io roles", "`*.k8s.io` is not an API group; only `*` alone is a wildcard; name each group"),
        (
            "get rbac.authorisation.k8s.io roles",
            "`rbac.authorisation.k8s.io` is not an API group of Kubernetes; did you mean rbac.authorization.k8s.io?",
        ),
        ("read - pods", "`read` is not a verb of Kubernetes; did you mean get, list, watch?"),
        ("write - pods", "`write` is not a verb of Kubernetes; did you mean create, update, patch, delete?"),
        ("exec - pods", "`exec` is not a verb of Kubernetes; did you mean create, on pods/exec?"),
        ("Get - pods", "`Get` is not a verb: they are in small letters; write get"),
        ("LIST example.com widgets", "`LIST` is not a verb: they are in small letters; write list"),
        ("get,list - pods", "`get,list` is one string, and not a name; write [get, list]"),
        ("get,_list - pods", "`get, list` is one string, and not a name; write [get, list]"),
        ("delet - pods", "`delet` is not a verb of Kubernetes; did you mean delete?"),
        (
            "frobnicate - pods",
            "`frobnicate` is not a verb of Kubernetes; there are get, list, watch, create, update, patch, delete and deletecollection",
        ),
        (
            "get - secrets my-*",
            "`my-*` is not the name of an object: `*` is not a wildcard here; name each object, or leave resourceNames out for all of them",
        ),
        (
            "create - secrets one",
            "create is matched against resourceNames only when `kubectl apply --server-side` creates the object, so this rule has no other effect; leave resourceNames out",
        ),
        (
            "deletecollection - secrets one",
            "deletecollection is never matched against resourceNames, so this rule has no effect; leave resourceNames out",
        ),
        (
            "create;get - secrets one",
            "create is matched against resourceNames only when `kubectl apply --server-side` creates the object, so this rule does not allow it otherwise; write a rule without resourceNames for create",
        ),
        (
            "get extensions ingresses",
            "no API server serves ingresses in extensions any more; ingresses are in the API group \"networking.k8s.io\"",
        ),
        (
            "get extensions deployments/scale",
            "no API server serves deployments in extensions any more; deployments are in the API group \"apps\"",
        ),
        ("use extensions podsecuritypolicies", "no API server serves podsecuritypolicies in extensions any more; "),
    ];
    for (rule, expected) in rows {
        assert_eq!(said(rule, false), [expected], "{rule}");
    }
    assert_eq!(
        said("get - nodes", true),
        [
            "nodes are cluster-scoped, and this rule applies only in namespaces; grant it without a namespace, for the whole cluster"
        ]
    );
}

#[test]
fn what_may_be_meant_is_not_said() {
    let rows = [
        "get;list;watch;create;update;patch;delete;deletecollection - pods;pods/log;pods/exec;services;configmaps;secrets",
        "* * *",
        "* -;apps;batch;extensions pods;deployments;jobs;ingresses;deployments/scale",
        "get * deployments",
        "get metrics.k8s.io pods;nodes",
        "use policy;extensions podsecuritypolicies restricted",
        "impersonate - users;groups;serviceaccounts",
        "impersonate authentication.k8s.io userextras/scopes;uids",
        "approve;sign;attest certificates.k8s.io signers example.com/*",
        "bind;escalate rbac.authorization.k8s.io roles;clusterroles",
        "sync;override argoproj.io applications",
        "get example.com pod;deploy",
        "get mongodb.com;- pods;mongodb",
        "get - */scale;pods/*",
        "create - pods/exec one",
        "get extensions;networking.k8s.io ingresses",
        "get velero.io;cert-manager.io;monitoring.coreos.com backups;certificates;prometheusrules",
        "impersonate:user-info authentication.k8s.io users",
    ];
    for rule in rows {
        assert_eq!(said(rule, false), [""; 0], "{rule}");
    }
    // Whoever may get a namespace has that right within it.
    for rule in ["get - namespaces", "get * nodes", "get -;example.com nodes"] {
        assert_eq!(said(rule, true), [""; 0], "{rule}");
    }
}

#[test]
fn paths_begin_with_a_slash() {
    let urls = |url: &str| {
        let rule = Rule { verbs: vec!["get".into()], non_resource_urls: vec![url.into()], ..Rule::default() };
        misnomers(&rule, false, &[]).into_iter().map(|found| found.message).collect::<Vec<_>>()
    };
    assert_eq!(urls("healthz"), ["`healthz` is not a path"]);
    assert_eq!(urls("/api/*/pods"), ["`/api/*/pods` matches only itself: `*` is a wildcard only at the end"]);
    assert_eq!(urls("/metrics?x=1"), ["`/metrics?x=1` has a query, which has no influence on what is allowed"]);
    for url in ["*", "/", "/healthz", "/metrics/*", "/api*"] {
        assert_eq!(urls(url), [""; 0], "{url}");
    }
}

#[test]
fn resources_of_others_have_names_where_they_are_known() {
    let spec = r#"{"group": "example.com", "names": {"plural": "gizmos", "singular": "gzm", "kind": "Gizmo", "shortNames": ["gz"]},
        "scope": "Cluster", "versions": [{"served": true}]}"#;
    let gizmos = Resource::defined("gizmos.example.com", spec).expect("a resource");
    let said = |groups: &[&str], resource: &str, in_namespace: bool| -> Vec<String> {
        let texts = |all: &[&str]| all.iter().map(|text| Box::from(*text)).collect();
        let (verbs, api_groups, resources) = (texts(&["get", "sync"]), texts(groups), texts(&[resource]));
        let rule = Rule { verbs, api_groups, resources, ..Rule::default() };
        let found = misnomers(&rule, in_namespace, std::slice::from_ref(&gizmos)).into_iter();
        found.map(|found| format!("{}; {}", found.message, found.hint.unwrap_or_default())).collect()
    };
    for word in ["Gizmo", "gizmo", "gzm", "gz", "Gizmos"] {
        let expected =
            format!("`{word}` is not a resource: rules name them in small letters and plural; did you mean gizmos?");
        assert_eq!(said(&["example.com"], word, false), [expected], "{word}");
    }
    let nowhere = "gizmos are cluster-scoped, and this rule applies only in namespaces; grant it without a namespace, for the whole cluster";
    assert_eq!(said(&["example.com"], "gizmos", true), [nowhere]);
    // There may be others in the group, and in other groups.
    for (groups, resource, in_namespace) in [
        (&["example.com"][..], "gizmos", false),
        (&["example.com"], "gadgets", false),
        (&["example.org"], "gz", false),
        (&["example.com", "example.org"], "gizmos", true),
    ] {
        assert_eq!(said(groups, resource, in_namespace), [""; 0], "{groups:?} {resource}");
    }
}
