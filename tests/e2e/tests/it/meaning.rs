//! What a file says is what the cluster does: for everybody, every verb, every resource, every namespace.

use anyhow::ensure;
use e2e::{
    process::wait_until,
    random::{Random, SEED, say, seed},
    world::World,
};
use local_cluster::{Binaries, Cluster, Options};
use rbac::{Index, Objects, Request, ResourceRequest, User};
use serde_json::json;

use crate::{
    Test,
    access::{FILE, admin, answers_are_the_same, render, reviewed, start},
};

pub(crate) const TESTS: &[Test] = &[
    ("meaning::everybody_may_do_what_the_file_says_and_nothing_else", everybody),
    ("meaning::the_go_server_with_a_generated_files_config_answers_as_ours", generated_reviews),
];

const PEOPLE: [&str; 6] = ["alice", "bob", "carol", "erin", "deployer", "dave"];
const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "delete", "deletecollection", "impersonate"];
const RESOURCES: [&str; 9] = [
    "pods",
    "pods/log",
    "pods/exec",
    "configmaps",
    "secrets",
    "nodes",
    "namespaces",
    "apps/deployments",
    "apps/deployments/scale",
];
const NAMESPACES: [&str; 5] = ["", "acc-one", "acc-two", "default", "kube-system"];
const NAMES: [&str; 2] = ["", "settings"];

fn everybody(world: &World) -> anyhow::Result<()> {
    // view and edit are aggregated: the controller-manager fills them in.
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    let options = Options { controller_manager: true, ..Options::default() };
    let cluster = Cluster::start(&binaries, &options, e2e::sts::now())?;
    let admin = admin(world, &cluster)?;
    wait_until("edit is filled in", || {
        let role = cluster.get("/apis/rbac.authorization.k8s.io/v1/clusterroles/edit")?;
        Ok(role.body.contains("deployments") && role.body.contains("pods/log"))
    })?;
    // What the cluster brings along, before anything of the files is in it.
    let mut before = Objects::default();
    for path in ["clusterroles", "namespaces/acc-two/roles"] {
        before.read(cluster.get(&format!("/apis/rbac.authorization.k8s.io/v1/{path}"))?.body.as_bytes())?;
    }

    let seed = seed()?;
    let generated = generated(&mut Random(seed), true);
    for (name, file) in [("written", FILE), ("generated", &generated)] {
        admin.with_file(&["apply"], &render(world, "rbac", file)?)?.success()?;
        let server = start(world, &format!("meaning-{name}"), file)?;
        let people = reviewed(world, &server, &let_in(file))?;
        let index = Index::new(meant(file, before.clone())?);
        let (questions, specs) = questions(&people);
        let theirs = admin.allowed(&specs)?;
        let mut allowed = 0;
        for ((user, request), theirs) in questions.iter().zip(theirs) {
            let ours = index.authorize(user, request).is_some();
            let said = || {
                format!("{SEED}={seed}: the file says {ours}, the API server {theirs}: {user:?} {request:?}\n{file}")
            };
            ensure!(ours == theirs, said());
            allowed += usize::from(ours);
        }
        say(&format!("{SEED}={seed}: {name}: {} questions, {allowed} allowed, 0 differences", questions.len()));
        ensure!(allowed > 100 && allowed < questions.len() - 100, "{allowed} of {} allowed\n{file}", questions.len());
    }
    Ok(cluster.stop()?)
}

fn generated_reviews(world: &World) -> anyhow::Result<()> {
    let seed = seed()?;
    say(&format!("{SEED}={seed}"));
    // The Go server knows no permission sets without their suffix.
    answers_are_the_same(world, &generated(&mut Random(seed), false))
}

/// The file's own objects, among those of the cluster.
fn meant(file: &str, mut objects: Objects) -> anyhow::Result<Objects> {
    let mut sources = document::Sources::default();
    sources.add("access.yaml", file);
    let read = access::read(&sources, &document::Limits::default());
    ensure!(read.problems.is_empty(), "{:?}\n{file}", read.problems);
    let (desired, problems) = access::compile(&read.access, &access::Facts::default(), e2e::sts::now());
    ensure!(problems.is_empty(), "{problems:?}\n{file}");
    objects.roles.extend(desired.objects.roles);
    objects.bindings.extend(desired.objects.bindings);
    Ok(objects)
}

/// Who of the people is in some group of the file.
fn let_in(file: &str) -> Vec<&'static str> {
    let named = |person: &str| match person {
        "deployer" => file.contains("name: Deployer"),
        "dave" => file.contains("DevAccess"),
        user => file.contains(user),
    };
    PEOPLE.into_iter().filter(|person| named(person)).collect()
}

/// Every question about everybody, and the same for the API server.
fn questions(people: &[User]) -> (Vec<(&User, Request<'static>)>, Vec<serde_json::Value>) {
    let (mut questions, mut specs) = (Vec::new(), Vec::new());
    for user in people {
        for (verb, resource, namespace, name) in product() {
            let (api_group, resource) = resource.strip_prefix("apps/").map_or(("", resource), |rest| ("apps", rest));
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            let request = ResourceRequest { verb, api_group, resource, subresource, name, namespace };
            questions.push((user, Request::Resource(request)));
            specs.push(json!({"user": user.name, "groups": user.groups, "resourceAttributes": {
                "verb": verb, "group": api_group, "resource": resource, "subresource": subresource,
                "name": name, "namespace": namespace,
            }}));
        }
    }
    (questions, specs)
}

fn product() -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    VERBS.iter().flat_map(|verb| {
        RESOURCES.iter().flat_map(move |resource| {
            NAMESPACES
                .iter()
                .flat_map(move |namespace| NAMES.iter().map(move |name| (*verb, *resource, *namespace, *name)))
        })
    })
}

/// A file with groups of all shapes, none of which makes an object twice.
fn generated(random: &mut Random, with_permission_sets: bool) -> String {
    let mut file = "clusterID: e2e.example.com\naccount: \"111122223333\"\ngroups:\n".to_owned();
    // Somebody who may do little and somebody who may do something, so that no seed makes a file that proves nothing.
    file.push_str("- {name: gen-few, users: [carol], authorization: [{namespace: acc-one, rules: [");
    file.push_str("{apiGroups: [''], resources: [pods], verbs: [get]}]}]}\n");
    file.push_str("- {name: gen-view, users: [erin], authorization: [{clusterRole: view}]}\n");
    for at in 0..8 {
        let users = random.some(&["alice", "ops/bob", "erin"], 2);
        let mut group = json!({"name": format!("gen-{at}"), "users": deduplicated(users)});
        if random.below(2) == 0 {
            group["roles"] = json!([{"name": "Deployer", "username": "gen-deploy:{{SessionName}}"}]);
        }
        if with_permission_sets && random.below(2) == 0 {
            group["permissionSets"] = json!(["DevAccess"]);
        }
        let grants: Vec<_> = (0..=random.below(3)).map(|at| grant(random, at)).collect();
        group["authorization"] = json!(grants);
        file.push_str(&format!("- {group}\n"));
    }
    file
}

fn grant(random: &mut Random, at: usize) -> serde_json::Value {
    let namespaces = deduplicated(random.some(&["acc-one", "acc-two", "default"], 1));
    // Each grant binds another role, or adds rules to those of the namespace.
    match (at, random.below(4)) {
        (0, 0) => json!({"clusterRole": "view"}),
        (1, 0) => json!({"namespaces": namespaces, "clusterRole": "edit"}),
        (2, 0) => json!({"namespace": "acc-two", "role": "acc-existing"}),
        (_, 1) => json!({"rules": rules(random)}),
        _ => json!({"namespaces": namespaces, "rules": rules(random)}),
    }
}

fn rules(random: &mut Random) -> Vec<serde_json::Value> {
    let rule = |random: &mut Random| {
        let mut rule = json!({
            "apiGroups": deduplicated(random.some(&["", "apps", "*"], 1)),
            "resources": deduplicated(random.some(&["pods", "pods/log", "configmaps", "secrets", "deployments", "*/scale", "*"], 2)),
            "verbs": deduplicated(random.some(&["get", "list", "create", "delete", "*"], 2)),
        });
        if random.below(3) == 0 {
            rule["resourceNames"] = json!(["settings"]);
        }
        rule
    };
    (0..=random.below(2)).map(|_| rule(random)).collect()
}

fn deduplicated(mut texts: Vec<&'static str>) -> Vec<&'static str> {
    texts.sort_unstable();
    texts.dedup();
    texts
}
