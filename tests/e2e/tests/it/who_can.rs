//! `who-can` and the real API server, asked the same tens of thousands of questions about a generated world.

use std::{collections::BTreeSet, fs};

use anyhow::{Context as _, ensure};
use e2e::{
    admin::Ask,
    https,
    process::wait_until,
    random::{Random, SEED, say, seed},
    someone::Someone,
    test_cluster::{TestCluster, authenticator},
    world::World,
};
use inventory::Inputs;
use local_cluster::Options;
use rbac::{Request, ResourceRequest, Rule, User, resources::Served};
use serde::Deserialize as _;
use serde_json::{Value, json};
use visibility::{Note, Path, Resources, Words, print};

use crate::{
    Test,
    authorizer::{discovered, table_is_served},
    generated::{NAMESPACES, Question, objects, request, user},
    matrix::without_places,
};

pub(crate) const TESTS: &[Test] = &[
    ("who_can::is_what_the_api_server_says_of_a_generated_world", generated),
    ("who_can::knows_what_the_api_server_calls_its_resources", resources),
    ("who_can::definitions_beside_manifests_say_what_resources_are_called", definitions),
    ("who_can::urls_are_what_the_api_server_takes_them_for", urls),
    ("who_can::people_of_the_authenticators_own_file_count_in_every_command", own_file),
];

/// Different requests, and how many users each is asked about.
const REQUESTS: usize = 2_600;
const USERS: usize = 20;
/// Of how many users all rules are compared, each in every namespace.
const LISTED: usize = 60;
/// How many requests are put to the program, live and offline.
const TYPED: usize = 20;

fn generated(world: &World) -> anyhow::Result<()> {
    let seed = seed()?;
    let mut random = Random(seed);
    let options = Options { controller_manager: true, ..Options::default() };
    let namespaces = NAMESPACES.map(|name| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"));
    let managed = TestCluster::start_with(
        world,
        "who-can",
        &(namespaces.join("---\n") + &authenticator("EKSConfigMap")),
        &options,
    )?;
    let items = json!({"apiVersion": "v1", "kind": "List", "items": objects(&mut random)}).to_string();
    managed.admin.with_file(&["create"], &items)?.success()?;
    managed.let_everybody_ask()?;
    settled(&managed)?;
    let kinds = "namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps,deployments";
    let dump = managed.admin.kubectl(&["get", kinds, "-A", "-o", "json"])?.success()?;
    fs::write(managed.folder.join("cluster.json"), &dump)?;
    let mut given = Inputs::default();
    given.read("cluster.json", dump.as_bytes())?;
    let seen = visibility::World::new(given, None, e2e::sts::now()).map_err(|_| anyhow::anyhow!("no access file"))?;

    let mut differences = Vec::new();
    let requests: Vec<Request<'static>> = (0..REQUESTS).map(|_| request(&mut random)).collect();
    let mut asked = Vec::new();
    for request in &requests {
        let answer = seen.who_can(request);
        for _ in 0..USERS {
            let user = user(&mut random);
            let ours = answer.covers(&user);
            asked.push((Question { user, request: *request }, ours));
        }
    }
    let specs: Vec<Value> = asked.iter().map(|(question, _)| question.spec()).collect();
    let theirs = managed.admin.allowed(&specs)?;
    for ((question, ours), theirs) in asked.iter().zip(&theirs) {
        if ours != theirs {
            differences.push(format!("we say {ours}, the API server {theirs}: {question:?}"));
        }
    }
    let listed = rules(&managed, &seen, &mut random, &mut differences)?;
    let typed = typed(&managed, &seen, &requests)?;
    let allowed = theirs.iter().filter(|allowed| **allowed).count();
    let (questions, found) = (asked.len(), differences.len());
    let said = format!(
        "{SEED}={seed}: {questions} questions, {allowed} allowed; {listed} lists of rules; {typed} commands; {found} differences"
    );
    say(&said);
    ensure!(differences.is_empty(), "{said}\n{}", differences.join("\n"));
    ensure!(
        questions >= 50_000 && (questions / 20..questions).contains(&allowed),
        "{said}: too dull to prove anything"
    );
    Ok(())
}

/// Waits until the controller has filled in every aggregated role, and fills in no more.
pub(crate) fn settled(managed: &TestCluster) -> anyhow::Result<()> {
    // The controller looks at every aggregated role anew when it sees another role: this one it sees after all others.
    let label = json!({"e2e-settled": "yes"});
    let rules = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
    let api = "rbac.authorization.k8s.io/v1";
    let last = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": "zz-settled-part", "labels": label}, "rules": rules},
        {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": "zz-settled"}, "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": label}]}},
    ]})
    .to_string();
    managed.admin.with_file(&["create"], &last)?.success()?;
    let (mut before, mut same) = (String::new(), 0);
    wait_until("the aggregated roles are filled in", || {
        let roles = managed.cluster.get("/apis/rbac.authorization.k8s.io/v1/clusterroles")?.body;
        let list: Value = serde_json::from_str(&roles)?;
        let is_empty = |name: &str| {
            let mut items = list["items"].as_array().into_iter().flatten();
            items.any(|role| role["metadata"]["name"] == name && role["rules"].as_array().is_none_or(Vec::is_empty))
        };
        let version = list["items"].to_string();
        let is_filled = !["view", "edit", "admin", "zz-settled"].into_iter().any(is_empty);
        same = if is_filled && version == before { same + 1 } else { 0 };
        before = version;
        // The roles that were looked at together with the last one are written at once.
        Ok(same == 10)
    })?;
    // The controller may write the role once more after it was removed, by what it saw before.
    let mut looks_without = 0;
    wait_until("the last aggregated role is gone", || {
        let roles = managed.cluster.get("/apis/rbac.authorization.k8s.io/v1/clusterroles")?.body;
        if roles.contains("zz-settled") {
            managed.admin.with_file(&["delete", "--ignore-not-found"], &last)?.success()?;
            looks_without = 0;
        } else {
            looks_without += 1;
        }
        Ok(looks_without == 10)
    })?;
    managed.admin.catch_up()
}

/// The rules that the API server lists for users (`kubectl auth can-i --list`) and ours, as sets of single rights.
fn rules(
    managed: &TestCluster,
    seen: &visibility::World,
    random: &mut Random,
    differences: &mut Vec<String>,
) -> anyhow::Result<usize> {
    // The API server lists nothing for whoever it allows everything without asking RBAC.
    let users: Vec<User> =
        std::iter::repeat_with(|| user(random)).filter(|user| !user.is_master()).take(LISTED).collect();
    let mut asked = Vec::new();
    for user in &users {
        for namespace in NAMESPACES {
            let groups = user.groups.iter().map(|group| ("impersonate-group", group.clone()));
            let spec = json!({"namespace": namespace});
            asked.push((user, namespace, Ask {
                path: "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews".to_owned(),
                headers: [("impersonate-user", user.name.clone())].into_iter().chain(groups).collect(),
                body: Some(json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": spec})),
            }));
        }
    }
    let answers = managed.admin.ask(&asked.iter().map(|(.., ask)| ask.clone()).collect::<Vec<_>>())?;
    // Whom impersonation makes of each: the API server adds groups to what it is asked for.
    let someone = |(user, ..): &(&User, _, _)| Someone::Impersonated(user.name.clone(), user.groups.clone());
    let impersonated = managed.users(&asked.iter().map(someone).collect::<Vec<_>>())?;
    for (((_, namespace, _), user), answer) in asked.iter().zip(&impersonated).zip(&answers) {
        let mut theirs = BTreeSet::new();
        for list in ["resourceRules", "nonResourceRules"] {
            for rule in answer["status"][list].as_array().with_context(|| format!("no list: {answer}"))? {
                theirs.insert(Rule::deserialize(rule)?);
            }
        }
        let held = seen.held_by_user(user);
        let ours: BTreeSet<Rule> =
            held.iter().filter(|path| path.holds_in(namespace)).filter_map(Path::rule).flat_map(halves).collect();
        if ours != theirs {
            let only = |a: &BTreeSet<Rule>, b: &BTreeSet<Rule>| format!("{:?}", a.difference(b).collect::<Vec<_>>());
            differences.push(format!(
                "{user:?} in {namespace}: only ours {}, only the API server's {}",
                only(&ours, &theirs),
                only(&theirs, &ours)
            ));
        }
    }
    Ok(asked.len())
}

/// A rule as the API server lists it: what is about objects, and what is about URLs.
fn halves(rule: &Rule) -> Vec<Rule> {
    let of_urls =
        Rule { verbs: rule.verbs.clone(), non_resource_urls: rule.non_resource_urls.clone(), ..Rule::default() };
    let of_objects = Rule { non_resource_urls: Vec::new(), ..rule.clone() };
    let mut halves = Vec::new();
    if !of_urls.non_resource_urls.is_empty() {
        halves.push(of_urls);
    }
    if !of_objects.resources.is_empty() {
        halves.push(of_objects);
    }
    halves
}

/// The program says the same about the cluster, about a dump of it, and as a plugin of kubectl.
fn typed(managed: &TestCluster, seen: &visibility::World, requests: &[Request<'static>]) -> anyhow::Result<usize> {
    let folder = managed.folder.join("bin");
    fs::create_dir_all(&folder)?;
    std::os::unix::fs::symlink(managed.program(), folder.join("kubectl-cluster_auth"))?;
    for request in &requests[..TYPED] {
        let mut words = vec!["who-can".to_owned()];
        match request {
            Request::Url { verb, path } => words.extend([(*verb).to_owned(), (*path).to_owned()]),
            Request::Resource(ResourceRequest { verb, api_group, resource, subresource, name, namespace }) => {
                let mut what = (*resource).to_owned();
                // The core group has no name of its own.
                what += &if api_group.is_empty() { String::new() } else { format!(".{api_group}") };
                what += &if name.is_empty() { String::new() } else { format!("/{name}") };
                words.extend([(*verb).to_owned(), what]);
                if !subresource.is_empty() {
                    words.extend(["--subresource".to_owned(), (*subresource).to_owned()]);
                }
                words.extend(if namespace.is_empty() {
                    vec!["-A".to_owned()]
                } else {
                    vec!["-n".into(), (*namespace).into()]
                });
            }
        }
        words.extend(["-o".to_owned(), "json".to_owned()]);
        let args: Vec<&str> = words.iter().map(String::as_str).collect();
        let offline = managed.run(&[&args[..], &["--from", "cluster.json"]].concat())?.success()?;
        let live = managed.run(&args)?.success()?;
        let meant = |text: &str| -> anyhow::Result<Value> {
            let mut said = serde_json::from_str(text)?;
            without_places(&mut said);
            Ok(said)
        };
        ensure!(meant(&live)? == meant(&offline)?, "{args:?}\nlive {live}\ndump {offline}");
        let plugin = managed.admin.plugin(&folder, &[&["cluster-auth"], &args[..]].concat())?.success()?;
        ensure!(plugin == live, "{args:?}\nplugin {plugin}\nlive {live}");
        let said: Value = serde_json::from_str(&live)?;
        let answer = seen.who_can(request);
        let same: Value = serde_json::from_str(&print::json(&answer.out(seen, request, false)))?;
        // A question about nodes has no namespace, and `pods.*` is one of the core group's.
        let is_as_typed = said["question"] == same["question"];
        ensure!(!is_as_typed || said["subjects"] == same["subjects"], "{args:?}: {said} {same}");
    }
    Ok(TYPED * 3)
}

/// What is known offline is what the API server serves, word by word.
fn resources(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "who-can-words", "")?;
    let lists = discovered(&managed)?;
    table_is_served(&lists, &[Served::ByDefault])?;
    let served = Resources::discovered(&lists.iter().map(Value::to_string).collect::<Vec<_>>())?;
    let known = Resources::well_known();
    let mut wrong = Vec::new();
    for served in served.iter().filter(|served| !served.api_group.starts_with("internal.")) {
        let same =
            |known: &&visibility::ApiResource| (&known.api_group, &known.name) == (&served.api_group, &served.name);
        let sorted = |words: &[Box<str>], name: &str| {
            words.iter().filter(|word| ***word != *name).cloned().collect::<BTreeSet<_>>()
        };
        let is_alike = known.iter().find(same).is_some_and(|known| {
            known.namespaced == served.namespaced
                && sorted(&known.also, &known.name) == sorted(&served.also, &known.name)
                && sorted(&known.subresources, "") == sorted(&served.subresources, "")
        });
        if !is_alike {
            wrong.push(format!("{served:?}, known {:?}", known.iter().find(same)));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (words, note) in [
        (&["get", "po"][..], ""),
        (&["get", "nodez"], "the server doesn't have a resource type 'nodez'; matched literally; did you mean nodes?"),
        (&["get", "po", "-n", "nowhere"], "there is no namespace `nowhere`"),
        (&["list", "ev"], "events.events.k8s.io"),
    ] {
        let said = managed.run(&[&["who-can"], words].concat())?;
        ensure!(
            said.code == 0 && said.stdout.contains("Group system:masters") && said.stderr.contains(note),
            "{said:?}"
        );
    }
    Ok(())
}

/// What a repository has beside its roles: names in all forms, one like a name of Kubernetes' own, and one that is not served.
const DEFINITIONS: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: wgt, kind: Widget, shortNames: [wd, po]}
  versions:
  - {name: v1, served: true, storage: true, subresources: {status: {}}, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gizmos.other.example.com}
spec:
  group: other.example.com
  scope: Cluster
  names: {plural: gizmos, kind: Gizmo, shortNames: [gz, wd]}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: pods.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {plural: pods, kind: Pod}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ghosts.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {plural: ghosts, kind: Ghost}
  versions:
  - {name: v1, served: false, storage: true, schema: {openAPIV3Schema: {type: object}}}
";
/// Who may do something to them.
const WIDGETS: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: widgets, namespace: default}
rules: [{apiGroups: [example.com], resources: [widgets], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: widgets, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: widgets}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: joe}]
";
const WORDS: [&str; 24] = [
    "widgets",
    "wgt",
    "widget",
    "Widget",
    "WIDGETS",
    "wd",
    "widgets.example.com",
    "widgets.v1.example.com",
    "widgets.other.example.com",
    "gizmos",
    "gizmo",
    "Gizmo",
    "gz",
    "gizmo.other.example.com",
    "pods",
    "po",
    "Pod",
    "pods.example.com",
    "ghosts",
    "ghost",
    "ghosts.example.com",
    "widgetz",
    "deploy",
    "crd",
];

/// With definitions beside the manifests words mean what they mean to kubectl where these are installed.
fn definitions(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "who-can-definitions", DEFINITIONS)?;
    let get = |word: &str| managed.admin.kubectl(&["get", word, "-v=6"]);
    wait_until("all of them are served", || {
        let mut served = true;
        for word in ["widgets.example.com", "gizmos.other.example.com", "pods.example.com"] {
            served &= get(word)?.code == 0;
        }
        Ok(served)
    })?;
    let mut given = Inputs::default();
    given.read("definitions.yaml", DEFINITIONS.as_bytes())?;
    let known = Resources::well_known().with(&given.dump.custom_resources());
    for word in WORDS {
        let got = get(word)?;
        let theirs = if got.stderr.contains("the server doesn't have a resource type") {
            "not known".to_owned()
        } else {
            let url = got.stderr.rsplit("url=\"").find(|rest| rest.contains("?limit="));
            let url = url.and_then(|rest| rest.split('?').next()).with_context(|| format!("{word}: {got:?}"))?;
            url.trim_start_matches(&managed.cluster.server_url()).to_owned()
        };
        let question =
            known.question(Words { verb: "get", what: word, subresource: "", namespace: Some("default") })?;
        let ours = match (question.request(), &question.notes[..]) {
            (_, [Note::UnknownResource { .. }]) => "not known".to_owned(),
            (Request::Resource(ResourceRequest { api_group, resource, namespace, .. }), _) => {
                let root = if api_group.is_empty() { "/api".to_owned() } else { format!("/apis/{api_group}") };
                let place = if namespace.is_empty() { String::new() } else { format!("/namespaces/{namespace}") };
                format!("{root}/v1{place}/{resource}")
            }
            (Request::Url { .. }, _) => anyhow::bail!("{word} is not a URL"),
        };
        ensure!(ours == theirs, "{word}: we say {ours}, kubectl {theirs}");
    }
    let manifests = managed.folder.join("manifests");
    fs::create_dir_all(&manifests)?;
    fs::write(manifests.join("roles.yaml"), WIDGETS)?;
    let ask = |args: &[&str]| managed.run(&[args, &["--from", "manifests"]].concat());
    let before = ask(&["who-can", "get", "wd"])?;
    ensure!(!before.stdout.contains("joe") && before.stderr.contains("no resource type 'wd'"), "{before:?}");
    fs::write(manifests.join("crds.yaml"), DEFINITIONS)?;
    let after = ask(&["who-can", "get", "wd"])?;
    ensure!(after.stdout.contains("User joe") && !after.stderr.contains("no resource type"), "{after:?}");
    let cells = ask(&["matrix", "--resource", "wgt"])?;
    ensure!(cells.stdout.contains("joe") && cells.stdout.contains("get"), "{cells:?}");
    // An access file is checked by the same names.
    managed.file(
        "clusterID: c\naccount: '111122223333'\ngroups:\n- name: a\n  users: [x]\n  authorization:\n  - namespace: default\n    \
         rules: [{apiGroups: [example.com], resources: [widget], verbs: [get]}, {apiGroups: [other.example.com], resources: [gizmos], verbs: [get]}]\n",
    )?;
    let checked = ask(&["check"])?;
    let said = format!("{}{}", checked.stdout, checked.stderr);
    ensure!(said.contains("gizmos are cluster-scoped") && said.contains("did you mean widgets?"), "{said}");
    Ok(())
}

/// Parts that URLs are put together from: what goes in front, the path, and what goes behind.
const BEFORE: [&str; 3] = ["", "/", "/."];
const URLS: [&str; 22] = [
    "/api",
    "/apis/apps",
    "/apis/apps/v1",
    "/metrics",
    "/metrics%2Fx",
    "/metrics%3Fx=1",
    "/metrics;x",
    "/a/../metrics",
    "/*",
    "/API/v1/pods",
    "/openapi/v3/apis/apps/v1",
    "/api/v1/pods",
    "/api//v1/pods",
    "/api/v1/%70ods%2Fx",
    "/api/v1/namespaces",
    "/api/v1/namespaces/dev",
    "/api/v1/namespaces/dev/status",
    "/api/v1/namespaces/dev/pods",
    "/api/v1/namespaces/dev/pods/web/log",
    "/api/v1/watch/namespaces/dev/pods/web",
    "/apis/apps/v1/namespaces/status/deployments/web/scale",
    "/api/v1/proxy/nodes/x/y/z",
];
const AFTER: [&str; 12] = [
    "",
    "/",
    "//",
    "?x=1",
    "?",
    "?watch",
    "?watch=FALSE",
    "?watch=0&watch=1",
    "?limit=x&watch=yes",
    "?fieldSelector=metadata.name%3Da",
    "?fieldSelector=status.phase!=x,metadata.name==b",
    "?fieldSelector=metadata.name!=a",
];
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Whoever shows nothing is refused, in words that say how the API server took the request.
fn urls(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "who-can-urls", "")?;
    let server = managed.cluster.server_url();
    let port: u16 = server.rsplit(':').next().context("a port")?.parse()?;
    let known = Resources::well_known();
    let (mut asked, mut wrong) = (0, Vec::new());
    for method in METHODS {
        // Only what is got has a query.
        let after = if method == "GET" { &AFTER[..] } else { &AFTER[..3] };
        let urls = URLS.iter().flat_map(|url| after.iter().map(move |after| format!("{url}{after}")));
        let before = BEFORE.iter().filter(|_| method == "GET");
        let before = before.flat_map(|before| URLS.iter().map(move |url| format!("{before}{url}")));
        for url in urls.chain(before) {
            let words = Words { verb: &method.to_ascii_lowercase(), what: &url, subresource: "", namespace: None };
            let ours = known.question(words)?;
            let answer = https::request(managed.cluster.ca_pem(), port, method, &url, "")?;
            ensure!(answer.status == 403, "{method} {url}: {answer:?}");
            let said: Value = serde_json::from_str(&answer.body)?;
            let said = said["message"].as_str().context("a message")?;
            let expected = refused(&ours.request());
            asked += 1;
            if !said.ends_with(&expected) {
                wrong.push(format!("{method} {url}: we say {expected}, the API server {said}"));
            }
        }
    }
    say(&format!("{asked} URLs, {} differences", wrong.len()));
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (url, status) in [("/metrics%zz", 400), ("/api/v1/watch", 500)] {
        let answer = https::request(managed.cluster.ca_pem(), port, "GET", url, "")?;
        ensure!(answer.status == status, "{url}: {answer:?}");
        let refused = managed.run(&["who-can", "get", url])?.failure()?;
        ensure!(refused.contains(&format!("answers {status}")), "{url}: {refused}");
    }
    // The program answers about the path, and says so.
    let said = managed.run(&["who-can", "get", "/api?x=1"])?;
    let plain = managed.run(&["who-can", "get", "/api"])?.success()?;
    ensure!(said.stdout == plain && plain.contains("system:discovery"), "{said:?}");
    ensure!(said.stderr.contains("the query of `/api?x=1` is ignored"), "{said:?}");
    Ok(())
}

/// How the API server ends the sentence with which it refuses a request.
fn refused(request: &Request<'_>) -> String {
    let who = r#"User "system:anonymous" cannot"#;
    match request {
        Request::Url { verb, path } => format!(r#"{who} {verb} path "{path}""#),
        Request::Resource(ResourceRequest { verb, api_group, resource, subresource, name, namespace }) => {
            let what =
                if subresource.is_empty() { (*resource).to_owned() } else { format!("{resource}/{subresource}") };
            let place = match *namespace {
                "" => "at the cluster scope".to_owned(),
                namespace => format!(r#"in the namespace "{namespace}""#),
            };
            let name = if name.is_empty() { String::new() } else { format!(r#" "{name}""#) };
            format!(r#"{name} is forbidden: {who} {verb} resource "{what}" in API group "{api_group}" {place}"#)
        }
    }
}

/// Mappings on the control plane are nowhere in the cluster's API: `--config` has them.
fn own_file(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "who-can-own-file", "")?;
    let config = "clusterID: c\nserver:\n  mapUsers:\n  \
                  - {userarn: 'arn:aws:iam::111122223333:user/erin', username: erin, groups: ['system:masters']}\n";
    fs::write(managed.folder.join("config.yaml"), config)?;
    let rows: &[&[&str]] = &[
        &["who-can", "delete", "nodes"],
        &["matrix"],
        &["matrix", "arn:aws:iam::111122223333:user/erin"],
        &["diff", "group:system:authenticated", "arn:aws:iam::111122223333:user/erin"],
        &["lint"],
    ];
    for args in rows {
        let said = managed.run(&[args, &["-c", "config.yaml"][..]].concat())?.success()?;
        ensure!(said.contains("erin") && !said.contains("who logs in: no ConfigMap"), "{args:?}: {said}");
    }
    let without = managed.run(&["who-can", "delete", "nodes"])?.success()?;
    ensure!(!without.contains("erin"), "{without}");
    let worlds = managed.run(&["diff", "config.yaml", "context:local", "-c", "config.yaml"])?.failure()?;
    ensure!(worlds.contains("--config are for comparing two subjects"), "{worlds}");
    Ok(())
}
